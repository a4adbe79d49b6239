//! Table two from running text: the figures of a block without a label in their line belong to its labels
//! without figures, if there are just as many as these have columns.

use super::{Row, row_id};
use crate::grid::{Line, Slot};

/// The figures of a block that stand in no line with a label, and the block's rows so far.
#[derive(Debug, Default)]
pub(super) struct Block<'a> {
    figures: Vec<Slot<'a>>,
    width: usize,
    first_row: usize,
    is_closed: bool,
}

/// Characters of a longer text that is no piece of a label.
const PIECE_CHARS: usize = 4;

/// Whether a line of running text is a printed row: the figures in it belong to the one label in it.
pub(super) fn is_row(line: &Line<'_>) -> bool {
    let labels = || line.slots.iter().filter(|slot| row_id(slot).is_some());
    let figures = || line.slots.iter().filter(|slot| slot.is_like_figure());
    line.is_text && labels().count() <= 1 && figures().count() + labels().count() + 2 >= line.slots.len()
}

impl<'a> Block<'a> {
    /// Takes a figure of a block with so many columns.
    pub(super) fn take(&mut self, slot: Slot<'a>, width: usize) {
        if !self.is_closed {
            self.width = width;
            self.figures.push(slot);
        }
    }

    /// A label goes on with the block.
    pub(super) fn reopen(&mut self) {
        self.is_closed = false;
    }

    /// Words that are no label and no heading end the block, unless they are a piece of a label.
    pub(super) fn close(&mut self, words: &str, rows: &mut [Row<'a>]) {
        if words.chars().count() > PIECE_CHARS && rows.len() > self.first_row {
            self.settle(rows);
            self.is_closed = true;
        }
    }

    /// Ends a block: its figures go to its labels without figures, or to none.
    pub(super) fn settle(&mut self, rows: &mut [Row<'a>]) {
        let figures = std::mem::take(&mut self.figures);
        let of_block = rows.get_mut(self.first_row..).unwrap_or_default();
        let without = of_block.iter().filter(|row| row.slots.is_empty()).count();
        if !figures.is_empty() && figures.len() == without * self.width {
            let empty = of_block.iter_mut().filter(|row| row.slots.is_empty());
            for (row, figures) in empty.zip(figures.chunks(self.width)) {
                row.slots = figures.to_vec();
            }
        }
        (self.first_row, self.is_closed) = (rows.len(), false);
    }
}
