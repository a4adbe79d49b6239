//! How parse and validate scale out: the same reports through one, two and four processes of a stage, each
//! held to the same small share of a core, so that cores last however many there are.
//!
//! The share is a quota of the kernel (cgroup `cpu`), which takes root.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use bus::{Bus, Since};
use clap::Parser;
use proto::v1::{ReportParsed, ReportValidated};
use proto::{Fact, subject};

use super::say;
use crate::api::{list, zip};
use crate::generate::{self, Generated, generate};
use crate::pipeline::{Pipeline, Service, Shape};

/// Measure how parse and validate scale out.
#[derive(Debug, Clone, Parser)]
pub struct Options {
    /// Reports through each number of processes.
    #[arg(long, default_value_t = 600)]
    pub reports: u64,
    /// Processes, each number tried; the first is what the others are held against.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 2, 4])]
    pub processes: Vec<usize>,
    /// Hundredths of a core that each process may use.
    #[arg(long, default_value_t = 15)]
    pub share: u32,
    /// Every report follows from it.
    #[arg(long, default_value_t = 20_261_122)]
    pub seed: u64,
}

/// For one stage to do all of it.
const PATIENCE: Duration = Duration::from_secs(900);

/// Measures, and prints what came out.
///
/// # Errors
/// If something cannot be started, or a report does not arrive.
pub fn run(options: &Options) -> Result<()> {
    let runtime = tokio::runtime::Runtime::new().context("starting threads")?;
    let reports: Vec<Generated> = (0..options.reports)
        .map(|index| generate(options.seed, index, &generate::Options::default()))
        .collect();
    say(&format!("{} reports, each process held to {} % of a core", reports.len(), options.share));
    say("processes   parse: reports/s   a process, × one   validate: reports/s   a process, × one");
    let mut one: Option<[f64; 2]> = None;
    for processes in &options.processes {
        let rates = runtime.block_on(measure(&reports, *processes, options.share))?;
        let each = rates.map(|rate| rate / *processes as f64);
        let [parse_alone, validate_alone] = *one.get_or_insert(each);
        let ([parse, validate], [parse_each, validate_each]) = (rates, each);
        say(&format!(
            "{processes:>9}   {parse:>16.1}   {:>16.2}   {validate:>19.1}   {:>16.2}",
            parse_each / parse_alone,
            validate_each / validate_alone,
        ));
    }
    Ok(())
}

/// Reports a second of parse and then of validate, each with everything waiting for it and nobody else.
async fn measure(reports: &[Generated], processes: usize, share: u32) -> Result<[f64; 2]> {
    let pipeline = Pipeline::start(Shape { parse: 0, validate: 0, ..Shape::default() }).await?;
    let observer = pipeline.observer().await?;
    let archive = zip(reports.iter().map(|report| (report.file_name.as_str(), report.bytes.as_slice())))?;
    let receipt = pipeline.api().submit("all.zip", archive).await?;
    ensure!(list(&receipt["refused"]).is_empty(), "something was not taken in: {}", receipt["refused"]);
    let parse = stage::<ReportParsed>(&pipeline, &observer, "parse", processes, share, reports.len()).await?;
    let validate =
        stage::<ReportValidated>(&pipeline, &observer, "validate", processes, share, reports.len()).await?;
    Ok([parse, validate])
}

/// The rate between the first tenth and the last report, so that starting is not counted.
async fn stage<F: Fact>(
    pipeline: &Pipeline,
    observer: &Bus,
    name: &str,
    processes: usize,
    share: u32,
    count: usize,
) -> Result<f64> {
    let mut facts = observer.follow(subject::filter::<F>(), Since::Start).await?;
    let starting = (1..=processes).map(|number| pipeline.another(name, number));
    let workers: Vec<Service> = futures::future::try_join_all(starting).await?;
    let _quotas: Vec<Quota> =
        workers.iter().map(|worker| Quota::on(worker.process.id(), share)).collect::<Result<_>>()?;
    let skipped = count / 10;
    let all = async {
        let (mut first_ms, mut last_ms) = (0, 0);
        for number in 0..count {
            last_ms = facts.next().await.context("the log ended")?.at_ms;
            if number == skipped {
                first_ms = last_ms;
            }
        }
        anyhow::Ok((count - skipped - 1) as f64 * 1000.0 / (last_ms - first_ms).max(1) as f64)
    };
    tokio::time::timeout(PATIENCE, all).await.with_context(|| format!("waiting for {name}"))?
}

/// A control group that limits a process and its children to a share of a core; removed when dropped.
struct Quota(PathBuf);

const CONTROLLER: &str = "/sys/fs/cgroup/cpu";
const PERIOD_US: u32 = 10_000;

impl Quota {
    fn on(process: u32, share: u32) -> Result<Self> {
        let group = Path::new(CONTROLLER).join(format!("gouji-scale-{process}"));
        fs::create_dir(&group).with_context(|| format!("making {}; this takes root", group.display()))?;
        let quota = Self(group);
        quota.write("cpu.cfs_period_us", PERIOD_US)?;
        quota.write("cpu.cfs_quota_us", PERIOD_US * share / 100)?;
        quota.write("cgroup.procs", process)?;
        Ok(quota)
    }

    fn write(&self, name: &str, value: u32) -> Result<()> {
        let path = self.0.join(name);
        fs::write(&path, value.to_string()).with_context(|| format!("writing {}", path.display()))
    }
}

impl Drop for Quota {
    fn drop(&mut self) {
        // What is left in it goes back to where it came from.
        let processes = fs::read_to_string(self.0.join("cgroup.procs")).unwrap_or_default();
        for process in processes.lines() {
            fs::write(Path::new(CONTROLLER).join("cgroup.procs"), process).ok();
        }
        fs::remove_dir(&self.0).ok();
    }
}
