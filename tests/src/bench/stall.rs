//! A million facts through the work loop, nothing done with them: whether it ever stands still with work
//! waiting, as the client's own endless stream does.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use bus::topology::{Changes, apply};
use clap::Parser;
use futures::{StreamExt, TryStreamExt};
use proto::ReportId;
use proto::v1::{ReportParsed, ReportSubmitted};
use sha2::{Digest, Sha256};
use worker::{Config, CpuPool, Done, Shutdown, Worker};

use super::say;
use crate::processes::{NatsServer, SyncInterval};

/// Send facts through a work loop that does nothing, and measure its longest pause.
#[derive(Debug, Clone, Parser)]
pub struct Options {
    /// Facts waiting when the work begins.
    #[arg(long, default_value_t = 1_000_000)]
    pub facts: u64,
    /// Messages in hand at once, each number tried in turn on a part of the facts.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 2, 8, 16, 32])]
    pub permits: Vec<usize>,
}

/// A pause longer than this, with work waiting, is a stall.
const LONGEST: Duration = Duration::from_secs(2);
/// Publishes that wait for their acknowledgement at once.
const AT_ONCE: usize = 256;

/// Measures, and prints what came out.
///
/// # Errors
/// If something cannot be started, or the loop stood still.
pub fn run(options: &Options) -> Result<()> {
    let runtime = tokio::runtime::Runtime::new().context("starting threads")?;
    runtime.block_on(measure(options))
}

async fn measure(options: &Options) -> Result<()> {
    let folder = tempfile::tempdir().context("making a folder")?;
    let server = NatsServer::start(&folder.path().join("nats"), SyncInterval::Default).await?;
    let opened = async |permits: usize, shutdown: &Shutdown| {
        let config = Config::from_variables(|name| match name {
            "GOUJI_NATS_URL" => Some(server.url()),
            "GOUJI_PERMITS" => Some(permits.to_string()),
            "GOUJI_ORIGINALS" => Some(folder.path().join("originals").display().to_string()),
            _ => None,
        })?;
        apply(&config.bus, Changes::Missing).await?;
        Worker::open("parse", &config, CpuPool::for_each_core(), shutdown.clone()).await
    };
    let log = opened(1, &Shutdown::new()).await?;
    let begun = Instant::now();
    let publishes = (0..options.facts).map(|number| publish(&log, number));
    futures::stream::iter(publishes).buffer_unordered(AT_ONCE).try_collect::<()>().await?;
    say(&format!("{} facts published in {:.0} s", options.facts, begun.elapsed().as_secs_f64()));
    say("in hand at once      facts     facts/s   longest pause");
    let part = options.facts / options.permits.len().max(1) as u64;
    let mut left = options.facts;
    for permits in &options.permits {
        let shutdown = Shutdown::new();
        let worker = opened(*permits, &shutdown).await?;
        // What was in hand at the end of a round is done in it, too.
        let pauses = Arc::new(Pauses::until(part.min(left), shutdown));
        let begun = Instant::now();
        let noted = Arc::clone(&pauses);
        worker
            .work::<ReportSubmitted, ReportParsed, _, _>(move |_| {
                noted.note();
                std::future::ready(Ok(Done(Vec::new())))
            })
            .await?;
        let (count, longest) = (pauses.count.load(Ordering::Relaxed), pauses.longest());
        left = left.saturating_sub(count);
        let rate = count as f64 / begun.elapsed().as_secs_f64();
        say(&format!("{permits:>15} {count:>10} {rate:>11.0}   {:>10.3} s", longest.as_secs_f64()));
        ensure!(longest < LONGEST, "the work stood still for {longest:?} with facts waiting");
        worker.bus().close().await;
    }
    Ok(())
}

async fn publish(log: &Worker, number: u64) -> Result<()> {
    let sha256: String =
        Sha256::digest(number.to_le_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let fact = ReportSubmitted { id: ReportId::of(&sha256, 0)?.to_string(), ..Default::default() };
    log.bus().publish(&fact).await?;
    Ok(())
}

/// How long nothing was handed out, while so much was still waiting.
struct Pauses {
    last: Mutex<(Option<Instant>, Duration)>,
    count: AtomicU64,
    enough: u64,
    shutdown: Shutdown,
}

impl Pauses {
    fn until(enough: u64, shutdown: Shutdown) -> Self {
        Self { last: Mutex::default(), count: AtomicU64::new(0), enough, shutdown }
    }

    fn note(&self) {
        let now = Instant::now();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let pause = last.0.map(|last| now - last).unwrap_or_default();
        *last = (Some(now), last.1.max(pause));
        if self.count.fetch_add(1, Ordering::Relaxed) + 1 >= self.enough {
            self.shutdown.trigger();
        }
    }

    fn longest(&self) -> Duration {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).1
    }
}
