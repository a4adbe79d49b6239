//! One delivered message: the fact it carries, its span, and how it is acknowledged.

use std::borrow::Borrow;
use std::time::Duration;

use async_nats::jetstream::AckKind;
use async_nats::jetstream::Message;
use bytes::Bytes;
use data_encoding::HEXLOWER;
use proto::subject::{self, Subject};
use proto::v1::ReportSubmitted;
use proto::{Fact, header};
use sha2::{Digest, Sha256};
use tracing::Span;
use tracing::field::Empty;

use crate::connect::Bus;
use crate::group_commit::Announced;
use crate::names::ACK_WAIT;
use crate::trace::continue_trace;

/// How often the acknowledgement timeout of a message in progress is extended.
const PROGRESS_EVERY: Duration = Duration::from_secs(ACK_WAIT.as_secs() / 3);
/// How long an acknowledgement waits for room in the buffer of the client, which is full only while there is no
/// connection.
const ACK_TIMEOUT: Duration = Duration::from_secs(5);

/// One delivered message.
pub struct Delivery {
    /// Its whole subject.
    pub subject: String,
    /// The protobuf.
    pub payload: Bytes,
    /// Its sequence on the log.
    pub sequence: u64,
    /// How often it was delivered, 1 the first time.
    pub times: i64,
    /// The consumer sequence: how many messages the consumer had delivered, with this one.
    pub consumer_sequence: u64,
    /// How many messages were pending for the consumer when it delivered this one.
    pub pending: u64,
    /// The span of handling it.
    pub span: Span,
    message: Message,
    announced: Announced,
}

/// Why a message is not the fact that its subject promises.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// Its header names another type.
    #[error("expected {expected}, found {found}")]
    OtherType {
        /// The type of the fact.
        expected: &'static str,
        /// The type in the header.
        found: String,
    },
    /// Its payload is no such protobuf message.
    #[error("decoding {expected}: {reason}")]
    Payload {
        /// The type of the fact.
        expected: &'static str,
        /// What the decoder says.
        reason: String,
    },
    /// Its subject is none of the contract.
    #[error("{0}")]
    Subject(String),
    /// Its fact is about another id than its subject.
    #[error("an event about {fact:?} on the subject of {subject:?}")]
    OtherId {
        /// The id in the fact.
        fact: String,
        /// The id in the subject.
        subject: String,
    },
}

impl Delivery {
    pub(crate) fn new(
        stage: &'static str,
        fact: &'static str,
        message: Message,
        announced: Announced,
    ) -> Self {
        let (times, sequence, consumer_sequence, pending) = message.info().map_or((1, 0, 0, 0), |info| {
            (info.delivered, info.stream_sequence, info.consumer_sequence, info.pending)
        });
        let subject = message.subject.to_string();
        let span = tracing::info_span!(
            "process",
            otel.name = format!("process gouji.v1.{fact}"),
            otel.kind = "consumer",
            otel.status_code = Empty,
            messaging.system = "nats",
            messaging.operation.name = "process",
            messaging.operation.type = "process",
            messaging.destination.name = subject,
            messaging.destination.template = format!("gouji.v1.{fact}.{{id}}.{{year}}.{{region}}"),
            messaging.consumer.group.name = stage,
            messaging.message.id = header_of(&message, header::CE_ID).unwrap_or_default(),
            messaging.message.body.size = message.payload.len(),
            report.id = subject::id_token(&subject),
            gouji.delivery = times,
            error.type = Empty,
            trace_id = Empty,
        );
        continue_trace(&span, header_of(&message, header::TRACEPARENT).unwrap_or_default());
        Self {
            subject,
            payload: message.payload.clone(),
            sequence,
            times,
            consumer_sequence,
            pending,
            span,
            message,
            announced,
        }
    }

    /// The fact it carries.
    ///
    /// # Errors
    /// If it is not the fact that its subject promises.
    pub fn decode<F: Fact>(&self) -> Result<F, DecodeError> {
        let expected = F::TYPE;
        if let Some(found) = header_of(&self.message, header::CE_TYPE).filter(|found| *found != expected) {
            return Err(DecodeError::OtherType { expected, found: found.to_owned() });
        }
        let fact = F::decode(self.payload.clone())
            .map_err(|error| DecodeError::Payload { expected, reason: error.to_string() })?;
        let subject =
            Subject::parse(&self.subject).map_err(|error| DecodeError::Subject(error.to_string()))?;
        if fact.id() != subject.id() {
            return Err(DecodeError::OtherId {
                fact: fact.id().to_owned(),
                subject: subject.id().to_owned(),
            });
        }
        Ok(fact)
    }

    /// The submission that led to it, for a refusal. If the message cannot be decoded, only an id is known:
    /// the id in its subject, or the hash of its bytes where the subject is none of the contract.
    pub fn submission<F: Fact>(&self) -> ReportSubmitted {
        if let Some(submitted) = self.decode::<F>().ok().as_ref().and_then(Fact::submitted) {
            return submitted.clone();
        }
        let id = Subject::parse(&self.subject).map_or_else(
            |_| {
                let digest = Sha256::digest(&self.payload);
                HEXLOWER.encode(&digest[..16]) + "-g0"
            },
            |subject| subject.id().to_owned(),
        );
        ReportSubmitted { id, ..Default::default() }
    }

    /// The id in its subject, for logs; it may be any text.
    pub fn id(&self) -> &str {
        subject::id_token(&self.subject)
    }

    /// The announcement of its outcome.
    pub(crate) fn announced(&self) -> &Announced {
        &self.announced
    }

    /// Acknowledges it, without waiting for the server: a lost acknowledgement is harmless, because the message is
    /// delivered again and its outcome is found on the log. So nothing depends on the answer, and the
    /// acknowledgements of a group travel together. [`Bus::close`] sends what is still buffered.
    pub async fn acknowledge(&self, bus: &Bus) {
        let Some(reply) = self.message.reply.clone() else { return };
        let sent = tokio::time::timeout(ACK_TIMEOUT, bus.client.publish(reply, "+ACK".into())).await;
        let problem = match sent {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("the client took no message in {ACK_TIMEOUT:?}"),
        };
        tracing::warn!(
            report.id = self.id(),
            "acknowledging {}: {problem}; it will be delivered again",
            self.subject
        );
    }

    /// Restarts the acknowledgement timeout of the server.
    pub async fn extend(&self) {
        if let Err(error) = self.message.ack_with(AckKind::Progress).await {
            tracing::debug!(%error, "could not extend the acknowledgement timeout of {}", self.subject);
        }
    }

    /// Returns it to the server, which delivers it to another worker at once.
    pub async fn release(&self) {
        release(&self.message).await;
    }

    /// Returns it to the server, which delivers it to some worker after this time.
    pub async fn release_after(&self, delay: Duration) {
        if let Err(error) = self.message.ack_with(AckKind::Nak(Some(delay))).await {
            tracing::debug!(%error, "could not postpone {}; it will be delivered again", self.subject);
        }
    }
}

pub(crate) async fn release(message: &Message) {
    if let Err(error) = message.ack_with(AckKind::Nak(None)).await {
        tracing::debug!(%error, "could not release {}; it will be delivered again", message.subject);
    }
}

/// Runs `work`, and meanwhile keeps the server from redelivering its messages.
pub async fn with_progress<T>(deliveries: &[impl Borrow<Delivery>], work: impl Future<Output = T>) -> T {
    let extend_all = async {
        loop {
            tokio::time::sleep(PROGRESS_EVERY).await;
            for delivery in deliveries {
                delivery.borrow().extend().await;
            }
        }
    };
    tokio::select! {
        result = work => result,
        () = extend_all => unreachable!("the loop never ends"),
    }
}

fn header_of<'a>(message: &'a Message, name: &'static str) -> Option<&'a str> {
    message.headers.as_ref()?.get(name).map(async_nats::HeaderValue::as_str)
}
