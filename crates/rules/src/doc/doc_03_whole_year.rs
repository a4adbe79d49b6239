//! DOC-03: whole year.

use report::{Finding, FormId, Remark, RemarkKind, Report, Severity};

use crate::dates::in_words;
use crate::sections::precedes_the_forms;
use crate::{BOTH, Case, Check, Rule};

/// DOC-03: 统计期限为全年.
pub static DOC_03: Rule = Rule {
    id: "DOC-03",
    name: "whole-year",
    severity: Severity::Error,
    forms: BOTH,
    basis: "《条例》第四十九条、第五十条：年度报告报告上一年度的情况",
    formula: "统计期限=报告年度1月1日至12月31日",
    requirement: "统计期限为全年",
    problem: "统计期限不是全年",
    hint: "请改为报告年度的1月1日至12月31日，有特殊情况的在第六部分说明。",
    since: "2026.13",
    check: Check::Report(check),
    cases: CASES,
};

/// Whether the period is of another year is for DOC-02.
fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    let period = report.remarks.iter().find(|remark| remark.kind == RemarkKind::Period);
    let Some(period) = period.filter(|_| !precedes_the_forms(report)) else { return Vec::new() };
    let (what, severity) = match period.text.split_once('/') {
        Some((from, to)) if is_whole_year(from, to) => return Vec::new(),
        Some((from, to)) => {
            (format!("统计期限为{}至{}，不是完整的报告年度。", chinese(from), chinese(to)), rule.severity)
        }
        // The remaining digits may still give the right days.
        None if is_whole_year_damaged(period) => {
            (format!("统计期限“{}”缺少“年”“月”等字样。", period.text), Severity::Warning)
        }
        None => (format!("统计期限“{}”缺少字样，且不是完整的报告年度。", period.text), rule.severity),
    };
    vec![Finding { severity, origin: Some(period.origin), ..rule.fails(report, Vec::new(), what) }]
}

fn is_whole_year(from: &str, to: &str) -> bool {
    let year = from.strip_suffix("-01-01");
    year.is_some() && year == to.strip_suffix("-12-31")
}

fn is_whole_year_damaged(period: &Remark) -> bool {
    let digits: String = period.text.chars().filter(char::is_ascii_digit).collect();
    let Some((year, days)) = digits.split_at_checked(4) else { return false };
    let (from, to) = match days.split_once(year) {
        Some(days) => days,
        None => days.split_at_checked(days.len().saturating_sub(4)).unwrap_or((days, "")),
    };
    matches!(from, "11" | "0101" | "101" | "011") && to == "1231"
}

/// `2024-01-01` as 2024年1月1日.
fn chinese(date: &str) -> String {
    date.parse().map_or_else(|_| date.to_owned(), in_words)
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "remark=Period:2024-01-01/2024-12-30").says("统计期限为2024年1月1日至2024年12月30日，不是完整的报告年度。请改为报告年度的1月1日至12月31日，有特殊情况的在第六部分说明。"),
    Case::holds(FormId::F2021, "remark=Period:2024-01-01/2024-12-31"),
    Case::fails(FormId::F2021, "remark=Period:2024-03-01/2024-12-31"),
    Case::fails(FormId::F2021, "remark=Period:2023-01-01/2024-12-31"),
    Case::fails(FormId::F2021, "remark=Period:202411日起至20241231日"),
    Case::fails(FormId::F2021, "remark=Period:202411日起至20241230日"),
    Case::holds(FormId::F2021, "year=2016 form= remark=Period:2016-01-01/2016-12-30"),
    Case::holds(FormId::F2021, "year=2024"),
];
