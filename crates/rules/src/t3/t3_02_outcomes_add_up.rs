//! T3-02: outcomes add up.

use report::{EquationId, Finding, FormId, Report, Severity};

use crate::balance::{self, Imbalance};
use crate::place::{number, row_label};
use crate::{Case, Check, ONLY_2021, Rule};

/// T3-02: 办理结果各项之和等于总计.
pub static T3_02: Rule = Rule {
    id: "T3-02",
    name: "outcomes-add-up",
    severity: Severity::Error,
    forms: ONLY_2021,
    basis: "国办公开办函〔2021〕30号所附格式，表三",
    formula: "每列：granted + partial + Σrefused.* + Σunavailable.* + Σunprocessed.* + Σother.* = concluded",
    requirement: "办理结果各项之和等于总计",
    problem: "办理结果各项之和与总计不等",
    hint: "请核对该列办理结果各项及总计后更正。",
    since: "2026.11",
    check: Check::Report(check),
    cases: CASES,
};

fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    balance::check(rule, report, EquationId::OutcomesAddUp, describe)
}

pub(super) fn describe(imbalance: &Imbalance) -> String {
    format!(
        "表三“{}”列办理结果不平衡：{}，合计{}件{}；“(七)总计”{}，相差{}件。",
        imbalance.place(),
        imbalance.parts(row_label),
        number(imbalance.left),
        imbalance.caveat(),
        imbalance.total(),
        imbalance.gap(),
    )
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "requests.granted.enterprise=2 requests.concluded.enterprise=3"),
    Case::holds(FormId::F2021, "requests.granted.enterprise=2 requests.other.misc.enterprise=1 requests.concluded.enterprise=3"),
    Case::unknown(FormId::F2021, "requests.granted.enterprise=/"),
    Case::fails(FormId::F2021, "requests.granted.enterprise=/ requests.partial.enterprise=1"),
    Case::holds(FormId::F2021, "requests.other.*=missing note=ForeignRow:other note=RowAbsent:other.misc"),
    Case::fails(
        FormId::F2021,
        "requests.granted.enterprise=6 requests.concluded.enterprise=10 requests.other.*=missing note=ForeignRow:other \
         note=GroupFigure:enterprise:1",
    ),
    Case::holds(
        FormId::F2021,
        "requests.granted.enterprise=6 requests.concluded.enterprise=7 requests.other.*=missing note=ForeignRow:other \
         note=GroupFigure:enterprise:1",
    ),
    Case::holds(FormId::F2019, "requests.granted.enterprise=2"),
    Case::fails(FormId::F2021, "requests.refused.third_party.natural_person=1").says("表三“自然人”列办理结果不平衡：（三）不予公开·4.保护第三方合法权益1件，合计1件；“（七）总计”0件，相差1件。请核对该列办理结果各项及总计后更正。将表三“（三）不予公开·4.保护第三方合法权益”行“自然人”列由1改为0后，各行各列全部平衡。"),
];
