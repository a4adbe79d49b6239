//! T3-15: not negative.

use report::{Cell, Finding, FormId, Report, Severity, Table};

use crate::place::{ids_where, quoted_cells};
use crate::{BOTH, Case, Check, Rule};

/// T3-15: 表三、表四的数量不为负数.
pub static T3_15: Rule = Rule {
    id: "T3-15",
    name: "not-negative",
    severity: Severity::Warning,
    forms: BOTH,
    basis: "国办公开办函〔2021〕30号、〔2019〕60号所附格式，表三、表四",
    formula: "表三、表四各格 ≥ 0（小数见 CEL-06）",
    requirement: "表三、表四的数量不为负数",
    problem: "表三、表四有负数",
    hint: "请核对后更正。",
    since: "2026.13",
    check: Check::Report(check),
    cases: CASES,
};

/// T2-02 checks table two.
fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    let negative = |table| {
        let is_negative =
            |cell: &Cell| cell.known().is_some_and(|value| value.is_sign_negative() && !value.is_zero());
        let cells = ids_where(report, table, is_negative);
        (!cells.is_empty()).then(|| {
            let what = format!(
                "{}有{}格为负数：{}。",
                table.short_title(),
                cells.len(),
                quoted_cells(report, &cells)
            );
            rule.fails(report, cells, what)
        })
    };
    [Table::Requests, Table::Litigation].into_iter().filter_map(negative).collect()
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "requests.carried_out.total=-2"),
    Case::fails(FormId::F2021, "review.pending=-1"),
    Case::holds(FormId::F2019, "active.licensing.items_change=-1"),
];
