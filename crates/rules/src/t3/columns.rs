//! Columns of table three that are not there.

use report::{CellId, Line, NoteKind, Report, Table};

use crate::place::{cells_of, column_of, has_note};

/// The columns that the header lacks, or that have no printed cell although the table has some.
pub(crate) fn absent_columns(report: &Report) -> Vec<(&'static Line, Vec<CellId>)> {
    let Some(form) = report.cells.form() else { return Vec::new() };
    let is_there = cells_of(report, Table::Requests).any(|(_, cell)| cell.is_printed());
    let is_absent = |column: &&Line| {
        let mut cells = cells_of(report, Table::Requests).filter(|(id, _)| column_of(*id) == column.id);
        has_note(report, NoteKind::ColumnAbsent, column.id)
            || is_there && !cells.any(|(_, cell)| cell.is_printed())
    };
    let absent = form.applicants.iter().filter(is_absent);
    absent.map(|column| (column, column_cells(report, column))).collect()
}

pub(crate) fn column_cells(report: &Report, column: &Line) -> Vec<CellId> {
    let cells = cells_of(report, Table::Requests).map(|(id, _)| id);
    cells.filter(|id| column_of(*id) == column.id).collect()
}

pub(crate) fn noted_origin(
    report: &Report,
    mut subjects: impl Iterator<Item = &'static str>,
) -> Option<report::Origin> {
    subjects.find_map(|subject| {
        report.notes.iter().filter(|note| note.subject == subject).find_map(|note| note.origin)
    })
}
