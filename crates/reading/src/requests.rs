//! Table three: its rows by their labels, its figures by alignment.

mod fill;
mod header;
mod label;

use document::Layout;
use report::{Cell, CellKind};

use crate::figure::{self, Figure};
use crate::grid::{Line, Slot};
use header::{Header, header, is_header};
use label::{Official, is_group, match_label};

/// The printed rows of table three.
#[derive(Debug, Default)]
pub(crate) struct Found<'a> {
    header: Header,
    rows: Vec<Row<'a>>,
}

/// A printed row: its label and everything behind it.
#[derive(Debug, Clone)]
struct Row<'a> {
    official: &'static Official,
    label: Slot<'a>,
    layout: Layout,
    slots: Vec<Slot<'a>>,
}

/// Finds the table among the printed lines: it begins with the row of new applications and ends with
/// those carried into the next year.
pub(crate) fn find<'a>(lines: &[Line<'a>]) -> Found<'a> {
    let opens = |line: &Line<'_>| {
        line.slots.iter().any(|slot| match_label(slot.str(), None).is_some_and(|row| row.order == 0))
    };
    let Some(first) = lines.iter().position(opens) else { return Found::default() };
    let mut rows: Vec<Row<'a>> = Vec::new();
    'lines: for line in &lines[first..] {
        if is_header(line) {
            continue;
        }
        let mut fresh = true;
        for slot in &line.slots {
            let last = rows.last().map(|row| row.official);
            if let Some(official) = match_label(slot.str(), last) {
                if official.order == 0 && last.is_some() {
                    break 'lines;
                }
                // A label that another label follows at once heads a group.
                if rows.last().is_some_and(|row| !fresh && row.official.id == "other" && row.figures() == 0) {
                    rows.pop();
                }
                rows.push(Row { official, label: *slot, layout: line.layout, slots: Vec::new() });
                fresh = false;
            } else if is_group(slot.str()) {
                fresh = true;
            } else if let Some(row) = rows.last_mut() {
                // A line without a label goes on with the row above, as long as that is not full.
                let continues = fresh
                    && line.layout != Layout::Grid
                    && row.figures() < 7
                    && figure::any(slot.str()).is_number();
                if !fresh || continues {
                    row.slots.push(*slot);
                }
            }
        }
        let closed = rows.last().is_some_and(|row| row.official.id == "carried_out" && row.figures() > 0);
        if closed {
            break;
        }
    }
    let has_parts = rows.iter().any(|row| row.official.id.starts_with("other."));
    rows.retain(|row| !(has_parts && row.official.id == "other" && row.figures() == 0));
    let header = header(lines, first, &rows);
    Found { header, rows }
}

impl Row<'_> {
    fn tokens(&self) -> Vec<Figure> {
        self.slots.iter().map(|slot| figure::parse(slot.str(), CellKind::Count)).collect()
    }

    /// How many of its cells are filled with anything.
    fn figures(&self) -> usize {
        self.tokens().iter().filter(|token| !token.is_blank()).count()
    }
}

/// A printed cell with its figure.
pub(crate) fn cell_of(slot: Slot<'_>, kind: CellKind) -> Cell {
    let figure = figure::parse(slot.str(), kind);
    Cell {
        value: figure.value,
        state: figure.state,
        text: Some(slot.str().to_owned()),
        origin: Some(slot.origin()),
    }
}

impl Found<'_> {
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// For the form of 2021 if positive, for that of 2019 if negative.
    pub(crate) fn evidence(&self) -> i32 {
        let vote = |row: &Row<'_>| match row.official.id {
            "other.no_correction" | "other.fee_unpaid" => 2,
            "other" => -2,
            _ => 0,
        };
        self.rows.iter().map(vote).sum()
    }
}
