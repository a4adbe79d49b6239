//! DOC-19: nothing doubled.

use report::{Finding, FormId, RemarkKind, Report, Severity};

use crate::basis::CAREFUL;
use crate::remarks::listed;
use crate::{BOTH, Case, Check, Rule};

/// DOC-19: 没有重复的词句.
pub static DOC_19: Rule = Rule {
    id: "DOC-19",
    name: "nothing-doubled",
    severity: Severity::Warning,
    forms: BOTH,
    basis: CAREFUL,
    formula: "正文没有紧接着重复的词句（有意重叠的除外）",
    requirement: "没有重复的词句",
    problem: "词句重复",
    hint: "请删除重复的文字。",
    since: "2026.13",
    check: Check::Report(check),
    cases: CASES,
};

fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    listed(rule, report, RemarkKind::Doubled, "正文中有重复的文字：", "")
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[Case::fails(FormId::F2021, "remark=Doubled:认真认真")];
