//! T2-14: row labels.

use report::{CellId, Finding, FormId, Note, NoteKind, Report, Severity, Table};

use crate::basis::TABLE_TWO_2021;
use crate::place::{active_label, rows};
use crate::{Case, Check, ONLY_2021, Rule};

/// T2-14: 表二各行名称与规定格式一致.
pub static T2_14: Rule = Rule {
    id: "T2-14",
    name: "row-labels",
    severity: Severity::Warning,
    forms: ONLY_2021,
    basis: TABLE_TWO_2021,
    formula: "各行名称 = 规定的名称；没有“规范性文件”、“其他对外管理服务事项”、“政府集中采购”",
    requirement: "表二各行名称与规定格式一致",
    problem: "表二沿用了2019年格式的行名",
    hint: "请按2021年格式填写。",
    since: "2026.13",
    check: Check::Report(check),
    cases: CASES,
};

/// Finds the old label, and rows that only the form of 2019 has.
fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    let is_outdated = |note: &&Note| match note.kind {
        NoteKind::LabelOutdated => true,
        NoteKind::ForeignRow => active_label(&note.subject).is_some(),
        _ => false,
    };
    let outdated: Vec<_> = report.notes.iter().filter(is_outdated).collect();
    let Some(first) = outdated.first() else { return Vec::new() };
    let parts = outdated.iter().map(|note| match note.kind {
        NoteKind::LabelOutdated => "“行政规范性文件”仍写作“规范性文件”".to_owned(),
        _ => format!("仍有“{}”行", active_label(&note.subject).unwrap_or(&note.subject)),
    });
    let parts: Vec<String> = parts.collect();
    let cells = rows(report, Table::Active).into_iter();
    let cells = cells.filter(|row| outdated.iter().any(|note| note.subject == row.id));
    let cells: Vec<CellId> = cells.flat_map(|row| row.ids().collect::<Vec<_>>()).collect();
    let finding = rule.fails(report, cells, format!("表二沿用了2019年格式的行名：{}。", parts.join("，")));
    vec![Finding { origin: first.origin.or(finding.origin), ..finding }]
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "note=LabelOutdated:normative_documents"),
    Case::fails(FormId::F2021, "note=ForeignRow:other_services"),
    Case::holds(FormId::F2021, "note=ForeignRow:other"),
];
