//! Writes the folder index.

use std::collections::BTreeSet;
use std::thread;
use std::time::{Duration, Instant};

use tantivy::directory::error::LockError;
use tantivy::indexer::{IndexWriterOptions, LogMergePolicy};
use tantivy::{IndexReader, IndexWriter, ReloadPolicy, TantivyDocument, TantivyError, Term};

use super::index::FolderIndex;
use super::lookup::{addresses_between, term_address};
use super::schema::FolderDocument;
use super::stored::stored_parts;
use crate::IndexError;
use crate::document::fill;
use crate::engine::{Change, Committed, WriteEngine};
use crate::stored::Packer;

/// One thread makes one segment of a batch; two make two, and each segment costs its two hundred columns again. The
/// other cores read documents meanwhile.
const THREADS: usize = 1;
/// A batch of 400 reports takes some 60 MB, so it is one segment; above that nothing gets faster.
const MEMORY_BYTES: usize = 96 << 20;
/// Merges at once: a second one would take its memory as well, and a core from parsing.
const MERGES: usize = 1;
/// Segments with more deleted documents than this are merged; the engine's default never does.
const DELETED_RATIO: f32 = 0.2;
/// Smaller segments are merged with each other, whatever their sizes. The engine's 10,000 would write a segment of
/// thousands again for each few hundred reports.
const SMALL_SEGMENT: u32 = 1_000;

/// A process that this one starts has a copy of every open file until it runs its own program, so a lock
/// that was just given up may stay held for a moment.
const LOCK_WAIT: Duration = Duration::from_secs(1);
const LOCK_PAUSE: Duration = Duration::from_millis(10);

/// The one writer of an index in a folder.
pub(crate) struct FolderWriter {
    index: FolderIndex,
    /// None after a rollback failed; opened again by the next commit.
    engine: Option<IndexWriter>,
    committed: IndexReader,
    packer: Packer,
}

impl FolderWriter {
    pub(crate) fn new(index: FolderIndex) -> Result<Self, IndexError> {
        super::directory::cache_for_writing();
        let engine = open_engine(&index)?;
        let committed = index.engine.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        let packer =
            Packer::new().map_err(|source| IndexError::Folder { dir: index.folder.clone(), source })?;
        Ok(Self { index, engine: Some(engine), committed, packer })
    }
}

impl WriteEngine for FolderWriter {
    fn expect(&mut self, _: BTreeSet<String>, _: BTreeSet<String>) -> Result<(), IndexError> {
        Ok(())
    }

    fn load(&mut self, key: &str) -> Result<Option<Committed>, IndexError> {
        let (searcher, fields) = (self.committed.searcher(), &self.index.fields);
        let address = term_address(&searcher, &Term::from_field_text(fields.key, key))?;
        let Some(address) = address else { return Ok(None) };
        let parts = stored_parts(&searcher, fields.stored, address)?;
        Ok(Some((parts.indexed()?, parts.acts()?)))
    }

    fn keys_of(&mut self, digits: &str) -> Result<BTreeSet<String>, IndexError> {
        let searcher = self.committed.searcher();
        // In an id, nothing but the generation follows `-g`.
        let bounds = (format!("{digits}-g"), format!("{digits}-h"));
        let fields = &self.index.fields;
        let addresses = addresses_between(&searcher, fields.id, &bounds.0, &bounds.1)?.into_iter();
        addresses.map(|address| Ok(stored_parts(&searcher, fields.stored, address)?.card.key)).collect()
    }

    fn commit(&mut self, changes: &[Change<'_>], payload: &str) -> Result<(), IndexError> {
        let engine = match &mut self.engine {
            Some(engine) => engine,
            None => self.engine.insert(open_engine(&self.index)?),
        };
        let fields = &self.index.fields;
        for Change { key, report, acts } in changes {
            engine.delete_term(Term::from_field_text(fields.key, key));
            let Some(report) = report else { continue };
            let mut document = FolderDocument { fields, document: TantivyDocument::new() };
            fill(&mut document, report, acts, &mut self.packer)
                .map_err(|source| IndexError::Damaged { key: (*key).to_owned(), source })?;
            engine.add_document(document.document)?;
        }
        let mut commit = engine.prepare_commit()?;
        commit.set_payload(payload);
        commit.commit()?;
        // Until the reader sees the commit, the caller has to keep what it wrote.
        self.committed.reload()?;
        Ok(())
    }

    fn undo(&mut self) {
        // A writer that cannot roll back is useless; dropping it releases its lock.
        if self.engine.as_mut().is_some_and(|engine| engine.rollback().is_err()) {
            self.engine = None;
        }
        // Free what a half-written batch takes on a full disk; if this fails, the next commit does it.
        if let Some(engine) = &self.engine {
            engine.garbage_collect_files().wait().ok();
        }
    }

    fn count(&self) -> u64 {
        self.committed.searcher().num_docs()
    }
}

impl Drop for FolderWriter {
    /// Waits for merges that run: the engine would give its lock up at once, and a merge that ends after another writer
    /// has opened the index replaces the list of files that this one read, and deletes the files.
    fn drop(&mut self) {
        if let Some(engine) = self.engine.take() {
            engine.wait_merging_threads().ok();
        }
    }
}

fn open_engine(index: &FolderIndex) -> Result<IndexWriter, IndexError> {
    let engine = lock_engine(index)?;
    let mut merges = LogMergePolicy::default();
    merges.set_min_layer_size(SMALL_SEGMENT);
    merges.set_del_docs_ratio_before_merge(DELETED_RATIO);
    engine.set_merge_policy(Box::new(merges));
    Ok(engine)
}

/// The engine's writer, for which it locks a file. Waits [`LOCK_WAIT`] for a lock that is held.
fn lock_engine(index: &FolderIndex) -> Result<IndexWriter, IndexError> {
    let deadline = Instant::now() + LOCK_WAIT;
    loop {
        let options = IndexWriterOptions::builder()
            .num_worker_threads(THREADS)
            .memory_budget_per_thread(MEMORY_BYTES / THREADS)
            .num_merge_threads(MERGES)
            .build();
        match index.engine.writer_with_options(options) {
            Err(TantivyError::LockFailure(LockError::LockBusy, _)) if Instant::now() < deadline => {
                thread::sleep(LOCK_PAUSE);
            }
            opened => return Ok(opened?),
        }
    }
}
