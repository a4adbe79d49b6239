//! DOC-22: one report.

use report::{Decimal, Finding, FormId, RemarkKind, Report, Severity};

use crate::remarks::{at, remarks};
use crate::{BOTH, Case, Check, Rule};

/// DOC-22: 一个文件只有一份报告.
pub static DOC_22: Rule = Rule {
    id: "DOC-22",
    name: "one-report",
    severity: Severity::Warning,
    forms: BOTH,
    basis: "《条例》第四十九条：行政机关每年公布上一年度的年度报告",
    formula: "文件中没有另一份年度报告；附有本机关以往年度报告的，仅提示",
    requirement: "一个文件只有一份报告",
    problem: "文件中还有另一份年度报告",
    hint: "请每个文件只报送一份报告。",
    since: "2026.15",
    check: Check::Report(check),
    cases: CASES,
};

/// Last year's report of the same agency, on a second sheet or further down the page, is no fault.
fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    let Some(other) = remarks(report, RemarkKind::OtherReport).next() else { return Vec::new() };
    let own = report.year.map(|year| Decimal::from(year.get()));
    let is_earlier = other.value.zip(own).is_some_and(|(other, own)| other < own)
        && report.agency.as_deref().is_some_and(|agency| other.text.contains(agency));
    let title = if other.text.is_empty() { String::new() } else { format!("“{}”", other.text) };
    let what = format!("文件中还有另一份年度报告{title}，只核对了其中一份。");
    let severity = if is_earlier { Severity::Info } else { rule.severity };
    vec![at(other, Finding { severity, ..rule.fails(report, Vec::new(), what) })]
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "remark=OtherReport:枣庄市教育局2024年政府信息公开工作年度报告:2024"),
    Case::fails(FormId::F2021, "remark=OtherReport:枣庄市行政审批服务局2023年政府信息公开工作年度报告:2023"),
    Case::fails(FormId::F2021, "remark=OtherReport:"),
    Case::holds(FormId::F2021, "year=2024"),
];
