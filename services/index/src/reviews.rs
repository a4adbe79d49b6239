//! What reviewers did, from the log into the index.
//!
//! Acts lead to no other fact, so no durable consumer delivers them: every index follows them by a feed of its own,
//! and stores how far it has come beside the position of the reports.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use bus::{Event, Feed, Since};
use proto::subject;
use proto::v1::{ReportReviewed, ReportValidated};
use report::workflow::Act;
use search::{IndexError, ReportAct, Writer};
use tokio::sync::watch;
use worker::Worker;

use crate::position::{Place, Position};
use crate::state::{BATCH, payload};

/// A commit costs as much for one act as for a hundred; a list shows an act after this time at most.
const REST: Duration = Duration::from_millis(300);

/// Writes acts into one generation of the index, beside the process that writes its reports.
#[derive(Clone)]
pub(crate) struct ReviewFollower {
    pub(crate) worker: Worker,
    pub(crate) writer: Arc<Mutex<Writer>>,
    pub(crate) position: Arc<watch::Sender<Position>>,
}

impl ReviewFollower {
    /// Follows the acts on the log until shutdown. Begins when the index has the reports that are on the log by
    /// now, because acts that come before their reports wait in memory.
    pub(crate) async fn follow(self) {
        self.follow_until_shutdown().await;
    }

    async fn follow_until_shutdown(&self) -> Option<()> {
        let bus = self.worker.bus();
        let reports = self.worker.retry(|| bus.last_sequence::<ReportValidated>()).await?;
        let mut position = self.position.subscribe();
        position.wait_for(|position| position.reports.sequence >= reports).await.ok()?;
        let mut feed = self.feed().await?;
        loop {
            let first = feed.next().await?;
            self.take_in(first, &mut feed).await?;
            tokio::time::sleep(REST).await;
        }
    }

    /// Writes every act on the log. None at shutdown.
    pub(crate) async fn catch_up(&self) -> Option<()> {
        let mut feed = self.feed().await?;
        while feed.left() > 0 {
            let first = feed.next().await?;
            self.take_in(first, &mut feed).await?;
        }
        Some(())
    }

    /// The acts that the index does not have; all of them where its position is on another log, or on one that lost
    /// its end.
    async fn feed(&self) -> Option<Feed> {
        let bus = self.worker.bus();
        let log = self.worker.retry(|| bus.extent()).await?;
        let Position { reviews, waiting, log_made_at_ms, .. } = self.position.borrow().clone();
        let at_ms = self.worker.retry(|| bus.timestamp_of(reviews.sequence)).await?;
        let is_there = at_ms == Some(reviews.at_ms) || reviews.sequence < log.first;
        let next = match waiting {
            _ if log_made_at_ms != log.made_at_ms || !is_there => 1,
            0 => reviews.sequence + 1,
            waiting => waiting,
        };
        self.worker.retry(|| bus.follow(subject::filter::<ReportReviewed>(), Since::Sequence(next))).await
    }

    /// Writes an act of the feed and those after it, up to a batch.
    async fn take_in(&self, first: Event, feed: &mut Feed) -> Option<()> {
        let mut events = vec![first];
        while feed.left() > 0 && events.len() < BATCH {
            events.push(feed.next().await?);
        }
        let last = events.last().map(|last| Place { sequence: last.sequence, at_ms: last.at_ms });
        let acts: Vec<ReportAct> = events.iter().filter_map(act).collect();
        self.worker.retry(|| self.write(acts.clone(), last.unwrap_or_default())).await
    }

    async fn write(&self, acts: Vec<ReportAct>, last: Place) -> anyhow::Result<()> {
        let (writer, position) = (Arc::clone(&self.writer), Arc::clone(&self.position));
        let written = self.worker.cpu().run(move || {
            let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
            write(&mut writer, &position, acts, last)
        });
        written.await?.context("writing what reviewers did into the index")
    }
}

/// Adds acts and commits. Acts on a report that this version of the program cannot read are left out.
fn write(
    writer: &mut Writer,
    position: &watch::Sender<Position>,
    mut acts: Vec<ReportAct>,
    last: Place,
) -> Result<(), IndexError> {
    loop {
        // A merge would write what is damaged again, with a right checksum.
        writer.index().check()?;
        let written = writer.review(acts.clone()).and_then(|()| {
            let reached = Position { reviews: last, ..position.borrow().clone() };
            let payload = payload(reached, writer);
            writer.commit(&payload)
        });
        match written {
            Ok(()) => {
                position.send_modify(|position| position.reviews = last);
                return Ok(());
            }
            Err(IndexError::Damaged { key, source }) if acts.iter().any(|act| act.key == key) => {
                writer.undo();
                tracing::error!(
                    report.key = key,
                    "acts on a report that cannot be read are left out: {source}"
                );
                acts.retain(|act| act.key != key);
            }
            Err(error) => {
                writer.undo();
                return Err(error);
            }
        }
    }
}

/// The act of an event. None where it is none that this version knows.
fn act(event: &Event) -> Option<ReportAct> {
    let fact = event.decode::<ReportReviewed>().filter(|_| event.matches_its_subject());
    let Some(fact) = fact else {
        tracing::error!(subject = event.subject, "the message {} on the log is no act", event.sequence);
        return None;
    };
    match Act::try_from(&fact) {
        Ok(act) => Some(ReportAct { key: fact.report, sequence: event.sequence, act }),
        Err(error) => {
            tracing::error!(report.key = fact.report, "an act of another version is left out: {error}");
            None
        }
    }
}
