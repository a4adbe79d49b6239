//! What converters do to table three: rows cut short, rows slipped to the left, a row without its figures.
//! With it, what the equations still prove.

use std::collections::BTreeMap;

use report::{CellId, Form};

use super::Fault;
use super::figures::Figures;
use super::random::Random;
use super::table::{Cell, Table};

/// What the equations prove of the cells that are no longer printed.
pub(super) type Proved = BTreeMap<String, String>;

/// Cuts every row after eight cells: a row with two columns of labels loses 总计, one with three loses
/// 其他 and 总计.
pub(super) fn cut(table: &mut Table, form: &Form, figures: &Figures) -> (Fault, Proved) {
    for row in &mut table.rows {
        row.truncate(8);
    }
    let printed: Vec<CellId> = table.ids().collect();
    let value = |row: &str, column: &str| figures.get(&format!("requests.{row}.{column}"));
    let mut proved = Proved::new();
    // Counts are not negative: where 其他 of the cut rows sums to nothing, each of them is nothing.
    let of_cut_rows: i64 = form
        .requests
        .iter()
        .filter(|row| row.under.is_some_and(|under| under.starts_with('(')))
        .map(|row| value(row.id, "other_org"))
        .sum();
    for row in &form.requests {
        let id = |column: &str| form.request_cell(row.id, column).expect("the form has the cell");
        if printed.contains(&id("other_org")) || of_cut_rows == 0 {
            for column in ["other_org", "total"] {
                if !printed.contains(&id(column)) {
                    proved.insert(id(column).as_str().to_owned(), figures.text(id(column)));
                }
            }
        }
    }
    (Fault::new("T3-05", "表三各行在第八格后截断，没有总计列"), proved)
}

/// Slips the last rows up to 总计 to the left, as at the break of a page; sometimes one of them loses its
/// figures too.
pub(super) fn slip(
    table: &mut Table,
    form: &Form,
    figures: &Figures,
    random: &mut Random,
) -> (Vec<Fault>, Proved) {
    let head = table.rows.len() - form.requests.len();
    let concluded = form.requests.iter().position(|row| row.id == "concluded").expect("the form has 总计");
    let first = concluded - random.between(1, 5) as usize;
    let bare = random.chance(40);
    // Most converters fill a row up to the width of its table.
    let filled = random.chance(70);
    let mut faults = Vec::new();
    let mut proved = Proved::new();
    for position in first..=concluded {
        let row = &form.requests[position];
        let cells = &mut table.rows[head + position];
        let labels = cells.iter().take_while(|cell| cell.id.is_none()).count();
        let begins_group = labels == 3 && !cells[1].text.is_empty();
        if begins_group {
            continue;
        }
        let empty = Cell { text: String::new(), rows: 1, columns: 1, id: None };
        let label = cells[labels - 1].clone();
        let counts: Vec<Cell> = cells.iter().filter(|cell| cell.id.is_some()).cloned().collect();
        if labels == 3 && bare && proved.is_empty() {
            for cell in &counts {
                let id = cell.id.expect("the filter kept the cells with an id");
                proved.insert(id.as_str().to_owned(), figures.text(id));
            }
            *cells = vec![label];
            faults.push(Fault::new("T3-08", format!("表三“{}”一行没有数字", row.label)));
        } else if labels == 3 {
            *cells = [vec![label, empty.clone()], counts].concat();
            faults.push(Fault::new("T3-09", format!("表三“{}”一行左移", row.label)));
        } else {
            *cells = [vec![label], counts].concat();
            faults.push(Fault::new("T3-09", format!("表三“{}”一行左移", row.label)));
        }
        if filled {
            cells.resize(10, empty);
        }
    }
    (faults, proved)
}

/// Half of the time, the unit stands beside the number of licences.
pub(super) fn unit(active: &mut Table, random: &mut Random) -> Option<Fault> {
    let licences = |cell: &&mut Cell| cell.id.is_some_and(|id| id.as_str() == "active.licensing.decisions");
    let cell = active.rows.iter_mut().flatten().find(licences).filter(|cell| cell.text != "0")?;
    random.chance(50).then(|| {
        cell.text += " 件";
        Fault::new("T2-10", "数字后写了单位")
    })
}
