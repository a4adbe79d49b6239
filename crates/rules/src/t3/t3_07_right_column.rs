//! T3-07: right column.

use report::{
    CellState, Cells, Decimal, Equation, EquationId, Finding, Form, FormId, Report, Severity, Table,
};

use crate::basis::NOTE_OF_TABLE_THREE;
use crate::place::{column_label, column_of, number, row_label};
use crate::{BOTH, Case, Check, Rule};

/// T3-07: 数字填在申请人所属的列.
pub static T3_07: Rule = Rule {
    id: "T3-07",
    name: "right-column",
    severity: Severity::Warning,
    forms: BOTH,
    basis: NOTE_OF_TABLE_THREE,
    formula: "恰有两列不平衡时，没有一行的数字从一列移到另一列即使全表平衡",
    requirement: "数字填在申请人所属的列",
    problem: "数字疑似填错申请人类别",
    hint: "请核对该申请人的类别后更正。",
    since: "2026.13",
    check: Check::Report(check),
    cases: CASES,
};

/// A figure in the wrong column leaves every row balanced and exactly two columns unbalanced.
fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    let Some(form) = report.cells.form() else { return Vec::new() };
    let equations: Vec<&Equation> =
        form.equations().iter().filter(|equation| equation.table() == Table::Requests).collect();
    if equations.iter().all(|equation| equation.sums(&report.cells).hold() == Some(true)) {
        return Vec::new();
    }
    let cells = zeroed(report);
    let holds = |equation: &&Equation, cells: &Cells| equation.sums(cells).hold();
    let failing: Vec<&Equation> =
        equations.iter().copied().filter(|equation| holds(equation, &cells) != Some(true)).collect();
    let mut columns: Vec<&str> =
        failing.iter().filter_map(|equation| equation.right.first().map(|id| column_of(*id))).collect();
    columns.sort_unstable();
    columns.dedup();
    let [one, other] = columns[..] else { return Vec::new() };
    if failing
        .iter()
        .any(|equation| equation.id == EquationId::ApplicantsAddUp || holds(equation, &cells).is_none())
    {
        return Vec::new();
    }
    let moves = form.requests.iter().flat_map(|row| [(row.id, one, other), (row.id, other, one)]);
    let mended: Vec<_> = moves
        .filter_map(|(row, from, to)| {
            let (from, to) = (form.request_cell(row, from)?, form.request_cell(row, to)?);
            let value = cells.value(from).filter(|value| *value > Decimal::ZERO)?;
            cells.value(to).filter(Decimal::is_zero)?;
            let mut moved = cells.clone();
            moved.get_mut(from)?.value = Some(Decimal::ZERO);
            moved.get_mut(to)?.value = Some(value);
            equations
                .iter()
                .all(|equation| holds(equation, &moved) == Some(true))
                .then_some((from, to, value))
        })
        .collect();
    let [(from, to, value)] = mended[..] else { return Vec::new() };
    let what = format!(
        "表三“{}”行的{}件填在“{}”列，改填到“{}”列后各行各列全部平衡。",
        row_label(form, from),
        number(value),
        column_label(form, from),
        column_label(form, to)
    );
    vec![rule.fails(report, vec![from, to], what)]
}

/// The cells, with 0 in each blank cell and each placeholder.
fn zeroed(report: &Report) -> Cells {
    let mut cells = report.cells.clone();
    for id in report.cells.form().map_or(&[][..], Form::cells) {
        if let Some(cell) = cells.get_mut(*id)
            && matches!(cell.state, CellState::Blank | CellState::Placeholder)
        {
            cell.value = Some(Decimal::ZERO);
        }
    }
    cells
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "requests.received.natural_person=3 requests.received.total=3 requests.granted.enterprise=3 requests.granted.total=3 requests.concluded.natural_person=3 requests.concluded.total=3").says("表三“（一）予以公开”行的3件填在“商业企业”列，改填到“自然人”列后各行各列全部平衡。请核对该申请人的类别后更正。"),
    Case::fails(FormId::F2021, "requests.received.natural_person=3 requests.received.enterprise=blank requests.received.total=3 requests.granted.enterprise=3 requests.granted.total=3 requests.concluded.enterprise=3 requests.concluded.total=3"),
    Case::holds(FormId::F2021, "requests.received.natural_person=3 requests.received.total=3 requests.granted.enterprise=2 requests.granted.total=2 requests.concluded.natural_person=3 requests.concluded.total=3"),
    Case::holds(FormId::F2021, "requests.received.natural_person=3 requests.received.total=3 requests.carried_in.enterprise=missing"),
];
