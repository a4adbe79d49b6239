//! Versions of one report come together the same way in whatever order they arrive.

use search::{Applied, Entry, Index};
use serde_json::Value;

use crate::{Random, entry_of, find, with_finding};

/// Version `number` of a report, sent at `at_ms`.
fn version(agency: &str, number: u32, at_ms: i64, generation: u32, text: &str) -> Entry {
    let mut report = crate::entry(0, "").review.report;
    report.agency = Some(agency.to_owned());
    let mut entry = entry_of(number, report, text);
    entry.id = format!("{number:032x}-g{generation}");
    entry.version = Entry::version_of(at_ms, generation);
    entry.submitted_at_ms = at_ms;
    entry
}

/// What the index says of every report.
fn state(index: &Index) -> Vec<(Value, String)> {
    let reader = index.reader().unwrap();
    let mut keys: Vec<String> = find(&reader, "").hits.into_iter().map(|hit| hit.key).collect();
    keys.sort();
    keys.iter().map(|key| reader.get(key).unwrap().unwrap()).map(|found| (found.record, found.text)).collect()
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
    let mut expected = None;
    for seed in 1..=25 {
        let mut random = Random(seed);
        let mut arrivals = entries.clone();
        // Some come twice.
        for _ in 0..random.below(6) {
            arrivals.push(entries[random.below(entries.len())].clone());
        }
        if seed > 1 {
            random.shuffle(&mut arrivals);
        }
        let dir = tempfile::tempdir().unwrap();
        let mut index = Index::open(dir.path()).unwrap();
        let mut writer = index.writer().unwrap();
        while !arrivals.is_empty() {
            let batch = 1 + random.below(arrivals.len());
            writer.apply(arrivals.drain(..batch).collect()).unwrap();
            match random.below(3) {
                0 => writer.commit("x").unwrap(),
                1 => {
                    writer.commit("x").unwrap();
                    drop(writer);
                    index = Index::open(dir.path()).unwrap();
                    writer = index.writer().unwrap();
                }
                _ => {}
            }
        }
        writer.commit("end").unwrap();
        let state = state(&index);
        assert_eq!(state.len(), 4, "seed {seed}");
        assert_eq!(*expected.get_or_insert_with(|| state.clone()), state, "seed {seed}");
    }
}

#[test]
fn earlier_versions_stay_visible() {
    let dir = tempfile::tempdir().unwrap();
    let index = Index::open(dir.path()).unwrap();
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
    assert_eq!(hit.versions, 3);
    assert_eq!(find(&reader, "\"二\"").total, 0);
    let found = reader.get_by_id(&format!("{:032x}-g0", 1)).unwrap().unwrap();
    assert_eq!(found.record["id"], format!("{:032x}-g0", 3));
    let listed = found.record["versions"].as_array().unwrap();
    let files: Vec<&str> = listed.iter().map(|version| version["file_name"].as_str().unwrap()).collect();
    assert_eq!(files, ["1.html", "2.html", "3.html"]);
    assert_eq!(reader.count().unwrap(), 1);
}

#[test]
fn keys_are_the_same_for_the_same_report() {
    let report = crate::entry(7, "").review.report;
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
