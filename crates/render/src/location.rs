//! Locations in the agency's own document, in words by which a person finds them, and the names and contents of
//! cells.

use report::{Cell, CellId, CellState, Form, Origin, Report, Section};

use report::full_width_brackets;

use crate::text::number;

/// Where something stands in the document: the page, and the row and the column of the form's table or, in running
/// text, the section and the line of plain text. None where a person has nothing to go by.
pub fn location(report: &Report, origin: Origin, file_name: Option<&str>) -> Option<String> {
    let page = origin.page.map(|page| format!("第{page}页"));
    if let Some(place) = in_table(report, origin) {
        return Some(page.unwrap_or_default() + &place);
    }
    let section = section(report, origin).map(|section| format!("“{}”部分", section.heading.trim()));
    let parts: Vec<String> = [page, section, line(origin, file_name)].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join("，"))
}

/// Where a cell that is named beside stands in the file: its page, or its line in plain text.
pub(crate) fn in_file(origin: Origin, file_name: Option<&str>) -> Option<String> {
    origin.page.map(|page| format!("第{page}页")).or_else(|| line(origin, file_name))
}

/// The same for several; none where they are on several pages or lines.
pub(crate) fn of_all(origins: &[Origin], file_name: Option<&str>) -> Option<String> {
    let first = in_file(*origins.first()?, file_name)?;
    origins.iter().all(|origin| in_file(*origin, file_name).as_deref() == Some(&first)).then_some(first)
}

/// A location in the document of another report, of which only pages are known.
pub fn in_other_report(origin: Origin) -> Option<String> {
    origin.page.map(|page| format!("第{page}页"))
}

/// The line of a file whose lines a person can count.
fn line(origin: Origin, file_name: Option<&str>) -> Option<String> {
    (is_plain_text(file_name) && origin.line > 0).then(|| format!("第{}行", origin.line))
}

/// `表三“（三）不予公开”行“自然人”列`, or as much of it as the cells that stand beside the origin tell; none outside of
/// the three tables.
fn in_table(report: &Report, origin: Origin) -> Option<String> {
    let (form, table) = (report.cells.form()?, origin.table?);
    let cells = report.cells.iter().filter_map(|(id, cell)| Some((id, cell.origin?)));
    let beside: Vec<(CellId, Origin)> =
        cells.filter(|(_, other)| (other.page, other.table) == (origin.page, Some(table))).collect();
    let in_row = || beside.iter().filter(|(_, other)| other.row.is_some() && other.row == origin.row);
    if let Some((id, _)) = in_row().find(|(_, other)| other.column == origin.column) {
        return Some(of_cell(form, *id));
    }
    match in_row().next() {
        Some((id, _)) => {
            let place = of_cell(form, *id);
            Some(place.rsplit_once('“').map_or(place.clone(), |(row, _)| row.to_owned()))
        }
        None => beside.first().map(|(id, _)| id.table().title().to_owned()),
    }
}

/// The section around the location: that of the last heading before it.
fn section(report: &Report, origin: Origin) -> Option<&Section> {
    let position = |origin: &Origin| (origin.page, origin.line, origin.start);
    let before = |section: &&Section| position(&section.origin) <= position(&origin);
    report.sections.iter().filter(before).max_by_key(|section| position(&section.origin))
}

/// Whether a person can count the lines of the file: those of a web page or of a Word document are not shown.
fn is_plain_text(file_name: Option<&str>) -> bool {
    let extension = file_name.and_then(|name| name.rsplit_once('.')).map(|(_, extension)| extension);
    extension.is_some_and(|extension| ["txt", "md"].iter().any(|known| extension.eq_ignore_ascii_case(known)))
}

/// A cell by its table, row and column.
pub(crate) fn of_cell(form: &Form, id: CellId) -> String {
    full_width_brackets(&format!("{}{}", id.table().short_title(), form.place(id)))
}

/// The number in a cell, or what the document has instead of a number.
pub(crate) fn content(cell: &Cell) -> String {
    let text = cell.text.as_deref().unwrap_or_default();
    let proved = cell.value.map_or(String::new(), |value| format!("，推算为{}", number(value)));
    match cell.state {
        CellState::Read if text.is_empty() => cell.value.map_or(String::new(), number),
        CellState::Read => text.to_owned(),
        CellState::Placeholder | CellState::Unreadable | CellState::Doubtful => format!("“{text}”"),
        CellState::Blank => "（空白）".to_owned(),
        CellState::Missing => "（缺少该格）".to_owned(),
        CellState::Derived if cell.is_printed() => format!("（空白{proved}）"),
        CellState::Derived => format!("（缺少该格{proved}）"),
    }
}
