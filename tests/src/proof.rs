//! What must be true at the end of every test and of the soak, after any fault: assertions that panic like
//! `assert!`.

#![expect(clippy::unwrap_used, reason = "assertions panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::Duration;

use bus::{Bus, Feed, Since};
use proto::v1::ReportRefused;
use proto::v1::{ReportRejudged, ReportReviewed};
use proto::{Fact as _, ReportId, subject};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::api::{Api, list, zip};
use crate::generate::{Generated, Options, generate};
use crate::judge::judge;
use crate::pipeline::{Pipeline, SOON, Shape};
use crate::processes::until;

/// The seed of every report.
pub const SEED: u64 = 20_261_122;

/// Messages of a killed worker are delivered again after half a minute; some workers are killed twice.
pub const PATIENCE: Duration = Duration::from_secs(100);

/// These reports, a fifth of them with a planted fault.
pub fn reports(indices: Range<u64>) -> Vec<Generated> {
    let options = Options { faults_percent: 20, ..Options::default() };
    indices.map(|index| generate(SEED, index, &options)).collect()
}

/// An archive of them.
pub fn archive(reports: &[Generated]) -> Vec<u8> {
    zip(reports.iter().map(|report| (report.file_name.as_str(), report.bytes.as_slice()))).unwrap()
}

/// SHA-256 in hex.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The id that the pipeline must give these bytes.
pub fn id(bytes: &[u8]) -> String {
    ReportId::of(&sha256(bytes), 0).unwrap().to_string()
}

/// The log as it grows; a fact that comes twice fails the test.
pub struct Log {
    feed: Feed,
    facts: BTreeMap<String, BTreeSet<String>>,
    /// A connection to the log from outside the pipeline.
    pub observer: Bus,
}

impl Log {
    /// From the first fact on.
    pub async fn of(pipeline: &Pipeline) -> Self {
        let observer = pipeline.observer().await.unwrap();
        let feed = observer.follow(subject::ALL, Since::Start).await.unwrap();
        Self { feed, facts: BTreeMap::new(), observer }
    }

    /// Every refusal on the log, oldest first.
    pub async fn refusals(&self) -> Vec<ReportRefused> {
        let count = self.observer.counts().await.unwrap().refused;
        let mut feed = self.observer.follow(subject::filter::<ReportRefused>(), Since::Start).await.unwrap();
        let mut refusals = Vec::new();
        while refusals.len() < count as usize {
            let event = feed.next().await.expect("nobody stops the observer");
            refusals.push(event.decode().unwrap());
        }
        refusals
    }

    /// Waits until the log has so many facts of a kind.
    pub async fn until(&mut self, fact: &str, count: usize) {
        self.within(PATIENCE, fact, count).await;
    }

    /// The same with another patience, which is for the time without any new fact.
    pub async fn within(&mut self, patience: Duration, fact: &str, count: usize) {
        while self.facts.get(fact).map_or(0, BTreeSet::len) < count {
            let Ok(event) = tokio::time::timeout(patience, self.feed.next()).await else {
                let seen: Vec<_> = self.facts.iter().map(|(fact, ids)| (fact, ids.len())).collect();
                panic!("waited {patience:?} in vain for {count} {fact} facts: {seen:?}");
            };
            let event = event.expect("nobody stops the observer");
            let new = self.facts.entry(event.fact().to_owned()).or_default().insert(event.id().to_owned());
            // Reviewers may do several things to one report, and it may be judged again several times.
            let is_once = ![ReportReviewed::NAME, ReportRejudged::NAME].contains(&event.fact());
            assert!(new || !is_once, "{} of {} is on the log twice", event.fact(), event.id());
        }
    }
}

/// Sends until ingest accepts it, as a sender does who gets no answer.
pub async fn send_until_taken(api: &Api, name: &str, bytes: &[u8]) -> Value {
    until(&format!("{name} to be taken in"), PATIENCE, async || {
        let answer = api.send(name, bytes.to_vec(), None).await.ok();
        Ok(answer.filter(|(status, _)| status.as_u16() == 202).map(|(_, receipt)| receipt))
    })
    .await
    .unwrap()
}

/// Waits until the console reports these counts of facts.
pub async fn counts(api: &Api, submitted: usize, indexed: usize, refused: usize) {
    let parsed = submitted - refused;
    let expected = json!({"submitted": submitted, "parsed": parsed, "validated": parsed, "indexed": indexed, "refused": refused});
    let mut counts = Value::Null;
    let reached = until("the counts", SOON, async || {
        // While servers elect a leader, none answers.
        let Ok(mut status) = api.status().await else { return Ok(None) };
        counts = status["counts"].take();
        Ok((counts == expected).then_some(()))
    });
    reached.await.unwrap_or_else(|error| panic!("{error:#}: {counts} and not {expected}"));
}

/// Every report was indexed once and with its true figures.
pub async fn everything_arrived(api: &Api, reports: &[Generated]) {
    counts(api, reports.len(), reports.len(), 0).await;
    let different: BTreeSet<_> =
        reports.iter().map(|report| (&report.truth.agency, report.truth.year)).collect();
    let mut total = Value::Null;
    until("the index to hold every report", SOON, async || {
        total = api.search(&[("limit", "0")]).await?["total"].take();
        Ok((total == different.len()).then_some(()))
    })
    .await
    .unwrap();
    judged(api, reports).await;
}

/// Every report was read and judged correctly.
pub async fn judged(api: &Api, reports: &[Generated]) {
    let mut complaints = Vec::new();
    for report in reports {
        let record = api.report(&id(&report.bytes)).await.unwrap();
        let judgement = judge(&record, &report.truth);
        let about = |complaint| format!("{} ({}): {complaint}", report.file_name, report.layout.name());
        complaints.extend(judgement.complaints.into_iter().map(about));
    }
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
}

/// The content of the index, without what differs from one submission to the next.
pub async fn contents(api: &Api) -> BTreeMap<String, Value> {
    let mut contents = BTreeMap::new();
    for id in api.search_all(&[]).await.unwrap() {
        let mut record = api.report(&id).await.unwrap();
        let one_sending = ["version", "submission", "submitted_at_ms"];
        for field in one_sending {
            record.as_object_mut().unwrap().remove(field);
        }
        let count = list(&record["versions"]).len();
        record["versions"] = count.into();
        assert!(contents.insert(id, record).is_none());
    }
    contents
}

/// Names the first report that differs, and not two indices in full.
pub fn same(found: &BTreeMap<String, Value>, expected: &BTreeMap<String, Value>) {
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    for (id, record) in expected {
        assert_eq!(found.get(id), Some(record), "{id}");
    }
}

/// The content of the index after an undisturbed run of these reports.
pub async fn undisturbed(reports: &[Generated]) -> BTreeMap<String, Value> {
    let pipeline = Pipeline::start(Shape::default()).await.unwrap();
    let (api, mut log) = (pipeline.api(), Log::of(&pipeline).await);
    let mut sent = 0;
    for batch in reports.chunks(200) {
        send_until_taken(&api, &format!("{sent}.zip"), &archive(batch)).await;
        sent += batch.len();
        log.until("indexed", sent).await;
    }
    everything_arrived(&api, reports).await;
    contents(&api).await
}

/// `gouji reconcile` finds every accepted report, reads every original, and ends with 0.
pub async fn reconciled(pipeline: &Pipeline) {
    let index = pipeline.index_folder();
    let mut command = pipeline.command(&["reconcile", "--deep", "--index"]).unwrap();
    command.arg(index);
    let ran = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let said = [ran.stdout, ran.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
    assert!(ran.status.success(), "gouji reconcile: {}: {said}", ran.status);
}
