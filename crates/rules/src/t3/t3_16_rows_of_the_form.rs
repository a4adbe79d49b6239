//! T3-16: rows of the form.

use report::{Finding, FormId, Note, Report, Severity, Table};

use crate::basis::TABLE_THREE;
use crate::place::{foreign_requests, quoted, request_label, row_of};
use crate::{BOTH, Case, Check, Rule};

/// T3-16: “（六）其他处理”的行与表格格式一致.
pub static T3_16: Rule = Rule {
    id: "T3-16",
    name: "rows-of-the-form",
    severity: Severity::Warning,
    forms: BOTH,
    basis: TABLE_THREE,
    formula: "2021年格式有三行 other.*，2019年格式只有一行 other",
    requirement: "“（六）其他处理”的行与表格格式一致",
    problem: "“（六）其他处理”的行与表格格式不一致",
    hint: "请按报告年度对应的格式重新填写“（六）其他处理”各行。",
    since: "2026.11",
    check: Check::Report(check),
    cases: CASES,
};

/// The form of 2019 has one row of 其他处理, that of 2021 has three.
fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    let foreign: Vec<&Note> = foreign_requests(report).collect();
    let (Some(form), Some(first)) = (report.form, foreign.first()) else { return Vec::new() };
    let labels =
        quoted(foreign.iter().map(|note| request_label(&note.subject).unwrap_or(&note.subject)), "行");
    let cells = report.cells.iter().map(|(id, _)| id);
    let cells =
        cells.filter(|id| id.table() == Table::Requests && row_of(*id).starts_with("other")).collect();
    let what = format!("表三为{form}年格式，却出现另一种格式的行：{labels}，两种格式混用。");
    let finding = rule.fails(report, cells, what);
    vec![Finding { origin: first.origin.or(finding.origin), ..finding }]
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "note=ForeignRow:other"),
    Case::fails(FormId::F2019, "note=ForeignRow:other.no_correction note=ForeignRow:other.misc"),
    Case::holds(FormId::F2021, "note=RowAbsent:other.misc"),
    Case::holds(FormId::F2021, "note=ForeignRow:other_services"),
];
