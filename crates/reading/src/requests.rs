//! Table three: its rows by their labels, its figures by alignment.

mod fill;
mod header;
mod label;
mod lost;
mod scan;
mod short;
mod text;

use document::Layout;
use report::{Cell, CellKind, CellState, Doubt};

use crate::figure::{self, Figure};
use crate::grid::{Line, Slot};
use crate::origin;
use header::{Header, header};
pub(crate) use label::Named;
use label::Official;
use lost::Lost;

/// The printed rows of table three.
#[derive(Debug, Default)]
pub(crate) struct Found<'a> {
    header: Header,
    rows: Vec<Row<'a>>,
    /// Rows of figures that have no known label.
    lost: Vec<Lost<'a>>,
    /// Rows of running text that the order alone does not tell apart.
    open: Vec<text::Open<'a>>,
    /// Cells of the longest printed line of the table, its header among them.
    widest: usize,
    first_line: usize,
}

/// A printed row: its label and everything behind it.
#[derive(Debug, Clone)]
struct Row<'a> {
    official: &'static Official,
    label: Slot<'a>,
    layout: Layout,
    slots: Vec<Slot<'a>>,
    /// The printed table that it is part of.
    table: u32,
    /// How many cells its printed line has.
    line_cells: usize,
    /// Whether figures of lines below were taken for its own.
    is_joined: bool,
}

/// Finds the table among the printed lines: it begins with the row of new applications and ends with
/// those carried into the next year.
pub(crate) fn find<'a>(lines: &[Line<'a>]) -> Found<'a> {
    let Some(opening) = scan::opening(lines) else { return Found::default() };
    let (mut rows, lost, open, first, last_line) = match text::rows(lines, opening) {
        Some(text) => (text.rows, Vec::new(), text.open, text.first_line, text.last_line),
        None => {
            let scan::Rows { rows, lost, last_line } = scan::rows(lines, opening);
            (rows, lost, Vec::new(), opening.0, last_line)
        }
    };
    let has_parts = rows.iter().any(|row| row.official.id.starts_with("other."));
    rows.retain(|row| !(has_parts && row.official.id == "other" && row.figures() == 0));
    let header = header(lines, first, &rows);
    let table = lines.get(first).map(|line| line.table);
    let of_table = lines.iter().take(last_line + 1).filter(|line| Some(line.table) == table);
    let widest = of_table.map(|line| line.slots.len()).max().unwrap_or(0);
    Found { header, rows, lost, open, widest, first_line: first }
}

impl Row<'_> {
    fn tokens(&self) -> Vec<Figure> {
        tokens(&self.slots)
    }

    /// How many of its cells are filled with anything.
    fn figures(&self) -> usize {
        filled(&self.slots)
    }
}

fn tokens(slots: &[Slot<'_>]) -> Vec<Figure> {
    slots.iter().map(Slot::figure).collect()
}

/// How many cells are filled with anything.
fn filled(slots: &[Slot<'_>]) -> usize {
    slots.iter().filter(|slot| !slot.figure().is_blank()).count()
}

/// A printed cell with its figure.
pub(crate) fn cell_of(slot: Slot<'_>, kind: CellKind) -> Cell {
    // Counts and changes are read alike.
    let figure = match kind {
        CellKind::Amount => figure::parse(slot.str(), kind),
        CellKind::Count | CellKind::Change => slot.figure(),
    };
    let several = (figure.state == CellState::Doubtful).then_some(Doubt::SeveralFigures);
    let doubt = slot.text.doubt().map(origin::doubt).or(several);
    Cell {
        value: figure.value,
        state: if doubt.is_some() { CellState::Doubtful } else { figure.state },
        text: Some(slot.str().to_owned()),
        origin: Some(slot.origin()),
        doubt,
        ..Cell::default()
    }
}

impl Found<'_> {
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.open.is_empty()
    }

    /// How many rows have figures.
    pub(crate) fn filled_rows(&self) -> usize {
        let open = self.open.iter().filter_map(|open| open.ways.first()).flatten();
        self.rows.iter().chain(open).filter(|row| row.figures() > 0).count()
    }

    /// The index of its first line among all printed lines.
    pub(crate) fn first_line(&self) -> usize {
        self.first_line
    }

    /// For the form of 2021 if positive, for that of 2019 if negative.
    pub(crate) fn evidence(&self) -> i32 {
        let vote = |row: &Row<'_>| match row.official.id {
            "other.no_correction" | "other.fee_unpaid" => 2,
            "other" => -2,
            _ => 0,
        };
        let open = self.open.iter().flat_map(|open| &open.labels);
        self.rows.iter().chain(open).map(vote).sum()
    }
}
