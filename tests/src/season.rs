//! A season on several hosts: reports come in without a pause while workers are added, a host is lost, and workers are
//! taken away. Then nothing may be lost or doubled.
//!
//! The hosts are network namespaces of one machine: each has an address of its own and can be cut off, and they share
//! the machine's cores and its disk. So the rates say what a change of workers does here, and not what more machines
//! would do. Hosts 1 to 3 have a nats-server each; ingest, index and console are on a further one.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use clap::Parser;

use crate::api::Api;
use crate::cluster::{Hosts, SERVERS};
use crate::generate::{Generated, Options as Drawn, generate};
use crate::pipeline::{Pipeline, Service, Shape};
use crate::processes::SyncInterval;
use crate::proof::{self, Log};
use crate::soak::take_in;

/// Send a season through processes on several hosts, while workers come and go and one host is lost.
#[derive(Debug, Parser)]
pub struct Options {
    /// Different reports.
    #[arg(long, default_value_t = 10_000)]
    reports: u64,
    /// Processes of parse when there are most, at least 2.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u8).range(2..=16))]
    parse: u8,
    /// Processes of validate when there are most, at least 2.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(2..=16))]
    validate: u8,
    /// The seed of the reports.
    #[arg(long, default_value_t = proof::SEED)]
    seed: u64,
}

/// Reports in one archive.
const BATCH: u64 = 500;
/// The time without any new fact after which something is broken. Longer than a lost host's messages are in flight.
const PATIENCE: Duration = Duration::from_secs(600);
/// So many reports are read back and compared with their truth.
const COMPARED: u64 = 500;
/// The host that is lost: it has a nats-server and workers.
const LOST: u8 = 3;

/// Runs it.
///
/// # Errors
/// If an assertion failed; then the folder is not deleted.
pub fn run(options: &Options) -> Result<()> {
    ensure!(
        rustix::process::geteuid().is_root(),
        "only root may make network namespaces: sudo -E cargo xtask season"
    );
    let folder = tempfile::tempdir().context("making a folder")?;
    let season = Season {
        reports: options.reports.next_multiple_of(4),
        parse: options.parse,
        validate: options.validate,
        seed: options.seed,
        folder: folder.path().to_owned(),
    };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("starting threads")?;
    // On a thread of its own, because assertions panic; the panic prints its message there.
    let ended = std::thread::spawn(move || runtime.block_on(season.run())).join();
    let outcome = ended.unwrap_or_else(|_| bail!("something did not hold"));
    if outcome.is_err() {
        say(&format!("kept: {}", folder.keep().display()));
    }
    outcome
}

struct Season {
    reports: u64,
    parse: u8,
    validate: u8,
    seed: u64,
    folder: PathBuf,
}

/// A worker and the host that it runs on.
struct Worker {
    host: u8,
    service: Service,
}

/// The hosts and what runs on them.
struct Running {
    hosts: Hosts,
    pipeline: Pipeline,
    workers: Vec<Worker>,
}

impl Season {
    async fn run(self) -> Result<()> {
        let hosts = Hosts::make_several(SERVERS.max(self.parse).max(self.validate))?;
        let servers = hosts.cluster(&self.folder, SyncInterval::Always).await?;
        let shape = Shape { parse: 0, validate: 0, sync: SyncInterval::Always };
        let pipeline = Pipeline::start_on(&self.folder, servers, shape).await?;
        let (api, mut log) = (pipeline.api(), Log::of(&pipeline).await);
        let mut running = Running { hosts, pipeline, workers: Vec::new() };
        let changing = self.change(&mut running, &mut log);
        let (agencies, ()) = tokio::try_join!(self.send(&api), changing)?;
        self.holds(&running.pipeline, agencies).await
    }

    /// Sends all reports; returns how many different ones, by agency and year.
    async fn send(&self, api: &Api) -> Result<usize> {
        let mut different = BTreeSet::new();
        for begin in (0..self.reports).step_by(usize::try_from(BATCH)?) {
            let (seed, end) = (self.seed, self.reports.min(begin + BATCH));
            let making = tokio::task::spawn_blocking(move || -> Vec<Generated> {
                (begin..end).map(|index| report(seed, index)).collect()
            });
            let reports = making.await?;
            let files: Vec<(String, Vec<u8>)> = reports
                .into_iter()
                .zip(begin..)
                .map(|(report, number)| {
                    different.insert((report.truth.agency, report.truth.year));
                    (format!("{number}/{}", report.file_name), report.bytes)
                })
                .collect();
            take_in(api, &format!("{begin}.zip"), &files).await?;
        }
        Ok(different.len())
    }

    /// Changes the workers at each quarter of the reports, and says how fast each quarter was.
    async fn change(&self, running: &mut Running, log: &mut Log) -> Result<()> {
        let quarter = usize::try_from(self.reports / 4)?;
        running.start("parse", 1).await?;
        running.start("validate", 1).await?;
        // The clock starts with the first report, and not with the first archive's making.
        log.within(PATIENCE, "indexed", 1).await;
        running.measure(log, quarter, quarter, "few workers").await;

        for number in 2..=self.parse {
            running.start("parse", number).await?;
        }
        for number in 2..=self.validate {
            running.start("validate", number).await?;
        }
        running.measure(log, 2 * quarter, quarter, "workers added").await;

        running.lose()?;
        running.measure(log, 3 * quarter, quarter, "a host lost").await;

        running.take_away("parse", usize::from(self.parse / 2)).await?;
        running.take_away("validate", 1).await?;
        running.measure(log, 4 * quarter, quarter, "workers taken away").await;
        Ok(())
    }

    async fn holds(&self, pipeline: &Pipeline, agencies: usize) -> Result<()> {
        let api = pipeline.api();
        let all = usize::try_from(self.reports)?;
        proof::counts(&api, all, all, 0).await;
        let found = api.search(&[("limit", "0")]).await?;
        ensure!(found["total"] == agencies, "a search finds {} and not {agencies}", found["total"]);
        let every = usize::try_from(self.reports.div_ceil(COMPARED).max(1))?;
        let compared: Vec<Generated> =
            (0..self.reports).step_by(every).map(|index| report(self.seed, index)).collect();
        proof::judged(&api, &compared).await;
        proof::reconciled(pipeline).await;
        let compared = compared.len();
        say(&format!(
            "{all} reports of {agencies} agencies and years: nothing lost, nothing doubled; {compared} read back, all figures right"
        ));
        Ok(())
    }
}

fn report(seed: u64, index: u64) -> Generated {
    generate(seed, index, &Drawn { faults_percent: 20, ..Drawn::default() })
}

impl Running {
    /// Starts a worker on the host of its number.
    async fn start(&mut self, service: &str, number: u8) -> Result<()> {
        let port = if service == "parse" { 8470 } else { 8471 };
        let place = self.hosts.place(number, port);
        let service = self.pipeline.another_on(service, usize::from(number), place).await?;
        self.workers.push(Worker { host: number, service });
        Ok(())
    }

    /// Cuts a host off, and ends everything on it without a warning.
    fn lose(&mut self) -> Result<()> {
        self.hosts.cut(LOST)?;
        let server = usize::from(LOST) - 2;
        self.pipeline.others.get_mut(server).context("the host has a nats-server")?.kill()?;
        for worker in self.workers.iter_mut().filter(|worker| worker.host == LOST) {
            worker.service.kill()?;
        }
        self.workers.retain(|worker| worker.host != LOST);
        Ok(())
    }

    /// Ends so many workers of a service as an orchestrator does; one always stays.
    async fn take_away(&mut self, service: &str, count: usize) -> Result<()> {
        for _ in 0..count {
            let of: Vec<usize> = (0..self.workers.len()).filter(|at| self.is_of(*at, service)).collect();
            let [_, .., last] = of[..] else { return Ok(()) };
            let mut worker = self.workers.remove(last);
            let status = worker.service.terminate().await?;
            ensure!(status.code() == Some(0), "{} after SIGTERM: {status}", worker.service.name());
        }
        Ok(())
    }

    fn is_of(&self, at: usize, service: &str) -> bool {
        self.workers.get(at).is_some_and(|worker| worker.service.name().starts_with(service))
    }

    /// Waits until so many reports are indexed, and says how fast the last ones came.
    async fn measure(&self, log: &mut Log, until: usize, count: usize, what: &str) {
        let begun = Instant::now();
        log.within(PATIENCE, "indexed", until).await;
        let seconds = begun.elapsed().as_secs_f64();
        let of = |service: &str| (0..self.workers.len()).filter(|at| self.is_of(*at, service)).count();
        let (parse, validate) = (of("parse"), of("validate"));
        say(&format!(
            "{what}: {parse} parse, {validate} validate: {count} reports in {seconds:.1} s, {:.0} a second",
            count as f64 / seconds
        ));
    }
}

fn say(line: &str) {
    // A closed stdout does not end the season.
    writeln!(std::io::stdout(), "{line}").ok();
}
