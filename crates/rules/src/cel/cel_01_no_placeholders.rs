//! CEL-01: no placeholders.

use report::{CellState, Finding, FormId, Report, Severity, Table};

use super::tables::{a_finding_a_table, some, texts};
use crate::basis::FORMS;
use crate::place::{ids_where, quoted_cells};
use crate::{BOTH, Case, Check, Rule};

/// CEL-01: 不用符号代替数字.
pub static CEL_01: Rule = Rule {
    id: "CEL-01",
    name: "no-placeholders",
    severity: Severity::Warning,
    forms: BOTH,
    basis: FORMS,
    formula: "各格 ∉ {/、-、—、无、不适用 等符号}",
    requirement: "不用符号代替数字",
    problem: "以符号代替数字",
    hint: "请改填数字，没有发生的填0。",
    since: "2026.11",
    check: Check::Report(check),
    cases: CASES,
};

fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    a_finding_a_table(report, |table| of_table(rule, report, table))
}

fn of_table(rule: &Rule, report: &Report, table: Table) -> Option<Finding> {
    let ids = some(ids_where(report, table, |cell| cell.state == CellState::Placeholder))?;
    let what = format!(
        "{}有{}格以{}代替数字：{}。",
        table.short_title(),
        ids.len(),
        texts(report, &ids),
        quoted_cells(report, &ids)
    );
    Some(rule.fails(report, ids, what))
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "requests.received.total=/ requests.received.research=-").says("表三有2格以“-”、“/”代替数字：“一、本年新收政府信息公开申请数量”行“科研机构”列、“一、本年新收政府信息公开申请数量”行“总计”列。请改填数字，没有发生的填0。"),
    Case::fails(FormId::F2021, "requests.received.total=/"),
    Case::fails(FormId::F2021, "active.regulations.issued=无"),
    Case::holds(FormId::F2021, "review.total=blank"),
];
