//! Versions of one report come together the same way in whatever order they arrive.

use std::collections::BTreeSet;

use search::{Applied, Entry, Index, Query, StoredReport, Version, Withdrawal};

use super::{Random, entry_of, find, with_cell, with_finding};
use crate::place::Place;

/// Version `number` of a report, sent at `at_ms`.
pub(crate) fn version(agency: &str, number: u32, at_ms: i64, generation: u32, text: &str) -> Entry {
    let mut report = super::entry(0, "").review.report;
    report.agency = Some(agency.to_owned());
    let mut entry = entry_of(number, report, text);
    entry.version.id = format!("{number:032x}-g{generation}");
    entry.version.number = Version::number_of(at_ms, generation);
    entry.version.submitted_at_ms = at_ms;
    entry
}

/// What the index says of every report.
fn state(index: &Index) -> Vec<StoredReport> {
    let reader = index.reader().unwrap();
    let mut keys: Vec<String> = find(&reader, "").hits.into_iter().map(|hit| hit.card.key).collect();
    keys.sort();
    keys.iter().map(|key| reader.get(key).unwrap().unwrap()).collect()
}

#[test]
fn the_order_of_arrival_makes_no_difference() {
    let error = report::Severity::Error;
    let entries = vec![
        version("甲局", 1, 10, 0, "甲一"),
        version("甲局", 1, 10, 1, "甲一重读"),
        version("甲局", 2, 30, 0, "甲二"),
        version("甲局", 3, 20, 0, "甲三"),
        version("乙局", 4, 10, 0, "乙一"),
        // Two files of one archive: the same time.
        version("乙局", 5, 10, 0, "乙二"),
        // The same reading sent twice, and judged differently.
        version("丙局", 6, 10, 0, "丙一"),
        with_finding(version("丙局", 6, 10, 0, "丙一"), "T3-01", error),
        version("丙局", 7, 5, 0, "丙零"),
        // The same bytes submitted again.
        version("丁局", 8, 10, 0, "丁一"),
        version("丁局", 8, 90, 0, "丁一"),
        version("丁局", 9, 50, 0, "丁二"),
    ];
    same_in_every_order(&entries, 4);
}

#[test]
fn what_a_later_reading_says_is_another_report_leaves_the_one_it_was_taken_for() {
    let entries = vec![
        version("甲局", 1, 10, 0, "甲一"),
        version("甲局", 2, 20, 0, "乙一"),
        version("乙局", 2, 20, 1, "乙一"),
        version("乙局", 2, 20, 2, "乙一重读"),
        version("甲局", 3, 30, 0, "丙二"),
        version("丙局", 3, 30, 1, "丙二"),
        version("丙局", 4, 5, 0, "丙一"),
        // Nothing else was taken for it.
        version("丁局", 5, 10, 0, "戊一"),
        version("戊局", 5, 10, 1, "戊一"),
    ];
    let state = same_in_every_order(&entries, 4);
    let found: BTreeSet<(&str, &str)> = state
        .iter()
        .map(|found| (found.review.report.agency.as_deref().unwrap(), found.text.as_str()))
        .collect();
    assert_eq!(
        found,
        BTreeSet::from([("甲局", "甲一"), ("乙局", "乙一重读"), ("丙局", "丙二"), ("戊局", "戊一")])
    );
}

/// What the index says of these entries in whatever order and batches they arrive.
fn same_in_every_order(entries: &[Entry], reports: usize) -> Vec<StoredReport> {
    let mut expected = None;
    for seed in 1..=Place::ROUNDS {
        let mut random = Random(seed);
        let mut arrivals = entries.to_vec();
        // Some come twice.
        for _ in 0..random.below(6) {
            arrivals.push(entries[random.below(entries.len())].clone());
        }
        if seed > 1 {
            random.shuffle(&mut arrivals);
        }
        let place = Place::new();
        let mut index = place.open();
        let mut writer = index.writer().unwrap();
        while !arrivals.is_empty() {
            let batch = 1 + random.below(arrivals.len());
            let batch: Vec<Entry> = arrivals.drain(..batch).collect();
            let reassignments = writer.reassignments(&batch).unwrap();
            let whole = |id: &String| entries.iter().find(|entry| entry.version.id == *id).unwrap().clone();
            let promoted = reassignments.promoted().map(whole).collect();
            writer.apply_with(batch, &reassignments, promoted).unwrap();
            match random.below(3) {
                0 => writer.commit("x").unwrap(),
                1 => {
                    writer.commit("x").unwrap();
                    drop(writer);
                    index = place.open();
                    writer = index.writer().unwrap();
                }
                _ => {}
            }
        }
        writer.commit("end").unwrap();
        let state = state(&index);
        assert_eq!(state.len(), reports, "seed {seed}");
        assert_eq!(*expected.get_or_insert_with(|| state.clone()), state, "seed {seed}");
    }
    expected.unwrap()
}

#[test]
fn earlier_versions_stay_visible() {
    let place = Place::new();
    let index = place.open();
    let mut writer = index.writer().unwrap();
    let mut check = |entry: Entry, expected: Applied, commit: bool| {
        assert_eq!(writer.apply(vec![entry]).unwrap(), [expected]);
        if commit {
            writer.commit("x").unwrap();
        }
    };
    let second = version("甲局", 2, 20, 0, "二");
    check(second.clone(), Applied::Current, true);
    check(version("甲局", 1, 10, 0, "一"), Applied::Superseded, false);
    check(version("甲局", 1, 10, 0, "一"), Applied::Unchanged { current: false }, true);
    check(version("甲局", 1, 10, 0, "一"), Applied::Unchanged { current: false }, true);
    check(second, Applied::Unchanged { current: true }, true);
    check(version("甲局", 3, 30, 0, "三"), Applied::Current, true);
    let reader = index.reader().unwrap();
    let hit = find(&reader, "三").hits.remove(0);
    assert_eq!(hit.card.versions, 3);
    assert_eq!(find(&reader, "\"二\"").total, 0);
    let found = reader.get_by_id(&format!("{:032x}-g0", 1)).unwrap().unwrap();
    assert_eq!(found.version.id, format!("{:032x}-g0", 3));
    let files: Vec<&str> = found.versions.iter().map(|version| version.file_name.as_str()).collect();
    assert_eq!(files, ["1.html", "2.html", "3.html"]);
    assert_eq!(reader.count().unwrap(), 1);
}

#[test]
fn keys_are_the_same_for_the_same_report() {
    let report = super::entry(7, "").review.report;
    let key = Entry::key_of(&report, "a-g0");
    let check = |change: &dyn Fn(&mut report::Report), same: bool| {
        let mut other = report.clone();
        change(&mut other);
        assert_eq!(Entry::key_of(&other, "b-g1") == key, same);
    };
    check(&|_| {}, true);
    check(&|report| report.agency = Some("第 ７号機關".into()), true);
    check(&|report| report.title = Some("题".into()), true);
    check(&|report| report.agency = Some("第8号机关".into()), false);
    check(&|report| report.year = report::Year::new(2023), false);
    check(&|report| report.region = Some(report::Region { code: "37".into(), name: String::new() }), false);
    assert_eq!(Entry::key_of(&report::Report::default(), "abc-g2"), "abc");
}

#[test]
fn another_review_takes_the_place_of_the_first_and_of_nothing_else() {
    let place = Place::new();
    let index = place.open();
    let mut writer = index.writer().unwrap();
    let own = version("甲局", 1, 10, 0, "甲一");
    let key = own.key.clone();
    let beside = with_finding(own.clone(), "XY-01", report::Severity::Error).review;
    assert_eq!(writer.current(&key).unwrap(), None);
    writer.apply(vec![own.clone()]).unwrap();
    assert_eq!(writer.current(&key).unwrap().unwrap().version.id, own.version.id);
    assert!(writer.rejudge(&key, &beside).unwrap());
    assert!(!writer.rejudge(&key, &beside).unwrap());
    writer.commit("x").unwrap();
    let reader = index.reader().unwrap();
    let judged = |text: &str| find(&reader, text).total;
    assert_eq!([judged("rule:XY-01"), judged("verdict:fail"), judged("verdict:pass")], [1, 1, 0]);
    // The same event again leaves the review as it is; a later version starts again.
    assert_eq!(writer.apply(vec![own.clone()]).unwrap(), [Applied::Unchanged { current: true }]);
    writer.commit("x").unwrap();
    assert_eq!(judged("rule:XY-01"), 1);
    writer.apply(vec![version("甲局", 2, 20, 0, "甲二")]).unwrap();
    writer.commit("x").unwrap();
    assert_eq!([judged("rule:XY-01"), judged("verdict:pass")], [0, 1]);
    assert!(!writer.rejudge("nobody", &beside).unwrap());
}

#[test]
fn what_was_taken_back_is_not_found_until_it_is_sent_again() {
    let place = Place::new();
    let index = place.open();
    let mut writer = index.writer().unwrap();
    let sent = version("甲局", 1, 10, 0, "甲一");
    let mut taken_back = version("甲局", 2, 20, 0, "");
    taken_back.withdrawal = Some(Withdrawal { who: "甲局".into(), why: "数字有误".into() });
    let reader = index.reader().unwrap();
    let mut found = |entry: Entry| {
        writer.apply(vec![entry]).unwrap();
        writer.commit("x").unwrap();
        let all = find(&reader, "");
        let sum = reader.sum(&Query::default(), cell(), search::GroupBy::Nothing).unwrap();
        assert_eq!(sum.first().map_or(0, |sum| sum.reports), all.total);
        let mut each = 0;
        let count = |_| {
            each += 1;
            true
        };
        reader.each(&Query::default(), count).unwrap();
        assert_eq!(each, all.total);
        all.total
    };
    let sent = with_cell(sent, "requests.received.total", "1");
    assert_eq!(found(taken_back), 0);
    assert_eq!(found(sent.clone()), 0);
    assert_eq!(found(with_cell(version("甲局", 3, 30, 0, "甲三"), "requests.received.total", "1")), 1);
    let found = reader.get(&sent.key).unwrap().unwrap();
    assert_eq!(found.versions.len(), 3);
    assert_eq!(found.withdrawal, None);
}

fn cell() -> report::CellId {
    report::CellId::parse("requests.received.total").unwrap()
}
