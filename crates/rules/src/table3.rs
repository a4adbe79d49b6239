//! Table three, 收到和处理政府信息公开申请情况: that it balances, and that it is all there.

use report::{CellId, CellState, Finding, Line, NoteKind, Report, Severity, Table};

use crate::balance::{self, Imbalance};
use crate::place::{
    Row, cells_of, column_label, column_of, has_note, is_absent, is_mixed, number, quoted, request_label,
    row_label, row_of, rows, short,
};
use crate::{BOTH, Check, ONLY_2019, ONLY_2021, Rule};

const NOTE: &str = "表三表头注：第一项加第二项之和，等于第三项加第四项之和";
const FORM_2021: &str = "国办公开办函〔2021〕30号所附格式，表三";
const FORM_2019: &str = "国办公开办函〔2019〕60号所附格式，表三";
const EITHER_FORM: &str = "国办公开办函〔2021〕30号、〔2019〕60号所附格式，表三";

pub(crate) const RULES: &[Rule] = &[
    Rule {
        id: "T3-01",
        severity: Severity::Error,
        forms: BOTH,
        title: "新收加上年结转等于办理总计加结转下年度",
        basis: NOTE,
        hint: "请核对该列四个数字后更正。",
        formula: "",
        check: Check::Report(|rule, report| balance::check(rule, report, columns_balance)),
    },
    Rule {
        id: "T3-02",
        severity: Severity::Error,
        forms: ONLY_2021,
        title: "办理结果各项之和等于总计",
        basis: FORM_2021,
        hint: "请核对该列办理结果各项及总计后更正。",
        formula: "",
        check: Check::Report(|rule, report| balance::check(rule, report, outcomes_add_up)),
    },
    Rule {
        id: "T3-02b",
        severity: Severity::Error,
        forms: ONLY_2019,
        title: "办理结果各项之和等于总计",
        basis: FORM_2019,
        hint: "请核对该列办理结果各项及总计后更正。",
        formula: "",
        check: Check::Report(|rule, report| balance::check(rule, report, outcomes_add_up)),
    },
    Rule {
        id: "T3-03",
        severity: Severity::Error,
        forms: BOTH,
        title: "各类申请人之和等于总计",
        basis: EITHER_FORM,
        hint: "请核对该行各列及总计后更正。",
        formula: "",
        check: Check::Report(|rule, report| balance::check(rule, report, applicants_add_up)),
    },
    Rule {
        id: "T3-05",
        severity: Severity::Error,
        forms: BOTH,
        title: "表三各列齐全，有总计列",
        basis: EITHER_FORM,
        hint: "请按规定格式补上该列，逐行填写后重新公布。",
        formula: "",
        check: Check::Report(columns_present),
    },
    Rule {
        id: "T3-08",
        severity: Severity::Warning,
        forms: BOTH,
        title: "表三每行都有数字",
        basis: EITHER_FORM,
        hint: "请按表头补齐这些行，没有发生的填0。",
        formula: "",
        check: Check::Report(rows_have_figures),
    },
    Rule {
        id: "T3-09",
        severity: Severity::Warning,
        forms: BOTH,
        title: "各行数字与表头对齐",
        basis: "国办公开办函〔2021〕30号、〔2019〕60号所附格式",
        hint: "请对照表头逐行核对，调整表格后重新公布。",
        formula: "",
        check: Check::Report(rows_stand_straight),
    },
    Rule {
        id: "T3-16",
        severity: Severity::Warning,
        forms: BOTH,
        title: "“（六）其他处理”的行与表格格式一致",
        basis: EITHER_FORM,
        hint: "请按报告年度对应的格式重新填写“（六）其他处理”各行。",
        formula: "",
        check: Check::Report(rows_of_one_form),
    },
];

fn columns_balance(imbalance: &Imbalance) -> String {
    let terms: Vec<String> = imbalance.equation.terms().map(|id| imbalance.term(id)).collect();
    let [received, carried_in, concluded, carried_out] = &terms[..] else { return String::new() };
    let (left, right) = (number(imbalance.left), number(imbalance.right));
    format!(
        "表三“{}”列不平衡：新收{received}+上年结转{carried_in}={left}件，\
         办理结果总计{concluded}+结转下年度{carried_out}={right}件{}，相差{}件。",
        imbalance.place(),
        imbalance.caveat(),
        imbalance.gap(),
    )
}

fn outcomes_add_up(imbalance: &Imbalance) -> String {
    format!(
        "表三“{}”列办理结果不平衡：{}，合计{}件{}；“(七)总计”{}，相差{}件。",
        imbalance.place(),
        imbalance.parts(row_label),
        number(imbalance.left),
        imbalance.caveat(),
        total(imbalance),
        imbalance.gap(),
    )
}

fn applicants_add_up(imbalance: &Imbalance) -> String {
    format!(
        "表三“{}”行不平衡：{}，合计{}件{}；总计{}，相差{}件。",
        imbalance.place(),
        imbalance.parts(column_label),
        number(imbalance.left),
        imbalance.caveat(),
        total(imbalance),
        imbalance.gap(),
    )
}

fn total(imbalance: &Imbalance) -> String {
    imbalance.equation.right.first().map_or(String::new(), |id| imbalance.term(*id))
}

/// T3-05. A header may have lost any column; the one seen in the field is 总计.
fn columns_present(rule: &Rule, report: &Report) -> Vec<Finding> {
    if is_absent(report, Table::Requests) {
        return Vec::new();
    }
    absent_columns(report)
        .into_iter()
        .map(|(column, cells)| lost_column(rule, report, column, cells))
        .collect()
}

fn lost_column(rule: &Rule, report: &Report, column: &Line, mut cells: Vec<CellId>) -> Finding {
    let cut = cut_rows(report);
    let lost = cut.iter().flat_map(|row| &row.cells).filter(|(_, cell)| !cell.is_printed());
    let lost: Vec<CellId> = lost.map(|(id, _)| *id).filter(|id| !cells.contains(id)).collect();
    cells.extend(lost);
    let state = |id: &CellId| report.cells.get(*id).map(|cell| cell.state);
    let proof = match cells.iter().filter(|id| state(id) == Some(CellState::Derived)).count() {
        0 => String::new(),
        count => format!("，其中{count}格的数值系由其他数字推算得出"),
    };
    let cut_rows = match cut.len() {
        0 => String::new(),
        count => format!("，另有{count}行的数字不到末列即中断"),
    };
    let what = format!("表三缺少“{}”列{cut_rows}，共{}格没有填写{proof}。", column.label, cells.len());
    let finding = rule.fails(report, cells, what);
    let subjects = [column.id].into_iter().chain(cut.iter().map(|row| row.id));
    Finding { origin: finding.origin.or(noted_origin(report, subjects)), ..finding }
}

/// The columns that the header does not have, or where nothing is printed in a table that is there.
fn absent_columns(report: &Report) -> Vec<(&'static Line, Vec<CellId>)> {
    let Some(form) = report.cells.form() else { return Vec::new() };
    let is_there = cells_of(report, Table::Requests).any(|(_, cell)| cell.is_printed());
    let is_absent = |column: &&Line| {
        let mut cells = cells_of(report, Table::Requests).filter(|(id, _)| column_of(*id) == column.id);
        has_note(report, NoteKind::ColumnAbsent, column.id)
            || is_there && !cells.any(|(_, cell)| cell.is_printed())
    };
    let absent = form.applicants.iter().filter(is_absent);
    absent.map(|column| (column, column_cells(report, column))).collect()
}

fn column_cells(report: &Report, column: &Line) -> Vec<CellId> {
    let cells = cells_of(report, Table::Requests).map(|(id, _)| id);
    cells.filter(|id| column_of(*id) == column.id).collect()
}

fn cut_rows(report: &Report) -> Vec<Row<'_>> {
    let mut rows = rows(report, Table::Requests);
    rows.retain(|row| has_note(report, NoteKind::RowCut, row.id));
    rows
}

/// T3-08. Rows that are not there, have nothing beside their label, or stop before the end.
fn rows_have_figures(rule: &Rule, report: &Report) -> Vec<Finding> {
    if is_absent(report, Table::Requests) {
        return Vec::new();
    }
    // A column that is not there cuts every row, and T3-05 says so.
    let lacks_column = !absent_columns(report).is_empty();
    let (mut absent, mut empty, mut short_rows) = (Vec::new(), Vec::new(), Vec::new());
    for row in rows(report, Table::Requests) {
        let is = |kind| has_note(report, kind, row.id);
        if is_mixed(report) && row.id.starts_with("other") {
            continue;
        } else if is(NoteKind::RowAbsent) {
            absent.push(row);
        } else if is(NoteKind::RowWithoutFigures) || !row.has_figure() {
            empty.push(row);
        } else if !lacks_column && (is(NoteKind::RowCut) || is(NoteKind::FigureCount)) {
            short_rows.push(row);
        }
    }
    let kinds = [(absent, "缺少"), (empty, "只有标题、没有数字的是"), (short_rows, "数字个数与表头不符的是")];
    let kinds = kinds.into_iter().filter(|(rows, _)| !rows.is_empty());
    kinds
        .map(|(rows, what)| {
            let cells: Vec<CellId> = rows.iter().flat_map(|row| row.ids()).collect();
            let proved = rows.iter().flat_map(|row| &row.cells);
            let is_proved = proved.clone().all(|(_, cell)| cell.value.is_some())
                && proved.clone().any(|(_, cell)| cell.state == CellState::Derived);
            let proof = if is_proved { "其数值只能由其他数字推算得出。" } else { "" };
            let labels = quoted(rows.iter().map(|row| row.label), "行");
            let origin = noted_origin(report, rows.iter().map(|row| row.id));
            let finding = rule.fails(report, cells, format!("表三{what}{labels}。{proof}"));
            Finding { origin: finding.origin.or(origin), ..finding }
        })
        .collect()
}

fn noted_origin(report: &Report, mut subjects: impl Iterator<Item = &'static str>) -> Option<report::Origin> {
    subjects.find_map(|subject| {
        report.notes.iter().filter(|note| note.subject == subject).find_map(|note| note.origin)
    })
}

/// T3-09. One finding a table, since one lost label cell shifts many rows.
fn rows_stand_straight(rule: &Rule, report: &Report) -> Vec<Finding> {
    let shifted = |table| {
        let mut rows = rows(report, table);
        rows.retain(|row| has_note(report, NoteKind::RowShifted, row.id));
        (!rows.is_empty()).then(|| {
            let cells = rows.iter().flat_map(|row| row.ids()).collect();
            let labels = quoted(rows.iter().map(|row| row.label), "行");
            let what = format!(
                "{}有{}行与表头错位：{labels}。左侧的标题格缺失，数字整行偏移，本次核对按对齐后的位置读取。",
                short(table),
                rows.len()
            );
            rule.fails(report, cells, what)
        })
    };
    Table::ALL.into_iter().filter_map(shifted).collect()
}

/// T3-16. The form of 2019 has one row of 其他处理, that of 2021 has three.
fn rows_of_one_form(rule: &Rule, report: &Report) -> Vec<Finding> {
    let foreign: Vec<&report::Note> =
        report.notes.iter().filter(|note| note.kind == NoteKind::ForeignRow).collect();
    let (Some(form), Some(first)) = (report.form, foreign.first()) else { return Vec::new() };
    let labels =
        quoted(foreign.iter().map(|note| request_label(&note.subject).unwrap_or(&note.subject)), "行");
    let cells = report.cells.iter().map(|(id, _)| id);
    let cells =
        cells.filter(|id| id.table() == Table::Requests && row_of(*id).starts_with("other")).collect();
    let what = format!("表三为{form}年格式，却出现另一种格式的行：{labels}，两种格式混用。");
    let finding = rule.fails(report, cells, what);
    vec![Finding { origin: first.origin.or(finding.origin), ..finding }]
}
