//! T3-09: rows aligned.

use report::{Finding, FormId, NoteKind, Report, Severity, Table};

use crate::basis::FORMS;
use crate::place::{has_note, quoted, rows};
use crate::{BOTH, Case, Check, Rule};

/// T3-09: 各行数字与表头对齐.
pub static T3_09: Rule = Rule {
    id: "T3-09",
    name: "rows-aligned",
    severity: Severity::Warning,
    forms: BOTH,
    basis: FORMS,
    formula: "每行的第 n 个数字在表头第 n 列之下（各表）",
    requirement: "各行数字与表头对齐",
    problem: "数字与表头错位",
    hint: "请对照表头逐行核对，调整表格后重新公布。",
    since: "2026.11",
    check: Check::Report(check),
    cases: CASES,
};

/// Makes one finding a table, because one lost label cell shifts many rows.
fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    if !report.notes.iter().any(|note| note.kind == NoteKind::RowShifted) {
        return Vec::new();
    }
    let shifted = |table| {
        let mut rows = rows(report, table);
        rows.retain(|row| has_note(report, NoteKind::RowShifted, row.id));
        (!rows.is_empty()).then(|| {
            let cells = rows.iter().flat_map(|row| row.ids()).collect();
            let labels = quoted(rows.iter().map(|row| row.label), "行");
            let what = format!(
                "{}有{}行与表头错位：{labels}。左侧的标题格缺失，数字整行偏移，本次核对按对齐后的位置读取。",
                table.short_title(),
                rows.len()
            );
            rule.fails(report, cells, what)
        })
    };
    Table::ALL.into_iter().filter_map(shifted).collect()
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "note=RowShifted:other.misc note=RowShifted:concluded"),
    Case::fails(FormId::F2021, "note=RowShifted:licensing"),
    Case::holds(FormId::F2021, "note=AlignmentChosen:concluded"),
    Case::fails(FormId::F2021, "note=RowShifted:received note=RowShifted:carried_in note=RowShifted:granted note=RowShifted:partial note=RowShifted:refused.state_secret note=RowShifted:refused.law_forbids note=RowShifted:refused.process").says("表三有7行与表头错位：“一、本年新收政府信息公开申请数量”、“二、上年结转政府信息公开申请数量”、“（一）予以公开”、“（二）部分公开”、“（三）不予公开·1.属于国家秘密”、“（三）不予公开·2.其他法律行政法规禁止公开”等7行。左侧的标题格缺失，数字整行偏移，本次核对按对齐后的位置读取。请对照表头逐行核对，调整表格后重新公布。"),
];
