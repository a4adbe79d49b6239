//! Publishing a fact once: a second publish of the same fact finds it on the log, today or in a year. A fact
//! that a stage makes of another one is its only successor.

use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::header::{NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, NATS_EXPECTED_STREAM};
use async_nats::jetstream::context::{PublishAckFuture, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use bytes::Bytes;
use opentelemetry::KeyValue;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use proto::v1::ReportSubmitted;
use proto::{Fact, header, subject};
use tokio::time::Instant;
use tracing::Instrument;

use crate::connect::Bus;
use crate::event::Event;
use crate::failpoint::failpoint;
use crate::metrics::{METRICS, stage_attribute};
use crate::names::STREAM;
use crate::read;
use crate::trace::traceparent;

/// The subjects whose last message must have the expected sequence: this fact about this id, under any year
/// and region.
const EXPECTED_SUBJECT: &str = "Nats-Expected-Last-Subject-Sequence-Subject";
/// How long a publish is retried: longer than a leader election, shorter than the timeout of a sender.
const DEADLINE: Duration = Duration::from_secs(20);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(3);
/// The stream's own limit on the size of a message (JetStream error 10054).
const STREAM_MESSAGE_EXCEEDS_MAXIMUM: &str = "message size exceeds maximum";

/// The outcome of a publish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Published {
    /// This publish put the fact on the log.
    New,
    /// The fact was on the log before.
    AlreadyThere,
}

/// Why a fact is not known to be on the log.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// Its id cannot be part of a subject.
    #[error(transparent)]
    UnsafeId(#[from] subject::SubjectError),
    /// It exceeds `max_payload` of the server or the limit of the stream.
    #[error("{subject} of {size_bytes} bytes is larger than the bus takes")]
    TooLarge {
        /// Its subject.
        subject: String,
        /// The size of its payload.
        size_bytes: usize,
    },
    /// The bus did not answer, or refused, until the deadline.
    #[error("publishing {subject}: {reason}")]
    Unavailable {
        /// Its subject.
        subject: String,
        /// The last answer.
        reason: String,
    },
}

impl Bus {
    /// Publishes a fact that no other fact led to, as ingest does. The current span becomes its parent. When
    /// this returns, the log has stored the fact.
    ///
    /// # Errors
    /// If the fact cannot be stored, or the bus does not answer for twenty seconds.
    pub async fn publish<F: Fact>(&self, fact: &F) -> Result<Published, PublishError> {
        Outgoing::new(self.stage, fact)?.publish(self).await
    }

    /// Publishes a fact as the only successor of the fact at `sequence`, which is about the same id. It
    /// counts as already there if any other successor is on the log. So when two workers handle the same
    /// fact, only the first outcome is stored, whether it is a result or a refusal.
    ///
    /// # Errors
    /// If the fact cannot be stored, or the bus does not answer for twenty seconds.
    pub async fn publish_successor<F: Fact>(
        &self,
        fact: &F,
        sequence: u64,
    ) -> Result<Published, PublishError> {
        let outgoing = Outgoing { after: Some(sequence), ..Outgoing::new(self.stage, fact)? };
        outgoing.publish(self).await
    }
}

/// A fact ready to be sent, as often as it takes.
struct Outgoing {
    subject: String,
    any_of_id: String,
    name: &'static str,
    id: String,
    /// The sequence of the fact that it must be the only successor of.
    after: Option<u64>,
    headers: HeaderMap,
    payload: Bytes,
}

impl Outgoing {
    /// The message of a fact.
    fn new<F: Fact>(stage: &'static str, fact: &F) -> Result<Self, PublishError> {
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

    /// Sends it until it is known to be on the log. The current span becomes its parent.
    async fn publish(&self, bus: &Bus) -> Result<Published, PublishError> {
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

    async fn publish_until_known(&self, bus: &Bus) -> Result<Published, PublishError> {
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
                Answer::Known(Published::AlreadyThere) if !self.has_successor(bus, &mut after).await => {
                    "another message about this id came between".into()
                }
                Answer::Known(published) => {
                    failpoint("published");
                    let published = self.by_us(bus, published, tries).await;
                    self.count(bus, published);
                    return Ok(published);
                }
                Answer::TooLarge => {
                    return Err(PublishError::TooLarge {
                        subject: self.subject.clone(),
                        size_bytes: self.payload.len(),
                    });
                }
                Answer::TryAgain(reason) => reason,
            };
            if Instant::now() + pause >= deadline {
                return Err(PublishError::Unavailable { subject: self.subject.clone(), reason });
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

    /// Whether the fact that this one succeeds has an outcome on the log already. Any other message about the
    /// same id must not block this one: then `after` is cleared, and only a second copy is prevented.
    async fn has_successor(&self, bus: &Bus, after: &mut Option<u64>) -> bool {
        let (Some(sequence), Ok(history)) = (*after, subject::history(&self.id)) else { return true };
        let Ok(facts) = read::last_of_each(bus, &history).await else { return false };
        let is_outcome = |event: &Event| event.fact() != ReportSubmitted::NAME && event.matches_its_subject();
        let found = facts.iter().any(|event| event.sequence > sequence && is_outcome(event));
        if !found {
            *after = None;
        }
        found
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

    /// An earlier try may have stored it although its answer was lost.
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
            METRICS.sent.add(1, &[stage_attribute(bus.stage), destination]);
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

/// What CloudEvents encodes in a header value, besides everything that is not ASCII.
const ENCODED: AsciiSet = CONTROLS.add(b' ').add(b'"').add(b'%');

fn percent_encoded(value: &str) -> String {
    utf8_percent_encode(value, &ENCODED).to_string()
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
