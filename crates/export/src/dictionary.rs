//! What every column means.

use crate::column::{Column, Kind, Value};
use crate::shape::Each;
use crate::table::Names;
use crate::{ExportError, Shape};

pub(crate) fn columns() -> Vec<Column> {
    let shapes = Shape::ALL.map(|shape| (shape.as_str(), shape.title()));
    let kinds = [Kind::Text, Kind::Integer, Kind::Decimal, Kind::Date, Kind::Time];
    vec![
        Column::new("shape", "所在表", Kind::Text, "这一列所在的表").with_codes(shapes),
        Column::new("column", "列名", Kind::Text, "供程序使用的列名，不随版本改变"),
        Column::new("name", "中文名", Kind::Text, "中文列名"),
        Column::new("type", "类型", Kind::Text, "所存内容的类型")
            .with_codes(kinds.map(|kind| (kind.as_str(), title(kind)))),
        Column::new("unit", "单位", Kind::Text, "数值的计量单位；不是数值则为空"),
        Column::new("meaning", "含义", Kind::Text, "这一列的含义"),
        Column::new("codes", "取值", Kind::Text, "可能的取值及其中文；取值不限则为空"),
    ]
}

/// Calls `each` with a row for every column of every shape.
pub(crate) fn rows(names: Names, each: Each<'_>) -> Result<(), ExportError> {
    Shape::ALL.into_iter().try_for_each(|shape| rows_of(shape, names, &mut *each))
}

/// Calls `each` with a row for every column of a shape.
pub(crate) fn rows_of(shape: Shape, names: Names, each: Each<'_>) -> Result<(), ExportError> {
    shape.columns().iter().try_for_each(|column| each(&row(shape.as_str(), shape.title(), column, names)))
}

/// What a column of this table means.
pub(crate) fn row<'a>(id: &'a str, table: &'a str, column: &'a Column, names: Names) -> [Value<'a>; 7] {
    [
        Value::text(names.of(id, table)),
        Value::text(&*column.id),
        Value::text(&*column.name),
        Value::text(names.of(column.kind.as_str(), title(column.kind))),
        Value::text(column.unit),
        Value::text(&*column.meaning),
        Value::text(codes(column)),
    ]
}

/// Every word that a column may hold, with what it means: `read 原文印有数字；blank 原文为空格`.
fn codes(column: &Column) -> String {
    let code = |(id, title): &(&str, &str)| {
        if id == title { (*id).to_owned() } else { format!("{id} {title}") }
    };
    column.codes.iter().map(code).collect::<Vec<_>>().join("；")
}

fn title(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "文字",
        Kind::Integer => "整数",
        Kind::Decimal => "小数",
        Kind::Date => "日期",
        Kind::Time => "时间",
    }
}
