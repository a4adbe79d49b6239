//! `gouji-index` by itself, as real processes over a real log: whatever becomes of its folder, its disk and
//! its copies, every index ends with everything in it, and the log tells of each report once.

mod faults;
mod generations;
mod ranking;
mod rejudged;
mod standby;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use blobs::Blobs;
use bus::topology::{Changes, apply};
use bus::{Bus, Since};
use document::Limits;
use proto::v1::{self, Blob, ReportIndexed, ReportRefused, ReportSubmitted, ReportValidated};
use proto::{Fact, ReportId, subject};
use search::{CurrentReader, Query};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tests::generate::{Options, generate};
use tests::processes::{NatsServer, Process, SyncInterval, free_port, program, until};
use worker::{Config, CpuPool, Shutdown, Worker};

/// Every report follows from it.
const SEED: u64 = 20_261_123;
/// What a killed process held comes again after half a minute, and a lease lapses after a quarter.
const PATIENCE: Duration = Duration::from_secs(120);

/// A log with validated reports on it, and a place for indices.
struct Setup {
    log: Bus,
    blobs: Blobs,
    nats: NatsServer,
    folder: TempDir,
}

/// One report as an index holds it: the id of its version, its event, and everything else.
type Held = (String, ReportValidated, search::StoredReport);

impl Setup {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let nats = NatsServer::start(&folder.path().join("nats"), SyncInterval::Default).await.unwrap();
        let variables = variables(folder.path(), &nats, Path::new("none"));
        let config = Config::from_variables(|name| variables.get(name).cloned()).unwrap();
        apply(&config.bus, Changes::Missing).await.unwrap();
        let observer = Worker::open("observer", &config, CpuPool::for_each_core(), Shutdown::new());
        let observer = observer.await.unwrap();
        let (log, blobs) = (observer.bus().clone(), observer.blobs().clone());
        Self { log, blobs, nats, folder }
    }

    /// Where an index of that name lies.
    fn index(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A process that keeps the index of that name.
    fn start(&self, index: &str) -> Indexer {
        self.start_as(index, Command::new(program("gouji-index").unwrap()))
    }

    fn start_as(&self, index: &str, mut command: Command) -> Indexer {
        let address = format!("127.0.0.1:{}", free_port().unwrap());
        let mut variables = variables(self.folder.path(), &self.nats, &self.index(index));
        variables.insert("GOUJI_LISTEN", address.clone());
        command.envs(variables);
        Indexer { process: Process::start(index, &mut command, self.folder.path()).unwrap(), address }
    }

    /// Puts reports on the log as `validate` does: those of these numbers, two years of each agency.
    async fn publish(&self, numbers: std::ops::Range<u64>) {
        self.publish_all(numbers).await;
    }

    /// The same in any order.
    async fn publish_all(&self, numbers: impl IntoIterator<Item = u64>) {
        for number in numbers {
            let fact = self.validated(number).await;
            self.log.publish(&fact).await.unwrap();
        }
    }

    async fn validated(&self, number: u64) -> ReportValidated {
        let generated = generate(SEED, number, &Options { faults_percent: 20, ..Options::default() });
        let document = document::read(&generated.bytes, &Limits::default()).unwrap();
        let text = document::plain_text(&document);
        let review = rules::review(reading::read(&document, Some(&generated.file_name)));
        let id = ReportId::of(&sha256(&generated.bytes), 0).unwrap().to_string();
        let submitted = ReportSubmitted {
            id,
            file_name: generated.file_name,
            submitted_at_ms: 1_736_000_000_000 + i64::try_from(number).unwrap(),
            ..Default::default()
        };
        self.blobs.put(text.as_bytes(), u64::MAX).await.unwrap();
        let mut report = v1::Report::from(&review.report);
        // Few agencies, so that versions and years meet.
        report.agency = format!("第{}局", number % 7);
        report.year = 2020 + u32::try_from(number % 5).unwrap();
        report.region = None;
        ReportValidated {
            submitted: Some(submitted),
            report: Some(report),
            text: Some(Blob { sha256: sha256(text.as_bytes()), ..Default::default() }),
            findings: review.findings.iter().map(v1::Finding::from).collect(),
            verdict: v1::Verdict::from(review.verdict()).into(),
            rules_version: review.rules_version.clone(),
            ..Default::default()
        }
    }

    /// Waits until the log tells of so many reports that they are indexed, of each once, and that nothing of
    /// the log is left to do.
    async fn indexed(&self, count: usize) {
        let mut feed = self.log.follow(subject::filter::<ReportIndexed>(), Since::Start).await.unwrap();
        let mut ids = BTreeSet::new();
        let all = async {
            while ids.len() < count {
                let event = feed.next().await.unwrap();
                assert!(ids.insert(event.id().to_owned()), "{} was indexed twice", event.id());
            }
        };
        let arrived = tokio::time::timeout(PATIENCE, all).await;
        arrived.unwrap_or_else(|_| panic!("{} of {count} were indexed", ids.len()));
    }

    async fn counts(&self) -> bus::Counts {
        self.log.counts().await.unwrap()
    }

    async fn refusal(&self, id: &str) -> ReportRefused {
        let wait = async || self.log.last_of_id::<ReportRefused>(id).await;
        until("a refusal", PATIENCE, wait).await.unwrap()
    }

    /// What the index of that name holds, by key.
    fn contents(&self, index: &str) -> BTreeMap<String, Held> {
        let reader = CurrentReader::new(&self.index(index)).reader().unwrap();
        let mut contents = BTreeMap::new();
        let each = |parts: search::StoredParts| {
            let held = (parts.card.id.clone(), parts.fact().unwrap(), parts.report().unwrap());
            assert!(contents.insert(parts.card.key, held).is_none());
            true
        };
        reader.each(&Query::default(), each).unwrap();
        contents
    }

    /// Waits until the index of that name holds the reports of the first so many numbers, and all versions.
    async fn holds(&self, index: &str, count: usize) -> BTreeMap<String, Held> {
        let versions = |held: &Held| held.2.versions.len();
        let what = format!("{index} to hold {count} versions");
        let mut seen = 0;
        let all = until(&what, PATIENCE, async || {
            let contents = self.contents(index);
            seen = contents.values().map(versions).sum::<usize>();
            Ok((seen == count).then_some(contents))
        });
        all.await.unwrap_or_else(|error| panic!("{error:#}: {seen}"))
    }

    /// Waits until the index of that name holds what another one does.
    async fn holds_the_same(&self, index: &str, as_other: &BTreeMap<String, Held>) {
        let what = format!("{index} to hold everything");
        let same = until(&what, PATIENCE, async || {
            let there = CurrentReader::new(&self.index(index)).reader().is_ok();
            Ok((there && self.contents(index) == *as_other).then_some(()))
        });
        if let Err(error) = same.await {
            let contents = self.contents(index);
            let mut missing = String::new();
            for (key, (id, ..)) in as_other.iter().filter(|(key, held)| contents.get(*key) != Some(held)) {
                let there = contents.get(key).map(|(id, ..)| id);
                writeln!(missing, "{key}: {id} and not {there:?}").unwrap();
            }
            panic!("{error:#}; {} of {} differ:\n{missing}", contents.len(), as_other.len());
        }
    }
}

/// A process of `gouji-index`.
struct Indexer {
    process: Process,
    address: String,
}

impl Indexer {
    /// What it says of its readiness.
    async fn readiness(&self) -> String {
        bus::tls::prepare();
        let client = tests::api::http().build().unwrap();
        match client.get(format!("http://{}/readyz", self.address)).send().await {
            Ok(answer) => answer.text().await.unwrap_or_default(),
            Err(error) => error.to_string(),
        }
    }

    /// Waits until it says that.
    async fn says(&self, expected: &str) {
        let mut said = String::new();
        let says = until(expected, PATIENCE, async || {
            said = self.readiness().await;
            Ok(said.contains(expected).then_some(()))
        });
        says.await.unwrap_or_else(|error| panic!("{error:#}: {said}"));
    }

    async fn end(mut self) {
        let status = self.process.terminate(PATIENCE).await.unwrap();
        assert_eq!(status.code(), Some(0));
    }
}

fn variables(folder: &Path, nats: &NatsServer, index: &Path) -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        ("GOUJI_NATS_URL", nats.url()),
        ("GOUJI_ORIGINALS", folder.join("originals").display().to_string()),
        ("GOUJI_INDEX", index.display().to_string()),
        ("GOUJI_LOG", "json".to_owned()),
    ])
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
