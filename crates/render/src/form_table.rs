//! A table of the form as HTML, drawn by the layout that DOCX and XLSX use too.

use maud::{Markup, html};
use report::{CellId, Form, Table};

use crate::form_layout::{Content, PlacedCell, extent, layout};

/// The table; `figure` draws the element `td` of a cell, with the columns that it spans if there are several.
pub(crate) fn form_table(
    form: &Form,
    table: Table,
    figure: impl Fn(CellId, Option<u16>) -> Markup,
) -> Markup {
    let layout = layout(form, table);
    let columns = extent(&layout).1 + 1;
    html! {
        table.official.(table.as_str()) {
            colgroup { @for _ in 0..columns { col; } }
            @for row in layout.chunk_by(|one, next| one.row == next.row) {
                tr { @for placed in row { (cell(placed, &figure)) } }
            }
        }
    }
}

fn cell(placed: &PlacedCell, figure: impl Fn(CellId, Option<u16>) -> Markup) -> Markup {
    let rows = (placed.rows > 1).then_some(placed.rows);
    let columns = (placed.columns > 1).then_some(placed.columns);
    html! {
        @match &placed.content {
            Content::Head(text) => th.head rowspan=[rows] colspan=[columns] { (text) },
            Content::Label(text) => th rowspan=[rows] colspan=[columns] { (text) },
            Content::Figure(id) => (figure(*id, columns)),
        }
    }
}
