//! The header of table three: its value columns from left to right.

use document::Layout;
use report::{Decimal, Form, FormId};

use super::Row;
use super::label::match_label;
use crate::align;
use crate::grid::{Line, Slot};

/// The value columns as the header prints them, left to right.
#[derive(Debug)]
pub(super) struct Header {
    /// Ids of the columns; none for one that the form does not have (小计).
    pub(super) columns: Vec<Option<&'static str>>,
    /// The grid column of each; empty if unknown.
    pub(super) positions: Vec<u32>,
    /// The position of the first column in printed rows; none if unknown.
    pub(super) first: Option<u32>,
    /// The header is there and has no 总计.
    pub(super) lacks_total: bool,
}

impl Default for Header {
    fn default() -> Self {
        let columns = Form::get(FormId::F2021).applicants.iter().map(|column| Some(column.id)).collect();
        Self { columns, positions: Vec::new(), first: None, lacks_total: false }
    }
}

const HEADINGS: [(&str, Option<&str>); 9] = [
    ("自然人", Some("natural_person")),
    ("商业企业", Some("enterprise")),
    ("科研机构", Some("research")),
    ("社会公益组织", Some("social_org")),
    ("法律服务机构", Some("legal_service")),
    ("其他", Some("other_org")),
    ("小计", None),
    ("总计", Some("total")),
    ("合计", Some("total")),
];

/// The column that a heading names: none inside for a column that the form does not have.
pub(super) fn heading(slot: &Slot<'_>) -> Option<Option<&'static str>> {
    HEADINGS.iter().find(|(label, _)| slot.normalised() == *label).map(|(_, id)| *id)
}

/// Whether a line repeats the header, as tables do on a new page.
pub(super) fn is_header(line: &Line<'_>) -> bool {
    line.slots.iter().filter(|slot| heading(slot).is_some()).count() >= 2
        && !line.slots.iter().any(|slot| slot.figure().is_number())
}

/// Lines above the first row that can belong to the header.
pub(super) const HEADER_LINES: usize = 12;

pub(super) fn header(lines: &[Line<'_>], first: usize, rows: &[Row<'_>]) -> Header {
    let above = lines.get(first.saturating_sub(HEADER_LINES)..first).unwrap_or_default();
    // Only what follows the last figure: an earlier table may end just above.
    let start = above
        .iter()
        .rposition(|line| line.slots.iter().any(|slot| slot.figure().is_number()))
        .map_or(0, |at| at + 1);
    // Where cells follow one another without rows, the header is in one line with the first row.
    let first_line = lines.get(first).map_or(&[][..], |line| &line.slots);
    let opening = first_line.iter().take_while(|slot| match_label(slot, None, &[]).is_none());
    let mut found: Vec<(Option<&'static str>, u32)> = Vec::new();
    for slot in above.iter().skip(start).flat_map(|line| &line.slots).chain(opening) {
        if let Some(id) = heading(slot)
            && (id.is_none() || found.iter().all(|(known, _)| *known != id))
        {
            found.push((id, slot.column));
        }
    }
    // A heading broken over two cells hides its column; then the official order has to do.
    let all_applicants = HEADINGS[..6].iter().all(|(_, id)| found.iter().any(|(known, _)| known == id));
    if !all_applicants {
        return Header::default();
    }
    let widest =
        rows.iter().filter_map(|row| align::core(&row.tokens())).map(|core| core.len()).max().unwrap_or(0);
    let has_total = found.iter().any(|(id, _)| *id == Some("total"));
    let is_grid = lines.get(first).is_some_and(|line| line.layout == Layout::Grid);
    if is_grid {
        found.sort_by_key(|(_, column)| *column);
    } else {
        // 自然人 and 总计 are printed a line above the others, so sort them to the ends.
        found.sort_by_key(|(id, _)| match id {
            Some("natural_person") => 0,
            Some("total") => 2,
            _ => 1,
        });
    }
    if !has_total && widest >= 7 {
        // The header has lost its 总计, the rows have not.
        return Header::default();
    }
    let columns: Vec<Option<&'static str>> = found.iter().map(|(id, _)| *id).collect();
    if loses(&columns, rows) {
        return Header { positions: positions(rows), ..Header::default() };
    }
    Header {
        columns,
        positions: if is_grid { found.iter().map(|(_, column)| *column).collect() } else { Vec::new() },
        first: lines
            .get(first)
            .filter(|line| line.layout == Layout::Rows)
            .and(found.first())
            .map(|(_, column)| *column),
        lacks_total: !has_total,
    }
}

/// Whether fewer rows bear out this order of the columns than that of the form: a header that has lost the
/// spans of its cells shows another order than the rows have. A row that bears out both, or neither, decides
/// nothing.
fn loses(columns: &[Option<&'static str>], rows: &[Row<'_>]) -> bool {
    let official = Header::default().columns;
    if columns == official || columns.len() != official.len() {
        return false;
    }
    let figures = rows.iter().filter_map(|row| values(row, columns.len()));
    let balance: i32 =
        figures.map(|row| i32::from(adds_up(&row, &official)) - i32::from(adds_up(&row, columns))).sum();
    balance > 0
}

/// The figures of a row that has one for each column.
fn values(row: &Row<'_>, width: usize) -> Option<Vec<Decimal>> {
    let tokens = row.tokens();
    let core = tokens.get(align::core(&tokens)?).filter(|core| core.len() == width)?;
    core.iter().map(|token| token.value).collect()
}

fn adds_up(row: &[Decimal], columns: &[Option<&'static str>]) -> bool {
    let sum = |is_total: bool| -> Decimal {
        let of =
            row.iter().zip(columns).filter(|(_, id)| id.is_some() && (**id == Some("total")) == is_total);
        of.map(|(figure, _)| *figure).sum()
    };
    sum(true) == sum(false)
}

/// The columns of a true grid in which the first whole row has its figures.
fn positions(rows: &[Row<'_>]) -> Vec<u32> {
    let of = |row: &Row<'_>| -> Option<Vec<u32>> {
        let core = align::core(&row.tokens()).filter(|core| core.len() == Header::default().columns.len())?;
        Some(row.slots.get(core)?.iter().map(|slot| slot.column).collect())
    };
    rows.iter().filter(|row| row.layout == Layout::Grid).find_map(of).unwrap_or_default()
}
