//! What is not printed but proved: cells that the equations and non-negativity leave one value.
//!
//! Interval propagation over the sums. An equation that the printed figures break proves nothing, and
//! neither does a figure that stands in one: which of its figures is wrong is not known.

use std::collections::{HashMap, HashSet};

use report::{CellId, CellKind, CellState, Cells, Decimal, Equation, Form};

/// Bounds of a cell: from `low` to `high`, or to any height.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Bounds {
    low: Decimal,
    high: Option<Decimal>,
}

/// Fills every blank or missing cell whose value is forced, and marks it as derived.
pub(crate) fn derive(form: &Form, cells: &mut Cells) {
    let broken: Vec<&Equation> =
        form.equations().iter().filter(|equation| !can_hold(equation, cells)).collect();
    let doubtful: HashSet<CellId> = broken.iter().flat_map(|equation| equation.terms()).collect();
    let open = |id: CellId| cells.value(id).is_none();
    let proving = |equation: &&Equation| {
        equation.terms().any(open) && equation.terms().all(|id| !doubtful.contains(&id))
    };
    let sound: Vec<&Equation> = form.equations().iter().filter(proving).collect();
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
