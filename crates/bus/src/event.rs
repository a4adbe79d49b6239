//! A fact as it stands on the log.

use async_nats::HeaderMap;
use async_nats::jetstream::message::StreamMessage;
use bytes::Bytes;
use proto::subject::{self, Subject};
use proto::v1::{
    ActionTaken, ReportIndexed, ReportParsed, ReportRefused, ReportRejudged, ReportReviewed, ReportSubmitted,
    ReportUndelivered, ReportValidated, RosterImported, RulePolicyChanged,
};
use proto::{Fact, header};

use crate::names;
use crate::trace;

/// A fact as it stands on the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its whole subject.
    pub subject: String,
    /// Its sequence on the log.
    pub sequence: u64,
    /// When the log stored it, milliseconds since 1970-01-01 UTC.
    pub at_ms: i64,
    /// The protobuf.
    pub payload: Bytes,
    /// The W3C trace context of its publisher; empty where there was none.
    pub traceparent: String,
}

impl Event {
    /// The name of the fact, e.g. `parsed`.
    pub fn fact(&self) -> &str {
        self.subject.split('.').nth(2).unwrap_or_default()
    }

    /// The durable consumer that delivers it to a stage; none where no stage takes it.
    pub fn consumer(&self) -> Option<&'static str> {
        let is_bulk = Subject::parse(&self.subject).is_ok_and(|subject| subject.is_bulk());
        names::durable_of(self.fact(), is_bulk)
    }

    /// The id it is about.
    pub fn id(&self) -> &str {
        subject::id_token(&self.subject)
    }

    /// The fact itself, if it is an `F` that can be decoded.
    pub fn decode<F: Fact>(&self) -> Option<F> {
        (self.fact() == F::NAME).then(|| F::decode(self.payload.clone()).ok()).flatten()
    }

    /// Whether the payload is the fact that the subject names, about the same id. Anything else on the log was
    /// put there by mistake or by an attacker, and proves nothing.
    pub fn matches_its_subject(&self) -> bool {
        let decoded_id = match self.fact() {
            ReportSubmitted::NAME => self.id_as::<ReportSubmitted>(),
            ReportParsed::NAME => self.id_as::<ReportParsed>(),
            ReportValidated::NAME => self.id_as::<ReportValidated>(),
            ReportIndexed::NAME => self.id_as::<ReportIndexed>(),
            ReportRefused::NAME => self.id_as::<ReportRefused>(),
            ReportReviewed::NAME => self.id_as::<ReportReviewed>(),
            ReportRejudged::NAME => self.id_as::<ReportRejudged>(),
            ReportUndelivered::NAME => self.id_as::<ReportUndelivered>(),
            RosterImported::NAME => self.id_as::<RosterImported>(),
            RulePolicyChanged::NAME => self.id_as::<RulePolicyChanged>(),
            ActionTaken::NAME => self.id_as::<ActionTaken>(),
            _ => None,
        };
        decoded_id.is_some_and(|id| id == self.id())
    }

    fn id_as<F: Fact>(&self) -> Option<String> {
        self.decode::<F>().map(|fact| fact.id().to_owned())
    }

    /// The id of the trace that it is part of, 32 hexadecimal digits.
    pub fn trace_id(&self) -> Option<String> {
        trace::trace_id(&self.traceparent)
    }
}

impl From<StreamMessage> for Event {
    fn from(message: StreamMessage) -> Self {
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

pub(crate) fn milliseconds(nanoseconds: i128) -> i64 {
    i64::try_from(nanoseconds / 1_000_000).unwrap_or(i64::MAX)
}
