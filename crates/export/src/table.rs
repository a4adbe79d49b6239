//! One table in one format.

use std::io::Write;

use crate::column::{Column, Value};
use crate::comma::CommaSeparated;
use crate::json_lines::JsonLines;
use crate::parquet_file::ParquetFile;
use crate::spreadsheet::{Book, SheetLimits, Spreadsheet};
use crate::{ExportError, Provenance, Records, Shape, dictionary};

/// A file format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Comma-separated values in UTF-8 with a byte order mark, by RFC 4180.
    Csv,
    /// A workbook, with sheets for the dictionary and the provenance.
    Xlsx,
    /// Apache Parquet, with the dictionary and the provenance in its metadata.
    Parquet,
    /// One JSON object a line.
    Jsonl,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 4] = [Self::Csv, Self::Xlsx, Self::Parquet, Self::Jsonl];

    /// The name used in addresses, which is that of the file too.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::Parquet => "parquet",
            Self::Jsonl => "jsonl",
        }
    }

    /// The format with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == name)
    }

    /// The media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Parquet => "application/vnd.apache.parquet",
            Self::Jsonl => "application/x-ndjson",
        }
    }

    /// The Chinese words for it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Csv => "CSV 文本",
            Self::Xlsx => "Excel 工作簿（XLSX）",
            Self::Parquet => "Parquet 数据文件",
            Self::Jsonl => "JSON 行文本（JSONL）",
        }
    }
}

/// The language of column names and of coded values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Names {
    /// Chinese, for people.
    Zh,
    /// The ids that programs use, which never change.
    Id,
}

impl Names {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Zh, Self::Id];

    /// The name used in addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Zh => "zh",
            Self::Id => "id",
        }
    }

    /// The names with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|names| names.as_str() == name)
    }

    /// The Chinese words for it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Zh => "中文",
            Self::Id => "英文编号（供程序使用）",
        }
    }

    /// The header of a column.
    pub(crate) fn header(self, column: &Column) -> &str {
        self.of(&column.id, &column.name)
    }

    pub(crate) fn of<'a>(self, id: &'a str, title: &'a str) -> &'a str {
        match self {
            Self::Zh => title,
            Self::Id => id,
        }
    }
}

/// What to export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The rows.
    pub shape: Shape,
    /// The format.
    pub format: Format,
    /// The language of column names and codes.
    pub names: Names,
    /// Whether the rows are for everybody: the state of the review is left out then.
    pub is_public: bool,
    /// What comes before the path of an address in the table, e.g. `https://gouji.example.cn`; may be empty.
    pub base: String,
}

/// Writes every report as rows to `out`, and returns the provenance with the number of rows.
///
/// `provenance` is that of the export without its rows. After an error, `out` has no whole file.
///
/// # Errors
/// If `out` takes no more, or a report cannot be read.
pub fn write<'a, W: Write + Send + 'a>(
    request: &Request,
    mut provenance: Provenance,
    records: &(impl Records + ?Sized),
    out: W,
) -> Result<Provenance, ExportError> {
    let mut table = writer(request, out)?;
    if request.shape == Shape::Dictionary {
        dictionary::rows(request.names, &mut |row| {
            provenance.rows += 1;
            table.row(row)
        })?;
    } else {
        records.each(&mut |record| {
            provenance.add(record);
            request.shape.rows(record, request, &mut |row| {
                provenance.rows += 1;
                table.row(row)
            })
        })?;
    }
    table.finish(&provenance)?;
    Ok(provenance)
}

/// Writes a table that is no shape of reports, such as a comparison or the rows of an outlet, to `out`, row by row.
/// Texts are kept from becoming formulas as in an export; a workbook has a sheet that says what its columns mean, and
/// the columns of a Parquet file are named by their ids. `title` is the name of the table in both. Returns how many
/// rows there were. After an error, `out` has no whole file.
///
/// # Errors
/// If `out` takes no more.
pub fn write_table<'v, W: Write + Send>(
    title: &str,
    columns: Vec<Column>,
    names: Names,
    format: Format,
    rows: impl IntoIterator<Item = Vec<Value<'v>>>,
    out: W,
) -> Result<u64, ExportError> {
    let mut table: Box<dyn TableWriter + '_> = match format {
        Format::Csv => Box::new(CommaSeparated::new(&columns, names, out)?),
        Format::Jsonl => Box::new(JsonLines::new(&columns, names, out)),
        Format::Parquet => Box::new(ParquetFile::plain(title, columns, out)?),
        Format::Xlsx => {
            let book = Book { title: title.to_owned(), names, shape: None };
            Box::new(Spreadsheet::new(book, columns, SheetLimits::EXCEL, out)?)
        }
    };
    let mut count = 0;
    for row in rows {
        table.row(&row)?;
        count += 1;
    }
    table.finish(&Provenance { rows: count, ..Provenance::default() })?;
    Ok(count)
}

/// Writes the rows of one table.
pub(crate) trait TableWriter {
    /// Writes one row: a value for each column.
    fn row(&mut self, values: &[Value<'_>]) -> Result<(), ExportError>;

    /// Writes what comes after the rows. A table that was dropped before is no whole file.
    fn finish(self: Box<Self>, provenance: &Provenance) -> Result<(), ExportError>;
}

fn writer<'a, W: Write + Send + 'a>(
    request: &Request,
    out: W,
) -> Result<Box<dyn TableWriter + 'a>, ExportError> {
    let columns = request.shape.columns();
    Ok(match request.format {
        Format::Csv => Box::new(CommaSeparated::new(&columns, request.names, out)?),
        Format::Jsonl => Box::new(JsonLines::new(&columns, request.names, out)),
        Format::Parquet => Box::new(ParquetFile::new(request, columns, out)?),
        Format::Xlsx => Box::new(Spreadsheet::new(Book::of(request), columns, SheetLimits::EXCEL, out)?),
    })
}
