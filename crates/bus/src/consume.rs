//! Pulling messages from the durable consumer of a stage.
//!
//! Always by `fetch`, never by the client's endless stream: that one can stall with messages pending.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use async_nats::jetstream::consumer::Consumer as PullConsumer;
use async_nats::jetstream::consumer::pull::{Batch, Config as PullConfig};
use futures::{FutureExt, StreamExt};
use proto::{Fact, subject};
use tokio::sync::watch;

use crate::connect::Bus;
use crate::consumers::bind;
use crate::delivery::{self, Delivery};
use crate::group_commit::Announcer;
use crate::names::{Durable, MAX_MESSAGE_BYTES, durables_of};

/// How long a fetch waits for its first message.
pub const FETCH_WAIT: Duration = Duration::from_secs(5);
/// A fetch may always ask for this many messages, although fewer of the largest size would fit into its
/// bytes: a fact is a few KB.
const MIN_FETCH: usize = 64;
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const MAX_PAUSE: Duration = Duration::from_secs(5);
/// So many facts of the bulk lane may wait for the later stages: enough for a commit of the index that shares its
/// costs, and done in about a second.
const MOST_AHEAD: u64 = 256;
const TURN_EVERY: Duration = Duration::from_millis(100);
/// Failed consumer look-ups in a row, some seconds each, before we reconnect to another server.
const RECONNECT_AFTER: u32 = 3;

/// The durable consumer of a stage, with at most one fetch in progress.
pub struct Consumer {
    bus: Bus,
    durable: Durable,
    /// The name of the fact, for spans.
    fact: &'static str,
    inner: PullConsumer<PullConfig>,
    fetch: Option<Batch>,
    announcer: Arc<Announcer>,
    connections: watch::Receiver<u64>,
    pause: Duration,
    failed_lookups: u32,
    problem: watch::Sender<Option<String>>,
}

/// How far a consumer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The ack floor: everything up to this sequence on the log is acknowledged.
    pub acknowledged: u64,
    /// How many messages the consumer has delivered, to all workers together.
    pub delivered: u64,
}

impl Bus {
    /// The durable consumer that delivers the facts `F` of a stage without lanes.
    ///
    /// # Errors
    /// If no stage consumes such a fact, or the process shuts down.
    pub async fn consumer<F: Fact>(&self) -> anyhow::Result<Consumer> {
        let mut consumers = self.consumers::<F>().await?;
        anyhow::ensure!(consumers.len() == 1, "{} have lanes", subject::filter::<F>());
        Ok(consumers.remove(0))
    }

    /// The durable consumers that deliver the facts `F`: one, or one for each lane, the bulk lane last. Waits
    /// for a consumer that does not answer: its copies may be electing a leader.
    ///
    /// # Errors
    /// If no stage consumes such a fact, or the process shuts down.
    pub async fn consumers<F: Fact>(&self) -> anyhow::Result<Vec<Consumer>> {
        let mut consumers = Vec::new();
        for durable in durables_of::<F>() {
            consumers.push(self.open::<F>(durable).await?);
        }
        anyhow::ensure!(!consumers.is_empty(), "no stage takes {}", subject::filter::<F>());
        Ok(consumers)
    }

    async fn open<F: Fact>(&self, durable: Durable) -> anyhow::Result<Consumer> {
        Ok(Consumer {
            bus: self.clone(),
            durable,
            fact: F::NAME,
            inner: self.bind_patiently(durable.name).await?,
            fetch: None,
            announcer: self.group_commit.announcer(),
            connections: self.connections(),
            pause: FIRST_PAUSE,
            failed_lookups: 0,
            problem: watch::channel(None).0,
        })
    }

    async fn bind_patiently(&self, durable: &str) -> anyhow::Result<PullConsumer<PullConfig>> {
        loop {
            let error = match bind(self, durable).await {
                Ok(consumer) => return Ok(consumer),
                Err(error) => error,
            };
            tracing::warn!(stage = self.stage, "{error:#}");
            tokio::select! {
                () = tokio::time::sleep(MAX_PAUSE) => (),
                () = self.shutdown.cancelled() => return Err(error),
            }
        }
    }
}

impl Consumer {
    /// Why the consumer cannot be found just now; none where it works.
    pub fn problem(&self) -> watch::Receiver<Option<String>> {
        self.problem.subscribe()
    }

    /// Whether it delivers the bulk lane.
    pub fn is_bulk(&self) -> bool {
        self.durable.is_bulk()
    }

    /// Waits until the stages after this one have little to do, if this is the bulk lane: what waits there
    /// stands before the single reports of everybody. False once the process shuts down.
    pub async fn turn(&self) -> bool {
        while self.is_bulk() && !self.bus.shutdown.is_cancelled() {
            match self.ahead().await {
                Ok(ahead) if ahead > MOST_AHEAD => (),
                Ok(_) => break,
                // Fetching from the log says more about what is wrong, and waits.
                Err(error) => {
                    tracing::warn!(
                        stage = self.durable.name,
                        "asking what waits after this stage: {error:#}"
                    );
                    break;
                }
            }
            tokio::select! {
                () = tokio::time::sleep(TURN_EVERY) => (),
                () = self.bus.shutdown.cancelled() => return false,
            }
        }
        !self.bus.shutdown.is_cancelled()
    }

    /// How many facts wait for the stages after this one.
    async fn ahead(&self) -> anyhow::Result<u64> {
        let mut ahead = 0;
        for later in self.durable.later() {
            ahead += bind(&self.bus, later.name).await?.cached_info().num_pending;
        }
        Ok(ahead)
    }

    /// Starts a fetch that waits up to `wait` for its first message. False once the process shuts down.
    pub async fn fetch(&mut self, messages: usize, bytes: usize, wait: Duration) -> bool {
        // The byte limit is not sent to the server: where the log has replicas, the end of a batch can
        // overtake its messages, and they would be missing until they are redelivered.
        let fit = bytes / MAX_MESSAGE_BYTES as usize;
        let messages = messages.min(fit.max(MIN_FETCH));
        loop {
            if self.bus.shutdown.is_cancelled() {
                return false;
            }
            self.connections.mark_unchanged();
            match self.inner.fetch().max_messages(messages).expires(wait).messages().await {
                Ok(batch) => {
                    self.fetch = Some(batch);
                    return true;
                }
                Err(error) => self.recover(&error.to_string()).await,
            }
        }
    }

    /// The next message of the fetch in progress; none where the fetch is complete.
    pub async fn next(&mut self) -> Option<Delivery> {
        let batch = self.fetch.as_mut()?;
        let item = tokio::select! {
            item = batch.next() => item,
            () = self.bus.shutdown.cancelled() => {
                self.abandon_fetch().await;
                return None;
            }
            // The request was lost with its connection.
            _ = self.connections.changed() => {
                self.abandon_fetch().await;
                return None;
            }
        };
        match item {
            Some(Ok(message)) => {
                self.pause = FIRST_PAUSE;
                self.found();
                Some(Delivery::new(self.bus.stage, self.fact, message, self.announcer.announce()))
            }
            None => {
                self.fetch = None;
                self.found();
                None
            }
            Some(Err(error)) => {
                self.fetch = None;
                self.recover(&error.to_string()).await;
                None
            }
        }
    }

    /// Asks how far the consumer is.
    ///
    /// # Errors
    /// If the bus does not answer.
    pub async fn position(&mut self) -> anyhow::Result<Position> {
        let info = self.inner.get_info().await.context("asking for the position of our consumer")?;
        Ok(Position {
            acknowledged: info.ack_floor.stream_sequence,
            delivered: info.delivered.consumer_sequence,
        })
    }

    fn found(&mut self) {
        if std::mem::take(&mut self.failed_lookups) > 0 {
            self.problem.send_replace(None);
        }
    }

    /// Ends the fetch in progress and releases the messages of it that arrived already.
    async fn abandon_fetch(&mut self) {
        let Some(mut batch) = self.fetch.take() else { return };
        while let Some(Some(Ok(message))) = batch.next().now_or_never() {
            delivery::release(&message).await;
        }
    }

    /// Pauses, each time longer, and looks the consumer up again: stream and consumer may have been created again.
    async fn recover(&mut self, error: &str) {
        tracing::warn!(stage = self.durable.name, "fetching: {error}");
        tokio::select! {
            () = tokio::time::sleep(self.pause) => (),
            () = self.bus.shutdown.cancelled() => return,
        }
        self.pause = (self.pause * 2).min(MAX_PAUSE);
        match bind(&self.bus, self.durable.name).await {
            Ok(consumer) => {
                self.inner = consumer;
                self.found();
            }
            Err(error) => {
                tracing::warn!(stage = self.durable.name, "{error:#}");
                self.problem.send_replace(Some(format!("{error:#}")));
                self.failed_lookups += 1;
                // A server that is cut off from its cluster still answers pings; another server may do more.
                if self.failed_lookups.is_multiple_of(RECONNECT_AFTER) && self.bus.problem().is_none() {
                    tracing::warn!(
                        stage = self.durable.name,
                        "reconnecting, to another server if there is one"
                    );
                    self.bus.client.force_reconnect().await.ok();
                }
            }
        }
    }
}
