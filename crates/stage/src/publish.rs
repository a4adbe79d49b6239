//! Publishing a fact once: whoever publishes it again finds it there, today or in a year. What a stage makes
//! of a fact is the only thing that is ever made of it.

use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::header::{NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, NATS_EXPECTED_STREAM};
use async_nats::jetstream::context::{PublishAckFuture, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use bytes::Bytes;
use opentelemetry::KeyValue;
use proto::v1::ReportSubmitted;
use proto::{Fact, header, subject};
use tokio::time::Instant;
use tracing::Instrument;

use crate::connect::Bus;
use crate::failpoint;
use crate::read::{self, Event};
use crate::telemetry::{metrics, stage_attribute, traceparent};
use crate::topology::STREAM;

/// The subjects whose last message must be the one expected: the fact of this id, however it is filed.
const EXPECTED_SUBJECT: &str = "Nats-Expected-Last-Subject-Sequence-Subject";
/// How long a publish is tried: longer than a leader election, shorter than a submitter's patience.
const DEADLINE: Duration = Duration::from_secs(20);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(3);
/// The stream's own limit on the size of a message (JetStream error 10054).
const STREAM_MESSAGE_EXCEEDS_MAXIMUM: &str = "message size exceeds maximum";

/// What became of a publish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Published {
    /// The fact is on the log, by this publish.
    New,
    /// It was there before.
    AlreadyThere,
}

/// A fact that is not known to be on the log.
#[derive(Debug, thiserror::Error)]
pub enum NotPublished {
    /// It has no id that can stand in a subject.
    #[error(transparent)]
    Unnamed(#[from] subject::SubjectError),
    /// It is larger than the bus takes.
    #[error("{subject} of {size_bytes} bytes is larger than the bus takes")]
    TooLarge {
        /// Where it was to go.
        subject: String,
        /// Its size without headers.
        size_bytes: usize,
    },
    /// The bus did not answer, or refused, for as long as it was tried.
    #[error("publishing {subject}: {reason}")]
    Unavailable {
        /// Where it was to go.
        subject: String,
        /// The last answer.
        reason: String,
    },
}

/// A fact ready to be sent, as often as it takes.
pub(crate) struct Outgoing {
    subject: String,
    any_of_id: String,
    name: &'static str,
    id: String,
    /// The place of the fact that it is to be the one successor of.
    after: Option<u64>,
    headers: HeaderMap,
    payload: Bytes,
}

impl Outgoing {
    /// The message of a fact.
    pub(crate) fn new<F: Fact>(stage: &'static str, fact: &F) -> Result<Self, NotPublished> {
        let subject = fact.subject()?.to_string();
        let any_of_id = subject::any_of_id::<F>(fact.id())?;
        let message_id = fact.message_id();
        let mut headers = HeaderMap::new();
        headers.insert(NATS_EXPECTED_STREAM, STREAM);
        headers.insert(header::MESSAGE_ID, message_id.as_str());
        let now = jiff::Timestamp::now().to_string();
        let source = format!("/gouji/{stage}");
        for (name, value) in [
            (header::CE_SPECVERSION, header::CE_SPECVERSION_VALUE),
            (header::CE_ID, &message_id),
            (header::CE_SOURCE, &source),
            (header::CE_TYPE, F::TYPE),
            (header::CE_TIME, &now),
            (header::CE_SUBJECT, fact.id()),
            (header::CE_DATACONTENTTYPE, header::CE_DATACONTENTTYPE_VALUE),
        ] {
            headers.insert(name, percent_encoded(value).as_str());
        }
        let payload = Bytes::from(fact.encode_to_vec());
        Ok(Self {
            subject,
            any_of_id,
            name: F::NAME,
            id: fact.id().to_owned(),
            after: None,
            headers,
            payload,
        })
    }

    /// Lets it be the one successor of the fact at `sequence`, which is about the same id: it is found to be
    /// there where any other followed that one. So a report that another worker has read is not refused by
    /// one that comes late, nor the other way round.
    pub(crate) fn succeeding(self, sequence: u64) -> Self {
        Self { after: Some(sequence), ..self }
    }

    /// Sends it until it is known to be on the log. The current span leads to it.
    pub(crate) async fn publish(&self, bus: &Bus) -> Result<Published, NotPublished> {
        let span = tracing::info_span!(
            "send",
            otel.name = format!("send gouji.v1.{}", self.name),
            otel.kind = "producer",
            messaging.system = "nats",
            messaging.operation.name = "send",
            messaging.operation.type = "send",
            messaging.destination.name = self.subject,
            messaging.destination.template = format!("gouji.v1.{}.{{year}}.{{region}}.{{id}}", self.name),
            messaging.message.body.size = self.payload.len(),
            report.id = self.id,
        );
        self.publish_until_known(bus).instrument(span).await
    }

    async fn publish_until_known(&self, bus: &Bus) -> Result<Published, NotPublished> {
        let deadline = Instant::now() + DEADLINE;
        let mut pause = FIRST_PAUSE;
        let (mut tries, mut after) = (1, self.after);
        loop {
            let answer = match self.send(bus, after).await {
                Ok(ack) => {
                    failpoint("sent");
                    self.answer(ack).await
                }
                Err(answer) => answer,
            };
            let reason = match answer {
                Answer::Known(Published::AlreadyThere)
                    if !self.has_come_to_something(bus, &mut after).await =>
                {
                    "something else about it came between".into()
                }
                Answer::Known(published) => {
                    failpoint("published");
                    let published = self.by_us(bus, published, tries).await;
                    self.count(bus, published);
                    return Ok(published);
                }
                Answer::TooLarge => {
                    return Err(NotPublished::TooLarge {
                        subject: self.subject.clone(),
                        size_bytes: self.payload.len(),
                    });
                }
                Answer::TryAgain(reason) => reason,
            };
            if Instant::now() + pause >= deadline {
                return Err(NotPublished::Unavailable { subject: self.subject.clone(), reason });
            }
            tracing::warn!(
                stage = bus.stage,
                report.id = self.id,
                tries,
                "publishing {}: {reason}",
                self.name
            );
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
            tries += 1;
        }
    }

    /// Whether what it was to succeed did come to an outcome. What else somebody put there about the same id
    /// must not stand in its way: then it is only published once.
    async fn has_come_to_something(&self, bus: &Bus, after: &mut Option<u64>) -> bool {
        let (Some(sequence), Ok(history)) = (*after, subject::history(&self.id)) else { return true };
        let Ok(facts) = read::last_of_each(bus, &history).await else { return false };
        let is_outcome = |event: &Event| event.fact() != ReportSubmitted::NAME && event.is_what_it_says();
        let came = facts.iter().any(|event| event.sequence > sequence && is_outcome(event));
        if !came {
            *after = None;
        }
        came
    }

    async fn send(&self, bus: &Bus, after: Option<u64>) -> Result<PublishAckFuture, Answer> {
        let mut headers = self.headers.clone();
        let (expected, of) = match after.map(|sequence| (sequence, subject::history(&self.id))) {
            Some((sequence, Ok(history))) => (sequence, history),
            _ => (0, self.any_of_id.clone()),
        };
        headers.insert(NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, expected.to_string().as_str());
        headers.insert(EXPECTED_SUBJECT, of.as_str());
        if let Some(parent) = traceparent() {
            headers.insert(header::TRACEPARENT, parent.as_str());
        }
        let message = PublishMessage::build().payload(self.payload.clone()).headers(headers);
        bus.jetstream
            .send_publish(self.subject.clone(), message)
            .await
            .map_err(|error| Answer::of_error(error.kind(), &error))
    }

    async fn answer(&self, ack: PublishAckFuture) -> Answer {
        match ack.await {
            Ok(ack) if ack.duplicate => Answer::Known(Published::AlreadyThere),
            Ok(_) => Answer::Known(Published::New),
            Err(error) => Answer::of_error(error.kind(), &error),
        }
    }

    /// A try whose answer was lost may have been the one that stored it.
    async fn by_us(&self, bus: &Bus, published: Published, tries: u32) -> Published {
        if published == Published::New || tries == 1 {
            return published;
        }
        match read::last(bus, &self.any_of_id).await {
            Ok(Some(event)) if event.payload == self.payload => Published::New,
            _ => Published::AlreadyThere,
        }
    }

    fn count(&self, bus: &Bus, published: Published) {
        if published == Published::New {
            let destination = KeyValue::new("messaging.destination.template", self.name);
            metrics().sent.add(1, &[stage_attribute(bus.stage), destination]);
        }
    }
}

enum Answer {
    Known(Published),
    TooLarge,
    TryAgain(String),
}

impl Answer {
    fn of_error(kind: PublishErrorKind, error: &dyn std::fmt::Display) -> Self {
        let reason = error.to_string();
        match kind {
            PublishErrorKind::WrongLastSequence => Self::Known(Published::AlreadyThere),
            PublishErrorKind::MaxPayloadExceeded => Self::TooLarge,
            PublishErrorKind::Other if reason.contains(STREAM_MESSAGE_EXCEEDS_MAXIMUM) => Self::TooLarge,
            _ => Self::TryAgain(reason),
        }
    }
}

/// The encoding of CloudEvents header values: everything but printable ASCII, and of that not space, `"` and `%`.
fn percent_encoded(value: &str) -> String {
    let mut encoded = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b'"' | b'%' => encoded.push_str(&format!("%{byte:02X}")),
            b'!'..=b'~' => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_values_are_percent_encoded() {
        let check = |value: &str, expected: &str| assert_eq!(percent_encoded(value), expected);
        check("gouji.v1.ReportParsed", "gouji.v1.ReportParsed");
        check("a b\"c%", "a%20b%22c%25");
        check("简", "%E7%AE%80");
        check("\r\n", "%0D%0A");
    }
}
