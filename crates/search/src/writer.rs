//! The one writer: versions are compared before anything is written, and nothing counts before it is
//! committed.

use std::collections::HashMap;

use tantivy::indexer::LogMergePolicy;
use tantivy::{IndexReader, IndexWriter, ReloadPolicy, Term};

use report::Review;

use crate::entry::Kept;
use crate::reader::{read_kept, term_address};
use crate::{Entry, Error, Index};

/// Two threads, as many as the machine is sized for; a third would take from parsing.
const THREADS: usize = 2;
/// For both threads together. Below it the many columns make each thread flush small segments; above
/// it nothing gets faster.
const MEMORY_BYTES: usize = 128 << 20;
/// Segments with more deleted documents than this are merged; the engine's default never does.
const DELETED_RATIO: f32 = 0.2;

/// What became of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// It is what a search shows.
    Current,
    /// A later version was there already; it joined the list of versions.
    Superseded,
    /// It was there already, as the current version or as an earlier one.
    Unchanged {
        /// Whether it is what a search shows.
        current: bool,
    },
}

impl Applied {
    /// Whether it is what a search shows.
    pub fn is_current(self) -> bool {
        matches!(self, Self::Current | Self::Unchanged { current: true })
    }
}

/// A report on its way into the next commit.
struct Pending {
    kept: Kept,
    /// Whether it differs from what was committed.
    changed: bool,
}

/// What the index holds of a report, for whoever judges it beside others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// See [`Entry::id`]; of the current version.
    pub id: String,
    /// See [`Entry::fact`].
    pub fact: Vec<u8>,
    /// Whether it was taken back.
    pub withdrawn: bool,
}

/// The one writer of an index.
///
/// When a call fails, everything since the last commit is undone: apply it again.
pub struct Writer {
    index: Index,
    /// None after a rollback failed; opened again by the next call.
    engine: Option<IndexWriter>,
    committed: IndexReader,
    /// The reports looked at since the last commit, with what the reader cannot see yet.
    pending: HashMap<String, Pending>,
}

impl Writer {
    pub(crate) fn new(index: Index) -> Result<Self, Error> {
        let engine = open_engine(&index)?;
        let committed = index.engine.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        Ok(Self { index, engine: Some(engine), committed, pending: HashMap::new() })
    }

    /// Takes in entries, and says of each what became of it. The end state is the same in whatever
    /// order and batches entries arrive, and however often.
    ///
    /// # Errors
    /// If the engine fails; then everything since the last commit is undone.
    pub fn apply(&mut self, entries: Vec<Entry>) -> Result<Vec<Applied>, Error> {
        let applied = self.try_apply(entries);
        self.undo_on_error(applied)
    }

    /// Makes everything applied durable and visible to readers, together with a payload such as the
    /// position in the log. Only then may the events be acknowledged.
    ///
    /// # Errors
    /// If the engine fails; then everything since the last commit is undone.
    pub fn commit(&mut self, payload: &str) -> Result<(), Error> {
        let committed = self.try_commit(payload);
        self.undo_on_error(committed)?;
        // Until the reader sees the commit, what is pending stays what versions are compared with.
        self.committed.reload()?;
        self.pending.clear();
        Ok(())
    }

    /// Forgets everything since the last commit, as a failed call does by itself: for a caller that
    /// panicked half-way.
    pub fn undo(&mut self) {
        self.pending.clear();
        // A writer that cannot roll back is done with; dropping it gives up its lock.
        if self.engine.as_mut().is_some_and(|engine| engine.rollback().is_err()) {
            self.engine = None;
        }
        // What a full disk holds of a half-written batch is given back; if not now, then by a commit.
        if let Some(engine) = &self.engine {
            engine.garbage_collect_files().wait().ok();
        }
    }

    /// The index it writes.
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// Reports in the last commit, also those that were taken back.
    pub fn count(&self) -> u64 {
        self.committed.searcher().num_docs()
    }

    /// Reports looked at since the last commit.
    pub fn pending(&self) -> usize {
        self.pending.len()
    }

    /// What is known of a report, with what was applied since the last commit.
    ///
    /// # Errors
    /// If the index cannot be read.
    pub fn known(&mut self, key: &str) -> Result<Option<Known>, Error> {
        let Some(pending) = self.load(key)? else { return Ok(None) };
        let kept = &pending.kept;
        let withdrawn = kept.is_withdrawn()?;
        Ok(Some(Known { id: kept.current.id.clone(), fact: kept.fact.clone(), withdrawn }))
    }

    /// Puts another review in the place of a report's own: with findings that need other reports. What
    /// a report is, and which version is current, it does not touch. False where nothing changes.
    ///
    /// # Errors
    /// If the index cannot be read.
    pub fn rejudge(&mut self, key: &str, review: &Review) -> Result<bool, Error> {
        let Some(pending) = self.load(key)? else { return Ok(false) };
        let changes = pending.kept.rejudge(review);
        let changes = changes.map_err(|source| Error::Record { key: key.to_owned(), source })?;
        pending.changed |= changes;
        Ok(changes)
    }

    fn try_apply(&mut self, entries: Vec<Entry>) -> Result<Vec<Applied>, Error> {
        let mut applied = Vec::with_capacity(entries.len());
        for entry in entries {
            let entry = Kept::from(entry);
            let key = entry.key.clone();
            let id = entry.current.id.clone();
            self.load(&key)?;
            let (joined, is_new, was_changed) = match self.pending.remove(&key) {
                Some(Pending { kept, changed }) => {
                    let (joined, is_new) = kept.join(entry);
                    (joined, is_new, changed)
                }
                None => (entry, true, false),
            };
            let current = joined.current.id == id;
            applied.push(match (is_new, current) {
                (false, current) => Applied::Unchanged { current },
                (true, true) => Applied::Current,
                (true, false) => Applied::Superseded,
            });
            self.pending.insert(key, Pending { kept: joined, changed: is_new || was_changed });
        }
        Ok(applied)
    }

    fn try_commit(&mut self, payload: &str) -> Result<(), Error> {
        let engine = match &mut self.engine {
            Some(engine) => engine,
            None => self.engine.insert(open_engine(&self.index)?),
        };
        let mut changed: Vec<_> = self.pending.iter().filter(|(_, pending)| pending.changed).collect();
        changed.sort_unstable_by_key(|(key, _)| *key);
        for (key, pending) in changed {
            let document = self.index.fields.document(&pending.kept);
            let document = document.map_err(|source| Error::Record { key: key.clone(), source })?;
            engine.delete_term(Term::from_field_text(self.index.fields.key, key));
            engine.add_document(document)?;
        }
        let mut commit = engine.prepare_commit()?;
        commit.set_payload(payload);
        commit.commit()?;
        Ok(())
    }

    /// What is pending of a report; what was committed where nothing is pending yet.
    fn load(&mut self, key: &str) -> Result<Option<&mut Pending>, Error> {
        if !self.pending.contains_key(key)
            && let Some(kept) = self.committed(key)?
        {
            self.pending.insert(key.to_owned(), Pending { kept, changed: false });
        }
        Ok(self.pending.get_mut(key))
    }

    /// What the last commit holds of a report.
    fn committed(&self, key: &str) -> Result<Option<Kept>, Error> {
        let searcher = self.committed.searcher();
        let term = Term::from_field_text(self.index.fields.key, key);
        let address = term_address(&searcher, &term)?;
        address.map(|address| read_kept(&searcher, &self.index.fields, address)).transpose()
    }

    fn undo_on_error<T>(&mut self, result: Result<T, Error>) -> Result<T, Error> {
        if result.is_err() {
            self.undo();
        }
        result
    }
}

fn open_engine(index: &Index) -> Result<IndexWriter, Error> {
    let engine: IndexWriter = index.engine.writer_with_num_threads(THREADS, MEMORY_BYTES)?;
    let mut merges = LogMergePolicy::default();
    merges.set_del_docs_ratio_before_merge(DELETED_RATIO);
    engine.set_merge_policy(Box::new(merges));
    Ok(engine)
}
