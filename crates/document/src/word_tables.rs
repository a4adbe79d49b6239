//! Tables of DOC and RTF. These formats have paragraphs with a nesting depth, ends of cells and rows, and
//! the edges of the cells of each row. The edges of all rows become the columns of a grid.

use crate::error::ReadError;
use crate::limits::Limits;
use crate::model::{Block, Cell, Doubt, Layout, Paragraph, Row, Table, Text, Width};

/// Tables inside tables. Deeper ones are read as part of the deepest.
const MOST_TABLES: usize = 16;
/// A cell with more characters holds paragraphs.
const LONGEST_CELL: usize = 500;
/// A table with more cells holds data, whatever else is in it.
const MOST_LAYOUT_CELLS: usize = 8;

/// The edges of a cell in its row, in the units of the format, and its merges.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Edges {
    pub(crate) left: i32,
    pub(crate) right: i32,
    /// First of cells that are merged downwards.
    pub(crate) begins_down: bool,
    /// Merged with the cell above.
    pub(crate) goes_on_down: bool,
    /// Merged with the cell to the left.
    pub(crate) goes_on_right: bool,
}

/// Collects paragraphs and cells into blocks.
pub(crate) struct Cells<'a> {
    limits: &'a Limits,
    blocks: Vec<Block>,
    /// Tables that are being read, each in a cell of the one before.
    open: Vec<Open>,
    paragraphs: usize,
    cells: usize,
    slots: usize,
}

#[derive(Default)]
struct Open {
    rows: Vec<Vec<Declared>>,
    row: Vec<Content>,
    cell: Vec<Block>,
}

/// What a cell holds.
struct Content {
    /// The place of a blank cell.
    place: Text,
    blocks: Vec<Block>,
}

struct Declared {
    edges: Edges,
    content: Content,
}

impl<'a> Cells<'a> {
    pub(crate) fn new(limits: &'a Limits) -> Cells<'a> {
        Cells { limits, blocks: Vec::new(), open: Vec::new(), paragraphs: 0, cells: 0, slots: 0 }
    }

    /// Whether a row has begun that has not ended.
    pub(crate) fn in_row(&self) -> bool {
        self.open.first().is_some_and(|table| !table.row.is_empty())
    }

    /// How many cells of the row that is being read have ended.
    pub(crate) fn cells_of_row(&self) -> usize {
        self.open.last().map_or(0, |table| table.row.len())
    }

    /// Marks the text of the cell that is being read.
    pub(crate) fn doubt_cell(&mut self, doubt: Doubt) {
        for block in self.open.last_mut().into_iter().flat_map(|table| &mut table.cell) {
            if let Block::Paragraph(paragraph) = block {
                paragraph.text.mark_doubtful_since(0, doubt);
            }
        }
    }

    /// A paragraph; depth 0 is outside all tables.
    pub(crate) fn paragraph(&mut self, depth: usize, text: Text, level: Option<u8>) -> Result<(), ReadError> {
        let text = text.trimmed();
        if text.is_empty() && (depth == 0 || text.doubt().is_none()) {
            // An empty line separates two tables.
            return if depth == 0 { self.to(0) } else { Ok(()) };
        }
        self.to(depth)?;
        self.paragraphs += 1;
        let (found, limit) = (self.paragraphs, self.limits.lines);
        if found > limit {
            return Err(ReadError::TooManyLines { found, limit });
        }
        self.target().push(Block::Paragraph(Paragraph { text, level }));
        Ok(())
    }

    /// Ends a cell. Its paragraphs have been added; `place` is an empty text.
    pub(crate) fn end_cell(&mut self, depth: usize, place: Text) -> Result<(), ReadError> {
        self.to(depth.max(1))?;
        self.cells += 1;
        let (found, limit) = (self.cells, self.limits.cells);
        if found > limit {
            return Err(ReadError::TooManyCells { found, limit });
        }
        if let Some(table) = self.open.last_mut() {
            let blocks = std::mem::take(&mut table.cell);
            table.row.push(Content { place, blocks });
        }
        Ok(())
    }

    /// Ends a row. Cells without edges go to the right of the others.
    pub(crate) fn end_row(&mut self, depth: usize, edges: &[Edges]) -> Result<(), ReadError> {
        self.to(depth.max(1))?;
        let Some(table) = self.open.last_mut() else { return Ok(()) };
        let mut row: Vec<Declared> = Vec::with_capacity(table.row.len());
        for (index, content) in std::mem::take(&mut table.row).into_iter().enumerate() {
            let left = row.last().map_or(0, |cell| cell.edges.right);
            let beyond = Edges { left, right: left.saturating_add(1_000), ..Edges::default() };
            let edges = edges.get(index).copied().unwrap_or(beyond);
            match row.last_mut() {
                Some(last) if edges.goes_on_right => {
                    last.edges.right = edges.right;
                    last.content.blocks.extend(content.blocks);
                }
                _ => row.push(Declared { edges, content }),
            }
        }
        if !row.is_empty() {
            table.rows.push(row);
        }
        Ok(())
    }

    /// Ends the outermost table before the row that is being read.
    pub(crate) fn part_tables(&mut self) -> Result<(), ReadError> {
        self.to(1)?;
        let row = self.open.last_mut().map(|table| std::mem::take(&mut table.row));
        self.to(0)?;
        self.open.push(Open { row: row.unwrap_or_default(), ..Open::default() });
        Ok(())
    }

    /// All blocks. An unfinished row keeps its finished cells; `edges` are those of the last
    /// row that was begun.
    pub(crate) fn finish(mut self, edges: &[Edges]) -> Result<Vec<Block>, ReadError> {
        while let Some(table) = self.open.last_mut() {
            let rest = std::mem::take(&mut table.cell);
            let depth = self.open.len();
            self.end_row(depth, if depth == 1 { edges } else { &[] })?;
            self.to(depth - 1)?;
            self.target().extend(rest);
        }
        Ok(self.blocks)
    }

    /// Opens and closes tables until so many are open.
    fn to(&mut self, depth: usize) -> Result<(), ReadError> {
        let depth = depth.min(MOST_TABLES);
        while self.open.len() < depth {
            self.open.push(Open::default());
        }
        while self.open.len() > depth {
            let Some(table) = self.open.pop() else { break };
            let blocks = self.close(table)?;
            self.target().extend(blocks);
        }
        Ok(())
    }

    /// The list to which paragraphs are added.
    fn target(&mut self) -> &mut Vec<Block> {
        match self.open.last_mut() {
            Some(table) => &mut table.cell,
            None => &mut self.blocks,
        }
    }

    /// A table of data, or the paragraphs and tables that it laid out.
    fn close(&mut self, table: Open) -> Result<Vec<Block>, ReadError> {
        // Paragraphs that say that they are in a table, and no cell ends after them.
        let left = table.row.into_iter().flat_map(|content| content.blocks).chain(table.cell);
        let mut blocks = if holds_data(&table.rows) {
            let rows = form(table.rows, &mut self.slots, self.limits.cells)?;
            vec![Block::Table(Table { layout: Layout::Grid, rows })]
        } else {
            table.rows.into_iter().flatten().flat_map(|cell| cell.content.blocks).collect()
        };
        blocks.extend(left);
        Ok(blocks)
    }
}

/// Whether a table holds data, or only lays out text and other tables; as for HTML.
fn holds_data(rows: &[Vec<Declared>]) -> bool {
    let (mut cells, mut inside, mut longest) = (0, 0, 0);
    for cell in rows.iter().flatten() {
        cells += 1;
        let mut characters = 0;
        for block in &cell.content.blocks {
            match block {
                Block::Paragraph(paragraph) => characters += paragraph.text.as_str().chars().count(),
                Block::Table(table) => {
                    inside = inside.max(table.rows.iter().map(|row| row.cells.len()).sum::<usize>());
                }
            }
        }
        longest = longest.max(characters);
    }
    let lays_out_tables = inside > 1 && cells <= 4 * inside;
    let lays_out_text = longest > LONGEST_CELL && cells <= MOST_LAYOUT_CELLS;
    cells > 1 && !lays_out_tables && !lays_out_text
}

/// Cells with edges to cells with columns and spans.
fn form(rows: Vec<Vec<Declared>>, slots: &mut usize, limit: usize) -> Result<Vec<Row>, ReadError> {
    let columns = columns(&rows);
    let mut formed: Vec<Row> = Vec::with_capacity(rows.len());
    // For each column the cell that can go on in the next row: its row, its index, the row after it.
    let mut open: Vec<Option<(usize, usize, usize)>> = vec![None; columns.len() + 1];
    for (y, declared) in rows.into_iter().enumerate() {
        let mut row = Row::default();
        let mut after = 0;
        for cell in declared {
            let column = index(&columns, cell.edges.left).max(after);
            let column_span = index(&columns, cell.edges.right).saturating_sub(column).max(1);
            after = column + column_span;
            *slots += column_span;
            if *slots > limit {
                return Err(ReadError::TooManyCells { found: *slots, limit });
            }
            if open.len() < after {
                open.resize(after, None);
            }
            let Some((open, rest)) = open.get_mut(column..after).and_then(|open| open.split_first_mut())
            else {
                continue;
            };
            rest.fill(None);
            let above = open.take().filter(|(.., end)| *end == y && cell.edges.goes_on_down);
            if let Some((top, at, _)) = above
                && let Some(upper) = formed.get_mut(top).and_then(|row| row.cells.get_mut(at))
                && upper.column_span as usize == column_span
            {
                upper.row_span += 1;
                *open = Some((top, at, y + 1));
                continue;
            }
            if cell.edges.begins_down || cell.edges.goes_on_down {
                *open = Some((y, row.cells.len(), y + 1));
            }
            let (column, column_span) = (column as u32, column_span as u32);
            row.cells.push(Cell { text: text(cell.content), column, row_span: 1, column_span });
        }
        formed.push(row);
    }
    Ok(formed)
}

/// The edges of all rows, those that mean the same one taken together: the first of each.
fn columns(rows: &[Vec<Declared>]) -> Vec<i32> {
    let cells = || rows.iter().flatten().map(|cell| cell.edges);
    let narrowest = cells().map(|edges| edges.right.saturating_sub(edges.left)).filter(|width| *width > 0);
    // Rows moved by hand differ by a few twentieths of a point; no column is as narrow as that.
    let slack = (narrowest.min().unwrap_or(0) / 4).clamp(20, 100);
    let mut edges: Vec<i32> = cells().flat_map(|edges| [edges.left, edges.right]).collect();
    edges.sort_unstable();
    edges.dedup_by(|next, first| next.saturating_sub(*first) <= slack);
    edges
}

fn index(columns: &[i32], edge: i32) -> usize {
    columns.partition_point(|first| *first <= edge).saturating_sub(1)
}

/// The words of a cell in one line.
fn text(content: Content) -> Text {
    let mut text = Text::default();
    for block in content.blocks {
        match block {
            Block::Paragraph(paragraph) => text.append_word(&paragraph.text),
            Block::Table(table) => {
                for cell in table.rows.iter().flat_map(|row| &row.cells) {
                    text.append_word(&cell.text);
                }
            }
        }
    }
    if text.is_empty() && text.doubt().is_none() { content.place } else { text }
}

/// An empty text with a place in the source.
pub(crate) fn blank(line: u32, at: u64) -> Text {
    let mut text = Text::default();
    text.push("", line, at..at, Width::Whole);
    text
}
