//! A sheet cut into paragraphs and tables.
//!
//! A sheet has no paragraphs: titles, headings and running text stand in cells of their own rows,
//! often merged over the width of the sheet. So a row with one cell of text and no framed blank one
//! beside it is a paragraph; runs of all other rows are tables.

use std::collections::HashMap;

use super::{Content, Count, Merge, Sheet, hidden};
use crate::error::ReadError;
use crate::model::{Block, Cell, Doubt, Layout, Paragraph, Row, Table, Text, Width, is_blank};

/// The blocks of all sheets in order.
pub(super) fn blocks(sheets: Vec<Sheet>, bytes: usize, count: Count) -> Result<Vec<Block>, ReadError> {
    let mut writer = Writer { blocks: Vec::new(), line: 0, bytes: bytes as u64, count };
    for sheet in sheets {
        let mut sheet = hidden::take_out(sheet);
        sheet.merges.sort_by_key(|merge| (merge.top, merge.left));
        let rows = rows(&sheet);
        let mut rest = rows.as_slice();
        while !rest.is_empty() {
            let (table, seen) = run(rest, &sheet.frames);
            let (taken, after) = rest.split_at(if table > 0 { table } else { seen });
            match table {
                0 => taken.iter().for_each(|row| writer.paragraphs(row)),
                _ => writer.table(&sheet.merges, taken)?,
            }
            rest = after;
        }
    }
    Ok(writer.blocks)
}

/// A row that shows something.
struct SheetRow<'a> {
    y: u32,
    /// Its texts with the places of their cells.
    texts: Vec<(Merge, &'a Content)>,
    /// The first and the last column of its framed cells, blank or not.
    framed: Option<(u32, u32)>,
    /// Whether a merged cell comes down from a row above.
    hangs: bool,
}

/// The rows that show something, from the top.
fn rows(sheet: &Sheet) -> Vec<SheetRow<'_>> {
    let merges: HashMap<(u32, u32), Merge> =
        sheet.merges.iter().map(|merge| ((merge.top, merge.left), *merge)).collect();
    let mut rows: Vec<SheetRow> = Vec::new();
    let mut hanging = None;
    for (&(y, x), text) in &sheet.cells {
        if rows.last().is_none_or(|row| row.y != y) {
            let hangs = hanging.is_some_and(|bottom| bottom >= y);
            rows.push(SheetRow { y, texts: Vec::new(), framed: sheet.frames.get(&y).copied(), hangs });
        }
        let row = rows.last_mut().expect("a row was pushed");
        // What a merged cell covers is not shown.
        let is_covered = row.texts.last().is_some_and(|(place, _)| place.right >= x);
        if is_covered {
            continue;
        }
        let place = merges.get(&(y, x)).copied().unwrap_or(Merge { top: y, left: x, bottom: y, right: x });
        hanging = hanging.max(Some(place.bottom).filter(|bottom| *bottom > y));
        row.texts.push((place, text));
    }
    rows
}

/// How many rows from here on are one table, and how many were looked at, at least one; if there is
/// no table among them, they all are paragraphs.
fn run(rows: &[SheetRow], frames: &HashMap<u32, (u32, u32)>) -> (usize, usize) {
    let mut table = 0;
    let mut above = None;
    for (index, row) in rows.iter().enumerate() {
        if let Some(above) = above.replace(row.y) {
            let mut between = above + 1..row.y;
            // Blank rows belong to the table where they are framed.
            if !row.hangs && !between.all(|y| frames.contains_key(&y)) {
                return (table, index);
            }
        }
        match kind(row) {
            Kind::Row => table = index + 1,
            // Only a row below it makes it part of the table.
            Kind::Head => {}
            Kind::Paragraph => return (table, index.max(1)),
        }
    }
    (table, rows.len())
}

enum Kind {
    /// Several cells, or one among framed blank ones.
    Row,
    /// One cell above the columns of its table: `第二十条第（一）项`.
    Head,
    /// A title, a heading or running text.
    Paragraph,
}

fn kind(row: &SheetRow) -> Kind {
    let [(place, Content { text, .. })] = row.texts.as_slice() else {
        return Kind::Row;
    };
    let has_blanks = row.framed.is_some_and(|(first, last)| first < place.left || last > place.right);
    match () {
        () if has_blanks || row.hangs || place.bottom > place.top => Kind::Row,
        () if is_clause(text) => Kind::Head,
        () => Kind::Paragraph,
    }
}

/// Whether a text names a clause of the regulation, as the heads of table two do.
fn is_clause(text: &str) -> bool {
    let text = text.trim_matches(is_blank);
    text.starts_with('第') && text.contains('条') && text.chars().count() < 20
}

struct Writer {
    blocks: Vec<Block>,
    line: u32,
    bytes: u64,
    count: Count,
}

impl Writer {
    fn text(&self, text: &str, doubt: Option<Doubt>) -> Text {
        let mut whole = Text::default();
        whole.push(text, self.line, 0..self.bytes, Width::Whole);
        doubt.into_iter().for_each(|doubt| whole.mark_doubtful_since(0, doubt));
        whole
    }

    /// A row of running text: a paragraph for each of its lines.
    fn paragraphs(&mut self, row: &SheetRow) {
        let lines = row.texts.iter().flat_map(|(_, content)| {
            content.text.lines().map(|line| (line.trim_matches(is_blank), content.doubt))
        });
        for (line, doubt) in lines {
            if !line.is_empty() {
                self.line += 1;
                let text = self.text(line, doubt);
                self.blocks.push(Block::Paragraph(Paragraph { text, level: None }));
            }
        }
    }

    fn table(&mut self, merges: &[Merge], rows: &[SheetRow]) -> Result<(), ReadError> {
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(()) };
        let (top, bottom) = (first.y, last.y);
        // A title merged over all of Excel's columns does not make the table as wide.
        let columns = |row: &SheetRow| {
            let texts = row.texts.iter().map(|(place, _)| (place.left, place.left));
            let spans = row.texts.iter().filter(|_| row.texts.len() > 1);
            let spans = spans.map(|(place, _)| (place.left, place.right));
            texts.chain(spans).chain(row.framed).collect::<Vec<_>>()
        };
        let edges: Vec<(u32, u32)> = rows.iter().flat_map(columns).collect();
        let left = edges.iter().map(|(left, _)| *left).min().unwrap_or(0);
        let right = edges.iter().map(|(_, right)| *right).max().unwrap_or(0);
        let width = (right - left + 1) as usize;

        let (_, merges) = merges.split_at(merges.partition_point(|merge| merge.top < top));
        let merges = merges.iter().take_while(|merge| merge.top <= bottom);
        let mut merges = merges.filter_map(|merge| clip(merge, bottom, left, right)).peekable();
        let mut shown = rows.iter().peekable();
        // For each column the row from which it is free.
        let mut free = vec![top; width];
        let mut formed = Vec::new();
        for y in top..=bottom {
            self.line += 1;
            let texts = shown.next_if(|row| row.y == y).map_or(&[][..], |row| row.texts.as_slice());
            let mut texts = texts.iter().peekable();
            let mut row = Row::default();
            for x in left..=right {
                self.count.one_more()?;
                let mut place = Merge { top: y, left: x, bottom: y, right: x };
                while let Some(merge) = merges.next_if(|merge| (merge.top, merge.left) <= (y, x)) {
                    if (merge.top, merge.left) == (y, x) {
                        place = merge;
                    }
                }
                let (mut text, mut doubt) = ("", None);
                while let Some((at, found)) = texts.next_if(|(at, _)| at.left <= x) {
                    if at.left == x {
                        (text, doubt) = (found.text.as_str(), found.doubt);
                    }
                }
                // The columns from here on that are free, as far as the merged cell goes.
                let columns = free.iter_mut().skip((x - left) as usize);
                let columns = columns.take((place.right - x + 1) as usize);
                let taken: Vec<&mut u32> = columns.take_while(|from| **from <= y).collect();
                // Merged cells that overlap are invalid; the first one wins.
                let column_span = taken.len() as u32;
                if column_span == 0 {
                    continue;
                }
                taken.into_iter().for_each(|from| *from = place.bottom + 1);
                let lines = text.split(['\n', '\r', '\t', '\u{b}']).map(|line| line.trim_matches(is_blank));
                let lines: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
                row.cells.push(Cell {
                    text: self.text(&lines.join(" "), doubt),
                    column: x - left,
                    row_span: place.bottom - y + 1,
                    column_span,
                });
            }
            formed.push(row);
        }
        self.blocks.push(Block::Table(Table { layout: Layout::Grid, rows: formed }));
        Ok(())
    }
}

/// The part of a merged cell that lies in a table; its text stands at its corner, so a merged cell
/// that begins outside is none of the table's.
fn clip(merge: &Merge, bottom: u32, left: u32, right: u32) -> Option<Merge> {
    (left..=right).contains(&merge.left).then(|| Merge {
        bottom: merge.bottom.min(bottom),
        right: merge.right.min(right),
        ..*merge
    })
}
