//! The text of a cell in every form in which it is compared: read once, and asked for by all that look for rows.

use std::cell::OnceCell;

use crate::figure::{self, Figure};
use crate::label::{self, Normalised};
use crate::requests::Named;

/// The text of a cell.
#[derive(Debug, Clone)]
pub(crate) struct CellText {
    /// Without spaces, glosses and full-width characters.
    pub(crate) plain: String,
    /// The same without enumerators and punctuation.
    pub(crate) normalised: Normalised,
    /// The figure of a cell that takes counts.
    pub(crate) figure: Figure,
    /// The rows of table three that it can name.
    rows: OnceCell<Vec<Named>>,
}

impl CellText {
    pub(crate) fn of(text: &str) -> Self {
        let plain = label::plain(text);
        let normalised = Normalised::new(label::bare(&plain));
        Self { plain, normalised, figure: figure::any(text), rows: OnceCell::new() }
    }

    /// The rows of table three that it can name, which `find` finds.
    pub(crate) fn rows(&self, find: fn(&Self) -> Vec<Named>) -> &[Named] {
        self.rows.get_or_init(|| find(self))
    }
}
