use bus::Event;
use proto::v1::{self, Region, ReportSubmitted};

use super::*;

const ID: &str = "9f86d081884c7d659a2feaa0c55ad015-g0";

fn taken(expected: Expected) -> TakenReport {
    TakenReport {
        id: ID.into(),
        file_name: "甲.docx".into(),
        sha256: "9f86".into(),
        duplicate: false,
        expected,
    }
}

fn event<F: proto::Fact>(fact: &F, at_ms: i64) -> Event {
    Event {
        subject: format!("gouji.v1.{}.{ID}._._._._", F::NAME),
        sequence: 1,
        at_ms,
        payload: fact.encode_to_vec().into(),
        traceparent: String::new(),
    }
}

fn submitted() -> ReportSubmitted {
    ReportSubmitted { id: ID.into(), ..Default::default() }
}

fn indexed(outcome: IndexOutcome) -> ReportIndexed {
    ReportIndexed {
        submitted: Some(submitted()),
        report: "key".into(),
        outcome: outcome.into(),
        agency: "某市财政局".into(),
        year: 2024,
        region: Some(Region { code: "610100".into(), name: "某市".into() }),
        ..Default::default()
    }
}

fn refused(class: &str) -> ReportRefused {
    ReportRefused {
        submitted: Some(submitted()),
        class: class.into(),
        message: "这份文件不是年度报告。".into(),
        ..Default::default()
    }
}

#[test]
fn a_report_on_its_way_has_no_outcome() {
    let taken = taken(Expected::default());
    assert_eq!(outcome_by(&[], &taken), None);
    assert_eq!(outcome_by(&[event(&submitted(), 1)], &taken), None);
    let validated = v1::ReportValidated { submitted: Some(submitted()), ..Default::default() };
    assert_eq!(outcome_by(&[event(&submitted(), 1), event(&validated, 2)], &taken), None);
}

#[test]
fn a_refusal_says_why_in_chinese() {
    let taken = taken(Expected::default());
    let outcome = outcome_by(&[event(&submitted(), 1), event(&refused("not-a-report"), 7)], &taken).unwrap();
    assert_eq!(
        (outcome.state, outcome.class.as_deref(), outcome.at_ms),
        ("refused", Some("not-a-report"), 7)
    );
    assert_eq!(outcome.reason, "这份文件不是年度报告。");
    let unknown = outcome_by(&[event(&refused("of-a-newer-version"), 7)], &taken).unwrap();
    assert!(unknown.reason.contains("of-a-newer-version"), "{}", unknown.reason);
}

#[test]
fn an_indexed_report_is_compared_with_what_the_manifest_expected() {
    let expected =
        Expected { agency: Some("某县教育局".into()), region: Some("610100".into()), year: None };
    let outcome = outcome_by(&[event(&indexed(IndexOutcome::Superseded), 9)], &taken(expected)).unwrap();
    assert_eq!((outcome.state, outcome.report.as_deref(), outcome.at_ms), ("indexed", Some("key"), 9));
    assert!(outcome.reason.contains("历史版本"), "{}", outcome.reason);
    let differs = outcome.differs.unwrap();
    assert!(differs.contains("某县教育局") && !differs.contains("区划"), "{differs}");
}

#[test]
fn the_table_opens_in_a_spreadsheet_and_runs_nothing() {
    let mut outcome = outcome_by(&[event(&refused("not-a-report"), 7)], &taken(Expected::default())).unwrap();
    outcome.file_name = "=cmd,\"x\".docx".into();
    let table = String::from_utf8(table(&[outcome]).unwrap()).unwrap();
    let (head, row) = table.split_once("\r\n").unwrap();
    assert!(head.starts_with("\u{feff}文件名,报告编号,SHA-256,状态,结论"), "{head}");
    assert!(row.starts_with("\"'=cmd,\"\"x\"\".docx\","), "{row}");
    assert!(row.contains(",未接收,,,,这份文件不是年度报告。,"), "{row}");
    assert_eq!(head.split(',').count(), HEADS.len());
}
