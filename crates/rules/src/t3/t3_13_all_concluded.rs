//! T3-13: all concluded.

use report::{Finding, FormId, Remark, RemarkKind, Report, Severity, Table};

use crate::basis::CAREFUL;
use crate::place::{is_absent, number};
use crate::remarks::{at, remarks};
use crate::{BOTH, Case, Check, Rule};

/// T3-13: 称全部办结的，没有结转下年度.
pub static T3_13: Rule = Rule {
    id: "T3-13",
    name: "all-concluded",
    severity: Severity::Warning,
    forms: BOTH,
    basis: CAREFUL,
    formula: "正文称全部办结 → requests.carried_out.total=0",
    requirement: "称全部办结的，没有结转下年度",
    problem: "正文称全部办结而表三有结转下年度",
    hint: "请核对正文与表三，改为一致。",
    since: "2026.13",
    check: Check::Report(check),
    cases: CASES,
};

fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    let carried_out = report.cells.form().filter(|_| !is_absent(report, Table::Requests)).and_then(|form| {
        let id = form.request_cell("carried_out", "total")?;
        Some((id, report.cells.value(id).filter(|value| !value.is_zero())?))
    });
    let Some((id, value)) = carried_out else { return Vec::new() };
    let finding = |remark: &Remark| {
        let what = format!("正文称申请“{}”，表三却有{}件结转下年度继续办理。", remark.text, number(value));
        Finding { right: Some(value), ..at(remark, rule.fails(report, vec![id], what)) }
    };
    remarks(report, RemarkKind::AllConcluded).next().map(finding).into_iter().collect()
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "remark=AllConcluded:全部办结 requests.carried_out.total=2")
        .says("正文称申请“全部办结”，表三却有2件结转下年度继续办理。请核对正文与表三，改为一致。"),
    Case::holds(FormId::F2021, "remark=AllConcluded:全部办结"),
    Case::holds(FormId::F2021, "remark=AllConcluded:全部办结 requests.carried_out.total=blank"),
];
