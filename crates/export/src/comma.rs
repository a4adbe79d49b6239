//! Comma-separated values that a spreadsheet opens without running anything.

use std::borrow::Cow;
use std::io::Write;

use csv::{QuoteStyle, Terminator, WriterBuilder};
use report::beijing;

use crate::column::{Column, Value};
use crate::table::{Names, TableWriter};
use crate::{ExportError, Provenance};

/// Without it, Excel takes UTF-8 for the encoding of the system.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Writes CSV by RFC 4180.
pub(crate) struct CommaSeparated<W: Write> {
    writer: csv::Writer<W>,
}

impl<W: Write> CommaSeparated<W> {
    pub(crate) fn new(columns: &[Column], names: Names, mut out: W) -> Result<Self, ExportError> {
        out.write_all(BYTE_ORDER_MARK)?;
        let mut writer = WriterBuilder::new()
            .quote_style(QuoteStyle::Necessary)
            .terminator(Terminator::CRLF)
            .from_writer(out);
        writer.write_record(columns.iter().map(|column| names.header(column)))?;
        Ok(Self { writer })
    }
}

impl<W: Write> TableWriter for CommaSeparated<W> {
    fn row(&mut self, values: &[Value<'_>]) -> Result<(), ExportError> {
        for value in values {
            match value {
                Value::Empty => self.writer.write_field("")?,
                Value::Text(text) => self.writer.write_field(&*without_formula(text))?,
                Value::Integer(number) => self.writer.write_field(number.to_string())?,
                Value::Decimal(number) => self.writer.write_field(number.to_string())?,
                Value::Date(day) => self.writer.write_field(day.to_string())?,
                Value::Time(ms) => self.writer.write_field(beijing::format_time(*ms))?,
            }
        }
        self.writer.write_record(None::<&[u8]>)?;
        Ok(())
    }

    fn finish(mut self: Box<Self>, _: &Provenance) -> Result<(), ExportError> {
        Ok(self.writer.flush()?)
    }
}

/// The characters with which a spreadsheet takes a field for a formula, also in the width of Chinese characters, and
/// the white space that it skips before them.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// The text with an apostrophe before it where a spreadsheet would take it for a formula.
pub fn without_formula(text: &str) -> Cow<'_, str> {
    let is_formula = text.starts_with(FORMULA) || text.trim_start().starts_with(FORMULA);
    if is_formula { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}
