//! The one writer: versions are compared before anything is written, and nothing counts before it is
//! committed.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use tantivy::indexer::LogMergePolicy;
use tantivy::{IndexReader, IndexWriter, ReloadPolicy, Term};

use report::Review;

use crate::entry::{Kept, reading};
use crate::reader::{addresses_between, read_kept, term_address};
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
#[derive(Default)]
struct Pending {
    /// None where there is none, or none any more.
    kept: Option<Kept>,
    /// Whether it differs from what was committed.
    changed: bool,
}

/// What entries change in other reports than their own. An original stands for the report that its last
/// reading says it is, so an earlier reading that took it for another report leaves that one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Moves {
    /// Entries that a later reading has made void.
    void: BTreeSet<String>,
    left: BTreeMap<String, Left>,
}

/// What leaves a report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Left {
    /// Ids of readings.
    gone: BTreeSet<String>,
    /// The version that is current then, where it was not before.
    back: Option<String>,
}

impl Moves {
    /// The reports that something leaves, by their keys.
    pub fn left(&self) -> impl Iterator<Item = &String> {
        self.left.keys()
    }

    /// Ids of the versions that are current again; the index has kept them in short only.
    pub fn back(&self) -> impl Iterator<Item = &String> {
        self.left.values().filter_map(|left| left.back.as_ref())
    }
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

    /// What these entries change in other reports than their own; for [`Writer::apply_with`].
    ///
    /// # Errors
    /// If the index cannot be read.
    pub fn moves(&mut self, entries: &[Entry]) -> Result<Moves, Error> {
        let mut moves = Moves::default();
        let mut latest: HashMap<&str, (u32, &str)> = HashMap::new();
        for entry in entries {
            let Some((digits, generation)) = reading(&entry.id) else { continue };
            let known = latest.entry(digits).or_insert((generation, &entry.key));
            *known = (*known).max((generation, &entry.key));
        }
        for entry in entries {
            let Some((digits, generation)) = reading(&entry.id) else { continue };
            if latest.get(digits).is_some_and(|(last, key)| *last > generation && *key != entry.key) {
                moves.void.insert(entry.id.clone());
                continue;
            }
            for key in self.keys_of(digits)? {
                let Some(kept) = self.load(&key)?.kept.as_ref().filter(|_| key != entry.key) else {
                    continue;
                };
                let (later, earlier): (Vec<_>, Vec<_>) =
                    kept.readings_of(digits).partition(|(_, other)| *other > generation);
                if !later.is_empty() {
                    moves.void.insert(entry.id.clone());
                } else if !earlier.is_empty() {
                    let gone = earlier.into_iter().map(|(id, _)| id.clone());
                    moves.left.entry(key.clone()).or_default().gone.extend(gone);
                }
            }
        }
        for (key, left) in &mut moves.left {
            let Some(kept) = &self.load(key)?.kept else { continue };
            if left.gone.contains(&kept.current.id) {
                let stays = kept.versions.values().filter(|version| !left.gone.contains(&version.id));
                left.back = stays.max().map(|version| version.id.clone());
            }
        }
        Ok(moves)
    }

    /// Takes in entries, and says of each what became of it. The end state is the same in whatever
    /// order and batches entries arrive, and however often.
    ///
    /// # Errors
    /// If the engine fails; then everything since the last commit is undone.
    pub fn apply(&mut self, entries: Vec<Entry>) -> Result<Vec<Applied>, Error> {
        let moves = self.moves(&entries)?;
        self.apply_with(entries, &moves, Vec::new())
    }

    /// The same with what these entries move, and with the entries of what is current again; where one of
    /// these is wanting, the report they left is gone.
    ///
    /// # Errors
    /// If the engine fails; then everything since the last commit is undone.
    pub fn apply_with(
        &mut self,
        entries: Vec<Entry>,
        moves: &Moves,
        back: Vec<Entry>,
    ) -> Result<Vec<Applied>, Error> {
        let applied = self.leave(moves, back).and_then(|()| self.try_apply(entries, moves));
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
        let Some(kept) = &self.load(key)?.kept else { return Ok(None) };
        let withdrawn = kept.is_withdrawn()?;
        Ok(Some(Known { id: kept.current.id.clone(), fact: kept.fact.clone(), withdrawn }))
    }

    /// Puts another review in the place of a report's own: with findings that need other reports. What
    /// a report is, and which version is current, it does not touch. False where nothing changes.
    ///
    /// # Errors
    /// If the index cannot be read.
    pub fn rejudge(&mut self, key: &str, review: &Review) -> Result<bool, Error> {
        let pending = self.load(key)?;
        let Some(kept) = &mut pending.kept else { return Ok(false) };
        let changes = kept.rejudge(review);
        let changes = changes.map_err(|source| Error::Record { key: key.to_owned(), source })?;
        pending.changed |= changes;
        Ok(changes)
    }

    fn leave(&mut self, moves: &Moves, back: Vec<Entry>) -> Result<(), Error> {
        let mut back: HashMap<String, Kept> =
            back.into_iter().map(|entry| (entry.id.clone(), Kept::from(entry))).collect();
        for (key, left) in &moves.left {
            let pending = self.load(key)?;
            let Some(mut kept) = pending.kept.take() else { continue };
            kept.versions.retain(|id, _| !left.gone.contains(id));
            pending.changed = true;
            pending.kept = if left.gone.contains(&kept.current.id) {
                let current = left.back.as_ref().and_then(|id| back.remove(id));
                current.map(|current| Kept { versions: kept.versions, ..current })
            } else {
                Some(kept)
            };
        }
        Ok(())
    }

    fn try_apply(&mut self, entries: Vec<Entry>, moves: &Moves) -> Result<Vec<Applied>, Error> {
        let mut applied = Vec::with_capacity(entries.len());
        for entry in entries {
            if moves.void.contains(&entry.id) {
                applied.push(Applied::Superseded);
                continue;
            }
            let entry = Kept::from(entry);
            let id = entry.current.id.clone();
            let pending = self.load(&entry.key)?;
            let (joined, is_new) = match pending.kept.take() {
                Some(kept) => kept.join(entry),
                None => (entry, true),
            };
            let current = joined.current.id == id;
            applied.push(match (is_new, current) {
                (false, current) => Applied::Unchanged { current },
                (true, true) => Applied::Current,
                (true, false) => Applied::Superseded,
            });
            pending.kept = Some(joined);
            pending.changed |= is_new;
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
            engine.delete_term(Term::from_field_text(self.index.fields.key, key));
            let Some(kept) = &pending.kept else { continue };
            let document = self.index.fields.document(kept);
            engine.add_document(document.map_err(|source| Error::Record { key: key.clone(), source })?)?;
        }
        let mut commit = engine.prepare_commit()?;
        commit.set_payload(payload);
        commit.commit()?;
        Ok(())
    }

    /// What is pending of a report; what was committed where nothing is pending yet.
    fn load(&mut self, key: &str) -> Result<&mut Pending, Error> {
        if !self.pending.contains_key(key) {
            let pending = Pending { kept: self.committed(key)?, changed: false };
            self.pending.insert(key.to_owned(), pending);
        }
        Ok(self.pending.entry(key.to_owned()).or_default())
    }

    /// The reports that hold, or held at the last commit, a reading of an original.
    fn keys_of(&self, digits: &str) -> Result<BTreeSet<String>, Error> {
        let holds = |pending: &Pending| {
            pending.kept.as_ref().is_some_and(|kept| kept.readings_of(digits).next().is_some())
        };
        let pending = self.pending.iter().filter(|(_, pending)| holds(pending));
        let mut keys: BTreeSet<String> = pending.map(|(key, _)| key.clone()).collect();
        let searcher = self.committed.searcher();
        // Of ids, `-g` is followed by the generation only.
        let bounds = (format!("{digits}-g"), format!("{digits}-h"));
        for address in addresses_between(&searcher, self.index.fields.id, &bounds.0, &bounds.1)? {
            keys.insert(read_kept(&searcher, &self.index.fields, address)?.key);
        }
        Ok(keys)
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
