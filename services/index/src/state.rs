//! The open index of this process: its writer, and its position on the log.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use anyhow::{Context as _, anyhow};
use bus::{Event, Feed, Since};
use proto::subject;
use proto::v1::ReportValidated;
use rules::RulePolicy;
use search::{Applied, Entry, Generations, IndexError, Reassignments, Writer};
use worker::{HandlerError, Worker};

use crate::entry::entries;
use crate::{metrics, neighbours};

/// A report takes some 150 KB while it is written: cells, record and terms. More gain nothing.
pub(crate) const BATCH: usize = 400;
/// The most that the facts of a batch may take together.
pub(crate) const BATCH_BYTES: usize = 8 << 20;

/// If the disk has this much room beyond the size of the batch, a failed write is not the fault of the disk.
const ROOM_BYTES: usize = 16 << 20;

/// One generation of the index, open for writing.
pub(crate) struct IndexState {
    worker: Worker,
    policy: Arc<RulePolicy>,
    pub(crate) generation: u32,
    writer: Arc<Mutex<Writer>>,
    position: Position,
}

/// The position on the log up to which an index has everything. Every commit stores it, so that the process
/// that opens the index reads on from there, and an index that is empty, old or restored catches up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Position {
    /// Every `ReportValidated` up to this sequence number was written.
    sequence: u64,
    /// When the log took the message with this number. It differs on a log that lost its end and grew again.
    taken_at_ms: i64,
    /// Which log; see [`bus::Extent`].
    log_made_at_ms: i64,
}

/// Why a batch was not written.
enum BatchError {
    /// The index or its disk cannot be written.
    Blocked(anyhow::Error),
    /// Something in the batch cannot be written; the index takes other reports.
    Failed(anyhow::Error),
}

/// The outcome of one attempt to write a batch.
enum Attempt {
    Written(Vec<Applied>),
    /// Nothing was written yet: the versions with these ids become current again, so their entries are needed.
    NeedsPromoted(Vec<String>, Vec<Entry>),
}

/// The key that a report was written under, and what became of it.
pub(crate) type Written = Result<(String, Applied), HandlerError>;

impl IndexState {
    /// The state of the generation that this writer writes.
    pub(crate) fn new(
        worker: &Worker,
        policy: &Arc<RulePolicy>,
        generation: u32,
        writer: Writer,
    ) -> Result<Self, IndexError> {
        let payload = writer.index().payload()?;
        let position = payload.as_deref().and_then(Position::read).unwrap_or_default();
        metrics::opened(generation, writer.count());
        metrics::indexed_up_to(position.sequence);
        Ok(Self {
            worker: worker.clone(),
            policy: Arc::clone(policy),
            generation,
            position,
            writer: Arc::new(Mutex::new(writer)),
        })
    }

    /// Advances the position: the caller knows that everything up to this sequence number was written.
    ///
    /// # Errors
    /// If the bus does not answer.
    pub(crate) async fn advance_to(&mut self, sequence: u64) -> anyhow::Result<()> {
        if sequence > self.position.sequence
            && let Some(taken_at_ms) = self.worker.bus().timestamp_of(sequence).await?
        {
            self.advance(sequence, taken_at_ms);
        }
        Ok(())
    }

    fn advance(&mut self, sequence: u64, taken_at_ms: i64) {
        if sequence > self.position.sequence {
            self.position = Position { sequence, taken_at_ms, ..self.position };
            metrics::indexed_up_to(sequence);
        }
    }

    /// A feed of the facts on the log that the index may lack, and of all later ones.
    pub(crate) async fn feed(&mut self) -> Option<Feed> {
        let worker = self.worker.clone();
        let log = worker.retry(|| worker.bus().extent()).await?;
        let taken_at_ms = worker.retry(|| worker.bus().timestamp_of(self.position.sequence)).await?;
        let is_same_log =
            taken_at_ms == Some(self.position.taken_at_ms) || self.position.sequence < log.first;
        if self.position.log_made_at_ms != log.made_at_ms || !is_same_log {
            // A position on another log, or on a log that was set back, means nothing: begin at its start.
            self.position = Position { log_made_at_ms: log.made_at_ms, ..Position::default() };
            metrics::indexed_up_to(0);
        }
        let since = Since::Sequence(self.position.sequence + 1);
        worker.retry(|| worker.bus().follow(subject::filter::<ReportValidated>(), since)).await
    }

    /// Writes everything that is on the log. Returns the ids of the reports that the index cannot take. None
    /// where shutdown is requested. `on_progress` gets the number of facts left.
    pub(crate) async fn catch_up(&mut self, on_progress: impl Fn(u64)) -> Option<Vec<String>> {
        let mut feed = self.feed().await?;
        let mut passed_over = Vec::new();
        while feed.left() > 0 {
            on_progress(feed.left());
            let first = feed.next().await?;
            passed_over.extend(self.write_from_feed(first, &mut feed).await?);
        }
        Some(passed_over)
    }

    /// Writes a fact of a feed, together with the following ones that fill its batch. Waits while the disk is full.
    /// Returns the ids of the reports that the index cannot take.
    pub(crate) async fn write_from_feed(&mut self, first: Event, feed: &mut Feed) -> Option<Vec<String>> {
        let mut bytes = first.payload.len();
        let mut events = vec![first];
        while feed.left() > 0 && events.len() < BATCH && bytes < BATCH_BYTES {
            let event = feed.next().await?;
            bytes += event.payload.len();
            events.push(event);
        }
        let (last, taken_at_ms) = events.last().map_or((0, 0), |event| (event.sequence, event.at_ms));
        // The process with the lease refuses what cannot be decoded.
        let facts: Vec<ReportValidated> = events.iter().filter_map(Event::decode).collect();
        let worker = self.worker.clone();
        let (state, worker, facts) = (&*self, &worker, &facts);
        let written = || async move {
            let mut passed_over = Vec::new();
            for (fact, written) in facts.iter().zip(state.write(facts).await) {
                let why = match written {
                    Ok(_) => continue,
                    Err(HandlerError::Blocked(error)) => return Err(error),
                    Err(HandlerError::Failed(error)) => format!("{error:#}"),
                    Err(HandlerError::Refused(refusal)) => refusal.detail,
                };
                let id = fact.submitted.as_ref().map(|submitted| submitted.id.clone()).unwrap_or_default();
                tracing::error!(stage = worker.name(), report.id = id, "the index cannot take {id}: {why}");
                passed_over.push(id);
            }
            Ok(passed_over)
        };
        let passed_over = worker.retry(written).await?;
        self.advance(last, taken_at_ms);
        Some(passed_over)
    }

    /// Writes facts and commits. Returns what became of each. A fact that the index cannot take does not block
    /// the others: the batch is halved until it stands alone.
    pub(crate) async fn write(&self, facts: &[ReportValidated]) -> Vec<Written> {
        let mut outcomes: Vec<Option<Written>> = facts.iter().map(|_| None).collect();
        let whole = 0..facts.len();
        let mut parts = vec![whole];
        while let Some(part) = parts.pop() {
            let entries = entries(self.worker.blobs(), facts.get(part.clone()).unwrap_or_default()).await;
            let (mut positions, mut ready) = (Vec::new(), Vec::new());
            for (position, entry) in part.clone().zip(entries) {
                match entry {
                    Ok(entry) => {
                        positions.push((position, entry.key.clone()));
                        ready.push(entry);
                    }
                    Err(trouble) => set(&mut outcomes, position, Err(trouble)),
                }
            }
            match self.write_part(ready).await {
                Ok(applied) => {
                    for ((position, key), applied) in positions.into_iter().zip(applied) {
                        set(&mut outcomes, position, Ok((key, applied)));
                    }
                }
                Err(BatchError::Blocked(error)) => {
                    let all = outcomes.iter_mut().filter(|outcome| outcome.is_none());
                    all.for_each(|outcome| *outcome = Some(Err(HandlerError::Blocked(anyhow!("{error:#}")))));
                    break;
                }
                Err(BatchError::Failed(error)) if positions.len() <= 1 => {
                    for (position, _) in positions {
                        set(&mut outcomes, position, Err(HandlerError::Failed(anyhow!("{error:#}"))));
                    }
                }
                Err(BatchError::Failed(_)) => {
                    let middle = part.start + part.len() / 2;
                    parts.extend([middle..part.end, part.start..middle]);
                }
            }
        }
        let missing = || Err(HandlerError::Blocked(anyhow!("the index returned no outcome")));
        outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(missing)).collect()
    }

    /// Commits the position alone.
    pub(crate) async fn commit(&self) -> anyhow::Result<()> {
        let (writer, payload) = (Arc::clone(&self.writer), self.position.to_string());
        let commit = move || writer.lock().unwrap_or_else(PoisonError::into_inner).commit(&payload);
        Ok(self.worker.cpu().run(commit).await??)
    }

    async fn write_part(&self, mut entries: Vec<Entry>) -> Result<Vec<Applied>, BatchError> {
        let mut promoted = None;
        loop {
            let (writer, policy) = (Arc::clone(&self.writer), Arc::clone(&self.policy));
            let payload = self.position.to_string();
            let written = self.worker.cpu().run(move || {
                let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
                write(&mut writer, &policy, entries, promoted, &payload)
            });
            match written.await.unwrap_or_else(|error| Err(BatchError::Failed(error)))? {
                Attempt::Written(applied) => return Ok(applied),
                Attempt::NeedsPromoted(ids, unwritten) => {
                    promoted = Some(self.entries_of(&ids).await.map_err(BatchError::Blocked)?);
                    entries = unwritten;
                }
            }
        }
    }

    /// The entries of these readings, from the log and the blob store. A reading that is no longer there is left out.
    async fn entries_of(&self, ids: &[String]) -> anyhow::Result<Vec<Entry>> {
        let mut facts = Vec::new();
        for id in ids {
            facts.extend(self.worker.bus().last_of_id::<ReportValidated>(id).await?);
        }
        let mut found = Vec::new();
        for (fact, entry) in facts.iter().zip(entries(self.worker.blobs(), &facts).await) {
            match entry {
                Ok(entry) => found.push(entry),
                Err(HandlerError::Blocked(error)) => return Err(error),
                Err(trouble) => {
                    let id = fact.submitted.as_ref().map_or("", |submitted| &submitted.id);
                    tracing::error!(
                        report.id = id,
                        "{id} should become current again and cannot: {trouble:?}"
                    );
                }
            }
        }
        Ok(found)
    }
}

fn set(outcomes: &mut [Option<Written>], position: usize, outcome: Written) {
    if let Some(slot) = outcomes.get_mut(position) {
        *slot = Some(outcome);
    }
}

fn write(
    writer: &mut Writer,
    policy: &RulePolicy,
    entries: Vec<Entry>,
    promoted: Option<Vec<Entry>>,
    payload: &str,
) -> Result<Attempt, BatchError> {
    if entries.is_empty() {
        return Ok(Attempt::Written(Vec::new()));
    }
    let size_bytes: usize = entries.iter().map(|entry| entry.text.len() + entry.fact.len()).sum();
    let written = AssertUnwindSafe(|| {
        let reassignments = writer.reassignments(&entries)?;
        let ids: Vec<String> = reassignments.promoted().cloned().collect();
        if promoted.is_none() && !ids.is_empty() {
            return Ok(Attempt::NeedsPromoted(ids, entries));
        }
        try_write(writer, policy, entries, &reassignments, promoted.unwrap_or_default(), payload)
            .map(Attempt::Written)
    });
    let error = match catch_unwind(written) {
        Ok(Ok(step)) => return Ok(step),
        Ok(Err(error)) => anyhow::Error::new(error),
        Err(panic) => {
            writer.undo();
            let said = panic.downcast_ref::<String>().map(String::as_str);
            anyhow!("panicked: {}", said.or(panic.downcast_ref::<&str>().copied()).unwrap_or_default())
        }
    };
    // If the disk has room and the index commits, the fault lies in the batch.
    let usable = writer.index().check_room(ROOM_BYTES + 2 * size_bytes).and_then(|()| writer.commit(payload));
    match usable.context("the index cannot be written") {
        Ok(()) => Err(BatchError::Failed(error.context("writing to the index"))),
        Err(blocked) => Err(BatchError::Blocked(blocked)),
    }
}

/// Applies a batch, compares the changed reports with their neighbours, and commits. After the commit the batch
/// survives a crash.
fn try_write(
    writer: &mut Writer,
    policy: &RulePolicy,
    entries: Vec<Entry>,
    reassignments: &Reassignments,
    promoted: Vec<Entry>,
    payload: &str,
) -> Result<Vec<Applied>, IndexError> {
    let begun = Instant::now();
    let keys: Vec<String> = entries.iter().map(|entry| entry.key.clone()).collect();
    let mut others = BTreeSet::new();
    for key in reassignments.departed() {
        others.extend(neighbours::year_after(writer, key)?);
    }
    let applied = writer.apply_with(entries, reassignments, promoted)?;
    let current = keys.into_iter().zip(&applied).filter(|(_, applied)| **applied == Applied::Current);
    let changed = current.map(|(key, _)| key).chain(reassignments.departed().cloned()).collect();
    neighbours::rejudge(writer, policy, &changed, others)?;
    bus::failpoint("applied");
    writer.commit(payload)?;
    metrics::committed(writer.count(), begun.elapsed());
    Ok(applied)
}

impl Position {
    fn read(payload: &str) -> Option<Self> {
        let mut parts = payload.split('@');
        let position = Self {
            sequence: parts.next()?.parse().ok()?,
            taken_at_ms: parts.next()?.parse().ok()?,
            log_made_at_ms: parts.next()?.parse().ok()?,
        };
        parts.next().is_none().then_some(position)
    }
}

impl std::fmt::Display for Position {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}@{}@{}", self.sequence, self.taken_at_ms, self.log_made_at_ms)
    }
}

/// Opens the current generation for writing. Creates the first where there is none.
pub(crate) fn open(generations: &Generations) -> Result<(u32, Writer), IndexError> {
    let (generation, index) = generations.open_current()?;
    Ok((generation, index.writer()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_reads_back() {
        let position =
            Position { sequence: 17, taken_at_ms: 1_764_000_000_017, log_made_at_ms: 1_764_000_000_000 };
        assert_eq!(Position::read(&position.to_string()), Some(position));
        for other in ["", "17", "x@1@2", "17@1", "17@1@", "17@1@2@3"] {
            assert_eq!(Position::read(other), None, "{other}");
        }
    }
}
