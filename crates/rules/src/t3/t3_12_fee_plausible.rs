//! T3-12: fee plausible.

use report::{Decimal, Finding, FormId, RemarkKind, Report, Severity, Table};

use crate::basis::FEE;
use crate::place::{is_absent, number};
use crate::remarks::{at, remarks};
use crate::{Case, Check, ONLY_2021, Rule};

/// T3-12: 表三与收取信息处理费的情况相称.
pub static T3_12: Rule = Rule {
    id: "T3-12",
    name: "fee-plausible",
    severity: Severity::Info,
    forms: ONLY_2021,
    basis: FEE,
    formula: "other.fee_unpaid.total＞0 → 正文写到信息处理费；信息处理费＞0 → requests.received.total＞10（按件计收同一申请人每月10件以内不收费）",
    requirement: "表三与收取信息处理费的情况相称",
    problem: "表三与收取信息处理费的情况不相称",
    hint: "请核对表三与第六部分的说明。",
    since: "2026.13",
    check: Check::Report(check),
    cases: CASES,
};

/// Only information: fees by pages may be due for a single request.
fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    let Some(form) = report.cells.form().filter(|_| !is_absent(report, Table::Requests)) else {
        return Vec::new();
    };
    let of = |row: &str| {
        let id = form.request_cell(row, "total")?;
        Some((id, report.cells.value(id)?))
    };
    let mut findings = Vec::new();
    let unpaid = of("other.fee_unpaid").filter(|(_, value)| !value.is_zero());
    if let Some((id, value)) = unpaid.filter(|_| remarks(report, RemarkKind::Fee).next().is_none()) {
        let what = format!("表三有{}件因逾期未缴费不再处理，正文没有写到信息处理费。", number(value));
        findings.push(Finding { left: Some(value), ..rule.fails(report, vec![id], what) });
    }
    let charged =
        remarks(report, RemarkKind::Fee).find(|fee| fee.value.is_some_and(|value| !value.is_zero()));
    let few = of("received").filter(|(_, value)| *value <= Decimal::TEN);
    if let Some((fee, (id, value))) = charged.zip(few) {
        let what = format!(
            "正文称“{}”，而全年新收申请{}件，按件计收时10件以内不收费，除非按量计收。",
            fee.text,
            number(value)
        );
        findings.push(Finding {
            left: fee.value,
            right: Some(value),
            ..at(fee, rule.fails(report, vec![id], what))
        });
    }
    findings
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "unsaid=Fee requests.other.fee_unpaid.total=1"),
    Case::holds(FormId::F2021, "requests.other.fee_unpaid.total=1"),
    Case::fails(FormId::F2021, "remark=Fee:收取400元:400 requests.received.total=3"),
    Case::holds(FormId::F2021, "remark=Fee:收取400元:400 requests.received.total=30"),
    Case::holds(FormId::F2021, "remark=Fee:收取400元:400 requests.received.total=blank"),
];
