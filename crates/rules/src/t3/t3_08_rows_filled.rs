//! T3-08: rows filled.

use report::{CellId, CellState, Finding, FormId, NoteKind, Report, Severity, Table};

use super::columns::{absent_columns, noted_origin};
use crate::basis::TABLE_THREE;
use crate::place::{has_note, is_absent, is_mixed, quoted, rows};
use crate::{BOTH, Case, Check, Rule};

/// T3-08: 表三每行都有数字.
pub static T3_08: Rule = Rule {
    id: "T3-08",
    name: "rows-filled",
    severity: Severity::Warning,
    forms: BOTH,
    basis: TABLE_THREE,
    formula: "规定的每一行都有七个数字",
    requirement: "表三每行都有数字",
    problem: "表三有行缺少数字",
    hint: "请按表头补齐这些行，没有发生的填0。",
    since: "2026.11",
    check: Check::Report(check),
    cases: CASES,
};

/// Finds rows that are absent, have a label and no figures, or stop before the last column.
fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    if is_absent(report, Table::Requests) {
        return Vec::new();
    }
    // An absent column cuts every row; T3-05 reports it.
    let lacks_column = !absent_columns(report).is_empty();
    let (mut absent, mut empty, mut short_rows) = (Vec::new(), Vec::new(), Vec::new());
    for row in rows(report, Table::Requests) {
        let is = |kind| has_note(report, kind, row.id);
        let is_unplaced = !row.has_figure() && is(NoteKind::FigureCount);
        if is_mixed(report) && row.id.starts_with("other") {
            continue;
        } else if is(NoteKind::RowAbsent) {
            absent.push(row);
        } else if is(NoteKind::RowRepeated) {
            continue;
        } else if is(NoteKind::RowWithoutFigures) || !row.has_figure() && !is_unplaced {
            empty.push(row);
        } else if is_unplaced || !lacks_column && (is(NoteKind::RowCut) || is(NoteKind::FigureCount)) {
            short_rows.push(row);
        }
    }
    let kinds = [(absent, "缺少"), (empty, "只有标题、没有数字的是"), (short_rows, "数字个数与表头不符的是")];
    let kinds = kinds.into_iter().filter(|(rows, _)| !rows.is_empty());
    kinds
        .map(|(rows, what)| {
            let cells: Vec<CellId> = rows.iter().flat_map(|row| row.ids()).collect();
            let proved = rows.iter().flat_map(|row| &row.cells);
            let is_proved = proved.clone().all(|(_, cell)| cell.known().is_some())
                && proved.clone().any(|(_, cell)| cell.state == CellState::Derived);
            let proof = if is_proved { "其数值只能由其他数字推算得出。" } else { "" };
            let labels = quoted(rows.iter().map(|row| row.label), "行");
            let origin = noted_origin(report, rows.iter().map(|row| row.id));
            let finding = rule.fails(report, cells, format!("表三{what}{labels}。{proof}"));
            Finding { origin: finding.origin.or(origin), ..finding }
        })
        .collect()
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "requests.partial.*=missing note=FigureCount:partial:9")
        .says("表三数字个数与表头不符的是“（二）部分公开”。请按表头补齐这些行，没有发生的填0。"),
    Case::holds(FormId::F2021, "requests.granted.*=missing note=RowRepeated:granted"),
    Case::fails(
        FormId::F2019,
        "requests.unprocessed.reissue.*=derived:0 note=RowWithoutFigures:unprocessed.reissue",
    ),
    Case::fails(FormId::F2021, "requests.partial.*=missing note=RowAbsent:partial"),
    Case::fails(FormId::F2021, "requests.partial.*=blank"),
    Case::fails(FormId::F2021, "requests.partial.total=derived:0 note=RowCut:partial"),
    Case::holds(FormId::F2021, "requests.*.total=derived:0 note=ColumnAbsent:total note=RowCut:partial"),
    Case::holds(FormId::F2021, "requests.partial.*=/"),
    Case::holds(FormId::F2021, "requests.other.*=missing note=ForeignRow:other note=RowAbsent:other.misc"),
    Case::holds(FormId::F2021, "requests.*=missing"),
];
