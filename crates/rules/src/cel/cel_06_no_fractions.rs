//! CEL-06: no fractions.

use report::{CellKind, Finding, FormId, Report, Severity, Table};

use super::tables::{a_finding_a_table, some, texts};
use crate::basis::FORMS;
use crate::place::{cells_of, quoted_cells};
use crate::{BOTH, Case, Check, Rule};

/// CEL-06: 数量不带小数.
pub static CEL_06: Rule = Rule {
    id: "CEL-06",
    name: "no-fractions",
    severity: Severity::Warning,
    forms: BOTH,
    basis: FORMS,
    formula: "件数、项数各格的小数部分 = 0",
    requirement: "数量不带小数",
    problem: "数量带小数",
    hint: "请核对后改为整数。",
    since: "2026.11",
    check: Check::Report(check),
    cases: CASES,
};

fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    a_finding_a_table(report, |table| of_table(rule, report, table))
}

fn of_table(rule: &Rule, report: &Report, table: Table) -> Option<Finding> {
    let counts = cells_of(report, table).filter(|(id, _)| id.kind() != CellKind::Amount);
    let fractions = counts.filter(|(_, cell)| cell.known().is_some_and(|value| !value.fract().is_zero()));
    let ids = some(fractions.map(|(id, _)| id).collect())?;
    let what = format!(
        "{}有{}格的数量带小数：{}，填的是{}。",
        table.short_title(),
        ids.len(),
        quoted_cells(report, &ids),
        texts(report, &ids)
    );
    Some(rule.fails(report, ids, what))
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "requests.received.total=1.5"),
    Case::holds(FormId::F2021, "active.fees.amount=1.5"),
    Case::holds(FormId::F2021, "requests.received.total=blank"),
];
