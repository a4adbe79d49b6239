//! Reading the log: the facts about one id, how much lies before each stage, how many facts there are.

use std::time::Duration;

use anyhow::Context as _;
use async_nats::StatusCode;
use async_nats::jetstream;
use async_nats::jetstream::stream::DirectGetErrorKind;
use bytes::Bytes;
use futures::StreamExt;
use proto::Fact;
use proto::v1::{ReportIndexed, ReportParsed, ReportRefused, ReportSubmitted, ReportValidated};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::connect::Bus;
use crate::topology::{STREAM, bind, durables, tally};

/// A fact as it stands on the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its subject, whole.
    pub subject: String,
    /// Its place on the log.
    pub sequence: u64,
    /// When the log took it, milliseconds since 1970-01-01 UTC.
    pub at_ms: i64,
    /// The protobuf.
    pub payload: Bytes,
}

/// What lies before one stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lag {
    /// The stage.
    pub stage: &'static str,
    /// Facts that nobody has taken yet.
    pub waiting: u64,
    /// Facts that a worker holds.
    pub in_flight: u64,
}

/// How many facts of each kind are on the log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Accepted.
    pub submitted: u64,
    /// Read.
    pub parsed: u64,
    /// Judged.
    pub validated: u64,
    /// Searchable.
    pub indexed: u64,
    /// Gone no further.
    pub refused: u64,
}

impl Lag {
    /// All that the stage has to do.
    pub fn total(&self) -> u64 {
        self.waiting + self.in_flight
    }
}

impl Event {
    /// The name of the fact, e.g. `parsed`.
    pub fn fact(&self) -> &str {
        self.subject.split('.').nth(2).unwrap_or_default()
    }

    /// The id it is about.
    pub fn id(&self) -> &str {
        self.subject.rsplit('.').next().unwrap_or_default()
    }

    /// The fact itself, if it is an `F` that can be understood.
    pub fn decode<F: Fact>(&self) -> Option<F> {
        (self.fact() == F::NAME).then(|| F::decode(self.payload.clone()).ok()).flatten()
    }

    pub(crate) fn of_delivery(message: &jetstream::Message) -> anyhow::Result<Self> {
        let info = message.info().map_err(|error| anyhow::anyhow!("{error}"))?;
        Ok(Self {
            subject: message.subject.to_string(),
            sequence: info.stream_sequence,
            at_ms: milliseconds(info.published.unix_timestamp_nanos()),
            payload: message.payload.clone(),
        })
    }
}

impl From<jetstream::message::StreamMessage> for Event {
    fn from(message: jetstream::message::StreamMessage) -> Self {
        Self {
            subject: message.subject.to_string(),
            sequence: message.sequence,
            at_ms: milliseconds(message.time.unix_timestamp_nanos()),
            payload: message.payload,
        }
    }
}

fn milliseconds(nanoseconds: i128) -> i64 {
    i64::try_from(nanoseconds / 1_000_000).unwrap_or(i64::MAX)
}

const READ_TIMEOUT: Duration = Duration::from_secs(5);

/// The last message of each subject that `filter` takes, oldest first, in one request. An id has one of
/// each fact, so this is its history.
pub(crate) async fn last_of_each(bus: &Bus, filter: &str) -> anyhow::Result<Vec<Event>> {
    tokio::time::timeout(READ_TIMEOUT, last_of_each_untimed(bus, filter))
        .await
        .with_context(|| format!("reading {filter}: no answer in {READ_TIMEOUT:?}"))?
        .with_context(|| format!("reading {filter}"))
}

async fn last_of_each_untimed(bus: &Bus, filter: &str) -> anyhow::Result<Vec<Event>> {
    let inbox = bus.client.new_inbox();
    let mut answers = bus.client.subscribe(inbox.clone()).await?;
    let request = serde_json::json!({ "multi_last": [filter] }).to_string();
    let endpoint = format!("$JS.API.DIRECT.GET.{STREAM}");
    bus.client.publish_with_reply(endpoint, inbox, request.into()).await?;
    let mut events = Vec::new();
    while let Some(answer) = answers.next().await {
        match answer.status {
            None => events.push(jetstream::message::StreamMessage::try_from(answer)?.into()),
            // The end of the batch, or nothing found.
            Some(status) if status.as_u16() == 204 || status == StatusCode::NOT_FOUND => return Ok(events),
            Some(status) => {
                anyhow::bail!("the log answers {status} {}", answer.description.unwrap_or_default())
            }
        }
    }
    anyhow::bail!("the connection closed")
}

pub(crate) async fn last(bus: &Bus, filter: &str) -> anyhow::Result<Option<Event>> {
    Ok(last_of_each(bus, filter).await?.pop())
}

/// The message that came last of all that `filter` takes, however many subjects they are on.
pub(crate) async fn latest(bus: &Bus, filter: &str) -> anyhow::Result<Option<Event>> {
    let stream = bus.jetstream.get_stream_no_info(STREAM).await.context("finding the log")?;
    let read = tokio::time::timeout(READ_TIMEOUT, stream.direct_get_last_for_subject(filter))
        .await
        .with_context(|| format!("reading {filter}: no answer in {READ_TIMEOUT:?}"))?;
    match read {
        Ok(message) => Ok(Some(message.into())),
        Err(error) if error.kind() == DirectGetErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("reading {filter}")),
    }
}

/// Answers that many ask for and that may be two seconds old.
#[derive(Default)]
pub(crate) struct Recently {
    lag: Mutex<Option<(Instant, Vec<Lag>)>>,
    counts: Mutex<Option<(Instant, Counts)>>,
}

const FRESH_FOR: Duration = Duration::from_secs(2);

impl Recently {
    pub(crate) async fn lag(&self, bus: &Bus) -> anyhow::Result<Vec<Lag>> {
        let mut kept = self.lag.lock().await;
        if let Some((at, lag)) = kept.as_ref().filter(|(at, _)| at.elapsed() < FRESH_FOR) {
            let _ = at;
            return Ok(lag.clone());
        }
        let lag = lag(bus).await?;
        *kept = Some((Instant::now(), lag.clone()));
        Ok(lag)
    }

    pub(crate) async fn counts(&self, bus: &Bus) -> anyhow::Result<Counts> {
        let mut kept = self.counts.lock().await;
        if let Some((_, counts)) = kept.filter(|(at, _)| at.elapsed() < FRESH_FOR) {
            return Ok(counts);
        }
        let counts = counts(bus).await?;
        *kept = Some((Instant::now(), counts));
        Ok(counts)
    }
}

async fn lag(bus: &Bus) -> anyhow::Result<Vec<Lag>> {
    let mut lag = Vec::new();
    for (stage, _) in durables() {
        let consumer = bind(bus, stage).await?;
        let info = consumer.cached_info();
        lag.push(Lag { stage, waiting: info.num_pending, in_flight: info.num_ack_pending as u64 });
    }
    Ok(lag)
}

async fn counts(bus: &Bus) -> anyhow::Result<Counts> {
    Ok(Counts {
        submitted: count::<ReportSubmitted>(bus).await?,
        parsed: count::<ReportParsed>(bus).await?,
        validated: count::<ReportValidated>(bus).await?,
        indexed: count::<ReportIndexed>(bus).await?,
        refused: count::<ReportRefused>(bus).await?,
    })
}

/// The server counts what lies behind a place that nobody moves, as it comes. Listing the subjects of a
/// stream costs a line for each message instead.
async fn count<F: Fact>(bus: &Bus) -> anyhow::Result<u64> {
    Ok(bind(bus, &tally::<F>()).await?.cached_info().num_pending)
}
