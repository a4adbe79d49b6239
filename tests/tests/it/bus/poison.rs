//! Forged messages with the seed of each service, before the report that they forge is sent: it is acknowledged
//! only when it is on the log, and it is found.

use async_nats::HeaderMap;
use async_nats::jetstream::message::PublishMessage;
use proto::v1::{
    ActionTaken, Blob, ReportIndexed, ReportParsed, ReportRefused, ReportSubmitted, ReportValidated,
    RosterImported, Scope, Withdrawal,
};
use proto::{Fact, Message};
use serde_json::Value;
use tests::api::Api;
use tests::generate::{Options, generate};
use tests::processes::until;
use tests::proof::{id, sha256};

use super::{Bus, Client, SOON, Service};

/// A message that somebody forges about a report.
struct Forgery {
    /// Whose seed is used.
    identity: &'static str,
    what: &'static str,
    subject: String,
    payload: Vec<u8>,
}

fn forged(identity: &'static str, what: &'static str, fact: &impl Fact) -> Forgery {
    Forgery { identity, what, subject: fact.subject().unwrap().to_string(), payload: fact.encode_to_vec() }
}

/// The messages that `what` selects, about the report with these bytes.
fn forgeries(bytes: &[u8]) -> Vec<Forgery> {
    let id = id(bytes);
    let blob = |sha256: String| Some(Blob { sha256, size_bytes: 7, media_type: "text/plain".into() });
    let submitted = ReportSubmitted {
        id: id.clone(),
        original: blob(sha256(bytes)),
        submission: "forged".into(),
        ..Default::default()
    };
    let about = || Some(submitted.clone());
    let parsed = ReportParsed { submitted: about(), ..Default::default() };
    let validated = ReportValidated { submitted: about(), ..Default::default() };
    let indexed = ReportIndexed { submitted: about(), report: "forged".into(), ..Default::default() };
    let refused = ReportRefused { submitted: about(), class: "not-text".into(), ..Default::default() };
    let other = ReportSubmitted { original: blob(sha256(b"other bytes")), ..submitted.clone() };
    let withdrawal = ReportSubmitted { withdraws: Some(Withdrawal::default()), ..submitted.clone() };
    let scope = Some(Scope { regions: vec!["11".into()], agencies: Vec::new() });
    let of_another = ReportSubmitted { scope, ..submitted.clone() };
    let in_bulk = ReportSubmitted { bulk: true, ..other.clone() };
    let roster = RosterImported { id: id.clone(), ..Default::default() };
    let audited = ActionTaken { id: id.clone(), ..Default::default() };
    let mut all = vec![
        forged("ingest", "a submission of other bytes", &other),
        forged("ingest", "a submission of other bytes in the bulk lane", &in_bulk),
        forged("ingest", "a withdrawal", &withdrawal),
        forged("ingest", "a submission of a sender of another region", &of_another),
        forged("ingest", "a roster", &roster),
        forged("ingest", "an action", &audited),
        forged("parse", "a parsed report", &parsed),
        forged("parse", "a refusal", &refused),
        forged("validate", "a validated report", &validated),
        forged("validate", "a refusal", &refused),
        forged("index", "an indexed report", &indexed),
        forged("index", "a refusal", &refused),
        forged("console", "an action", &audited),
    ];
    // The same subjects with what is no fact, and with a fact about another report.
    let stranger = ReportSubmitted { id: "0".repeat(32) + "-g0", ..Default::default() };
    let junk: Vec<Forgery> = all
        .iter()
        .filter(|one| !one.what.contains("other bytes"))
        .flat_map(|Forgery { identity, subject, .. }| {
            let with = |what, payload| Forgery { identity, what, subject: subject.clone(), payload };
            [with("no fact", b"\xff\xff".to_vec()), with("another fact", stranger.encode_to_vec())]
        })
        .collect();
    all.extend(junk);
    all
}

impl Client {
    /// Puts it on the log, under the id for duplicates that a submission of this report would have had.
    async fn forge(&self, Forgery { subject, payload, .. }: &Forgery, message_id: &str) {
        let mut headers = HeaderMap::new();
        headers.insert("Nats-Msg-Id", message_id);
        let message = PublishMessage::build().payload(payload.clone().into()).headers(headers);
        self.jetstream.send_publish(subject.clone(), message).await.unwrap().await.unwrap();
    }
}

#[tokio::test]
async fn a_report_is_acknowledged_and_found_whatever_was_forged_about_it() {
    let bus = Bus::start(|text| text).await;
    bus.apply_topology(1);
    let mut services =
        ["ingest", "parse", "validate", "index", "console"].map(|name| Service::start(&bus, name));
    for service in &mut services {
        service.answers(true, "ready").await;
    }
    let api = Api::new(&services[0].address(), &services[4].address());
    let operator = bus.client("operator").await;
    let count = forgeries(b"").len();
    assert!(count > 30, "{count}");
    let mut sent = Vec::new();
    for number in 0..count {
        let report = generate(20_261_130, number as u64, &Options::default());
        let forgery = forgeries(&report.bytes).swap_remove(number);
        let what = format!("{} by {}", forgery.what, forgery.identity);
        let forger = bus.client(forgery.identity).await;
        forger.forge(&forgery, &format!("submitted.{}", id(&report.bytes))).await;
        let receipt = api.submit(&report.file_name, report.bytes).await.unwrap();
        let taken = receipt["reports"][0]["id"].as_str().unwrap().to_owned();
        assert_eq!(receipt["reports"][0]["duplicate"], false, "{what}");
        let filter = format!("gouji.v1.submitted.{taken}.>");
        let log = operator.jetstream.get_stream("GOUJI").await.unwrap();
        let logged = log.get_last_raw_message_by_subject(&filter).await.unwrap_or_else(|error| {
            panic!("{what}: acknowledged as {taken} and not on the log: {error}");
        });
        let logged = ReportSubmitted::decode(logged.payload).unwrap();
        assert_eq!(logged.submission, receipt["submission"].as_str().unwrap(), "{what}");
        sent.push((what, taken, report.truth.agency));
    }
    for (what, id, agency) in sent {
        let mut last = Value::Null;
        let found = until("the report to be found", SOON, async || {
            let Ok(report) = api.report(&id).await else { return Ok(None) };
            last = report;
            Ok((last["agency"] == agency.as_str()).then_some(()))
        });
        found.await.unwrap_or_else(|error| panic!("{what}: {id}: {error:#}: {last}"));
    }
}
