//! Facets against an oracle, with more agencies than the engine counts by default.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use report::{Report, Year};
use search::{Entry, Facet, FacetValue, Query, field};

use super::{Random, entry_of};
use crate::place::Place;

/// Agencies of a large province.
const AGENCIES: u32 = 3_000;

/// The years of which an agency has a report: some agencies are new, some miss a year, and a few have many.
fn years_of(agency: u32) -> Vec<i64> {
    match agency {
        agency if agency % 61 == 0 => (2012..=2024).collect(),
        agency if agency >= 2_500 => vec![2024],
        agency => (2022..=2024).filter(|year| (i64::from(agency) + year) % 5 != 0).collect(),
    }
}

fn name(agency: u32) -> String {
    format!("{agency}局")
}

/// The reports in four commits, oldest years first, as they arrive.
fn commits() -> Vec<Vec<Entry>> {
    let mut random = Random(20_251_128);
    let mut commits: Vec<Vec<Entry>> = (0..4).map(|_| Vec::new()).collect();
    let mut number = 0;
    for agency in 0..AGENCIES {
        for year in years_of(agency) {
            number += 1;
            let report = Report { agency: Some(name(agency)), year: Year::new(year), ..Report::default() };
            let commit = usize::try_from((year - 2021).clamp(0, 3)).unwrap();
            commits[commit].push(entry_of(number, report, ""));
        }
    }
    commits.iter_mut().for_each(|commit| random.shuffle(commit));
    commits
}

/// Values with their counts, the most frequent first, as many as a facet returns.
fn expected(counts: BTreeMap<String, u64>, shown: usize) -> Vec<(String, u64)> {
    let mut counts: Vec<(String, u64)> = counts.into_iter().collect();
    counts.sort_by(|(one, few), (other, many)| (Reverse(few), one).cmp(&(Reverse(many), other)));
    counts.truncate(shown);
    counts
}

#[test]
fn counts_of_agencies_are_exact_however_many_there_are() {
    let place = Place::new();
    let index = place.open();
    let mut writer = index.writer().unwrap();
    let mut arrived: Vec<(String, i64)> = Vec::new();
    for (position, commit) in commits().into_iter().enumerate() {
        let reports = commit.iter().map(|entry| &entry.review.report);
        arrived.extend(
            reports.map(|report| (report.agency.clone().unwrap(), i64::from(report.year.unwrap().get()))),
        );
        writer.apply(commit).unwrap();
        writer.commit(&position.to_string()).unwrap();
        let reader = index.reader().unwrap();
        for years in ["", "2023..2024", "2012..2022"] {
            let filters = if years.is_empty() { vec![] } else { vec![field("year", years).unwrap()] };
            let (from, to) = match years.split_once("..") {
                Some((from, to)) => (from.parse().unwrap(), to.parse().unwrap()),
                None => (0, i64::MAX),
            };
            let query = Query { filters, facets: vec![Facet::Agency, Facet::Year], ..Query::default() };
            let page = reader.search(&query).unwrap();
            let mut counts = BTreeMap::new();
            let found = arrived.iter().filter(|(_, year)| (from..=to).contains(year));
            found.clone().for_each(|(agency, _)| *counts.entry(agency.clone()).or_default() += 1);
            assert_eq!(page.total, found.count() as u64);
            let shown = |values: &[FacetValue]| {
                values.iter().map(|value| (value.value.clone(), value.count)).collect::<Vec<_>>()
            };
            let agencies = shown(&page.facets[0].values);
            assert_eq!(agencies, expected(counts, 50), "commit {position}, years {years:?}");
        }
    }
    let reader = index.reader().unwrap();
    for agency in (0..AGENCIES).step_by(37) {
        let filters = vec![field("agency", &format!("={}", name(agency))).unwrap()];
        let query = Query { filters, facets: vec![Facet::Agency], ..Query::default() };
        let found = reader.search(&query).unwrap();
        let counts: Vec<u64> = found.facets[0].values.iter().map(|value| value.count).collect();
        assert_eq!(counts, [years_of(agency).len() as u64], "{}", name(agency));
    }
}
