//! Locations in the agency's own document, in words by which a person finds them, and the names and contents of
//! cells.

use report::{Cell, CellId, CellState, Form, Origin, Report, Section};

use report::full_width_brackets;

use crate::text::number;

/// A location in the document: the page and the table, or the section and, in plain text, the line.
pub(crate) fn of_origin(report: &Report, origin: Origin, file_name: Option<&str>) -> Option<String> {
    let page = origin.page.map(|page| format!("第{page}页"));
    if let Some(table) = in_table(origin) {
        return Some(page.unwrap_or_default() + &table);
    }
    let section = section(report, origin).map(|section| format!("“{}”部分", section.heading.trim()));
    let line = (is_plain_text(file_name) && origin.line > 0).then(|| format!("第{}行", origin.line));
    let parts: Vec<String> = [page, section, line].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join("，"))
}

/// A location in the document of another report, whose sections are not known.
pub(crate) fn in_other_report(origin: Origin) -> Option<String> {
    let page = origin.page.map(|page| format!("第{page}页"));
    let parts: Vec<String> = [page, in_table(origin)].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.concat())
}

/// `第2个表格第5行第4列`, for a figure in a table.
fn in_table(origin: Origin) -> Option<String> {
    let (table, row, column) = (origin.table?, origin.row?, origin.column?);
    let [table, row, column] = [table, row, column].map(|index| index.saturating_add(1));
    Some(format!("第{table}个表格第{row}行第{column}列"))
}

/// `第2个表格第5行`, for figures in one row; none where they are in several.
pub(crate) fn of_row(origins: &[Origin]) -> Option<String> {
    let position = |origin: &Origin| Some((origin.page, origin.table?, origin.row?));
    let first = origins.first()?;
    let (page, table, row) = position(first)?;
    let page = page.map_or(String::new(), |page| format!("第{page}页"));
    let is_one = origins.iter().all(|origin| position(origin) == Some((first.page, table, row)));
    is_one.then(|| format!("{page}第{}个表格第{}行", table.saturating_add(1), row.saturating_add(1)))
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
    format!("{}“{}”", id.table().short_title(), label(form, id))
}

/// Row and column of a cell, without the explanation that the form adds to 部分公开.
pub(crate) fn label(form: &Form, id: CellId) -> String {
    full_width_brackets(form.label(id)).replace(EXPLANATION, "")
}

const EXPLANATION: &str = "（区分处理的，只计这一情形，不计其他情形）";

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
