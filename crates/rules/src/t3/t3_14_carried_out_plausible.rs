//! T3-14: carried out plausible.

use report::{Finding, FormId, Report, Severity};

use crate::basis::TABLE_THREE;
use crate::place::number;
use crate::{BOTH, Case, Check, Rule};

/// T3-14: 结转下年度不多于本年新收.
pub static T3_14: Rule = Rule {
    id: "T3-14",
    name: "carried-out-plausible",
    severity: Severity::Info,
    forms: BOTH,
    basis: TABLE_THREE,
    formula: "carried_out.total ≤ received.total",
    requirement: "结转下年度不多于本年新收",
    problem: "结转下年度多于本年新收",
    hint: "请核对结转下年度的件数，属于以往年度结转至今的无需改动。",
    since: "2026.13",
    check: Check::Report(check),
    cases: CASES,
};

fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    let Some(form) = report.cells.form() else { return Vec::new() };
    let cell = |row| form.request_cell(row, "total").and_then(|id| Some((id, report.cells.value(id)?)));
    let (Some((received_id, received)), Some((id, carried_out))) = (cell("received"), cell("carried_out"))
    else {
        return Vec::new();
    };
    if carried_out <= received {
        return Vec::new();
    }
    let what = format!("表三本年新收{}件，结转下年度却有{}件。", number(received), number(carried_out));
    let (left, right) = (Some(carried_out), Some(received));
    vec![Finding { left, right, ..rule.fails(report, vec![id, received_id], what) }]
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "requests.carried_out.total=2 requests.received.total=1"),
    Case::holds(FormId::F2021, "requests.carried_out.total=2 requests.received.total=2"),
    Case::holds(FormId::F2021, "requests.carried_out.total=2 requests.received.total=blank"),
];
