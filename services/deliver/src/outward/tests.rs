use proto::v1::{Region, Verdict, Withdrawal};
use report::{Cells, FormId};

use super::*;

/// The facts of a log, one after the other.
struct Log {
    outward: Outward,
    last: u64,
}

impl Log {
    fn new(regions: &[&str], carry: Carry) -> Self {
        let regions: Vec<String> = regions.iter().map(|region| (*region).to_owned()).collect();
        let text = "name = \"a\"\nto = \"folder\"\n[folder]\npath = \"/out\"\n";
        let outlet: OutletConfig = toml::from_str(text).unwrap();
        Self { outward: Outward::new(&OutletConfig { regions, carry, ..outlet }), last: 0 }
    }

    fn note<F: proto::Fact>(&mut self, fact: &F) -> Option<Notice> {
        self.last += 1;
        self.outward.note(&Event {
            subject: fact.subject().unwrap().to_string(),
            sequence: self.last,
            at_ms: 1_764_000_000_000,
            payload: fact.encode_to_vec().into(),
            traceparent: String::new(),
        })
    }
}

fn id(version: u8, generation: u32) -> String {
    format!("{version:032x}-g{generation}")
}

fn indexed(key: &str, version: u8, at_ms: i64, region: &str) -> ReportIndexed {
    ReportIndexed {
        submitted: Some(ReportSubmitted {
            id: id(version, 0),
            submitted_at_ms: at_ms,
            ..ReportSubmitted::default()
        }),
        report: key.into(),
        outcome: IndexOutcome::Current.into(),
        year: 2024,
        region: Some(Region { code: region.into(), name: String::new() }),
        verdict: Verdict::Pass.into(),
        ..ReportIndexed::default()
    }
}

fn rejudged(key: &str, id: &str, number: u32, cause: RejudgementCause) -> ReportRejudged {
    ReportRejudged {
        report: key.into(),
        number,
        id: id.into(),
        year: 2024,
        region: Some(Region { code: "370400".into(), name: String::new() }),
        cause: cause.into(),
        ..ReportRejudged::default()
    }
}

fn said(notice: Option<Notice>) -> Option<(String, bool)> {
    notice.map(|notice| (notice.id, matches!(notice.what, What::Gone)))
}

#[test]
fn the_latest_version_stands_in_whatever_order_the_facts_come() {
    let mut log = Log::new(&[], Carry::Figures);
    assert_eq!(said(log.note(&indexed("k", 2, 20, "370400"))), Some((format!("k.{}", id(2, 0)), false)));
    assert_eq!(said(log.note(&indexed("k", 1, 10, "370400"))), None);
    let earlier = ReportIndexed { outcome: IndexOutcome::Superseded.into(), ..indexed("k", 3, 30, "370400") };
    assert_eq!(said(log.note(&earlier)), None);
    assert_eq!(log.outward.last_of("k"), 1);
    assert_eq!(said(log.note(&indexed("k", 4, 40, "370400"))), Some((format!("k.{}", id(4, 0)), false)));
    assert_eq!(log.outward.last_of("k"), 4);
}

#[test]
fn a_withdrawal_is_carried_and_what_is_sent_later_stands() {
    let mut log = Log::new(&[], Carry::Figures);
    log.note(&indexed("k", 1, 10, "370400"));
    let mut withdrawal = indexed("k", 2, 20, "370400");
    withdrawal.submitted.as_mut().unwrap().withdraws = Some(Withdrawal::default());
    assert_eq!(said(log.note(&withdrawal)), Some((format!("k.{}", id(2, 0)), true)));
    let stale = rejudged("k", &id(1, 0), 1, RejudgementCause::OtherYear);
    assert_eq!(said(log.note(&stale)), None, "it was taken back");
    assert_eq!(said(log.note(&indexed("k", 3, 30, "370400"))), Some((format!("k.{}", id(3, 0)), false)));
}

#[test]
fn an_outlet_hears_its_regions_and_what_leaves_them() {
    let mut log = Log::new(&["3704"], Carry::Figures);
    assert_eq!(said(log.note(&indexed("a", 1, 10, "370403"))), Some((format!("a.{}", id(1, 0)), false)));
    assert_eq!(said(log.note(&indexed("b", 2, 10, "370500"))), None);
    assert_eq!(said(log.note(&indexed("c", 3, 10, ""))), None);
    // The same original, read again as a report of another region.
    assert_eq!(said(log.note(&indexed("a", 4, 20, "370500"))), Some((format!("a.{}", id(4, 0)), true)));
    assert_eq!(said(log.note(&indexed("a", 5, 30, "370500"))), None, "that was carried already");
}

#[test]
fn a_judgement_is_carried_of_the_version_that_stands() {
    let mut log = Log::new(&[], Carry::Findings);
    log.note(&indexed("k", 1, 10, "370400"));
    let of_current = rejudged("k", &id(1, 0), 1, RejudgementCause::OtherYear);
    assert_eq!(said(log.note(&of_current)), Some((format!("k.{}.1", id(1, 0)), false)));
    let of_another = rejudged("k", &id(9, 0), 2, RejudgementCause::OtherYear);
    assert_eq!(said(log.note(&of_another)), None);
    let promoted = rejudged("k", &id(9, 0), 3, RejudgementCause::Reassigned);
    assert_eq!(said(log.note(&promoted)), Some((format!("k.{}.3", id(9, 0)), false)));
    let gone = rejudged("k", "", 4, RejudgementCause::Reassigned);
    assert_eq!(said(log.note(&gone)), Some(("k.gone.4".into(), true)));
}

fn validated() -> ReportValidated {
    let report = Report {
        agency: Some("枣庄市行政审批服务局".into()),
        form: Some(FormId::F2021),
        cells: Cells::missing(FormId::F2021),
        ..Report::default()
    };
    let submitted = ReportSubmitted {
        id: id(1, 0),
        sender: "sender-of-it".into(),
        file_name: "name-of-file.html".into(),
        ..ReportSubmitted::default()
    };
    ReportValidated {
        submitted: Some(submitted),
        report: Some((&report).into()),
        rules_version: "2026.11".into(),
        ..ReportValidated::default()
    }
}

#[test]
fn an_outlet_carries_what_it_should_and_nothing_of_the_sender() {
    let check = |carry, has: &[&str], lacks: &[&str], cells: usize| {
        let notice = Log::new(&[], carry).note(&indexed("k", 1, 10, "370400")).unwrap();
        let change = notice.change(Some(validated()), carry).unwrap();
        let object: Value = serde_json::from_str(&change.json).unwrap();
        for name in has {
            assert!(object.get(name).is_some(), "{carry:?} {name}: {object}");
        }
        for name in lacks {
            assert!(object.get(name).is_none(), "{carry:?} {name}: {object}");
        }
        assert!(!change.json.contains("sender-of-it") && !change.json.contains("name-of-file"));
        let State::Stands(standing) = change.state else { panic!("it stands") };
        assert_eq!(standing.cells.len(), cells);
    };
    let identity = ["report", "version", "agency", "verdict", "status", "errors"];
    check(Carry::Identity, &identity, &["cells", "claims", "findings", "remarks", "file"], 0);
    check(Carry::Figures, &["cells", "claims"], &["findings", "remarks", "file"], 200);
    check(Carry::Findings, &["cells", "claims", "findings"], &["remarks", "file"], 200);
}

#[test]
fn figures_that_the_log_no_longer_has_are_no_change() {
    let notice = Log::new(&[], Carry::Figures).note(&indexed("k", 1, 10, "370400")).unwrap();
    let error = notice.change(None, Carry::Figures).unwrap_err().to_string();
    assert!(error.contains("no figures"), "{error}");
}

#[test]
fn recent_facts_are_kept_within_their_limit() {
    let mut recent = Recent::default();
    for number in 0..40 {
        recent.keep(format!("{number}"), Bytes::from(vec![0; 1 << 20]));
    }
    assert!(recent.bytes <= RECENT_BYTES);
    assert!(recent.take("0").is_none() && recent.take("39").is_some() && recent.take("39").is_none());
}
