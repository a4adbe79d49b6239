//! T3-03: applicants add up.

use report::{EquationId, Finding, FormId, Report, Severity};

use crate::balance::{self, Imbalance};
use crate::basis::TABLE_THREE;
use crate::place::{column_label, number};
use crate::{BOTH, Case, Check, Rule};

/// T3-03: 各类申请人之和等于总计.
pub static T3_03: Rule = Rule {
    id: "T3-03",
    name: "applicants-add-up",
    severity: Severity::Error,
    forms: BOTH,
    basis: TABLE_THREE,
    formula: "每行：natural_person + enterprise + research + social_org + legal_service + other_org = total",
    requirement: "各类申请人之和等于总计",
    problem: "各类申请人之和与总计不等",
    hint: "请核对该行各列及总计后更正。",
    since: "2026.11",
    check: Check::Report(check),
    cases: CASES,
};

fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    balance::check(rule, report, EquationId::ApplicantsAddUp, describe)
}

fn describe(imbalance: &Imbalance) -> String {
    format!(
        "表三“{}”行不平衡：{}，合计{}件{}；总计{}，相差{}件。",
        imbalance.place(),
        imbalance.parts(column_label),
        number(imbalance.left),
        imbalance.caveat(),
        imbalance.total(),
        imbalance.gap(),
    )
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "requests.received.research=2 requests.received.enterprise=blank requests.received.total=1").says("表三“一、本年新收政府信息公开申请数量”行不平衡：科研机构2件，合计2件（另有1格没有数字，未计入）；总计1件，相差1件。请核对该行各列及总计后更正。"),
    Case::holds(FormId::F2021, "requests.granted.enterprise=2 requests.granted.other_org=1 requests.granted.total=3"),
    Case::fails(FormId::F2021, "requests.granted.enterprise=2 requests.granted.total=1"),
    Case::fails(FormId::F2019, "requests.refused.process.total=1"),
    Case::unknown(FormId::F2021, "requests.granted.enterprise=blank"),
    Case::fails(FormId::F2021, "requests.granted.enterprise=blank requests.granted.research=2 requests.granted.total=1"),
    Case::holds(FormId::F2021, "requests.granted.enterprise=proved:2 requests.granted.total=2"),
    Case::holds(FormId::F2021, "requests.*.total=derived:0 note=ColumnAbsent:total"),
    Case::holds(FormId::F2021, "requests.*.total=missing note=ColumnAbsent:total"),
    Case::holds(FormId::F2021, "requests.granted.*=missing note=RowRepeated:granted"),
];
