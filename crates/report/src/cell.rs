//! Cells: the value, its state, and its origin.

use std::collections::HashMap;

use crate::{CellId, Decimal, Doubt, Form, FormId, Origin, Witness};

/// How the value of a cell is known, or why it is unknown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CellState {
    /// A number stood there.
    Read,
    /// The cell is there and empty.
    Blank,
    /// A mark stood there that stands for no number: `/`, `-`, `—`, `无`.
    Placeholder,
    /// Text stood there that is no number.
    Unreadable,
    /// The source has no such row or column.
    #[default]
    Missing,
    /// Not printed or blank, but the only value the equations and non-negativity allow.
    Derived,
    /// What is stored and what a person sees may differ; [`Cell::doubt`] says why. The value is what is
    /// stored, and nothing is concluded from it.
    Doubtful,
}

impl CellState {
    /// Every state.
    pub const ALL: [Self; 7] = [
        Self::Read,
        Self::Blank,
        Self::Placeholder,
        Self::Unreadable,
        Self::Missing,
        Self::Derived,
        Self::Doubtful,
    ];

    /// The name used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Blank => "blank",
            Self::Placeholder => "placeholder",
            Self::Unreadable => "unreadable",
            Self::Missing => "missing",
            Self::Derived => "derived",
            Self::Doubtful => "doubtful",
        }
    }

    /// The state with this name in JSON.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// The Chinese words for it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Read => "原文印有数字",
            Self::Blank => "原文为空格",
            Self::Placeholder => "原文以符号代替数字",
            Self::Unreadable => "原文不是数字",
            Self::Missing => "原文没有这一格",
            Self::Derived => "由勾稽关系推得",
            Self::Doubtful => "所见与所存可能不同",
        }
    }
}

/// One cell of a form as one report fills it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cell {
    /// The exact value in the unit of the form (件, 项, 万元); none where none was read or proved.
    pub value: Option<Decimal>,
    /// How the value came to be known.
    pub state: CellState,
    /// What stood there, trimmed. `Some("")` is a cell that is there and empty, also where its value
    /// was derived; `None` is a cell that is not there.
    pub text: Option<String>,
    /// Where it stood; none where nothing stands.
    pub origin: Option<Origin>,
    /// Why it is doubtful; none in any other state.
    pub doubt: Option<Doubt>,
    /// What speaks for the figure.
    pub witness: Witness,
}

impl Cell {
    /// A number that stood in the source.
    pub fn read(value: Decimal, text: impl Into<String>, origin: Origin) -> Self {
        Self {
            value: Some(value),
            state: CellState::Read,
            text: Some(text.into()),
            origin: Some(origin),
            doubt: None,
            witness: Witness::Printed,
        }
    }

    /// The value that equations, sums and comparisons may use: none of a doubtful cell.
    pub fn known(&self) -> Option<Decimal> {
        self.value.filter(|_| self.state != CellState::Doubtful)
    }

    /// Whether the source has this cell, filled or not.
    pub fn is_printed(&self) -> bool {
        self.text.is_some()
    }
}

/// The cells of one report: one for each of its form's ids, in the form's order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cells {
    form: Option<FormId>,
    cells: Vec<Cell>,
}

impl Cells {
    /// All cells of a form, each missing.
    pub fn missing(form: FormId) -> Self {
        Self { form: Some(form), cells: vec![Cell::default(); Form::get(form).cells().len()] }
    }

    /// The form whose cells these are.
    pub fn form(&self) -> Option<&'static Form> {
        self.form.map(Form::get)
    }

    /// Whether they were read off a scan.
    pub fn is_scanned(&self) -> bool {
        self.cells.iter().any(|cell| cell.witness != Witness::Printed)
    }

    /// The cell with this id, if the form has it.
    pub fn get(&self, id: CellId) -> Option<&Cell> {
        self.cells.get(self.form()?.position(id)?)
    }

    /// The cell with this id, to be changed, if the form has it.
    pub fn get_mut(&mut self, id: CellId) -> Option<&mut Cell> {
        let position = self.form()?.position(id)?;
        self.cells.get_mut(position)
    }

    /// The value of a cell that equations, sums and comparisons may use; none of a doubtful one.
    pub fn value(&self, id: CellId) -> Option<Decimal> {
        self.get(id)?.known()
    }

    /// Every cell with its id, in the form's order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (CellId, &Cell)> {
        let ids = self.form().map_or(&[][..], Form::cells);
        ids.iter().copied().zip(&self.cells)
    }

    /// How many cells are in each state.
    pub fn count_by_state(&self) -> HashMap<CellState, usize> {
        let mut counts = HashMap::new();
        for cell in &self.cells {
            *counts.entry(cell.state).or_default() += 1;
        }
        counts
    }
}
