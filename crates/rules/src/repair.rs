//! T3-06, the single-cell repair: a hint which cell to change, never done by us.

use report::{CellId, CellState, Cells, Decimal, Form, Repair, Table, full_width_brackets};

use crate::place::number;

/// Finds the one cell whose change would make every equation of the table hold. None if several cells
/// would, if no cell would, or if an equation of the table cannot be judged.
pub(crate) fn of_table(form: &Form, cells: &Cells, table: Table) -> Option<Repair> {
    let mut failing = Vec::new();
    let mut holding = Vec::new();
    for equation in form.equations().iter().filter(|equation| equation.table() == table) {
        let sums = equation.sums(cells);
        match sums.hold()? {
            true => holding.push(equation),
            false => failing.push((equation, sums.right?.checked_sub(sums.left?)?)),
        }
    }
    let mended = |id: CellId| {
        let cell = cells.get(id).filter(|cell| cell.state == CellState::Read)?;
        let mut values = failing.iter().map(|(equation, missing)| {
            let change = if equation.left.contains(&id) {
                *missing
            } else if equation.right.contains(&id) {
                -*missing
            } else {
                return None;
            };
            cell.known()?.checked_add(change)
        });
        let value = values.next()??;
        let is_consistent = values.all(|other| other == Some(value));
        let is_count = value >= Decimal::ZERO && value.fract().is_zero();
        let breaks_none = holding.iter().all(|equation| equation.terms().all(|term| term != id));
        (is_consistent && is_count && breaks_none).then_some((id, cell.known()?, value))
    };
    let mut candidates = failing.first()?.0.terms().filter_map(mended);
    let (cell, old, value) = candidates.next()?;
    if candidates.next().is_some() {
        return None;
    }
    let effect =
        if table == Table::Requests { "各行各列全部平衡" } else { "该表各组全部平衡" };
    let (place, old, new) = (form.place(cell), number(old), number(value));
    let place = full_width_brackets(&place);
    let reason = format!("将{}{place}由{old}改为{new}后，{effect}。", table.short_title());
    Some(Repair { cell, value, reason })
}
