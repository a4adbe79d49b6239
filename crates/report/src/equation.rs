//! The equations of the forms (勾稽关系), as data.
//!
//! The reader uses them as a parity check and to prove figures that are not printed. The rules use them to
//! find reports that do not balance.

use std::collections::HashMap;

use crate::{CellId, Cells, Decimal, Form, FormId, Table};

/// Which sum of the form an equation states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EquationId {
    /// In a column of table three, received and carried in equal concluded and carried out.
    RequestsBalance,
    /// In a column of table three, the outcomes add up to what was concluded.
    OutcomesAddUp,
    /// In a row of table three, the kinds of applicant add up to the total.
    ApplicantsAddUp,
    /// In table four, the outcomes of reviews (行政复议) add up to their total.
    ReviewAddsUp,
    /// In table four, the outcomes of litigation without a review (未经复议直接起诉) add up.
    DirectLitigationAddsUp,
    /// In table four, the outcomes of litigation after a review (复议后起诉) add up.
    LitigationAfterReviewAddsUp,
}

impl EquationId {
    /// Every equation, in the order of the form.
    pub const ALL: [Self; 6] = [
        Self::RequestsBalance,
        Self::OutcomesAddUp,
        Self::ApplicantsAddUp,
        Self::ReviewAddsUp,
        Self::DirectLitigationAddsUp,
        Self::LitigationAfterReviewAddsUp,
    ];

    /// The table whose cells are its terms.
    pub fn table(self) -> Table {
        match self {
            Self::RequestsBalance | Self::OutcomesAddUp | Self::ApplicantsAddUp => Table::Requests,
            Self::ReviewAddsUp | Self::DirectLitigationAddsUp | Self::LitigationAfterReviewAddsUp => {
                Table::Litigation
            }
        }
    }
}

/// The sum of the cells on the left equals the sum of the cells on the right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Equation {
    /// Which sum it states.
    pub id: EquationId,
    /// The form it belongs to.
    pub form: FormId,
    /// The label of the row, column or group in which it has to hold.
    pub place: &'static str,
    /// The terms on the left.
    pub left: Vec<CellId>,
    /// The terms on the right.
    pub right: Vec<CellId>,
}

/// The sums of both sides of an equation, where they are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sums {
    /// The sum on the left; none if a term is unknown or the sum overflows.
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

    /// The table whose cells are its terms.
    pub fn table(&self) -> Table {
        self.id.table()
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
            id: EquationId::RequestsBalance,
            form: form.id,
            place: column.label,
            left: vec![request("received", column.id), request("carried_in", column.id)],
            right: vec![request("concluded", column.id), request("carried_out", column.id)],
        });
    }
    let parts = form.requests.iter().filter(|row| row.under.is_some() && row.id != "concluded");
    for column in &form.applicants {
        equations.push(Equation {
            id: EquationId::OutcomesAddUp,
            form: form.id,
            place: column.label,
            left: parts.clone().map(|row| request(row.id, column.id)).collect(),
            right: vec![request("concluded", column.id)],
        });
    }
    let applicants = form.applicants.iter().filter(|column| column.id != "total");
    for row in &form.requests {
        equations.push(Equation {
            id: EquationId::ApplicantsAddUp,
            form: form.id,
            place: row.label,
            left: applicants.clone().map(|column| request(row.id, column.id)).collect(),
            right: vec![request(row.id, "total")],
        });
    }
    let groups = HashMap::from([
        ("review", EquationId::ReviewAddsUp),
        ("direct_litigation", EquationId::DirectLitigationAddsUp),
        ("litigation_after_review", EquationId::LitigationAfterReviewAddsUp),
    ]);
    let outcomes = form.litigation_columns.iter().filter(|column| column.id != "total");
    for group in &form.litigation_groups {
        equations.push(Equation {
            id: groups[group.id],
            form: form.id,
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
