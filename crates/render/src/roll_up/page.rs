//! Renders the roll-up as one self-contained page of HTML that prints on A4.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use report::{CellId, Form, Table};
use survey::RollUp;

use super::lists::{self, Entry, List};
use super::{remarks, shown, title};
use crate::form_layout::heading;
use crate::form_table::form_table;
use crate::text::{number, title_lines};

pub(super) const STYLE: &str = include_str!("roll_up.css");

pub(super) fn page(roll_up: &RollUp) -> String {
    let title = title(roll_up);
    let page = html! {
        (DOCTYPE)
        html lang="zh-CN" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    h1 {
                        @for (index, line) in title_lines(&title).iter().enumerate() {
                            @if index > 0 { br; }
                            (line)
                        }
                    }
                    ul { @for remark in remarks(roll_up) { li { (remark) } } }
                    @for table in Table::ALL { (official(roll_up, table)) }
                    section { (list(&lists::contributors(roll_up))) }
                    section {
                        h2 { "缺报与存疑" }
                        @for doubt in lists::doubts(roll_up) { (list(&doubt)) }
                    }
                }
            }
        }
    };
    page.into_string()
}

fn official(roll_up: &RollUp, table: Table) -> Markup {
    html! {
        section {
            h2 { (heading(table)) }
            (form_table(Form::get(roll_up.form), table, |id, columns| figure(roll_up, id, columns)))
        }
    }
}

fn figure(roll_up: &RollUp, id: CellId, columns: Option<u16>) -> Markup {
    let shown = shown(roll_up, id);
    html! {
        td.open[shown.reason().is_some()] id={ "cell-" (id) } colspan=[columns] title=[shown.reason()] {
            (shown.text())
        }
    }
}

fn list(list: &List) -> Markup {
    html! {
        h3 { (list.title) }
        @if list.rows.is_empty() {
            p { (list.empty) }
        } @else {
            table.list {
                thead { tr { @for (head, _) in list.columns { th scope="col" { (head) } } } }
                tbody { @for row in &list.rows { tr { @for cell in row { (entry(cell)) } } } }
            }
        }
    }
}

fn entry(entry: &Entry) -> Markup {
    html! {
        @match entry {
            Entry::Text(text) => td { (text) },
            Entry::Number(value) => td.number { (number(*value)) },
        }
    }
}
