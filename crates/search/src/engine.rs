//! What an engine gives. Everything else is one code for all engines: reading what was typed, the analyzer, the
//! versions of a report, cursors, snippets, exact sums.

use std::collections::BTreeSet;

use report::{CellId, Decimal};

use crate::cursor::SortKey;
use crate::facet_request::FacetRequest;
use crate::reviews::Acts;
use crate::stored::Part;
use crate::sum::Tally;
use crate::versions::IndexedReport;
use crate::{
    Card, Clause, Distribution, FacetCounts, Figure, Found, GroupBy, IndexError, Reader, Record, Sort,
    StoredParts,
};

/// Opens states of one generation of an index. Everything blocks.
pub(crate) trait ReadEngine: Send + Sync {
    /// The index as of the last commit, whichever process made it.
    fn snapshot(&self) -> Result<Box<dyn Snapshot>, IndexError>;

    /// See [`crate::Index::payload`].
    fn payload(&self) -> Result<Option<String>, IndexError>;

    /// See [`crate::Index::check`].
    fn check(&self) -> Result<(), IndexError>;
}

/// The name of one report.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Name<'a> {
    /// See [`crate::Entry::key`].
    Key(&'a str),
    /// The id of one of its versions.
    Id(&'a str),
}

/// A page that a search asks for.
pub(crate) struct PageRequest<'a> {
    pub(crate) clause: &'a Clause,
    /// Whether most of the pieces of what was typed are enough.
    pub(crate) relaxed: bool,
    pub(crate) sort: Sort,
    /// The hit before the page.
    pub(crate) after: Option<&'a SortKey<String>>,
    /// How many hits; 0 for the total and the facets alone.
    pub(crate) limit: usize,
    pub(crate) facets: &'a FacetRequest,
    /// The cells whose figures each hit brings.
    pub(crate) cells: &'a [CellId],
    /// The parts that will be unpacked; an engine may bring more.
    pub(crate) parts: &'a [Part],
}

/// The page.
pub(crate) struct EnginePage {
    /// Reports found, exactly.
    pub(crate) total: u64,
    pub(crate) hits: Vec<EngineHit>,
    /// Whether there are more hits after these.
    pub(crate) more: bool,
    pub(crate) facets: Vec<FacetCounts>,
}

/// A report on a page.
pub(crate) struct EngineHit {
    pub(crate) sort_key: SortKey<String>,
    pub(crate) score: f32,
    pub(crate) parts: StoredParts,
    pub(crate) figures: Vec<Figure>,
}

/// One state of an index, to be asked. Clauses find no report that was withdrawn.
pub(crate) trait Snapshot {
    /// One page of what a clause finds.
    fn page(&self, request: &PageRequest<'_>) -> Result<EnginePage, IndexError>;

    /// How the figures of a cell are distributed over what a clause finds.
    fn distribution(&self, clause: &Clause, relaxed: bool, cell: CellId) -> Result<Distribution, IndexError>;

    /// One report, also where it was withdrawn.
    fn stored(&self, name: Name<'_>) -> Result<Option<StoredParts>, IndexError>;

    /// Reports, including those that were withdrawn.
    fn count(&self) -> Result<u64, IndexError>;

    /// A cell summed over what a clause finds, by group, in the order of the groups; those without one come first.
    fn sum(
        &self,
        clause: &Clause,
        cell: CellId,
        by: GroupBy,
    ) -> Result<Vec<(Option<String>, Tally)>, IndexError>;

    /// Visits what a clause finds, in the order of the engine, until `visit` returns false.
    fn each(&self, clause: &Clause, visit: &mut dyn FnMut(StoredParts) -> bool) -> Result<(), IndexError>;

    /// Visits at most `most` reports, spread evenly over what a clause finds. Returns how many it finds.
    fn each_of_sample(
        &self,
        clause: &Clause,
        most: usize,
        visit: &mut dyn FnMut(StoredParts) -> bool,
    ) -> Result<usize, IndexError>;

    /// Visits every report, including those that were withdrawn.
    fn each_card(&self, visit: &mut dyn FnMut(Card)) -> Result<(), IndexError>;

    /// [`Snapshot::each`] with the values of the cells of each report in the order of its form.
    fn each_with_cells(
        &self,
        clause: &Clause,
        visit: &mut dyn FnMut(StoredParts, Vec<Option<Decimal>>) -> bool,
    ) -> Result<(), IndexError>;

    /// What the columns have of each report that a clause finds, with these figures.
    fn records(&self, clause: &Clause, cells: &[CellId]) -> Result<Vec<Record>, IndexError>;

    /// What the columns have of each report that a clause finds, with the values of all cells of its form.
    fn each_record_with_cells(
        &self,
        clause: &Clause,
        visit: &mut dyn FnMut(Record, Vec<Option<Decimal>>),
    ) -> Result<(), IndexError>;

    /// The agencies of what a clause finds whose name contains these words, with the number of reports of each.
    fn agencies(&self, clause: &Clause, words: &str) -> Result<Vec<(String, u64)>, IndexError>;

    /// See [`Reader::find_all`].
    fn find_all(self: Box<Self>, clause: &Clause, payload: Option<String>) -> Result<Found, IndexError>;
}

/// A report as an engine stores it, with what reviewers did to it.
pub(crate) type Committed = (IndexedReport, Acts);

/// One report that a commit writes; removed where it has no report.
pub(crate) struct Change<'a> {
    pub(crate) key: &'a str,
    pub(crate) report: Option<&'a IndexedReport>,
    pub(crate) acts: &'a Acts,
}

/// What the one writer needs of an engine. Everything blocks.
pub(crate) trait WriteEngine: Send {
    /// Says that these reports will be loaded, and those of the originals with these digits asked for, so that an
    /// engine that is far away can fetch them together.
    fn expect(&mut self, keys: BTreeSet<String>, originals: BTreeSet<String>) -> Result<(), IndexError>;

    /// A report as of the last commit.
    fn load(&mut self, key: &str) -> Result<Option<Committed>, IndexError>;

    /// The reports that have a reading of the original with these digits, or had one at the last commit.
    fn keys_of(&mut self, digits: &str) -> Result<BTreeSet<String>, IndexError>;

    /// Writes the changes, which come in the order of their keys, and then the payload. Whatever was written before it
    /// failed is written again by the next try, which changes nothing.
    fn commit(&mut self, changes: &[Change<'_>], payload: &str) -> Result<(), IndexError>;

    /// Forgets everything since the last commit.
    fn undo(&mut self);

    /// Reports in the last commit, including those that were withdrawn.
    fn count(&self) -> u64;

    /// Whether another process has written meanwhile what only this one should.
    fn is_outdated(&self) -> bool {
        false
    }
}

impl Reader {
    /// The index as of the last commit, whichever process made it.
    pub(crate) fn snapshot(&self) -> Result<Box<dyn Snapshot>, IndexError> {
        self.engine.snapshot()
    }
}
