//! Pages, cursors, facets, and one report by its key.

use std::collections::BTreeSet;

use report::{Severity, Verdict};
use search::{Facet, Hit, IndexError, Query, Reader, Sort, field};

use super::{entry, find, index_of, with_cell, with_finding, with_region};
use crate::place::Place;

fn many() -> (Reader, Place) {
    let entries = (0..53).map(|number| {
        let mut entry =
            entry(number, if number % 3 == 0 { "收到申请，收到申请" } else { "共收到申请若干件" });
        if number % 5 != 0 {
            entry = with_cell(entry, "requests.received.total", &(number % 4).to_string());
        }
        entry.review.report.year = report::Year::new(2020 + i64::from(number % 4));
        entry = match number % 4 {
            0 => with_region(entry, "370400", "山东省枣庄市"),
            1 => with_region(entry, "370402", "山东省枣庄市市中区"),
            2 => with_region(entry, "610103", "陕西省西安市碑林区"),
            _ => entry,
        };
        if number < 10 { with_finding(entry, "T3-01", Severity::Error) } else { entry }
    });
    index_of(entries.collect())
}

#[test]
fn cursors_walk_every_hit_once() {
    let (reader, _dir) = many();
    for sort in [
        "relevance",
        "year",
        "-year",
        "published",
        "-submitted",
        "cell.requests.received.total",
        "-cell.requests.received.total",
    ] {
        for limit in [1, 7, 52, 53, 200] {
            let sort = Sort::parse(sort).unwrap();
            let mut query = Query { text: "收到申请".into(), sort, limit, ..Query::default() };
            let mut keys = Vec::new();
            loop {
                let page = reader.search(&query).unwrap();
                assert_eq!(page.total, 53);
                keys.extend(page.hits.into_iter().map(|hit: Hit| hit.card.key));
                match page.next_cursor {
                    Some(cursor) => query.cursor = Some(cursor),
                    None => break,
                }
            }
            assert_eq!(keys.len(), 53, "{sort:?} {limit}");
            assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), 53, "{sort:?} {limit}");
            query.cursor = None;
            query.limit = 200;
            let whole: Vec<String> =
                reader.search(&query).unwrap().hits.into_iter().map(|hit| hit.card.key).collect();
            assert_eq!(keys, whole, "{sort:?} {limit}");
        }
    }
}

#[test]
fn foreign_cursors_are_refused() {
    let (reader, _dir) = many();
    for cursor in ["", "x", "year~0~2024~k", "-year~2~2024~k", "-year~0~x~k", "-year~0~1"] {
        let sort = Sort::parse("-year").unwrap();
        let query = Query { sort, limit: 5, cursor: Some(cursor.into()), ..Query::default() };
        assert!(matches!(reader.search(&query), Err(IndexError::BadCursor(_))), "{cursor}");
    }
    let sort = Sort::parse("-year").unwrap();
    let gone = Query { sort, limit: 5, cursor: Some("-year~0~-2024~no such key".into()), ..Query::default() };
    assert_eq!(reader.search(&gone).unwrap().hits.len(), 5);
}

#[test]
fn facets_count_what_is_found() {
    let (reader, _dir) = many();
    let check = |text: &str, facet: Facet, expected: &str| {
        let query = Query { text: text.into(), facets: vec![facet], ..Query::default() };
        let page = reader.search(&query).unwrap();
        let mut drawn = Vec::new();
        for value in &page.facets[0].values {
            let shown = if value.label == value.value {
                value.label.clone()
            } else {
                format!("{} {}", value.value, value.label)
            };
            drawn.push(format!("{shown}: {}", value.count));
        }
        assert_eq!((page.facets[0].facet, drawn.join(", ")), (facet, expected.to_owned()), "{text}");
    };
    check("", Facet::Year, "2023: 13, 2022: 13, 2021: 13, 2020: 14");
    check("verdict:fail", Facet::Year, "2023: 2, 2022: 2, 2021: 3, 2020: 3");
    check("", Facet::Region, "37 山东省: 27, 61 陕西省: 13");
    check("region:37", Facet::Region, "3704 山东省枣庄市: 27");
    check("region:3704", Facet::Region, "370402 山东省枣庄市市中区: 13");
    check("region:61", Facet::Region, "6101 陕西省西安市: 13");
    check("", Facet::Verdict, "pass: 43, fail: 10");
    check("", Facet::Rule, "T3-01: 10");
    check("", Facet::Form, "2021: 53");
    check("第7号机关", Facet::Agency, "第7号机关: 1");
    check("天地玄黄", Facet::Year, "");
}

#[test]
fn counts_alone_bring_no_hits() {
    let (reader, _dir) = many();
    let filters = vec![field("verdict", "fail").unwrap()];
    let page = reader.search(&Query { filters, facets: Facet::ALL.to_vec(), ..Query::default() }).unwrap();
    assert_eq!((page.total, page.hits.len(), page.facets.len(), page.next_cursor), (10, 0, 8, None));
    assert_eq!(reader.count().unwrap(), 53);
}

#[test]
fn a_report_is_fetched_whole() {
    let (reader, _dir) = many();
    let query =
        Query { text: "第7号机关".into(), limit: 1, reports: true, highlight: true, ..Query::default() };
    let hit = reader.search(&query).unwrap().hits.remove(0);
    let found = reader.get(&hit.card.key).unwrap().unwrap();
    assert_eq!(hit.report.as_ref(), Some(&found));
    assert_eq!(reader.get_by_id(&hit.card.id).unwrap().unwrap(), found);
    assert_eq!(found.text, "共收到申请若干件");
    let value = |id: &str| found.review.report.cells.value(report::CellId::parse(id).unwrap());
    assert_eq!(value("requests.received.total"), Some(3.into()));
    assert_eq!(value("requests.received.natural_person"), None);
    assert_eq!(found.review.findings[0].rule, "T3-01");
    assert_eq!(found.review.report.agency.as_deref(), Some("第7号机关"));
    let Hit { card, .. } = hit;
    assert_eq!((card.title.as_str(), card.verdict, card.versions), ("7.html", Verdict::Fail, 1));
    assert_eq!(reader.card(&card.key).unwrap(), Some(card));
    assert_eq!((reader.get("no such key").unwrap(), reader.get_by_id("x").unwrap()), (None, None));
}

#[test]
fn snippets_show_where() {
    let (reader, _dir) = many();
    let hit = find(&reader, "申请 若干件").hits.remove(0);
    let marked: Vec<&str> =
        hit.snippets[0].highlights.iter().map(|range| &hit.snippets[0].text[range.clone()]).collect();
    assert_eq!((hit.snippets[0].text.as_str(), marked), ("共收到申请若干件", vec!["申请若干件"]));
}

#[test]
fn a_sample_is_spread_over_what_a_query_finds() {
    let (reader, _dir) = many();
    let sample = |query: &str, most: usize| {
        let query = Query { filters: vec![field("region", query).unwrap()], ..Query::default() };
        let mut keys = Vec::new();
        let found = reader.each_of_sample(&query, most, |parts| {
            keys.push(parts.card.key);
            true
        });
        (found.unwrap(), keys)
    };
    let (found, all) = sample("3704", 100);
    assert_eq!((found, all.len()), (27, 27));
    let picked = |places: [usize; 4]| places.map(|place| all[place].clone()).to_vec();
    assert_eq!(sample("3704", 4), (27, picked([0, 6, 13, 20])));
    assert_eq!(sample("3704", 0), (27, Vec::new()));
    assert_eq!(sample("11", 4), (0, Vec::new()));
}
