//! T2-09: procurement.

use report::{Cell, CellId, Finding, FormId, NoteKind, Report, Severity};

use super::rows::filled;
use crate::basis::TABLE_TWO_2019;
use crate::place::{has_note, number};
use crate::{Case, Check, ONLY_2019, Rule};

/// T2-09: 采购金额写明单位，与采购项目数量相符.
pub static T2_09: Rule = Rule {
    id: "T2-09",
    name: "procurement",
    severity: Severity::Warning,
    forms: ONLY_2019,
    basis: TABLE_TWO_2019,
    formula: "procurement.amount 或其表头写有单位；procurement.count = 0 ⇔ procurement.amount = 0",
    requirement: "采购金额写明单位，与采购项目数量相符",
    problem: "采购金额没有写明单位或者与项目数量不符",
    hint: "请核对后写明金额单位，没有采购的两格均填0。",
    since: "2026.13",
    check: Check::Report(check),
    cases: CASES,
};

fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    let procurement = filled(report, ["count", "amount"]).find(|(row, _)| row.id == "procurement");
    let Some((row, [count, amount])) = procurement else { return Vec::new() };
    let says_unit =
        |(_, cell): &(CellId, &Cell)| cell.text.as_deref().is_some_and(|text| text.contains('元'));
    let names_unit = row.cells.iter().any(says_unit) || has_note(report, NoteKind::MoneyUnit, "procurement");
    let what = if count.is_zero() != amount.is_zero() {
        format!("表二“政府集中采购”项目{}个，金额却为{}万元。", number(count), number(amount))
    } else if !amount.is_zero() && !names_unit {
        format!("表二“政府集中采购”的采购总金额只写了{}，没有写明是元还是万元。", number(amount))
    } else {
        return Vec::new();
    };
    vec![rule.fails(report, row.ids().collect(), what)]
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2019, "active.procurement.count=11 active.procurement.amount=52.15"),
    Case::holds(FormId::F2019, "active.procurement.count=11 active.procurement.amount=542.55万元"),
    Case::holds(
        FormId::F2019,
        "active.procurement.count=11 active.procurement.amount=52.15 note=MoneyUnit:procurement:10000",
    ),
    Case::fails(FormId::F2019, "active.procurement.count=11"),
    Case::fails(FormId::F2019, "active.procurement.amount=52.15万元"),
];
