//! CEL-02: no blanks.

use report::{CellId, Finding, FormId, Report, Severity, Table};

use super::tables::{a_finding_a_table, some};
use crate::basis::FORMS;
use crate::place::{cells_of, is_blank, quoted_cells, rows};
use crate::{BOTH, Case, Check, Rule};

/// CEL-02: 不留空格.
pub static CEL_02: Rule = Rule {
    id: "CEL-02",
    name: "no-blanks",
    severity: Severity::Warning,
    forms: BOTH,
    basis: FORMS,
    formula: "各格有数字，没有发生的为0（整行空白的见 T2-01、T3-08、T4-04）",
    requirement: "不留空格",
    problem: "留有空格",
    hint: "请补填，没有发生的填0。",
    since: "2026.11",
    check: Check::Report(check),
    cases: CASES,
};

fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    a_finding_a_table(report, |table| of_table(rule, report, table))
}

/// T2-01, T3-08 and T4-04 report rows without any figure.
fn of_table(rule: &Rule, report: &Report, table: Table) -> Option<Finding> {
    let rows = rows(report, table);
    // Table four is one row as printed.
    let is_one_row = table == Table::Litigation && rows.iter().any(|row| row.has_figure());
    let filled = rows.iter().filter(|row| is_one_row || row.has_figure());
    let blank = filled.flat_map(|row| &row.cells).filter(|(_, cell)| is_blank(cell));
    let ids: Vec<CellId> = some(blank.map(|(id, _)| *id).collect())?;
    let all = cells_of(report, table).count();
    let what = format!(
        "{}共{all}格，其中{}格空白：{}。",
        table.short_title(),
        ids.len(),
        quoted_cells(report, &ids)
    );
    Some(rule.fails(report, ids, what))
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "requests.received.total=blank"),
    Case::fails(FormId::F2021, "requests.received.total=proved:0"),
    Case::holds(FormId::F2021, "requests.received.total=derived:0"),
    Case::holds(FormId::F2021, "requests.received.*=blank"),
    Case::fails(FormId::F2021, "review.*=blank"),
];
