//! T4-03: litigation after review adds up.

use report::{EquationId, Finding, FormId, Report, Severity};

use super::t4_01_reviews_add_up::describe;
use crate::balance::{self};
use crate::basis::TABLE_FOUR;
use crate::{BOTH, Case, Check, Rule};

/// T4-03: 复议后起诉各项之和等于总计.
pub static T4_03: Rule = Rule {
    id: "T4-03",
    name: "litigation-after-review-adds-up",
    severity: Severity::Error,
    forms: BOTH,
    basis: TABLE_FOUR,
    formula: "litigation_after_review.upheld + litigation_after_review.corrected + litigation_after_review.other + litigation_after_review.pending = litigation_after_review.total",
    requirement: "复议后起诉各项之和等于总计",
    problem: "复议后起诉各项之和与总计不等",
    hint: "请核对该组各项结果、尚未审结及总计后更正。",
    since: "2026.11",
    check: Check::Report(check),
    cases: CASES,
};

fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    balance::check(rule, report, EquationId::LitigationAfterReviewAddsUp, describe)
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2019, "litigation_after_review.other=1"),
    Case::holds(FormId::F2019, "litigation_after_review.other=1 litigation_after_review.total=1"),
    Case::unknown(FormId::F2019, "litigation_after_review.other=-"),
];
