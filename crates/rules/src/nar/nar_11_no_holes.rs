//! NAR-11: no holes.

use report::{Finding, FormId, RemarkKind, Report, Severity};

use crate::basis::CAREFUL;
use crate::remarks::listed;
use crate::{BOTH, Case, Check, Rule};

/// NAR-11: 没有漏填的数字.
pub static NAR_11: Rule = Rule {
    id: "NAR-11",
    name: "no-holes",
    severity: Severity::Warning,
    forms: BOTH,
    basis: CAREFUL,
    formula: "正文没有“信息 条”“XX件”等留空的数字",
    requirement: "没有漏填的数字",
    problem: "正文有漏填的数字",
    hint: "请填上数字，没有发生的写0。",
    since: "2026.13",
    check: Check::Report(check),
    cases: CASES,
};

fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    listed(rule, report, RemarkKind::Hole, "正文中有漏填的数字：", "")
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[Case::fails(FormId::F2021, "remark=Hole:XX件")];
