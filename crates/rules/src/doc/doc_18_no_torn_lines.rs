//! DOC-18: no torn lines.

use report::{Finding, FormId, RemarkKind, Report, Severity};

use crate::basis::CAREFUL;
use crate::remarks::listed;
use crate::{BOTH, Case, Check, Rule};

/// DOC-18: 段落没有从词中断开.
pub static DOC_18: Rule = Rule {
    id: "DOC-18",
    name: "no-torn-lines",
    severity: Severity::Info,
    forms: BOTH,
    basis: CAREFUL,
    formula: "段落不在一个词的中间结束",
    requirement: "段落没有从词中断开",
    problem: "段落从词中断开",
    hint: "请把断开的段落接上。",
    since: "2026.13",
    check: Check::Report(check),
    cases: CASES,
};

fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    listed(rule, report, RemarkKind::Torn, "段落在", "处从词中断开")
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[Case::fails(FormId::F2021, "remark=Torn:信息公/开工作")];
