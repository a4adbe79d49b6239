//! Hygiene of the cells of all three tables: one finding a table, with how many and which.

use std::collections::BTreeSet;

use report::{CellId, CellKind, CellState, Finding, Report, Severity, Table};

use crate::place::{cells_of, ids_where, is_blank, quoted, quoted_cells, rows};
use crate::{BOTH, Check, Rule};

const FORM: &str = "国办公开办函〔2021〕30号、〔2019〕60号所附格式";

pub(crate) const RULES: &[Rule] = &[
    Rule {
        id: "CEL-01",
        severity: Severity::Warning,
        forms: BOTH,
        title: "不用符号代替数字",
        basis: FORM,
        hint: "请改填数字，没有发生的填0。",
        formula: "各格 ∉ {/、-、—、无、不适用 等符号}",
        check: Check::Report(|rule, report| {
            a_finding_a_table(report, |table| placeholders(rule, report, table))
        }),
    },
    Rule {
        id: "CEL-02",
        severity: Severity::Warning,
        forms: BOTH,
        title: "不留空格",
        basis: FORM,
        hint: "请补填，没有发生的填0。",
        formula: "各格有数字，没有发生的为0（整行空白的见 T2-01、T3-08、T4-04）",
        check: Check::Report(|rule, report| a_finding_a_table(report, |table| blanks(rule, report, table))),
    },
    Rule {
        id: "CEL-03",
        severity: Severity::Info,
        forms: BOTH,
        title: "数字书写规范",
        basis: FORM,
        hint: "请改为半角阿拉伯数字，不加分节号、空格，正数不加符号。",
        formula: "各格的文字只有 0–9、小数点和负号“-”",
        check: Check::Report(|rule, report| {
            a_finding_a_table(report, |table| odd_digits(rule, report, table))
        }),
    },
    Rule {
        id: "CEL-04",
        severity: Severity::Warning,
        forms: BOTH,
        title: "表三、表四各格只填数字",
        basis: FORM,
        hint: "请删去单位和说明，只保留数字。",
        formula: "表三、表四各格的数字之后没有 件、条 等单位或者说明（表二见 T2-10）",
        check: Check::Report(|rule, report| {
            a_finding_a_table(report, |table| glued_words(rule, report, table))
        }),
    },
    Rule {
        id: "CEL-05",
        severity: Severity::Error,
        forms: BOTH,
        title: "每格一个可以读出的数字",
        basis: FORM,
        hint: "请每格只填一个数字后重新公布。",
        formula: "各格的文字是一个数字",
        check: Check::Report(|rule, report| {
            a_finding_a_table(report, |table| unreadable(rule, report, table))
        }),
    },
    Rule {
        id: "CEL-06",
        severity: Severity::Warning,
        forms: BOTH,
        title: "数量不带小数",
        basis: FORM,
        hint: "请核对后改为整数。",
        formula: "件数、项数各格的小数部分 = 0",
        check: Check::Report(|rule, report| {
            a_finding_a_table(report, |table| fractions(rule, report, table))
        }),
    },
];

fn a_finding_a_table(report: &Report, find: impl Fn(Table) -> Option<Finding>) -> Vec<Finding> {
    let tables = Table::ALL.into_iter().filter(|table| cells_of(report, *table).next().is_some());
    tables.filter_map(find).collect()
}

/// CEL-01.
fn placeholders(rule: &Rule, report: &Report, table: Table) -> Option<Finding> {
    let ids = some(ids_where(report, table, |cell| cell.state == CellState::Placeholder))?;
    let what = format!(
        "{}有{}格以{}代替数字：{}。",
        table.short_title(),
        ids.len(),
        texts(report, &ids),
        quoted_cells(report, &ids)
    );
    Some(rule.fails(report, ids, what))
}

/// CEL-02. Rows with nothing in them are the business of T2-01, T3-08 and T4-04.
fn blanks(rule: &Rule, report: &Report, table: Table) -> Option<Finding> {
    let rows = rows(report, table);
    // Table four is one row as printed.
    let is_one_row = table == Table::Litigation && rows.iter().any(|row| row.has_figure());
    let filled = rows.iter().filter(|row| is_one_row || row.has_figure());
    let blank = filled.flat_map(|row| &row.cells).filter(|(_, cell)| is_blank(cell));
    let ids: Vec<CellId> = some(blank.map(|(id, _)| *id).collect())?;
    let all = cells_of(report, table).count();
    let what = format!(
        "{}共{all}格，其中{}格空白：{}。",
        table.short_title(),
        ids.len(),
        quoted_cells(report, &ids)
    );
    Some(rule.fails(report, ids, what))
}

/// CEL-03. The number is certain all the same, and was read.
fn odd_digits(rule: &Rule, report: &Report, table: Table) -> Option<Finding> {
    let is_odd = |text: &str| {
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            return false;
        }
        let number =
            text.trim().trim_end_matches(|c: char| c.is_alphabetic() && !is_digit_word(c)).trim_end();
        number.chars().any(|c| is_digit_word(c) || is_odd_sign(c) || c.is_whitespace())
    };
    let ids = some(ids_where(report, table, |cell| {
        cell.state == CellState::Read && cell.text.as_deref().is_some_and(is_odd)
    }))?;
    let what = format!(
        "{}有{}格的数字书写不规范：{}，填的是{}，已按数值读取。",
        table.short_title(),
        ids.len(),
        quoted_cells(report, &ids),
        texts(report, &ids)
    );
    Some(rule.fails(report, ids, what))
}

/// A word where a digit or a sign belongs.
fn is_digit_word(c: char) -> bool {
    matches!(c, '零' | '〇' | '○' | '减' | '增' | '负' | '少' | '加')
}

/// A separator of thousands, a full-width digit or one of the signs that only look like a minus.
fn is_odd_sign(c: char) -> bool {
    matches!(c, ',' | '，' | '\'' | '−' | '—' | '–' | '＋' | '－' | '．' | '０'..='９')
}

/// CEL-04.
fn glued_words(rule: &Rule, report: &Report, table: Table) -> Option<Finding> {
    if table == Table::Active {
        return None;
    }
    let is_glued =
        |text: &str| text.chars().any(|c| c.is_alphabetic() && !is_digit_word(c) && !is_odd_sign(c));
    let ids = some(ids_where(report, table, |cell| {
        cell.state == CellState::Read && cell.text.as_deref().is_some_and(is_glued)
    }))?;
    let what = format!(
        "{}有{}格在数字之外写了文字：{}，填的是{}。",
        table.short_title(),
        ids.len(),
        quoted_cells(report, &ids),
        texts(report, &ids)
    );
    Some(rule.fails(report, ids, what))
}

/// CEL-05.
fn unreadable(rule: &Rule, report: &Report, table: Table) -> Option<Finding> {
    let ids = some(ids_where(report, table, |cell| cell.state == CellState::Unreadable))?;
    let what = format!(
        "{}有{}格读不出一个确定的数字：{}，填的是{}。",
        table.short_title(),
        ids.len(),
        quoted_cells(report, &ids),
        texts(report, &ids)
    );
    Some(rule.fails(report, ids, what))
}

/// CEL-06.
fn fractions(rule: &Rule, report: &Report, table: Table) -> Option<Finding> {
    let counts = cells_of(report, table).filter(|(id, _)| id.kind() != CellKind::Amount);
    let fractions = counts.filter(|(_, cell)| cell.value.is_some_and(|value| !value.fract().is_zero()));
    let ids = some(fractions.map(|(id, _)| id).collect())?;
    let what = format!(
        "{}有{}格的数量带小数：{}，填的是{}。",
        table.short_title(),
        ids.len(),
        quoted_cells(report, &ids),
        texts(report, &ids)
    );
    Some(rule.fails(report, ids, what))
}

fn some(ids: Vec<CellId>) -> Option<Vec<CellId>> {
    (!ids.is_empty()).then_some(ids)
}

/// What stands in the cells, each text once.
fn texts(report: &Report, ids: &[CellId]) -> String {
    let texts = ids.iter().filter_map(|id| report.cells.get(*id)?.text.as_deref());
    quoted(texts.collect::<BTreeSet<_>>(), "种")
}
