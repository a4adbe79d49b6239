//! DOC-16: published last year.

use report::{Decimal, Finding, FormId, Remark, RemarkKind, Report, Severity};

use crate::remarks::{at, remarks};
use crate::{BOTH, Case, Check, Rule};

/// DOC-16: 所称公布的年度报告为上一年度的报告.
pub static DOC_16: Rule = Rule {
    id: "DOC-16",
    name: "published-last-year",
    severity: Severity::Info,
    forms: BOTH,
    basis: "《条例》第四十九条：当年公布的是上一年度的年度报告",
    formula: "正文所称已公布的年度报告的年度=报告年度-1",
    requirement: "所称公布的年度报告为上一年度的报告",
    problem: "所称公布的年度报告年度有误",
    hint: "请核对年份。",
    since: "2026.13",
    check: Check::Report(check),
    cases: CASES,
};

fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    let Some(year) = report.year else { return Vec::new() };
    let own = Decimal::from(year.get());
    let is_own = |remark: &&Remark| remark.value == Some(own);
    let what = format!("正文称本年度公布了{year}年的年度报告，而{year}年度报告在次年公布。");
    remarks(report, RemarkKind::Published)
        .find(is_own)
        .map(|remark| Finding {
            left: Some(own),
            right: Some(own - Decimal::ONE),
            ..at(remark, rule.fails(report, Vec::new(), what))
        })
        .into_iter()
        .collect()
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "remark=Published:发布2024年报告:2024"),
    Case::holds(FormId::F2021, "remark=Published:发布2023年报告:2023"),
];
