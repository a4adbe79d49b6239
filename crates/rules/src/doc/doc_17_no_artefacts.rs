//! DOC-17: no artefacts.

use report::{Finding, FormId, RemarkKind, Report, Severity};

use crate::basis::CAREFUL;
use crate::remarks::listed;
use crate::{BOTH, Case, Check, Rule};

/// DOC-17: 没有残留的代码和页码.
pub static DOC_17: Rule = Rule {
    id: "DOC-17",
    name: "no-artefacts",
    severity: Severity::Info,
    forms: BOTH,
    basis: CAREFUL,
    formula: "正文没有编辑标记、网页代码、乱码、混入的页码",
    requirement: "没有残留的代码和页码",
    problem: "残留代码或者页码",
    hint: "请删除后重新公布。",
    since: "2026.13",
    check: Check::Report(check),
    cases: CASES,
};

fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    listed(rule, report, RemarkKind::Artefact, "正文中残留", "等与内容无关的字符")
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[Case::fails(FormId::F2021, "remark=Artefact:_GoBack")];
