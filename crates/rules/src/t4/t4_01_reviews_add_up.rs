//! T4-01: reviews add up.

use report::{EquationId, Finding, FormId, Report, Severity};

use crate::balance::{self, Imbalance};
use crate::basis::TABLE_FOUR;
use crate::place::{column_label, number};
use crate::{BOTH, Case, Check, Rule};

/// T4-01: 行政复议各项之和等于总计.
pub static T4_01: Rule = Rule {
    id: "T4-01",
    name: "reviews-add-up",
    severity: Severity::Error,
    forms: BOTH,
    basis: TABLE_FOUR,
    formula: "review.upheld + review.corrected + review.other + review.pending = review.total",
    requirement: "行政复议各项之和等于总计",
    problem: "行政复议各项之和与总计不等",
    hint: "请核对该组各项结果、尚未审结及总计后更正。",
    since: "2026.11",
    check: Check::Report(check),
    cases: CASES,
};

fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    balance::check(rule, report, EquationId::ReviewAddsUp, describe)
}

pub(super) fn describe(imbalance: &Imbalance) -> String {
    let total = imbalance.total();
    format!(
        "表四“{}”不平衡：{}，合计{}件{}；总计{total}，相差{}件。",
        imbalance.place(),
        imbalance.parts(column_label),
        number(imbalance.left),
        imbalance.caveat(),
        imbalance.gap(),
    )
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "review.upheld=2 review.pending=1 review.total=2"),
    Case::holds(FormId::F2021, "review.upheld=2 review.pending=1 review.total=3"),
    Case::unknown(FormId::F2021, "review.upheld=blank"),
    Case::fails(FormId::F2021, "review.upheld=2 review.other=/ review.total=1"),
    Case::holds(FormId::F2021, "review.*=missing note=FigureCount:litigation:10"),
    Case::holds(
        FormId::F2021,
        "review.*=missing litigation_*=missing direct_*=missing note=FigureCount:litigation:14",
    ),
    Case::holds(FormId::F2021, "review.upheld=2 note=FigureCount:litigation:16"),
    Case::fails(FormId::F2021, "review.upheld=2 note=FigureCount:direct_litigation:6"),
];
