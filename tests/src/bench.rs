//! The pipeline measured as it is deployed, beside the floors under it, in the same run on the same
//! machine: how fast the same server relays messages of the same size, and how much the work itself
//! costs. Ratios outlive machines; numbers do not.

pub mod commits;
pub mod export;
mod facts;
mod flushes;
pub mod formats;
pub mod growth;
mod heart;
mod load;
pub mod log;
pub mod memory;
mod mix;
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
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::{Parser, ValueEnum};
use serde_json::json;

use crate::pipeline::Shape;
use crate::processes::SyncInterval;

use facts::Facts;
use load::Reading;
use mix::{Mix, Sent};
use process::Used;

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
    /// Different PDFs that LibreOffice or chromium make; one in five reports is one of them. With 0 there are none.
    #[arg(long, default_value_t = 60)]
    pdfs: u64,
    /// Reports of the run that counts flushes with strace; with 0 there is none.
    #[arg(long, default_value_t = 600)]
    traced: u64,
    /// Append what was measured to this file: a line a run, JSON, with the date and the commit.
    #[arg(long)]
    history: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Disk {
    /// Before a message is acknowledged.
    Always,
    /// When the server's own default has passed.
    Default,
}

/// Reports of which the cost alone and the rate of the relay are measured; more would not change them.
const SAMPLED: u64 = 3_000;

/// The line of this process, which makes the reports and sends them.
const SENDER: &str = "(sender)";

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
    let (mix, missing) = Mix::new(options.seed, options.reports, options.pdfs)?;
    if let Some(missing) = missing {
        say(&format!("no PDF among the reports: {missing}"));
    }
    let sampled: Vec<Sent> = (0..options.reports.min(SAMPLED)).map(|index| mix.report(index)).collect();
    let (cost, facts) = heart::measure(&sampled)?;
    drop(sampled);
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
    let before = runtime.block_on(relay::measure(&facts, shape.sync))?;
    let single = options.rate * options.seconds;
    let measured = runtime.block_on(load::measure(&mix, options.reports, single, shape, options.rate))?;
    let after = runtime.block_on(relay::measure(&facts, shape.sync))?;
    let sizes = Facts::mean_sizes(&facts).map(|size| format!("{:.1}", size / 1000.0));
    for (when, relay) in [("before", before), ("after", after)] {
        say(&format!(
            "bare four-hop relay, {when:<6}            {:8.0} reports/s   ({} of {} KB; nats-server {} CPU, clients {} CPU)",
            relay.rate,
            facts.len(),
            sizes.join(" → "),
            ms(relay.server_seconds),
            ms(relay.client_seconds),
        ));
    }
    let relay_rate = (before.rate + after.rate) / 2.0;
    let floor = relay_rate.min(of_cores);
    let last: Vec<String> =
        measured.last_seconds.iter().map(|(fact, at)| format!("{fact} {at:.1}")).collect();
    say(&format!(
        "end to end                             {:8.0} reports/s   ({} in {:.1} s; the last was {})",
        measured.rate,
        options.reports,
        measured.seconds,
        last.join(", "),
    ));
    say(&format!(
        "end to end ÷ the relay                 {:8.2}   ÷ cores ÷ cost {:.2}   ÷ the slower floor {:.2}",
        measured.rate / relay_rate,
        measured.rate / of_cores,
        measured.rate / floor,
    ));
    let [p50, p99, worst] =
        [0.5, 0.99, 1.0].map(|share| load::quantile(&measured.searchable_after, share) * 1000.0);
    say(&format!(
        "accepted to searchable, {} a second     p50 {p50:.0} ms   p99 {p99:.0} ms   worst {worst:.0} ms",
        options.rate
    ));
    say("\nprocess          peak memory   CPU seconds   CPU a report   cores used");
    for used in &measured.used {
        let each = used.cpu_seconds / options.reports as f64;
        say(&format!(
            "{:<16} {:>8.0} MB   {:>11.1}   {:>12}   {:>10.2}",
            used.name,
            used.peak_bytes as f64 / 1e6,
            used.cpu_seconds,
            ms(each),
            used.cpu_seconds / measured.seconds,
        ));
    }
    let all =
        measured.used.iter().filter(|used| used.name != SENDER).map(|used| used.cpu_seconds).sum::<f64>();
    say(&format!(
        "all but the sender                 {all:>11.1}   {:>12}",
        ms(all / options.reports as f64)
    ));
    let flushes = count_flushes(&runtime, &mix, options, shape)?;
    say_readings(&measured.readings);
    if let Some(path) = &options.history {
        let relay_cpu = (before.server_seconds + after.server_seconds) / 2.0;
        let each = |used: &Used| {
            (used.name.clone(), json!(rounded(1e3 * used.cpu_seconds / options.reports as f64)))
        };
        let line = json!({
            "date": jiff::Timestamp::now().to_string(),
            "commit": commit(),
            "reports": options.reports,
            "sync": format!("{:?}", options.sync).to_lowercase(),
            "cores": cores,
            "reports_a_second": rounded(measured.rate),
            "relay_a_second": rounded(relay_rate),
            "cores_by_cost_a_second": rounded(of_cores),
            "alone_ms": {
                "read": rounded(1e3 * cost.read), "rules": rounded(1e3 * cost.rules), "index": rounded(1e3 * cost.index),
            },
            "relay_server_ms": rounded(1e3 * relay_cpu),
            "cpu_ms": measured.used.iter().map(each).collect::<serde_json::Map<_, _>>(),
            "flushes": flushes.iter().map(|(name, count)| (name.clone(), json!(rounded(*count)))).collect::<serde_json::Map<_, _>>(),
            "searchable_ms": { "p50": rounded(p50), "p99": rounded(p99) },
        });
        append(path, &line.to_string())?;
    }
    Ok(())
}

/// Counts flushes in a run of its own, and prints them; nothing where strace is missing or not wanted.
fn count_flushes(
    runtime: &tokio::runtime::Runtime,
    mix: &Mix,
    options: &Options,
    shape: Shape,
) -> Result<Vec<(String, f64)>> {
    let traced = options.traced.min(options.reports);
    if traced == 0 {
        return Ok(Vec::new());
    }
    if std::process::Command::new("strace").arg("-V").output().is_err() {
        say("\nflushes are not counted: strace is not installed");
        return Ok(Vec::new());
    }
    let flushes = runtime.block_on(flushes::measure(mix, traced, shape))?;
    let each: Vec<String> = flushes.iter().map(|(name, count)| format!("{name} {count:.2}")).collect();
    say(&format!("\nflushes a report, of {traced}: {}", each.join("   ")));
    Ok(flushes)
}

fn say_readings(readings: &[Reading]) {
    say("\nformat           reports   printed cells   read right   flagged   wrong   other complaints");
    for (format, reading) in by_format(readings) {
        let share = 100.0 * reading.right as f64 / reading.printed.max(1) as f64;
        say(&format!(
            "{:<16} {:>7}   {:>13}   {share:>9.3}%   {:>7}   {:>5}   {:>16}",
            format,
            reading.reports,
            reading.printed,
            reading.flagged,
            reading.printed - reading.right - reading.flagged,
            reading.complaints,
        ));
    }
    for complaint in readings.iter().flat_map(|reading| &reading.first_complaint).take(5) {
        say(&format!("  {complaint}"));
    }
}

/// The commit that was measured; empty where git does not know.
fn commit() -> String {
    let git = std::process::Command::new("git").args(["rev-parse", "--short", "HEAD"]).output();
    git.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}

fn append(path: &Path, line: &str) -> Result<()> {
    let file = std::fs::File::options().create(true).append(true).open(path);
    file.and_then(|mut file| writeln!(file, "{line}")).with_context(|| format!("writing {}", path.display()))
}

/// To three digits after the point.
fn rounded(number: f64) -> f64 {
    (number * 1_000.0).round() / 1_000.0
}

/// Prints a line; nobody may be reading any more.
fn say(line: &str) {
    writeln!(std::io::stdout(), "{line}").ok();
}

fn ms(seconds: f64) -> String {
    format!("{:.2} ms", seconds * 1000.0)
}

/// What came of the reports of one format.
#[derive(Debug, Default)]
struct Sum {
    reports: usize,
    printed: usize,
    right: usize,
    flagged: usize,
    complaints: usize,
}

fn by_format(readings: &[Reading]) -> BTreeMap<&'static str, Sum> {
    let mut sums: BTreeMap<&'static str, Sum> = BTreeMap::new();
    for reading in readings {
        let sum = sums.entry(reading.format).or_default();
        sum.reports += 1;
        sum.printed += reading.printed;
        sum.right += reading.right;
        sum.flagged += reading.flagged;
        sum.complaints += reading.complaints;
    }
    sums
}
