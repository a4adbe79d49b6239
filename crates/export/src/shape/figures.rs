//! A row a cell of a report: the tidy, long table.

use report::{Cell, CellState, Doubt, Table};

use super::{Each, address, form, form_of, id, key, place, place_of, who, who_of};
use crate::cells;
use crate::column::{Column, Kind, Value};
use crate::table::{Names, Request};
use crate::{ExportError, Record};

pub(super) fn columns() -> Vec<Column> {
    let mut columns = vec![key(), id()];
    columns.extend(who());
    columns.push(form());
    let tables = Table::ALL.map(|table| (table.as_str(), table.short_title()));
    let states = CellState::ALL.map(|state| (state.as_str(), state.title()));
    let doubts = Doubt::ALL.map(|doubt| (doubt.as_str(), doubt.title()));
    columns.extend([
        Column::new("table", "表", Kind::Text, "在哪张表").with_codes(tables),
        Column::new("cell", "单元格编号", Kind::Text, "这一格的编号，两种格式中含义相同的格编号相同"),
        Column::new("label", "单元格", Kind::Text, "这一格的行列名称"),
        Column::new("unit", "单位", Kind::Text, "表格规定的计量单位").with_codes([
            ("件", "件"),
            ("项", "项"),
            ("万元", "万元"),
        ]),
        Column::new("value", "数值", Kind::Decimal, "可以使用的数值；没有则为空，原因见“状态”，空值不是0"),
        Column::new("state", "状态", Kind::Text, "数值的来历，或没有数值的原因").with_codes(states),
        Column::new(
            "doubtful_value",
            "存疑数值",
            Kind::Decimal,
            "存疑时文件中所存的数值，核对原件前不可使用",
        ),
        Column::new("text", "原文", Kind::Text, "这一格原来的文字；原文没有这一格或为空格时为空"),
        Column::new("witness", "佐证", Kind::Text, "原文印出的数字；推得的和没有数值的为空")
            .with_codes([("printed", "原文印出")]),
        Column::new("doubt", "存疑原因", Kind::Text, "为何存疑；不存疑则为空").with_codes(doubts),
    ]);
    columns.extend(place());
    columns.push(address("在本系统中查看这一格及其原文位置的地址"));
    columns
}

pub(super) fn rows(record: &Record, request: &Request, each: Each<'_>) -> Result<(), ExportError> {
    let report = &record.review.report;
    let Some(form) = report.form else { return Ok(()) };
    let names = request.names;
    let mut head = vec![Value::text(&*record.key), Value::text(&*record.id)];
    head.extend(who_of(record));
    head.push(form_of(report.form, names));
    for (position, (id, cell)) in report.cells.iter().enumerate() {
        let mut row = Vec::with_capacity(head.len() + 15);
        row.extend_from_slice(&head);
        let table = id.table();
        row.push(Value::text(names.of(table.as_str(), table.short_title())));
        row.push(Value::text(id.as_str()));
        row.push(Value::known(cells::wide(form, position).map(|wide| wide.name.as_str())));
        row.push(Value::text(cells::unit(id)));
        row.push(Value::number(cell.known(), Kind::Decimal));
        row.push(Value::text(names.of(cell.state.as_str(), cell.state.title())));
        let doubtful = cell.value.filter(|_| cell.state == CellState::Doubtful);
        row.push(Value::number(doubtful, Kind::Decimal));
        row.push(Value::known(cell.text.as_deref()));
        row.push(witness(cell, names));
        row.push(
            cell.doubt.map_or(Value::Empty, |doubt| Value::text(names.of(doubt.as_str(), doubt.title()))),
        );
        row.extend(place_of(cell.origin));
        row.push(Value::text(format!("{}/reports/{}#cell-{id}", request.base, record.key)));
        each(&row)?;
    }
    Ok(())
}

/// What bears the figure out. Every reader of today reads what is printed.
fn witness<'a>(cell: &Cell, names: Names) -> Value<'a> {
    match cell.state {
        CellState::Read => Value::text(names.of("printed", "原文印出")),
        _ => Value::Empty,
    }
}
