//! T2-03: in force enough.

use report::{Finding, FormId, Report, Severity};

use super::rows::filled;
use crate::basis::TABLE_TWO_2021;
use crate::place::number;
use crate::{Case, Check, ONLY_2021, Rule};

/// T2-03: 现行有效件数不少于制发减废止.
pub static T2_03: Rule = Rule {
    id: "T2-03",
    name: "in-force-enough",
    severity: Severity::Warning,
    forms: ONLY_2021,
    basis: TABLE_TWO_2021,
    formula: "in_force ≥ issued − repealed，in_force > 0（规章、行政规范性文件各行；in_force = 0 见 T2-04）",
    requirement: "现行有效件数不少于制发减废止",
    problem: "现行有效件数少于制发减废止",
    hint: "请核对制发、废止和现行有效件数。",
    since: "2026.13",
    check: Check::Report(check),
    cases: CASES,
};

fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    documents_in_force(rule, report, false)
}

/// A document of this year that was not repealed is in force. T2-04 reports rows with 0 documents in
/// force, where the cell was overlooked.
pub(super) fn documents_in_force(rule: &Rule, report: &Report, when_none: bool) -> Vec<Finding> {
    filled(report, ["issued", "repealed", "in_force"])
        .filter(|(_, [issued, repealed, in_force])| {
            in_force.is_zero() == when_none && *in_force < issued.saturating_sub(*repealed)
        })
        .map(|(row, [issued, repealed, in_force])| {
            let what = format!(
                "表二“{}”行本年制发{}件、废止{}件，现行有效却为{}件。",
                row.label,
                number(issued),
                number(repealed),
                number(in_force)
            );
            let (left, right) = (Some(in_force), Some(issued.saturating_sub(repealed)));
            Finding { left, right, ..rule.fails(report, row.ids().collect(), what) }
        })
        .collect()
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "active.normative_documents.issued=5 active.normative_documents.repealed=1 active.normative_documents.in_force=2").says("表二“行政规范性文件”行本年制发5件、废止1件，现行有效却为2件。请核对制发、废止和现行有效件数。"),
    Case::holds(FormId::F2021, "active.normative_documents.issued=3 active.normative_documents.repealed=1 active.normative_documents.in_force=2"),
    Case::holds(FormId::F2021, "active.normative_documents.in_force=1"),
    Case::holds(FormId::F2021, "active.normative_documents.issued=5 active.normative_documents.in_force=blank"),
];
