//! The index of this process: its writer, and how it takes in the reports on the log.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use anyhow::{Context as _, anyhow};
use bus::{Event, Feed, Since};
use policy::InForce;
use proto::subject;
use proto::v1::ReportValidated;
use search::{Applied, Entry, Generations, IndexError, Reassignments, Writer};
use tokio::sync::watch;
use tokio::task::JoinSet;
use worker::{HandlerError, Worker};

use crate::entry::entries;
use crate::position::{Place, Position};
use crate::rejudged::{Cause, Role};
use crate::reviews::ReviewFollower;
use crate::{measures, neighbours};

/// A report needs some 150 KB while it is written: cells, record and terms. Larger batches gain nothing.
pub(crate) const BATCH: usize = 400;
/// The limit of the facts of a batch in bytes.
pub(crate) const BATCH_BYTES: usize = 8 << 20;

/// With this free space beyond the batch, a failed write is the fault of the batch and not of the disk.
const ROOM_BYTES: usize = 16 << 20;

/// One generation of the index, open for writing.
pub(crate) struct IndexState {
    pub(crate) worker: Worker,
    pub(crate) policy: InForce,
    pub(crate) generation: u32,
    pub(crate) writer: Arc<Mutex<Writer>>,
    pub(crate) position: Arc<watch::Sender<Position>>,
    /// The reports of which something was written since their new judgements were last published.
    pub(crate) touched: Arc<Mutex<BTreeSet<String>>>,
    /// Of the reports that were judged again, those whose reading was not indexed yet as the log has it.
    pub(crate) postponed: Arc<Mutex<BTreeSet<String>>>,
    /// The task that follows what reviewers do, if it was started; it ends with this state.
    reviews: JoinSet<()>,
}

/// Why a batch was not written.
enum WriteError {
    /// The index or its disk is at fault.
    Blocked(anyhow::Error),
    /// Something in the batch is at fault, because the index accepts other writes.
    Failed(anyhow::Error),
}

/// The progress of a batch.
enum Step {
    Written(Vec<Applied>),
    /// Nothing is written yet: the versions with these ids become current again, and their entries are needed.
    Wants(Vec<String>, Vec<Entry>),
}

/// The key of an entry and how it was applied.
pub(crate) type Written = Result<(String, Applied), HandlerError>;

impl IndexState {
    /// The state of the generation of that number.
    pub(crate) fn new(
        worker: &Worker,
        policy: InForce,
        generation: u32,
        writer: Writer,
    ) -> Result<Self, IndexError> {
        let payload = writer.index().payload()?;
        let position = payload.as_deref().and_then(Position::read).unwrap_or_default();
        measures::opened(generation, writer.count());
        measures::position(position.reports.sequence);
        Ok(Self {
            worker: worker.clone(),
            policy,
            generation,
            position: Arc::new(watch::Sender::new(position)),
            writer: Arc::new(Mutex::new(writer)),
            touched: Arc::default(),
            postponed: Arc::default(),
            reviews: JoinSet::new(),
        })
    }

    /// Follows what reviewers do, until this state is dropped.
    pub(crate) fn follow_reviews(&mut self) {
        self.reviews.abort_all();
        self.reviews.spawn(self.review_follower().follow());
    }

    /// Writes what reviewers did into this generation.
    pub(crate) fn review_follower(&self) -> ReviewFollower {
        ReviewFollower {
            worker: self.worker.clone(),
            writer: Arc::clone(&self.writer),
            position: Arc::clone(&self.position),
        }
    }

    /// Records that everything up to this position on the log is written.
    ///
    /// # Errors
    /// If the bus does not answer.
    pub(crate) async fn advance_to(&mut self, sequence: u64) -> anyhow::Result<()> {
        if sequence > self.position.borrow().reports.sequence
            && let Some(taken_at_ms) = self.worker.bus().timestamp_of(sequence).await?
        {
            self.advance(sequence, taken_at_ms);
        }
        Ok(())
    }

    fn advance(&self, sequence: u64, at_ms: i64) {
        if sequence > self.position.borrow().reports.sequence {
            self.position.send_modify(|position| position.reports = Place { sequence, at_ms });
            measures::position(sequence);
        }
    }

    /// Follows the facts on the log from the position on.
    pub(crate) async fn feed(&mut self) -> Option<Feed> {
        let worker = self.worker.clone();
        let log = worker.retry(|| worker.bus().extent()).await?;
        let position = self.position.borrow().clone();
        let reached = position.reports;
        let at_ms = worker.retry(|| worker.bus().timestamp_of(reached.sequence)).await?;
        let is_there = at_ms == Some(reached.at_ms) || reached.sequence < log.first;
        let mut next = reached.sequence + 1;
        if position.log_made_at_ms != log.made_at_ms || !is_there {
            // Positions on another log, or on one that lost its end, are void on this one.
            self.position.send_modify(|position| {
                let policy = std::mem::take(&mut position.policy);
                *position = Position { log_made_at_ms: log.made_at_ms, policy, ..Position::default() };
            });
            measures::position(0);
            next = 1;
            if !self.reviews.is_empty() {
                self.follow_reviews();
            }
        }
        let since = Since::Sequence(next);
        worker.retry(|| worker.bus().follow(subject::filter::<ReportValidated>(), since)).await
    }

    /// From now on, judges under this policy. If the reports in the index were judged under another one, it judges
    /// all of them again, and commits the id of the policy with the last of them. Only reports whose findings change
    /// are written.
    ///
    /// # Errors
    /// If the index cannot be read or written.
    pub(crate) async fn judge_under(
        &mut self,
        policy: InForce,
        role: Role,
        report_left: impl Fn(usize),
    ) -> anyhow::Result<()> {
        if self.position.borrow().policy == policy.id() {
            self.policy = policy;
            return Ok(());
        }
        let id = policy.id().to_owned();
        self.policy = policy;
        let writer = Arc::clone(&self.writer);
        let list = move || {
            let mut keys = Vec::new();
            let writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
            writer.index().reader()?.each_card(|card| keys.push(card.key))?;
            Ok::<_, IndexError>(keys)
        };
        let keys = self.worker.cpu().run(list).await?.context("listing the reports to be judged again")?;
        tracing::info!(policy = id, reports = keys.len(), "judging {} reports again", keys.len());
        for (number, part) in keys.chunks(BATCH).enumerate() {
            if self.worker.shutdown().is_requested() {
                return Ok(());
            }
            report_left(keys.len() - number * BATCH);
            let (writer, policy) = (Arc::clone(&self.writer), self.policy.clone());
            let cause = Cause::policy(policy.id());
            let part = part.iter().map(|key| (key.clone(), cause.clone())).collect();
            let position = Arc::clone(&self.position);
            let judge = move || {
                let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
                writer.index().check()?;
                let rejudged = neighbours::rejudge(&mut writer, &policy, &BTreeSet::new(), &part)?;
                let mut next = position.borrow().clone();
                next.pending.extend(rejudged);
                let payload = payload(next.clone(), &writer);
                writer.commit(&payload)?;
                position.send_modify(|position| position.pending = next.pending);
                Ok::<_, IndexError>(())
            };
            self.worker.cpu().run(judge).await?.context("judging reports again")?;
            self.publish_rejudged(role).await;
        }
        self.position.send_modify(|position| position.policy = id);
        self.commit().await
    }

    /// Writes everything on the log. Returns the ids of reports that the index cannot take through no fault of
    /// its own. None at shutdown.
    pub(crate) async fn catch_up(&mut self, report_left: impl Fn(u64)) -> Option<Vec<String>> {
        let mut feed = self.feed().await?;
        let mut passed_over = Vec::new();
        while feed.left() > 0 {
            report_left(feed.left());
            let first = feed.next().await?;
            passed_over.extend(self.take_in(first, &mut feed).await?);
        }
        Some(passed_over)
    }

    /// Writes an event of a feed and those after it, up to a batch. Waits while the disk is full.
    pub(crate) async fn take_in(&mut self, first: Event, feed: &mut Feed) -> Option<Vec<String>> {
        let mut bytes = first.payload.len();
        let mut events = vec![first];
        while feed.left() > 0 && events.len() < BATCH && bytes < BATCH_BYTES {
            let event = feed.next().await?;
            bytes += event.payload.len();
            events.push(event);
        }
        let (last, taken_at_ms) = events.last().map_or((0, 0), |event| (event.sequence, event.at_ms));
        // The leader refuses events that cannot be decoded.
        let facts: Vec<ReportValidated> = events.iter().filter_map(Event::decode).collect();
        let worker = self.worker.clone();
        let (state, worker, facts) = (&*self, &worker, &facts);
        let written = || async move {
            let mut passed_over = Vec::new();
            for (fact, written) in facts.iter().zip(state.write(facts).await) {
                let why = match written {
                    Ok(_) => continue,
                    Err(HandlerError::Blocked(error)) => return Err(error),
                    Err(HandlerError::Failed(error) | HandlerError::Deferred(error)) => format!("{error:#}"),
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

    /// Writes facts and commits; returns the outcome of each. A fact that the index cannot take does not stop
    /// the others.
    pub(crate) async fn write(&self, facts: &[ReportValidated]) -> Vec<Written> {
        let mut outcomes: Vec<Option<Written>> = facts.iter().map(|_| None).collect();
        let whole = 0..facts.len();
        let mut parts = vec![whole];
        while let Some(part) = parts.pop() {
            let entries = entries(self.worker.blobs(), facts.get(part.clone()).unwrap_or_default()).await;
            let (mut written, mut ready) = (Vec::new(), Vec::new());
            for (number, entry) in part.clone().zip(entries) {
                match entry {
                    Ok(entry) => {
                        written.push((number, entry.key.clone()));
                        ready.push(entry);
                    }
                    Err(error) => set(&mut outcomes, number, Err(error)),
                }
            }
            match self.write_part(ready).await {
                Ok(applied) => {
                    for ((number, key), applied) in written.into_iter().zip(applied) {
                        set(&mut outcomes, number, Ok((key, applied)));
                    }
                }
                Err(WriteError::Blocked(error)) => {
                    let all = outcomes.iter_mut().filter(|outcome| outcome.is_none());
                    all.for_each(|outcome| *outcome = Some(Err(HandlerError::Blocked(anyhow!("{error:#}")))));
                    break;
                }
                Err(WriteError::Failed(error)) if written.len() <= 1 => {
                    for (number, _) in written {
                        set(&mut outcomes, number, Err(HandlerError::Failed(anyhow!("{error:#}"))));
                    }
                }
                Err(WriteError::Failed(_)) => {
                    let middle = part.start + part.len() / 2;
                    parts.extend([middle..part.end, part.start..middle]);
                }
            }
        }
        let unanswered = || Err(HandlerError::Blocked(anyhow!("the index gave no answer")));
        outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(unanswered)).collect()
    }

    /// Verifies the files of the index; why they cannot be used.
    pub(crate) async fn damage(&self) -> Option<String> {
        let writer = Arc::clone(&self.writer);
        let check = move || writer.lock().unwrap_or_else(PoisonError::into_inner).index().check();
        let checked = self.worker.cpu().run(check).await;
        checked
            .map_err(|error| format!("{error:#}"))
            .and_then(|found| found.map_err(|error| error.to_string()))
            .err()
    }

    /// Commits the position alone.
    pub(crate) async fn commit(&self) -> anyhow::Result<()> {
        let (writer, position) = (Arc::clone(&self.writer), Arc::clone(&self.position));
        let commit = move || {
            let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
            let payload = payload(position.borrow().clone(), &writer);
            writer.commit(&payload)
        };
        Ok(self.worker.cpu().run(commit).await??)
    }

    async fn write_part(&self, mut entries: Vec<Entry>) -> Result<Vec<Applied>, WriteError> {
        let mut back = None;
        loop {
            let (writer, policy) = (Arc::clone(&self.writer), self.policy.clone());
            let position = Arc::clone(&self.position);
            let written = self.worker.cpu().run(move || {
                let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
                let mut next = position.borrow().clone();
                let step = write(&mut writer, &policy, entries, back, &mut next);
                // Under the lock of the writer: the next commit stores it too, of whichever task.
                position.send_modify(|position| position.pending = next.pending);
                step
            });
            match written.await.unwrap_or_else(|error| Err(WriteError::Failed(error)))? {
                Step::Written(applied) => return Ok(applied),
                Step::Wants(ids, same) => {
                    back = Some(self.entries_of(&ids).await.map_err(WriteError::Blocked)?);
                    entries = same;
                }
            }
        }
    }

    /// The entries of these readings, from the log and the store. A reading that they no longer have cannot
    /// become current again.
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
                Err(error) => {
                    let id = fact.submitted.as_ref().map_or("", |submitted| &submitted.id);
                    tracing::error!(report.id = id, "{id} cannot become current again: {error:?}");
                }
            }
        }
        Ok(found)
    }
}

fn set(outcomes: &mut [Option<Written>], number: usize, outcome: Written) {
    if let Some(slot) = outcomes.get_mut(number) {
        *slot = Some(outcome);
    }
}

fn write(
    writer: &mut Writer,
    policy: &InForce,
    entries: Vec<Entry>,
    back: Option<Vec<Entry>>,
    position: &mut Position,
) -> Result<Step, WriteError> {
    if entries.is_empty() {
        return Ok(Step::Written(Vec::new()));
    }
    // A merge would write what is damaged again, with a right checksum.
    writer.index().check().map_err(|damaged| WriteError::Blocked(damaged.into()))?;
    let size_bytes: usize = entries.iter().map(|entry| entry.text.len() + entry.fact.len()).sum();
    let before = position.clone();
    let written = AssertUnwindSafe(|| {
        let reassignments = writer.reassignments(&entries)?;
        let ids: Vec<String> = reassignments.promoted().cloned().collect();
        if back.is_none() && !ids.is_empty() {
            return Ok(Step::Wants(ids, entries));
        }
        try_write(writer, policy, entries, &reassignments, back.unwrap_or_default(), position)
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
    *position = before;
    // With sound files, enough space and a successful commit, the batch is at fault and not the disk.
    let works = writer
        .index()
        .check()
        .and_then(|()| writer.index().check_room(ROOM_BYTES + 2 * size_bytes))
        .and_then(|()| {
            let payload = payload(position.clone(), writer);
            writer.commit(&payload)
        });
    match works.context("the index cannot be written") {
        Ok(()) => Err(WriteError::Failed(error.context("writing to the index"))),
        Err(blocked) => Err(WriteError::Blocked(blocked)),
    }
}

/// What a commit stores: the position, and from where on the next process has to read acts again.
pub(crate) fn payload(position: Position, writer: &Writer) -> String {
    Position { waiting: writer.first_unplaced().unwrap_or_default(), ..position }.to_string()
}

/// Applies the entries, judges the changed reports beside their neighbours, and commits; then the batch is
/// durable.
fn try_write(
    writer: &mut Writer,
    policy: &InForce,
    entries: Vec<Entry>,
    reassignments: &Reassignments,
    promoted: Vec<Entry>,
    position: &mut Position,
) -> Result<Vec<Applied>, IndexError> {
    let begun = Instant::now();
    let versions: Vec<(String, String)> =
        entries.iter().map(|entry| (entry.key.clone(), entry.version.id.clone())).collect();
    let mut beside = BTreeMap::new();
    for (key, by) in reassignments.departed() {
        if let Some((after, _)) = neighbours::year_after(writer, key)? {
            beside.entry(after).or_insert_with(|| Cause::other_year(by));
        }
    }
    beside.extend(reassignments.departed().map(|(key, by)| (key.clone(), Cause::reassigned(by))));
    let applied = writer.apply_with(entries, reassignments, promoted)?;
    let (current, others): (Vec<_>, Vec<_>) =
        versions.into_iter().zip(&applied).partition(|(_, applied)| **applied == Applied::Current);
    // An earlier version that arrives late changes who sent the report.
    let joined = others.into_iter().filter(|(_, applied)| **applied == Applied::Superseded);
    for ((key, id), _) in joined {
        beside.entry(key).or_insert_with(|| Cause::other_version(&id));
    }
    let departed = reassignments.departed().map(|(key, _)| key.clone());
    let changed = current.into_iter().map(|((key, _), _)| key).chain(departed).collect();
    let rejudged = neighbours::rejudge(writer, policy, &changed, &beside)?;
    position.pending.extend(rejudged);
    let replaced = reassignments.replaced().map(|(key, by)| (key.clone(), Cause::reassigned(by)));
    position.pending.extend(replaced.collect());
    bus::failpoint("applied");
    let payload = payload(position.clone(), writer);
    writer.commit(&payload)?;
    bus::failpoint("committed");
    measures::committed(writer.count(), begun.elapsed());
    Ok(applied)
}

/// Applies entries that move no original from one report to another.
#[cfg(test)]
pub(crate) fn apply(
    writer: &mut Writer,
    policy: &InForce,
    entries: Vec<Entry>,
) -> Result<Vec<Applied>, IndexError> {
    let reassignments = writer.reassignments(&entries)?;
    try_write(writer, policy, entries, &reassignments, Vec::new(), &mut Position::default())
}

/// Opens the current generation for writing, and creates the first one if there is none.
pub(crate) fn open(generations: &Generations) -> Result<(u32, Writer), IndexError> {
    let (generation, index) = generations.open_current()?;
    index.check()?;
    Ok((generation, index.writer()?))
}
