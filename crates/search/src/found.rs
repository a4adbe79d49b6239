//! Every report that a query finds, held fast and in a fixed order.

use std::collections::{BTreeMap, HashMap};

use report::FormId;

use crate::clauses::whole_clause;
use crate::engine::Snapshot;
use crate::{IndexError, Query, Reader, StoredParts};

/// Attempts to see one commit while others follow each other.
const ATTEMPTS: usize = 8;

/// Every report that a query finds in one state of the index. In a folder this state stays, whatever is committed
/// afterwards; a search cluster brings each report as it is when it is read.
///
/// They come in the order of their regions, agencies and years, which does not depend on how the index lies on the
/// disk.
pub struct Found {
    pub(crate) reports: Box<dyn FoundReports>,
    pub(crate) forms: Vec<(Option<FormId>, u64)>,
    pub(crate) payload: Option<String>,
}

/// The reports as an engine holds them.
pub(crate) trait FoundReports: Send + Sync {
    /// How many.
    fn count(&self) -> usize;
    /// The reports with these numbers, in their order; a report that was removed meanwhile is left out.
    fn read(&self, numbers: std::ops::Range<usize>) -> Result<Vec<StoredParts>, IndexError>;
    /// How many it is best to read at once.
    fn batch(&self) -> usize;
}

impl Reader {
    /// Every report that `query` finds. Uses the text and the filters of the query alone, and never relaxes the match.
    ///
    /// # Errors
    /// If the index cannot be read.
    pub fn find_all(&self, query: &Query) -> Result<Found, IndexError> {
        let (snapshot, payload) = self.snapshot_with_payload()?;
        snapshot.find_all(&whole_clause(query), payload)
    }

    /// The index as of the last commit, with the payload of that commit.
    fn snapshot_with_payload(&self) -> Result<(Box<dyn Snapshot>, Option<String>), IndexError> {
        let mut before = self.payload()?;
        for _ in 0..ATTEMPTS {
            let snapshot = self.snapshot()?;
            let after = self.payload()?;
            if before == after {
                return Ok((snapshot, after));
            }
            before = after;
        }
        // The payload before is that of this commit or of an earlier one.
        Ok((self.snapshot()?, before))
    }
}

impl Found {
    /// How many reports.
    pub fn count(&self) -> u64 {
        self.reports.count() as u64
    }

    /// How many reports with each form.
    pub fn forms(&self) -> &[(Option<FormId>, u64)] {
        &self.forms
    }

    /// The payload of the commit that made this state; see [`crate::Writer::commit`].
    pub fn payload(&self) -> Option<&str> {
        self.payload.as_deref()
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = Result<StoredParts, IndexError>> {
        let (count, batch) = (self.reports.count(), self.reports.batch().max(1));
        let starts = (0..count).step_by(batch);
        starts.flat_map(move |start| match self.reports.read(start..count.min(start + batch)) {
            Ok(reports) => reports.into_iter().map(Ok).collect::<Vec<_>>(),
            Err(error) => vec![Err(error)],
        })
    }
}

/// By what a report is sorted.
pub(crate) struct SortNames<'a> {
    /// The code of its region; empty where it has none.
    pub(crate) region: &'a str,
    /// Its agency; empty where it has none.
    pub(crate) agency: &'a str,
    pub(crate) year: Option<i64>,
    /// Of a report without agency or year, of which there may be many.
    pub(crate) key: Option<&'a str>,
}

/// Reports while they are sorted. Each distinct name is kept once.
pub(crate) struct Sorting<Place> {
    numbers: HashMap<String, u32>,
    reports: Vec<Sortable<Place>>,
    forms: BTreeMap<Option<FormId>, u64>,
}

struct Sortable<Place> {
    region: u32,
    agency: u32,
    year: i64,
    key: Option<u32>,
    place: Place,
}

impl<Place: Ord + Clone> Sorting<Place> {
    pub(crate) fn new() -> Self {
        Self { numbers: HashMap::new(), reports: Vec::new(), forms: BTreeMap::new() }
    }

    pub(crate) fn add(&mut self, names: &SortNames<'_>, form: Option<FormId>, place: Place) {
        let (region, agency) = (self.number(names.region), self.number(names.agency));
        let key = names.key.map(|key| self.number(key));
        *self.forms.entry(form).or_default() += 1;
        self.reports.push(Sortable { region, agency, year: names.year.unwrap_or(i64::MAX), key, place });
    }

    fn number(&mut self, name: &str) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
        self.numbers.insert(name.to_owned(), number);
        number
    }

    pub(crate) fn finish(self) -> (Vec<Place>, Vec<(Option<FormId>, u64)>) {
        let Self { numbers, mut reports, forms } = self;
        let mut names: Vec<(String, u32)> = numbers.into_iter().collect();
        names.sort_unstable();
        let mut ranks = vec![0_u32; names.len()];
        // What is not known comes last, and sorts as the empty name.
        for (rank, (name, number)) in (0..).zip(&names) {
            let rank = if name.is_empty() { u32::MAX } else { rank };
            if let Some(slot) = ranks.get_mut(*number as usize) {
                *slot = rank;
            }
        }
        let rank = |number: u32| ranks.get(number as usize).copied().unwrap_or(u32::MAX);
        reports.sort_by_cached_key(|report| {
            let key = report.key.map(rank);
            (rank(report.region), rank(report.agency), report.year, key, report.place.clone())
        });
        (reports.into_iter().map(|report| report.place).collect(), forms.into_iter().collect())
    }
}
