//! One JSON object a line. Texts stay as they are, and numbers are exact.

use std::io::{BufWriter, Write};

use report::{Date, beijing};
use serde_json::Value as Json;

use crate::column::{Column, Value};
use crate::table::{Names, TableWriter};
use crate::{ExportError, Provenance};

/// Writes JSON lines.
pub(crate) struct JsonLines<W: Write> {
    out: BufWriter<W>,
    /// For each column, what comes before its value: `{"key":` or `,"agency":`.
    heads: Vec<String>,
}

impl<W: Write> JsonLines<W> {
    pub(crate) fn new(columns: &[Column], names: Names, out: W) -> Self {
        let before = |index: usize| if index == 0 { '{' } else { ',' };
        let heads = columns.iter().enumerate();
        let heads =
            heads.map(|(index, column)| format!("{}{}:", before(index), Json::from(names.header(column))));
        Self { heads: heads.collect(), out: BufWriter::new(out) }
    }
}

impl<W: Write> TableWriter for JsonLines<W> {
    fn row(&mut self, values: &[Value<'_>]) -> Result<(), ExportError> {
        for (head, value) in self.heads.iter().zip(values) {
            self.out.write_all(head.as_bytes())?;
            match value {
                Value::Empty => self.out.write_all(b"null")?,
                Value::Text(text) => text_to(&mut self.out, text)?,
                Value::Integer(number) => write!(self.out, "{number}")?,
                // Written as it is: a float would round it.
                Value::Decimal(number) => write!(self.out, "{number}")?,
                Value::Date(day) => write_day(&mut self.out, *day)?,
                Value::Time(ms) => write!(self.out, "\"{}\"", beijing_rfc3339(*ms))?,
            }
        }
        self.out.write_all(b"}\n")?;
        Ok(())
    }

    fn finish(mut self: Box<Self>, _: &Provenance) -> Result<(), ExportError> {
        Ok(self.out.flush()?)
    }
}

fn text_to(out: &mut impl Write, text: &str) -> std::io::Result<()> {
    serde_json::to_writer(out, text).map_err(std::io::Error::from)
}

fn write_day(out: &mut impl Write, day: Date) -> std::io::Result<()> {
    write!(out, "\"{day}\"")
}

/// A moment in Beijing by RFC 3339.
fn beijing_rfc3339(ms: i64) -> String {
    format!("{}+08:00", beijing::format_time(ms).replace(' ', "T"))
}
