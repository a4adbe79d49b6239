//! The form 按数字查找: a row, a column and a range, which become a filter.

use std::fmt::Write as _;

use report::{CellId, Form, FormId, Table, full_width_brackets};

use crate::params::Params;
use crate::problem::Problem;

/// Rows or columns of one table, as the form offers them.
pub(crate) struct Group {
    pub(crate) table: Table,
    /// Value and label.
    pub(crate) options: Vec<(String, String)>,
}

/// The rows of each table: those of the newer form, then those that only the older one has.
pub(crate) fn rows() -> Vec<Group> {
    groups(|id| {
        let (row, _) = id.as_str().rsplit_once('.')?;
        let (label, _) = form_of(id)?.label(id).split_once(" / ")?;
        Some((row.to_owned(), full_width_brackets(label)))
    })
}

/// The columns of each table.
pub(crate) fn columns() -> Vec<Group> {
    groups(|id| {
        let (_, column) = id.as_str().rsplit_once('.')?;
        let (_, label) = form_of(id)?.label(id).split_once(" / ")?;
        Some((column.to_owned(), label.to_owned()))
    })
}

fn groups(part: impl Fn(CellId) -> Option<(String, String)>) -> Vec<Group> {
    let cells = || [FormId::F2021, FormId::F2019].into_iter().flat_map(|form| Form::get(form).cells());
    let of_table = |table: Table| {
        let mut options: Vec<(String, String)> = Vec::new();
        for (value, label) in cells().filter(|id| id.table() == table).filter_map(|id| part(*id)) {
            match options.iter_mut().find(|(known, _)| *known == value) {
                None => options.push((value, label)),
                // 金额 of fees and of procurement are one column under two labels.
                Some((_, known)) if !known.contains(&label) && table == Table::Active => {
                    write!(known, "／{label}").ok();
                }
                Some(_) => {}
            }
        }
        Group { table, options }
    };
    Table::ALL.map(of_table).into()
}

fn form_of(id: CellId) -> Option<&'static Form> {
    let forms = [FormId::F2021, FormId::F2019].map(Form::get);
    forms.into_iter().find(|form| form.position(id).is_some())
}

/// The search that the form asks for, if it was filled in: its other parameters with a filter on the cell.
pub(crate) fn search(params: &Params) -> Option<Result<Params, Problem>> {
    let (row, column) = (params.get("row")?, params.get("column").unwrap_or_default());
    Some(filter(params, row, column))
}

fn filter(params: &Params, row: &str, column: &str) -> Result<Params, Problem> {
    let cell = CellId::parse(&format!("{row}.{column}")).map_err(|_| {
        let problem = Problem::bad_parameter("column", "所选的行没有这一列。".into());
        problem.hint("请另选一行或一列：各表、各行的列不同，例如表三各行的列是各类申请人和总计。")
    })?;
    let end = |name: &str| params.get(name).unwrap_or_default().trim().to_owned();
    let (from, to) = (end("from"), end("to"));
    let range = match (from.is_empty(), to.is_empty()) {
        (true, true) => ">=0".to_owned(),
        _ if from == to => from,
        _ => format!("{from}..{to}"),
    };
    let name = format!("cell.{cell}");
    search::field(&name, &range).map_err(|error| Problem::bad_parameter("from", format!("{error}。")))?;
    let others = ["table", "row", "column", "from", "to"]
        .iter()
        .fold(params.clone(), |params, name| params.without(name));
    Ok(others.with(&name, &range))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_can_be_chosen() {
        let (rows, columns) = (rows(), columns());
        let has = |groups: &[Group], id: CellId, value: &str| {
            let group = groups.iter().find(|group| group.table == id.table()).unwrap();
            assert!(group.options.iter().any(|(known, label)| known == value && !label.is_empty()), "{id}");
        };
        for id in FormId::ALL.into_iter().flat_map(|form| Form::get(form).cells()) {
            let (row, column) = id.as_str().rsplit_once('.').unwrap();
            has(&rows, *id, row);
            has(&columns, *id, column);
        }
    }

    #[test]
    fn the_form_becomes_a_filter() {
        let check = |query: &str, expected: Option<&str>| {
            let found = search(&Params::parse(query)).map(|found| found.map(|params| params.address("/")));
            assert_eq!(found.as_ref().and_then(|found| found.as_deref().ok()), expected, "{query}");
        };
        check("q=a", None);
        check(
            "q=a&row=requests.received&column=total&from=1&to=9",
            Some("/?q=a&cell.requests.received.total=1..9"),
        );
        check("row=requests.received&column=total&from=1", Some("/?cell.requests.received.total=1.."));
        check(
            "row=requests.received&column=total&to=9&table=requests",
            Some("/?cell.requests.received.total=..9"),
        );
        check("row=requests.received&column=total&from=3&to=3", Some("/?cell.requests.received.total=3"));
        check("row=requests.received&column=total", Some("/?cell.requests.received.total=%3E%3D0"));
        let problem = |query: &str| search(&Params::parse(query)).unwrap().unwrap_err().field;
        assert_eq!(problem("row=requests.received&column=in_force&from=1").as_deref(), Some("column"));
        assert_eq!(problem("row=requests.received&column=total&from=many").as_deref(), Some("from"));
    }
}
