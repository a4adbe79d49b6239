//! Reading the log: the facts about one id, how much lies before each stage, how many facts there are.

use std::time::Duration;

use anyhow::Context as _;
use async_nats::jetstream;
use async_nats::jetstream::stream::DirectGetErrorKind;
use async_nats::{HeaderMap, StatusCode};
use bytes::Bytes;
use futures::StreamExt;
use proto::v1::{ReportIndexed, ReportParsed, ReportRefused, ReportSubmitted, ReportValidated};
use proto::{Fact, header};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::connect::Bus;
use crate::telemetry;
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
    /// The W3C trace context of the work that published it; empty where there was none.
    pub traceparent: String,
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
    /// Of these, how many were handed out before.
    pub redelivered: u64,
    /// Everything up to this place on the log is done.
    pub done_up_to: u64,
    /// Nothing after this place on the log was handed out yet.
    pub handed_up_to: u64,
    /// Until when an operator paused it, milliseconds since 1970-01-01 UTC.
    pub paused_until_ms: Option<i64>,
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

    /// Whether it is the fact that its subject tells of, and not something else that was put there.
    pub(crate) fn is_what_it_says(&self) -> bool {
        let reads_as = match self.fact() {
            ReportSubmitted::NAME => self.id_as::<ReportSubmitted>(),
            ReportParsed::NAME => self.id_as::<ReportParsed>(),
            ReportValidated::NAME => self.id_as::<ReportValidated>(),
            ReportIndexed::NAME => self.id_as::<ReportIndexed>(),
            ReportRefused::NAME => self.id_as::<ReportRefused>(),
            _ => None,
        };
        reads_as.is_some_and(|id| id == self.id())
    }

    fn id_as<F: Fact>(&self) -> Option<String> {
        self.decode::<F>().map(|fact| fact.id().to_owned())
    }

    /// The trace that it is part of, 32 hexadecimal digits.
    pub fn trace_id(&self) -> Option<String> {
        telemetry::trace_id(&self.traceparent)
    }

    pub(crate) fn of_delivery(message: &jetstream::Message) -> anyhow::Result<Self> {
        let info = message.info().map_err(|error| anyhow::anyhow!("{error}"))?;
        Ok(Self {
            subject: message.subject.to_string(),
            sequence: info.stream_sequence,
            at_ms: milliseconds(info.published.unix_timestamp_nanos()),
            payload: message.payload.clone(),
            traceparent: message.headers.as_ref().map(traceparent).unwrap_or_default(),
        })
    }
}

impl From<jetstream::message::StreamMessage> for Event {
    fn from(message: jetstream::message::StreamMessage) -> Self {
        Self {
            subject: message.subject.to_string(),
            sequence: message.sequence,
            at_ms: milliseconds(message.time.unix_timestamp_nanos()),
            traceparent: traceparent(&message.headers),
            payload: message.payload,
        }
    }
}

fn traceparent(headers: &HeaderMap) -> String {
    headers.get(header::TRACEPARENT).map(|value| value.as_str().to_owned()).unwrap_or_default()
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
    batch(bus, &serde_json::json!({ "multi_last": [filter] })).await
}

/// What `filter` takes from this place on, as much as fits into one answer; nothing at the end of the log.
pub(crate) async fn page(bus: &Bus, filter: &str, from: u64) -> anyhow::Result<Vec<Event>> {
    let request = serde_json::json!({
        "seq": from,
        "next_by_subj": filter,
        "batch": PAGE_MESSAGES,
        "max_bytes": PAGE_BYTES,
    });
    let mut tries = 1;
    loop {
        let read = tokio::time::timeout(PAGE_TIMEOUT, batch(bus, &request)).await;
        match read.unwrap_or_else(|_| Err(anyhow::anyhow!("no answer in {PAGE_TIMEOUT:?}"))) {
            Ok(events) => return Ok(events),
            Err(error) if tries < PAGE_TRIES => {
                tracing::warn!(stage = bus.stage, "reading {filter} from {from}: {error:#}; asking again");
            }
            Err(error) => return Err(error.context(format!("reading {filter} from {from}"))),
        }
        tries += 1;
    }
}

/// What `filter` takes from this place on, the first of it.
pub(crate) async fn next(bus: &Bus, filter: &str, from: u64) -> anyhow::Result<Option<Event>> {
    let request = serde_json::json!({ "seq": from, "next_by_subj": filter, "batch": 1 });
    let read = tokio::time::timeout(READ_TIMEOUT, batch(bus, &request)).await;
    Ok(read.with_context(|| format!("reading {filter}: no answer in {READ_TIMEOUT:?}"))??.pop())
}

const PAGE_MESSAGES: usize = 500;
const PAGE_BYTES: usize = 8 << 20;
/// A page may be many megabytes, and the search for what a filter takes may be long.
const PAGE_TIMEOUT: Duration = Duration::from_secs(15);
/// A replica that is leaving may begin an answer and never end it.
const PAGE_TRIES: u32 = 4;

/// Every message of one answer.
async fn batch(bus: &Bus, request: &serde_json::Value) -> anyhow::Result<Vec<Event>> {
    let inbox = bus.client.new_inbox();
    let mut answers = bus.client.subscribe(inbox.clone()).await?;
    let endpoint = format!("$JS.API.DIRECT.GET.{STREAM}");
    bus.client.publish_with_reply(endpoint, inbox, request.to_string().into()).await?;
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
    latest_in(bus, STREAM, filter).await
}

/// The same of another stream.
pub(crate) async fn latest_in(bus: &Bus, stream: &str, filter: &str) -> anyhow::Result<Option<Event>> {
    let stream = bus.jetstream.get_stream_no_info(stream).await.context("finding the stream")?;
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

pub(crate) async fn lag(bus: &Bus) -> anyhow::Result<Vec<Lag>> {
    let mut lag = Vec::new();
    for (stage, _) in durables() {
        let consumer = bind(bus, stage).await?;
        let info = consumer.cached_info();
        let paused_until = info.config.pause_until.filter(|_| info.paused);
        lag.push(Lag {
            stage,
            waiting: info.num_pending,
            in_flight: info.num_ack_pending as u64,
            redelivered: info.num_redelivered as u64,
            done_up_to: info.ack_floor.stream_sequence,
            handed_up_to: info.delivered.stream_sequence,
            paused_until_ms: paused_until.map(|until| milliseconds(until.unix_timestamp_nanos())),
        });
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
