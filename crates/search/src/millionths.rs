//! The columns of cells: whole millionths, exact for every printed figure.

use std::ops::Bound;

use report::{CellId, Decimal};
use rust_decimal::prelude::ToPrimitive;

use crate::Span;

/// The field that has a column for each cell.
pub(crate) const CELLS: &str = "cells";

/// Cells are stored as whole millionths: exact for counts up to 9 × 10^12 and for 万元 down to 分, and
/// one type for every cell, so that ranges, equality and order need no care.
const CELL_SCALE: u32 = 6;

/// The name of a cell's column.
pub(crate) fn cell_column(cell: CellId) -> String {
    format!("{CELLS}.{cell}")
}

/// Whether the column holds a value as it is, neither rounded nor cut off.
pub(crate) fn is_exact(value: Decimal) -> bool {
    from_millionths(millionths(value).into()) == Some(value)
}

/// A value as its column holds it.
pub(crate) fn millionths(value: Decimal) -> i64 {
    clamped(value, Decimal::round)
}

/// A column's value, or the sum of many, as a decimal. None where it is past what a decimal holds.
pub(crate) fn from_millionths(value: i128) -> Option<Decimal> {
    Decimal::try_from_i128_with_scale(value, CELL_SCALE).ok().map(|value| value.normalize())
}

/// A span of values as a span of column values: ends that fall between two millionths move inwards.
pub(crate) fn millionths_span(span: &Span<Decimal>) -> Span<i64> {
    let exact = |value: Decimal| value == value.round_dp(CELL_SCALE);
    let lower = match span.lower {
        Bound::Excluded(value) if exact(value) => Bound::Excluded(millionths(value)),
        Bound::Included(value) | Bound::Excluded(value) => {
            Bound::Included(clamped(value, |value| value.ceil()))
        }
        Bound::Unbounded => Bound::Unbounded,
    };
    let upper = match span.upper {
        Bound::Excluded(value) if exact(value) => Bound::Excluded(millionths(value)),
        Bound::Included(value) | Bound::Excluded(value) => {
            Bound::Included(clamped(value, |value| value.floor()))
        }
        Bound::Unbounded => Bound::Unbounded,
    };
    Span { lower, upper }
}

/// The millionths, rounded; what is too great for the column is the greatest that fits.
fn clamped(value: Decimal, round: impl Fn(&Decimal) -> Decimal) -> i64 {
    let limit = if value.is_sign_negative() { i64::MIN } else { i64::MAX };
    let scaled = value.checked_mul(Decimal::from(10_i64.pow(CELL_SCALE)));
    scaled.and_then(|scaled| round(&scaled).to_i64()).unwrap_or(limit)
}
