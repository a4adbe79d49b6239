//! T2-13: headings.

use report::{Finding, FormId, NoteKind, Report, Severity};

use crate::basis::TABLE_TWO_2021;
use crate::place::quoted;
use crate::{Case, Check, ONLY_2021, Rule};

/// T2-13: 表二表头与规定格式一致.
pub static T2_13: Rule = Rule {
    id: "T2-13",
    name: "headings",
    severity: Severity::Warning,
    forms: ONLY_2021,
    basis: TABLE_TWO_2021,
    formula: "各列表头 = 规定的表头",
    requirement: "表二表头与规定格式一致",
    problem: "表二表头与规定格式不一致",
    hint: "请按规定格式恢复表头，并核对各数字是否按规定口径填写。",
    since: "2026.13",
    check: Check::Report(check),
    cases: CASES,
};

fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    let altered: Vec<_> = report.notes.iter().filter(|note| note.kind == NoteKind::HeadingAltered).collect();
    let Some(first) = altered.first() else { return Vec::new() };
    let headings = quoted(altered.iter().map(|note| note.subject.as_str()), "处");
    let finding = rule.fails(report, Vec::new(), format!("表二的表头改动了规定的文字：{headings}。"));
    vec![Finding { origin: first.origin, ..finding }]
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "note=HeadingAltered:本年(2023)制发件数"),
    Case::holds(FormId::F2021, "note=LabelOutdated:normative_documents"),
];
