//! T2-10: no units.

use report::{Cell, CellId, CellKind, CellState, Decimal, Finding, FormId, Report, Severity, Table};

use crate::basis::TABLE_TWO;
use crate::place::{cells_of, number, quoted_cells};
use crate::{BOTH, Case, Check, Rule};

/// T2-10: 数量格内只填数字.
pub static T2_10: Rule = Rule {
    id: "T2-10",
    name: "no-units",
    severity: Severity::Info,
    forms: BOTH,
    basis: TABLE_TWO,
    formula: "件数、项数各格的文字 = 数字，不带 件、条、宗、个、项 等",
    requirement: "数量格内只填数字",
    problem: "数量格内写了单位",
    hint: "请删去单位，只保留数字。",
    since: "2026.11",
    check: Check::Report(check),
    cases: CASES,
};

/// The reader takes the number without its unit. A cell of money may name its unit.
fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    let counts = cells_of(report, Table::Active).filter(|(id, _)| id.kind() != CellKind::Amount);
    let glued: Vec<(CellId, &str, Decimal)> = counts.filter_map(|(id, cell)| glued_unit(id, cell)).collect();
    if glued.is_empty() {
        return Vec::new();
    }
    let cells: Vec<CellId> = glued.iter().map(|(id, ..)| *id).collect();
    let texts: Vec<String> =
        glued.iter().map(|(_, text, value)| format!("“{text}”已按{}读取", number(*value))).collect();
    let what = format!("表二{}在数字后写了单位：{}。", quoted_cells(report, &cells), texts.join("，"));
    vec![rule.fails(report, cells, what)]
}

fn glued_unit(id: CellId, cell: &Cell) -> Option<(CellId, &str, Decimal)> {
    let text = cell.text.as_deref().filter(|_| cell.state == CellState::Read)?;
    let has_unit = text.trim_end().chars().next_back().is_some_and(char::is_alphabetic);
    has_unit.then_some((id, text, cell.known()?))
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "active.licensing.decisions=45633件"),
    Case::holds(FormId::F2019, "active.procurement.amount=542.55万元"),
    Case::holds(FormId::F2021, "active.licensing.decisions=无"),
];
