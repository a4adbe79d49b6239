//! Rows, columns and cells of a report by the labels of its form, and their contents.

use report::{Cell, CellId, CellState, Decimal, Form, FormId, Note, NoteKind, Report, Table};

/// How many labels or terms a message lists before it writes 等.
pub(crate) const SPELLED: usize = 6;

/// So many figures in one row are a table. Fewer may stand in a sentence that lists outcomes.
const FIGURES_OF_A_ROW: u32 = 5;

/// So many rows with a figure or two are a table whose blank cells have vanished.
const ROWS_OF_A_TABLE: usize = 10;

/// Whether a table is absent. DOC-10 reports it, and the rules of that table make no finding. A table with
/// too many or too few figures is present.
pub(crate) fn is_absent(report: &Report, table: Table) -> bool {
    let has_figures = |subject: &str| {
        let notes = report.notes.iter().filter(|note| note.kind == NoteKind::FigureCount);
        notes.filter(|note| note.subject == subject).any(|note| note.count >= Some(FIGURES_OF_A_ROW))
    };
    let in_rows =
        || rows(report, table).iter().filter(|row| has_note(report, NoteKind::FigureCount, row.id)).count();
    let is_printed = |row: &str| has_note(report, NoteKind::RowWithoutFigures, row) || has_figures(row);
    has_note(report, NoteKind::TableAbsent, table.as_str())
        || cells_of(report, table).all(|(_, cell)| cell.state == CellState::Missing)
            && in_rows() < ROWS_OF_A_TABLE
            && !has_figures(table.as_str())
            && !cells_of(report, table).any(|(id, _)| is_printed(row_of(id)))
}

/// Whether this was noted of this row, column or table.
pub(crate) fn has_note(report: &Report, kind: NoteKind, subject: &str) -> bool {
    report.notes.iter().any(|note| note.kind == kind && note.subject == subject)
}

/// Whether table three has rows of the other form. T3-16 reports them, and explains the 其他处理 rows.
pub(crate) fn is_mixed(report: &Report) -> bool {
    foreign_requests(report).next().is_some()
}

/// The notes of rows of the other form in table three.
pub(crate) fn foreign_requests(report: &Report) -> impl Iterator<Item = &Note> {
    let is_foreign =
        |note: &&Note| note.kind == NoteKind::ForeignRow && request_label(&note.subject).is_some();
    report.notes.iter().filter(is_foreign)
}

/// The cells of one table in the form's order; none where there is no form.
pub(crate) fn cells_of(report: &Report, table: Table) -> impl Iterator<Item = (CellId, &Cell)> {
    report.cells.iter().filter(move |(id, _)| id.table() == table)
}

/// The ids of the cells of a table for which `wanted` is true.
pub(crate) fn ids_where(report: &Report, table: Table, wanted: impl Fn(&Cell) -> bool) -> Vec<CellId> {
    cells_of(report, table).filter(|(_, cell)| wanted(cell)).map(|(id, _)| id).collect()
}

/// A row of a table as the report fills it.
pub(crate) struct Row<'a> {
    /// Its id without the table's, e.g. `refused.third_party`.
    pub(crate) id: &'static str,
    /// Its label with that of its group.
    pub(crate) label: &'a str,
    /// Its cells.
    pub(crate) cells: Vec<(CellId, &'a Cell)>,
}

impl Row<'_> {
    /// The ids of its cells.
    pub(crate) fn ids(&self) -> impl Iterator<Item = CellId> {
        self.cells.iter().map(|(id, _)| *id)
    }

    /// Whether a number, or a mark in the place of one, stands in it.
    pub(crate) fn has_figure(&self) -> bool {
        self.cells.iter().any(|(_, cell)| is_filled(cell))
    }
}

/// The rows of a table in the form's order; the groups of table four are its rows.
pub(crate) fn rows(report: &Report, table: Table) -> Vec<Row<'_>> {
    let Some(form) = report.cells.form() else { return Vec::new() };
    let mut rows: Vec<Row> = Vec::new();
    for (id, cell) in cells_of(report, table) {
        match rows.last_mut() {
            Some(row) if row.id == row_of(id) => row.cells.push((id, cell)),
            _ => rows.push(Row { id: row_of(id), label: row_label(form, id), cells: vec![(id, cell)] }),
        }
    }
    rows
}

/// The row of a cell as notes name it: `received`, `other.misc`, `review`.
pub(crate) fn row_of(id: CellId) -> &'static str {
    let (row, _) = split(id);
    row.strip_prefix("requests.").or_else(|| row.strip_prefix("active.")).unwrap_or(row)
}

/// The column of a cell as notes name it: `natural_person`, `total`.
pub(crate) fn column_of(id: CellId) -> &'static str {
    split(id).1
}

fn split(id: CellId) -> (&'static str, &'static str) {
    id.as_str().rsplit_once('.').unwrap_or((id.as_str(), ""))
}

/// The label of the row of a cell, with that of its group and without the explanation in brackets
/// that the form gives beside 部分公开.
pub(crate) fn row_label(form: &Form, id: CellId) -> &str {
    let label = form.label(id).rsplit_once(" / ").map_or(form.label(id), |(row, _)| row);
    label.split_once("(区分处理的").map_or(label, |(label, _)| label)
}

/// The label of the column of a cell.
pub(crate) fn column_label(form: &Form, id: CellId) -> &str {
    form.label(id).rsplit_once(" / ").map_or("", |(_, column)| column)
}

/// The label of a row of table three that either form has.
pub(crate) fn request_label(row: &str) -> Option<&'static str> {
    FormId::ALL.into_iter().find_map(|form| {
        let form = Form::get(form);
        Some(row_label(form, form.request_cell(row, "total")?))
    })
}

/// The label of a row of table two that either form has.
pub(crate) fn active_label(row: &str) -> Option<&'static str> {
    let blocks = FormId::ALL.into_iter().flat_map(|form| &Form::get(form).active);
    blocks.flat_map(|block| &block.rows).find(|line| line.id == row).map(|line| line.label)
}

/// The number in a column of a row, if it is known.
pub(crate) fn value_in(row: &Row<'_>, column: &str) -> Option<Decimal> {
    row.cells.iter().find(|(id, _)| column_of(*id) == column)?.1.known()
}

/// Whether something stands in a cell, a number or not.
pub(crate) fn is_filled(cell: &Cell) -> bool {
    matches!(
        cell.state,
        CellState::Read | CellState::Placeholder | CellState::Unreadable | CellState::Doubtful
    )
}

/// Whether a cell is there and empty, also where its value could be proved.
pub(crate) fn is_blank(cell: &Cell) -> bool {
    cell.state == CellState::Blank
        || cell.state == CellState::Derived && cell.text.as_deref().is_some_and(|text| text.trim().is_empty())
}

/// Labels in quotation marks, the first few of them: `“甲”、“乙”等9行`.
pub(crate) fn quoted<'a>(labels: impl IntoIterator<Item = &'a str>, measure: &str) -> String {
    let labels: Vec<&str> = labels.into_iter().collect();
    let spelled: Vec<String> = labels.iter().take(SPELLED).map(|label| format!("“{label}”")).collect();
    let rest = if labels.len() > SPELLED { format!("等{}{measure}", labels.len()) } else { String::new() };
    spelled.join("、") + &rest
}

/// Cells by their rows and columns, the first few of them: `“甲”行“总计”列、“乙”行“总计”列等9格`.
pub(crate) fn quoted_cells(report: &Report, ids: &[CellId]) -> String {
    let form = report.cells.form();
    let place = |id: &CellId| form.map_or_else(|| format!("“{id}”"), |form| form.place(*id));
    let spelled: Vec<String> = ids.iter().take(SPELLED).map(place).collect();
    let rest = if ids.len() > SPELLED { format!("等{}格", ids.len()) } else { String::new() };
    spelled.join("、") + &rest
}

/// A number as an official writes it.
pub(crate) fn number(value: Decimal) -> String {
    value.normalize().to_string()
}

/// How far apart two numbers are.
pub(crate) fn difference(left: Decimal, right: Decimal) -> String {
    number(left.saturating_sub(right).abs())
}
