//! XY-05: items follow.

use report::{CellId, Decimal, Finding, FormId, Report, Severity};

use crate::basis::TABLE_TWO_2019;
use crate::place::{column_of, number, row_label, row_of};
use crate::years::Pair;
use crate::{Case, Check, ONLY_2019, Rule};

/// XY-05: 上一年项目数量与上年度报告衔接.
pub static XY_05: Rule = Rule {
    id: "XY-05",
    name: "items-follow",
    severity: Severity::Warning,
    forms: ONLY_2019,
    basis: TABLE_TWO_2019,
    formula: "items_last_year(本年) = items_last_year(上年) + items_change(上年)，两年均为2019年格式",
    requirement: "上一年项目数量与上年度报告衔接",
    problem: "上一年项目数量与上年度报告不衔接",
    hint: "请与上年度报告核对后更正。",
    since: "2026.13",
    check: Check::Years(check),
    cases: CASES,
};

/// Makes one finding for all rows.
fn check(rule: &Rule, report: &Report, last: &Report) -> Vec<Finding> {
    let Some(pair) = Pair::of_forms(report, last, FormId::F2019, FormId::F2019) else { return Vec::new() };
    let rows = pair.form.cells().iter().copied().filter(|id| column_of(*id) == "items_last_year");
    let broken = rows.filter_map(|id| {
        let change = pair.last_form.active_cell(row_of(id), "items_change")?;
        let expected = pair.before(id)?.saturating_add(pair.before(change)?);
        let now = pair.now(id)?;
        (now != expected).then_some((id, now, expected))
    });
    let broken: Vec<(CellId, Decimal, Decimal)> = broken.collect();
    let Some((_, now, before)) = broken.first() else { return Vec::new() };
    let places = broken.iter().map(|(id, now, expected)| {
        format!("“{}”填{}项，应为{}项", row_label(pair.form, *id), number(*now), number(*expected))
    });
    let places: Vec<String> = places.collect();
    let what = format!(
        "表二的上一年项目数量与{}的项目数量加减后不一致：{}。",
        pair.last_report(),
        places.join("，")
    );
    let cells: Vec<CellId> = broken.iter().map(|(id, ..)| *id).collect();
    let finding = rule.fails(report, cells.clone(), what);
    vec![pair.against(finding, &cells, Some(*now), Some(*before))]
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(
        FormId::F2019,
        "year=2020 active.licensing.items_last_year=329 last: active.licensing.items_last_year=329 active.licensing.items_change=-37",
    ),
    Case::holds(
        FormId::F2019,
        "year=2020 active.licensing.items_last_year=292 last: active.licensing.items_last_year=329 active.licensing.items_change=-37",
    ),
    Case::holds(
        FormId::F2019,
        "year=2020 active.fees.items_last_year=3 last: active.fees.items_last_year=blank",
    ),
];
