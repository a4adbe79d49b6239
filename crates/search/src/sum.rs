//! Sums of a cell over what a search finds, exact to the last digit.

use report::{CellId, Decimal};

use crate::clauses::whole_clause;
use crate::millionths::from_millionths;
use crate::{IndexError, Query, Reader};

/// What reports are put together by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupBy {
    /// All of them.
    Nothing,
    /// The year.
    Year,
    /// The first two digits of the region code.
    Province,
    /// The first four.
    City,
    /// The agency.
    Agency,
}

/// The sum of one group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sum {
    /// The year, code or name; none for reports that have none.
    pub group: Option<String>,
    /// Reports whose cell is known.
    pub reports: u64,
    /// Their sum.
    pub sum: Decimal,
    /// The least value.
    pub min: Decimal,
    /// The greatest value.
    pub max: Decimal,
}

impl Reader {
    /// Sums a cell over the reports that `query` finds (its text and filters; the rest is not looked
    /// at, and the match is never relaxed). Groups come in the order of their names.
    ///
    /// # Errors
    /// If the index cannot be read.
    pub fn sum(&self, query: &Query, cell: CellId, by: GroupBy) -> Result<Vec<Sum>, IndexError> {
        let groups = self.snapshot()?.sum(&whole_clause(query), cell, by)?;
        let sums = groups.into_iter().filter_map(|(group, tally)| {
            Some(Sum {
                group,
                reports: tally.reports,
                sum: from_millionths(tally.sum)?,
                min: from_millionths(tally.min.into())?,
                max: from_millionths(tally.max.into())?,
            })
        });
        Ok(sums.collect())
    }
}

/// Values in millionths, summed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tally {
    pub(crate) reports: u64,
    pub(crate) sum: i128,
    pub(crate) min: i64,
    pub(crate) max: i64,
}

impl Tally {
    pub(crate) const EMPTY: Self = Self { reports: 0, sum: 0, min: i64::MAX, max: i64::MIN };

    /// The tally of one report.
    pub(crate) fn one(value: i64) -> Self {
        Self { reports: 1, sum: value.into(), min: value, max: value }
    }

    /// Both together.
    pub(crate) fn join(&mut self, other: Self) {
        self.reports += other.reports;
        self.sum += other.sum;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }
}
