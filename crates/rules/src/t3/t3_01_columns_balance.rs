//! T3-01: columns balance.

use report::{EquationId, Finding, FormId, Report, Severity};

use crate::balance::{self, Imbalance};
use crate::basis::NOTE_OF_TABLE_THREE;
use crate::place::number;
use crate::{BOTH, Case, Check, Rule};

/// T3-01: 新收加上年结转等于办理总计加结转下年度.
pub static T3_01: Rule = Rule {
    id: "T3-01",
    name: "columns-balance",
    severity: Severity::Error,
    forms: BOTH,
    basis: NOTE_OF_TABLE_THREE,
    formula: "每列：received + carried_in = concluded + carried_out",
    requirement: "新收加上年结转等于办理总计加结转下年度",
    problem: "新收加上年结转与办理总计加结转下年度不等",
    hint: "请核对该列四个数字后更正。",
    since: "2026.11",
    check: Check::Report(check),
    cases: CASES,
};

fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    balance::check(rule, report, EquationId::RequestsBalance, describe)
}

fn describe(imbalance: &Imbalance) -> String {
    let terms: Vec<String> = imbalance.equation.terms().map(|id| imbalance.term(id)).collect();
    let [received, carried_in, concluded, carried_out] = &terms[..] else { return String::new() };
    let (left, right) = (number(imbalance.left), number(imbalance.right));
    format!(
        "表三“{}”列不平衡：新收{received}+上年结转{carried_in}={left}件，\
         办理结果总计{concluded}+结转下年度{carried_out}={right}件{}，相差{}件。",
        imbalance.place(),
        imbalance.caveat(),
        imbalance.gap(),
    )
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "requests.received.natural_person=3 requests.concluded.natural_person=2").says("表三“自然人”列不平衡：新收3件+上年结转0件=3件，办理结果总计2件+结转下年度0件=2件，相差1件。请核对该列四个数字后更正。"),
    Case::holds(FormId::F2021, "requests.received.research=2 requests.carried_in.research=1 requests.concluded.research=3"),
    Case::fails(FormId::F2021, "requests.received.research=2 requests.concluded.research=1"),
    Case::fails(FormId::F2019, "requests.carried_out.total=1"),
    Case::unknown(FormId::F2021, "requests.received.research=blank"),
    Case::unknown(FormId::F2021, "requests.received.research=blank requests.concluded.research=3"),
    Case::fails(FormId::F2021, "requests.received.research=blank requests.carried_in.research=3"),
    Case::unknown(FormId::F2021, "requests.received.research=missing"),
    Case::holds(FormId::F2021, "requests.received.research=3|4"),
    Case::holds(FormId::F2021, "requests.*=missing note=TableAbsent:requests"),
    Case::fails(FormId::F2021, "requests.received.total=79228162514264337593543950335 requests.carried_in.total=79228162514264337593543950335"),
    Case::unknown(FormId::F2021, "requests.received.enterprise=blank").says("表三“商业企业”列有1格没有数字，无法核对“新收加上年结转等于办理总计加结转下年度”（空格按0计则平衡）。请补填后重新核对，没有发生的填0。"),
];
