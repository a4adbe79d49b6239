//! T2-15: in force filled.

use report::{Finding, FormId, Report, Severity};

use super::rows::filled;
use crate::basis::TABLE_TWO_2021;
use crate::place::is_blank;
use crate::{Case, Check, ONLY_2021, Rule};

/// T2-15: 填了制发、废止的，也填现行有效.
pub static T2_15: Rule = Rule {
    id: "T2-15",
    name: "in-force-filled",
    severity: Severity::Info,
    forms: ONLY_2021,
    basis: TABLE_TWO_2021,
    formula: "issued、repealed 有数字 ⇒ in_force 有数字（规章、行政规范性文件各行）",
    requirement: "填了制发、废止的，也填现行有效",
    problem: "现行有效件数空白",
    hint: "请补填；现行有效件数包括以往年度制发、目前仍然有效的文件。",
    since: "2026.13",
    check: Check::Report(check),
    cases: CASES,
};

/// T2-01 reports the blank cell; this rule explains which figure belongs there.
fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    filled(report, ["issued", "repealed"])
        .filter_map(|(row, _)| {
            let (id, _) =
                row.cells.iter().find(|(id, cell)| id.as_str().ends_with(".in_force") && is_blank(cell))?;
            let what = format!("表二“{}”行填了制发、废止件数，现行有效件数空白。", row.label);
            Some(rule.fails(report, vec![*id], what))
        })
        .collect()
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "active.regulations.in_force=blank"),
    Case::holds(FormId::F2021, "active.regulations.*=blank"),
];
