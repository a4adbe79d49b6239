//! A reading held against what is printed.

use std::collections::BTreeSet;

use report::{CellId, Review, json};
use serde_json::Value;

use super::page::{Hand, Page};
use crate::api::list;
use crate::generate::Truth;

/// How well files were read.
#[derive(Debug, Clone, Default)]
pub struct Score {
    /// Files.
    pub files: usize,
    /// Cells with a figure in print.
    pub printed: usize,
    /// Of these, those with their value.
    pub right: usize,
    /// Of these, those without a value.
    pub missing: usize,
    /// Cells with another value than the print has, those without a figure in print included.
    pub wrong: usize,
    /// Of these, those of which no finding speaks.
    pub unflagged: usize,
    /// Files whose agency, region, year, form or date is another one.
    pub misnamed: usize,
    /// What is not as it should be, file by file.
    pub complaints: Vec<String>,
}

impl Score {
    /// The sum of both.
    pub fn add(&mut self, other: Score) {
        self.files += other.files;
        self.printed += other.printed;
        self.right += other.right;
        self.missing += other.missing;
        self.wrong += other.wrong;
        self.unflagged += other.unflagged;
        self.misnamed += other.misnamed;
        self.complaints.extend(other.complaints);
    }
}

/// One file that was read.
pub fn score(review: &Review, page: &Page) -> Score {
    let record = Value::Object(json::review(review));
    let mut score = Score { files: 1, ..Score::default() };
    identity(&record, page, &mut score);
    for (id, printed) in &page.truth.cells {
        let found = record["cells"][id]["value"].as_str();
        let expected = printed.as_ref().or_else(|| page.unprinted.get(id));
        let right = found.is_none_or(|found| Some(found) == expected.map(String::as_str));
        if printed.is_some() {
            score.printed += 1;
            score.right += usize::from(right && found.is_some());
            score.missing += usize::from(found.is_none());
        }
        if !right {
            let flagged = is_flagged(&record, id, page);
            score.wrong += 1;
            score.unflagged += usize::from(!flagged);
            let flag = if flagged { "" } else { ", and nothing says so" };
            score.complaints.push(format!("{id} is {found:?} and should be {expected:?}{flag}"));
        } else if found.is_none() && printed.is_some() {
            let state = &record["cells"][id]["state"];
            score.complaints.push(format!("{id} is {state} and should be {expected:?}"));
        }
    }
    findings(&record, page, &mut score);
    score
}

/// No file at all came out of it.
pub fn unread(page: &Page, why: &str) -> Score {
    let printed = page.truth.cells.values().flatten().count();
    Score {
        files: 1,
        printed,
        missing: printed,
        misnamed: 1,
        complaints: vec![why.to_owned()],
        ..Score::default()
    }
}

fn identity(record: &Value, page: &Page, score: &mut Score) {
    let truth = &page.truth;
    let expected = [
        ("agency", &record["agency"], Value::from(truth.agency.clone())),
        ("region", &record["region"]["code"], truth.region_code.clone().into()),
        ("year", &record["year"], truth.year.into()),
        ("form", &record["form"], truth.form.into()),
        ("published", &record["published"], truth.published.clone().into()),
    ];
    let before = score.complaints.len();
    for (what, found, expected) in expected {
        if *found != expected {
            score.complaints.push(format!("{what} is {found} and should be {expected}"));
        }
    }
    score.misnamed += usize::from(score.complaints.len() > before);
}

/// Whether a failing finding speaks of the cell or of its table, other than the planted fault's.
fn is_flagged(record: &Value, id: &str, page: &Page) -> bool {
    let table = CellId::parse(id).map(CellId::table).ok();
    let planted: BTreeSet<&str> = page.truth.faults.iter().map(|fault| fault.rule).collect();
    list(&record["findings"]).iter().any(|finding| {
        let fails = finding["verdict"] == "fails";
        let cells = list(&finding["cells"]);
        let of_cell = cells.iter().any(|cell| cell == id);
        let of_table = cells
            .iter()
            .filter_map(Value::as_str)
            .any(|cell| CellId::parse(cell).map(CellId::table).ok() == table);
        fails && (of_cell || of_table && !planted.contains(finding["rule"].as_str().unwrap_or_default()))
    })
}

/// Every planted fault is found, and a report that is in order has no error.
fn findings(record: &Value, page: &Page, score: &mut Score) {
    let failing = list(&record["findings"]).iter().filter(|finding| finding["verdict"] == "fails");
    let found: BTreeSet<&str> = failing.clone().filter_map(|finding| finding["rule"].as_str()).collect();
    for fault in &page.truth.faults {
        if !found.contains(fault.rule) {
            score.complaints.push(format!("{} was planted and not found", fault.rule));
        }
    }
    // What a typist left blank may well be an error of the report.
    if !matches!(page.hand, Hand::Plain | Hand::Faulty) {
        return;
    }
    for finding in failing.filter(|finding| finding["severity"] == "error") {
        let Truth { faults, also, .. } = &page.truth;
        if !faults
            .iter()
            .map(|fault| fault.rule)
            .chain(also.iter().copied())
            .any(|rule| finding["rule"] == rule)
        {
            score.complaints.push(format!("a false alarm: {} {}", finding["rule"], finding["message"]));
        }
    }
}
