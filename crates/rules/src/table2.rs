//! Table two, 主动公开政府信息情况: figures, all of them, and of the right kind.

use report::{Cell, CellId, CellKind, CellState, Decimal, Finding, Report, Severity, Table};

use crate::place::{cells_of, ids_where, is_absent, is_blank, number, quoted_cells};
use crate::{BOTH, Check, Rule};

const FORM: &str = "国办公开办函〔2021〕30号、〔2019〕60号所附格式，表二；《条例》第二十条";

pub(crate) const RULES: &[Rule] = &[
    Rule {
        id: "T2-01",
        severity: Severity::Error,
        forms: BOTH,
        title: "表二各格都填有数字",
        basis: FORM,
        hint: "请补填，没有发生的填0。",
        formula: "",
        check: Check::Report(all_numeric),
    },
    Rule {
        id: "T2-02",
        severity: Severity::Error,
        forms: BOTH,
        title: "表二数量为非负整数",
        basis: FORM,
        hint: "请核对后更正；只有“本年增/减”可以为负数，只有金额可以有小数。",
        formula: "",
        check: Check::Report(whole_numbers),
    },
    Rule {
        id: "T2-10",
        severity: Severity::Info,
        forms: BOTH,
        title: "数量格内只填数字",
        basis: FORM,
        hint: "请删去单位，只保留数字。",
        formula: "",
        check: Check::Report(no_units),
    },
];

/// T2-01, one finding that says which cells lack a number and why.
fn all_numeric(rule: &Rule, report: &Report) -> Vec<Finding> {
    if is_absent(report, Table::Active) {
        return Vec::new();
    }
    let of = |state: CellState| ids_where(report, Table::Active, move |cell| cell.state == state);
    let kinds = [
        ("缺失", of(CellState::Missing)),
        ("空白", ids_where(report, Table::Active, is_blank)),
        ("填的是符号", of(CellState::Placeholder)),
        ("填的不是数字", of(CellState::Unreadable)),
    ];
    let parts: Vec<String> = kinds
        .iter()
        .filter(|(_, ids)| !ids.is_empty())
        .map(|(what, ids)| format!("{what}的是{}", quoted_cells(report, ids)))
        .collect();
    let cells: Vec<CellId> = kinds.into_iter().flat_map(|(_, ids)| ids).collect();
    if cells.is_empty() {
        return Vec::new();
    }
    let what = format!("表二有{}格没有填写数字：{}。", cells.len(), parts.join("；"));
    vec![rule.fails(report, cells, what)]
}

/// T2-02.
fn whole_numbers(rule: &Rule, report: &Report) -> Vec<Finding> {
    let wrong = |id: CellId, value: Decimal| match id.kind() {
        CellKind::Count => value < Decimal::ZERO || !value.fract().is_zero(),
        CellKind::Change => !value.fract().is_zero(),
        CellKind::Amount => value < Decimal::ZERO,
    };
    let cells = cells_of(report, Table::Active).filter_map(|(id, cell)| Some((id, cell.value?)));
    cells
        .filter(|(id, value)| wrong(*id, *value))
        .map(|(id, value)| {
            let cell = quoted_cells(report, &[id]);
            let what = format!("表二{cell}填的是{}，应为{}。", number(value), expected(id.kind()));
            Finding { left: Some(value), ..rule.fails(report, vec![id], what) }
        })
        .collect()
}

fn expected(kind: CellKind) -> &'static str {
    match kind {
        CellKind::Count => "非负整数",
        CellKind::Change => "整数",
        CellKind::Amount => "非负金额",
    }
}

/// T2-10. The number was read without its unit; money may name its own.
fn no_units(rule: &Rule, report: &Report) -> Vec<Finding> {
    let counts = cells_of(report, Table::Active).filter(|(id, _)| id.kind() != CellKind::Amount);
    let glued: Vec<(CellId, &str, Decimal)> = counts.filter_map(|(id, cell)| glued_unit(id, cell)).collect();
    if glued.is_empty() {
        return Vec::new();
    }
    let cells: Vec<CellId> = glued.iter().map(|(id, ..)| *id).collect();
    let texts: Vec<String> =
        glued.iter().map(|(_, text, value)| format!("“{text}”已按{}读取", number(*value))).collect();
    let what = format!("表二{}在数字后写了单位：{}。", quoted_cells(report, &cells), texts.join("，"));
    vec![rule.fails(report, cells, what)]
}

fn glued_unit(id: CellId, cell: &Cell) -> Option<(CellId, &str, Decimal)> {
    let text = cell.text.as_deref().filter(|_| cell.state == CellState::Read)?;
    let has_unit = text.trim_end().chars().next_back().is_some_and(char::is_alphabetic);
    has_unit.then_some((id, text, cell.value?))
}
