//! Tables of word processors, with tables inside tables.
//!
//! Readers fill a [`Grid`] for each table. This module decides whether a table holds data or only lays
//! out the page, and which of its columns are real.

use std::ops::Range;

use crate::model::{Block, Cell, Layout, Paragraph, Row, Table, Text, Width};

/// A cell with more characters holds paragraphs.
const LONGEST_CELL: usize = 500;
/// A table with more cells holds data, whatever else is in it.
const MOST_LAYOUT_CELLS: usize = 8;
/// Columns narrower than a millimetre come from borders that were dragged by hand, in twips.
const SLIVER: u32 = 60;

/// A table as it is being read.
#[derive(Default)]
pub(crate) struct Grid {
    pub(crate) rows: Vec<Vec<GridCell>>,
    /// Widths of the columns in twips, as far as they are declared.
    pub(crate) widths: Vec<u32>,
    /// Cells of the largest table inside.
    pub(crate) inside: usize,
}

/// A cell and its content.
pub(crate) struct GridCell {
    pub(crate) blocks: Vec<Block>,
    pub(crate) column: u32,
    pub(crate) row_span: u32,
    pub(crate) column_span: u32,
    /// Number of its row in the document.
    pub(crate) line: u32,
}

impl Grid {
    /// How many cells it and the largest table in it have.
    pub(crate) fn cells(&self) -> usize {
        self.inside.max(self.rows.iter().map(Vec::len).sum())
    }

    /// The table as one block, or its content where it only lays out the page.
    pub(crate) fn finish(mut self, source: &Range<u64>) -> Vec<Block> {
        if !self.is_data() {
            return self.rows.into_iter().flatten().flat_map(|cell| cell.blocks).collect();
        }
        self.squeeze();
        let cell = |cell: GridCell| Cell {
            text: words(&cell.blocks, cell.line, source),
            column: cell.column,
            row_span: cell.row_span,
            column_span: cell.column_span,
        };
        let row = |cells: Vec<GridCell>| Row { cells: cells.into_iter().map(cell).collect() };
        let rows = self.rows.into_iter().map(row).collect();
        vec![Block::Table(Table { layout: Layout::Grid, rows })]
    }

    fn is_data(&self) -> bool {
        let cells: usize = self.rows.iter().map(Vec::len).sum();
        let characters = |block: &Block| match block {
            Block::Paragraph(paragraph) => paragraph.text.as_str().chars().count(),
            Block::Table(_) => 0,
        };
        let length = |cell: &GridCell| cell.blocks.iter().map(characters).sum::<usize>();
        let lays_out_tables = self.inside > 1 && cells <= 4 * self.inside;
        let lays_out_text =
            cells <= MOST_LAYOUT_CELLS && self.rows.iter().flatten().any(|cell| length(cell) > LONGEST_CELL);
        cells > 1 && !lays_out_tables && !lays_out_text
    }

    /// Removes the columns that are not visible: those in which no cell begins, and slivers.
    fn squeeze(&mut self) {
        let cells = || self.rows.iter().flatten().map(|cell| (cell.column, cell.column + cell.column_span));
        let mut edges: Vec<u32> = cells().flat_map(|(start, end)| [start, end]).collect();
        edges.sort_unstable();
        edges.dedup();
        let offset = |edge: u32| -> Option<u64> {
            let widths = self.widths.get(..edge as usize)?;
            Some(widths.iter().map(|width| u64::from(*width)).sum())
        };
        let offsets: Vec<Option<u64>> = match edges.last() {
            Some(last) if (*last as usize) <= self.widths.len() && edges.len() <= 1_000 => {
                edges.iter().map(|edge| offset(*edge)).collect()
            }
            _ => vec![None; edges.len()],
        };
        // For each edge the column that begins there.
        let mut columns = vec![0];
        let mut last = 0;
        for (left, right) in offsets.iter().zip(offsets.iter().skip(1)) {
            let sliver = match (left, right) {
                (Some(left), Some(right)) => right - left > 0 && right - left <= u64::from(SLIVER),
                _ => false,
            };
            last += u32::from(!sliver);
            columns.push(last);
        }
        let rank = |columns: &[u32], edge: u32| {
            columns.get(edges.binary_search(&edge).unwrap_or(0)).copied().unwrap_or(0)
        };
        // A cell that is no wider than a sliver makes it a column.
        if cells().any(|(start, end)| rank(&columns, start) == rank(&columns, end)) {
            columns = (0..edges.len() as u32).collect();
        }
        let first = columns.first().copied().unwrap_or(0);
        let column = |edge: u32| rank(&columns, edge) - first;
        let places: Vec<(u32, u32)> = cells().map(|(start, end)| (column(start), column(end))).collect();
        for (cell, (start, end)) in self.rows.iter_mut().flatten().zip(places) {
            (cell.column, cell.column_span) = (start, end.saturating_sub(start).max(1));
        }
    }
}

/// A text whose place is a whole part of a package.
pub(crate) fn whole(words: &str, line: u32, source: &Range<u64>) -> Text {
    let mut text = Text::default();
    text.push(words, line, source.clone(), Width::Whole);
    text
}

/// Renumbers the blocks of an embedded document: `line` is the last running number that was used.
pub(crate) fn moved(blocks: Vec<Block>, line: &mut u32, source: &Range<u64>) -> Vec<Block> {
    let mut next = || {
        *line += 1;
        *line
    };
    let block = |block| match block {
        Block::Paragraph(Paragraph { text, level }) => {
            Block::Paragraph(Paragraph { text: again(&text, next(), source), level })
        }
        Block::Table(mut table) => {
            for row in &mut table.rows {
                let line = next();
                row.cells.iter_mut().for_each(|cell| cell.text = again(&cell.text, line, source));
            }
            Block::Table(table)
        }
    };
    blocks.into_iter().map(block).collect()
}

/// The same words and doubts in another place.
fn again(text: &Text, line: u32, source: &Range<u64>) -> Text {
    let mut copy = whole(text.as_str(), line, source);
    if let Some(doubt) = text.doubt() {
        copy.mark_doubtful_since(0, doubt);
    }
    copy
}

/// The words of a cell, with single spaces between its lines.
fn words(blocks: &[Block], line: u32, source: &Range<u64>) -> Text {
    let (mut words, mut doubts) = (String::new(), Vec::new());
    let mut add = |text: &Text| {
        if !text.is_empty() {
            if !words.is_empty() {
                words.push(' ');
            }
            words.extend(
                text.as_str().chars().map(|character| if character == '\t' { ' ' } else { character }),
            );
        }
        doubts.extend(text.doubt().map(|doubt| (words.len() - text.as_str().len()..words.len(), doubt)));
    };
    for block in blocks {
        match block {
            Block::Paragraph(paragraph) => add(&paragraph.text),
            Block::Table(table) => {
                table.rows.iter().flat_map(|row| &row.cells).for_each(|cell| add(&cell.text));
            }
        }
    }
    let mut text = whole(&words, line, source);
    doubts.into_iter().for_each(|(range, doubt)| text.mark_doubtful(range, doubt));
    text
}

/// The lines of a paragraph: a line break ends one as it does on a web page.
pub(crate) fn lines(text: &Text) -> impl Iterator<Item = Text> {
    let mut start = 0;
    let blank = text.is_empty().then_some("");
    text.as_str().split_inclusive('\n').chain(blank).filter_map(move |line| {
        let range = start..start + line.len();
        start = range.end;
        let line = text.slice(range).trimmed();
        (!line.is_empty() || line.doubt().is_some()).then_some(line)
    })
}
