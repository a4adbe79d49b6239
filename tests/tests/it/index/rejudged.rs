//! What the log tells of findings that changed after a report was indexed is what the index has, reported once for each
//! change, wherever the process is killed.

use proto::v1::{Finding, IndexOutcome, RejudgementCause, ReportRejudged};

use super::*;

/// What the log tells of the reports by key: the reading that stands, and its findings.
type Reported = BTreeMap<String, (String, Vec<Finding>)>;

impl Setup {
    /// Reads the log as a consumer outside does: what was indexed, and what was judged again after it. Asserts that
    /// no new judgement repeats what was reported, and that those of a report are counted without gaps.
    async fn reported(&self) -> (Reported, Vec<ReportRejudged>) {
        let (mut validated, mut reported, mut versions) = (BTreeMap::new(), Reported::new(), BTreeMap::new());
        let (mut rejudged, mut numbers) = (Vec::<ReportRejudged>::new(), BTreeMap::<String, u32>::new());
        let read = self.log.scan(subject::ALL, |event| {
            if let Some(fact) = event.decode::<ReportValidated>() {
                validated.insert(fact.id().to_owned(), fact);
            } else if let Some(fact) = event.decode::<ReportIndexed>() {
                let version = fact.submitted.clone().map(|one| (one.submitted_at_ms, one.generation));
                let latest = versions.entry(fact.report.clone()).or_insert(version);
                // Facts of one commit are published at once, so an earlier version may stand behind a later one.
                if fact.outcome == i32::from(IndexOutcome::Current) && version >= *latest {
                    *latest = version;
                    let findings = validated[fact.id()].findings.clone();
                    reported.insert(fact.report.clone(), (fact.id().to_owned(), findings));
                }
            } else if let Some(fact) = event.decode::<ReportRejudged>() {
                assert!(event.matches_its_subject());
                let number = numbers.entry(fact.report.clone()).or_default();
                *number += 1;
                assert_eq!(fact.number, *number, "{fact:?}");
                let now = (fact.id.clone(), fact.findings.clone());
                let before = reported.insert(fact.report.clone(), now.clone());
                let is_reassigned = fact.cause == i32::from(RejudgementCause::Reassigned);
                assert!(is_reassigned || before.as_ref() != Some(&now), "reported twice: {fact:?}");
                rejudged.push(fact);
            }
            Ok(())
        });
        read.await.unwrap();
        (reported, rejudged)
    }

    /// Waits until the log tells of every report what the index has.
    pub(super) async fn tells_what_it_has(&self, index: &str) -> Vec<ReportRejudged> {
        let mut differences = Vec::new();
        let same = until("the log to tell of every finding", PATIENCE, async || {
            let (mut reported, rejudged) = self.reported().await;
            reported.retain(|_, (id, _)| !id.is_empty());
            let held: Reported = self
                .contents(index)
                .into_iter()
                .map(|(key, (id, _, stored))| {
                    (key, (id, stored.review.findings.iter().map(Finding::from).collect()))
                })
                .collect();
            differences = held
                .iter()
                .filter(|(key, held)| reported.get(*key) != Some(held))
                .map(|(key, held)| format!("{key}: {held:?} and not {:?}", reported.get(key)))
                .collect();
            Ok((differences.is_empty() && held.len() == reported.len()).then_some(rejudged))
        });
        same.await.unwrap_or_else(|error| panic!("{error:#}: {}", differences.join("\n")))
    }

    /// The same, killed each time at this point.
    fn start_to_die(&self, index: &str, point: &str) -> Indexer {
        let mut command = Command::new(program("gouji-index").unwrap());
        command.env("GOUJI_FAILPOINT", point);
        self.start_as(index, command)
    }
}

#[tokio::test]
async fn each_change_is_published_once_wherever_the_process_is_killed() {
    let setup = Setup::new().await;
    let points = ["committed@1", "rejudging@1", "rejudging@4", "rejudged@2", "published@9", "sent@3"];
    // Later versions before earlier ones, and most years after the year that is compared with them. Each process
    // gets reports of its own: what the one before held comes again after half a minute.
    let parts: Vec<u64> = (0..105).rev().collect();
    let mut parts = parts.chunks(105_usize.div_ceil(points.len()));
    for point in points {
        setup.publish_all(parts.next().unwrap().iter().copied()).await;
        let mut killed = setup.start_to_die("a", point);
        until("the process to be killed", PATIENCE, async || killed.process.ended())
            .await
            .unwrap_or_else(|error| panic!("{point}: {error:#}"));
    }
    let indexer = setup.start("a");
    setup.indexed(105).await;
    setup.publish_all(105..140).await;
    setup.indexed(140).await;
    let rejudged = setup.tells_what_it_has("a").await;
    let of_other_years = |fact: &&ReportRejudged| fact.cause == i32::from(RejudgementCause::OtherYear);
    assert!(rejudged.iter().filter(of_other_years).count() > 10, "{} new judgements", rejudged.len());
    indexer.end().await;

    // Another folder is filled from the log, and a process that leads with it publishes nothing.
    let events = setup.log.extent().await.unwrap().last;
    let contents = setup.contents("a");
    let other = setup.start("b");
    setup.holds_the_same("b", &contents).await;
    other.says("ready").await;
    setup.tells_what_it_has("b").await;
    other.end().await;
    assert_eq!(setup.log.extent().await.unwrap().last, events, "something was reported again");
}

/// A replay may find that the bytes are another report: what stood before it stands again, or nothing.
#[tokio::test]
async fn a_reading_that_becomes_another_report_is_published() {
    let setup = Setup::new().await;
    let indexer = setup.start("a");
    let (earlier, later, alone) =
        (setup.validated(0).await, setup.validated(35).await, setup.validated(1).await);
    setup.log.publish(&earlier).await.unwrap();
    setup.log.publish(&later).await.unwrap();
    setup.log.publish(&alone).await.unwrap();
    setup.indexed(3).await;
    for fact in [&later, &alone] {
        let mut in_truth = fact.clone();
        let submitted = in_truth.submitted.as_mut().unwrap();
        (submitted.generation, submitted.id) = (1, submitted.id.replace("-g0", "-g1"));
        in_truth.report.as_mut().unwrap().agency = "另一局".into();
        setup.log.publish(&in_truth).await.unwrap();
    }
    setup.indexed(5).await;
    let rejudged = setup.tells_what_it_has("a").await;
    let key_of = |fact: &ReportValidated| {
        search::Entry::key_of(&report::Review::try_from(fact).unwrap().report, fact.id())
    };
    let reported =
        |fact: &ReportValidated| rejudged.iter().rfind(|reported| reported.report == key_of(fact)).unwrap();
    assert_eq!(reported(&earlier).id, earlier.id());
    assert_eq!(reported(&earlier).caused_by, later.id().replace("-g0", "-g1"));
    let gone = reported(&alone);
    assert_eq!((gone.id.as_str(), gone.agency.as_str(), gone.year), ("", "第1局", 2021));
    indexer.end().await;
}
