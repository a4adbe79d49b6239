//! A cell of a ruled table.

use super::lines::Line;

/// A cell in grid columns and rows.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cell {
    pub(super) row: usize,
    pub(super) column: usize,
    pub(super) rows: usize,
    pub(super) columns: usize,
    /// Room between its borders.
    pub(super) width: f32,
    pub(super) lines: Vec<Line>,
}

impl Cell {
    /// Its words without spaces.
    pub(super) fn words(&self) -> String {
        let characters = self.lines.iter().flat_map(|line| line.text.chars());
        characters.filter(|character| !character.is_whitespace()).collect()
    }
}
