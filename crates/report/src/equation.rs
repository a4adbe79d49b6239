//! What has to balance: the equations of the forms (勾稽关系), as data.
//!
//! Reading uses them as a parity check and to prove figures that are not printed, the rules to find
//! reports that do not balance.

use std::collections::HashMap;

use crate::{CellId, Cells, Decimal, Form, FormId};

/// The sum of the cells on the left equals the sum of the cells on the right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Equation {
    /// The rule that checks it, by the catalogue: `T3-01`, `T3-02`, `T3-02b`, `T3-03`, `T4-01` to `T4-03`.
    pub rule: &'static str,
    /// The row, column or group in which it has to hold, by its label.
    pub place: &'static str,
    /// The terms on the left.
    pub left: Vec<CellId>,
    /// The terms on the right.
    pub right: Vec<CellId>,
}

/// Both sides of an equation as far as they are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sums {
    /// The sum on the left; none if a term is not known or the sum is beyond any number.
    pub left: Option<Decimal>,
    /// The sum on the right; likewise.
    pub right: Option<Decimal>,
}

impl Sums {
    /// Whether it holds; none if a side is not known.
    pub fn hold(self) -> Option<bool> {
        Some(self.left? == self.right?)
    }
}

impl Equation {
    /// Both sides with the values of these cells.
    pub fn sums(&self, cells: &Cells) -> Sums {
        let sum = |terms: &[CellId]| {
            terms.iter().try_fold(Decimal::ZERO, |sum, id| sum.checked_add(cells.value(*id)?))
        };
        Sums { left: sum(&self.left), right: sum(&self.right) }
    }

    /// Every term, left before right.
    pub fn terms(&self) -> impl Iterator<Item = CellId> + '_ {
        self.left.iter().chain(&self.right).copied()
    }
}

/// The equations of a form.
///
/// Source: the note printed in the head of table three (第一项加第二项之和，等于第三项加第四项之和) and the
/// 总计 rows and columns of tables three and four. 尚未审结 is part of 总计 in table four.
pub(crate) fn of_form(form: &Form, id: impl Fn(&str) -> CellId) -> Vec<Equation> {
    let mut equations = Vec::new();
    let request = |row: &str, column: &str| id(&format!("requests.{row}.{column}"));
    for column in &form.applicants {
        equations.push(Equation {
            rule: "T3-01",
            place: column.label,
            left: vec![request("received", column.id), request("carried_in", column.id)],
            right: vec![request("concluded", column.id), request("carried_out", column.id)],
        });
    }
    let parts = form.requests.iter().filter(|row| row.under.is_some() && row.id != "concluded");
    for column in &form.applicants {
        equations.push(Equation {
            rule: if form.id == FormId::F2021 { "T3-02" } else { "T3-02b" },
            place: column.label,
            left: parts.clone().map(|row| request(row.id, column.id)).collect(),
            right: vec![request("concluded", column.id)],
        });
    }
    let applicants = form.applicants.iter().filter(|column| column.id != "total");
    for row in &form.requests {
        equations.push(Equation {
            rule: "T3-03",
            place: row.label,
            left: applicants.clone().map(|column| request(row.id, column.id)).collect(),
            right: vec![request(row.id, "total")],
        });
    }
    let rules = HashMap::from([
        ("review", "T4-01"),
        ("direct_litigation", "T4-02"),
        ("litigation_after_review", "T4-03"),
    ]);
    let outcomes = form.litigation_columns.iter().filter(|column| column.id != "total");
    for group in &form.litigation_groups {
        equations.push(Equation {
            rule: rules[group.id],
            place: group.label,
            left: outcomes.clone().map(|column| id(&format!("{}.{}", group.id, column.id))).collect(),
            right: vec![id(&format!("{}.total", group.id))],
        });
    }
    equations
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_has_its_equations() {
        for (form, rows, parts) in [(FormId::F2021, 25, 21), (FormId::F2019, 23, 19)] {
            let equations = Form::get(form).equations();
            assert_eq!(equations.len(), 7 + 7 + rows + 3);
            assert_eq!(equations[7].left.len(), parts);
        }
    }
}
