//! DOC-09: stated parts.

use report::{Decimal, Finding, FormId, RemarkKind, Report, SectionKind, Severity};

use crate::basis::REPORT_FORMAT;
use crate::place::number;
use crate::sections::{precedes_the_forms, top_level};
use crate::{BOTH, Case, Check, Rule};

/// DOC-09: 引言所称的部分数与报告一致.
pub static DOC_09: Rule = Rule {
    id: "DOC-09",
    name: "stated-parts",
    severity: Severity::Warning,
    forms: BOTH,
    basis: REPORT_FORMAT,
    formula: "引言所称的部分数=6=引言列出的部分数",
    requirement: "引言所称的部分数与报告一致",
    problem: "引言所称的部分数有误",
    hint: "请按规定的六个部分更正。",
    since: "2026.13",
    check: Check::Report(check),
    cases: CASES,
};

/// The words by which a sentence names each of the six parts.
const LISTED: [(SectionKind, &[&str]); 6] = [
    (SectionKind::Overview, &["总体", "概述", "概况", "基本情况", "综述"]),
    (SectionKind::Active, &["主动公开"]),
    (
        SectionKind::Requests,
        &["收到和处理", "收到及处理", "依申请", "信息公开申请", "申请和处理", "申请情况", "处理政府信息"],
    ),
    (SectionKind::Litigation, &["复议", "诉讼"]),
    (SectionKind::Problems, &["问题", "改进"]),
    (SectionKind::Other, &["其他", "其它", "需要报告", "需要说明", "附"]),
];

/// Where a report has another number of parts and states that number, DOC-07 reports it.
fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    let said = report.remarks.iter().find(|remark| remark.kind == RemarkKind::Parts);
    let Some((said, count)) = said.and_then(|said| Some((said, said.value?))) else { return Vec::new() };
    let six = Decimal::from(SectionKind::ALL.len());
    let has = Decimal::from(top_level(report).filter(|part| part.kind.is_some()).count());
    if precedes_the_forms(report) || count != six && (count == has || said.text.contains('附')) {
        return Vec::new();
    }
    let unlisted: Vec<SectionKind> = LISTED
        .iter()
        .filter(|(_, words)| !words.iter().any(|word| said.text.contains(word)))
        .map(|(kind, _)| *kind)
        .collect();
    let what = match unlisted[..] {
        _ if count != six => format!("报告称由{}个部分组成，规定的是六个部分。", number(count)),
        [one] => format!("报告称由六个部分组成，所列内容中没有“{}”。", one.heading()),
        _ => return Vec::new(),
    };
    vec![Finding {
        left: Some(count),
        right: Some(six),
        origin: Some(said.origin),
        ..rule.fails(report, Vec::new(), what)
    }]
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "remark=Parts:总体、主动公开、收到和处理、复议、问题等五部分:5"),
    Case::holds(FormId::F2021, "remark=Parts:总体、主动公开、收到和处理、复议、问题、其他六部分:6"),
    Case::fails(FormId::F2021, "remark=Parts:总体、主动公开、收到和处理、复议、问题等六部分:6"),
    Case::holds(FormId::F2021, "remark=Parts:总体、主动公开、收到和处理、复议、问题、其他、附件七部分:7"),
    Case::holds(FormId::F2021, "sections=1,2,3,4,5 remark=Parts:主动公开、复议、问题等五部分:5"),
];
