//! T2-06: decisions are no balance.

use report::{Decimal, Finding, FormId, Report, Severity};

use super::rows::filled;
use crate::basis::TABLE_TWO_2019;
use crate::place::{Row, number};
use crate::{Case, Check, ONLY_2019, Rule};

/// T2-06: 处理决定数量不是项目数量的结余.
pub static T2_06: Rule = Rule {
    id: "T2-06",
    name: "decisions-are-no-balance",
    severity: Severity::Warning,
    forms: ONLY_2019,
    basis: TABLE_TWO_2019,
    formula: "decisions ≠ items_last_year + items_change，两边均为0的除外",
    requirement: "处理决定数量不是项目数量的结余",
    problem: "处理决定数量误填为项目数量的结余",
    hint: "请核对后更正；“处理决定数量”是本年作出决定的件数，与项目数量无关。",
    since: "2026.13",
    check: Check::Report(check),
    cases: CASES,
};

/// Makes one finding for all rows, because one misunderstanding fills them all.
fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    let rows = filled(report, ["items_last_year", "items_change", "decisions"]);
    let misread = rows.filter(|(_, [last_year, change, decisions])| {
        !decisions.is_zero() && last_year.saturating_add(*change) == *decisions
    });
    let misread: Vec<(Row<'_>, [Decimal; 3])> = misread.collect();
    if misread.is_empty() {
        return Vec::new();
    }
    let sums = misread.iter().map(|(row, [last_year, change, decisions])| {
        let sign = if change.is_sign_negative() { '−' } else { '+' };
        let (last_year, change) = (number(*last_year), number(change.abs()));
        format!("“{}”{last_year}{sign}{change}={}", row.label, number(*decisions))
    });
    let sums: Vec<String> = sums.collect();
    let what = format!("表二的处理决定数量恰为上一年项目数量与本年增/减之和：{}。", sums.join("，"));
    vec![rule.fails(report, misread.iter().flat_map(|(row, _)| row.ids()).collect(), what)]
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(
        FormId::F2019,
        "active.licensing.items_last_year=61 active.licensing.items_change=36 active.licensing.decisions=97",
    ),
    Case::fails(
        FormId::F2019,
        "active.penalty.items_last_year=6 active.penalty.items_change=-4 active.penalty.decisions=2",
    ),
    Case::holds(
        FormId::F2019,
        "active.penalty.items_last_year=61 active.penalty.items_change=36 active.penalty.decisions=1204",
    ),
    Case::holds(FormId::F2019, "active.penalty.items_last_year=4 active.penalty.items_change=-4"),
];
