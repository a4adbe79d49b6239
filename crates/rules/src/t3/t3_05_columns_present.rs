//! T3-05: columns present.

use report::{CellId, CellState, Finding, FormId, Line, NoteKind, Report, Severity, Table};

use super::columns::{absent_columns, noted_origin};
use crate::basis::TABLE_THREE;
use crate::place::{Row, has_note, is_absent, rows};
use crate::{BOTH, Case, Check, Rule};

/// T3-05: 表三各列齐全，有总计列.
pub static T3_05: Rule = Rule {
    id: "T3-05",
    name: "columns-present",
    severity: Severity::Error,
    forms: BOTH,
    basis: TABLE_THREE,
    formula: "表头有六类申请人和“总计”共七列，各列有数字",
    requirement: "表三各列齐全，有总计列",
    problem: "表三缺少列",
    hint: "请按规定格式补上该列，逐行填写后重新公布。",
    since: "2026.11",
    check: Check::Report(check),
    cases: CASES,
};

/// A header may lack any column. Real reports lack 总计.
fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    if is_absent(report, Table::Requests) {
        return Vec::new();
    }
    absent_columns(report)
        .into_iter()
        .map(|(column, cells)| lost_column(rule, report, column, cells))
        .collect()
}

fn lost_column(rule: &Rule, report: &Report, column: &Line, mut cells: Vec<CellId>) -> Finding {
    let cut = cut_rows(report);
    let lost = cut.iter().flat_map(|row| &row.cells).filter(|(_, cell)| !cell.is_printed());
    let lost: Vec<CellId> = lost.map(|(id, _)| *id).filter(|id| !cells.contains(id)).collect();
    cells.extend(lost);
    let state = |id: &CellId| report.cells.get(*id).map(|cell| cell.state);
    let proof = match cells.iter().filter(|id| state(id) == Some(CellState::Derived)).count() {
        0 => String::new(),
        count => format!("，其中{count}格的数值系由其他数字推算得出"),
    };
    let cut_rows = match cut.len() {
        0 => String::new(),
        count => format!("，另有{count}行的数字不到末列即中断"),
    };
    let what = format!("表三缺少“{}”列{cut_rows}，共{}格没有填写{proof}。", column.label, cells.len());
    let finding = rule.fails(report, cells, what);
    let subjects = [column.id].into_iter().chain(cut.iter().map(|row| row.id));
    Finding { origin: finding.origin.or(noted_origin(report, subjects)), ..finding }
}

fn cut_rows(report: &Report) -> Vec<Row<'_>> {
    let mut rows = rows(report, Table::Requests);
    rows.retain(|row| has_note(report, NoteKind::RowCut, row.id));
    rows
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "requests.*.total=derived:0 requests.partial.other_org=derived:0 note=ColumnAbsent:total note=RowCut:partial").says("表三缺少“总计”列，另有1行的数字不到末列即中断，共26格没有填写，其中26格的数值系由其他数字推算得出。请按规定格式补上该列，逐行填写后重新公布。"),
    Case::fails(FormId::F2021, "requests.*.total=derived:0 note=ColumnAbsent:total note=RowCut:other.misc"),
    Case::fails(FormId::F2021, "requests.*.total=missing"),
    Case::holds(FormId::F2021, "requests.*.total=blank"),
    Case::holds(FormId::F2021, "requests.granted.total=derived:0"),
    Case::holds(FormId::F2021, "requests.*=missing"),
    Case::holds(FormId::F2021, "requests.*=missing note=RowWithoutFigures:received"),
];
