//! The stream of outward messages, from which regions and other data buses read.
//!
//! One outlet writes it. Each publish expects the sequence that its publisher saw last, so a second writer, or the same
//! one that comes back late, stores nothing twice; the last message tells how far the outlet has come.

use std::collections::BTreeMap;

use anyhow::Context as _;
use async_nats::HeaderMap;
use async_nats::header::{NATS_EXPECTED_LAST_SEQUENCE, NATS_EXPECTED_STREAM};
use async_nats::jetstream::context::{PublishError, PublishErrorKind};
use async_nats::jetstream::message::{PublishMessage, StreamMessage};
use bytes::Bytes;
use percent_encoding::percent_decode_str;
use proto::subject;

use crate::connect::Bus;
use crate::names::EXPORT;
use crate::publish::percent_encoded;
use crate::read;

/// The stream of outward messages.
#[derive(Clone)]
pub struct Export(Bus);

/// An outward message to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outward {
    /// Its subject; see [`subject::outward`].
    pub subject: String,
    /// Its CloudEvents attributes.
    pub attributes: Vec<(&'static str, String)>,
    /// Its payload.
    pub payload: Bytes,
}

/// An outward message as it stands in the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// Its sequence in the stream.
    pub sequence: u64,
    /// Its subject.
    pub subject: String,
    /// Its CloudEvents attributes, decoded.
    pub attributes: BTreeMap<String, String>,
    /// Its payload.
    pub payload: Bytes,
}

/// Why messages were not stored, or not all of them.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The one with this index is larger than the stream takes. Those before it are stored.
    #[error("{1} is larger than the bus takes")]
    TooLarge(usize, String),
    /// The stream has other messages than the publisher saw.
    #[error("the stream {EXPORT} has changed: another process delivers to it, or an answer was lost")]
    Moved,
    /// The bus did not answer, or refused.
    #[error("publishing {0}: {1}")]
    Unavailable(String, String),
}

/// What the headers of CloudEvents begin with in the NATS binding.
const ATTRIBUTE: &str = "ce-";
/// JetStream error 10054: a message beyond `max_msg_size` of the stream.
const EXCEEDS_MAXIMUM: &str = "message size exceeds maximum";

impl Bus {
    /// The stream of outward messages.
    pub fn export(&self) -> Export {
        Export(self.clone())
    }
}

impl Export {
    /// The last sequence of the stream, and the message there unless it has expired.
    ///
    /// # Errors
    /// If the bus does not answer, or has no such stream.
    pub async fn last(&self) -> anyhow::Result<(u64, Option<Exported>)> {
        let stream =
            self.0.jetstream.get_stream(EXPORT).await.with_context(|| {
                format!("asking for the stream {EXPORT}; `gouji topology apply` makes it")
            })?;
        let last = stream.cached_info().state.last_sequence;
        let messages = read::messages_in(&self.0, EXPORT, subject::ALL_OUTWARD, last.max(1)).await?;
        let message = messages.into_iter().map(Exported::from).next_back();
        Ok((message.as_ref().map_or(last, |message| message.sequence), message))
    }

    /// When the stream was made, milliseconds since 1970-01-01 UTC, and the sequence that its next message gets.
    ///
    /// # Errors
    /// If the bus does not answer, or has no such stream.
    pub async fn extent(&self) -> anyhow::Result<(i64, u64)> {
        let stream = self.0.jetstream.get_stream(EXPORT).await.context("asking for the stream EXPORT")?;
        let info = stream.cached_info();
        let made_at_ms = crate::event::milliseconds(info.created.unix_timestamp_nanos());
        Ok((made_at_ms, info.state.last_sequence + 1))
    }

    /// Stores messages in their order, if the last sequence of the stream is still `after`; the last sequence then. If
    /// one fails, none after it is stored.
    ///
    /// # Errors
    /// If not all are stored.
    pub async fn publish(&self, messages: Vec<Outward>, after: u64) -> Result<u64, ExportError> {
        let mut answers = Vec::with_capacity(messages.len());
        let mut last = after;
        for Outward { subject, attributes, payload } in messages {
            let mut headers = HeaderMap::new();
            headers.insert(NATS_EXPECTED_STREAM, EXPORT);
            headers.insert(NATS_EXPECTED_LAST_SEQUENCE, last.to_string().as_str());
            for (name, value) in attributes {
                headers.insert(format!("{ATTRIBUTE}{name}").as_str(), percent_encoded(&value).as_str());
            }
            let message = PublishMessage::build().payload(payload).headers(headers);
            let sent = self.0.jetstream.send_publish(subject.clone(), message).await;
            answers.push((subject, sent));
            last += 1;
        }
        let mut stored = after;
        for (index, (subject, sent)) in answers.into_iter().enumerate() {
            let answer = match sent {
                Ok(answer) => answer.await,
                Err(error) => Err(error),
            };
            stored = answer.map_err(|error| ExportError::of(index, subject, &error))?.sequence;
        }
        Ok(stored)
    }

    /// Calls `each` with every message of the stream, the oldest first.
    ///
    /// # Errors
    /// If the bus does not answer.
    pub async fn scan(&self, mut each: impl FnMut(Exported)) -> anyhow::Result<()> {
        let mut next = 1;
        loop {
            let page = read::messages_in(&self.0, EXPORT, subject::ALL_OUTWARD, next).await?;
            let Some(last) = page.last() else { return Ok(()) };
            next = last.sequence + 1;
            page.into_iter().map(Exported::from).for_each(&mut each);
        }
    }
}

impl ExportError {
    fn of(index: usize, subject: String, error: &PublishError) -> Self {
        let reason = error.to_string();
        match error.kind() {
            PublishErrorKind::WrongLastSequence => Self::Moved,
            PublishErrorKind::MaxPayloadExceeded => Self::TooLarge(index, subject),
            _ if reason.contains(EXCEEDS_MAXIMUM) => Self::TooLarge(index, subject),
            _ => Self::Unavailable(subject, reason),
        }
    }
}

impl From<StreamMessage> for Exported {
    fn from(message: StreamMessage) -> Self {
        let attributes = message.headers.iter().filter_map(|(name, values)| {
            let name = name.to_string().strip_prefix(ATTRIBUTE)?.to_owned();
            let value = percent_decode_str(values.first()?.as_str()).decode_utf8_lossy().into_owned();
            Some((name, value))
        });
        Self {
            sequence: message.sequence,
            subject: message.subject.to_string(),
            attributes: attributes.collect(),
            payload: message.payload,
        }
    }
}
