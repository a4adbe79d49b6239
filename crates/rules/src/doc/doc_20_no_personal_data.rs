//! DOC-20: no personal data.

use report::{Finding, FormId, RemarkKind, Report, Severity};

use crate::remarks::listed;
use crate::{BOTH, Case, Check, Rule};

/// DOC-20: 不泄露个人信息.
pub static DOC_20: Rule = Rule {
    id: "DOC-20",
    name: "no-personal-data",
    severity: Severity::Warning,
    forms: BOTH,
    basis: "《条例》第十五条：涉及个人隐私的政府信息不得公开；《个人信息保护法》第二十五条",
    formula: "正文没有公民身份号码、申请人的手机号码",
    requirement: "不泄露个人信息",
    problem: "疑似泄露个人信息",
    hint: "请立即删除后重新公布。",
    since: "2026.13",
    check: Check::Report(check),
    cases: CASES,
};

fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    listed(rule, report, RemarkKind::Personal, "正文中疑似有公民身份号码或申请人的电话号码：", "")
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[Case::fails(FormId::F2021, "remark=Personal:138******78")];
