//! Plain text: a paragraph a line, and tables drawn with tabs, pipes or line breaks.
//!
//! Lines are classified by shape, then runs of one kind of shape become tables. A single
//! line is never a table: prose has stray tabs and pipes.

mod line;
mod pipes;
mod tabs;

use std::ops::Range;

use crate::decode;
use crate::error::ReadError;
use crate::limits::Limits;
use crate::model::{Block, Cell, Content, Layout, Paragraph, Row, Table, Text, is_blank};
use crate::source::Source;
use line::{Line, Shape};

/// Reads a text file.
pub(crate) fn read_file(bytes: &[u8], limits: &Limits) -> Result<Content, ReadError> {
    let source = decode::decode(bytes, false)?;
    let blocks = read(&source, 0..source.text.len(), limits)?;
    Ok(Content { encoding: Some(source.encoding.name()), blocks, ..Content::default() })
}

/// The blocks of a plain text; `range` is the part of the source that holds it.
pub(crate) fn read(source: &Source, range: Range<usize>, limits: &Limits) -> Result<Vec<Block>, ReadError> {
    let lines = line::split(&source.text, range, limits)?;
    let mut reader = Reader { source, limits, cells: 0, blocks: Vec::new() };
    let mut at = 0;
    while let Some(rest @ [line, ..]) = lines.get(at..) {
        at += match line.shape {
            Shape::Blank => 1,
            Shape::Lead | Shape::Tabs(_) => tabs::read(rest, &mut reader)?,
            _ if pipes::begins(rest, &source.text) => pipes::read(rest, &mut reader)?,
            _ => {
                reader.paragraph(line);
                1
            }
        };
    }
    Ok(reader.blocks)
}

/// What has been read so far.
struct Reader<'a> {
    source: &'a Source<'a>,
    limits: &'a Limits,
    cells: usize,
    blocks: Vec<Block>,
}

impl Reader<'_> {
    fn paragraph(&mut self, line: &Line) {
        let (range, level) = heading(&self.source.text, trim(&self.source.text, line.range.clone()));
        if !range.is_empty() {
            let text = self.source.slice(range);
            self.blocks.push(Block::Paragraph(Paragraph { text, level }));
        }
    }

    fn table(&mut self, layout: Layout, rows: Vec<Row>) {
        self.blocks.push(Block::Table(Table { layout, rows }));
    }

    fn is_blank(&self, range: &Range<usize>) -> bool {
        self.source.text[range.clone()].chars().all(is_blank)
    }

    /// The pieces of a line between its separators.
    fn parts(&self, line: &Line, separates: fn(char) -> bool) -> Result<Vec<Range<usize>>, ReadError> {
        let (found, limit) = (self.cells + line.shape.width(), self.limits.cells);
        if found > limit {
            return Err(ReadError::TooManyCells { found, limit });
        }
        let mut parts = Vec::new();
        let mut start = line.range.start;
        for (at, separator) in self.source.text[line.range.clone()].match_indices(separates) {
            parts.push(start..line.range.start + at);
            start = line.range.start + at + separator.len();
        }
        parts.push(start..line.range.end);
        Ok(parts)
    }

    /// Adds a cell to a row; `range` may have white space round it.
    fn cell(&mut self, row: &mut Row, range: Range<usize>) -> Result<(), ReadError> {
        self.cells += 1;
        if self.cells > self.limits.cells {
            return Err(ReadError::TooManyCells { found: self.cells, limit: self.limits.cells });
        }
        let text = self.words(trim(&self.source.text, range));
        row.cells.push(Cell { text, column: row.cells.len() as u32, row_span: 1, column_span: 1 });
        Ok(())
    }
}

impl Reader<'_> {
    /// The text of a cell, with a space for each line break that Markdown writes as a tag.
    fn words(&self, range: Range<usize>) -> Text {
        let mut text = Text::default();
        let mut start = range.start;
        while let Some((at, tag)) = line_break(&self.source.text[start..range.end]) {
            text.append_word(&self.source.slice(trim(&self.source.text, start..start + at)));
            start += at + tag;
        }
        let rest = self.source.slice(trim(&self.source.text, start..range.end));
        if start == range.start {
            return rest;
        }
        text.append_word(&rest);
        text
    }
}

/// Where the first line break that is written as a tag begins, and how long it is.
fn line_break(text: &str) -> Option<(usize, usize)> {
    const TAGS: [&str; 3] = ["<br>", "<br/>", "<br />"];
    text.match_indices('<').find_map(|(at, _)| {
        let is_here =
            |tag: &&&str| text.get(at..at + tag.len()).is_some_and(|there| there.eq_ignore_ascii_case(tag));
        TAGS.iter().find(is_here).map(|tag| (at, tag.len()))
    })
}

/// A range without the white space at either end.
fn trim(text: &str, range: Range<usize>) -> Range<usize> {
    let piece = &text[range.clone()];
    let end = range.start + piece.trim_end_matches(is_blank).len();
    let start = range.end - piece.trim_start_matches(is_blank).len();
    start.min(end)..end
}

/// The level of a Markdown heading, and its range without the marks.
fn heading(text: &str, range: Range<usize>) -> (Range<usize>, Option<u8>) {
    let piece = &text[range.clone()];
    let level = piece.bytes().take_while(|byte| *byte == b'#').count();
    if !(1..=6).contains(&level) {
        return (range, None);
    }
    let end = range.start + piece.trim_end_matches('#').len();
    (trim(text, range.start + level..end.max(range.start + level)), Some(level as u8))
}
