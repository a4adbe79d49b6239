//! How the figures of one cell are distributed over what a search finds: extremes, quartiles, and counts by range.
//! Every number is exact: all values are read, none is estimated.

use std::collections::BTreeMap;

use report::{CellId, CellState, Decimal};

use crate::millionths::from_millionths;

/// The figures of one cell over many reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Distribution {
    /// The cell.
    pub cell: CellId,
    /// Reports whose figure is known.
    pub reports: u64,
    /// Reports whose figure is not known, by the reason; none where their form has no such cell.
    pub unknown: Vec<(Option<CellState>, u64)>,
    /// None where no figure is known.
    pub quartiles: Option<Quartiles>,
    /// Counts by order of magnitude, the least first: 0, 1 to 9, 10 to 99, …. Empty ones are left out.
    pub decades: Vec<Bucket>,
    /// Counts between the quartiles, at most four; fewer where quartiles are equal.
    pub quarters: Vec<Bucket>,
}

/// Least, middle and greatest values. A quartile is the least value that a quarter, a half, three quarters of the
/// reports do not exceed, so each is the figure of some report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quartiles {
    /// The least value.
    pub min: Decimal,
    /// The first quartile.
    pub lower: Decimal,
    /// The median.
    pub median: Decimal,
    /// The third quartile.
    pub upper: Decimal,
    /// The greatest value.
    pub max: Decimal,
}

/// The reports whose figure lies in a range, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    /// The least value of the range.
    pub from: Decimal,
    /// The greatest.
    pub to: Decimal,
    /// The reports.
    pub reports: u64,
}

impl Distribution {
    /// The distribution of these values, in millionths, beside the reports whose figure is not known.
    pub(crate) fn of(cell: CellId, mut values: Vec<i64>, unknown: BTreeMap<Option<CellState>, u64>) -> Self {
        values.sort_unstable();
        Self {
            cell,
            reports: values.len() as u64,
            unknown: unknown.into_iter().collect(),
            quartiles: quartiles(&values),
            decades: decades(&values),
            quarters: quarters(&values),
        }
    }
}

/// One, in the unit of the columns.
const ONE: i64 = 1_000_000;

/// The value at a share of the sorted values, in quarters.
fn at_quarter(sorted: &[i64], quarters: usize) -> Option<i64> {
    let rank = (sorted.len() * quarters).div_ceil(4);
    sorted.get(rank.max(1) - 1).copied()
}

fn quartiles(sorted: &[i64]) -> Option<Quartiles> {
    let decimal = |value: Option<i64>| from_millionths(value?.into());
    Some(Quartiles {
        min: decimal(sorted.first().copied())?,
        lower: decimal(at_quarter(sorted, 1))?,
        median: decimal(at_quarter(sorted, 2))?,
        upper: decimal(at_quarter(sorted, 3))?,
        max: decimal(sorted.last().copied())?,
    })
}

fn quarters(sorted: &[i64]) -> Vec<Bucket> {
    let mut ends: Vec<i64> = (1..=4).filter_map(|quarters| at_quarter(sorted, quarters)).collect();
    ends.dedup();
    let mut from = 0;
    let bucket = |end: i64| {
        let until = sorted.partition_point(|value| *value <= end);
        let first = sorted.get(from).copied()?;
        let reports = (until - from) as u64;
        from = until;
        bucket_of(first, end, reports)
    };
    ends.into_iter().filter_map(bucket).collect()
}

fn decades(sorted: &[i64]) -> Vec<Bucket> {
    // Between whole numbers there is nothing, so that 1 to 9 is what lies below 10.
    let step = if sorted.iter().all(|value| value % ONE == 0) { ONE } else { 1 };
    let mut counts: BTreeMap<(i64, i64), u64> = BTreeMap::new();
    for value in sorted {
        *counts.entry(decade(*value, step)).or_default() += 1;
    }
    counts.into_iter().filter_map(|((from, to), reports)| bucket_of(from, to, reports)).collect()
}

fn bucket_of(from: i64, to: i64, reports: u64) -> Option<Bucket> {
    Some(Bucket { from: from_millionths(from.into())?, to: from_millionths(to.into())?, reports })
}

/// The order of magnitude that a value lies in: 0, what lies between 0 and 1, 1 to 9, 10 to 99, …, and the same below 0.
fn decade(value: i64, step: i64) -> (i64, i64) {
    let size = value.saturating_abs();
    let (from, to) = match size {
        0 => (0, 0),
        size if size < ONE => (1, ONE - 1),
        size => {
            let mut from = ONE;
            while from.checked_mul(10).is_some_and(|next| next <= size) {
                from = from.saturating_mul(10);
            }
            (from, from.checked_mul(10).map_or(i64::MAX, |next| next - step))
        }
    };
    if value < 0 { (-to, -from) } else { (from, to) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_lie_in_their_decade() {
        let check = |value: i64, step: i64, expected: (i64, i64)| {
            assert_eq!(decade(value, step), expected, "{value}")
        };
        check(0, ONE, (0, 0));
        check(ONE, ONE, (ONE, 9 * ONE));
        check(9 * ONE, ONE, (ONE, 9 * ONE));
        check(10 * ONE, ONE, (10 * ONE, 99 * ONE));
        check(-10 * ONE, ONE, (-99 * ONE, -10 * ONE));
        check(ONE / 2, 1, (1, ONE - 1));
        check(99_999_999, 1, (10 * ONE, 100 * ONE - 1));
        check(i64::MAX, ONE, (1_000_000_000_000_000_000, i64::MAX));
        check(i64::MIN, ONE, (-i64::MAX, -1_000_000_000_000_000_000));
    }
}
