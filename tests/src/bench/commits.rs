//! What a flush of the log costs, and whether it can be shared: the same facts published create-once one
//! by one, and as atomic batches (ADR-50) that the server stores and flushes together.

use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use async_nats::HeaderMap;
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::{Compression, Config, DiscardPolicy};
use async_nats::jetstream::{self};
use bytes::Bytes;
use clap::Parser;
use futures::{StreamExt, TryStreamExt};

use super::say;
use crate::processes::{NatsServer, SyncInterval};

/// Measure what it gains to publish facts in atomic batches.
#[derive(Debug, Clone, Parser)]
pub struct Options {
    /// Facts published each way.
    #[arg(long, default_value_t = 4_000)]
    pub facts: usize,
    /// Bytes of a fact.
    #[arg(long, default_value_t = 7_500)]
    pub bytes: usize,
    /// Facts in a batch, each tried.
    #[arg(long, value_delimiter = ',', default_values_t = [4, 16, 64, 256])]
    pub batch: Vec<usize>,
}

const STREAM: &str = "COMMITS";
/// Publishes that wait for their acknowledgement at once, where they go one by one.
const AT_ONCE: usize = 64;
/// Batches under way at once; the server takes fifty.
const BATCHES_AT_ONCE: usize = 4;

/// Measures, and prints what came out.
///
/// # Errors
/// If a server cannot be started or a fact is not stored.
pub fn run(options: &Options) -> Result<()> {
    let runtime = tokio::runtime::Runtime::new().context("starting threads")?;
    say("sync      way                      facts/s   × one by one");
    for (name, sync) in [("always", SyncInterval::Always), ("default", SyncInterval::Default)] {
        let alone = runtime.block_on(measure(options, sync, None))?;
        say(&format!("{name:<9} one by one, {AT_ONCE} waiting {alone:>9.0}           1.00"));
        for batch in &options.batch {
            let rate = runtime.block_on(measure(options, sync, Some(*batch)))?;
            say(&format!("{name:<9} batches of {batch:<11} {rate:>9.0}   {:>12.2}", rate / alone));
        }
        // Disks have moods, so what all is held against runs a second time.
        let again = runtime.block_on(measure(options, sync, None))?;
        say(&format!("{name:<9} one by one, again      {again:>9.0}   {:>12.2}", again / alone));
    }
    Ok(())
}

async fn measure(options: &Options, sync: SyncInterval, batch: Option<usize>) -> Result<f64> {
    let folder = tempfile::tempdir().context("making a folder")?;
    let server = NatsServer::start(folder.path(), sync).await?;
    let jetstream = jetstream::new(async_nats::connect(server.url()).await.context("connecting")?);
    let config = Config {
        name: STREAM.into(),
        subjects: vec!["commits.>".into()],
        discard: DiscardPolicy::New,
        compression: Some(Compression::S2),
        allow_direct: true,
        allow_atomic_publish: true,
        ..Default::default()
    };
    let mut stream = jetstream.create_stream(config).await.context("declaring a log")?;
    let payload = Bytes::from(vec![b'x'; options.bytes]);
    let begun = Instant::now();
    match batch {
        None => {
            let each = (0..options.facts).map(|number| one(&jetstream, number, &payload));
            futures::stream::iter(each).buffer_unordered(AT_ONCE).try_collect::<()>().await?;
        }
        Some(size) => {
            let numbers: Vec<usize> = (0..options.facts).collect();
            let each = numbers.chunks(size.max(1)).map(|numbers| together(&jetstream, numbers, &payload));
            futures::stream::iter(each).buffer_unordered(BATCHES_AT_ONCE).try_collect::<()>().await?;
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    let stored = stream.info().await.context("asking for the log")?.state.messages;
    ensure!(stored == options.facts as u64, "{stored} of {} facts are stored", options.facts);
    Ok(options.facts as f64 / seconds)
}

async fn one(jetstream: &jetstream::Context, number: usize, payload: &Bytes) -> Result<()> {
    let message = PublishMessage::build().payload(payload.clone()).headers(create_once(number));
    let sent = jetstream.send_publish(subject(number), message).await.context("publishing")?;
    sent.await.context("waiting for the log")?;
    Ok(())
}

/// All or nothing: only the last message is answered, once all are stored.
async fn together(jetstream: &jetstream::Context, numbers: &[usize], payload: &Bytes) -> Result<()> {
    let client = jetstream.client();
    let first = numbers.first().context("a batch has messages")?;
    for (place, number) in numbers.iter().enumerate() {
        let mut headers = create_once(*number);
        headers.insert("Nats-Batch-Id", format!("batch-{first}"));
        headers.insert("Nats-Batch-Sequence", (place + 1).to_string());
        if place + 1 < numbers.len() {
            client.publish_with_headers(subject(*number), headers, payload.clone()).await?;
            continue;
        }
        headers.insert("Nats-Batch-Commit", "1");
        let answer = client.request_with_headers(subject(*number), headers, payload.clone()).await?;
        let answer: serde_json::Value = serde_json::from_slice(&answer.payload)?;
        ensure!(answer["error"].is_null(), "the log refused a batch: {answer}");
    }
    Ok(())
}

fn subject(number: usize) -> String {
    format!("commits.fact.{number}.2024.61.01.03")
}

fn create_once(number: usize) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("Nats-Expected-Last-Subject-Sequence", "0");
    headers.insert("Nats-Expected-Last-Subject-Sequence-Subject", format!("commits.fact.{number}.>"));
    headers
}
