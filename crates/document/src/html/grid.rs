//! Rows of cells with spans to a grid: the "forming a table" algorithm of HTML, with bounds.

use crate::error::ReadError;
use crate::model::{Cell, Row, Text};

/// What HTML allows at most for `colspan`.
const MOST_COLUMNS: u32 = 1_000;

/// A cell as declared.
pub(super) struct Declared {
    pub(super) text: Text,
    pub(super) row_span: u32,
    pub(super) column_span: u32,
}

/// A row as declared.
#[derive(Default)]
pub(super) struct DeclaredRow {
    pub(super) cells: Vec<Declared>,
    /// Which `<tbody>` or the like it belongs to; no cell reaches beyond.
    pub(super) group: usize,
    /// A row without height, which Word adds to carry column widths.
    pub(super) helper: bool,
}

/// Gives each cell its column. `slots` counts the places of all grids of the page.
pub(super) fn form(rows: Vec<DeclaredRow>, slots: &mut usize, limit: usize) -> Result<Vec<Row>, ReadError> {
    let ends = group_ends(&rows);
    let mut formed: Vec<Row> = Vec::with_capacity(rows.len());
    // For each column the row from which it is free.
    let mut free: Vec<usize> = Vec::new();
    let mut all_free = 0;
    for ((y, declared), end) in rows.into_iter().enumerate().zip(ends) {
        let blank = declared.cells.iter().all(|cell| cell.text.is_empty() && cell.row_span == 1);
        if blank && all_free <= y && (declared.helper || declared.cells.is_empty()) {
            continue;
        }
        let mut row = Row::default();
        let mut x = 0;
        for cell in declared.cells {
            while free.get(x).is_some_and(|from| *from > y) {
                x += 1;
            }
            let left = (end - y) as u32;
            let row_span = if cell.row_span == 0 { left } else { cell.row_span.min(left) };
            let column_span = cell.column_span.clamp(1, MOST_COLUMNS);
            *slots += (row_span * column_span) as usize;
            if *slots > limit {
                return Err(ReadError::TooManyCells { found: *slots, limit });
            }
            let after = x + column_span as usize;
            free.resize(free.len().max(after), 0);
            for from in free.iter_mut().take(after).skip(x) {
                *from = (*from).max(y + row_span as usize);
            }
            all_free = all_free.max(y + row_span as usize);
            row.cells.push(Cell { text: cell.text, column: x as u32, row_span, column_span });
            x = after;
        }
        formed.push(row);
    }
    Ok(formed)
}

/// For each row the row after its group.
fn group_ends(rows: &[DeclaredRow]) -> Vec<usize> {
    let mut ends = Vec::with_capacity(rows.len());
    for group in rows.chunk_by(|one, other| one.group == other.group) {
        let end = ends.len() + group.len();
        ends.resize(end, end);
    }
    ends
}
