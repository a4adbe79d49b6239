//! Groups the cells of a finding: a whole column of 表三, or the cells of one row, become one line of the letter.

use report::{Cell, CellId, CellState, Form, Origin, Report, Table};

use crate::location;
use crate::text::clean;

/// A finding with more cells than this is grouped.
const MAX_UNGROUPED: usize = 6;

/// Cells with a common name.
pub(super) struct CellGroup {
    /// E.g. `表三“（六）其他处理”行（全部7格）`.
    pub(super) name: String,
    /// The cells, at least one, in their order.
    pub(super) cells: Vec<CellId>,
}

/// What the cells of a group have in common.
#[derive(Clone, Copy, PartialEq)]
enum GroupKey {
    Column(&'static str),
    Row(&'static str),
    Alone(CellId),
}

/// Groups the cells, in the order of the first cell of each group.
pub(super) fn cell_groups(form: &Form, ids: &[CellId]) -> Vec<CellGroup> {
    let is_whole = |column: &str| {
        let mut cells = form.requests.iter().filter_map(|row| form.request_cell(row.id, column));
        cells.all(|id| ids.contains(&id))
    };
    let columns: Vec<&str> =
        form.applicants.iter().map(|column| column.id).filter(|id| is_whole(id)).collect();
    let key_of = |id: CellId| match split(id) {
        _ if ids.len() <= MAX_UNGROUPED => GroupKey::Alone(id),
        // Where every column is whole, grouping by row gives shorter names.
        (_, column)
            if id.table() == Table::Requests
                && columns.len() < form.applicants.len()
                && columns.contains(&column) =>
        {
            GroupKey::Column(column)
        }
        (row, _) => GroupKey::Row(row),
    };
    let mut groups: Vec<(GroupKey, Vec<CellId>)> = Vec::new();
    for id in ids {
        let key = key_of(*id);
        match groups.iter_mut().find(|(other, _)| *other == key) {
            Some((_, cells)) => cells.push(*id),
            None => groups.push((key, vec![*id])),
        }
    }
    groups.into_iter().map(|(key, cells)| CellGroup { name: name(form, key, &cells), cells }).collect()
}

fn name(form: &Form, key: GroupKey, cells: &[CellId]) -> String {
    let Some(first) = cells.first() else { return String::new() };
    let place = location::of_cell(form, *first);
    // The label of a column has no quotation marks of its own.
    let (row, column) = place.rsplit_once('“').unwrap_or((&place, ""));
    let whole = |id: &str| form.cells().iter().filter(|other| split(**other).0 == id).count() == cells.len();
    match key {
        _ if cells.len() == 1 => place.clone(),
        GroupKey::Alone(_) => place.clone(),
        GroupKey::Column(_) => format!("{}“{column}（全列{}格）", first.table().short_title(), cells.len()),
        GroupKey::Row(id) if whole(id) => format!("{row}（全部{}格）", cells.len()),
        GroupKey::Row(_) => {
            let labels = cells.iter().filter_map(|id| Some(form.label(*id).rsplit_once(" / ")?.1));
            let columns: Vec<String> = labels.map(|column| format!("“{column}”")).collect();
            format!("{row}{}列", columns.join("、"))
        }
    }
}

/// The row and the column of a cell by their ids.
fn split(id: CellId) -> (&'static str, &'static str) {
    id.as_str().rsplit_once('.').unwrap_or((id.as_str(), ""))
}

impl CellGroup {
    /// The content of the cells, written once where all are equal.
    pub(super) fn content(&self, report: &Report) -> String {
        let cells = self.cells.iter().filter_map(|id| report.cells.get(*id));
        let mut contents: Vec<String> = cells.map(|cell| clean(&content(cell))).collect();
        if contents.windows(2).all(|pair| pair[0] == pair[1]) {
            contents.truncate(1);
        }
        contents.join("、")
    }

    /// Their page or line, where they have one.
    pub(super) fn location(&self, report: &Report, file_name: Option<&str>) -> Option<String> {
        let origins: Option<Vec<Origin>> =
            self.cells.iter().map(|id| report.cells.get(*id)?.origin).collect();
        location::of_all(&origins?, file_name)
    }
}

/// The content of a cell, without a value that the equations prove.
fn content(cell: &Cell) -> String {
    match cell.state {
        CellState::Derived if cell.is_printed() => "（空白）".to_owned(),
        CellState::Derived => "（缺少该格）".to_owned(),
        _ => location::content(cell),
    }
}
