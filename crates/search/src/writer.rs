//! The one writer. It compares versions before it writes anything, and nothing it writes counts before
//! the commit.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use report::Review;

use crate::engine::{Change, WriteEngine};
use crate::reviews::{Acts, ReportAct};
use crate::versions::{IndexedReport, Reassignments, reading};
use crate::{Entry, Index, IndexError, Version};

/// What became of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// It is the version that a search shows.
    Current,
    /// The index has a later version; the entry joined the list of versions.
    Superseded,
    /// The index had it already, as the current version or as an earlier one.
    Unchanged {
        /// Whether it is the version that a search shows.
        current: bool,
    },
}

impl Applied {
    /// Whether it is the version that a search shows.
    pub fn is_current(self) -> bool {
        matches!(self, Self::Current | Self::Unchanged { current: true })
    }
}

/// A report that was looked at since the last commit.
#[derive(Default)]
struct Pending {
    /// None where the index has no such report, or no longer.
    report: Option<IndexedReport>,
    /// What reviewers did to it.
    acts: Acts,
    /// Whether it differs from the last commit.
    changed: bool,
}

/// The current version of a report, for its comparison with other reports.
#[derive(Debug, Clone, PartialEq)]
pub struct CurrentReport {
    /// The version.
    pub version: Version,
    /// The report with what the rules found in it alone.
    pub review: Arc<Review>,
    /// Whether it was withdrawn.
    pub is_withdrawn: bool,
    /// Who sent each version, the earliest first; see [`Version::sender`].
    pub senders: Vec<String>,
}

/// The one writer of an index.
///
/// When a call fails, everything since the last commit is undone: apply it again.
pub struct Writer {
    index: Index,
    engine: Box<dyn WriteEngine>,
    /// The reports looked at since the last commit, by key, with the changes that the engine does not have.
    pending: HashMap<String, Pending>,
    /// The acts on reports that the last commit does not have, by key.
    unplaced: HashMap<String, Acts>,
}

impl Writer {
    pub(crate) fn new(index: Index, engine: Box<dyn WriteEngine>) -> Self {
        Self { index, engine, pending: HashMap::new(), unplaced: HashMap::new() }
    }

    /// The originals that these entries assign to another report; for [`Writer::apply_with`].
    ///
    /// # Errors
    /// If the index cannot be read.
    pub fn reassignments(&mut self, entries: &[Entry]) -> Result<Reassignments, IndexError> {
        self.expect(entries)?;
        let mut reassignments = Reassignments::within(entries);
        for entry in
            entries.iter().filter(|entry| !reassignments.is_void(&entry.version.id)).collect::<Vec<_>>()
        {
            let Some((digits, _)) = reading(&entry.version.id) else { continue };
            for key in self.keys_of(digits)? {
                if let Some(report) = &self.load(&key)?.report {
                    reassignments.compare(entry, report);
                }
            }
        }
        for key in reassignments.departed().map(|(key, _)| key.clone()).collect::<Vec<_>>() {
            if let Some(report) = &self.load(&key)?.report {
                reassignments.promote(report);
            }
        }
        Ok(reassignments)
    }

    /// Adds entries, and returns what became of each. The end state is the same in whatever order and
    /// batches entries arrive, and however often.
    ///
    /// # Errors
    /// If the engine fails; then everything since the last commit is undone.
    pub fn apply(&mut self, entries: Vec<Entry>) -> Result<Vec<Applied>, IndexError> {
        let reassignments = self.reassignments(&entries)?;
        self.apply_with(entries, &reassignments, Vec::new())
    }

    /// Adds entries whose reassignments are known, with the entries of the promoted versions. A report whose
    /// promoted entry is missing is removed.
    ///
    /// # Errors
    /// If the engine fails; then everything since the last commit is undone.
    pub fn apply_with(
        &mut self,
        entries: Vec<Entry>,
        reassignments: &Reassignments,
        promoted: Vec<Entry>,
    ) -> Result<Vec<Applied>, IndexError> {
        let departed = self.apply_departures(reassignments, promoted);
        let applied = departed.and_then(|()| self.try_apply(entries, reassignments));
        self.undo_on_error(applied)
    }

    /// Adds what reviewers did. Acts on a report that the index does not have wait in memory until it has it.
    ///
    /// # Errors
    /// If the index cannot be read.
    pub fn review(&mut self, acts: Vec<ReportAct>) -> Result<(), IndexError> {
        for ReportAct { key, sequence, act } in acts {
            let pending = self.load(&key)?;
            pending.changed |= pending.acts.add(sequence, act);
        }
        Ok(())
    }

    /// The position on the log of the first act whose report the index does not have. The next process has to read
    /// the acts from there on again.
    pub fn first_unplaced(&self) -> Option<u64> {
        let pending = self.pending.values().filter(|pending| pending.report.is_none());
        let others = self.unplaced.iter().filter(|(key, _)| !self.pending.contains_key(*key));
        let acts = pending.map(|pending| &pending.acts).chain(others.map(|(_, acts)| acts));
        acts.filter_map(Acts::first_sequence).min()
    }

    /// Makes everything applied durable and visible to readers, together with a payload such as the
    /// position in the log. Acknowledge the events only after this.
    ///
    /// # Errors
    /// If the engine fails; then everything since the last commit is undone.
    pub fn commit(&mut self, payload: &str) -> Result<(), IndexError> {
        let committed = self.try_commit(payload);
        self.undo_on_error(committed)?;
        for (key, pending) in self.pending.drain() {
            self.unplaced.remove(&key);
            if pending.report.is_none() && !pending.acts.0.is_empty() {
                self.unplaced.insert(key, pending.acts);
            }
        }
        Ok(())
    }

    /// Undoes everything since the last commit, as a failed call does by itself. For a caller that panicked
    /// half-way.
    pub fn undo(&mut self) {
        self.pending.clear();
        self.engine.undo();
    }

    /// Whether another process has written to the index meanwhile, so that it has to be opened again.
    pub fn is_outdated(&self) -> bool {
        self.engine.is_outdated()
    }

    /// The index it writes.
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// Reports in the last commit, including those that were withdrawn.
    pub fn count(&self) -> u64 {
        self.engine.count()
    }

    /// Reports looked at since the last commit.
    pub fn pending(&self) -> usize {
        self.pending.len()
    }

    /// The current version of a report, with what was applied since the last commit. None where there is no
    /// such report.
    ///
    /// # Errors
    /// [`IndexError::Damaged`] where its fact cannot be decoded, or if the index cannot be read.
    pub fn current(&mut self, key: &str) -> Result<Option<CurrentReport>, IndexError> {
        let Some(report) = &self.load(key)?.report else { return Ok(None) };
        let review = report.review();
        let review = review.map_err(|source| IndexError::Damaged { key: key.to_owned(), source })?;
        Ok(Some(CurrentReport {
            version: report.current.clone(),
            review: Arc::clone(review),
            is_withdrawn: report.withdrawal.is_some(),
            senders: report.senders(),
        }))
    }

    /// Replaces the findings of a report by those of another review of it, which also compared it with other
    /// reports. The report itself and its current version stay. Returns whether anything changed.
    ///
    /// # Errors
    /// [`IndexError::Damaged`] where its fact cannot be decoded, or if the index cannot be read.
    pub fn rejudge(&mut self, key: &str, review: &Review) -> Result<bool, IndexError> {
        let pending = self.load(key)?;
        let Some(report) = &mut pending.report else { return Ok(false) };
        let changes = report.rejudge(review);
        let changes = changes.map_err(|source| IndexError::Damaged { key: key.to_owned(), source })?;
        pending.changed |= changes;
        Ok(changes)
    }

    fn apply_departures(
        &mut self,
        reassignments: &Reassignments,
        promoted: Vec<Entry>,
    ) -> Result<(), IndexError> {
        let mut promoted: HashMap<String, IndexedReport> =
            promoted.into_iter().map(|entry| (entry.version.id.clone(), entry.into())).collect();
        for (key, departure) in reassignments.departures() {
            let pending = self.load(key)?;
            let Some(report) = pending.report.take() else { continue };
            let current = departure.promoted.as_ref().and_then(|id| promoted.remove(id));
            pending.changed = true;
            pending.report = report.without(departure, current);
        }
        Ok(())
    }

    fn try_apply(
        &mut self,
        entries: Vec<Entry>,
        reassignments: &Reassignments,
    ) -> Result<Vec<Applied>, IndexError> {
        let mut applied = Vec::with_capacity(entries.len());
        for entry in entries {
            if reassignments.is_void(&entry.version.id) {
                applied.push(Applied::Superseded);
                continue;
            }
            let entry = IndexedReport::from(entry);
            let id = entry.current.id.clone();
            let pending = self.load(&entry.key)?;
            let (joined, is_new) = match pending.report.take() {
                Some(report) => report.join(entry),
                None => (entry, true),
            };
            let current = joined.current.id == id;
            applied.push(match (is_new, current) {
                (false, current) => Applied::Unchanged { current },
                (true, true) => Applied::Current,
                (true, false) => Applied::Superseded,
            });
            pending.report = Some(joined);
            pending.changed |= is_new;
        }
        Ok(applied)
    }

    fn try_commit(&mut self, payload: &str) -> Result<(), IndexError> {
        let changed = self.pending.iter().filter(|(_, pending)| pending.changed);
        let mut changes: Vec<Change<'_>> = changed
            .map(|(key, pending)| Change { key, report: pending.report.as_ref(), acts: &pending.acts })
            .collect();
        changes.sort_unstable_by_key(|change| change.key);
        self.engine.commit(&changes, payload)
    }

    /// Tells the engine which reports these entries will be compared with: themselves, and those of the years before
    /// and after.
    fn expect(&mut self, entries: &[Entry]) -> Result<(), IndexError> {
        let neighbour = |entry: &Entry, years| Entry::key_of_neighbour(&entry.review.report, years);
        let keys = entries.iter().flat_map(|entry| {
            [Some(entry.key.clone()), neighbour(entry, -1), neighbour(entry, 1)].into_iter().flatten()
        });
        let keys = keys.filter(|key| !self.pending.contains_key(key)).collect();
        let originals =
            entries.iter().filter_map(|entry| Some(reading(&entry.version.id)?.0.to_owned())).collect();
        self.engine.expect(keys, originals)
    }

    /// The pending state of a report; the committed state where nothing is pending yet.
    fn load(&mut self, key: &str) -> Result<&mut Pending, IndexError> {
        if !self.pending.contains_key(key) {
            let (report, acts) = match self.engine.load(key)? {
                Some((report, acts)) => (Some(report), acts),
                None => (None, self.unplaced.get(key).cloned().unwrap_or_default()),
            };
            let pending = Pending { report, acts, changed: false };
            self.pending.insert(key.to_owned(), pending);
        }
        Ok(self.pending.entry(key.to_owned()).or_default())
    }

    /// The reports that have a reading of an original, or had one at the last commit.
    fn keys_of(&mut self, digits: &str) -> Result<BTreeSet<String>, IndexError> {
        let has_one = |pending: &Pending| {
            pending.report.as_ref().is_some_and(|report| report.readings_of(digits).next().is_some())
        };
        let pending = self.pending.iter().filter(|(_, pending)| has_one(pending));
        let mut keys: BTreeSet<String> = pending.map(|(key, _)| key.clone()).collect();
        keys.extend(self.engine.keys_of(digits)?);
        Ok(keys)
    }

    fn undo_on_error<T>(&mut self, result: Result<T, IndexError>) -> Result<T, IndexError> {
        if result.is_err() {
            self.undo();
        }
        result
    }
}
