//! The index of this process: its writer, and up to where on the log it holds everything.

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
use crate::{measures, neighbours};

/// A report takes some 150 KB while it is written: cells, record and terms. More gain nothing.
pub(crate) const BATCH: usize = 400;
/// What the facts of a batch may take.
pub(crate) const BATCH_BYTES: usize = 8 << 20;

/// Beyond what was to be written, the room that a disk must have before it is not the disk.
const ROOM_BYTES: usize = 16 << 20;

/// One generation of the index, open for writing.
pub(crate) struct Keep {
    worker: Worker,
    policy: Arc<RulePolicy>,
    pub(crate) generation: u32,
    writer: Arc<Mutex<Writer>>,
    position: Position,
}

/// Up to where an index holds everything: kept with every commit, so that whoever opens it reads on from
/// there, and an index that is empty, old or restored mends itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Position {
    /// Every `ReportValidated` up to this place on the log was written.
    sequence: u64,
    /// When the log took what stands there: on a log that lost its end and has grown again it is another time.
    taken_at_ms: i64,
    /// Which log; see [`bus::Extent`].
    log_made_at_ms: i64,
}

/// Why a batch was not written.
enum NotWritten {
    /// The index or its disk.
    Blocked(anyhow::Error),
    /// Something in the batch, as the index takes other things.
    Failed(anyhow::Error),
}

/// How far a batch has come.
enum Step {
    Written(Vec<Applied>),
    /// Nothing is done yet: the versions with these ids are current again, and wanted whole.
    Wants(Vec<String>, Vec<Entry>),
}

/// What it is: written under its key.
pub(crate) type Written = Result<(String, Applied), HandlerError>;

impl Keep {
    /// Over the generation of that number.
    pub(crate) fn new(
        worker: &Worker,
        policy: &Arc<RulePolicy>,
        generation: u32,
        writer: Writer,
    ) -> Result<Self, IndexError> {
        let payload = writer.index().payload()?;
        let position = payload.as_deref().and_then(Position::read).unwrap_or_default();
        measures::opened(generation, writer.count());
        measures::holds(position.sequence);
        Ok(Self {
            worker: worker.clone(),
            policy: Arc::clone(policy),
            generation,
            position,
            writer: Arc::new(Mutex::new(writer)),
        })
    }

    /// Everything up to this place on the log is known to be written.
    ///
    /// # Errors
    /// If the bus does not answer.
    pub(crate) async fn holds_up_to(&mut self, sequence: u64) -> anyhow::Result<()> {
        if sequence > self.position.sequence
            && let Some(taken_at_ms) = self.worker.bus().timestamp_of(sequence).await?
        {
            self.holds(sequence, taken_at_ms);
        }
        Ok(())
    }

    fn holds(&mut self, sequence: u64, taken_at_ms: i64) {
        if sequence > self.position.sequence {
            self.position = Position { sequence, taken_at_ms, ..self.position };
            measures::holds(sequence);
        }
    }

    /// The facts on the log that it may not hold yet, and all that come.
    pub(crate) async fn feed(&mut self) -> Option<Feed> {
        let worker = self.worker.clone();
        let log = worker.retry(|| worker.bus().extent()).await?;
        let taken_at_ms = worker.retry(|| worker.bus().timestamp_of(self.position.sequence)).await?;
        let is_there = taken_at_ms == Some(self.position.taken_at_ms) || self.position.sequence < log.first;
        if self.position.log_made_at_ms != log.made_at_ms || !is_there {
            // Places on another log, or on one that was set back, say nothing of this one.
            self.position = Position { log_made_at_ms: log.made_at_ms, ..Position::default() };
            measures::holds(0);
        }
        let since = Since::Sequence(self.position.sequence + 1);
        worker.retry(|| worker.bus().follow(subject::filter::<ReportValidated>(), since)).await
    }

    /// Writes everything that is on the log; the ids of what could not be written, and for no fault of the
    /// index. None where it is time to stop.
    pub(crate) async fn catch_up(&mut self, tell: impl Fn(u64)) -> Option<Vec<String>> {
        let mut feed = self.feed().await?;
        let mut passed_over = Vec::new();
        while feed.left() > 0 {
            tell(feed.left());
            let first = feed.next().await?;
            passed_over.extend(self.take_in(first, &mut feed).await?);
        }
        Some(passed_over)
    }

    /// Writes what a feed gave and what lies behind it, as much as makes a batch. A full disk is waited for.
    pub(crate) async fn take_in(&mut self, first: Event, feed: &mut Feed) -> Option<Vec<String>> {
        let mut bytes = first.payload.len();
        let mut events = vec![first];
        while feed.left() > 0 && events.len() < BATCH && bytes < BATCH_BYTES {
            let event = feed.next().await?;
            bytes += event.payload.len();
            events.push(event);
        }
        let (last, taken_at_ms) = events.last().map_or((0, 0), |event| (event.sequence, event.at_ms));
        // Whoever leads refuses what cannot be understood.
        let facts: Vec<ReportValidated> = events.iter().filter_map(Event::decode).collect();
        let worker = self.worker.clone();
        let (keep, worker, facts) = (&*self, &worker, &facts);
        let written = || async move {
            let mut passed_over = Vec::new();
            for (fact, written) in facts.iter().zip(keep.write(facts).await) {
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
        self.holds(last, taken_at_ms);
        Some(passed_over)
    }

    /// Writes facts and commits; what became of each. One that the index cannot take does not keep the others out.
    pub(crate) async fn write(&self, facts: &[ReportValidated]) -> Vec<Written> {
        let mut outcomes: Vec<Option<Written>> = facts.iter().map(|_| None).collect();
        let whole = 0..facts.len();
        let mut parts = vec![whole];
        while let Some(part) = parts.pop() {
            let entries = entries(self.worker.blobs(), facts.get(part.clone()).unwrap_or_default()).await;
            let (mut places, mut ready) = (Vec::new(), Vec::new());
            for (place, entry) in part.clone().zip(entries) {
                match entry {
                    Ok(entry) => {
                        places.push((place, entry.key.clone()));
                        ready.push(entry);
                    }
                    Err(trouble) => set(&mut outcomes, place, Err(trouble)),
                }
            }
            match self.write_part(ready).await {
                Ok(applied) => {
                    for ((place, key), applied) in places.into_iter().zip(applied) {
                        set(&mut outcomes, place, Ok((key, applied)));
                    }
                }
                Err(NotWritten::Blocked(error)) => {
                    let all = outcomes.iter_mut().filter(|outcome| outcome.is_none());
                    all.for_each(|outcome| *outcome = Some(Err(HandlerError::Blocked(anyhow!("{error:#}")))));
                    break;
                }
                Err(NotWritten::Failed(error)) if places.len() <= 1 => {
                    for (place, _) in places {
                        set(&mut outcomes, place, Err(HandlerError::Failed(anyhow!("{error:#}"))));
                    }
                }
                Err(NotWritten::Failed(_)) => {
                    let middle = part.start + part.len() / 2;
                    parts.extend([middle..part.end, part.start..middle]);
                }
            }
        }
        let unanswered = || Err(HandlerError::Blocked(anyhow!("the index gave no answer")));
        outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(unanswered)).collect()
    }

    /// Commits the position alone.
    pub(crate) async fn commit(&self) -> anyhow::Result<()> {
        let (writer, payload) = (Arc::clone(&self.writer), self.position.to_string());
        let commit = move || writer.lock().unwrap_or_else(PoisonError::into_inner).commit(&payload);
        Ok(self.worker.cpu().run(commit).await??)
    }

    async fn write_part(&self, mut entries: Vec<Entry>) -> Result<Vec<Applied>, NotWritten> {
        let mut back = None;
        loop {
            let (writer, policy) = (Arc::clone(&self.writer), Arc::clone(&self.policy));
            let payload = self.position.to_string();
            let written = self.worker.cpu().run(move || {
                let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
                write(&mut writer, &policy, entries, back, &payload)
            });
            match written.await.unwrap_or_else(|error| Err(NotWritten::Failed(error)))? {
                Step::Written(applied) => return Ok(applied),
                Step::Wants(ids, same) => {
                    back = Some(self.entries_of(&ids).await.map_err(NotWritten::Blocked)?);
                    entries = same;
                }
            }
        }
    }

    /// What the log and the store have of these readings. What they do not have any more cannot come back.
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
                    tracing::error!(report.id = id, "{id} would be current again and cannot: {trouble:?}");
                }
            }
        }
        Ok(found)
    }
}

fn set(outcomes: &mut [Option<Written>], place: usize, outcome: Written) {
    if let Some(slot) = outcomes.get_mut(place) {
        *slot = Some(outcome);
    }
}

fn write(
    writer: &mut Writer,
    policy: &RulePolicy,
    entries: Vec<Entry>,
    back: Option<Vec<Entry>>,
    payload: &str,
) -> Result<Step, NotWritten> {
    if entries.is_empty() {
        return Ok(Step::Written(Vec::new()));
    }
    let size_bytes: usize = entries.iter().map(|entry| entry.text.len() + entry.fact.len()).sum();
    let written = AssertUnwindSafe(|| {
        let reassignments = writer.reassignments(&entries)?;
        let ids: Vec<String> = reassignments.promoted().cloned().collect();
        if back.is_none() && !ids.is_empty() {
            return Ok(Step::Wants(ids, entries));
        }
        try_write(writer, policy, entries, &reassignments, back.unwrap_or_default(), payload)
            .map(Step::Written)
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
    // Is it the disk, or something in the batch? Where there is room and a commit, it is the batch.
    let works = writer.index().check_room(ROOM_BYTES + 2 * size_bytes).and_then(|()| writer.commit(payload));
    match works.context("the index cannot be written") {
        Ok(()) => Err(NotWritten::Failed(error.context("writing to the index"))),
        Err(blocked) => Err(NotWritten::Blocked(blocked)),
    }
}

/// Applies, judges what changed beside its neighbours, and commits; after that the batch survives anything.
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
    let mut beside = BTreeSet::new();
    for key in reassignments.departed() {
        beside.extend(neighbours::year_after(writer, key)?);
    }
    let applied = writer.apply_with(entries, reassignments, promoted)?;
    let current = keys.into_iter().zip(&applied).filter(|(_, applied)| **applied == Applied::Current);
    let changed = current.map(|(key, _)| key).chain(reassignments.departed().cloned()).collect();
    neighbours::rejudge(writer, policy, &changed, beside)?;
    bus::failpoint("applied");
    writer.commit(payload)?;
    measures::committed(writer.count(), begun.elapsed());
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

/// Opens the current generation for writing; the first is made where there is none.
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
