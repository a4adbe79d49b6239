//! DOC-08: part numbers.

use report::{Finding, FormId, Report, Section, SectionKind, Severity};

use crate::basis::REPORT_FORMAT;
use crate::place::quoted;
use crate::sections::{number_of, precedes_the_forms, top_level};
use crate::{BOTH, Case, Check, Rule};

/// DOC-08: 一级标题序号为一至六，不重排、不误写.
pub static DOC_08: Rule = Rule {
    id: "DOC-08",
    name: "part-numbers",
    severity: Severity::Warning,
    forms: BOTH,
    basis: REPORT_FORMAT,
    formula: "六个部分的标题序号依次=一、二、三、四、五、六；部分内没有再用“一、”编号的小标题",
    requirement: "一级标题序号为一至六，不重排、不误写",
    problem: "一级标题序号有误",
    hint: "请按“一、二、三、四、五、六、”统一编号，部分内的小标题改用“（一）”。",
    since: "2026.13",
    check: Check::Report(check),
    cases: CASES,
};

/// Checks nothing where a part is missing, doubled or misplaced: DOC-07 reports that.
fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    let parts: Vec<&Section> = top_level(report).collect();
    if precedes_the_forms(report) || !parts.iter().filter_map(|part| part.kind).eq(SectionKind::ALL) {
        return Vec::new();
    }
    let is_wrong = |part: &&&Section| {
        let is_dashed = part.heading.trim_start().starts_with(['—', '－', '―', '-']);
        is_dashed || part.ordinal.zip(part.kind).is_some_and(|(ordinal, kind)| ordinal != number_of(kind))
    };
    let wrong: Vec<&Section> = parts.iter().filter(is_wrong).copied().collect();
    let inner: Vec<&Section> = inner_headings(report);
    let names = |sections: &[&Section]| quoted(sections.iter().map(|section| section.heading.as_str()), "处");
    let mut what = Vec::new();
    if !wrong.is_empty() {
        what.push(format!("标题{}的序号有误", names(&wrong)));
    }
    if !inner.is_empty() {
        what.push(format!("部分之内的小标题{}又从头使用一级序号", names(&inner)));
    }
    let origin = wrong.iter().chain(&inner).map(|section| section.origin).next();
    let finding = |origin| Finding {
        origin: Some(origin),
        ..rule.fails(report, Vec::new(), format!("{}。", what.join("；")))
    };
    origin.map(finding).into_iter().collect()
}

/// Headings inside a part that are numbered like the parts. The rows of table three are also numbered so.
fn inner_headings(report: &Report) -> Vec<&Section> {
    const SHORTEST: usize = 5;
    let mut part = None;
    let mut inner = Vec::new();
    for section in &report.sections {
        let is_part =
            section.kind.is_some_and(|kind| section.ordinal.is_none_or(|ordinal| ordinal == number_of(kind)));
        if is_part {
            part = section.kind;
        } else if section.ordinal.is_some()
            && part.is_some_and(|part| !matches!(part, SectionKind::Requests | SectionKind::Other))
            && section.heading.chars().count() >= SHORTEST
        {
            inner.push(section);
        }
    }
    inner
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "heading=1:—、总体情况"),
    Case::holds(FormId::F2021, "sections=1,2,3,4,5,6"),
    Case::fails(FormId::F2021, "number=4:3"),
    Case::fails(FormId::F2021, "inner=1:一、加强组织领导"),
    Case::holds(FormId::F2021, "inner=3:一、本年新收"),
    Case::holds(FormId::F2021, "inner=6:一、附件名称"),
    Case::fails(FormId::F2021, "sections=1,2,3,4,5,5,6 number=6:1"),
    Case::holds(FormId::F2021, "sections=1,2,4,5,6 number=3:3"),
];
