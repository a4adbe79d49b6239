//! The engine of one machine: Tantivy, in a folder on a local disk.

mod cells;
mod compile;
mod directory;
mod distribution;
mod excluded;
mod facets;
mod found;
mod index;
mod integrity;
mod lookup;
mod page;
mod records;
mod schema;
mod stored;
mod sum;
mod threads;
mod tokenizer;
mod walk;
mod writer;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use report::{CellId, Decimal};
use tantivy::{IndexReader, ReloadPolicy, Searcher, Term};

use crate::engine::{EngineHit, EnginePage, Name, PageRequest, ReadEngine, Snapshot};
use crate::sum::Tally;
use crate::{Card, Clause, Distribution, Found, GroupBy, IndexError, Record, StoredParts};

pub(crate) use self::index::{FolderIndex, folder, version_in, write_durably};
pub(crate) use self::schema::VERSION;
pub(crate) use self::stored::FolderParts;
pub(crate) use self::writer::FolderWriter;

use self::compile::compile;
use self::lookup::term_address;
use self::page::PageCollector;
use self::schema::Fields;
use self::sum::SumCollector;

/// Opens the commits of an index.
pub(crate) struct FolderReader {
    engine: IndexReader,
    index: FolderIndex,
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

impl FolderReader {
    pub(crate) fn new(index: &FolderIndex) -> Result<Self, IndexError> {
        // A watcher would see a commit half a second late; asking the file costs microseconds.
        let engine = index.engine.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        let meta = index.folder.join("meta.json");
        Ok(Self { engine, index: index.clone(), meta, seen: Arc::default() })
    }

    fn searcher(&self) -> Result<Searcher, IndexError> {
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
}

impl ReadEngine for FolderReader {
    fn snapshot(&self) -> Result<Box<dyn Snapshot>, IndexError> {
        Ok(Box::new(FolderSnapshot { searcher: self.searcher()?, fields: Arc::clone(&self.index.fields) }))
    }

    fn payload(&self) -> Result<Option<String>, IndexError> {
        self.index.payload()
    }

    fn check(&self) -> Result<(), IndexError> {
        self.index.check()
    }
}

/// One commit of an index.
pub(crate) struct FolderSnapshot {
    searcher: Searcher,
    fields: Arc<Fields>,
}

impl Snapshot for FolderSnapshot {
    fn page(&self, request: &PageRequest<'_>) -> Result<EnginePage, IndexError> {
        let PageRequest { clause, relaxed, sort, after, limit, facets, cells, .. } = *request;
        // One more than asked for tells whether there is a next page.
        let ahead = if limit == 0 { 0 } else { limit + 1 };
        let page = PageCollector::new(sort, ahead, after.cloned());
        let compiled = compile(&self.fields, clause, relaxed);
        let collectors = (page, facets::collector(facets));
        let ((total, mut ranked), counts) = threads::search(&self.searcher, &compiled, &collectors)?;
        let more = ranked.len() > limit;
        ranked.truncate(limit);
        let hits = ranked.into_iter().map(|ranked| {
            let parts = self.parts(ranked.address)?;
            let figures = self.figures(ranked.address, parts.card.form, cells)?;
            Ok(EngineHit { sort_key: ranked.sort_key, score: ranked.score, parts, figures })
        });
        let hits = hits.collect::<Result<Vec<_>, IndexError>>()?;
        let facets = match counts {
            Some(counts) => facets::counts(facets, &self.fields, &self.searcher, &counts)?,
            None => Vec::new(),
        };
        Ok(EnginePage { total, hits, more, facets })
    }

    fn distribution(&self, clause: &Clause, relaxed: bool, cell: CellId) -> Result<Distribution, IndexError> {
        self.read_distribution(clause, relaxed, cell)
    }

    fn stored(&self, name: Name<'_>) -> Result<Option<StoredParts>, IndexError> {
        let term = match name {
            Name::Key(key) => Term::from_field_text(self.fields.key, key),
            Name::Id(id) => Term::from_field_text(self.fields.id, id),
        };
        term_address(&self.searcher, &term)?.map(|address| self.parts(address)).transpose()
    }

    fn count(&self) -> Result<u64, IndexError> {
        Ok(self.searcher.num_docs())
    }

    fn sum(
        &self,
        clause: &Clause,
        cell: CellId,
        by: GroupBy,
    ) -> Result<Vec<(Option<String>, Tally)>, IndexError> {
        let compiled = compile(&self.fields, clause, false);
        Ok(threads::search(&self.searcher, &compiled, &SumCollector { cell, by })?)
    }

    fn each(&self, clause: &Clause, visit: &mut dyn FnMut(StoredParts) -> bool) -> Result<(), IndexError> {
        self.visit(clause, visit)
    }

    fn each_of_sample(
        &self,
        clause: &Clause,
        most: usize,
        visit: &mut dyn FnMut(StoredParts) -> bool,
    ) -> Result<usize, IndexError> {
        self.visit_sample(clause, most, visit)
    }

    fn each_card(&self, visit: &mut dyn FnMut(Card)) -> Result<(), IndexError> {
        self.visit_cards(visit)
    }

    fn each_with_cells(
        &self,
        clause: &Clause,
        visit: &mut dyn FnMut(StoredParts, Vec<Option<Decimal>>) -> bool,
    ) -> Result<(), IndexError> {
        self.visit_with_cells(clause, visit)
    }

    fn records(&self, clause: &Clause, cells: &[CellId]) -> Result<Vec<Record>, IndexError> {
        self.read_records(clause, cells)
    }

    fn each_record_with_cells(
        &self,
        clause: &Clause,
        visit: &mut dyn FnMut(Record, Vec<Option<Decimal>>),
    ) -> Result<(), IndexError> {
        self.visit_records(clause, visit)
    }

    fn agencies(&self, clause: &Clause, words: &str) -> Result<Vec<(String, u64)>, IndexError> {
        self.count_agencies(clause, words)
    }

    fn find_all(self: Box<Self>, clause: &Clause, payload: Option<String>) -> Result<Found, IndexError> {
        self.hold(clause, payload)
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
