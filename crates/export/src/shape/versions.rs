//! A row a version of a report.

use super::{Each, address, id, key, original, submitted_at, verdict, verdict_of, who, who_of};
use crate::column::{Column, Kind, Value};
use crate::table::Request;
use crate::{ExportError, Record};

pub(super) fn columns() -> Vec<Column> {
    let mut columns = vec![key()];
    columns.extend(who());
    columns.push(Column::new("number", "第几版", Kind::Integer, "按报送先后，从1起"));
    columns.push(id());
    columns.push(
        Column::new("current", "是否现行", Kind::Text, "检索和汇总是否以此版本为准")
            .with_codes([("yes", "是"), ("no", "否")]),
    );
    columns.push(submitted_at());
    columns.push(Column::new("submission", "报送编号", Kind::Text, "带来这个版本的那次报送"));
    columns.push(original());
    columns.push(Column::new("file_name", "文件名", Kind::Text, "报送时的文件名"));
    columns.push(verdict("这个版本自身的校核结论，不包括与其他报告比对的发现"));
    columns.push(address("在本系统中查看这个版本的地址"));
    columns
}

pub(super) fn rows(record: &Record, request: &Request, each: Each<'_>) -> Result<(), ExportError> {
    let names = request.names;
    for (index, version) in record.versions.iter().enumerate() {
        let mut row = vec![Value::text(&*record.key)];
        row.extend(who_of(record));
        row.push(Value::count(index + 1));
        row.push(Value::text(&*version.id));
        let is_current = version.id == record.id;
        row.push(Value::text(if is_current { names.of("yes", "是") } else { names.of("no", "否") }));
        row.push(Value::Time(version.submitted_at_ms));
        row.push(Value::text(&*version.submission));
        row.push(Value::text(&*version.original));
        row.push(Value::text(&*version.file_name));
        row.push(verdict_of(version.verdict, names));
        row.push(Value::text(format!("{}/reports/{}", request.base, version.id)));
        each(&row)?;
    }
    Ok(())
}
