//! Adds figures cell by cell, and counts the agencies that gave one.

use report::{CellId, CellKind, Decimal, Form, FormId, Table};

use crate::{Figures, Sum};

/// The figures of several agencies, added up in one form.
#[derive(Debug, Clone)]
pub(crate) struct Tally {
    form: &'static Form,
    /// None once a sum overflows.
    sums: Vec<Option<Decimal>>,
    known: Vec<u32>,
    /// How many should have given each figure.
    expected: u32,
}

impl Tally {
    pub(crate) fn new(form: FormId) -> Self {
        let form = Form::get(form);
        let cells = form.cells().len();
        Self { form, sums: vec![Some(Decimal::ZERO); cells], known: vec![0; cells], expected: 0 }
    }

    /// Adds a report.
    pub(crate) fn add(&mut self, figures: &Figures, crosswalk: &Crosswalk) {
        self.expected += 1;
        for (position, (sum, known)) in self.sums.iter_mut().zip(&mut self.known).enumerate() {
            let Some(value) = crosswalk.at(figures, position) else { continue };
            *known += 1;
            if !value.is_zero() {
                *sum = sum.and_then(|sum| sum.checked_add(value));
            }
        }
    }

    /// Counts an agency without figures.
    pub(crate) fn miss(&mut self) {
        self.expected += 1;
    }

    /// Adds another tally.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.expected += other.expected;
        for (sum, other) in self.sums.iter_mut().zip(&other.sums) {
            *sum = sum.zip(*other).and_then(|(sum, other)| sum.checked_add(other));
        }
        for (known, other) in self.known.iter_mut().zip(&other.known) {
            *known += other;
        }
    }

    /// Every cell with its sum.
    pub(crate) fn cells(&self) -> impl Iterator<Item = Sum> + '_ {
        self.form.cells().iter().zip(&self.sums).zip(&self.known).map(|((id, sum), known)| {
            let lacking = self.expected - known;
            // Without a figure that may be negative, the others say nothing of the sum.
            let is_open = *known == 0 || (lacking > 0 && id.kind() == CellKind::Change);
            Sum {
                id: *id,
                sum: sum.filter(|_| !is_open),
                is_exact: lacking == 0 && !is_open && sum.is_some(),
                contributors: *known,
                lacking,
            }
        })
    }
}

/// How reports in either form are carried over to one of them.
///
/// A cell of the other form is taken where it means the same: table three but for 其他处理, which is one
/// row there and three here, table four, and the decisions of 行政许可, 行政处罚, 行政强制.
#[derive(Debug)]
pub(crate) struct Crosswalk {
    form: FormId,
    /// For each cell of that form its position in the other form, where it is taken from there.
    other: Vec<Option<usize>>,
}

impl Crosswalk {
    pub(crate) fn to(form: FormId) -> Self {
        let other = match form {
            FormId::F2019 => Form::get(FormId::F2021),
            FormId::F2021 => Form::get(FormId::F2019),
        };
        let taken = |id: &CellId| means_the_same(*id).then(|| other.position(*id)).flatten();
        Self { form, other: Form::get(form).cells().iter().map(taken).collect() }
    }

    /// The value at a position of the form aimed at.
    pub(crate) fn at(&self, figures: &Figures, position: usize) -> Option<Decimal> {
        if figures.form().id == self.form {
            return figures.at(position);
        }
        figures.at(self.other.get(position).copied().flatten()?)
    }

    /// How many cells of a report cannot be carried over.
    pub(crate) fn left_out(&self, figures: &Figures) -> usize {
        match figures.form() {
            form if form.id == self.form => 0,
            form => form.cells().iter().filter(|id| !means_the_same(**id)).count(),
        }
    }
}

/// Whether a cell means the same in both forms.
fn means_the_same(id: CellId) -> bool {
    match id.table() {
        Table::Requests => !id.as_str().starts_with("requests.other"),
        Table::Litigation => true,
        Table::Active => SAME_DECISIONS.contains(&id.as_str()),
    }
}

/// 处理决定数量 and 本年处理决定数量. 其他对外管理服务事项 have no place in the form of 2021.
const SAME_DECISIONS: [&str; 3] =
    ["active.licensing.decisions", "active.penalty.decisions", "active.coercion.decisions"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_carried_over_where_it_means_the_same() {
        let [from, to] = [FormId::F2019, FormId::F2021];
        let figures = Figures::new(from, Form::get(from).cells().iter().map(|_| Some(Decimal::ONE)));
        let crosswalk = Crosswalk::to(to);
        for (id, expected) in [
            ("requests.received.total", true),
            ("requests.concluded.research", true),
            ("requests.other.misc.total", false),
            ("review.pending", true),
            ("active.licensing.decisions", true),
            ("active.normative_documents.in_force", false),
            ("active.fees.amount", false),
        ] {
            let id = CellId::parse(id).unwrap();
            let position = Form::get(to).position(id).unwrap();
            assert_eq!(crosswalk.at(&figures, position).is_some(), expected, "{id}");
        }
        // Table two but for its three decisions, and 其他处理.
        assert_eq!(crosswalk.left_out(&figures), 22 - 3 + 7);
    }

    #[test]
    fn what_is_not_known_makes_a_lower_bound() {
        let form = FormId::F2019;
        let crosswalk = Crosswalk::to(form);
        let filled = |value| Figures::new(form, Form::get(form).cells().iter().map(|_| value));
        let mut tally = Tally::new(form);
        tally.add(&filled(Some(Decimal::TWO)), &crosswalk);
        tally.add(&filled(Some(Decimal::ONE)), &crosswalk);
        assert!(tally.cells().all(|sum| sum.sum == Some(Decimal::from(3)) && sum.is_exact));
        tally.add(&filled(None), &crosswalk);
        tally.miss();
        for sum in tally.cells() {
            let is_change = sum.id.kind() == CellKind::Change;
            assert_eq!(sum.sum, Some(Decimal::from(3)).filter(|_| !is_change), "{}", sum.id);
            assert_eq!((sum.is_exact, sum.contributors, sum.lacking), (false, 2, 2));
        }
        let mut tally = Tally::new(form);
        tally.add(&filled(Some(Decimal::MAX)), &crosswalk);
        tally.add(&filled(Some(Decimal::MAX)), &crosswalk);
        assert!(tally.cells().all(|sum| sum.sum.is_none() && !sum.is_exact));
    }
}
