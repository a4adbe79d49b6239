//! T2-16: fees are no items.

use report::{Finding, FormId, Report, Severity};

use crate::place::{active_label, number};
use crate::years::Pair;
use crate::{Case, Check, ONLY_2021, Rule};

/// T2-16: 收费金额不是上年的收费项目数量.
pub static T2_16: Rule = Rule {
    id: "T2-16",
    name: "fees-are-no-items",
    severity: Severity::Warning,
    forms: ONLY_2021,
    basis: "国办公开办函〔2021〕30号所附格式，表二：本年收费金额（单位：万元）",
    formula: "上年为2019年格式：fees.amount(本年) ≠ items_last_year(上年) + items_change(上年)，均为0的除外",
    requirement: "收费金额不是上年的收费项目数量",
    problem: "收费金额误填为上年的收费项目数量",
    hint: "请核对是否沿用了收费项目数量，改填本年收费金额。",
    since: "2026.13",
    check: Check::Years(check),
    cases: CASES,
};

fn check(rule: &Rule, report: &Report, last: &Report) -> Vec<Finding> {
    let judge = || {
        let pair = Pair::of_forms(report, last, FormId::F2021, FormId::F2019)?;
        let id = pair.form.active_cell("fees", "amount")?;
        let items_id = pair.last_form.active_cell("fees", "items_last_year")?;
        let change_id = pair.last_form.active_cell("fees", "items_change")?;
        let amount = pair.now(id).filter(|amount| !amount.is_zero())?;
        let items = pair.before(items_id)?.saturating_add(pair.before(change_id)?);
        if amount != items {
            return None;
        }
        let what = format!(
            "表二“{}”的收费金额为{}万元，恰与{}的收费项目数量相同。",
            active_label("fees").unwrap_or_default(),
            number(amount),
            pair.last_report()
        );
        let finding = rule.fails(report, vec![id], what);
        Some(pair.against(finding, &[items_id, change_id], Some(amount), Some(items)))
    };
    judge().into_iter().collect()
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(
        FormId::F2021,
        "year=2021 active.fees.amount=240 last-2019: active.fees.items_last_year=238 active.fees.items_change=2",
    ),
    Case::holds(
        FormId::F2021,
        "year=2021 active.fees.amount=240.5 last-2019: active.fees.items_last_year=240",
    ),
    Case::holds(FormId::F2021, "year=2021 last-2019:"),
];
