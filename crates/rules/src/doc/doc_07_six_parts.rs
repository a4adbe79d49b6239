//! DOC-07: six parts.

use report::{Finding, FormId, Report, SectionKind, Severity};

use crate::basis::REPORT_FORMAT;
use crate::place::quoted;
use crate::remarks::{BREAKS, has_lost, lost};
use crate::sections::{precedes_the_forms, top_level};
use crate::{BOTH, Case, Check, Rule};

/// DOC-07: 六个部分齐全、不重复、顺序正确.
pub static DOC_07: Rule = Rule {
    id: "DOC-07",
    name: "six-parts",
    severity: Severity::Error,
    forms: BOTH,
    basis: REPORT_FORMAT,
    formula: "六个部分各出现1次，且按一至六的顺序",
    requirement: "六个部分齐全、不重复、顺序正确",
    problem: "六个部分缺少、重复或者顺序颠倒",
    hint: "请按规定的六个部分补齐并调整顺序。",
    since: "2026.11",
    check: Check::Report(check),
    cases: CASES,
};

/// A further heading is no fault by itself.
fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    if precedes_the_forms(report) {
        return Vec::new();
    }
    let found: Vec<SectionKind> = top_level(report).filter_map(|section| section.kind).collect();
    let count = |kind: SectionKind| found.iter().filter(|other| **other == kind).count();
    let with = |wanted: &dyn Fn(usize) -> bool| -> Vec<SectionKind> {
        SectionKind::ALL.into_iter().filter(|kind| wanted(count(*kind))).collect()
    };
    let (missing, doubled) = (with(&|count| count == 0), with(&|count| count > 1));
    let mut firsts: Vec<SectionKind> = Vec::new();
    for kind in &found {
        if !firsts.contains(kind) {
            firsts.push(*kind);
        }
    }
    let misplaced: Vec<SectionKind> =
        firsts.windows(2).filter(|pair| pair[1] < pair[0]).map(|pair| pair[1]).collect();
    let kinds = [("缺少", &missing), ("重复出现", &doubled), ("顺序颠倒", &misplaced)];
    let parts: Vec<String> = kinds
        .into_iter()
        .filter(|(_, kinds)| !kinds.is_empty())
        .map(|(what, kinds)| format!("{what}{}", headings(kinds)))
        .collect();
    if parts.is_empty() {
        return Vec::new();
    }
    if has_lost(report, BREAKS) {
        let message = "各部分的标题与正文、表格连成一段，是复制或者转换造成的，无法判断六个部分是否齐全。请以原文件核对。";
        return vec![lost(rule, report, message)];
    }
    let at_fault = |kind: Option<SectionKind>| {
        kind.is_some_and(|kind| doubled.contains(&kind) || misplaced.contains(&kind))
    };
    let origin = report.sections.iter().rfind(|section| at_fault(section.kind)).map(|section| section.origin);
    vec![Finding {
        origin,
        ..rule.fails(report, Vec::new(), format!("报告的六个部分不合规定：{}。", parts.join("；")))
    }]
}

fn headings(kinds: &[SectionKind]) -> String {
    quoted(kinds.iter().map(|kind| kind.heading()), "个部分")
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "sections=1,2,4,3,5").says("报告的六个部分不合规定：缺少“六、其他需要报告的事项”；顺序颠倒“三、收到和处理政府信息公开申请情况”。请按规定的六个部分补齐并调整顺序。"),
    Case::holds(FormId::F2021, "sections=1,2,3,4,5,6,0"),
    Case::fails(FormId::F2021, "sections=1,2,3,4,5"),
    Case::fails(FormId::F2021, "sections=1,2,3,3,4,5,6"),
    Case::fails(FormId::F2021, "sections=1,2,4,3,5,6"),
    Case::fails(FormId::F2021, "sections="),
    Case::unknown(FormId::F2021, "sections= remark=Lost:分行"),
    Case::fails(FormId::F2021, "sections=1,2,3,4,5 remark=Lost:表三"),
    Case::holds(FormId::F2021, "sections= year=2014 form="),
    Case::holds(FormId::F2021, "sections=1,2,3,4,5,5,6 number=6:1"),
];
