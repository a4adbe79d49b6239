//! Cells as rows of figures.
//!
//! An id like `requests.received.total` is a row, a dot and a column, and the cells of a row stand
//! together in the form. A row carries its id once and its figures by their order.

use report::{Cell, CellId, CellState, Cells, Form, FormId, Origin, Witness};

use super::names::known;
use super::{ConvertError, optional, optional_decimal, spelled};
use crate::v1;

/// Every row of the form, in its order.
pub(super) fn rows(cells: &Cells) -> Vec<v1::FigureRow> {
    let mut rows: Vec<v1::FigureRow> = Vec::new();
    for (id, cell) in cells.iter() {
        let figure = v1::Figure::from(cell);
        match rows.last_mut() {
            Some(row) if row.id == row_of(id) => row.figures.push(figure),
            _ => rows.push(v1::FigureRow {
                id: row_of(id).to_owned(),
                figures: vec![figure],
                ..Default::default()
            }),
        }
    }
    rows.iter_mut().for_each(share_place);
    rows
}

/// The cells of a form; those of rows that are not there are missing.
pub(super) fn cells(form: FormId, rows: &[v1::FigureRow]) -> Result<Cells, ConvertError> {
    let mut cells = Cells::missing(form);
    let mut open: Vec<_> = Form::get(form).cells().chunk_by(|a, b| row_of(*a) == row_of(*b)).collect();
    for (position, row) in rows.iter().enumerate() {
        let path = format!("rows[{position}]");
        let ids = take_row(&mut open, form, row).map_err(|error| error.within(&path))?;
        for (column, (id, figure)) in ids.iter().zip(&row.figures).enumerate() {
            let mut cell = Cell::try_from(figure)
                .map_err(|error| error.within(format_args!("{path}.figures[{column}]")))?;
            if let Some(origin) = &mut cell.origin {
                inherit_place(origin, row);
            }
            *cells.get_mut(*id).expect("the id was taken from this form") = cell;
        }
    }
    Ok(cells)
}

/// Takes the cells of a row from those that were not met yet.
fn take_row(
    open: &mut Vec<&'static [CellId]>,
    form: FormId,
    row: &v1::FigureRow,
) -> Result<&'static [CellId], ConvertError> {
    let of_row = |ids: &&[CellId]| ids.first().is_some_and(|id| row_of(*id) == row.id);
    let Some(position) = open.iter().position(of_row) else {
        let mut all = Form::get(form).cells().iter();
        return Err(if all.any(|id| row_of(*id) == row.id) {
            ConvertError::malformed("id", &row.id, "a row that was not there before")
        } else {
            ConvertError::unknown("id", &row.id)
        });
    };
    if open[position].len() != row.figures.len() {
        return Err(ConvertError::malformed(
            "figures",
            format_args!("{} figures of {}", row.figures.len(), row.id),
            "one figure for each column of the form",
        ));
    }
    // Rows come in the order of the form, so this is the first but for strange writers.
    Ok(open.remove(position))
}

/// Writes once what the places of all figures of a row have in common.
fn share_place(row: &mut v1::FigureRow) {
    let origins = || row.figures.iter().filter_map(|figure| figure.origin.as_ref());
    row.page = agreed(origins().map(|origin| origin.page)).unwrap_or_default();
    row.table = agreed(origins().map(|origin| origin.table)).flatten();
    row.row = agreed(origins().map(|origin| origin.row)).flatten();
    for origin in row.figures.iter_mut().filter_map(|figure| figure.origin.as_mut()) {
        origin.page = if row.page == 0 { origin.page } else { 0 };
        origin.table = origin.table.filter(|_| row.table.is_none());
        origin.row = origin.row.filter(|_| row.row.is_none());
    }
}

fn inherit_place(origin: &mut Origin, row: &v1::FigureRow) {
    origin.page = origin.page.or((row.page != 0).then_some(row.page));
    origin.table = origin.table.or(row.table);
    origin.row = origin.row.or(row.row);
}

fn agreed<T: PartialEq>(mut values: impl Iterator<Item = T>) -> Option<T> {
    let first = values.next()?;
    values.all(|value| value == first).then_some(first)
}

fn row_of(id: CellId) -> &'static str {
    id.as_str().rsplit_once('.').map_or(id.as_str(), |(row, _)| row)
}

fn witness(value: i32) -> Result<Witness, ConvertError> {
    match v1::Witness::try_from(value) {
        Ok(v1::Witness::Unspecified) => Ok(Witness::Printed),
        Ok(v1::Witness::Confirmed2) => Ok(Witness::Confirmed2),
        Ok(v1::Witness::Confirmed1) => Ok(Witness::Confirmed1),
        Ok(v1::Witness::Unconfirmed) => Ok(Witness::Unconfirmed),
        Err(_) => Err(ConvertError::unknown("witness", value)),
    }
}

impl From<Witness> for v1::Witness {
    fn from(witness: Witness) -> Self {
        match witness {
            Witness::Printed => Self::Unspecified,
            Witness::Confirmed2 => Self::Confirmed2,
            Witness::Confirmed1 => Self::Confirmed1,
            Witness::Unconfirmed => Self::Unconfirmed,
        }
    }
}

impl From<&Cell> for v1::Figure {
    fn from(cell: &Cell) -> Self {
        let value = cell.value.map(spelled).unwrap_or_default();
        let is_value = |text: &String| cell.state == CellState::Read && *text == value;
        Self {
            state: v1::CellState::from(cell.state).into(),
            text: cell.text.clone().filter(|text| !is_value(text)),
            value,
            origin: cell.origin.map(Into::into),
            doubt: cell.doubt.map_or(v1::Doubt::Unspecified, Into::into).into(),
            witness: v1::Witness::from(cell.witness).into(),
        }
    }
}

impl TryFrom<&v1::Figure> for Cell {
    type Error = ConvertError;

    fn try_from(figure: &v1::Figure) -> Result<Self, ConvertError> {
        let state = known::<v1::CellState, _>("state", figure.state)?;
        let text = match (state, &figure.text) {
            (CellState::Read, _) if figure.value.is_empty() => {
                return Err(ConvertError::malformed("value", "", "a decimal, though one was read"));
            }
            (CellState::Read, None) => Some(figure.value.clone()),
            (_, text) => text.clone(),
        };
        Ok(Self {
            value: optional_decimal("value", &figure.value)?,
            state,
            text,
            origin: optional::<_, Origin>("origin", figure.origin.as_ref())?,
            doubt: match figure.doubt {
                0 => None,
                doubt => Some(known::<v1::Doubt, _>("doubt", doubt)?),
            },
            witness: witness(figure.witness)?,
        })
    }
}
