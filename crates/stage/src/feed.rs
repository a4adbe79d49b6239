//! A live feed: the facts in the order of the log, from now on or from the start, each once.

use std::time::Duration;

use anyhow::Context as _;
use async_nats::jetstream::consumer::{AckPolicy, Consumer, DeliverPolicy, pull};
use futures::StreamExt;
use tokio::sync::mpsc;
use tokio_util::sync::DropGuard;

use crate::connect::Bus;
use crate::read::Event;
use crate::shutdown::Stop;
use crate::topology::STREAM;

/// Where a feed begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// With the next fact.
    Now,
    /// With the first fact on the log.
    Start,
    /// With the fact at this place on the log, or the next one after it.
    Sequence(u64),
}

/// The log as it is just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// When it was made, milliseconds since 1970-01-01 UTC: a place on one log means nothing on another.
    pub made_at_ms: i64,
    /// The first place; what stood before it was dropped with age.
    pub first: u64,
    /// The last place.
    pub last: u64,
    /// Places between them that hold nothing: somebody deleted what was there.
    pub deleted: u64,
}

/// The facts that a filter takes, in order, without gaps and without end. Ends its work when dropped.
pub struct Feed {
    events: mpsc::Receiver<(Event, u64)>,
    left: u64,
    _stop: DropGuard,
}

impl Feed {
    /// The next fact; none where the stage has stopped.
    pub async fn next(&mut self) -> Option<Event> {
        let (event, left) = self.events.recv().await?;
        self.left = left;
        Some(event)
    }

    /// How many more lay on the log when the last one was read; before the first, when the feed began.
    pub fn left(&self) -> u64 {
        self.left
    }

    /// The feed is in place when this returns: a fact published from now on is in it.
    pub(crate) async fn open(bus: Bus, filter: String, since: Since, stop: &Stop) -> anyhow::Result<Self> {
        let deliver_policy = match since {
            Since::Now => DeliverPolicy::New,
            Since::Start => DeliverPolicy::All,
            Since::Sequence(start_sequence) => DeliverPolicy::ByStartSequence { start_sequence },
        };
        let stop = stop.child();
        let (sender, events) = mpsc::channel(AHEAD);
        let place = place(&bus, &filter, deliver_policy).await?;
        let next = place.cached_info().delivered.stream_sequence + 1;
        let left = place.cached_info().num_pending;
        let reader = Reader { bus, filter, place, next, taken: 0 };
        let stopped = stop.clone();
        tokio::spawn(async move {
            stopped.run_until_cancelled(reader.run(sender)).await;
        });
        Ok(Self { events, left, _stop: stop.drop_guard() })
    }
}

/// Facts read ahead of a slow reader.
const AHEAD: usize = 64;
const FETCH: usize = 64;
const EXPIRES: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_secs(1);
/// How long the server keeps the place of a feed that nobody reads.
const ABANDONED_AFTER: Duration = Duration::from_secs(60);

struct Reader {
    bus: Bus,
    filter: String,
    place: Consumer<pull::Config>,
    /// The first place on the log that may hold what was not handed on yet.
    next: u64,
    /// How many messages this place gave us; a gap means that some were lost on the way.
    taken: u64,
}

impl Reader {
    async fn run(mut self, sender: mpsc::Sender<(Event, u64)>) {
        loop {
            let trouble = match self.fetch(&sender).await {
                Ok(Round::ReaderGone) => return,
                Ok(Round::Complete) => continue,
                Ok(Round::Gap) => "some were lost on the way".into(),
                Err(error) => format!("{error:#}"),
            };
            tracing::debug!(stage = self.bus.stage, "feed of {}: {trouble}; placing it anew", self.filter);
            self.place_anew().await;
        }
    }

    async fn fetch(&mut self, sender: &mpsc::Sender<(Event, u64)>) -> anyhow::Result<Round> {
        let mut connections = self.bus.connections();
        let fetch = self.place.fetch().max_messages(FETCH).expires(EXPIRES);
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
            let (place, left) = (info.consumer_sequence, info.pending);
            if place != self.taken + 1 {
                return Ok(Round::Gap);
            }
            let event = Event::of_delivery(&message)?;
            let sequence = event.sequence;
            if sender.send((event, left)).await.is_err() {
                return Ok(Round::ReaderGone);
            }
            (self.next, self.taken, any) = (sequence + 1, place, true);
        }
        // Nothing came: either there is nothing, or it was lost on the way.
        if !any
            && self
                .place
                .get_info()
                .await
                .context("asking for the place of a feed")?
                .delivered
                .consumer_sequence
                != self.taken
        {
            return Ok(Round::Gap);
        }
        Ok(Round::Complete)
    }

    async fn place_anew(&mut self) {
        loop {
            let deliver_policy = DeliverPolicy::ByStartSequence { start_sequence: self.next };
            match place(&self.bus, &self.filter, deliver_policy).await {
                Ok(place) => {
                    (self.place, self.taken) = (place, 0);
                    return;
                }
                Err(error) => tracing::debug!(stage = self.bus.stage, "feed of {}: {error:#}", self.filter),
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

pub(crate) async fn extent(bus: &Bus) -> anyhow::Result<Extent> {
    let stream = bus.jetstream.get_stream(STREAM).await.context("asking for the log")?;
    let info = stream.cached_info();
    let made_at_ms = info.created.unix_timestamp_nanos() / 1_000_000;
    Ok(Extent {
        made_at_ms: i64::try_from(made_at_ms).unwrap_or(i64::MAX),
        first: info.state.first_sequence,
        last: info.state.last_sequence,
        deleted: info.state.deleted_count.unwrap_or_default(),
    })
}

enum Round {
    Complete,
    Gap,
    ReaderGone,
}

async fn place(
    bus: &Bus,
    filter: &str,
    deliver_policy: DeliverPolicy,
) -> anyhow::Result<Consumer<pull::Config>> {
    let inbox = bus.client.new_inbox();
    let config = pull::Config {
        // With a name, its filter stands in the subject of the request, and permissions can tell a feed from
        // the place of a stage.
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
        .with_context(|| format!("placing a feed of {filter}"))
}
