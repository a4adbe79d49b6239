//! A live feed: facts in the order of the log, each once, from now on or from an earlier sequence.
//!
//! A feed needs no consumer, so no process but the operator's may create any: it reads the log page by page. A
//! plain subscription to the same subjects only wakes it; what arrives there may never reach the log.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use futures::StreamExt;
use tokio::sync::{Notify, mpsc, watch};
use tokio_util::sync::DropGuard;

use crate::connect::Bus;
use crate::event::Event;
use crate::read::{self, Page};

/// Where a feed starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// With the next fact.
    Now,
    /// With the first fact on the log.
    Start,
    /// With the fact at this sequence, or the next one after it.
    Sequence(u64),
}

/// The facts that match a filter, in order, without gaps and without end. Stops reading when dropped.
pub struct Feed {
    events: mpsc::Receiver<(Event, u64)>,
    left: u64,
    _cancel_on_drop: DropGuard,
}

impl Feed {
    /// The next fact; none once the process shuts down.
    pub async fn next(&mut self) -> Option<Event> {
        let (event, left) = self.events.recv().await?;
        self.left = left;
        Some(event)
    }

    /// How many more facts were on the log when the last one was read; before the first, when the feed started.
    pub fn left(&self) -> u64 {
        self.left
    }
}

impl Bus {
    /// The facts that match `filter` as they arrive, e.g. [`proto::subject::ALL`] or
    /// `proto::subject::filter::<F>()`. A fact published after this returns is in the feed.
    ///
    /// # Errors
    /// If the bus does not answer.
    pub async fn follow(&self, filter: impl Into<String>, since: Since) -> anyhow::Result<Feed> {
        let filter = filter.into();
        let wake_on = [filter.clone()];
        self.follow_waking_on(filter, &wake_on, since).await
    }

    /// The same, woken only by facts that match one of `wake_on`: other facts that match `filter` are read with the
    /// next one of those, or half a minute later.
    ///
    /// # Errors
    /// If the bus does not answer.
    pub async fn follow_waking_on(
        &self,
        filter: impl Into<String>,
        wake_on: &[String],
        since: Since,
    ) -> anyhow::Result<Feed> {
        let filter = filter.into();
        let cancel = self.shutdown.child_token();
        let wake = Arc::new(Notify::new());
        for subjects in wake_on {
            self.notify_of(subjects, &wake, cancel.clone()).await?;
        }
        let log = self.extent().await?;
        let next = match since {
            Since::Now => log.last + 1,
            Since::Start => 1,
            Since::Sequence(sequence) => sequence.max(1),
        };
        let (sender, events) = mpsc::channel(AHEAD);
        let mut reader = Reader {
            bus: self.clone(),
            filter,
            next,
            wake,
            connections: self.connections(),
            sureness: if log.replicas > 1 { SURE_OF_REPLICAS } else { 1 },
        };
        let first = reader.read().await?;
        let left = first.count();
        let cancelled = cancel.clone();
        tokio::spawn(async move {
            cancelled.run_until_cancelled(reader.run(first, sender)).await;
        });
        Ok(Feed { events, left, _cancel_on_drop: cancel.drop_guard() })
    }

    /// Notifies of every message that is published on the subjects of `filter`, until it is cancelled.
    async fn notify_of(
        &self,
        filter: &str,
        wake: &Arc<Notify>,
        cancel: tokio_util::sync::CancellationToken,
    ) -> anyhow::Result<()> {
        let reading = || format!("subscribing to {filter}");
        let mut published = self.client.subscribe(filter.to_owned()).await.with_context(reading)?;
        // From here on the server sends what is published.
        self.client.flush().await.with_context(reading)?;
        let notify = Arc::clone(wake);
        tokio::spawn(async move {
            let forward = async {
                while published.next().await.is_some() {
                    notify.notify_one();
                }
            };
            cancel.run_until_cancelled(forward).await;
        });
        Ok(())
    }
}

/// Facts read ahead of a slow reader.
const AHEAD: usize = 64;
/// The pause after a page that was not full, so that facts that arrive one by one are read a few at a time.
const PAUSE: Duration = Duration::from_millis(20);
/// A message wakes the feed before the log has stored it, so the feed reads again after each of these pauses.
const UNTIL_STORED: [Duration; 5] = [
    Duration::from_millis(20),
    Duration::from_millis(50),
    Duration::from_millis(200),
    Duration::from_secs(1),
    Duration::from_secs(3),
];
/// A message that should wake the feed may be lost on its way.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// Before a page that could not be read is read again.
const RETRY: Duration = Duration::from_secs(1);
/// A replica that answers may be a moment behind, so the end of a log with replicas counts only if it was found
/// so many times in a row.
const SURE_OF_REPLICAS: usize = 3;
const REPLICA_PAUSE: Duration = Duration::from_millis(100);

struct Reader {
    bus: Bus,
    filter: String,
    /// The first sequence that was not passed on yet.
    next: u64,
    wake: Arc<Notify>,
    connections: watch::Receiver<u64>,
    /// How often the end of the log has to be found before it counts.
    sureness: usize,
}

impl Reader {
    async fn run(mut self, first: Page, sender: mpsc::Sender<(Event, u64)>) {
        let mut page = first;
        let mut fruitless = UNTIL_STORED.len();
        loop {
            let (is_empty, is_last) = (page.events.is_empty(), page.left == 0);
            let mut left = page.count();
            for event in page.events {
                left -= 1;
                self.next = event.sequence + 1;
                if sender.send((event, left)).await.is_err() {
                    return;
                }
            }
            if is_empty {
                self.wait(&mut fruitless).await;
            } else {
                fruitless = 0;
                if is_last {
                    tokio::time::sleep(PAUSE).await;
                }
            }
            page = loop {
                match self.read().await {
                    Ok(page) => break page,
                    Err(error) => {
                        tracing::debug!(stage = self.bus.stage, "feed of {}: {error:#}", self.filter)
                    }
                }
                tokio::time::sleep(RETRY).await;
            };
        }
    }

    /// Waits until there may be something new.
    async fn wait(&mut self, fruitless: &mut usize) {
        let pause = UNTIL_STORED.get(*fruitless).copied().unwrap_or(LOOK_EVERY);
        tokio::select! {
            () = tokio::time::sleep(pause) => *fruitless += 1,
            () = self.wake.notified() => *fruitless = 0,
            // What was published while there was no connection woke nobody.
            _ = self.connections.changed() => *fruitless = 0,
        }
    }

    /// The next page; empty at the end of the log.
    async fn read(&mut self) -> anyhow::Result<Page> {
        let mut found_end = 0;
        loop {
            let page = read::page(&self.bus, &self.filter, self.next).await?;
            found_end += 1;
            if !page.events.is_empty() || found_end >= self.sureness {
                return Ok(page);
            }
            tokio::time::sleep(REPLICA_PAUSE).await;
        }
    }
}
