//! The rows and cells of a DOCX table, with its merged cells.

use crate::error::ReadError;
use crate::letters::Rgb;
use crate::model::{Block, Doubt};
use crate::nested_tables::{Grid, GridCell};
use crate::xml;

/// Twips of a row below which its letters are cut off.
const LOWEST_ROW: u32 = 60;
/// Columns that one cell covers; Word allows 63 in all.
const MOST_COLUMNS: u32 = 1_000;

/// A table that is being read.
#[derive(Default)]
pub(super) struct Open {
    pub(super) grid: Grid,
    row: Vec<GridCell>,
    /// Number of the row in the document.
    line: u32,
    /// Where the next cell begins.
    column: u32,
    deleted: bool,
    /// The row is too low for its letters.
    is_low: bool,
    /// The style of the table, and what it paints behind its cells.
    pub(super) style: Option<String>,
    pub(super) ground: Option<Rgb>,
    /// Cells that reach down to the row before this one, by where they begin: column, row, index.
    above: Vec<(u32, usize, usize)>,
    /// The same for this row.
    here: Vec<(u32, usize, usize)>,
}

/// The properties in `w:tcPr`.
#[derive(Default)]
pub(super) struct Properties {
    pub(super) span: Option<u32>,
    /// Whether it goes on from above, or begins a merged cell.
    pub(super) goes_on: bool,
    pub(super) begins: bool,
    /// Whether it goes on from the left.
    pub(super) from_left: bool,
    pub(super) deleted: bool,
    /// What is painted behind it.
    pub(super) ground: Option<Rgb>,
}

impl Properties {
    /// Reads a tag of cell properties.
    pub(super) fn read(&mut self, tag: &quick_xml::events::BytesStart) {
        let value = xml::attribute(tag, "val");
        match xml::name(tag) {
            "gridSpan" => self.span = value.and_then(|value| value.parse().ok()),
            "vMerge" | "vmerge" => {
                self.begins = value.as_deref() == Some("restart");
                self.goes_on = !self.begins;
            }
            "hMerge" | "hmerge" => self.from_left = value.as_deref() != Some("restart"),
            "cellDel" => self.deleted = true,
            "shd" => self.ground = super::styles::fill(tag),
            _ => {}
        }
    }
}

impl Open {
    /// How many cells the row has that is being read.
    pub(super) fn cells_of_row(&self) -> usize {
        self.row.len()
    }

    /// The content of the cell that has been added since there were so many.
    pub(super) fn cell_since(&mut self, cells: usize) -> Option<&mut Vec<Block>> {
        self.row.get_mut(cells).map(|cell| &mut cell.blocks)
    }

    pub(super) fn begin_row(&mut self, line: u32) {
        (self.column, self.deleted, self.is_low, self.line) = (0, false, false, line);
        self.row.clear();
        self.here.clear();
    }

    /// Reads a tag of row properties.
    pub(super) fn row_property(&mut self, tag: &quick_xml::events::BytesStart) {
        match xml::name(tag) {
            "gridBefore" => {
                let columns = xml::attribute(tag, "val").and_then(|value| value.parse().ok()).unwrap_or(0);
                self.column = columns.min(MOST_COLUMNS);
            }
            "del" => self.deleted = true,
            "trHeight" => {
                let height = xml::attribute(tag, "val").and_then(|height| height.parse::<u32>().ok());
                let is_exact = xml::attribute(tag, "hRule").as_deref() == Some("exact");
                self.is_low = is_exact && height.is_some_and(|height| height < LOWEST_ROW);
            }
            "annotation" => {
                self.deleted |= xml::attribute(tag, "type").is_some_and(|kind| kind.ends_with(".Deletion"));
            }
            "hidden" => {
                self.deleted |= xml::attribute(tag, "val").is_none_or(|value| super::styles::is_on(&value));
            }
            _ => {}
        }
    }

    /// Adds a cell. `slots` counts the slots of all tables; `limit` is the most that are allowed.
    pub(super) fn cell(
        &mut self,
        properties: &Properties,
        blocks: Vec<Block>,
        slots: &mut usize,
        limit: usize,
    ) -> Result<(), ReadError> {
        if properties.deleted || self.deleted {
            return Ok(());
        }
        let column_span = properties.span.unwrap_or(1).clamp(1, MOST_COLUMNS);
        *slots += column_span as usize;
        if *slots > limit {
            return Err(ReadError::TooManyCells { found: *slots, limit });
        }
        let column = self.column;
        self.column += column_span;
        if let (true, Some(left)) = (properties.from_left, self.row.last_mut())
            && left.column + left.column_span == column
        {
            left.column_span += column_span;
            return Ok(());
        }
        if properties.goes_on
            && let Ok(found) = self.above.binary_search_by_key(&column, |above| above.0)
            && let Some(&(_, row, index)) = self.above.get(found)
            && let Some(above) = self.grid.rows.get_mut(row).and_then(|row| row.get_mut(index))
        {
            // Word does not show the content of such a cell.
            if above.column_span == column_span || blocks.is_empty() {
                above.row_span += 1;
                self.here.push((column, row, index));
                return Ok(());
            }
        }
        let mut blocks = blocks;
        if self.is_low {
            for block in &mut blocks {
                if let Block::Paragraph(paragraph) = block {
                    paragraph.text.mark_doubtful_since(0, Doubt::Clipped);
                }
            }
        }
        if properties.begins || properties.goes_on {
            self.here.push((column, self.grid.rows.len(), self.row.len()));
        }
        self.row.push(GridCell { blocks, column, row_span: 1, column_span, line: self.line });
        Ok(())
    }

    pub(super) fn end_row(&mut self) {
        if self.deleted {
            // Cells that were to reach through a row that is gone reach on below it.
            self.row.clear();
            return;
        }
        self.grid.rows.push(std::mem::take(&mut self.row));
        self.above = std::mem::take(&mut self.here);
    }
}
