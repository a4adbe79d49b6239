//! A live feed: facts in the order of the log, each once, from now on or from an earlier sequence.

use std::time::Duration;

use anyhow::Context as _;
use async_nats::jetstream::consumer::{AckPolicy, Consumer, DeliverPolicy, pull};
use futures::StreamExt;
use tokio::sync::mpsc;
use tokio_util::sync::DropGuard;

use crate::connect::Bus;
use crate::event::Event;
use crate::names::STREAM;

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
        let deliver_policy = match since {
            Since::Now => DeliverPolicy::New,
            Since::Start => DeliverPolicy::All,
            Since::Sequence(start_sequence) => DeliverPolicy::ByStartSequence { start_sequence },
        };
        let cancel = self.shutdown.child_token();
        let (sender, events) = mpsc::channel(AHEAD);
        let consumer = create_consumer(self, &filter, deliver_policy).await?;
        let next = consumer.cached_info().delivered.stream_sequence + 1;
        let left = consumer.cached_info().num_pending;
        let reader = Reader { bus: self.clone(), filter, consumer, next, delivered: 0 };
        let cancelled = cancel.clone();
        tokio::spawn(async move {
            cancelled.run_until_cancelled(reader.run(sender)).await;
        });
        Ok(Feed { events, left, _cancel_on_drop: cancel.drop_guard() })
    }
}

/// Facts read ahead of a slow reader.
const AHEAD: usize = 64;
const FETCH: usize = 64;
const EXPIRES: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_secs(1);
/// The server deletes the consumer of a feed that nobody read for this long.
const ABANDONED_AFTER: Duration = Duration::from_secs(60);

struct Reader {
    bus: Bus,
    filter: String,
    consumer: Consumer<pull::Config>,
    /// The first sequence that may not have been passed on yet.
    next: u64,
    /// The consumer sequence of the last message that arrived; a gap means that messages were lost on the way.
    delivered: u64,
}

impl Reader {
    async fn run(mut self, sender: mpsc::Sender<(Event, u64)>) {
        loop {
            let problem = match self.fetch(&sender).await {
                Ok(Round::ReaderGone) => return,
                Ok(Round::Complete) => continue,
                Ok(Round::Gap) => "messages were lost on the way".into(),
                Err(error) => format!("{error:#}"),
            };
            tracing::debug!(
                stage = self.bus.stage,
                "feed of {}: {problem}; creating a new consumer",
                self.filter
            );
            self.recreate_consumer().await;
        }
    }

    async fn fetch(&mut self, sender: &mpsc::Sender<(Event, u64)>) -> anyhow::Result<Round> {
        let mut connections = self.bus.connections();
        let fetch = self.consumer.fetch().max_messages(FETCH).expires(EXPIRES);
        let mut batch = fetch.messages().await.context("fetching")?;
        let mut any = false;
        loop {
            let item = tokio::select! {
                item = batch.next() => item,
                _ = connections.changed() => return Ok(Round::Gap),
            };
            let Some(message) = item else { break };
            let message = message.map_err(|error| anyhow::anyhow!("{error}"))?;
            let info = message.info().map_err(|error| anyhow::anyhow!("{error}"))?;
            let (delivered, left) = (info.consumer_sequence, info.pending);
            if delivered != self.delivered + 1 {
                return Ok(Round::Gap);
            }
            let event = Event::of_delivery(&message)?;
            let sequence = event.sequence;
            if sender.send((event, left)).await.is_err() {
                return Ok(Round::ReaderGone);
            }
            (self.next, self.delivered, any) = (sequence + 1, delivered, true);
        }
        if any {
            return Ok(Round::Complete);
        }
        // Nothing arrived: either there is nothing, or it was lost on the way.
        let info = self.consumer.get_info().await.context("asking for the consumer of a feed")?;
        let is_complete = info.delivered.consumer_sequence == self.delivered;
        Ok(if is_complete { Round::Complete } else { Round::Gap })
    }

    async fn recreate_consumer(&mut self) {
        loop {
            let deliver_policy = DeliverPolicy::ByStartSequence { start_sequence: self.next };
            match create_consumer(&self.bus, &self.filter, deliver_policy).await {
                Ok(consumer) => {
                    (self.consumer, self.delivered) = (consumer, 0);
                    return;
                }
                Err(error) => tracing::debug!(stage = self.bus.stage, "feed of {}: {error:#}", self.filter),
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

enum Round {
    Complete,
    Gap,
    ReaderGone,
}

async fn create_consumer(
    bus: &Bus,
    filter: &str,
    deliver_policy: DeliverPolicy,
) -> anyhow::Result<Consumer<pull::Config>> {
    let inbox = bus.client.new_inbox();
    let config = pull::Config {
        // With a name, the filter is part of the subject of the request, so that permissions can tell the
        // consumer of a feed from that of a stage.
        name: inbox.rsplit('.').next().map(|unique| format!("feed-{}-{unique}", bus.stage)),
        filter_subject: filter.to_owned(),
        deliver_policy,
        ack_policy: AckPolicy::None,
        memory_storage: true,
        num_replicas: 1,
        inactive_threshold: ABANDONED_AFTER,
        ..Default::default()
    };
    bus.jetstream
        .create_consumer_on_stream(config, STREAM)
        .await
        .with_context(|| format!("creating the consumer of a feed of {filter}"))
}
