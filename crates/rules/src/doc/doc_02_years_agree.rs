//! DOC-02: years agree.

use report::{Decimal, Finding, FormId, Report, Severity, Source, Stated, Year};

use crate::{BOTH, Case, Check, Rule};

/// DOC-02: 各处年份一致.
pub static DOC_02: Rule = Rule {
    id: "DOC-02",
    name: "years-agree",
    severity: Severity::Error,
    forms: BOTH,
    basis: "《条例》第四十九条：年度报告报告上一年度的情况",
    formula: "标题年度=统计期限年度（=文件名年度，文件名所记为公布年份的除外）",
    requirement: "各处年份一致",
    problem: "各处年份不一致",
    hint: "请核对后改为同一年度。",
    since: "2026.11",
    check: Check::Report(check),
    cases: CASES,
};

/// Compares title, period and file name. The narrative also names other years, and a file name may give
/// the year of publication.
fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    let published = report.published.and_then(|date| Year::new(i64::from(date.year())));
    let is_decisive = |stated: &&Stated<Year>| match stated.source {
        Source::Title | Source::Period => true,
        Source::FileName => Some(stated.value) != published,
        Source::Narrative | Source::Signature | Source::Page => false,
    };
    let stated: Vec<&Stated<Year>> = report.stated_years.iter().filter(is_decisive).collect();
    let Some((first, other)) = stated
        .first()
        .and_then(|first| Some((first, stated.iter().find(|other| other.value != first.value)?)))
    else {
        return Vec::new();
    };
    let places: Vec<String> =
        stated.iter().map(|stated| format!("{}为{}年", stated.source.title(), stated.value)).collect();
    let what = format!("报告各处年份不一致：{}。", places.join("，"));
    vec![Finding {
        left: Some(Decimal::from(first.value.get())),
        right: Some(Decimal::from(other.value.get())),
        origin: other.origin.or(first.origin),
        ..rule.fails(report, Vec::new(), what)
    }]
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "says=Period:2023"),
    Case::holds(FormId::F2021, "says=Period:2024 says=FileName:2024"),
    Case::fails(FormId::F2021, "says=FileName:2023"),
    Case::holds(FormId::F2021, "says=FileName:2025 published=2025-01-17"),
    Case::holds(FormId::F2021, "says=Narrative:2023"),
];
