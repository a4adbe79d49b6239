//! DOC-06: signed after the year.

use report::{Date, Finding, FormId, Report, Severity, Stated};

use crate::dates::{first_day, in_words, is_signature};
use crate::{BOTH, Case, Check, Rule};

/// DOC-06: 落款日期在报告年度结束之后.
pub static DOC_06: Rule = Rule {
    id: "DOC-06",
    name: "signed-after-the-year",
    severity: Severity::Warning,
    forms: BOTH,
    basis: "《条例》第四十九条：年度报告报告上一年度的情况",
    formula: "落款日期≥次年1月1日",
    requirement: "落款日期在报告年度结束之后",
    problem: "落款日期早于报告年度结束",
    hint: "请核对日期后更正。",
    since: "2026.13",
    check: Check::Report(check),
    cases: CASES,
};

/// Without a signature, makes information only if every date on the page is too early.
fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    let Some(year) = report.year else { return Vec::new() };
    let is_early = |stated: &&Stated<Date>| stated.value < first_day(year);
    let signed = report.stated_dates.iter().find(|stated| is_signature(report, stated));
    let (stated, severity) = match signed {
        Some(signed) if is_early(&signed) => (signed, rule.severity),
        None if report.stated_dates.iter().all(|stated| is_early(&stated)) => {
            match report.stated_dates.first() {
                Some(first) => (first, Severity::Info),
                None => return Vec::new(),
            }
        }
        _ => return Vec::new(),
    };
    let what = format!("{}日期为{}，早于{year}年度结束。", stated.source.title(), in_words(stated.value));
    vec![Finding { severity, origin: stated.origin, ..rule.fails(report, Vec::new(), what) }]
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "dated=Signature:2024-12-25"),
    Case::holds(FormId::F2021, "dated=Signature:2025-01-01"),
    Case::fails(FormId::F2021, "dated=Page:2019-12-03"),
    Case::holds(FormId::F2021, "dated=Page:2019-12-03 dated=Signature:2025-01-09"),
];
