//! T3-04: totals written.

use report::{Cell, CellId, CellState, Finding, FormId, Report, Severity, Table};

use crate::basis::TABLE_THREE;
use crate::place::{cells_of, column_of, is_blank, rows, value_in};
use crate::{BOTH, Case, Check, Rule};

/// T3-04: 总计与各类申请人都逐行填写.
pub static T3_04: Rule = Rule {
    id: "T3-04",
    name: "totals-written",
    severity: Severity::Info,
    forms: BOTH,
    basis: TABLE_THREE,
    formula: "total 空白 ⇒ 各类申请人也空白；各类申请人空白 ⇒ total 空白或为0",
    requirement: "总计与各类申请人都逐行填写",
    problem: "总计或者各类申请人空白",
    hint: "请逐行补填，没有发生的填0。",
    since: "2026.13",
    check: Check::Report(check),
    cases: CASES,
};

/// The blank figures can be derived and the sums hold, but the form demands that they are written.
fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    if !cells_of(report, Table::Requests).any(|(_, cell)| is_blank(cell)) {
        return Vec::new();
    }
    let (mut without_total, mut only_total) = (Vec::new(), Vec::new());
    for row in rows(report, Table::Requests) {
        let (totals, parts): (Vec<_>, Vec<_>) =
            row.cells.iter().partition(|(id, _)| column_of(*id) == "total");
        let is_read = |(_, cell): &(CellId, &Cell)| cell.state == CellState::Read;
        if totals.iter().any(|(_, cell)| is_blank(cell)) && parts.iter().any(is_read) {
            without_total.extend(totals.iter().map(|(id, _)| *id));
        } else if totals.iter().any(is_read)
            && value_in(&row, "total").is_some_and(|total| !total.is_zero())
            && parts.iter().all(|(_, cell)| is_blank(cell))
        {
            only_total.extend(parts.iter().map(|(id, _)| *id));
        }
    }
    let kinds = [
        (without_total, "行填了各类申请人而总计空白，总计可由各类申请人相加得出"),
        (only_total, "格空白，该行只填了总计，各类申请人的数字无从得知"),
    ];
    let kinds = kinds.into_iter().filter(|(cells, _)| !cells.is_empty());
    kinds
        .map(|(cells, what)| {
            let what = format!("表三有{}{what}。", cells.len());
            rule.fails(report, cells, what)
        })
        .collect()
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2019, "requests.refused.process.total=proved:0"),
    Case::fails(FormId::F2021, "requests.refused.process.*=blank requests.refused.process.total=3"),
    Case::holds(FormId::F2021, "requests.refused.process.*=blank requests.refused.process.total=0"),
    Case::holds(FormId::F2021, "requests.refused.process.*=blank"),
    Case::holds(FormId::F2021, "requests.*.total=missing"),
];
