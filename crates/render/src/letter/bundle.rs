//! Cells that a letter tells together: those of a whole column of table three, or of one row.

use report::{Cell, CellId, CellState, Form, Origin, Report, Table};

use crate::place;
use crate::text::clean;

/// Cells up to which each is told by itself.
const FEW: usize = 6;

/// Cells with the name of what they have in common.
pub(super) struct Bundle {
    /// E.g. `（六）其他处理（全行7格）`.
    pub(super) name: String,
    /// The cells, at least one, in their order.
    pub(super) cells: Vec<CellId>,
}

/// What makes cells stand together.
#[derive(Clone, Copy, PartialEq)]
enum Kin {
    Column(&'static str),
    Row(&'static str),
    Alone(CellId),
}

/// The cells in the order in which they came, those of whole columns or of one row together.
pub(super) fn bundles(form: &Form, ids: &[CellId]) -> Vec<Bundle> {
    let is_whole = |column: &str| {
        let mut cells = form.requests.iter().filter_map(|row| form.request_cell(row.id, column));
        cells.all(|id| ids.contains(&id))
    };
    let columns: Vec<&str> =
        form.applicants.iter().map(|column| column.id).filter(|id| is_whole(id)).collect();
    let kin = |id: CellId| match split(id) {
        _ if ids.len() <= FEW => Kin::Alone(id),
        // Where every column is whole it is the rows that are told.
        (_, column)
            if id.table() == Table::Requests
                && columns.len() < form.applicants.len()
                && columns.contains(&column) =>
        {
            Kin::Column(column)
        }
        (row, _) => Kin::Row(row),
    };
    let mut bundles: Vec<(Kin, Vec<CellId>)> = Vec::new();
    for id in ids {
        let kin = kin(*id);
        match bundles.iter_mut().find(|(other, _)| *other == kin) {
            Some((_, cells)) => cells.push(*id),
            None => bundles.push((kin, vec![*id])),
        }
    }
    bundles.into_iter().map(|(kin, cells)| Bundle { name: name(form, kin, &cells), cells }).collect()
}

fn name(form: &Form, kin: Kin, cells: &[CellId]) -> String {
    let Some(first) = cells.first() else { return String::new() };
    let label = place::label(form, *first);
    let (row, column) = label.rsplit_once(" / ").unwrap_or((&label, ""));
    match kin {
        _ if cells.len() == 1 => label.clone(),
        Kin::Alone(_) => label.clone(),
        Kin::Column(_) => format!("“{column}”列（全列{}格）", cells.len()),
        Kin::Row(id) if form.cells().iter().filter(|other| split(**other).0 == id).count() == cells.len() => {
            format!("{row}（全行{}格）", cells.len())
        }
        Kin::Row(_) => {
            let labels: Vec<&str> = cells.iter().map(|id| form.label(*id)).collect();
            let columns = labels.iter().filter_map(|label| Some(label.rsplit_once(" / ")?.1));
            format!("{row}（{}）", columns.collect::<Vec<_>>().join("、"))
        }
    }
}

/// The row and the column of a cell by their ids.
fn split(id: CellId) -> (&'static str, &'static str) {
    id.as_str().rsplit_once('.').unwrap_or((id.as_str(), ""))
}

impl Bundle {
    /// What stands in the cells, once where it is the same in all.
    pub(super) fn filled(&self, report: &Report) -> String {
        let cells = self.cells.iter().filter_map(|id| report.cells.get(*id));
        let mut filled: Vec<String> = cells.map(|cell| clean(&filled(cell))).collect();
        if filled.windows(2).all(|pair| pair[0] == pair[1]) {
            filled.truncate(1);
        }
        filled.join("、")
    }

    /// Where they stand, if in one row of the document.
    pub(super) fn place(&self, report: &Report) -> Option<String> {
        let origins: Option<Vec<Origin>> =
            self.cells.iter().map(|id| report.cells.get(*id)?.origin).collect();
        place::of_row(&origins?)
    }
}

/// What stands in a cell, without what was proved of it.
fn filled(cell: &Cell) -> String {
    match cell.state {
        CellState::Derived if cell.is_printed() => "（空白）".to_owned(),
        CellState::Derived => "（缺少该格）".to_owned(),
        _ => place::filled(cell),
    }
}
