//! What every engine has to answer: the same reports to the same questions, in the same order, with the same counts
//! and sums, whatever arrived in whatever order.
//!
//! The root of a test program names the engine, as the `Place` of an empty index; the tests of `opensearch` include this
//! file too.

mod cells;
mod facets;
mod figures;
mod matching;
mod pages;
mod reviews;
mod typed;
mod versions;

use proto::Message as _;
use proto::v1::{self, ReportValidated};
use report::{CellId, Cells, Finding, FormId, Judgement, Region, Report, Review, Severity, Year};
use search::{Entry, Page, Query, Reader, Version};

use crate::place::Place;

/// An index with these entries in it, and the place that has to outlive it.
pub(crate) fn index_of(entries: Vec<Entry>) -> (Reader, Place) {
    let place = Place::new();
    let index = place.open();
    let mut writer = index.writer().unwrap();
    writer.apply(entries.into_iter().map(sealed).collect()).unwrap();
    writer.commit("1").unwrap();
    (index.reader().unwrap(), place)
}

/// A report of a numbered agency with nothing in it but this text.
pub(crate) fn entry(number: u32, text: &str) -> Entry {
    let report = Report {
        agency: Some(format!("第{number}号机关")),
        year: Year::new(2024),
        form: Some(FormId::F2021),
        cells: Cells::missing(FormId::F2021),
        ..Report::default()
    };
    entry_of(number, report, text)
}

pub(crate) fn entry_of(number: u32, report: Report, text: &str) -> Entry {
    let id = format!("{number:032x}-g0");
    let review = Review { report, findings: Vec::new(), rules_version: "1".into() };
    sealed(Entry {
        key: Entry::key_of(&review.report, &id),
        version: Version {
            number: Version::number_of(1_000, 0),
            id,
            original: format!("{number:064x}"),
            submission: format!("s{number}"),
            submitted_at_ms: 1_000,
            file_name: format!("{number}.html"),
            verdict: review.verdict(),
            sender: String::new(),
        },
        review,
        fact: Vec::new(),
        withdrawal: None,
        text: text.to_owned(),
        text_zstd: Vec::new(),
    })
}

/// The entry with the fact and the verdict of its review, after a change of the review.
pub(crate) fn sealed(mut entry: Entry) -> Entry {
    let fact = ReportValidated {
        report: Some(v1::Report::from(&entry.review.report)),
        findings: entry.review.findings.iter().map(v1::Finding::from).collect(),
        rules_version: entry.review.rules_version.clone(),
        ..ReportValidated::default()
    };
    entry.fact = fact.encode_to_vec();
    entry.version.verdict = entry.review.verdict();
    entry
}

pub(crate) fn with_cell(mut entry: Entry, id: &str, value: &str) -> Entry {
    let id = CellId::parse(id).unwrap();
    entry.review.report.cells.get_mut(id).unwrap().value = Some(value.parse().unwrap());
    sealed(entry)
}

pub(crate) fn with_region(mut entry: Entry, code: &str, name: &str) -> Entry {
    entry.review.report.region = Some(Region { code: code.into(), name: name.into() });
    sealed(entry)
}

pub(crate) fn with_finding(mut entry: Entry, rule: &str, severity: Severity) -> Entry {
    entry.review.findings.push(Finding {
        rule: rule.into(),
        severity,
        judgement: Judgement::Fails,
        message: "请核对".into(),
        cells: Vec::new(),
        left: None,
        right: None,
        repair: None,
        origin: None,
        against: None,
        waiver: None,
    });
    sealed(entry)
}

pub(crate) fn find(reader: &Reader, text: &str) -> Page {
    reader.search(&Query { text: text.to_owned(), limit: 200, highlight: true, ..Query::default() }).unwrap()
}

/// The files of the hits, without their ending, in the order of their numbers.
pub(crate) fn numbers(page: &Page) -> Vec<u32> {
    let mut numbers: Vec<u32> = page.hits.iter().map(number_of).collect();
    numbers.sort_unstable();
    numbers
}

pub(crate) fn number_of(hit: &search::Hit) -> u32 {
    u32::from_str_radix(hit.card.id.split('-').next().unwrap(), 16).unwrap()
}

/// A small generator whose every run can be repeated from its seed.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % bound
    }

    pub(crate) fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for index in (1..items.len()).rev() {
            items.swap(index, self.below(index + 1));
        }
    }
}
