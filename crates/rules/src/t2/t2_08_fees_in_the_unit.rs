//! T2-08: fees in the unit.

use report::{CellState, Finding, FormId, NoteKind, Report, Severity, Table};

use crate::body::{self, Body};
use crate::place::{cells_of, number, row_of};
use crate::{Case, Check, ONLY_2021, Rule};

/// T2-08: 收费金额以万元为单位.
pub static T2_08: Rule = Rule {
    id: "T2-08",
    name: "fees-in-the-unit",
    severity: Severity::Warning,
    forms: ONLY_2021,
    basis: "国办公开办函〔2021〕30号所附格式，表二：本年收费金额（单位：万元）",
    formula: "表头和 fees.amount 均以万元计；fees.amount 为1000的整倍数，或部门达到100000的，疑为以元计",
    requirement: "收费金额以万元为单位",
    problem: "收费金额疑似未以万元为单位",
    hint: "请核对单位，按万元填写。",
    since: "2026.13",
    check: Check::Report(check),
    cases: CASES,
};

/// Fees of a year in 万元 that are too high for a single department.
const FEES_OF_A_GOVERNMENT: i64 = 100_000;

/// An amount in 万元 that is a multiple of this is more likely an amount in 元.
const ROUND_FEES: i64 = 1_000;

/// The reader converts the amount to 万元 by the unit that the cell or its heading names.
fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    let Some((id, cell)) = cells_of(report, Table::Active).find(|(id, _)| row_of(*id) == "fees") else {
        return Vec::new();
    };
    let Some(value) = cell.value.filter(|_| cell.state == CellState::Read) else { return Vec::new() };
    let text = cell.text.as_deref().unwrap_or_default().trim();
    let heading = report.notes.iter().find(|note| note.kind == NoteKind::MoneyUnit && note.subject == "fees");
    let is_whole_multiple =
        value >= ROUND_FEES.into() && value.checked_rem(ROUND_FEES.into()).is_some_and(|rest| rest.is_zero());
    let is_large = value >= FEES_OF_A_GOVERNMENT.into() && body::of(report) == Some(Body::Department);
    let what = if text.ends_with('元') && !text.ends_with("万元") {
        format!("表二“行政事业性收费”填的是“{text}”，已按{}万元读取。", number(value))
    } else if heading.is_some() && !text.ends_with('元') {
        format!("表二收费金额的表头单位不是万元，“{text}”已按{}万元读取。", number(value))
    } else if is_whole_multiple || is_large {
        format!("表二“行政事业性收费”为{}万元，疑为以元计的金额。", number(value))
    } else {
        return Vec::new();
    };
    vec![Finding { left: Some(value), ..rule.fails(report, vec![id], what) }]
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "active.fees.amount=251000元"),
    Case::holds(FormId::F2021, "active.fees.amount=96171.6"),
    Case::holds(FormId::F2021, "active.fees.amount=25.1万元"),
    Case::fails(FormId::F2021, "active.fees.amount=0.3 note=MoneyUnit:fees:1"),
    Case::fails(FormId::F2021, "active.fees.amount=3000"),
    Case::fails(FormId::F2021, "active.fees.amount=316441.5"),
    Case::holds(FormId::F2021, "active.fees.amount=316441 agency=杭州市人民政府 region=330100:浙江省杭州市"),
    Case::fails(FormId::F2021, "active.fees.amount=100000.5"),
    Case::holds(FormId::F2021, "active.fees.amount=99999.5"),
];
