//! Searching, and fetching one report.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime};

use report::CellId;
use tantivy::schema::Field;
use tantivy::{IndexReader, ReloadPolicy, Searcher, Term};

use crate::compile::{compile, highlighted, phrases, with_filters};
use crate::lookup::term_address;
use crate::page::{PageCollector, Ranked};
use crate::schema::Fields;
use crate::{
    Card, Clause, Hit, Index, IndexError, MAX_LIMIT, Page, Parsed, Query, SortBy, StoredParts, StoredReport,
    facets, snippet, threads,
};

/// A view of the index; see [`Index::reader`].
#[derive(Clone)]
pub struct Reader {
    engine: IndexReader,
    pub(crate) fields: Fields,
    index: Index,
    /// The file that each commit replaces.
    meta: PathBuf,
    seen: Arc<Mutex<Option<Stamp>>>,
}

/// Tells the file of one commit from that of the next.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Stamp {
    modified: SystemTime,
    size_bytes: u64,
    inode: u64,
}

impl Reader {
    pub(crate) fn new(index: &Index) -> Result<Self, IndexError> {
        // A watcher would see a commit half a second late; asking the file costs microseconds.
        let engine = index.engine.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        let meta = index.folder.join("meta.json");
        Ok(Self { engine, fields: index.fields.clone(), index: index.clone(), meta, seen: Arc::default() })
    }

    /// Finds reports.
    ///
    /// # Errors
    /// [`IndexError::BadCursor`], or if the index cannot be read. What was typed is never an error.
    pub fn search(&self, query: &Query) -> Result<Page, IndexError> {
        let started = Instant::now();
        let Parsed { clause: typed, warnings, questions } = crate::read_query(&query.text);
        let clause = with_filters(typed.clone(), &query.filters);
        let searcher = self.searcher()?;
        let limit = query.limit.min(MAX_LIMIT);
        // One more than asked for tells whether there is a next page.
        let ahead = if limit == 0 { 0 } else { limit + 1 };
        let facets = facets::Request::new(&query.facets, &clause);
        let run = |relaxed: bool| {
            let page = PageCollector::new(query.sort, ahead, query.cursor.as_deref())?;
            let compiled = compile(&self.fields, &clause, relaxed);
            Ok::<_, IndexError>(threads::search(&searcher, &compiled, &(page, facets.collector()))?)
        };
        let mut relaxed = false;
        let ((mut total, mut ranked), mut counts) = run(false)?;
        if total == 0 && phrases(&typed).iter().any(|(_, quoted)| !quoted) {
            ((total, ranked), counts) = run(true)?;
            relaxed = total > 0;
        }
        let more = ranked.len() > limit;
        ranked.truncate(limit);
        let next_cursor = ranked.last().filter(|_| more).map(|last| last.cursor(query.sort));
        let marked = if query.highlight { highlighted(&typed, relaxed) } else { Vec::new() };
        let cells = asked_cells(&clause, query);
        let shown = Shown { marked: &marked, cells: &cells, with_report: query.reports };
        let hits = ranked.iter().map(|ranked| self.hit(&searcher, ranked, &shown));
        let hits = hits.collect::<Result<Vec<_>, _>>()?;
        let found = compile(&self.fields, &clause, relaxed);
        let ranges = query.ranges.iter().map(|cell| self.distribution(&searcher, &*found, *cell));
        let ranges = ranges.collect::<Result<Vec<_>, _>>()?;
        let facets = match counts {
            Some(counts) => facets.counts(&self.fields, &searcher, &counts)?,
            None => Vec::new(),
        };
        let took = started.elapsed();
        Ok(Page { total, took, hits, facets, ranges, next_cursor, relaxed, warnings, questions })
    }

    /// The report with this key.
    ///
    /// # Errors
    /// If the index cannot be read.
    pub fn get(&self, key: &str) -> Result<Option<StoredReport>, IndexError> {
        self.stored(self.fields.key, key)?.map(|parts| parts.report()).transpose()
    }

    /// The report that has this id among its versions, as its current version shows it.
    ///
    /// # Errors
    /// If the index cannot be read.
    pub fn get_by_id(&self, id: &str) -> Result<Option<StoredReport>, IndexError> {
        self.stored(self.fields.id, id)?.map(|parts| parts.report()).transpose()
    }

    /// What a hit shows of the report with this key, also where it was withdrawn.
    ///
    /// # Errors
    /// If the index cannot be read.
    pub fn card(&self, key: &str) -> Result<Option<Card>, IndexError> {
        Ok(self.stored(self.fields.key, key)?.map(|parts| parts.card))
    }

    /// The report with this key, to be unpacked part by part. None where it was withdrawn.
    ///
    /// # Errors
    /// If the index cannot be read.
    pub fn parts(&self, key: &str) -> Result<Option<StoredParts>, IndexError> {
        Ok(self.stored(self.fields.key, key)?.filter(|parts| !parts.card.is_withdrawn))
    }

    /// Reports in the index, including those that were withdrawn.
    ///
    /// # Errors
    /// If the index cannot be read.
    pub fn count(&self) -> Result<u64, IndexError> {
        Ok(self.searcher()?.num_docs())
    }

    /// The payload of the last commit; see [`crate::Writer::commit`].
    ///
    /// # Errors
    /// If the index cannot be read.
    pub fn payload(&self) -> Result<Option<String>, IndexError> {
        self.index.payload()
    }

    /// Verifies the files of the index; see [`Index::check`].
    ///
    /// # Errors
    /// [`IndexError::DamagedFile`] if one is missing, cut short or changed.
    pub fn check(&self) -> Result<(), IndexError> {
        self.index.check()
    }

    /// The index as of the last commit, whichever process made it.
    pub(crate) fn searcher(&self) -> Result<Searcher, IndexError> {
        self.index.check()?;
        let now = stamp(&self.meta);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if now.is_none() || *seen != now {
            self.engine.reload()?;
            *seen = now;
        }
        drop(seen);
        Ok(self.engine.searcher())
    }

    fn stored(&self, field: Field, name: &str) -> Result<Option<StoredParts>, IndexError> {
        let searcher = self.searcher()?;
        let address = term_address(&searcher, &Term::from_field_text(field, name))?;
        address.map(|address| StoredParts::read(&searcher, self.fields.stored, address)).transpose()
    }

    fn hit(&self, searcher: &Searcher, ranked: &Ranked, shown: &Shown<'_>) -> Result<Hit, IndexError> {
        let parts = StoredParts::read(searcher, self.fields.stored, ranked.address)?;
        let marked = shown.marked;
        let snippets = if marked.is_empty() { Vec::new() } else { snippet::snippets(&parts.text()?, marked) };
        let figures = self.figures(searcher, ranked.address, parts.card.form, shown.cells)?;
        let report = if shown.with_report { Some(parts.report()?) } else { None };
        Ok(Hit { card: parts.card, score: ranked.score, snippets, figures, report })
    }
}

/// What a hit shows beside its card.
struct Shown<'a> {
    /// The phrases that its snippets mark.
    marked: &'a [String],
    /// The cells whose figures it shows.
    cells: &'a [CellId],
    with_report: bool,
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

/// None where the file has no such metadata; then every search reloads the index.
fn stamp(meta: &Path) -> Option<Stamp> {
    let metadata = fs::metadata(meta).ok()?;
    #[cfg(unix)]
    let inode = std::os::unix::fs::MetadataExt::ino(&metadata);
    #[cfg(not(unix))]
    let inode = 0;
    Some(Stamp { modified: metadata.modified().ok()?, size_bytes: metadata.len(), inode })
}
