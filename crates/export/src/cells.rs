//! The cells of both forms as columns of one wide table.

use std::sync::LazyLock;

use report::{CellId, CellKind, Form, FormId, Table, full_width_brackets};

use crate::column::Kind;

/// A cell of either form.
#[derive(Debug)]
pub(crate) struct WideCell {
    pub(crate) id: CellId,
    /// Its table, row and column in words; no other cell has the same.
    pub(crate) name: String,
    /// The forms that have it.
    pub(crate) forms: Vec<FormId>,
}

/// Every cell of both forms: those of the form of 2021 in its order, then those that only the form of 2019 has.
pub(crate) static CELLS: LazyLock<Vec<WideCell>> = LazyLock::new(|| {
    let (new, old) = (Form::get(FormId::F2021), Form::get(FormId::F2019));
    let of_new = new.cells().iter().map(|id| {
        let both = old.position(*id).is_some();
        let forms = if both { FormId::ALL.to_vec() } else { vec![FormId::F2021] };
        WideCell { id: *id, name: name(new, *id), forms }
    });
    let only_old = old.cells().iter().filter(|id| new.position(**id).is_none());
    let of_old = only_old.map(|id| WideCell {
        id: *id,
        name: format!("{}（2019年格式）", name(old, *id)),
        forms: vec![FormId::F2019],
    });
    of_new.chain(of_old).collect()
});

/// For each form, the position among [`CELLS`] of each of its cells.
static POSITIONS: LazyLock<[Vec<usize>; 2]> = LazyLock::new(|| {
    FormId::ALL.map(|form| {
        let position = |id: &CellId| CELLS.iter().position(|cell| cell.id == *id);
        Form::get(form).cells().iter().filter_map(position).collect()
    })
});

/// The position among [`CELLS`] of each cell of a form, in the order of the form.
pub(crate) fn positions(form: FormId) -> &'static [usize] {
    let [of_2019, of_2021] = &*POSITIONS;
    match form {
        FormId::F2019 => of_2019,
        FormId::F2021 => of_2021,
    }
}

/// The name of a cell in the wide table.
pub(crate) fn wide(form: FormId, position: usize) -> Option<&'static WideCell> {
    CELLS.get(*positions(form).get(position)?)
}

fn name(form: &Form, id: CellId) -> String {
    format!("{}·{}", id.table().short_title(), full_width_brackets(form.label(id)))
}

/// What the column of a cell holds.
pub(crate) fn kind(id: CellId) -> Kind {
    match id.kind() {
        CellKind::Count | CellKind::Change => Kind::Integer,
        CellKind::Amount => Kind::Decimal,
    }
}

/// The unit that the form prescribes for a cell.
pub(crate) fn unit(id: CellId) -> &'static str {
    let column = id.as_str().rsplit('.').next().unwrap_or_default();
    match (id.table(), column) {
        (Table::Active, "amount") => "万元",
        (Table::Active, "items_last_year" | "items_change" | "count") => "项",
        _ => "件",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    #[test]
    fn every_cell_of_both_forms_is_one_column() {
        let ids: BTreeSet<CellId> =
            FormId::ALL.into_iter().flat_map(|form| Form::get(form).cells().iter().copied()).collect();
        assert_eq!(CELLS.iter().map(|cell| cell.id).collect::<BTreeSet<_>>(), ids);
        assert_eq!(CELLS.len(), ids.len());
        let names: BTreeSet<&str> = CELLS.iter().map(|cell| cell.name.as_str()).collect();
        assert_eq!(names.len(), CELLS.len(), "a name stands for two cells");
        for form in FormId::ALL {
            for (position, id) in Form::get(form).cells().iter().enumerate() {
                assert_eq!(wide(form, position).map(|cell| cell.id), Some(*id));
            }
        }
    }

    #[test]
    fn units_are_those_of_the_forms() {
        let forms: Value = serde_json::from_str(include_str!("../../report/src/forms.json")).unwrap();
        let mut compared = 0;
        for block in
            forms["forms"].as_array().unwrap().iter().flat_map(|form| form["active"].as_array().unwrap())
        {
            let columns = block["columns"].as_array().unwrap();
            let units: Vec<&str> = block["unit"].as_str().unwrap().split('/').collect();
            for row in block["rows"].as_array().unwrap() {
                for (index, column) in columns.iter().enumerate() {
                    let of_column = if units.len() == 1 { units[0] } else { units[index] };
                    let id =
                        format!("active.{}.{}", row["id"].as_str().unwrap(), column["id"].as_str().unwrap());
                    assert_eq!(unit(CellId::parse(&id).unwrap()), of_column, "{id}");
                    compared += 1;
                }
            }
        }
        assert!(compared > 20, "{compared}");
        for form in forms["forms"].as_array().unwrap() {
            assert_eq!(form["requests"]["unit"], "件");
            assert_eq!(form["litigation"]["unit"], "件");
        }
    }
}
