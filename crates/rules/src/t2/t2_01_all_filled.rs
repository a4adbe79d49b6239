//! T2-01: all filled.

use report::{CellId, CellState, Finding, FormId, NoteKind, Report, Severity, Table};

use crate::basis::TABLE_TWO;
use crate::place::{has_note, ids_where, is_absent, is_blank, quoted_cells, row_of};
use crate::{BOTH, Case, Check, Rule};

/// T2-01: 表二各格都填有数字.
pub static T2_01: Rule = Rule {
    id: "T2-01",
    name: "all-filled",
    severity: Severity::Error,
    forms: BOTH,
    basis: TABLE_TWO,
    formula: "active.* 的每一格都有数字",
    requirement: "表二各格都填有数字",
    problem: "表二有格没有填写数字",
    hint: "请补填，没有发生的填0。",
    since: "2026.11",
    check: Check::Report(check),
    cases: CASES,
};

/// Makes one finding for all cells without a number, by reason.
fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    if is_absent(report, Table::Active) {
        return Vec::new();
    }
    let of = |state: CellState| ids_where(report, Table::Active, move |cell| cell.state == state);
    // T3-18 reports a row that stands twice.
    let mut missing = of(CellState::Missing);
    missing.retain(|id| !has_note(report, NoteKind::RowRepeated, row_of(*id)));
    let kinds = [
        ("缺失", missing),
        ("空白", ids_where(report, Table::Active, is_blank)),
        ("填的是符号", of(CellState::Placeholder)),
        ("填的不是数字", of(CellState::Unreadable)),
    ];
    let parts: Vec<String> = kinds
        .iter()
        .filter(|(_, ids)| !ids.is_empty())
        .map(|(what, ids)| format!("{what}的是{}", quoted_cells(report, ids)))
        .collect();
    let cells: Vec<CellId> = kinds.into_iter().flat_map(|(_, ids)| ids).collect();
    if cells.is_empty() {
        return Vec::new();
    }
    let what = format!("表二有{}格没有填写数字：{}。", cells.len(), parts.join("；"));
    vec![rule.fails(report, cells, what)]
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "active.licensing.decisions=blank"),
    Case::holds(FormId::F2021, "active.fees.amount=316441.25"),
    Case::fails(FormId::F2021, "active.regulations.*=/"),
    Case::fails(FormId::F2021, "active.regulations.issued=missing"),
    Case::fails(FormId::F2019, "active.procurement.amount=见附表"),
    Case::holds(FormId::F2021, "active.*=missing note=TableAbsent:active"),
    Case::holds(FormId::F2021, "active.regulations.*=missing note=RowRepeated:regulations"),
];
