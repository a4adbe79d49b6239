//! The one model that every reader yields.

use std::ops::Range;

/// A file as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// What the bytes are, told from the bytes.
    pub format: Format,
    /// How they were decoded, by its WHATWG name, e.g. `GB18030`; none for binary formats.
    pub encoding: Option<&'static str>,
    /// The title that the format itself carries (HTML `<title>`), not the one on the page.
    pub title: Option<Text>,
    /// Paragraphs and tables in reading order.
    pub blocks: Vec<Block>,
}

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Plain text, with tables drawn by tabs, pipes or line breaks.
    Text,
    /// HTML of any age.
    Html,
}

/// One piece of a document.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// Running text.
    Paragraph(Paragraph),
    /// A table.
    Table(Table),
}

/// A paragraph.
#[derive(Debug, Clone, PartialEq)]
pub struct Paragraph {
    /// Its text, trimmed, without line breaks.
    pub text: Text,
    /// 1 to 6 where the format marks it as a heading (`<h2>`, `##`).
    pub level: Option<u8>,
}

/// A table.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// How far its geometry can be trusted.
    pub layout: Layout,
    /// Its rows; rows may have different widths.
    pub rows: Vec<Row>,
}

/// How far the geometry of a table can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Layout {
    /// A true grid: columns and spans are as the source declares them.
    Grid,
    /// Rows are as printed, but cells may have slipped sideways or been lost (tabs, pipes).
    Rows,
    /// Cells one after another: where a row ends is a guess (one cell a line).
    Stream,
}

/// A row of a table.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Row {
    /// Its cells from left to right. In a [`Layout::Grid`], a cell that spans rows stands in its
    /// first row only.
    pub cells: Vec<Cell>,
}

/// A cell of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// Its text, trimmed, line breaks inside turned to single spaces; empty for a blank cell.
    pub text: Text,
    /// Column, from 0: of the grid, or of the row as printed.
    pub column: u32,
    /// Rows it covers, at least 1.
    pub row_span: u32,
    /// Columns it covers, at least 1.
    pub column_span: u32,
}

/// Where a piece of text stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Place {
    /// Page, from 1; none where the format has no pages.
    pub page: Option<u32>,
    /// Line of the source, from 1.
    pub line: u32,
    /// First byte in the source.
    pub start: u64,
    /// One past the last byte in the source.
    pub end: u64,
}

/// Text that knows where each of its characters stood.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Text {
    string: String,
    runs: Vec<Run>,
    page: Option<u32>,
}

/// Characters that stand one after another in the source.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Run {
    /// Where the run begins in the string, in bytes.
    at: usize,
    line: u32,
    start: u64,
    end: u64,
}

impl Text {
    /// The characters.
    pub fn as_str(&self) -> &str {
        &self.string
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.string.is_empty()
    }

    /// Where the whole text stood. A blank text has the place where it would stand.
    pub fn place(&self) -> Place {
        self.place_of(0..self.string.len())
    }

    /// Where a part of the text stood; `range` is in bytes of [`Text::as_str`].
    pub fn place_of(&self, range: Range<usize>) -> Place {
        let last = self.runs.partition_point(|run| run.at < range.end.max(range.start + 1)).saturating_sub(1);
        let first = self.runs.partition_point(|run| run.at <= range.start).saturating_sub(1);
        let (Some(head), Some(tail)) = (self.runs.get(first), self.runs.get(last)) else {
            return Place { page: self.page, ..Place::default() };
        };
        Place { page: self.page, line: head.line, start: head.start, end: tail.end.max(head.start) }
    }

    /// Adds a piece that stood at `start..end` of the source, in this line.
    pub fn push(&mut self, piece: &str, line: u32, start: u64, end: u64) {
        self.runs.push(Run { at: self.string.len(), line, start, end });
        self.string.push_str(piece);
    }
}
