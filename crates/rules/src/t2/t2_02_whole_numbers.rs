//! T2-02: whole numbers.

use report::{CellId, CellKind, Decimal, Finding, FormId, Report, Severity, Table};

use crate::basis::TABLE_TWO;
use crate::place::{cells_of, number, quoted_cells};
use crate::{BOTH, Case, Check, Rule};

/// T2-02: 表二数量为非负整数.
pub static T2_02: Rule = Rule {
    id: "T2-02",
    name: "whole-numbers",
    severity: Severity::Error,
    forms: BOTH,
    basis: TABLE_TWO,
    formula: "件数、项数 ∈ {0, 1, 2, …}；items_change ∈ {…, −1, 0, 1, …}；amount ≥ 0",
    requirement: "表二数量为非负整数",
    problem: "表二有不合规定的负数或者小数",
    hint: "请核对后更正；只有“本年增/减”可以为负数，只有金额可以有小数。",
    since: "2026.11",
    check: Check::Report(check),
    cases: CASES,
};

fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    let wrong = |id: CellId, value: Decimal| match id.kind() {
        CellKind::Count => value < Decimal::ZERO || !value.fract().is_zero(),
        CellKind::Change => !value.fract().is_zero(),
        CellKind::Amount => value < Decimal::ZERO,
    };
    let cells = cells_of(report, Table::Active).filter_map(|(id, cell)| Some((id, cell.known()?)));
    cells
        .filter(|(id, value)| wrong(*id, *value))
        .map(|(id, value)| {
            let cell = quoted_cells(report, &[id]);
            let what = format!("表二{cell}填的是{}，应为{}。", number(value), expected(id.kind()));
            Finding { left: Some(value), ..rule.fails(report, vec![id], what) }
        })
        .collect()
}

fn expected(kind: CellKind) -> &'static str {
    match kind {
        CellKind::Count => "非负整数",
        CellKind::Change => "整数",
        CellKind::Amount => "非负金额",
    }
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2019, "active.licensing.decisions=-37"),
    Case::holds(FormId::F2019, "active.licensing.items_change=-37"),
    Case::fails(FormId::F2021, "active.penalty.decisions=3.5"),
    Case::fails(FormId::F2021, "active.fees.amount=-1"),
    Case::holds(FormId::F2021, "active.fees.amount=1.5"),
    Case::holds(FormId::F2021, "active.penalty.decisions=blank"),
];
