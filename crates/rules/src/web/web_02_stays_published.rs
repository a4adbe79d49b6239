//! WEB-02: stays published.

use report::{Finding, FormId, Report, Severity};

use crate::basis::REPORT_OF_A_DEPARTMENT;
use crate::published::{Gone, Published};
use crate::{BOTH, Case, Check, Rule};

/// WEB-02: 公布的报告可以访问.
pub static WEB_02: Rule = Rule {
    id: "WEB-02",
    name: "stays-published",
    severity: Severity::Warning,
    forms: BOTH,
    basis: REPORT_OF_A_DEPARTMENT,
    formula: "公布报告的网页在间隔一段时间的两次访问中至少一次可以访问",
    requirement: "公布的报告可以访问",
    problem: "已撤下或者无法访问",
    hint: "请恢复网页，或者告知新的网址。",
    since: "2026.17",
    check: Check::Published(check),
    cases: CASES,
};

fn check(rule: &Rule, report: &Report, published: &Published<'_>) -> Vec<Finding> {
    let Some(Gone { status, since }) = published.gone else { return Vec::new() };
    let what = match status {
        404 | 410 => format!("公布报告的网页自{since}起无法访问（{status}）。"),
        _ => format!("公布报告的网页自{since}起内容已不是年度报告。"),
    };
    vec![rule.fails(report, Vec::new(), what)]
}

/// `gone=404` says what the site answers. The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "gone=404")
        .says("公布报告的网页自2025-03-02起无法访问（404）。请恢复网页，或者告知新的网址。"),
    Case::fails(FormId::F2021, "gone=200")
        .says("公布报告的网页自2025-03-02起内容已不是年度报告。请恢复网页，或者告知新的网址。"),
    Case::holds(FormId::F2021, ""),
];
