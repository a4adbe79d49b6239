//! The pipeline measured as it is deployed, beside the floors under it, in the same run on the same
//! machine: how fast the same server relays messages of the same size, and how much the work itself
//! costs. Ratios outlive machines; numbers do not.

pub mod commits;
pub mod export;
mod facts;
pub mod formats;
pub mod growth;
mod heart;
mod load;
pub mod log;
pub mod memory;
pub mod outlets;
mod process;
mod relay;
pub mod rules;
pub mod scale;
pub mod search;
pub mod seen;
pub mod stall;

use std::collections::BTreeMap;
use std::io::Write as _;

use anyhow::{Context as _, Result};
use clap::{Parser, ValueEnum};

use crate::generate::{self, Generated, Layout, generate};
use crate::pipeline::Shape;
use crate::processes::SyncInterval;

use facts::Facts;
use load::Reading;

/// Measure the pipeline, beside the floors of the same run.
#[derive(Debug, Parser)]
pub struct Options {
    /// Reports sent in bulk.
    #[arg(long, default_value_t = 10_000)]
    reports: u64,
    /// When the log is on the disk.
    #[arg(long, value_enum, default_value_t = Disk::Always)]
    sync: Disk,
    /// Processes of parse.
    #[arg(long, default_value_t = 1)]
    parse: usize,
    /// Processes of validate.
    #[arg(long, default_value_t = 1)]
    validate: usize,
    /// Every report follows from it.
    #[arg(long, default_value_t = 20_261_122)]
    seed: u64,
    /// Single reports a second after the bulk, for the time from accepted to searchable.
    #[arg(long, default_value_t = 5)]
    rate: u64,
    /// How many seconds of them.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Disk {
    /// Before a message is acknowledged.
    Always,
    /// When the server's own default has passed.
    Default,
}

/// Messages of the relay; more would not change the rate.
const RELAYED: usize = 5_000;
/// Of a hundred reports so many have a planted fault, so that every rule has work.
const FAULTS_PERCENT: u8 = 20;

/// Measures, and prints what came out.
///
/// # Errors
/// If something cannot be started, or a report does not arrive.
pub fn run(options: &Options) -> Result<()> {
    let shape = Shape {
        parse: options.parse,
        validate: options.validate,
        sync: match options.sync {
            Disk::Always => SyncInterval::Always,
            Disk::Default => SyncInterval::Default,
        },
    };
    let cores = std::thread::available_parallelism().context("counting cores")?.get();
    let line: Vec<String> = std::env::args().skip(1).collect();
    say(&format!("bench {} (seed {}, {cores} cores)", line.join(" "), options.seed));
    let bulk = reports(options.seed, 0..options.reports);
    let single = reports(options.seed, options.reports..options.reports + options.rate * options.seconds);

    let (cost, facts) = heart::measure(&bulk)?;
    let of_cores = cores as f64 / cost.total();
    say(&format!(
        "\ncost of a report alone, one thread     read {}  rules {}  index {}  = {} CPU   (wire {} besides)",
        ms(cost.read),
        ms(cost.rules),
        ms(cost.index),
        ms(cost.total()),
        ms(cost.wire),
    ));
    say(&format!("cores ÷ cost                           {of_cores:8.0} reports/s"));

    let runtime = tokio::runtime::Runtime::new().context("starting threads")?;
    // Disks have moods, so the relay runs before and after what is held against it.
    let relayed = &facts[..facts.len().min(RELAYED)];
    let before = runtime.block_on(relay::measure(relayed, shape.sync))?;
    let measured = runtime.block_on(load::measure(&bulk, &single, shape, options.rate))?;
    let after = runtime.block_on(relay::measure(relayed, shape.sync))?;
    let sizes = Facts::mean_sizes(&facts).map(|size| format!("{:.1}", size / 1000.0));
    for (when, relay) in [("before", before), ("after", after)] {
        say(&format!(
            "bare four-hop relay, {when:<6}            {:8.0} reports/s   ({} of {} KB; nats-server {} CPU, clients {} CPU)",
            relay.rate,
            relayed.len(),
            sizes.join(" → "),
            ms(relay.server_seconds),
            ms(relay.client_seconds),
        ));
    }
    let floor = ((before.rate + after.rate) / 2.0).min(of_cores);
    let last: Vec<String> =
        measured.last_seconds.iter().map(|(fact, at)| format!("{fact} {at:.1}")).collect();
    say(&format!(
        "end to end                             {:8.0} reports/s   ({} in {:.1} s; the last was {})",
        measured.rate,
        bulk.len(),
        measured.seconds,
        last.join(", "),
    ));
    say(&format!("end to end ÷ the slower floor          {:8.2}", measured.rate / floor));
    let [p50, p99, worst] =
        [0.5, 0.99, 1.0].map(|share| load::quantile(&measured.searchable_after, share) * 1000.0);
    say(&format!(
        "accepted to searchable, {} a second     p50 {p50:.0} ms   p99 {p99:.0} ms   worst {worst:.0} ms",
        options.rate
    ));
    say("\nprocess          peak memory   CPU seconds   CPU a report   cores used");
    for used in &measured.used {
        let each = used.cpu_seconds / bulk.len() as f64;
        say(&format!(
            "{:<16} {:>8.0} MB   {:>11.1}   {:>12}   {:>10.2}",
            used.name,
            used.peak_bytes as f64 / 1e6,
            used.cpu_seconds,
            ms(each),
            used.cpu_seconds / measured.seconds,
        ));
    }
    say("\nlayout           reports   printed cells   read right   flagged   wrong   other complaints");
    for (layout, reading) in by_layout(&measured.readings) {
        let share = 100.0 * reading.right as f64 / reading.printed.max(1) as f64;
        say(&format!(
            "{:<16} {:>7}   {:>13}   {share:>9.3}%   {:>7}   {:>5}   {:>16}",
            layout.name(),
            reading.reports,
            reading.printed,
            reading.flagged,
            reading.printed - reading.right - reading.flagged,
            reading.complaints,
        ));
    }
    for complaint in measured.readings.iter().flat_map(|reading| &reading.first_complaint).take(5) {
        say(&format!("  {complaint}"));
    }
    Ok(())
}

/// Prints a line; nobody may be reading any more.
fn say(line: &str) {
    writeln!(std::io::stdout(), "{line}").ok();
}

fn ms(seconds: f64) -> String {
    format!("{:.2} ms", seconds * 1000.0)
}

fn reports(seed: u64, indices: std::ops::Range<u64>) -> Vec<Generated> {
    let options = generate::Options { faults_percent: FAULTS_PERCENT, ..generate::Options::default() };
    indices.map(|index| generate(seed, index, &options)).collect()
}

/// What came of the reports of one layout.
#[derive(Debug, Default)]
struct Sum {
    reports: usize,
    printed: usize,
    right: usize,
    flagged: usize,
    complaints: usize,
}

fn by_layout(readings: &[Reading]) -> BTreeMap<Layout, Sum> {
    let mut sums: BTreeMap<Layout, Sum> = BTreeMap::new();
    for reading in readings {
        let sum = sums.entry(reading.layout).or_default();
        sum.reports += 1;
        sum.printed += reading.printed;
        sum.right += reading.right;
        sum.flagged += reading.flagged;
        sum.complaints += reading.complaints;
    }
    sums
}
