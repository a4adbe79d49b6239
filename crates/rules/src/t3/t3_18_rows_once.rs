//! T3-18: rows once.

use report::{Finding, FormId, NoteKind, Report, Severity, Table};

use crate::basis::FORMS;
use crate::place::{Row, active_label, quoted, request_label, rows};
use crate::{BOTH, Case, Check, Rule};

/// T3-18: 同一行不以不同的数字出现两次.
pub static T3_18: Rule = Rule {
    id: "T3-18",
    name: "rows-once",
    severity: Severity::Warning,
    forms: BOTH,
    basis: FORMS,
    formula: "各表的每一行出现一次，或者各次数字相同",
    requirement: "同一行不以不同的数字出现两次",
    problem: "同一行以不同的数字出现两次",
    hint: "请删去多余的行，保留正确的数字后重新公布。",
    since: "2026.13",
    check: Check::Report(check),
    cases: CASES,
};

/// Makes one finding for all rows of all tables.
fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    let repeated: Vec<_> = report.notes.iter().filter(|note| note.kind == NoteKind::RowRepeated).collect();
    let Some(first) = repeated.first() else { return Vec::new() };
    let label = |subject: &'static str| request_label(subject).or(active_label(subject)).unwrap_or(subject);
    let rows: Vec<Row<'_>> = Table::ALL.into_iter().flat_map(|table| rows(report, table)).collect();
    let rows: Vec<&Row<'_>> =
        rows.iter().filter(|row| repeated.iter().any(|note| note.subject == row.id)).collect();
    let labels = quoted(rows.iter().map(|row| label(row.id)), "行");
    let what = format!("同一行出现两次而数字不同：{labels}。无法确定以哪一行为准，有关数字未作核对。");
    let finding = rule.fails(report, rows.iter().flat_map(|row| row.ids()).collect(), what);
    vec![Finding { origin: first.origin.or(finding.origin), ..finding }]
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "active.regulations.*=missing note=RowRepeated:regulations"),
    Case::fails(FormId::F2021, "requests.granted.*=missing note=RowRepeated:granted"),
];
