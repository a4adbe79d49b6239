//! Visiting every report that a query finds.

use report::Decimal;

use crate::clauses::whole_clause;
use crate::{Card, IndexError, Query, Reader, StoredParts};

impl Reader {
    /// Calls `visit` with every report that `query` finds, in the order of the index, until it returns false.
    /// Uses the text and the filters of the query alone, and never relaxes the match. `visit` unpacks the
    /// parts that it needs.
    ///
    /// # Errors
    /// If the index cannot be read.
    pub fn each(&self, query: &Query, mut visit: impl FnMut(StoredParts) -> bool) -> Result<(), IndexError> {
        self.snapshot()?.each(&whole_clause(query), &mut visit)
    }

    /// Calls `visit` with at most `most` of the reports that `query` finds, spread evenly over the order of the index,
    /// until it returns false; see [`Reader::each`]. Returns how many reports the query finds.
    ///
    /// # Errors
    /// If the index cannot be read.
    pub fn each_of_sample(
        &self,
        query: &Query,
        most: usize,
        mut visit: impl FnMut(StoredParts) -> bool,
    ) -> Result<usize, IndexError> {
        self.snapshot()?.each_of_sample(&whole_clause(query), most, &mut visit)
    }

    /// Calls `visit` with what a hit shows of every report in the index, including those that were withdrawn.
    ///
    /// # Errors
    /// If the index cannot be read.
    pub fn each_card(&self, mut visit: impl FnMut(Card)) -> Result<(), IndexError> {
        self.snapshot()?.each_card(&mut visit)
    }

    /// [`Reader::each`] with the values of each report's cells in the order of its form; with no values where it has
    /// no form. They come from the columns: no fact is unpacked for them.
    ///
    /// # Errors
    /// If the index cannot be read.
    pub fn each_with_cells(
        &self,
        query: &Query,
        mut visit: impl FnMut(StoredParts, Vec<Option<Decimal>>) -> bool,
    ) -> Result<(), IndexError> {
        self.snapshot()?.each_with_cells(&whole_clause(query), &mut visit)
    }
}
