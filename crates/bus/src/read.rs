//! Reading the log: single facts, the history of one id, and pages of facts.

use std::time::Duration;

use anyhow::Context as _;
use async_nats::StatusCode;
use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::stream::DirectGetErrorKind;
use futures::StreamExt;
use proto::{Fact, subject};

use crate::connect::Bus;
use crate::event::{Event, milliseconds};
use crate::names::STREAM;

/// The range of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// When the stream was created, milliseconds since 1970-01-01 UTC. A sequence of one stream means
    /// nothing on another, so a position is only valid together with this time.
    pub made_at_ms: i64,
    /// The first sequence; older messages expired.
    pub first: u64,
    /// The last sequence.
    pub last: u64,
    /// Messages between the two that somebody deleted.
    pub deleted: u64,
    /// How many servers have a copy.
    pub replicas: usize,
}

impl Bus {
    /// The facts about one id, oldest first; empty where there is no such id. A message that is no fact about
    /// this id is left out.
    ///
    /// # Errors
    /// If the bus does not answer.
    pub async fn history(&self, id: &str) -> anyhow::Result<Vec<Event>> {
        let Ok(filter) = subject::history(id) else { return Ok(Vec::new()) };
        facts(self, &filter).await
    }

    /// The fact `F` about one id, if there is one.
    ///
    /// # Errors
    /// If the bus does not answer.
    pub async fn last_of_id<F: Fact>(&self, id: &str) -> anyhow::Result<Option<F>> {
        let Ok(filter) = subject::any_of_id::<F>(id) else { return Ok(None) };
        Ok(facts(self, &filter).await?.pop().and_then(|event| event.decode()))
    }

    /// Every fact `F` about one id, for a kind of which there are several; see [`Bus::append`].
    ///
    /// # Errors
    /// If the bus does not answer, or the id cannot be part of a subject.
    pub async fn facts_of_id<F: Fact>(&self, id: &str) -> anyhow::Result<Facts<F>> {
        facts_of_id(self, id).await
    }

    /// The newest fact `F`, whatever id it is about.
    ///
    /// # Errors
    /// If the bus does not answer.
    pub async fn latest<F: Fact>(&self) -> anyhow::Result<Option<F>> {
        Ok(latest(self, &subject::filter::<F>()).await?.and_then(|event| event.decode()))
    }

    /// The sequence of the newest fact `F`; 0 where there is none.
    ///
    /// # Errors
    /// If the bus does not answer.
    pub async fn last_sequence<F: Fact>(&self) -> anyhow::Result<u64> {
        let last = latest(self, &subject::filter::<F>()).await?;
        Ok(last.map_or(0, |event| event.sequence))
    }

    /// The messages that match `filter` from sequence `from` on, as many as the log answers with at once; empty at its
    /// end.
    ///
    /// # Errors
    /// If the bus does not answer.
    pub async fn page(&self, filter: &str, from: u64) -> anyhow::Result<Vec<Event>> {
        Ok(page(self, filter, from).await?.events)
    }

    /// The sequence of the first message that matches `filter` and that the log stored at this time, milliseconds
    /// since 1970-01-01 UTC, or later; none where there is no such message.
    ///
    /// # Errors
    /// If the bus does not answer.
    pub async fn first_since(&self, filter: &str, since_ms: i64) -> anyhow::Result<Option<u64>> {
        let since = jiff::Timestamp::from_millisecond(since_ms).context("reading the log since a time")?;
        let request =
            serde_json::json!({ "start_time": since.to_string(), "next_by_subj": filter, "batch": 1 });
        let read = tokio::time::timeout(READ_TIMEOUT, batch(self, STREAM, &request)).await;
        let page = read.with_context(|| format!("reading {filter}: no answer in {READ_TIMEOUT:?}"))??;
        Ok(page.events.first().map(|event| event.sequence))
    }

    /// The first message that matches `filter` after this sequence; none at the end of the log.
    ///
    /// # Errors
    /// If the bus does not answer.
    pub async fn first_after(&self, filter: &str, sequence: u64) -> anyhow::Result<Option<Event>> {
        next(self, filter, sequence + 1).await
    }

    /// When the log stored the message with this sequence, milliseconds since 1970-01-01 UTC; none where
    /// there is no such message.
    ///
    /// # Errors
    /// If the bus does not answer.
    pub async fn timestamp_of(&self, sequence: u64) -> anyhow::Result<Option<i64>> {
        let found = next(self, subject::ALL, sequence).await?;
        Ok(found.filter(|event| event.sequence == sequence).map(|event| event.at_ms))
    }

    /// The range of the log.
    ///
    /// # Errors
    /// If the bus does not answer.
    pub async fn extent(&self) -> anyhow::Result<Extent> {
        let stream = self.jetstream.get_stream(STREAM).await.context("asking for the log")?;
        let info = stream.cached_info();
        Ok(Extent {
            made_at_ms: milliseconds(info.created.unix_timestamp_nanos()),
            first: info.state.first_sequence,
            last: info.state.last_sequence,
            deleted: info.state.deleted_count.unwrap_or_default(),
            replicas: info.config.num_replicas,
        })
    }

    /// Calls `each` with every fact that matches `filter`, oldest first, up to the last one on the log. Needs
    /// no consumer.
    ///
    /// # Errors
    /// If the bus does not answer, or `each` fails.
    pub async fn scan(
        &self,
        filter: &str,
        each: impl FnMut(Event) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        self.scan_from(filter, 1, each).await
    }

    /// The same from a sequence on.
    ///
    /// # Errors
    /// If the bus does not answer, or `each` fails.
    pub async fn scan_from(
        &self,
        filter: &str,
        from: u64,
        mut each: impl FnMut(Event) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let mut next = from;
        loop {
            let page = page(self, filter, next).await?.events;
            let Some(last) = page.last() else { return Ok(()) };
            next = last.sequence + 1;
            page.into_iter().try_for_each(&mut each)?;
        }
    }
}

/// The facts `F` about one id, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts<F> {
    /// The facts.
    pub facts: Vec<F>,
    /// The sequence of the last message on their subjects, whether it is a fact or not; 0 where there is none.
    pub(crate) last_sequence: u64,
}

/// See [`Bus::facts_of_id`].
pub(crate) async fn facts_of_id<F: Fact>(bus: &Bus, id: &str) -> anyhow::Result<Facts<F>> {
    let found = all_of(bus, F::NAME, id).await?;
    let last_sequence = found.last().map_or(0, |event| event.sequence);
    let facts = found.iter().filter(|event| event.matches_its_subject()).filter_map(Event::decode).collect();
    Ok(Facts { facts, last_sequence })
}

const READ_TIMEOUT: Duration = Duration::from_secs(5);

/// The last message of each subject that matches `filter`, oldest first, in one request. An id has one
/// message of each fact, so this is its history.
pub(crate) async fn last_of_each(bus: &Bus, filter: &str) -> anyhow::Result<Vec<Event>> {
    let request = serde_json::json!({ "multi_last": [filter] });
    let read = tokio::time::timeout(READ_TIMEOUT, batch(bus, STREAM, &request))
        .await
        .with_context(|| format!("reading {filter}: no answer in {READ_TIMEOUT:?}"))?;
    Ok(read.with_context(|| format!("reading {filter}"))?.events)
}

/// The facts about one id that match `filter`, oldest first.
async fn facts(bus: &Bus, filter: &str) -> anyhow::Result<Vec<Event>> {
    let mut found = last_of_each(bus, filter).await?;
    if !found.iter().all(Event::matches_its_subject) {
        // A message that is no fact may hide one on the same subject.
        found = all(bus, filter).await?;
        found.retain(Event::matches_its_subject);
    }
    Ok(found)
}

/// Every message about one id, oldest first, whether it is a fact or not.
pub(crate) async fn all_of_id(bus: &Bus, id: &str) -> anyhow::Result<Vec<Event>> {
    all(bus, &subject::history(id)?).await
}

/// Every message on the subjects of one kind of fact about one id, oldest first, whether it is a fact or not.
pub(crate) async fn all_of(bus: &Bus, fact: &str, id: &str) -> anyhow::Result<Vec<Event>> {
    all(bus, &subject::any_of(fact, id)?).await
}

/// Every message that matches `filter`, oldest first; the filter names one id.
async fn all(bus: &Bus, filter: &str) -> anyhow::Result<Vec<Event>> {
    let mut found: Vec<Event> = Vec::new();
    loop {
        let next = found.last().map_or(1, |event| event.sequence + 1);
        let page = page(bus, filter, next).await?.events;
        if page.is_empty() {
            return Ok(found);
        }
        found.extend(page);
        anyhow::ensure!(found.len() <= MOST_OF_ID, "more than {MOST_OF_ID} messages match {filter}");
    }
}

/// An id has five facts, and its messages are read into memory. More than this was put there to do harm: a process that
/// may publish can stop a report that way, but not unnoticed.
const MOST_OF_ID: usize = 10_000;

/// A part of the log.
pub(crate) struct Page {
    /// The messages of one answer, oldest first.
    pub(crate) events: Vec<Event>,
    /// How many more match.
    pub(crate) left: u64,
}

impl Page {
    /// How many messages match from its beginning on.
    pub(crate) fn count(&self) -> u64 {
        self.events.len() as u64 + self.left
    }
}

/// The messages that match `filter` from sequence `from` on, as many as fit into one answer; empty at the
/// end of the log.
pub(crate) async fn page(bus: &Bus, filter: &str, from: u64) -> anyhow::Result<Page> {
    page_in(bus, STREAM, filter, from).await
}

/// The same of any stream.
pub(crate) async fn page_in(bus: &Bus, stream: &str, filter: &str, from: u64) -> anyhow::Result<Page> {
    let request = serde_json::json!({
        "seq": from,
        "next_by_subj": filter,
        "batch": PAGE_MESSAGES,
        "max_bytes": PAGE_BYTES,
    });
    let mut tries = 1;
    loop {
        let read = tokio::time::timeout(PAGE_TIMEOUT, batch(bus, stream, &request)).await;
        match read.unwrap_or_else(|_| Err(anyhow::anyhow!("no answer in {PAGE_TIMEOUT:?}"))) {
            Ok(page) => return Ok(page),
            Err(error) if tries < PAGE_TRIES => {
                tracing::warn!(stage = bus.stage, "reading {filter} from {from}: {error:#}; asking again");
            }
            Err(error) => return Err(error.context(format!("reading {filter} from {from}"))),
        }
        tries += 1;
    }
}

/// The first message that matches `filter` from sequence `from` on.
pub(crate) async fn next(bus: &Bus, filter: &str, from: u64) -> anyhow::Result<Option<Event>> {
    let request = serde_json::json!({ "seq": from, "next_by_subj": filter, "batch": 1 });
    let read = tokio::time::timeout(READ_TIMEOUT, batch(bus, STREAM, &request)).await;
    Ok(read.with_context(|| format!("reading {filter}: no answer in {READ_TIMEOUT:?}"))??.events.pop())
}

const PAGE_MESSAGES: usize = 500;
const PAGE_BYTES: usize = 8 << 20;
/// A page may be many megabytes, and the server may have to search long for what matches.
const PAGE_TIMEOUT: Duration = Duration::from_secs(15);
/// A replica that shuts down may begin an answer and never finish it.
const PAGE_TRIES: u32 = 4;

/// The header of the end of an answer that says how many more messages match.
const NUM_PENDING: &str = "Nats-Num-Pending";

/// Every message of one answer of the direct-get API.
async fn batch(bus: &Bus, stream: &str, request: &serde_json::Value) -> anyhow::Result<Page> {
    let (messages, left) = messages(bus, stream, request).await?;
    Ok(Page { events: messages.into_iter().map(Event::from).collect(), left })
}

/// The messages of any stream from sequence `from` on with their headers, as many as fit into one answer.
pub(crate) async fn messages_in(
    bus: &Bus,
    stream: &str,
    filter: &str,
    from: u64,
) -> anyhow::Result<Vec<StreamMessage>> {
    let request = serde_json::json!({
        "seq": from,
        "next_by_subj": filter,
        "batch": PAGE_MESSAGES,
        "max_bytes": PAGE_BYTES,
    });
    let read = tokio::time::timeout(PAGE_TIMEOUT, messages(bus, stream, &request)).await;
    let read =
        read.with_context(|| format!("reading {stream} from {from}: no answer in {PAGE_TIMEOUT:?}"))?;
    Ok(read.with_context(|| format!("reading {stream} from {from}"))?.0)
}

/// The messages of one answer of the direct-get API, and how many more match.
async fn messages(
    bus: &Bus,
    stream: &str,
    request: &serde_json::Value,
) -> anyhow::Result<(Vec<StreamMessage>, u64)> {
    let inbox = bus.client.new_inbox();
    let mut answers = bus.client.subscribe(inbox.clone()).await?;
    let endpoint = format!("$JS.API.DIRECT.GET.{stream}");
    bus.client.publish_with_reply(endpoint, inbox, request.to_string().into()).await?;
    let mut found = Vec::new();
    while let Some(answer) = answers.next().await {
        match answer.status {
            None => found.push(StreamMessage::try_from(answer)?),
            // The end of the batch, or nothing found.
            Some(status) if status.as_u16() == 204 || status == StatusCode::NOT_FOUND => {
                let left = answer.headers.as_ref().and_then(|headers| headers.get(NUM_PENDING));
                let left = left.and_then(|left| left.as_str().parse().ok()).unwrap_or_default();
                return Ok((found, left));
            }
            Some(status) => {
                anyhow::bail!("the log answers {status} {}", answer.description.unwrap_or_default())
            }
        }
    }
    anyhow::bail!("the connection closed")
}

/// The newest message of all that match `filter`, however many subjects they are on.
async fn latest(bus: &Bus, filter: &str) -> anyhow::Result<Option<Event>> {
    latest_in(bus, STREAM, filter).await
}

/// The newest message that matches `filter` in any stream.
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
