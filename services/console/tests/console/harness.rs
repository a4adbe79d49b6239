//! A console over a real log and a real index, with reports that have every event of the pipeline.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ::console::{Children, RENDERER_LIMITS};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use bus::topology::{Changes, apply};
use document::Limits;
use proto::Fact;
use proto::v1::{
    self, Blob, ReportIndexed, ReportParsed, ReportRefused, ReportReviewed, ReportSubmitted, ReportValidated,
    RosterImported, Withdrawal,
};
use report::{Report, Review};
use sandbox::Program;
use search::{Entry, Index, Writer};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tower::ServiceExt;
use worker::{Config, CpuPool, Shutdown, Worker};

use crate::server::Server;

const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples/reports");

/// The bytes of one sample.
pub(crate) fn sample(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(SAMPLES).join(name)).unwrap()
}

pub(crate) struct TestConsole {
    pub(crate) router: Router,
    pub(crate) worker: Worker,
    writer: Writer,
    submitted: i64,
    keys: HashSet<String>,
    /// The key that requests carry; empty where they carry none.
    pub(crate) bearer: String,
    // Dropped last.
    server: Server,
}

/// The answer to a request.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl TestConsole {
    /// Without reports.
    pub(crate) async fn empty() -> Self {
        Self::empty_with(&[]).await
    }

    /// Without reports, with more settings by their variables.
    pub(crate) async fn empty_with(more: &[(&str, &str)]) -> Self {
        let server = Server::start();
        let originals = server.folder().join("originals");
        let folder = server.folder().join("index");
        let config = Config::from_variables(|name| match name {
            "GOUJI_NATS_URL" => Some(server.url()),
            "GOUJI_ORIGINALS" => originals.to_str().map(str::to_owned),
            "GOUJI_INDEX" => folder.to_str().map(str::to_owned),
            _ => more.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()),
        });
        let config = config.unwrap();
        apply(&config.bus, Changes::Safe).await.unwrap();
        let worker =
            Worker::open("console", &config, CpuPool::for_each_core(), Shutdown::new()).await.unwrap();
        let writer = Index::open(&folder).unwrap().writer().unwrap();
        let program = |verb| Program::new(env!("CARGO_BIN_EXE_gouji-console"), verb);
        let children = Children {
            reader: program(parse::READER_VERB),
            renderer: program(Children::RENDERER_VERB),
            // Ten times what a page of the samples takes.
            renderer_limits: sandbox::Limits { cpu_seconds: 4, ..RENDERER_LIMITS },
        };
        let router = ::console::router_with_children(worker.clone(), children).unwrap();
        Self {
            router,
            worker,
            writer,
            submitted: 1_736_000_000_000,
            keys: HashSet::new(),
            bearer: String::new(),
            server,
        }
    }

    /// With the samples.
    pub(crate) async fn with_samples() -> Self {
        let mut console = Self::empty().await;
        console.submit_folder(Path::new(SAMPLES)).await;
        console.commit().await;
        console
    }

    /// Submits every readable report of a folder.
    pub(crate) async fn submit_folder(&mut self, folder: &Path) {
        let entries = std::fs::read_dir(folder).into_iter().flatten();
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        for path in paths {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let bytes = std::fs::read(&path).unwrap();
            if !name.ends_with(".json")
                && name != "README.md"
                && document::read(&bytes, &Limits::default()).is_ok()
            {
                self.submit(&name, &bytes).await;
            }
        }
    }

    /// Publishes every event of one report and indexes it, up to the commit. Returns its id and its key.
    pub(crate) async fn submit(&mut self, file_name: &str, bytes: &[u8]) -> (String, String) {
        let submitted = self.accept(file_name, bytes).await;
        let document = document::read(bytes, &Limits::default()).unwrap();
        let text = document::plain_text(&document);
        let review = rules::review(reading::read(&document, Some(file_name)));
        let blob = self.store(text.as_bytes()).await;
        let wire = v1::Report::from(&review.report);
        let parsed = ReportParsed {
            submitted: Some(submitted.clone()),
            report: Some(wire.clone()),
            text: Some(blob.clone()),
            reader_version: reading::VERSION.into(),
            text_zstd: Vec::new(),
        };
        self.publish(&parsed).await;
        let fact = validated(&submitted, wire, blob, &review);
        self.publish(&fact).await;
        let id = submitted.id.clone();
        let key = Entry::key_of(&review.report, &id);
        let entry = Entry::of(&fact, text).unwrap();
        self.writer.apply(vec![entry]).unwrap();
        self.keys.insert(key.clone());
        let indexed = ReportIndexed { submitted: Some(submitted), report: key.clone(), ..Default::default() };
        self.publish(&indexed).await;
        (id, key)
    }

    /// Withdraws a report, up to the commit. Returns the id of the withdrawal.
    pub(crate) async fn withdraw(&mut self, id: &str, key: &str, who: &str, why: &str) -> String {
        let statement = format!("{{\"withdraws\":{id:?},\"who\":{who:?},\"why\":{why:?}}}");
        let submitted = self.accept("撤回说明.json", statement.as_bytes()).await;
        let fact = self.worker.bus().last_of_id::<ReportValidated>(id).await.unwrap().unwrap();
        let Report { agency, year, region, title, .. } = Review::try_from(&fact).unwrap().report;
        let report = Report { agency, year, region, title, ..Report::default() };
        let withdraws =
            Withdrawal { report: key.into(), who: who.into(), why: why.into(), ..Withdrawal::default() };
        let fact = ReportValidated {
            submitted: Some(ReportSubmitted { withdraws: Some(withdraws), ..submitted.clone() }),
            report: Some(v1::Report::from(&report)),
            rules_version: fact.rules_version,
            ..ReportValidated::default()
        };
        let entry = Entry::of(&fact, String::new()).unwrap();
        self.writer.apply(vec![entry]).unwrap();
        // No search finds it any more.
        self.keys.remove(key);
        submitted.id
    }

    /// Imports the roster of the agencies that should report.
    pub(crate) async fn import_roster(&mut self, csv: &str) {
        let original = self.store(csv.as_bytes()).await;
        self.submitted += 1000;
        let imported = RosterImported {
            id: format!("{}-r{}", &original.sha256[..32], self.submitted),
            original: Some(original),
            imported_at_ms: self.submitted,
            ..Default::default()
        };
        self.publish(&imported).await;
    }

    /// Publishes the events of a file that is refused. Returns its id.
    pub(crate) async fn refuse(&mut self, file_name: &str, bytes: &[u8], message: &str) -> String {
        let submitted = self.accept(file_name, bytes).await;
        let id = submitted.id.clone();
        let refused = ReportRefused {
            submitted: Some(submitted),
            stage: "parse".into(),
            class: "unsupported-format".into(),
            message: message.into(),
            ..Default::default()
        };
        self.publish(&refused).await;
        id
    }

    /// Commits what was submitted and waits until the console sees it.
    pub(crate) async fn commit(&mut self) {
        self.writer.commit("").unwrap();
        let visible = async {
            while self.get("/api/v1/status").await.json()["searchable_reports"] != self.keys.len() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), visible).await.expect("the console sees the commit");
    }

    pub(crate) async fn get(&self, address: &str) -> Answer {
        self.ask(Request::get(address)).await
    }

    /// Sends what reviewers send: JSON to the API, a form to a page.
    pub(crate) async fn post(&self, address: &str, body: &str) -> Answer {
        let is_api = address.starts_with("/api/");
        let media_type = if is_api { "application/json" } else { "application/x-www-form-urlencoded" };
        let request = Request::post(address).header("content-type", media_type);
        self.ask_with(request, Body::from(body.to_owned())).await
    }

    /// Indexes what reviewers did, as the index service does.
    pub(crate) async fn index_reviews(&mut self) {
        let mut acts = Vec::new();
        let filter = proto::subject::filter::<ReportReviewed>();
        let each = |event: bus::Event| {
            let fact: ReportReviewed = event.decode().unwrap();
            let act = report::workflow::Act::try_from(&fact)?;
            acts.push(search::ReportAct { key: fact.report, sequence: event.sequence, act });
            Ok(())
        };
        self.worker.bus().scan(&filter, each).await.unwrap();
        self.writer.review(acts).unwrap();
        self.writer.commit("").unwrap();
    }

    fn carrying_key(&self, request: axum::http::request::Builder) -> axum::http::request::Builder {
        match self.bearer.as_str() {
            "" => request,
            key => request.header("authorization", format!("Bearer {key}")),
        }
    }

    pub(crate) async fn ask(&self, request: axum::http::request::Builder) -> Answer {
        self.ask_with(request, Body::empty()).await
    }

    pub(crate) async fn ask_with(&self, request: axum::http::request::Builder, body: Body) -> Answer {
        let request = self.carrying_key(request).body(body).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// The folder of everything that the console and its bus store.
    pub(crate) fn folder(&self) -> &Path {
        self.server.folder()
    }

    async fn accept(&mut self, file_name: &str, bytes: &[u8]) -> ReportSubmitted {
        let original = self.store(bytes).await;
        self.submitted += 1000;
        let submitted = ReportSubmitted {
            id: format!("{}-g0", &original.sha256[..32]),
            submission: format!("{:032x}", self.submitted),
            original: Some(original),
            file_name: file_name.to_owned(),
            submitted_at_ms: self.submitted,
            generation: 0,
            door: "http".into(),
            withdraws: None,
            sender: String::new(),
            replays: String::new(),
            scope: None,
            bulk: false,
            known_refusal: None,
            published: None,
        };
        self.publish(&submitted).await;
        submitted
    }

    async fn store(&self, bytes: &[u8]) -> Blob {
        let stored = self.worker.blobs().put(bytes, u64::MAX).await.unwrap();
        assert_eq!(stored.sha256, hex(bytes));
        Blob { sha256: stored.sha256, size_bytes: stored.size_bytes, media_type: String::new() }
    }

    async fn publish<F: Fact>(&self, fact: &F) {
        self.worker.bus().publish(fact).await.unwrap();
    }
}

impl Drop for TestConsole {
    fn drop(&mut self) {
        self.worker.shutdown().trigger();
    }
}

fn validated(
    submitted: &ReportSubmitted,
    report: v1::Report,
    text: Blob,
    review: &Review,
) -> ReportValidated {
    ReportValidated {
        submitted: Some(submitted.clone()),
        report: Some(report),
        text: Some(text),
        reader_version: reading::VERSION.into(),
        findings: review.findings.iter().map(v1::Finding::from).collect(),
        verdict: v1::Verdict::from(review.verdict()).into(),
        rules_version: review.rules_version.clone(),
        text_zstd: Vec::new(),
    }
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}
