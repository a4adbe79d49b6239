//! XY-07: no jumps.

use report::{CellId, Decimal, Finding, FormId, Report, Severity};

use crate::basis::ACCURATE;
use crate::place::number;
use crate::years::Pair;
use crate::{BOTH, Case, Check, Rule};

/// XY-07: 主要数字与上年相比没有剧变.
pub static XY_07: Rule = Rule {
    id: "XY-07",
    name: "no-jumps",
    severity: Severity::Warning,
    forms: BOTH,
    basis: ACCURATE,
    formula: "主要数字：0.2 ≤ 本年 ÷ 上年 ≤ 5，或者 |本年 − 上年| < 10",
    requirement: "主要数字与上年相比没有剧变",
    problem: "主要数字与上年相差悬殊",
    hint: "请核对数字和计量单位，情况属实的请在报送时说明原因。",
    since: "2026.13",
    check: Check::Years(check),
    cases: CASES,
};

/// The figures that show how much an agency does.
const MAIN_FIGURES: [&str; 10] = [
    "requests.received.total",
    "active.normative_documents.in_force",
    "active.licensing.decisions",
    "active.other_services.decisions",
    "active.penalty.decisions",
    "active.coercion.decisions",
    "active.fees.amount",
    "active.procurement.amount",
    "review.total",
    "direct_litigation.total",
];

/// A figure jumps if it grows or shrinks by more than this factor.
const JUMP: i64 = 5;

/// A smaller change is no jump, whatever its factor: from 1 to 6.
const JUMP_FLOOR: i64 = 10;

/// Makes one finding for all figures.
fn check(rule: &Rule, report: &Report, last: &Report) -> Vec<Finding> {
    let jump = |name: &&str| {
        let table = CellId::parse(name).ok()?.table();
        let (id, now, before) = Pair::of(report, last, table)?.both(name)?;
        let times = |value: Decimal| value.saturating_mul(JUMP.into());
        let is_jump = now > times(before) || before > times(now);
        let is_large = now.saturating_sub(before).abs() >= JUMP_FLOOR.into();
        (is_jump && is_large).then_some((id, now, before))
    };
    let jumps: Vec<(CellId, Decimal, Decimal)> = MAIN_FIGURES.iter().filter_map(jump).collect();
    let Some((id, now, before)) = jumps.first() else { return Vec::new() };
    let Some(pair) = Pair::of(report, last, id.table()) else { return Vec::new() };
    let places = jumps.iter().map(|(id, now, before)| {
        format!("{}由{}变为{}", pair.form.place(*id), number(*before), number(*now))
    });
    let places: Vec<String> = places.collect();
    let what = format!("与{}相比变化很大：{}。", pair.last_report(), places.join("，"));
    let cells: Vec<CellId> = jumps.iter().map(|(id, ..)| *id).collect();
    let finding = rule.fails(report, cells.clone(), what);
    vec![pair.against(finding, &cells, Some(*now), Some(*before))]
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "requests.received.total=60 last: requests.received.total=10"),
    Case::holds(FormId::F2021, "requests.received.total=6 last: requests.received.total=1"),
    Case::holds(FormId::F2021, "requests.received.total=50 last: requests.received.total=10"),
    Case::fails(FormId::F2021, "active.licensing.decisions=4277 last: active.licensing.decisions=45633"),
    Case::fails(
        FormId::F2021,
        "year=2021 active.licensing.decisions=4277 last-2019: active.licensing.decisions=45633",
    ),
    Case::holds(FormId::F2021, "requests.received.total=60 last: requests.received.total=blank"),
];
