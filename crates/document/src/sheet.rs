//! Spreadsheets: the sheets one after another, each cut into paragraphs and tables.
//!
//! XLSX and XLS (and WPS's ET, which is either) are read by readers of our own, because a reader
//! has to give the format of each number and the frame of each blank cell, and a file of 1 KB must
//! not make it reserve terabytes. Both fill a [`Sheet`]; what is a heading and what is a table is
//! decided in `cut`. Hidden sheets, rows and columns are left out; a formula counts with the value
//! that was saved with it.
//!
//! Origins: a cell's `line` is the running number of the paragraph or table row in the document,
//! and its bytes are those of the whole file, since a cell's value is spread over several parts.

mod conditions;
mod cut;
mod drawings;
mod formats;
mod hidden;
mod number;
mod ods;
mod rich;
mod xls;
mod xlsx;
mod xml;

use std::collections::{BTreeMap, HashMap};

use crate::error::ReadError;
use crate::kind::Kind;
use crate::limits::Limits;
use crate::model::{Block, Doubt};

/// The blocks of an Excel workbook since 2007.
pub(crate) fn read_xlsx(bytes: &[u8], limits: &Limits) -> Result<Vec<Block>, ReadError> {
    cut::blocks(xlsx::sheets(bytes, limits)?, bytes.len(), Count::new(limits, Kind::Xlsx))
}

/// The blocks of an Excel or WPS workbook before 2007.
pub(crate) fn read_xls(bytes: &[u8], limits: &Limits) -> Result<Vec<Block>, ReadError> {
    cut::blocks(xls::sheets(bytes, limits)?, bytes.len(), Count::new(limits, Kind::Xls))
}

/// The blocks of an OpenDocument spreadsheet.
pub(crate) fn read_ods(bytes: &[u8], limits: &Limits) -> Result<Vec<Block>, ReadError> {
    cut::blocks(ods::sheets(bytes, limits)?, bytes.len(), Count::new(limits, Kind::Ods))
}

/// The rows of the first sheet that holds something, from its first row on, also those that are hidden: for a list
/// that somebody keeps in a spreadsheet. None where the file is no spreadsheet.
pub(crate) fn rows(
    bytes: &[u8],
    format: Kind,
    limits: &Limits,
) -> Result<Option<Vec<Vec<String>>>, ReadError> {
    let sheets = match format {
        Kind::Xlsx => xlsx::sheets(bytes, limits)?,
        Kind::Xls => xls::sheets(bytes, limits)?,
        Kind::Ods => ods::sheets(bytes, limits)?,
        Kind::ExcelXml => xml::sheets(bytes, limits)?,
        _ => return Ok(None),
    };
    let Some(sheet) = sheets.into_iter().find(|sheet| !sheet.cells.is_empty()) else {
        return Ok(Some(Vec::new()));
    };
    let mut rows: Vec<Vec<String>> = Vec::new();
    for ((row, column), content) in sheet.cells {
        let [row, column] = [row as usize, column as usize];
        if column >= LIST_COLUMNS {
            return Err(ReadError::TooManyCells { found: column + 1, limit: LIST_COLUMNS });
        }
        rows.resize_with(rows.len().max(row + 1), Vec::new);
        if let Some(cells) = rows.get_mut(row) {
            cells.resize_with(column, String::new);
            cells.push(content.text);
        }
    }
    Ok(Some(rows))
}

/// A list has ten columns; blank cells before a far one take memory.
const LIST_COLUMNS: usize = 256;

/// The blocks of a workbook of Excel 2003 in one XML file.
pub(crate) fn read_xml(bytes: &[u8], limits: &Limits) -> Result<Vec<Block>, ReadError> {
    cut::blocks(xml::sheets(bytes, limits)?, bytes.len(), Count::new(limits, Kind::ExcelXml))
}

/// A visible sheet: the texts of its cells, and its merged cells.
#[derive(Debug, Default)]
struct Sheet {
    /// By row and column, from 0.
    cells: BTreeMap<(u32, u32), Content>,
    merges: Vec<Merge>,
    /// For each row with framed cells, blank or not, the first and the last of their columns.
    frames: HashMap<u32, (u32, u32)>,
    /// The first and the last of rows and columns that are not shown.
    hidden_rows: Vec<(u32, u32)>,
    hidden_columns: Vec<(u32, u32)>,
}

/// The text of a cell.
#[derive(Debug, Default)]
struct Content {
    text: String,
    /// Why what is seen of it may differ.
    doubt: Option<Doubt>,
}

/// What a cell shows.
#[derive(Debug, Default)]
struct Value {
    text: String,
    /// Whether lines are drawn round it.
    framed: bool,
    doubt: Option<Doubt>,
}

/// Cells shown as one; the last row and column are inside.
#[derive(Debug, Clone, Copy)]
struct Merge {
    top: u32,
    left: u32,
    bottom: u32,
    right: u32,
}

/// Counts the cells of all sheets and their bytes, because one long shared text can be in many cells.
struct Count {
    cells: usize,
    cell_limit: usize,
    bytes: usize,
    byte_limit: usize,
    format: Kind,
}

impl Count {
    fn new(limits: &Limits, format: Kind) -> Self {
        let (cell_limit, byte_limit) = (limits.cells, limits.inflated_bytes);
        Count { cells: 0, cell_limit, bytes: 0, byte_limit, format }
    }

    fn one_more(&mut self) -> Result<(), ReadError> {
        self.cells += 1;
        if self.cells > self.cell_limit {
            return Err(ReadError::TooManyCells { found: self.cells, limit: self.cell_limit });
        }
        Ok(())
    }
}

impl Sheet {
    /// Adds a cell. A blank cell only keeps its frame, because forms are framed far beyond their end.
    fn put(&mut self, at: (u32, u32), value: Value, count: &mut Count) -> Result<(), ReadError> {
        if value.framed {
            let (first, last) = self.frames.entry(at.0).or_insert((at.1, at.1));
            (*first, *last) = ((*first).min(at.1), (*last).max(at.1));
        }
        if value.text.chars().all(crate::model::is_blank) && value.doubt.is_none() {
            return Ok(());
        }
        count.one_more()?;
        count.bytes += value.text.len();
        if count.bytes > count.byte_limit {
            return Err(ReadError::TooMuchInflated { format: count.format, limit: count.byte_limit });
        }
        self.cells.insert(at, Content { text: value.text, doubt: value.doubt });
        Ok(())
    }

    /// Marks the cells in a range that hold something.
    fn doubt(&mut self, range: Merge, doubt: impl Fn(&str) -> Option<Doubt>) {
        for (at, content) in self.cells.range_mut((range.top, 0)..=(range.bottom, u32::MAX)) {
            if (range.left..=range.right).contains(&at.1) && content.doubt.is_none() {
                content.doubt = doubt(&content.text);
            }
        }
    }
}
