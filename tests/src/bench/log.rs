//! What one report costs nats-server with more and more facts on the log already: four facts, each published
//! create-once as the pipeline does it, and the history that a status asks for in between.

use anyhow::{Context as _, Result, ensure};
use async_nats::jetstream;
use bus::topology::{Changes, apply};
use bus::{Bus, BusConfig};
use clap::Parser;
use futures::{StreamExt, TryStreamExt};
use proto::v1::{Region, Report, ReportIndexed, ReportParsed, ReportSubmitted, ReportValidated};
use proto::{Fact, ReportId};
use sha2::{Digest, Sha256};

use super::process::cpu_seconds;
use super::say;
use crate::processes::{NatsServer, SyncInterval};

/// Measure the CPU of nats-server a report with so many facts on the log.
#[derive(Debug, Clone, Parser)]
pub struct Options {
    /// Facts on the log when the measurement begins, each number tried on a log of its own.
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 100_000, 1_000_000])]
    pub facts: Vec<u64>,
    /// Reports that are measured.
    #[arg(long, default_value_t = 5_000)]
    pub reports: u64,
}

/// Publishes that wait for their acknowledgement at once.
const AT_ONCE: usize = 32;
/// Facts that are put on the log at once before the measurement, without waiting for each.
const PUT_AT_ONCE: usize = 1_000;

/// Measures, and prints what came out.
///
/// # Errors
/// If a server cannot be started or a fact is not stored.
pub fn run(options: &Options) -> Result<()> {
    let runtime = tokio::runtime::Runtime::new().context("starting threads")?;
    say("facts on the log   CPU of nats-server a report   × the first");
    let mut first = None;
    for facts in &options.facts {
        let cost = runtime.block_on(measure(*facts, options.reports))?;
        let ratio = cost / *first.get_or_insert(cost);
        say(&format!("{facts:>16} {:>26.3} ms {ratio:>13.2}", 1000.0 * cost));
    }
    Ok(())
}

async fn measure(facts: u64, reports: u64) -> Result<f64> {
    let folder = tempfile::tempdir().context("making a folder")?;
    let server = NatsServer::start(&folder.path().join("nats"), SyncInterval::Default).await?;
    let config = BusConfig { url: Some(server.url()), ..BusConfig::default() };
    apply(&config, Changes::Missing).await?;
    let bus = Bus::operator(&config).await?;
    put(&server, facts).await?;
    let server = server.process().id().to_string();
    // What is put in the beginning warms up the server.
    let begin = facts / 4 + 1;
    let warm = reports / 5;
    publish(&bus, begin..begin + warm).await?;
    let before = cpu_seconds(&server)?;
    publish(&bus, begin + warm..begin + warm + reports).await?;
    let used = cpu_seconds(&server)? - before;
    let stored = bus.extent().await?.last;
    ensure!(stored == facts / 4 * 4 + 4 * (warm + reports), "{stored} facts are stored");
    Ok(used / reports as f64)
}

/// Puts the facts of earlier reports on the log, as fast as the server takes them.
async fn put(server: &NatsServer, facts: u64) -> Result<()> {
    let client = async_nats::connect(server.url()).await.context("connecting")?;
    let jetstream = jetstream::new(client);
    let messages = (0..facts / 4).flat_map(|number| {
        let Chain { submitted, parsed, validated, indexed } = Chain::of(number);
        [message(&submitted), message(&parsed), message(&validated), message(&indexed)]
    });
    futures::stream::iter(messages)
        .map(|(subject, payload)| {
            let jetstream = &jetstream;
            async move {
                jetstream.publish(subject, payload.into()).await?.await?;
                anyhow::Ok(())
            }
        })
        .buffer_unordered(PUT_AT_ONCE)
        .try_collect()
        .await
}

fn message(fact: &impl Fact) -> (String, Vec<u8>) {
    let subject = fact.subject().expect("the id is one of ours").to_string();
    (subject, fact.encode_to_vec())
}

async fn publish(bus: &Bus, numbers: std::ops::Range<u64>) -> Result<()> {
    futures::stream::iter(numbers)
        .map(|number| async move {
            let Chain { submitted, parsed, validated, indexed } = Chain::of(number);
            bus.publish(&submitted).await?;
            let id = submitted.id();
            let last = async || {
                let history = bus.history(id).await?;
                history.last().map(|event| event.sequence).context("a report has a history")
            };
            bus.publish_successor(&parsed, last().await?).await?;
            bus.publish_successor(&validated, last().await?).await?;
            bus.publish_successor(&indexed, last().await?).await?;
            anyhow::Ok(())
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await
}

/// The facts of one report, as small as they can be: what is measured is finding them.
struct Chain {
    submitted: ReportSubmitted,
    parsed: ReportParsed,
    validated: ReportValidated,
    indexed: ReportIndexed,
}

impl Chain {
    fn of(number: u64) -> Self {
        let digest = Sha256::digest(number.to_le_bytes());
        let sha256: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let id = ReportId::of(&sha256, 0).expect("it is a SHA-256").to_string();
        let submitted = ReportSubmitted { id, ..Default::default() };
        // Some thousand regions over some years, as a province has them.
        let code = format!("37{:02}{:02}", number % 17, number / 17 % 60);
        let year = 2019 + u32::try_from(number % 7).unwrap_or_default();
        let region = Some(Region { code, name: String::new() });
        let report = Some(Report { year, region: region.clone(), ..Default::default() });
        let about = || Some(submitted.clone());
        Self {
            parsed: ReportParsed { submitted: about(), report: report.clone(), ..Default::default() },
            validated: ReportValidated { submitted: about(), report, ..Default::default() },
            indexed: ReportIndexed { submitted: about(), year, region, ..Default::default() },
            submitted,
        }
    }
}
