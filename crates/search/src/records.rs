//! What the columns of the index know of many reports at once, without unpacking any: who reported, and single figures.

use std::sync::Arc;

use report::{CellId, CellState, Date, Decimal, Form, FormId, Region, Verdict, Year};

use crate::clauses::whole_clause;
use crate::document::state_of_mark;
use crate::millionths::from_millionths;
use crate::{IndexError, Query, Reader};

/// One report as the columns have it.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The report; see [`crate::Entry::key`].
    pub key: String,
    /// Its current version; see [`crate::Version::id`].
    pub id: String,
    /// The agency, if it is known.
    pub agency: Option<Arc<str>>,
    /// The region, if it is known.
    pub region: Option<Arc<Region>>,
    /// The year, if it is known.
    pub year: Option<Year>,
    /// The form, if it is known.
    pub form: Option<FormId>,
    /// The verdict, which also counts the findings of comparisons with other reports.
    pub verdict: Verdict,
    /// The day of publication, if it is known.
    pub published: Option<Date>,
    /// When the current version was accepted, milliseconds since 1970-01-01 UTC.
    pub submitted_at_ms: i64,
    /// SHA-256 of the original of the current version.
    pub original: String,
    /// What the report says of whom its figures cover (统计口径), as printed.
    pub scopes: Vec<Arc<str>>,
    /// The figures that were asked for, in that order.
    pub figures: Vec<Figure>,
}

/// One figure of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figure {
    /// The cell.
    pub cell: CellId,
    /// The value that comparisons and sums may use: none of a doubtful cell.
    pub value: Option<Decimal>,
    /// How the value is known, or why it is not; none where the form of the report has no such cell.
    pub state: Option<CellState>,
}

impl Figure {
    /// The figure of a cell from its columns: its value in millionths and its mark.
    pub(crate) fn of(cell: CellId, value: Option<i64>, mark: Option<i64>, form: Option<FormId>) -> Self {
        let state = match (mark.and_then(state_of_mark), value) {
            (Some(state), _) => Some(state),
            (None, Some(_)) => Some(CellState::Read),
            (None, None) => {
                let has_it = form.is_none_or(|form| Form::get(form).position(cell).is_some());
                has_it.then_some(CellState::Missing)
            }
        };
        Self { cell, value: value.and_then(|value| from_millionths(value.into())), state }
    }
}

impl Reader {
    /// What the columns know of every report that `query` finds (its text and filters; the rest is not looked at, and
    /// the match is never relaxed), with these figures, in the order of the index.
    ///
    /// # Errors
    /// If the index cannot be read.
    pub fn records(&self, query: &Query, cells: &[CellId]) -> Result<Vec<Record>, IndexError> {
        self.snapshot()?.records(&whole_clause(query), cells)
    }

    /// Calls `visit` with what the columns know of every report that `query` finds, and with the values of its cells in
    /// the order of its form; with no values where it has no form.
    ///
    /// # Errors
    /// If the index cannot be read.
    pub fn each_record_with_cells(
        &self,
        query: &Query,
        mut visit: impl FnMut(Record, Vec<Option<Decimal>>),
    ) -> Result<(), IndexError> {
        self.snapshot()?.each_record_with_cells(&whole_clause(query), &mut visit)
    }

    /// The agencies of the reports that `query` finds whose name contains these words, with the number of reports of
    /// each, the most frequent first.
    ///
    /// # Errors
    /// If the index cannot be read.
    pub fn agencies(
        &self,
        query: &Query,
        words: &str,
        limit: usize,
    ) -> Result<Vec<(String, u64)>, IndexError> {
        let mut counts = self.snapshot()?.agencies(&whole_clause(query), words)?;
        counts.sort_by(|(one, few), (other, many)| many.cmp(few).then_with(|| one.cmp(other)));
        counts.truncate(limit);
        Ok(counts)
    }
}
