//! T3-11: table filled.

use report::{CellState, Claim, Decimal, Finding, FormId, Relation, Report, Severity, Table};

use crate::basis::TABLE_THREE;
use crate::place::{cells_of, ids_where};
use crate::{BOTH, Case, Check, Rule};

/// T3-11: 表三如实填写，不以符号或者全0代替.
pub static T3_11: Rule = Rule {
    id: "T3-11",
    name: "table-filled",
    severity: Severity::Warning,
    forms: BOTH,
    basis: TABLE_THREE,
    formula: "表三有数字；正文称收到申请的，表三不全为0",
    requirement: "表三如实填写，不以符号或者全0代替",
    problem: "表三以符号或者全0代替",
    hint: "请按实际办理情况重新填写表三。",
    since: "2026.13",
    check: Check::Report(check),
    cases: CASES,
};

fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    let placeholders = ids_where(report, Table::Requests, |cell| cell.state == CellState::Placeholder);
    let has_number = cells_of(report, Table::Requests).any(|(_, cell)| cell.state == CellState::Read);
    if !has_number {
        // T3-08 reports a table of blank cells as rows without figures.
        if placeholders.is_empty() {
            return Vec::new();
        }
        let what = "表三没有一个数字，填的都是符号，无从得知申请的办理情况。";
        return vec![rule.fails(report, placeholders, what)];
    }
    let known = || cells_of(report, Table::Requests).filter_map(|(_, cell)| cell.known());
    let received = report.cells.form().and_then(|form| form.request_cell("received", "total"));
    let says_received = |claim: &&Claim| {
        claim.relation == Relation::Is
            && claim.value > Decimal::ZERO
            && claim.about.is_some_and(|about| received.is_some_and(|id| about == id.into()))
    };
    match report.claims.iter().find(says_received) {
        Some(claim) if known().all(|value| value.is_zero()) => {
            let what = format!("正文称“{}”，而表三全部为0。", claim.text);
            let cells = received.into_iter().collect();
            let (left, right) = (Some(claim.value), Some(Decimal::ZERO));
            vec![Finding { left, right, origin: Some(claim.origin), ..rule.fails(report, cells, what) }]
        }
        _ => Vec::new(),
    }
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "requests.*=/"),
    Case::holds(FormId::F2021, "requests.*=blank"),
    Case::fails(FormId::F2021, "claim=~20件@requests.received.total"),
    Case::holds(FormId::F2021, "claim=0件@requests.received.total"),
    Case::holds(FormId::F2021, "claim=+5件@requests.received.total"),
    Case::holds(FormId::F2021, "claim=2件@requests.received.total requests.received.total=2"),
];
