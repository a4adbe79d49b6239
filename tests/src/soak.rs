//! Injects faults in an order that a seed decides, under steady load, until every report is indexed or refused.
//! Then nothing may be lost or doubled, and the index must equal that of an undisturbed run.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, bail, ensure};
use clap::Parser;
use rustix::process::Signal;
use serde_json::Value;

use crate::api::{Api, zip};
use crate::disk::SmallDisk;
use crate::generate::random::Random;
use crate::generate::{Generated, Options as Drawn, generate};
use crate::pipeline::{Pipeline, Service, Shape};
use crate::processes::until;
use crate::proof::{self, Log};
use crate::proxy::{Line, Proxy};

/// Inject faults at random while reports come in, and count at the end.
#[derive(Debug, Parser)]
pub struct Options {
    /// The seed of reports and faults; by default from the clock.
    #[arg(long)]
    seed: Option<u64>,
    /// How long reports come in and faults happen; 0 sends as fast as ingest accepts, without faults.
    #[arg(long, default_value_t = 10)]
    minutes: u64,
    /// Different reports. A fifth of them is sent twice, and for each hundred one file is no report.
    #[arg(long, default_value_t = 1_000)]
    reports: u64,
    /// A folder with programs of an earlier build: one process of parse and one of validate are those.
    #[arg(long)]
    old: Option<PathBuf>,
}

/// A fault of the pipeline, which ends after a while.
#[derive(Debug, Clone, Copy)]
enum Fault {
    /// `kill -9`, and started again.
    Kill(&'static str),
    /// SIGTERM, which has to end with 0, and started again.
    Terminate(&'static str),
    /// SIGSTOP, and SIGCONT.
    Freeze(&'static str),
    /// `kill -9` of the nats-server.
    KillBus,
    /// SIGSTOP of the nats-server.
    FreezeBus,
    /// The line of one parse and one validate is slow.
    SlowLine,
    /// It is dead.
    CutLine,
    /// A disk is full: `originals`, `index` or `nats`.
    Fill(&'static str),
    /// Everything sent so far is sent again, all at once.
    Flood,
}

/// Every fault, and whether it needs root.
const FAULTS: [(Fault, bool); 22] = [
    (Fault::Kill("ingest"), false),
    (Fault::Kill("parse"), false),
    (Fault::Kill("validate"), false),
    (Fault::Kill("index"), false),
    (Fault::Kill("console"), false),
    (Fault::Kill("parse-1"), false),
    (Fault::Terminate("ingest"), false),
    (Fault::Terminate("parse"), false),
    (Fault::Terminate("validate"), false),
    (Fault::Terminate("index"), false),
    (Fault::Terminate("validate-1"), false),
    (Fault::Freeze("parse"), false),
    (Fault::Freeze("validate"), false),
    (Fault::Freeze("index"), false),
    (Fault::KillBus, false),
    (Fault::FreezeBus, false),
    (Fault::SlowLine, false),
    (Fault::CutLine, false),
    (Fault::Fill("originals"), true),
    (Fault::Fill("index"), true),
    (Fault::Fill("nats"), true),
    (Fault::Flood, false),
];

/// A fault and its times in seconds: from the end of the last one, and how long it lasts.
#[derive(Debug, Clone, Copy)]
struct Planned {
    pause: u64,
    fault: Fault,
    lasts: u64,
}

impl fmt::Display for Planned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "after {} s {:?} for {} s", self.pause, self.fault, self.lasts)
    }
}

/// Longer than a message may stay unanswered, so that a fault may outlast it.
const LONGEST_FAULT: i64 = 40;
/// Reports sent at once.
const BATCH: usize = 20;
/// For what is under way to come to its end, once nothing is broken any more.
const PATIENCE: Duration = Duration::from_secs(600);

/// Runs it, and says how to run it again.
///
/// # Errors
/// If an assertion failed; then the folder is not deleted.
pub fn run(options: &Options) -> Result<()> {
    let seed = options
        .seed
        .unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs()));
    let again = format!(
        "cargo xtask soak --seed {seed} --minutes {} --reports {}{}",
        options.minutes,
        options.reports,
        options.old.as_ref().map(|old| format!(" --old {}", old.display())).unwrap_or_default()
    );
    say(&again);
    let folder = tempfile::tempdir().context("making a folder")?;
    let soak = Soak {
        seed,
        minutes: options.minutes,
        reports: options.reports,
        old: options.old.clone(),
        folder: folder.path().to_owned(),
    };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("starting threads")?;
    // On a thread of its own, because assertions panic; the panic prints its message there.
    let ended = std::thread::spawn(move || runtime.block_on(soak.run())).join();
    let outcome = ended.unwrap_or_else(|_| bail!("something did not hold"));
    if outcome.is_err() {
        say(&format!("kept: {}\nrun it again: {again}", folder.keep().display()));
    }
    outcome
}

struct Soak {
    seed: u64,
    minutes: u64,
    reports: u64,
    old: Option<PathBuf>,
    folder: PathBuf,
}

/// A running soak.
struct Broken {
    pipeline: Pipeline,
    line: Proxy,
    disks: BTreeMap<&'static str, SmallDisk>,
    api: Api,
    reports: Vec<Generated>,
}

impl Soak {
    async fn run(self) -> Result<()> {
        let drawn = Drawn { faults_percent: 20, ..Drawn::default() };
        let reports: Vec<Generated> =
            (0..self.reports).map(|index| generate(self.seed, index, &drawn)).collect();
        let disks = self.disks()?;
        let shape = Shape::default();
        // Otherwise ingest would answer 503 before these small disks are full.
        let settings = [("GOUJI_RESERVE_MB", "1".to_owned())];
        let mut pipeline = Pipeline::start_at(&self.folder, shape, &settings).await?;
        let line = Proxy::to(pipeline.nats.address()).await?;
        for service in ["parse", "validate"] {
            let through = [("GOUJI_NATS_URL", line.url())];
            let mut another = pipeline.another_by(service, 1, &through).await?;
            if let Some(old) = &self.old {
                another.kill()?;
                another.program = old.join(format!("gouji-{service}"));
                start_again(&mut another).await?;
            }
            if service == "parse" { pipeline.parse.push(another) } else { pipeline.validate.push(another) }
        }
        let (api, mut log) = (pipeline.api(), Log::of(&pipeline).await);
        let mut broken = Broken { pipeline, line, disks, api: api.clone(), reports: reports.clone() };
        let schedule = self.schedule();
        let poisoned = reports.len().div_ceil(100);
        let breaking = async {
            for planned in &schedule {
                say(&planned.to_string());
                tokio::time::sleep(Duration::from_secs(planned.pause)).await;
                broken.apply(planned).await.with_context(|| planned.to_string())?;
            }
            anyhow::Ok(())
        };
        let ((), ()) = tokio::try_join!(self.send(&api, &reports), breaking)?;
        broken.pipeline.ready().await?;
        let begun = std::time::Instant::now();
        log.within(PATIENCE, "indexed", reports.len()).await;
        log.within(PATIENCE, "refused", poisoned).await;
        say(&format!("everything came to its end {} s after the last fault", begun.elapsed().as_secs()));
        self.holds(&broken.pipeline, &reports, poisoned).await
    }

    async fn holds(&self, pipeline: &Pipeline, reports: &[Generated], poisoned: usize) -> Result<()> {
        let api = pipeline.api();
        proof::counts(&api, reports.len() + poisoned, reports.len(), poisoned).await;
        proof::judged(&api, reports).await;
        proof::reconciled(pipeline).await;
        if self.minutes > 0 {
            let found: BTreeMap<String, Value> = proof::contents(&api).await;
            proof::same(&found, &proof::undisturbed(reports).await);
        }
        say(&format!("{} reports, {poisoned} refused, nothing lost, nothing doubled", reports.len()));
        Ok(())
    }

    /// Disks with space for the reports, and little more.
    fn disks(&self) -> Result<BTreeMap<&'static str, SmallDisk>> {
        let mut disks = BTreeMap::new();
        let is_root = rustix::process::geteuid().is_root();
        if self.minutes > 0 && !is_root {
            say("no disk will be full: only root may mount one");
        }
        if self.minutes > 0 && is_root {
            for name in ["originals", "index", "nats"] {
                let megabytes = u32::try_from(256 + self.reports / 2).context("too many reports")?;
                disks.insert(name, SmallDisk::mount(&self.folder.join(name), megabytes)?);
            }
        }
        Ok(disks)
    }

    fn schedule(&self) -> Vec<Planned> {
        let mut random = Random::of(&[self.seed, 2]);
        let possible: Vec<Fault> = FAULTS
            .iter()
            .filter(|(_, takes_root)| !takes_root || rustix::process::geteuid().is_root())
            .map(|(fault, _)| *fault)
            .collect();
        let (mut seconds, mut schedule) = (0, Vec::new());
        while seconds < self.minutes * 60 {
            let (pause, long) = (random.between(1, 8), random.chance(30));
            let lasts = random.between(1, if long { LONGEST_FAULT } else { 5 });
            let fault = *random.pick(&possible);
            schedule.push(Planned { pause: pause.unsigned_abs(), fault, lasts: lasts.unsigned_abs() });
            seconds += (pause + lasts).unsigned_abs();
        }
        schedule
    }

    /// Sends all reports over the whole time, each batch with some of an earlier one, until ingest accepts it.
    async fn send(&self, api: &Api, reports: &[Generated]) -> Result<()> {
        let batches: Vec<&[Generated]> = reports.chunks(BATCH).collect();
        let pause = Duration::from_secs(self.minutes * 60) / u32::try_from(batches.len().max(1))?;
        let begun = tokio::time::Instant::now();
        let mut poisoned = 0;
        for (number, batch) in batches.iter().enumerate() {
            tokio::time::sleep_until(begun + pause * u32::try_from(number)?).await;
            let of = |report: &Generated| (report.file_name.clone(), report.bytes.clone());
            let mut files: Vec<(String, Vec<u8>)> = batch.iter().map(of).collect();
            if number % (100 / BATCH) == 0 {
                files.push(("poison.txt".into(), poison(poisoned)));
                poisoned += 1;
            }
            take_in(api, &format!("{number}.zip"), &files).await?;
            let again: Vec<_> = batches[number / 2].iter().take(BATCH / 5).map(of).collect();
            take_in(api, &format!("again-{number}.zip"), &again).await?;
        }
        Ok(())
    }
}

/// Sends an archive of these until ingest accepts it, however long a fault lasts.
async fn take_in(api: &Api, name: &str, files: &[(String, Vec<u8>)]) -> Result<()> {
    let archive = zip(files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())))?;
    until(&format!("{name} to be taken in"), PATIENCE, async || {
        let answer = api.send(name, archive.clone(), None).await.ok();
        let taken = answer.is_some_and(|(status, _)| status.as_u16() == 202);
        if !taken {
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        Ok(taken.then_some(()))
    })
    .await
}

/// Bytes that are no report, different for each number.
fn poison(number: usize) -> Vec<u8> {
    [b"\0\x01\x02\xff".repeat(10_000), number.to_string().into_bytes()].concat()
}

impl Broken {
    async fn apply(&mut self, planned: &Planned) -> Result<()> {
        let lasting = tokio::time::sleep(Duration::from_secs(planned.lasts));
        match planned.fault {
            Fault::Kill(name) => {
                self.pipeline.service(name)?.kill()?;
                lasting.await;
                start_again(self.pipeline.service(name)?).await
            }
            Fault::Terminate(name) => {
                let status = self.pipeline.service(name)?.terminate().await?;
                ensure!(status.code() == Some(0), "{name} after SIGTERM: {status}");
                lasting.await;
                start_again(self.pipeline.service(name)?).await
            }
            Fault::Freeze(name) => {
                self.pipeline.service(name)?.process.signal(Signal::STOP)?;
                lasting.await;
                self.pipeline.service(name)?.process.signal(Signal::CONT)
            }
            Fault::KillBus => {
                self.pipeline.nats.kill()?;
                lasting.await;
                self.pipeline.nats.start_again().await
            }
            Fault::FreezeBus => {
                self.pipeline.nats.process().signal(Signal::STOP)?;
                lasting.await;
                self.pipeline.nats.process().signal(Signal::CONT)
            }
            Fault::SlowLine => {
                self.line.set(Line::Slow(Duration::from_millis(50)));
                lasting.await;
                self.line.set(Line::Good);
                Ok(())
            }
            Fault::CutLine => {
                self.line.set(Line::Cut);
                lasting.await;
                self.line.set(Line::Good);
                Ok(())
            }
            Fault::Fill(name) => {
                let Some(disk) = self.disks.get(name) else { bail!("no disk {name}") };
                disk.fill()?;
                lasting.await;
                disk.make_room()?;
                if name == "nats" {
                    // nats-server does not write to a log again whose disk was full, until it is restarted.
                    self.pipeline.nats.kill()?;
                    self.pipeline.nats.start_again().await?;
                }
                Ok(())
            }
            Fault::Flood => {
                let known = self.reports.iter().take(BATCH);
                let sending =
                    known.map(|report| self.api.send(&report.file_name, report.bytes.clone(), None));
                // A sender without an answer may have sent it before.
                futures::future::join_all(sending).await;
                lasting.await;
                Ok(())
            }
        }
    }
}

/// A process that ends because the bus is away is started again, as a supervisor does.
async fn start_again(service: &mut Service) -> Result<()> {
    service.start_again()?;
    service.ready().await
}

fn say(line: &str) {
    // A closed stdout does not end the soak.
    writeln!(std::io::stdout(), "{line}").ok();
}
