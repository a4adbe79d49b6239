//! The tables of a document as printed lines of slots, in reading order.

use document::{Block, Document, Layout, Text};
use report::Origin;

use crate::outline::Outline;
use crate::place::origin;

/// One printed row.
#[derive(Debug, Clone)]
pub(crate) struct Line<'a> {
    pub(crate) layout: Layout,
    pub(crate) table: u32,
    pub(crate) slots: Vec<Slot<'a>>,
}

/// One cell of a printed row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slot<'a> {
    pub(crate) text: &'a Text,
    pub(crate) column: u32,
    table: u32,
    row: u32,
}

impl<'a> Slot<'a> {
    pub(crate) fn str(&self) -> &'a str {
        self.text.as_str()
    }

    /// The table and the line of the table in which it stands.
    pub(crate) fn position(&self) -> (u32, u32) {
        (self.table, self.row)
    }

    pub(crate) fn origin(&self) -> Origin {
        Origin {
            table: Some(self.table),
            row: Some(self.row),
            column: Some(self.column),
            ..origin(self.text)
        }
    }
}

/// Every row of every table.
pub(crate) fn lines(document: &Document) -> Vec<Line<'_>> {
    let tables = document.blocks.iter().filter_map(|block| match block {
        Block::Table(table) => Some(table),
        Block::Paragraph(_) => None,
    });
    let mut lines = Vec::new();
    for (index, table) in (0..).zip(tables) {
        for (row, cells) in (0..).zip(&table.rows) {
            let slots = cells.cells.iter().map(|cell| Slot {
                text: &cell.text,
                column: cell.column,
                table: index,
                row,
            });
            lines.push(Line { layout: table.layout, table: index, slots: slots.collect() });
        }
    }
    lines
}

/// Longest paragraph that can be a cell; the labels of the form are shorter.
const CELL_CHARS: usize = 60;

/// The paragraphs of each section as one line, for reports whose cells are a paragraph each.
pub(crate) fn paragraph_lines<'d>(document: &'d Document, outline: &Outline) -> Vec<Line<'d>> {
    let mut lines = Vec::new();
    let ends = outline.blocks.iter().skip(1).copied().chain([document.blocks.len()]);
    for (table, (start, end)) in (0..).zip(outline.blocks.iter().zip(ends)) {
        let texts = document.blocks[start + 1..end].iter().filter_map(|block| match block {
            Block::Paragraph(paragraph) => Some(&paragraph.text),
            Block::Table(_) => None,
        });
        let cells = texts.filter(|text| text.as_str().chars().count() <= CELL_CHARS);
        let slots = (0..).zip(cells).map(|(row, text)| Slot { text, column: 0, table, row }).collect();
        lines.push(Line { layout: Layout::Stream, table, slots });
    }
    lines
}
