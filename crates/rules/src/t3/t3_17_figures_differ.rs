//! T3-17: figures differ.

use report::{CellId, Decimal, Finding, FormId, Report, Severity};

use crate::basis::TABLE_THREE;
use crate::place::{number, row_label};
use crate::{BOTH, Case, Check, Rule};

/// T3-17: 没有整行、整组重复同一数字.
pub static T3_17: Rule = Rule {
    id: "T3-17",
    name: "figures-differ",
    severity: Severity::Info,
    forms: BOTH,
    basis: TABLE_THREE,
    formula: "一行的六类申请人、一列中同组的五行以上不全是同一个非0数字",
    requirement: "没有整行、整组重复同一数字",
    problem: "整行或者整组重复同一数字",
    hint: "请核对是否复制时误填。",
    since: "2026.13",
    check: Check::Report(check),
    cases: CASES,
};

/// In a group of so few rows, equal figures may be chance.
const ROWS_BY_CHANCE: usize = 4;

fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    let Some(form) = report.cells.form() else { return Vec::new() };
    let value = |(row, column): (&str, &str)| report.cells.value(form.request_cell(row, column)?);
    let same = |places: Vec<(&'static str, &'static str)>| -> Option<(Decimal, Vec<CellId>)> {
        let first = value(*places.first()?).filter(|first| !first.is_zero())?;
        let is_same = places.iter().all(|place| value(*place) == Some(first));
        let ids = places.iter().filter_map(|(row, column)| form.request_cell(row, column));
        is_same.then(|| (first, ids.collect()))
    };
    let applicants = || form.applicants.iter().filter(|column| column.id != "total");
    let mut findings = Vec::new();
    for row in &form.requests {
        if let Some((value, cells)) = same(applicants().map(|column| (row.id, column.id)).collect()) {
            let label = cells.first().map_or(row.label, |id| row_label(form, *id));
            let what = format!("表三“{label}”行的六类申请人都是{}件。", number(value));
            findings.push(rule.fails(report, cells, what));
        }
    }
    let mut groups: Vec<&str> = form.requests.iter().filter_map(|row| row.under).collect();
    groups.dedup();
    for group in groups.into_iter().filter(|group| group.starts_with('(')) {
        let rows: Vec<&str> =
            form.requests.iter().filter(|row| row.under == Some(group)).map(|row| row.id).collect();
        for column in applicants().filter(|_| rows.len() > ROWS_BY_CHANCE) {
            if let Some((value, cells)) = same(rows.iter().map(|row| (*row, column.id)).collect()) {
                let what =
                    format!("表三“{}”列“{group}”的{}行都是{}件。", column.label, rows.len(), number(value));
                findings.push(rule.fails(report, cells, what));
            }
        }
    }
    findings
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "requests.granted.*=3"),
    Case::fails(FormId::F2021, "requests.unprocessed.*.research=2"),
    Case::holds(FormId::F2021, "requests.unavailable.*.research=2"),
    Case::holds(FormId::F2021, "requests.unprocessed.*.research=2 requests.unprocessed.reissue.research=1"),
];
