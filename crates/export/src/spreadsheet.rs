//! Workbooks, written from front to back in the memory of one row.
//!
//! `rust_xlsxwriter`, which writes our other workbooks, needs a seekable file and the whole sheet on the disk before
//! the first byte can leave. Here a client gets the rows while they are read.

mod package;
mod text;

use std::fmt::Write as _;
use std::io::Write;

use report::{Date, Decimal, beijing};
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

use crate::column::{Column, Kind, Value};
use crate::sink::{Knife, Severable};
use crate::table::{Request, TableWriter};
use crate::{ExportError, Names, Provenance, Shape, dictionary};

/// How much a sheet holds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SheetLimits {
    /// Rows with the header.
    pub(crate) rows: u32,
    /// Bytes before they are compressed.
    pub(crate) size_bytes: u64,
}

impl SheetLimits {
    /// What Excel opens. A file of more than 4 GiB in an archive that was written as a stream needs an extension
    /// (ZIP64) that not every spreadsheet reads.
    pub(crate) const EXCEL: Self = Self { rows: 1_048_576, size_bytes: 3 << 30 };
}

/// Digits that a spreadsheet keeps of a number.
const NUMBER_DIGITS: u32 = 15;
/// Fast; a higher level takes several times as long for a tenth fewer bytes.
const COMPRESSION_LEVEL: i64 = 1;

/// What a workbook is of.
#[derive(Debug, Clone)]
pub(crate) struct Book {
    /// The name of its first sheet.
    pub(crate) title: String,
    /// The language of its headers and codes.
    pub(crate) names: Names,
    /// The shape of its rows; none for a small table, which has no provenance.
    pub(crate) shape: Option<Shape>,
}

impl Book {
    /// The workbook of an export.
    pub(crate) fn of(request: &Request) -> Self {
        let title = request.shape.title().to_owned();
        Self { title, names: request.names, shape: Some(request.shape) }
    }
}

/// Writes a workbook.
pub(crate) struct Spreadsheet<W: Write> {
    // Dropped before the archive.
    knife: Knife,
    archive: ZipWriter<StreamWriter<Severable<W>>>,
    book: Book,
    columns: Vec<Column>,
    limits: SheetLimits,
    /// The names of the sheets so far.
    sheets: Vec<String>,
    sheet: Sheet,
}

/// The sheet that is being written.
#[derive(Debug, Default)]
struct Sheet {
    /// What references to its cells begin with: `A`, `B`, …
    letters: Vec<String>,
    rows: u32,
    size_bytes: u64,
    line: String,
}

impl<W: Write> Spreadsheet<W> {
    pub(crate) fn new(
        book: Book,
        columns: Vec<Column>,
        limits: SheetLimits,
        out: W,
    ) -> Result<Self, ExportError> {
        let knife = Knife::default();
        let archive = ZipWriter::new_stream(knife.hold(out));
        let mut spreadsheet =
            Self { knife, archive, book, columns, limits, sheets: Vec::new(), sheet: Sheet::default() };
        spreadsheet.begin_rows()?;
        Ok(spreadsheet)
    }

    /// Begins a sheet of rows: the first, or one that goes on with them.
    fn begin_rows(&mut self) -> Result<(), ExportError> {
        let title = &self.book.title;
        let name = match self.sheets.len() {
            0 => title.clone(),
            before => format!("{title}（{}）", before + 1),
        };
        let columns = self.columns.clone();
        self.begin(name, &columns, self.book.names)
    }

    fn begin(&mut self, name: String, columns: &[Column], names: Names) -> Result<(), ExportError> {
        self.sheets.push(name);
        self.archive.start_file(package::sheet_path(self.sheets.len()), options())?;
        self.sheet = Sheet {
            letters: (0..columns.len()).map(letters).collect(),
            rows: 0,
            size_bytes: 0,
            line: package::sheet_head(columns),
        };
        self.write_line()?;
        let header: Vec<Value> = columns.iter().map(|column| Value::text(names.header(column))).collect();
        self.sheet.add_row(&header, Style::Header);
        self.write_line()
    }

    fn end(&mut self) -> Result<(), ExportError> {
        self.sheet.line.push_str("</sheetData>");
        if let Some(last) = self.sheet.letters.last() {
            let _ = write!(self.sheet.line, "<autoFilter ref=\"A1:{last}{}\"/>", self.sheet.rows);
        }
        self.sheet.line.push_str("</worksheet>");
        self.write_line()
    }

    fn write_line(&mut self) -> Result<(), ExportError> {
        self.archive.write_all(self.sheet.line.as_bytes())?;
        self.sheet.size_bytes += self.sheet.line.len() as u64;
        self.sheet.line.clear();
        Ok(())
    }

    fn write_dictionary(&mut self) -> Result<(), ExportError> {
        let Book { title, names, shape } = self.book.clone();
        let columns = self.columns.clone();
        self.begin(Shape::Dictionary.title().to_owned(), &dictionary::columns(), names)?;
        let id = match shape {
            Some(shape) => shape.as_str(),
            None => &title,
        };
        for column in &columns {
            self.sheet.add_row(&dictionary::row(id, &title, column, names), Style::Plain);
            self.write_line()?;
        }
        self.end()
    }

    fn write_provenance(&mut self, provenance: &Provenance) -> Result<(), ExportError> {
        let names = self.book.names;
        let columns = [
            Column::new("item", "项目", Kind::Text, "说明的项目"),
            Column::new("value", "内容", Kind::Text, "说明的内容"),
        ];
        self.begin("来源说明".to_owned(), &columns, names)?;
        for (id, name, value) in provenance.parts() {
            self.sheet.add_row(&[Value::text(names.of(id, name)), Value::text(value)], Style::Plain);
            self.write_line()?;
        }
        self.end()
    }
}

impl<W: Write> TableWriter for Spreadsheet<W> {
    fn row(&mut self, values: &[Value<'_>]) -> Result<(), ExportError> {
        if self.sheet.rows >= self.limits.rows || self.sheet.size_bytes >= self.limits.size_bytes {
            self.end()?;
            self.begin_rows()?;
        }
        self.sheet.add_row(values, Style::Plain);
        self.write_line()
    }

    fn finish(mut self: Box<Self>, provenance: &Provenance) -> Result<(), ExportError> {
        self.end()?;
        if self.book.shape != Some(Shape::Dictionary) {
            self.write_dictionary()?;
        }
        if self.book.shape.is_some() {
            self.write_provenance(provenance)?;
        }
        for (path, content) in package::parts(&self.sheets) {
            self.archive.start_file(path, options())?;
            self.archive.write_all(content.as_bytes())?;
        }
        self.knife.finish();
        let mut out = self.archive.finish()?.into_inner();
        Ok(out.flush()?)
    }
}

fn options() -> SimpleFileOptions {
    SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(COMPRESSION_LEVEL))
}

/// How the cells of a row look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    Plain,
    Header,
}

impl Sheet {
    fn add_row(&mut self, values: &[Value<'_>], style: Style) {
        self.rows += 1;
        let (number, line) = (self.rows, &mut self.line);
        let _ = write!(line, "<row r=\"{number}\">");
        for (letters, value) in self.letters.iter().zip(values) {
            let text_style = if style == Style::Header { package::HEADER } else { package::TEXT };
            match value {
                Value::Empty => {}
                Value::Text(text) => text_cell(line, letters, number, text_style, text),
                Value::Integer(value) => decimal_cell(line, letters, number, Decimal::from(*value)),
                Value::Decimal(value) => decimal_cell(line, letters, number, *value),
                Value::Date(day) => {
                    number_cell(line, letters, number, package::DATE, days_since_1900(*day));
                }
                Value::Time(ms) => match serial(*ms) {
                    Some(serial) => number_cell(line, letters, number, package::TIME, serial),
                    None => text_cell(line, letters, number, package::TEXT, &beijing::format_time(*ms)),
                },
            }
        }
        line.push_str("</row>");
    }
}

fn number_cell(line: &mut String, letters: &str, row: u32, style: u8, number: impl std::fmt::Display) {
    let _ = write!(line, "<c r=\"{letters}{row}\" s=\"{style}\"><v>{number}</v></c>");
}

/// A number as a number; as text where a spreadsheet would round it.
fn decimal_cell(line: &mut String, letters: &str, row: u32, number: Decimal) {
    let digits = number.mantissa().unsigned_abs().checked_ilog10().map_or(1, |digits| digits + 1);
    if digits <= NUMBER_DIGITS {
        number_cell(line, letters, row, package::GENERAL, number);
    } else {
        text_cell(line, letters, row, package::TEXT, &number.to_string());
    }
}

fn text_cell(line: &mut String, letters: &str, row: u32, style: u8, text: &str) {
    let _ =
        write!(line, "<c r=\"{letters}{row}\" s=\"{style}\" t=\"inlineStr\"><is><t xml:space=\"preserve\">");
    text::push(line, text);
    line.push_str("</t></is></c>");
}

/// The number of a day in a spreadsheet.
fn days_since_1900(day: Date) -> i32 {
    // Excel counts a 29 February 1900 that never was; from March 1900 on, this is the day before its first.
    let epoch = Date::constant(1899, 12, 30);
    day.since(epoch).map_or(0, |span| span.get_days())
}

/// The number of a moment in a spreadsheet, by a clock in Beijing.
fn serial(ms: i64) -> Option<f64> {
    const DAY_MS: i64 = 86_400_000;
    const BEIJING_MS: i64 = 8 * 3_600_000;
    let day = beijing::day(ms)?;
    let of_day = ms.checked_add(BEIJING_MS)?.rem_euclid(DAY_MS);
    Some(f64::from(days_since_1900(day)) + of_day as f64 / DAY_MS as f64)
}

/// The letters of a column, from 0.
fn letters(index: usize) -> String {
    let (higher, last) = (index / 26, (b'A' + (index % 26) as u8) as char);
    if higher == 0 { last.to_string() } else { format!("{}{last}", letters(higher - 1)) }
}

#[cfg(test)]
mod tests;
