//! Table three, 收到和处理政府信息公开申请情况: that it balances, and that it is all there.

use report::{
    CellId, CellState, Cells, Decimal, Equation, Finding, Form, Line, NoteKind, Relation, Report, Severity,
    Table,
};

use crate::balance::{self, Imbalance};
use crate::place::{
    Row, active_label, cells_of, column_label, column_of, foreign_requests, has_note, ids_where, is_absent,
    is_blank, is_mixed, number, quoted, quoted_cells, request_label, row_label, row_of, rows, value_in,
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
        formula: "每列：received + carried_in = concluded + carried_out",
        check: Check::Report(|rule, report| balance::check(rule, report, columns_balance)),
    },
    Rule {
        id: "T3-02",
        severity: Severity::Error,
        forms: ONLY_2021,
        title: "办理结果各项之和等于总计",
        basis: FORM_2021,
        hint: "请核对该列办理结果各项及总计后更正。",
        formula: "每列：granted + partial + Σrefused.* + Σunavailable.* + Σunprocessed.* + Σother.* = concluded",
        check: Check::Report(|rule, report| balance::check(rule, report, outcomes_add_up)),
    },
    Rule {
        id: "T3-02b",
        severity: Severity::Error,
        forms: ONLY_2019,
        title: "办理结果各项之和等于总计",
        basis: FORM_2019,
        hint: "请核对该列办理结果各项及总计后更正。",
        formula: "每列：granted + partial + Σrefused.* + Σunavailable.* + Σunprocessed.* + other = concluded",
        check: Check::Report(|rule, report| balance::check(rule, report, outcomes_add_up)),
    },
    Rule {
        id: "T3-03",
        severity: Severity::Error,
        forms: BOTH,
        title: "各类申请人之和等于总计",
        basis: EITHER_FORM,
        hint: "请核对该行各列及总计后更正。",
        formula: "每行：natural_person + enterprise + research + social_org + legal_service + other_org = total",
        check: Check::Report(|rule, report| balance::check(rule, report, applicants_add_up)),
    },
    Rule {
        id: "T3-04",
        severity: Severity::Info,
        forms: BOTH,
        title: "总计与各类申请人都逐行填写",
        basis: EITHER_FORM,
        hint: "请逐行补填，没有发生的填0。",
        formula: "total 空白 ⇒ 各类申请人也空白；各类申请人空白 ⇒ total 空白或为0",
        check: Check::Report(totals_are_written),
    },
    Rule {
        id: "T3-05",
        severity: Severity::Error,
        forms: BOTH,
        title: "表三各列齐全，有总计列",
        basis: EITHER_FORM,
        hint: "请按规定格式补上该列，逐行填写后重新公布。",
        formula: "表头有六类申请人和“总计”共七列，各列有数字",
        check: Check::Report(columns_present),
    },
    Rule {
        id: "T3-07",
        severity: Severity::Warning,
        forms: BOTH,
        title: "数字填在申请人所属的列",
        basis: NOTE,
        hint: "请核对该申请人的类别后更正。",
        formula: "恰有两列不平衡时，没有一行的数字从一列移到另一列即使全表平衡",
        check: Check::Report(figures_in_their_column),
    },
    Rule {
        id: "T3-08",
        severity: Severity::Warning,
        forms: BOTH,
        title: "表三每行都有数字",
        basis: EITHER_FORM,
        hint: "请按表头补齐这些行，没有发生的填0。",
        formula: "规定的每一行都有七个数字",
        check: Check::Report(rows_have_figures),
    },
    Rule {
        id: "T3-09",
        severity: Severity::Warning,
        forms: BOTH,
        title: "各行数字与表头对齐",
        basis: "国办公开办函〔2021〕30号、〔2019〕60号所附格式",
        hint: "请对照表头逐行核对，调整表格后重新公布。",
        formula: "每行的第 n 个数字在表头第 n 列之下（各表）",
        check: Check::Report(rows_stand_straight),
    },
    Rule {
        id: "T3-11",
        severity: Severity::Warning,
        forms: BOTH,
        title: "表三如实填写，不以符号或者全0代替",
        basis: EITHER_FORM,
        hint: "请按实际办理情况重新填写表三。",
        formula: "表三有数字；正文称收到申请的，表三不全为0",
        check: Check::Report(table_is_filled),
    },
    Rule {
        id: "T3-14",
        severity: Severity::Info,
        forms: BOTH,
        title: "结转下年度不多于本年新收",
        basis: EITHER_FORM,
        hint: "请核对结转下年度的件数，属于以往年度结转至今的无需改动。",
        formula: "carried_out.total ≤ received.total",
        check: Check::Report(carried_out_is_plausible),
    },
    Rule {
        id: "T3-15",
        severity: Severity::Warning,
        forms: BOTH,
        title: "表三、表四的数量不为负数",
        basis: "国办公开办函〔2021〕30号、〔2019〕60号所附格式，表三、表四",
        hint: "请核对后更正。",
        formula: "表三、表四各格 ≥ 0（小数见 CEL-06）",
        check: Check::Report(counts_are_not_negative),
    },
    Rule {
        id: "T3-16",
        severity: Severity::Warning,
        forms: BOTH,
        title: "“（六）其他处理”的行与表格格式一致",
        basis: EITHER_FORM,
        hint: "请按报告年度对应的格式重新填写“（六）其他处理”各行。",
        formula: "2021年格式有三行 other.*，2019年格式只有一行 other",
        check: Check::Report(rows_of_one_form),
    },
    Rule {
        id: "T3-17",
        severity: Severity::Info,
        forms: BOTH,
        title: "没有整行、整组重复同一数字",
        basis: EITHER_FORM,
        hint: "请核对是否复制时误填。",
        formula: "一行的六类申请人、一列中同组的五行以上不全是同一个非0数字",
        check: Check::Report(figures_differ),
    },
    Rule {
        id: "T3-18",
        severity: Severity::Warning,
        forms: BOTH,
        title: "同一行不以不同的数字出现两次",
        basis: "国办公开办函〔2021〕30号、〔2019〕60号所附格式",
        hint: "请删去多余的行，保留正确的数字后重新公布。",
        formula: "各表的每一行出现一次，或者各次数字相同",
        check: Check::Report(rows_stand_once),
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
        let is_unplaced = !row.has_figure() && is(NoteKind::FigureCount);
        if is_mixed(report) && row.id.starts_with("other") {
            continue;
        } else if is(NoteKind::RowAbsent) {
            absent.push(row);
        } else if is(NoteKind::RowRepeated) {
            continue;
        } else if is(NoteKind::RowWithoutFigures) || !row.has_figure() && !is_unplaced {
            empty.push(row);
        } else if is_unplaced || !lacks_column && (is(NoteKind::RowCut) || is(NoteKind::FigureCount)) {
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

/// T3-16. The form of 2019 has one row of 其他处理, that of 2021 has three.
fn rows_of_one_form(rule: &Rule, report: &Report) -> Vec<Finding> {
    let foreign: Vec<&report::Note> = foreign_requests(report).collect();
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

/// T3-04. What is blank could be derived, and the sums hold; the form wants it written all the same.
fn totals_are_written(rule: &Rule, report: &Report) -> Vec<Finding> {
    if !cells_of(report, Table::Requests).any(|(_, cell)| is_blank(cell)) {
        return Vec::new();
    }
    let (mut without_total, mut only_total) = (Vec::new(), Vec::new());
    for row in rows(report, Table::Requests) {
        let (totals, parts): (Vec<_>, Vec<_>) =
            row.cells.iter().partition(|(id, _)| column_of(*id) == "total");
        let is_read = |(_, cell): &(CellId, &report::Cell)| cell.state == CellState::Read;
        if totals.iter().any(|(_, cell)| is_blank(cell)) && parts.iter().any(is_read) {
            without_total.extend(totals.iter().map(|(id, _)| *id));
        } else if totals.iter().any(is_read)
            && value_in(&row, "total").is_some_and(|total| !total.is_zero())
            && parts.iter().all(|(_, cell)| is_blank(cell))
        {
            only_total.extend(parts.iter().map(|(id, _)| *id));
        }
    }
    let kinds = [
        (without_total, "行填了各类申请人而总计空白，总计可由各类申请人相加得出"),
        (only_total, "格空白，该行只填了总计，各类申请人的数字无从得知"),
    ];
    let kinds = kinds.into_iter().filter(|(cells, _)| !cells.is_empty());
    kinds
        .map(|(cells, what)| {
            let what = format!("表三有{}{what}。", cells.len());
            rule.fails(report, cells, what)
        })
        .collect()
}

/// T3-07. A figure in the wrong column leaves every row in balance and just two columns out of it.
fn figures_in_their_column(rule: &Rule, report: &Report) -> Vec<Finding> {
    let Some(form) = report.cells.form() else { return Vec::new() };
    let equations: Vec<&Equation> = form
        .equations()
        .iter()
        .filter(|equation| balance::table_of(equation) == Some(Table::Requests))
        .collect();
    if equations.iter().all(|equation| equation.sums(&report.cells).hold() == Some(true)) {
        return Vec::new();
    }
    let cells = zeroed(report);
    let holds = |equation: &&Equation, cells: &Cells| equation.sums(cells).hold();
    let failing: Vec<&Equation> =
        equations.iter().copied().filter(|equation| holds(equation, &cells) != Some(true)).collect();
    let mut columns: Vec<&str> =
        failing.iter().filter_map(|equation| equation.right.first().map(|id| column_of(*id))).collect();
    columns.sort_unstable();
    columns.dedup();
    let [one, other] = columns[..] else { return Vec::new() };
    if failing.iter().any(|equation| equation.rule == "T3-03" || holds(equation, &cells).is_none()) {
        return Vec::new();
    }
    let moves = form.requests.iter().flat_map(|row| [(row.id, one, other), (row.id, other, one)]);
    let mended: Vec<_> = moves
        .filter_map(|(row, from, to)| {
            let (from, to) = (form.request_cell(row, from)?, form.request_cell(row, to)?);
            let value = cells.value(from).filter(|value| *value > Decimal::ZERO)?;
            cells.value(to).filter(Decimal::is_zero)?;
            let mut moved = cells.clone();
            moved.get_mut(from)?.value = Some(Decimal::ZERO);
            moved.get_mut(to)?.value = Some(value);
            equations
                .iter()
                .all(|equation| holds(equation, &moved) == Some(true))
                .then_some((from, to, value))
        })
        .collect();
    let [(from, to, value)] = mended[..] else { return Vec::new() };
    let what = format!(
        "表三“{}”行的{}件填在“{}”列，改填到“{}”列后各行各列全部平衡。",
        row_label(form, from),
        number(value),
        column_label(form, from),
        column_label(form, to)
    );
    vec![rule.fails(report, vec![from, to], what)]
}

/// The cells with zeros where nothing was filled in.
fn zeroed(report: &Report) -> Cells {
    let mut cells = report.cells.clone();
    for id in report.cells.form().map_or(&[][..], Form::cells) {
        if let Some(cell) = cells.get_mut(*id)
            && matches!(cell.state, CellState::Blank | CellState::Placeholder)
        {
            cell.value = Some(Decimal::ZERO);
        }
    }
    cells
}

/// T3-11.
fn table_is_filled(rule: &Rule, report: &Report) -> Vec<Finding> {
    let placeholders = ids_where(report, Table::Requests, |cell| cell.state == CellState::Placeholder);
    let has_number = cells_of(report, Table::Requests).any(|(_, cell)| cell.state == CellState::Read);
    if !has_number {
        // A table of blanks is one of rows without figures, and T3-08 says so.
        if placeholders.is_empty() {
            return Vec::new();
        }
        let what = "表三没有一个数字，填的都是符号，无从得知申请的办理情况。";
        return vec![rule.fails(report, placeholders, what)];
    }
    let known = || cells_of(report, Table::Requests).filter_map(|(_, cell)| cell.value);
    let received = report.cells.form().and_then(|form| form.request_cell("received", "total"));
    let says_received = |claim: &&report::Claim| {
        claim.relation == Relation::Is
            && claim.value > Decimal::ZERO
            && claim.about.is_some_and(|about| received.is_some_and(|id| about == id.into()))
    };
    match report.claims.iter().find(says_received) {
        Some(claim) if known().all(|value| value.is_zero()) => {
            let what = format!("正文称“{}”，而表三全部为0。", claim.text);
            let cells = received.into_iter().collect();
            let (left, right) = (Some(claim.value), Some(Decimal::ZERO));
            vec![Finding { left, right, origin: Some(claim.origin), ..rule.fails(report, cells, what) }]
        }
        _ => Vec::new(),
    }
}

/// T3-14.
fn carried_out_is_plausible(rule: &Rule, report: &Report) -> Vec<Finding> {
    let Some(form) = report.cells.form() else { return Vec::new() };
    let cell = |row| form.request_cell(row, "total").and_then(|id| Some((id, report.cells.value(id)?)));
    let (Some((received_id, received)), Some((id, carried_out))) = (cell("received"), cell("carried_out"))
    else {
        return Vec::new();
    };
    if carried_out <= received {
        return Vec::new();
    }
    let what = format!("表三本年新收{}件，结转下年度却有{}件。", number(received), number(carried_out));
    let (left, right) = (Some(carried_out), Some(received));
    vec![Finding { left, right, ..rule.fails(report, vec![id, received_id], what) }]
}

/// T3-15. In table two T2-02 says so.
fn counts_are_not_negative(rule: &Rule, report: &Report) -> Vec<Finding> {
    let negative = |table| {
        let is_negative = |cell: &report::Cell| {
            cell.value.is_some_and(|value| value.is_sign_negative() && !value.is_zero())
        };
        let cells = ids_where(report, table, is_negative);
        (!cells.is_empty()).then(|| {
            let what = format!(
                "{}有{}格为负数：{}。",
                table.short_title(),
                cells.len(),
                quoted_cells(report, &cells)
            );
            rule.fails(report, cells, what)
        })
    };
    [Table::Requests, Table::Litigation].into_iter().filter_map(negative).collect()
}

/// Rows of a group that can be the same by chance.
const ROWS_BY_CHANCE: usize = 4;

/// T3-17.
fn figures_differ(rule: &Rule, report: &Report) -> Vec<Finding> {
    let Some(form) = report.cells.form() else { return Vec::new() };
    let value = |(row, column): (&str, &str)| report.cells.value(form.request_cell(row, column)?);
    let same = |places: Vec<(&'static str, &'static str)>| -> Option<(Decimal, Vec<CellId>)> {
        let first = value(*places.first()?).filter(|first| !first.is_zero())?;
        let is_same = places.iter().all(|place| value(*place) == Some(first));
        let ids = places.iter().filter_map(|(row, column)| form.request_cell(row, column));
        is_same.then(|| (first, ids.collect()))
    };
    let applicants = || form.applicants.iter().filter(|column| column.id != "total");
    let mut findings = Vec::new();
    for row in &form.requests {
        if let Some((value, cells)) = same(applicants().map(|column| (row.id, column.id)).collect()) {
            let label = cells.first().map_or(row.label, |id| row_label(form, *id));
            let what = format!("表三“{label}”行的六类申请人都是{}件。", number(value));
            findings.push(rule.fails(report, cells, what));
        }
    }
    let mut groups: Vec<&str> = form.requests.iter().filter_map(|row| row.under).collect();
    groups.dedup();
    for group in groups.into_iter().filter(|group| group.starts_with('(')) {
        let rows: Vec<&str> =
            form.requests.iter().filter(|row| row.under == Some(group)).map(|row| row.id).collect();
        for column in applicants().filter(|_| rows.len() > ROWS_BY_CHANCE) {
            if let Some((value, cells)) = same(rows.iter().map(|row| (*row, column.id)).collect()) {
                let what =
                    format!("表三“{}”列“{group}”的{}行都是{}件。", column.label, rows.len(), number(value));
                findings.push(rule.fails(report, cells, what));
            }
        }
    }
    findings
}

/// T3-18, one finding for all rows of all tables.
fn rows_stand_once(rule: &Rule, report: &Report) -> Vec<Finding> {
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
