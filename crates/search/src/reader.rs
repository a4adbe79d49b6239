//! Searching, and fetching one report.

use std::sync::Arc;
use std::time::Instant;

use report::CellId;

use crate::clauses::{highlighted, phrases, with_filters};
use crate::cursor::{cursor, read_cursor};
use crate::engine::{EngineHit, Name, PageRequest, ReadEngine};
use crate::facet_request::FacetRequest;
use crate::stored::Part;
use crate::{
    Card, Clause, Hit, IndexError, MAX_LIMIT, Page, Parsed, Query, SortBy, StoredParts, StoredReport, snippet,
};

/// A view of the index; see [`crate::Index::reader`].
#[derive(Clone)]
pub struct Reader {
    pub(crate) engine: Arc<dyn ReadEngine>,
}

impl Reader {
    /// Finds reports.
    ///
    /// # Errors
    /// [`IndexError::BadCursor`], or if the index cannot be read. What was typed is never an error.
    pub fn search(&self, query: &Query) -> Result<Page, IndexError> {
        let started = Instant::now();
        let Parsed { clause: typed, warnings, questions } = crate::read_query(&query.text);
        let clause = with_filters(typed.clone(), &query.filters);
        let after = read_cursor(query.sort, query.cursor.as_deref())?;
        let facets = FacetRequest::new(&query.facets, &clause);
        let cells = asked_cells(&clause, query);
        let parts: &[Part] = match (query.reports, query.highlight) {
            (true, _) => &[Part::Card, Part::History, Part::Acts, Part::Fact, Part::Compared, Part::Text],
            (false, true) => &[Part::Card, Part::Text],
            (false, false) => &[Part::Card],
        };
        let snapshot = self.snapshot()?;
        let run = |relaxed: bool| {
            snapshot.page(&PageRequest {
                clause: &clause,
                relaxed,
                sort: query.sort,
                after: after.as_ref(),
                limit: query.limit.min(MAX_LIMIT),
                facets: &facets,
                cells: &cells,
                parts,
            })
        };
        let mut relaxed = false;
        let mut page = run(false)?;
        if page.total == 0 && phrases(&typed).iter().any(|(_, quoted)| !quoted) {
            page = run(true)?;
            relaxed = page.total > 0;
        }
        let last = page.hits.last().filter(|_| page.more);
        let next_cursor = last.map(|last| cursor(query.sort, &last.sort_key));
        let marked = if query.highlight { highlighted(&typed, relaxed) } else { Vec::new() };
        let hits = page.hits.into_iter().map(|found| hit(found, &marked, query.reports));
        let hits = hits.collect::<Result<Vec<_>, _>>()?;
        let ranges = query.ranges.iter().map(|cell| snapshot.distribution(&clause, relaxed, *cell));
        let ranges = ranges.collect::<Result<Vec<_>, _>>()?;
        let (total, facets) = (page.total, page.facets);
        let took = started.elapsed();
        Ok(Page { total, took, hits, facets, ranges, next_cursor, relaxed, warnings, questions })
    }

    /// The report with this key.
    ///
    /// # Errors
    /// If the index cannot be read.
    pub fn get(&self, key: &str) -> Result<Option<StoredReport>, IndexError> {
        self.stored(Name::Key(key))?.map(|parts| parts.report()).transpose()
    }

    /// The report that has this id among its versions, as its current version shows it.
    ///
    /// # Errors
    /// If the index cannot be read.
    pub fn get_by_id(&self, id: &str) -> Result<Option<StoredReport>, IndexError> {
        self.stored(Name::Id(id))?.map(|parts| parts.report()).transpose()
    }

    /// What a hit shows of the report with this key, also where it was withdrawn.
    ///
    /// # Errors
    /// If the index cannot be read.
    pub fn card(&self, key: &str) -> Result<Option<Card>, IndexError> {
        Ok(self.stored(Name::Key(key))?.map(|parts| parts.card))
    }

    /// The report with this key, to be unpacked part by part. None where it was withdrawn.
    ///
    /// # Errors
    /// If the index cannot be read.
    pub fn parts(&self, key: &str) -> Result<Option<StoredParts>, IndexError> {
        Ok(self.stored(Name::Key(key))?.filter(|parts| !parts.card.is_withdrawn))
    }

    /// Reports in the index, including those that were withdrawn.
    ///
    /// # Errors
    /// If the index cannot be read.
    pub fn count(&self) -> Result<u64, IndexError> {
        self.snapshot()?.count()
    }

    /// The payload of the last commit; see [`crate::Writer::commit`].
    ///
    /// # Errors
    /// If the index cannot be read.
    pub fn payload(&self) -> Result<Option<String>, IndexError> {
        self.engine.payload()
    }

    /// Verifies the files of the index; see [`crate::Index::check`].
    ///
    /// # Errors
    /// [`IndexError::DamagedFile`] if one is missing, cut short or changed.
    pub fn check(&self) -> Result<(), IndexError> {
        self.engine.check()
    }

    fn stored(&self, name: Name<'_>) -> Result<Option<StoredParts>, IndexError> {
        self.snapshot()?.stored(name)
    }
}

/// What to show of a report that was found, with snippets that mark these phrases.
fn hit(found: EngineHit, marked: &[String], with_report: bool) -> Result<Hit, IndexError> {
    let EngineHit { parts, score, figures, .. } = found;
    let snippets = if marked.is_empty() { Vec::new() } else { snippet::snippets(&parts.text()?, marked) };
    let report = if with_report { Some(parts.report()?) } else { None };
    Ok(Hit { card: parts.card, score, snippets, figures, report })
}

/// Figures that a hit shows.
const MAX_FIGURES: usize = 6;

impl Query {
    /// The cells that the query names: in a condition, as its order, to be counted by.
    pub fn asked_cells(&self) -> Vec<CellId> {
        let typed = crate::read_query(&self.text).clause;
        asked_cells(&with_filters(typed, &self.filters), self)
    }
}

fn asked_cells(clause: &Clause, query: &Query) -> Vec<CellId> {
    let sorted = match query.sort.by {
        SortBy::Cell(cell) => Some(cell),
        _ => None,
    };
    let mut cells = Vec::new();
    for cell in cells_of(clause).into_iter().chain(sorted).chain(query.ranges.iter().copied()) {
        if !cells.contains(&cell) {
            cells.push(cell);
        }
    }
    cells.truncate(MAX_FIGURES);
    cells
}

/// The cells of the conditions of a clause.
fn cells_of(clause: &Clause) -> Vec<CellId> {
    match clause {
        Clause::Cell(cell, _) => vec![*cell],
        Clause::And(parts) | Clause::Or(parts) => parts.iter().flat_map(cells_of).collect(),
        Clause::Not(part) => cells_of(part),
        _ => Vec::new(),
    }
}
