//! T3-02b: outcomes add up 2019.

use report::{EquationId, Finding, FormId, Report, Severity};

use super::t3_02_outcomes_add_up::describe;
use crate::balance::{self};
use crate::{Case, Check, ONLY_2019, Rule};

/// T3-02b: 办理结果各项之和等于总计.
pub static T3_02B: Rule = Rule {
    id: "T3-02b",
    name: "outcomes-add-up-2019",
    severity: Severity::Error,
    forms: ONLY_2019,
    basis: "国办公开办函〔2019〕60号所附格式，表三",
    formula: "每列：granted + partial + Σrefused.* + Σunavailable.* + Σunprocessed.* + other = concluded",
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

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2019, "requests.other.enterprise=2 requests.concluded.enterprise=1"),
    Case::holds(FormId::F2019, "requests.other.enterprise=2 requests.concluded.enterprise=2"),
    Case::unknown(FormId::F2019, "requests.other.enterprise=missing"),
    Case::holds(FormId::F2019, "requests.other.*=missing note=RowWithoutFigures:other"),
];
