//! Key-value buckets for the state of an installation that is no fact about a report: accounts and sessions.
//!
//! They are read by direct gets and written by plain publishes, so no process needs the right to create a consumer.

use anyhow::Context as _;
use async_nats::HeaderMap;
use async_nats::header::{
    NATS_EXPECTED_LAST_SEQUENCE, NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, NATS_EXPECTED_STREAM,
};
use async_nats::jetstream::context::PublishErrorKind;
use async_nats::jetstream::message::PublishMessage;
use bytes::Bytes;

use crate::connect::Bus;
use crate::read;

/// A bucket on the bus; it is one of those that the topology makes.
#[derive(Clone)]
pub struct Bucket {
    bus: Bus,
    stream: String,
    prefix: String,
}

/// A value in a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its key: letters, digits, `-` and `_`, in parts with dots between them.
    pub key: String,
    /// The value.
    pub value: Bytes,
    /// Its sequence in the bucket.
    pub sequence: u64,
}

/// Everything in a bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// The values, the oldest change first.
    pub entries: Vec<Entry>,
    /// The sequence of the last change of the bucket.
    pub last: u64,
}

/// The outcome of a conditional write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// The bucket has the value.
    Stored,
    /// The bucket has changed since it was read, and has not taken the value.
    Conflict,
}

/// The operation that tools for buckets look for in the message that ends a key.
const OPERATION: &str = "KV-Operation";
const DELETED: &str = "DEL";

impl Bus {
    /// The bucket with this name.
    pub fn bucket(&self, name: &str) -> Bucket {
        Bucket { bus: self.clone(), stream: format!("KV_{name}"), prefix: format!("$KV.{name}.") }
    }
}

impl Bucket {
    /// The value of a key; none where it has none.
    ///
    /// # Errors
    /// If the bus does not answer, or has no such bucket.
    pub async fn get(&self, key: &str) -> anyhow::Result<Option<Entry>> {
        let found = read::latest_in(&self.bus, &self.stream, &format!("{}{key}", self.prefix)).await?;
        // A key that was deleted has an empty value.
        let found = found.filter(|event| !event.payload.is_empty());
        Ok(found.map(|event| Entry { key: key.to_owned(), value: event.payload, sequence: event.sequence }))
    }

    /// Every value whose key matches a filter, e.g. `>` or `a1b2.*`.
    ///
    /// # Errors
    /// If the bus does not answer, or has no such bucket.
    pub async fn all(&self, filter: &str) -> anyhow::Result<Snapshot> {
        let mut snapshot = self.changes(filter, 0).await?;
        // A key that was deleted has an empty value.
        snapshot.entries.retain(|entry| !entry.value.is_empty());
        Ok(snapshot)
    }

    /// Every value that was written after the change with this sequence; that of a key that was deleted is empty.
    ///
    /// # Errors
    /// If the bus does not answer, or has no such bucket.
    pub async fn changes(&self, filter: &str, after: u64) -> anyhow::Result<Snapshot> {
        let filter = format!("{}{filter}", self.prefix);
        let mut snapshot = Snapshot { entries: Vec::new(), last: after };
        loop {
            let page = read::page_in(&self.bus, &self.stream, &filter, snapshot.last + 1).await?.events;
            let Some(last) = page.last() else { return Ok(snapshot) };
            snapshot.last = last.sequence;
            let entries = page.into_iter().map(|event| Entry {
                key: event.subject.strip_prefix(&self.prefix).unwrap_or_default().to_owned(),
                value: event.payload,
                sequence: event.sequence,
            });
            snapshot.entries.extend(entries);
        }
    }

    /// Writes a value.
    ///
    /// # Errors
    /// If the bus does not store it.
    pub async fn put(&self, key: &str, value: Bytes) -> anyhow::Result<()> {
        self.write(key, value, HeaderMap::new()).await.map(drop)
    }

    /// Writes a value if nothing in the bucket has changed since its last change was `last`.
    ///
    /// # Errors
    /// If the bus does not store it.
    pub async fn put_after(&self, key: &str, value: Bytes, last: u64) -> anyhow::Result<Written> {
        let mut headers = HeaderMap::new();
        headers.insert(NATS_EXPECTED_LAST_SEQUENCE, last.to_string().as_str());
        self.write(key, value, headers).await
    }

    /// Replaces a value if its sequence is still this.
    ///
    /// # Errors
    /// If the bus does not store it.
    pub async fn replace(&self, key: &str, value: Bytes, sequence: u64) -> anyhow::Result<Written> {
        let mut headers = HeaderMap::new();
        headers.insert(NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, sequence.to_string().as_str());
        self.write(key, value, headers).await
    }

    /// Removes a value.
    ///
    /// # Errors
    /// If the bus does not store that.
    pub async fn delete(&self, key: &str) -> anyhow::Result<()> {
        let mut headers = HeaderMap::new();
        headers.insert(OPERATION, DELETED);
        self.write(key, Bytes::new(), headers).await.map(drop)
    }

    async fn write(&self, key: &str, value: Bytes, mut headers: HeaderMap) -> anyhow::Result<Written> {
        headers.insert(NATS_EXPECTED_STREAM, self.stream.as_str());
        let message = PublishMessage::build().payload(value).headers(headers);
        let subject = format!("{}{key}", self.prefix);
        let sent = match self.bus.jetstream.send_publish(subject, message).await {
            Ok(acknowledged) => acknowledged.await,
            Err(error) => Err(error),
        };
        match sent {
            Ok(_) => Ok(Written::Stored),
            Err(error) if error.kind() == PublishErrorKind::WrongLastSequence => Ok(Written::Conflict),
            Err(error) => Err(error).with_context(|| format!("writing to {}", self.stream)),
        }
    }
}
