//! T4-06: litigation follows review.

use report::{CellId, Finding, FormId, Report, Severity, Table};

use crate::basis::FORMS;
use crate::place::number;
use crate::years::Pair;
use crate::{BOTH, Case, Check, Rule};

/// T4-06: 复议后起诉不多于本年和上年的行政复议.
pub static T4_06: Rule = Rule {
    id: "T4-06",
    name: "litigation-follows-review",
    severity: Severity::Info,
    forms: BOTH,
    basis: FORMS,
    formula: "litigation_after_review.total ≤ review.total(本年) + review.total(上年)",
    requirement: "复议后起诉不多于本年和上年的行政复议",
    problem: "复议后起诉多于本年和上年的行政复议",
    hint: "请核对是否误将直接起诉的案件计入复议后起诉。",
    since: "2026.13",
    check: Check::Years(check),
    cases: CASES,
};

fn check(rule: &Rule, report: &Report, last: &Report) -> Vec<Finding> {
    let judge = || {
        let pair = Pair::of(report, last, Table::Litigation)?;
        let (review, now, before) = pair.both("review.total")?;
        let id = CellId::parse("litigation_after_review.total").ok()?;
        let (litigation, reviews) = (pair.now(id)?, now.saturating_add(before));
        if litigation <= reviews {
            return None;
        }
        let what = format!(
            "表四复议后起诉{}件，多于本年行政复议{}件与{}行政复议{}件之和。",
            number(litigation),
            number(now),
            pair.last_report(),
            number(before)
        );
        let finding = rule.fails(report, vec![id, review], what);
        Some(pair.against(finding, &[review], Some(litigation), Some(reviews)))
    };
    judge().into_iter().collect()
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "litigation_after_review.total=3 review.total=1 last: review.total=1"),
    Case::holds(FormId::F2021, "litigation_after_review.total=2 review.total=1 last: review.total=1"),
    Case::holds(FormId::F2021, "litigation_after_review.total=2 review.total=1 last: review.total=blank"),
];
