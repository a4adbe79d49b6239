//! Derives cells that are not printed, but for which the equations and non-negativity allow one value.
//!
//! The method is interval propagation over the sums. A broken equation proves nothing, and neither do
//! its figures, because it is unknown which of them is wrong.

use std::collections::{HashMap, HashSet};

use report::{CellId, CellKind, CellState, Cells, Decimal, Doubt, Equation, EquationId, Form};

/// Bounds of a cell: from `low` to `high`, or to any height.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Bounds {
    low: Decimal,
    high: Option<Decimal>,
}

/// Reads figures that stand in pieces (`21 7`) where an equation with no other open cell gives the number that
/// the pieces make together.
pub(crate) fn join(form: &Form, cells: &mut Cells) {
    let is_open = |cells: &Cells, id: CellId| cells.value(id).is_none();
    // Each round reads a figure or ends.
    for _ in 0..form.cells().len() {
        let only = |equation: &Equation| {
            let mut open = equation.terms().filter(|id| is_open(cells, *id));
            let id = open.next().filter(|_| open.next().is_none())?;
            let cell = cells.get(id).filter(|cell| cell.doubt == Some(Doubt::SeveralFigures))?;
            let joined = crate::figure::joined(cell.text.as_deref()?)?;
            let sum = |terms: &[CellId]| -> Decimal { terms.iter().filter_map(|id| cells.value(*id)).sum() };
            let rest = sum(&equation.left) - sum(&equation.right);
            let forced = if equation.left.contains(&id) { -rest } else { rest };
            (forced == joined).then_some((id, joined))
        };
        let Some((id, joined)) = form.equations().iter().find_map(only) else { return };
        if let Some(cell) = cells.get_mut(id) {
            (cell.value, cell.state, cell.doubt) = (Some(joined), CellState::Read, None);
        }
    }
}

/// Fills every blank or missing cell whose value is forced, and marks it as derived.
///
/// `groups` are the figures of the one row that stands for the three rows 其他处理, by column.
pub(crate) fn derive(form: &Form, cells: &mut Cells, groups: &[(&'static str, Decimal)]) {
    for (column, _) in groups.iter().filter(|(_, figure)| figure.is_zero()) {
        derive_zeros(form, cells, column);
    }
    // The rest of the column is what the row says, and nothing else.
    let is_settled = |equation: &&Equation| {
        let is_here =
            |(column, _): &(&str, Decimal)| equation.right.iter().any(|id| id.as_str().ends_with(column));
        equation.id == EquationId::OutcomesAddUp && groups.iter().any(is_here)
    };
    let equations: Vec<&Equation> =
        form.equations().iter().filter(|equation| !is_settled(equation)).collect();
    let broken: Vec<&Equation> =
        equations.iter().copied().filter(|equation| !can_hold(equation, cells)).collect();
    let doubtful: HashSet<CellId> = broken.iter().flat_map(|equation| equation.terms()).collect();
    let open = |id: CellId| cells.value(id).is_none();
    let proving = |equation: &&Equation| {
        equation.terms().any(open) && equation.terms().all(|id| !doubtful.contains(&id))
    };
    let sound: Vec<&Equation> = equations.into_iter().filter(|equation| proving(equation)).collect();
    let mut bounds: HashMap<CellId, Bounds> =
        sound.iter().flat_map(|equation| equation.terms()).map(|id| (id, bounds_of(cells, id))).collect();
    if !propagate(&sound, &mut bounds) {
        // The figures contradict each other across several equations: nothing is forced.
        return;
    }
    for (id, bounds) in bounds {
        let Some(cell) = cells.get_mut(id) else { continue };
        let open = matches!(cell.state, CellState::Blank | CellState::Missing);
        if open && bounds.high == Some(bounds.low) {
            cell.value = Some(bounds.low);
            cell.state = CellState::Derived;
        }
    }
}

/// Three counts whose sum is 0 are 0.
fn derive_zeros(form: &Form, cells: &mut Cells, column: &str) {
    let parts = form.requests.iter().filter(|row| row.id.starts_with("other."));
    for id in parts.filter_map(|row| form.request_cell(row.id, column)) {
        if let Some(cell) = cells.get_mut(id).filter(|cell| cell.state == CellState::Missing) {
            (cell.value, cell.state) = (Some(Decimal::ZERO), CellState::Derived);
        }
    }
}

/// Whether an equation can hold with some non-negative values for its unknown cells.
pub(crate) fn can_hold(equation: &Equation, cells: &Cells) -> bool {
    let side = |terms: &[CellId]| {
        let known: Decimal = terms.iter().filter_map(|id| cells.value(*id)).sum();
        (known, terms.iter().any(|id| cells.value(*id).is_none()))
    };
    let (left, left_open) = side(&equation.left);
    let (right, right_open) = side(&equation.right);
    match (left_open, right_open) {
        (false, false) => left == right,
        (true, false) => left <= right,
        (false, true) => right <= left,
        (true, true) => true,
    }
}

fn bounds_of(cells: &Cells, id: CellId) -> Bounds {
    match cells.value(id) {
        Some(value) => Bounds { low: value, high: Some(value) },
        None => {
            debug_assert_ne!(id.kind(), CellKind::Change, "cells of the equations are never negative");
            Bounds { low: Decimal::ZERO, high: None }
        }
    }
}

/// Narrows the bounds until nothing changes; false if some cell is left without a value.
fn propagate(equations: &[&Equation], bounds: &mut HashMap<CellId, Bounds>) -> bool {
    // Each round either narrows a bound or ends; sums over non-negative whole numbers settle in a few.
    for _ in 0..64 {
        let mut changed = false;
        for equation in equations {
            for (terms, others) in [(&equation.left, &equation.right), (&equation.right, &equation.left)] {
                let total = sum(others, bounds);
                for id in terms {
                    let rest = sum_without(terms, *id, bounds);
                    let old = bounds[id];
                    let new = Bounds {
                        low: rest.high.map_or(old.low, |high| old.low.max(total.low - high)),
                        high: lowest(old.high, total.high.map(|high| high - rest.low)),
                    };
                    if new.high.is_some_and(|high| high < new.low) {
                        return false;
                    }
                    changed |= new != old;
                    bounds.insert(*id, new);
                }
            }
        }
        if !changed {
            return true;
        }
    }
    true
}

fn sum(terms: &[CellId], bounds: &HashMap<CellId, Bounds>) -> Bounds {
    let zero = Bounds { low: Decimal::ZERO, high: Some(Decimal::ZERO) };
    terms.iter().map(|id| bounds[id]).fold(zero, |sum, term| Bounds {
        low: sum.low + term.low,
        high: sum.high.zip(term.high).map(|(sum, term)| sum + term),
    })
}

fn sum_without(terms: &[CellId], id: CellId, bounds: &HashMap<CellId, Bounds>) -> Bounds {
    let others: Vec<CellId> = terms.iter().copied().filter(|term| *term != id).collect();
    sum(&others, bounds)
}

fn lowest(a: Option<Decimal>, b: Option<Decimal>) -> Option<Decimal> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (known, None) | (None, known) => known,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use report::{Cell, EquationId, FormId, Origin};

    use super::*;

    /// A report that balances, from the figures of its innermost cells in the order of the form.
    fn balanced(form: &'static Form, figures: &[u32]) -> Cells {
        let mut cells = Cells::missing(form.id);
        for (id, figure) in form.cells().iter().zip(figures.iter().cycle()) {
            *cells.get_mut(*id).unwrap() =
                Cell::read((*figure).into(), figure.to_string(), Origin::default());
        }
        let mut set = |id: CellId, value: Decimal| cells.get_mut(id).unwrap().value = Some(value);
        // What goes out follows from what came in and what was concluded.
        for column in form.applicants.iter().filter(|column| column.id != "total") {
            set(form.request_cell("carried_out", column.id).unwrap(), Decimal::ZERO);
        }
        let solve = |cells: &mut Cells, ids: &[EquationId], of: fn(&Equation) -> (CellId, Vec<CellId>)| {
            for equation in form.equations().iter().filter(|equation| ids.contains(&equation.id)) {
                let (unknown, terms) = of(equation);
                let sum: Decimal = terms.iter().map(|id| cells.value(*id).unwrap()).sum();
                cells.get_mut(unknown).unwrap().value = Some(sum);
            }
        };
        let total = |equation: &Equation| (equation.right[0], equation.left.clone());
        solve(&mut cells, &[EquationId::OutcomesAddUp], total);
        // received = concluded + carried_out with nothing carried in.
        for column in &form.applicants {
            *cells.get_mut(form.request_cell("carried_in", column.id).unwrap()).unwrap() =
                Cell::read(Decimal::ZERO, "0", Origin::default());
        }
        solve(&mut cells, &[EquationId::RequestsBalance], |equation| {
            (equation.left[0], equation.right.clone())
        });
        solve(&mut cells, &[EquationId::ApplicantsAddUp], total);
        let of_table_four = |id: &EquationId| id.table() == report::Table::Litigation;
        let of_table_four: Vec<EquationId> = EquationId::ALL.into_iter().filter(of_table_four).collect();
        solve(&mut cells, &of_table_four, total);
        assert!(form.equations().iter().all(|equation| equation.sums(&cells).hold() == Some(true)));
        cells
    }

    proptest! {
        #[test]
        fn what_is_derived_is_what_was_there(
            figures in prop::collection::vec(0u32..4, 40),
            gone in prop::collection::vec(any::<bool>(), 37),
            old in any::<bool>(),
        ) {
            let form = Form::get(if old { FormId::F2019 } else { FormId::F2021 });
            let truth = balanced(form, &figures);
            let mut cells = truth.clone();
            for (id, gone) in form.cells().iter().zip(gone.iter().cycle()) {
                if *gone {
                    *cells.get_mut(*id).unwrap() = Cell::default();
                }
            }
            derive(form, &mut cells, &[]);
            for (id, cell) in cells.iter() {
                if cell.state == CellState::Derived {
                    prop_assert_eq!(cell.value, truth.value(id), "{}", id);
                }
            }
        }
    }

    /// `requests.received`: six applicants and the total, by a string of one character each.
    fn received(row: &str) -> String {
        let form = Form::get(FormId::F2021);
        let mut cells = Cells::missing(FormId::F2021);
        let ids = form.applicants.iter().map(|column| form.request_cell("received", column.id).unwrap());
        for (id, c) in ids.clone().zip(row.chars()) {
            if let Some(figure) = c.to_digit(10) {
                *cells.get_mut(id).unwrap() = Cell::read(figure.into(), c.to_string(), Origin::default());
            }
        }
        derive(form, &mut cells, &[]);
        ids.map(|id| cells.value(id).map_or("?".into(), |value| value.to_string())).collect()
    }

    #[test]
    fn only_what_is_forced_is_derived() {
        for (row, expected) in [
            // The one figure that is missing.
            ("120000?", "1200003"),
            ("?200003", "1200003"),
            // Nothing is left for the others.
            ("12????3", "1200003"),
            ("??????0", "0000000"),
            // Several ways are open.
            ("1?????3", "1?????3"),
            ("1??????", "1??????"),
            // What does not balance proves nothing.
            ("22000?3", "22000?3"),
        ] {
            assert_eq!(received(row), expected, "{row}");
        }
    }
}
