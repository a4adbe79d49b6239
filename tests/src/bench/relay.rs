//! The floor under the pipeline: the same facts about the same reports go through the same server,
//! four hops far, and nothing is done with them. Every hop publishes create-once, waits until the log
//! has it, and confirms by request, as the work loop does.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use async_nats::HeaderMap;
use async_nats::jetstream::consumer::{AckPolicy, PullConsumer, pull};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::{Compression, Config, DiscardPolicy};
use async_nats::jetstream::{self, Message};
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use tokio::task::JoinSet;

use super::facts::Facts;
use super::process::{cpu_seconds, used};
use crate::processes::{NatsServer, SyncInterval};

/// What the relay can do.
#[derive(Debug, Clone, Copy)]
pub(super) struct Relay {
    /// Reports a second, from the first publish to the last confirmation.
    pub(super) rate: f64,
    /// CPU seconds a report of the server.
    pub(super) server_seconds: f64,
    /// CPU seconds a report of all clients together.
    pub(super) client_seconds: f64,
}

const STREAM: &str = "RELAY";
/// Submitted, parsed, validated, indexed, and a sink: five writes, four hops.
const STAGES: [&str; 5] = ["submitted", "parsed", "validated", "indexed", "sink"];
/// Messages that a hop has in hand; beyond sixteen nothing is gained.
const AT_ONCE: usize = 16;

pub(super) async fn measure(facts: &[Facts], sync: SyncInterval) -> Result<Relay> {
    let folder = tempfile::tempdir().context("making a folder")?;
    let server = NatsServer::start(folder.path(), sync).await?;
    let jetstream = connect(&server).await?;
    declare(&jetstream).await?;
    let payloads: Payloads = Arc::new(facts.iter().map(payloads).collect());

    let begun = Instant::now();
    let clients_before = cpu_seconds("self")?;
    let mut hops = Vec::new();
    for hop in 0..STAGES.len() - 1 {
        let jetstream = connect(&server).await?;
        let (payloads, count) = (payloads.clone(), facts.len());
        hops.push(tokio::spawn(relay(jetstream, hop, payloads, count)));
    }
    let first = facts.iter().map(|facts| publish(&jetstream, 0, &facts.id, &payloads));
    futures::stream::iter(first).buffer_unordered(AT_ONCE).try_collect::<()>().await?;
    for hop in hops {
        hop.await.context("a hop panicked")??;
    }
    let seconds = begun.elapsed().as_secs_f64();
    let count = facts.len().max(1) as f64;
    Ok(Relay {
        rate: count / seconds,
        server_seconds: used("nats-server", server.process())?.cpu_seconds / count,
        client_seconds: (cpu_seconds("self")? - clients_before) / count,
    })
}

fn payloads(facts: &Facts) -> (String, [Bytes; 5]) {
    let [submitted, parsed, validated, indexed] = facts.payloads.clone().map(Bytes::from);
    (facts.id.clone(), [submitted, parsed, validated, indexed.clone(), indexed])
}

async fn connect(server: &NatsServer) -> Result<jetstream::Context> {
    Ok(jetstream::new(async_nats::connect(server.url()).await.context("connecting")?))
}

/// The log and the places on it as the pipeline declares them.
async fn declare(jetstream: &jetstream::Context) -> Result<()> {
    let config = Config {
        name: STREAM.into(),
        subjects: vec!["relay.>".into()],
        discard: DiscardPolicy::New,
        compression: Some(Compression::S2),
        allow_direct: true,
        ..Default::default()
    };
    let stream = jetstream.create_stream(config).await.context("declaring a log")?;
    for stage in &STAGES[..STAGES.len() - 1] {
        let place = pull::Config {
            durable_name: Some((*stage).into()),
            filter_subject: format!("relay.{stage}.>"),
            ack_policy: AckPolicy::Explicit,
            max_ack_pending: 8192,
            ..Default::default()
        };
        stream.create_consumer(place).await.context("declaring a place on it")?;
    }
    Ok(())
}

type Payloads = Arc<HashMap<String, [Bytes; 5]>>;

/// One hop: takes what the one before published until all have come by.
async fn relay(jetstream: jetstream::Context, hop: usize, payloads: Payloads, count: usize) -> Result<()> {
    let place: PullConsumer = jetstream
        .get_consumer_from_stream(STAGES[hop], STREAM)
        .await
        .map_err(|error| anyhow::anyhow!("binding: {error}"))?;
    let mut in_hand = JoinSet::new();
    let mut taken = 0;
    while taken < count {
        while in_hand.len() >= AT_ONCE {
            in_hand.join_next().await.context("there are some")?.context("relaying panicked")??;
        }
        let room = (AT_ONCE - in_hand.len()).min(count - taken);
        let mut batch = place.fetch().max_messages(room).expires(Duration::from_secs(5)).messages().await?;
        while let Some(message) = batch.next().await {
            let message = message.map_err(|error| anyhow::anyhow!("fetching: {error}"))?;
            taken += 1;
            in_hand.spawn(one(jetstream.clone(), hop, payloads.clone(), message));
        }
    }
    while let Some(done) = in_hand.join_next().await {
        done.context("relaying panicked")??;
    }
    Ok(())
}

async fn one(jetstream: jetstream::Context, hop: usize, payloads: Payloads, message: Message) -> Result<()> {
    let id = message.subject.split('.').nth(2).unwrap_or_default();
    publish(&jetstream, hop + 1, id, &payloads).await?;
    let reply = message.reply.clone().context("a message of a log can be answered")?;
    jetstream.client().request(reply, "+ACK".into()).await.context("confirming")?;
    Ok(())
}

/// Publishes create-once, with the headers that the pipeline sends.
async fn publish(jetstream: &jetstream::Context, stage: usize, id: &str, payloads: &Payloads) -> Result<()> {
    let payload = payloads.get(id).context("an id of ours")?[stage].clone();
    let stage = STAGES[stage];
    let mut headers = HeaderMap::new();
    headers.insert("Nats-Expected-Stream", STREAM);
    headers.insert("Nats-Expected-Last-Subject-Sequence", "0");
    headers.insert("Nats-Expected-Last-Subject-Sequence-Subject", format!("relay.{stage}.{id}.>"));
    headers.insert("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    let cloud_event = [
        ("ce-specversion", "1.0"),
        ("ce-source", "/gouji/relay"),
        ("ce-type", "gouji.v1.ReportValidated"),
        ("ce-time", "2026-11-22T14:00:00.000000000Z"),
        ("ce-subject", id),
        ("ce-datacontenttype", "application/protobuf"),
    ];
    for (name, value) in cloud_event {
        headers.insert(name, value);
    }
    let message = PublishMessage::build().payload(payload).headers(headers);
    let subject = format!("relay.{stage}.{id}.2024.61.01.03");
    let sent = jetstream.send_publish(subject, message).await.context("publishing")?;
    sent.await.context("waiting for the log")?;
    Ok(())
}
