//! CEL-05: one number.

use report::{CellState, Finding, FormId, Report, Severity, Table};

use super::tables::{a_finding_a_table, some, texts};
use crate::basis::FORMS;
use crate::place::{ids_where, quoted_cells};
use crate::{BOTH, Case, Check, Rule};

/// CEL-05: 每格一个可以读出的数字.
pub static CEL_05: Rule = Rule {
    id: "CEL-05",
    name: "one-number",
    severity: Severity::Error,
    forms: BOTH,
    basis: FORMS,
    formula: "各格的文字是一个数字",
    requirement: "每格一个可以读出的数字",
    problem: "格内读不出一个数字",
    hint: "请每格只填一个数字后重新公布。",
    since: "2026.11",
    check: Check::Report(check),
    cases: CASES,
};

fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    a_finding_a_table(report, |table| of_table(rule, report, table))
}

fn of_table(rule: &Rule, report: &Report, table: Table) -> Option<Finding> {
    let ids = some(ids_where(report, table, |cell| cell.state == CellState::Unreadable))?;
    let what = format!(
        "{}有{}格读不出一个确定的数字：{}，填的是{}。",
        table.short_title(),
        ids.len(),
        quoted_cells(report, &ids),
        texts(report, &ids)
    );
    Some(rule.fails(report, ids, what))
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "requests.received.total=3|4"),
    Case::holds(FormId::F2021, "requests.received.total=/"),
];
