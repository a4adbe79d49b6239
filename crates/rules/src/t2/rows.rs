//! Rows of table two that have given columns filled.

use report::{Decimal, Report, Table};

use crate::place::{Row, rows, value_in};

/// The rows of table two that have all these columns filled, with their figures.
pub(crate) fn filled<'a, const N: usize>(
    report: &'a Report,
    columns: [&str; N],
) -> impl Iterator<Item = (Row<'a>, [Decimal; N])> {
    let values = move |row: &Row<'_>| {
        let mut values = [Decimal::ZERO; N];
        for (value, column) in values.iter_mut().zip(columns) {
            *value = value_in(row, column)?;
        }
        Some(values)
    };
    rows(report, Table::Active).into_iter().filter_map(move |row| values(&row).map(|values| (row, values)))
}
