//! T2-07: items not negative.

use report::{Decimal, Finding, FormId, Report, Severity};

use super::rows::filled;
use crate::basis::TABLE_TWO_2019;
use crate::place::number;
use crate::{Case, Check, ONLY_2019, Rule};

/// T2-07: 减少的项目不多于上一年项目.
pub static T2_07: Rule = Rule {
    id: "T2-07",
    name: "items-not-negative",
    severity: Severity::Warning,
    forms: ONLY_2019,
    basis: TABLE_TWO_2019,
    formula: "items_last_year + items_change ≥ 0",
    requirement: "减少的项目不多于上一年项目",
    problem: "减少的项目多于上一年项目",
    hint: "请核对上一年项目数量和本年增/减。",
    since: "2026.13",
    check: Check::Report(check),
    cases: CASES,
};

fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    filled(report, ["items_last_year", "items_change"])
        .filter(|(_, [last_year, change])| last_year.saturating_add(*change) < Decimal::ZERO)
        .map(|(row, [last_year, change])| {
            let (last_year, change) = (number(last_year), number(change.abs()));
            let what = format!("表二“{}”行上一年项目{last_year}项，本年却减少{change}项。", row.label);
            rule.fails(report, row.ids().collect(), what)
        })
        .collect()
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2019, "active.fees.items_last_year=3 active.fees.items_change=-4"),
    Case::holds(FormId::F2019, "active.licensing.items_last_year=329 active.licensing.items_change=-37"),
];
