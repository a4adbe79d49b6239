//! Publishing a fact once: a second publish of the same fact finds it on the log, today or in a year. A fact
//! that a stage makes of another one is its only successor.
//!
//! The expected sequence of each publish prevents a second copy. There is no `Nats-Msg-Id`: the window for
//! duplicates belongs to the whole stream, so anybody who may publish anything could make the server drop a
//! fact and answer as if it were there. A refused publish proves nothing by itself either: the fact counts as
//! published only if it is read back from the log.
//!
//! The first try may be part of a group ([`crate::group_commit`]); if the group is refused, or its answer is lost, the
//! fact is published by itself.

use std::sync::Arc;
use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::header::{NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, NATS_EXPECTED_STREAM};
use async_nats::jetstream::context::{PublishAckFuture, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use bytes::Bytes;
use opentelemetry::KeyValue;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use proto::v1::{ReportIndexed, ReportParsed, ReportRefused, ReportValidated};
use proto::{Fact, header, subject};
use tokio::time::Instant;
use tracing::Instrument;

use crate::connect::Bus;
use crate::delivery::Delivery;
use crate::event::Event;
use crate::failpoint::failpoint;
use crate::group_commit::{Announced, OnItsWay, Ready, Verdict, is_groupable};
use crate::metrics::{METRICS, stage_attribute};
use crate::names::STREAM;
use crate::read::{self, Facts};
use crate::trace::traceparent;

/// The subjects whose last message must have the expected sequence: this fact about this id, under any year
/// and region, or every fact about it.
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

/// The outcome of appending a fact to those about the same id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appended {
    /// The log has it after those that its publisher had read.
    New,
    /// The log has others by now; nothing was published.
    Conflict,
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
        Outgoing::first(self, fact)?.publish(self, None).await
    }

    /// Announces facts that are about to be published with [`Bus::publish_announced`]: each waits up to a quarter of
    /// a second for the others, so that they share flushes of the log.
    pub fn announce(&self, count: usize) -> Vec<Announced> {
        let announcer = self.group_commit.announcer();
        (0..count).map(|_| announcer.announce()).collect()
    }

    /// Does what [`Bus::publish`] does, together with others that were announced.
    ///
    /// # Errors
    /// Those of [`Bus::publish`].
    pub async fn publish_announced<F: Fact>(
        &self,
        fact: &F,
        announced: &Announced,
    ) -> Result<Published, PublishError> {
        Outgoing::first(self, fact)?.publish(self, Some(announced)).await
    }

    /// Publishes a fact as the only successor of the fact at `sequence`, which is about the same id. It
    /// counts as already there if another outcome of this stage is on the log. So when two workers handle the same
    /// fact, only the first outcome is stored, whether it is a result or a refusal.
    ///
    /// # Errors
    /// If the fact cannot be stored, or the bus does not answer for twenty seconds.
    pub async fn publish_successor<F: Fact>(
        &self,
        fact: &F,
        sequence: u64,
    ) -> Result<Published, PublishError> {
        Outgoing::successor(self, fact, sequence)?.publish(self, None).await
    }

    /// Publishes what came of a delivery: as its only successor, or as a first fact where it is about another id.
    /// If this process has many other deliveries of the consumer, the fact waits up to a quarter of a second for their
    /// outcomes, so that they share flushes of the log.
    ///
    /// # Errors
    /// If the fact cannot be stored, or the bus does not answer for twenty seconds.
    pub async fn publish_outcome<F: Fact>(
        &self,
        fact: &F,
        delivery: &Delivery,
    ) -> Result<Published, PublishError> {
        let outgoing = if fact.id() == delivery.id() {
            Outgoing::successor(self, fact, delivery.sequence)?
        } else {
            Outgoing::first(self, fact)?
        };
        outgoing.publish(self, Some(delivery.announced())).await
    }

    /// Publishes a fact of which there are several about one id, if the log has exactly `read` of them. So of two
    /// publishers that have read the same ones, only the first is stored.
    ///
    /// # Errors
    /// If the fact cannot be stored, or the bus does not answer for twenty seconds.
    pub async fn append<F: Fact>(&self, fact: &F, read: &Facts<F>) -> Result<Appended, PublishError> {
        let expected = Expected::FirstAfter(read.last_sequence);
        let outgoing = Outgoing::new(self, fact, [F::NAME; 2], expected)?;
        match (Outgoing { appended_to: Some(read.facts.len()), ..outgoing }).publish(self, None).await? {
            Published::New => Ok(Appended::New),
            Published::AlreadyThere => Ok(Appended::Conflict),
        }
    }
}

/// A fact ready to be sent, as often as it takes.
struct Outgoing {
    subject: String,
    name: &'static str,
    id: String,
    submission: String,
    /// The facts of which one on the log means that this one has to be published no more, besides a refusal by
    /// the same stage.
    outcomes: [&'static str; 2],
    expected: Expected,
    /// How many facts of its kind its publisher has read, where there may be several about one id.
    appended_to: Option<usize>,
    headers: HeaderMap,
    payload: Bytes,
}

/// What the log must not have beyond, so that it takes the fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    /// Nothing about this id after the fact at this sequence, whose only successor it is.
    SuccessorOf(u64),
    /// No such fact about this id; messages that are none end at this sequence, and 0 stands for no message.
    FirstAfter(u64),
}

impl Outgoing {
    /// The message of a fact that no other fact led to.
    fn first<F: Fact>(bus: &Bus, fact: &F) -> Result<Self, PublishError> {
        Self::new(bus, fact, [F::NAME; 2], Expected::FirstAfter(0))
    }

    /// The message of a fact that the fact at `sequence` led to.
    fn successor<F: Fact>(bus: &Bus, fact: &F, sequence: u64) -> Result<Self, PublishError> {
        Self::new(
            bus,
            fact,
            [F::NAME, result_of(bus.stage).unwrap_or(F::NAME)],
            Expected::SuccessorOf(sequence),
        )
    }

    fn new<F: Fact>(
        bus: &Bus,
        fact: &F,
        outcomes: [&'static str; 2],
        expected: Expected,
    ) -> Result<Self, PublishError> {
        let subject = fact.subject()?.to_string();
        let event_id = fact.event_id();
        let mut headers = HeaderMap::new();
        headers.insert(NATS_EXPECTED_STREAM, STREAM);
        let now = jiff::Timestamp::now().to_string();
        for (name, value) in [
            (header::CE_SPECVERSION, header::CE_SPECVERSION_VALUE),
            (header::CE_ID, &event_id),
            (header::CE_SOURCE, &bus.source),
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
            name: F::NAME,
            id: fact.id().to_owned(),
            submission: submission_of(fact).to_owned(),
            outcomes,
            expected,
            appended_to: None,
            headers,
            payload,
        })
    }

    /// Sends it until it is known to be on the log. The current span becomes its parent.
    async fn publish(&self, bus: &Bus, announced: Option<&Announced>) -> Result<Published, PublishError> {
        self.publish_until_known(bus, announced).instrument(self.span()).await
    }

    fn span(&self) -> tracing::Span {
        tracing::info_span!(
            "send",
            otel.name = format!("send gouji.v1.{}", self.name),
            otel.kind = "producer",
            messaging.system = "nats",
            messaging.operation.name = "send",
            messaging.operation.type = "send",
            messaging.destination.name = self.subject,
            messaging.destination.template = format!("gouji.v1.{}.{{id}}.{{year}}.{{region}}", self.name),
            messaging.message.body.size = self.payload.len(),
            report.id = self.id,
        )
    }

    async fn publish_until_known(
        &self,
        bus: &Bus,
        announced: Option<&Announced>,
    ) -> Result<Published, PublishError> {
        let deadline = Instant::now() + DEADLINE;
        let mut pause = FIRST_PAUSE;
        let (mut tries, mut expected) = (1, self.expected);
        loop {
            let answer = if tries == 1 && self.is_groupable() {
                self.send_in_group(bus, announced).await
            } else {
                self.send_alone(bus, expected).await
            };
            let published = match answer {
                Answer::Stored => Ok(Published::New),
                Answer::NotExpected => match self.appended_to {
                    Some(read) => self.look_behind(bus, read, &mut expected, tries).await,
                    None => self.look(bus, &mut expected, tries).await,
                },
                Answer::TooLarge => {
                    return Err(PublishError::TooLarge {
                        subject: self.subject.clone(),
                        size_bytes: self.payload.len(),
                    });
                }
                Answer::TryAgain(reason) => Err(reason),
            };
            let reason = match published {
                Ok(published) => {
                    failpoint("published");
                    self.count(bus, published);
                    return Ok(published);
                }
                Err(reason) => reason,
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

    /// What is appended is not: its publisher wants to know at once whether it came first.
    fn is_groupable(&self) -> bool {
        self.appended_to.is_none() && is_groupable(&self.payload)
    }

    async fn send_in_group(&self, bus: &Bus, announced: Option<&Announced>) -> Answer {
        let headers = match self.headers(self.expected) {
            Ok(headers) => headers,
            Err(answer) => return answer,
        };
        let (id, subject, payload) = (self.id.clone(), self.subject.clone(), self.payload.clone());
        match bus.group_commit.store(Ready { id, subject, headers, payload }, announced).await {
            Verdict::Stored => Answer::Stored,
            Verdict::Unknown(reason) => Answer::TryAgain(reason),
            Verdict::Alone(on_its_way) => self.send_while(bus, on_its_way).await,
        }
    }

    async fn send_while(&self, bus: &Bus, _on_its_way: Arc<OnItsWay>) -> Answer {
        self.send_alone(bus, self.expected).await
    }

    async fn send_alone(&self, bus: &Bus, expected: Expected) -> Answer {
        match self.send(bus, expected).await {
            Ok(ack) => {
                failpoint("sent");
                answer(ack).await
            }
            Err(answer) => answer,
        }
    }

    async fn send(&self, bus: &Bus, expected: Expected) -> Result<PublishAckFuture, Answer> {
        let message = PublishMessage::build().payload(self.payload.clone()).headers(self.headers(expected)?);
        bus.jetstream
            .send_publish(self.subject.clone(), message)
            .await
            .map_err(|error| Answer::of_error(error.kind(), &error))
    }

    /// Its headers with what the log is expected to have.
    fn headers(&self, expected: Expected) -> Result<HeaderMap, Answer> {
        let mut headers = self.headers.clone();
        let (sequence, subjects) = match expected {
            Expected::SuccessorOf(sequence) => (sequence, subject::history(&self.id)),
            Expected::FirstAfter(sequence) => (sequence, subject::any_of(self.name, &self.id)),
        };
        let subjects = subjects.map_err(|error| Answer::TryAgain(error.to_string()))?;
        headers.insert(NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, sequence.to_string().as_str());
        headers.insert(EXPECTED_SUBJECT, subjects.as_str());
        if let Some(parent) = traceparent() {
            headers.insert(header::TRACEPARENT, parent.as_str());
        }
        Ok(headers)
    }

    /// Reads from the log why it refused the fact: an outcome is there already, or a message that is none and
    /// must not block the fact. Then `expected` becomes what the next try has to expect.
    async fn look(&self, bus: &Bus, expected: &mut Expected, tries: u32) -> Result<Published, String> {
        let (after, is_first) = match self.expected {
            Expected::SuccessorOf(sequence) => (sequence, false),
            Expected::FirstAfter(_) => (0, true),
        };
        let of_id = read::all_of_id(bus, &self.id).await.map_err(|error| format!("{error:#}"))?;
        let is_outcome = |event: &&Event| {
            let is_of_this_stage = match event.decode::<ReportRefused>() {
                // One of another stage, or of a message that only looked like the fact before this one, is none.
                Some(refused) if !is_first => {
                    refused.stage == bus.stage && submission_of(&refused) == self.submission
                }
                _ => self.outcomes.contains(&event.fact()),
            };
            event.sequence > after && is_of_this_stage && event.matches_its_subject()
        };
        if let Some(outcome) = of_id.iter().find(is_outcome) {
            // An earlier try may have stored it although its answer was lost.
            let is_ours = tries > 1 && outcome.payload == self.payload;
            return Ok(if is_ours { Published::New } else { Published::AlreadyThere });
        }
        let last = of_id.iter().rfind(|event| event.fact() == self.name).map_or(0, |event| event.sequence);
        *expected = Expected::FirstAfter(last);
        Err("another message about this id came between".into())
    }

    /// Reads from the log why it refused a fact that was to follow `read` others of its kind.
    async fn look_behind(
        &self,
        bus: &Bus,
        read: usize,
        expected: &mut Expected,
        tries: u32,
    ) -> Result<Published, String> {
        let found = read::all_of(bus, self.name, &self.id).await.map_err(|error| format!("{error:#}"))?;
        let last = found.last().map_or(0, |event| event.sequence);
        if let Some(next) = found.iter().filter(|event| event.matches_its_subject()).nth(read) {
            // An earlier try may have stored it although its answer was lost.
            let is_ours = tries > 1 && next.payload == self.payload;
            return Ok(if is_ours { Published::New } else { Published::AlreadyThere });
        }
        *expected = Expected::FirstAfter(last);
        Err("another message about this id came between".into())
    }

    fn count(&self, bus: &Bus, published: Published) {
        if published == Published::New {
            let destination = KeyValue::new("messaging.destination.template", self.name);
            METRICS.sent.add(1, &[stage_attribute(bus.stage), destination]);
        }
    }
}

/// The submission that led to a fact; empty where none is known.
fn submission_of(fact: &impl Fact) -> &str {
    fact.submitted().map_or("", |submitted| &submitted.submission)
}

/// The fact that a stage makes of another one. With its refusal it is the only one that ends the work on that
/// fact: what another stage makes or refuses was made of something else.
fn result_of(stage: &str) -> Option<&'static str> {
    match stage {
        "parse" => Some(ReportParsed::NAME),
        "validate" => Some(ReportValidated::NAME),
        "index" => Some(ReportIndexed::NAME),
        _ => None,
    }
}

async fn answer(ack: PublishAckFuture) -> Answer {
    match ack.await {
        // Nothing that we send can be a duplicate for the server.
        Ok(ack) if ack.duplicate => Answer::NotExpected,
        Ok(_) => Answer::Stored,
        Err(error) => Answer::of_error(error.kind(), &error),
    }
}

enum Answer {
    Stored,
    /// The log has something else than was expected.
    NotExpected,
    TooLarge,
    TryAgain(String),
}

impl Answer {
    fn of_error(kind: PublishErrorKind, error: &dyn std::fmt::Display) -> Self {
        let reason = error.to_string();
        match kind {
            PublishErrorKind::WrongLastSequence => Self::NotExpected,
            PublishErrorKind::MaxPayloadExceeded => Self::TooLarge,
            PublishErrorKind::Other if reason.contains(STREAM_MESSAGE_EXCEEDS_MAXIMUM) => Self::TooLarge,
            _ => Self::TryAgain(reason),
        }
    }
}

/// What CloudEvents encodes in a header value, besides everything that is not ASCII.
const ENCODED: AsciiSet = CONTROLS.add(b' ').add(b'"').add(b'%');

pub(crate) fn percent_encoded(value: &str) -> String {
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
