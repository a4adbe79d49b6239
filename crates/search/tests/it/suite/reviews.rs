//! What reviewers did: found, counted and sorted by, and the same in whatever order acts and reports arrive.

use report::workflow::{Act, ActKind, FindingReference, ReviewState};
use report::{Date, Finding, Severity};
use search::{Card, Clause, Entry, Facet, Query, Reader, ReportAct, Sort, Version, field, parse};

use super::versions::version;
use super::{Random, with_finding};
use crate::place::Place;

const DAY_MS: i64 = 24 * 3_600_000;

fn act(on: &Entry, number: u32, kind: ActKind) -> Act {
    Act {
        number,
        version: on.version.id.clone(),
        version_number: on.version.number,
        at_ms: on.version.submitted_at_ms + 1_000 * i64::from(number),
        who: "甲".into(),
        findings: Vec::new(),
        kind,
    }
}

fn about(findings: &[Finding], act: Act) -> Act {
    Act { findings: findings.iter().map(FindingReference::of).collect(), ..act }
}

fn returned(deadline: Date) -> ActKind {
    ActKind::Returned { deadline: Some(deadline), note: String::new(), letter: String::new() }
}

/// The acts with the positions that they have on the log.
fn on_log(acts: Vec<(&Entry, Act)>) -> Vec<ReportAct> {
    let placed = acts.into_iter().enumerate();
    placed
        .map(|(place, (entry, act))| ReportAct { key: entry.key.clone(), sequence: 100 + place as u64, act })
        .collect()
}

/// Each report of the index with its state.
fn drawn(reader: &Reader) -> Vec<String> {
    let query = Query { limit: 200, sort: Sort::parse("-open").unwrap(), ..Query::default() };
    let card = |card: &Card| {
        let handling = &card.handling;
        let due = handling.due.map(|due| format!(" due {due}")).unwrap_or_default();
        let assignee = handling.assignee.as_ref().map(|to| format!(" by {to}")).unwrap_or_default();
        let first = handling.first_rule.as_ref().map(|rule| format!(" {rule}")).unwrap_or_default();
        let agency = card.agency.as_deref().unwrap_or_default();
        let (state, since) = (handling.state.as_str(), handling.since_ms / DAY_MS);
        let (errors, warnings, problems) = (handling.open_errors, handling.open_warnings, handling.problems);
        format!("{agency} {state} since day {since}{due}{assignee}: {errors}+{warnings}, {problems}{first}")
    };
    reader.search(&query).unwrap().hits.iter().map(|hit| card(&hit.card)).collect()
}

/// Four agencies: one in order, one with an error, one that corrects it, one whose report is taken for another's.
fn entries() -> Vec<Entry> {
    let at = |agency: &str, number, day: i64| version(agency, number, day * DAY_MS, 0, agency);
    vec![
        at("甲局", 1, 1),
        with_finding(with_finding(at("乙局", 2, 1), "T3-01", Severity::Error), "NAR-01", Severity::Warning),
        with_finding(at("丙局", 3, 1), "T3-01", Severity::Error),
        at("丙局", 4, 9),
        at("丁局", 5, 1),
        // The same bytes read again: they are the report of another agency.
        version("戊局", 5, DAY_MS, 1, "戊局"),
        // And the first agency sends its own.
        at("丁局", 6, 5),
    ]
}

fn acts(entries: &[Entry]) -> Vec<ReportAct> {
    let due = Date::constant(2025, 3, 1);
    let [good, wrong, slip, better, taken, ..] = entries else { panic!("seven entries") };
    let errors = &wrong.review.findings[..1];
    on_log(vec![
        (good, act(good, 1, ActKind::Accepted { note: String::new() })),
        (wrong, act(wrong, 1, ActKind::Assigned { to: Some("李四 A".into()) })),
        (wrong, about(errors, act(wrong, 2, ActKind::Dismissed { why: "已核实".into() }))),
        (slip, act(slip, 1, returned(due))),
        (taken, act(taken, 1, returned(due))),
        (better, act(better, 2, ActKind::Commented { text: "已核对".into() })),
    ])
}

const EXPECTED: [&str; 5] = [
    "乙局 pending since day 1 by 李四 A: 0+1, 1 NAR-01",
    "丁局 resent since day 5: 0+0, 0",
    "丙局 resent since day 9: 0+0, 0",
    "戊局 pending since day 1: 0+0, 0",
    "甲局 accepted since day 1: 0+0, 0",
];

enum Step {
    Report(Entry),
    Act(ReportAct),
}

#[test]
fn acts_and_reports_may_arrive_in_any_order() {
    let (entries, mut random) = (entries(), Random(20_250_131));
    let acts = acts(&entries);
    for _ in 0..Place::ROUNDS / 4 {
        let mut steps: Vec<Step> = entries.iter().cloned().map(Step::Report).collect();
        steps.extend(acts.iter().cloned().map(Step::Act));
        random.shuffle(&mut steps);
        let place = Place::new();
        let mut writer = place.open().writer().unwrap();
        let mut position = 0;
        for step in steps {
            match step {
                Step::Report(entry) => {
                    let batch = vec![entry];
                    let reassignments = writer.reassignments(&batch).unwrap();
                    let whole =
                        |id: &String| entries.iter().find(|one| one.version.id == *id).unwrap().clone();
                    let promoted = reassignments.promoted().map(whole).collect();
                    writer.apply_with(batch, &reassignments, promoted).unwrap();
                }
                Step::Act(act) => {
                    position = act.sequence.max(position);
                    // A feed is in the order of the log: what came before comes with it.
                    let until_here = acts.iter().filter(|one| one.sequence <= act.sequence).cloned();
                    writer.review(until_here.collect()).unwrap();
                }
            }
            let waits = writer.first_unplaced();
            writer.commit("").unwrap();
            assert_eq!(writer.first_unplaced(), waits);
            if random.below(4) == 0 {
                // Killed and started again: what waited in memory is read from the log again.
                drop(writer);
                writer = place.open().writer().unwrap();
                let from = waits.unwrap_or(position + 1);
                let again =
                    acts.iter().filter(|act| act.sequence >= from && act.sequence <= position).cloned();
                writer.review(again.collect()).unwrap();
                writer.commit("").unwrap();
            }
        }
        let mut found = drawn(&writer.index().reader().unwrap());
        found[1..].sort();
        let mut expected = EXPECTED;
        expected[1..].sort_unstable();
        assert_eq!(found, expected);
    }
}

#[test]
fn what_was_undone_is_applied_again() {
    let entries = entries();
    let acts = acts(&entries);
    let place = Place::new();
    let mut writer = place.open().writer().unwrap();
    writer.review(acts.clone()).unwrap();
    assert_eq!(writer.first_unplaced(), Some(100));
    writer.undo();
    assert_eq!(writer.first_unplaced(), None);
    writer.review(acts).unwrap();
    writer.apply(entries[..1].to_vec()).unwrap();
    writer.commit("").unwrap();
    assert_eq!(drawn(&writer.index().reader().unwrap()), ["甲局 accepted since day 1: 0+0, 0"]);
    assert_eq!(writer.first_unplaced(), Some(101));
}

#[test]
fn reports_are_found_by_what_reviewers_did() {
    let entries = entries();
    let place = Place::new();
    let mut writer = place.open().writer().unwrap();
    let acts = acts(&entries);
    let slip_only: Vec<Entry> = entries.into_iter().filter(|entry| entry.text != "丁局").collect();
    writer.apply(slip_only).unwrap();
    writer.review(acts).unwrap();
    writer.commit("").unwrap();
    let reader = writer.index().reader().unwrap();
    let agencies = |query: Query| {
        let found = reader.search(&Query { limit: 200, ..query }).unwrap();
        let agencies = found.hits.iter().filter_map(|hit| hit.card.agency.clone());
        agencies.collect::<Vec<_>>().join(" ")
    };
    let check = |name: &str, value: &str, expected: &str| {
        let filters = vec![field(name, value).unwrap()];
        let query = Query { filters, sort: Sort::parse("-open").unwrap(), ..Query::default() };
        assert_eq!(agencies(query), expected, "{name}={value}");
    };
    check("review", "resent", "丙局");
    check("审核", "已通过", "甲局");
    check("review", "待审核", "乙局 戊局");
    check("assignee", "李四 A", "乙局");
    check("经办人", "李四 a", "");
    check("open", "warning", "乙局");
    check("open", "error", "");
    check("open", "nar-01/fails", "");
    check("open", "NAR-01", "乙局");
    check("finding", "T3-01/error", "乙局");
    check("due", "..2025-12-31", "");
    assert!(field("review", "approved").is_err());
    assert!(field("due", "soon").is_err());
    let typed = Query { text: "review:accepted".into(), ..Query::default() };
    assert_eq!(agencies(typed), "甲局");
    for (sort, expected) in
        [("-open", "乙局"), ("since", "乙局"), ("-since", "丙局"), ("due", "丙局"), ("-due", "丙局")]
    {
        let query = Query { sort: Sort::parse(sort).unwrap(), ..Query::default() };
        let found = agencies(query);
        assert_eq!(found.split(' ').count(), 4, "{sort}: {found}");
        if sort.ends_with("open") || sort == "-since" {
            assert!(found.starts_with(expected), "{sort}: {found}");
        }
    }
    let query = Query { facets: vec![Facet::Review, Facet::Assignee], ..Query::default() };
    let counts: Vec<String> = reader
        .search(&query)
        .unwrap()
        .facets
        .iter()
        .map(|counts| {
            let values = counts.values.iter().map(|value| format!("{} {}", value.value, value.count));
            values.collect::<Vec<_>>().join(", ")
        })
        .collect();
    assert_eq!(counts[1], "李四 A 1");
    assert!(counts[0].starts_with("pending 2") && counts[0].contains("resent 1"), "{counts:?}");
}

#[test]
fn a_deadline_is_found_until_a_new_version_arrives() {
    let entries = entries();
    let place = Place::new();
    let mut writer = place.open().writer().unwrap();
    writer.apply(vec![entries[2].clone()]).unwrap();
    writer.review(acts(&entries)).unwrap();
    writer.commit("").unwrap();
    let count = |writer: &search::Writer| {
        let filters = vec![field("review", "returned").unwrap(), field("due", "<2025-03-02").unwrap()];
        writer.index().reader().unwrap().search(&Query { filters, ..Query::default() }).unwrap().total
    };
    assert_eq!(count(&writer), 1);
    writer.apply(vec![entries[3].clone()]).unwrap();
    writer.commit("").unwrap();
    assert_eq!(count(&writer), 0);
    let Version { id, .. } = &entries[3].version;
    let card = writer.index().reader().unwrap().card(&entries[3].key).unwrap().unwrap();
    assert_eq!((&card.id, card.handling.state), (id, ReviewState::Resent));
}

#[test]
fn what_reviewers_alone_may_ask_for_is_recognised() {
    let check = |text: &str, expected: bool| {
        let clause: Clause = parse(text).0;
        assert_eq!(clause.is_for_reviewers(), expected, "{text}");
    };
    check("assignee:甲", true);
    check("信访 (year:2024 OR -open:error)", true);
    check("经办人:甲", true);
    check("review:returned due:2025-03-01 open", false);
}
