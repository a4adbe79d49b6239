//! One message in our hands: what it is, its span, and how it is answered.

use std::borrow::Borrow;
use std::time::Duration;

use async_nats::Client;
use async_nats::jetstream::AckKind;
use async_nats::jetstream::Message;
use bytes::Bytes;
use proto::subject::Subject;
use proto::v1::ReportSubmitted;
use proto::{Fact, header};
use sha2::{Digest, Sha256};
use tracing::Span;
use tracing::field::Empty;

use crate::outcome::Refusal;
use crate::telemetry::continue_trace;
use crate::topology::ACK_WAIT;

/// How often a message that takes long is told to be alive.
const PROGRESS_EVERY: Duration = Duration::from_secs(ACK_WAIT.as_secs() / 3);
const ACK_TIMEOUT: Duration = Duration::from_secs(5);

pub(crate) struct Delivery {
    pub(crate) subject: String,
    pub(crate) payload: Bytes,
    /// Its place on the log.
    pub(crate) sequence: u64,
    /// 1 the first time.
    pub(crate) times: i64,
    /// How many the place had given out when it gave this one.
    pub(crate) given_out: u64,
    pub(crate) span: Span,
    message: Message,
}

impl Delivery {
    pub(crate) fn new<F: Fact>(stage: &'static str, message: Message) -> Self {
        let (times, sequence, given_out) = message
            .info()
            .map_or((1, 0, 0), |info| (info.delivered, info.stream_sequence, info.consumer_sequence));
        let subject = message.subject.to_string();
        let span = tracing::info_span!(
            "process",
            otel.name = format!("process gouji.v1.{}", F::NAME),
            otel.kind = "consumer",
            otel.status_code = Empty,
            messaging.system = "nats",
            messaging.operation.name = "process",
            messaging.operation.type = "process",
            messaging.destination.name = subject,
            messaging.destination.template = format!("gouji.v1.{}.{{year}}.{{region}}.{{id}}", F::NAME),
            messaging.consumer.group.name = stage,
            messaging.message.id = header_of(&message, header::MESSAGE_ID).unwrap_or_default(),
            messaging.message.body.size = message.payload.len(),
            report.id = subject.rsplit('.').next().unwrap_or_default(),
            gouji.delivery = times,
            error.type = Empty,
            trace_id = Empty,
        );
        continue_trace(&span, header_of(&message, header::TRACEPARENT).unwrap_or_default());
        Self { subject, payload: message.payload.clone(), sequence, times, given_out, span, message }
    }

    /// The fact it carries.
    pub(crate) fn decode<F: Fact>(&self) -> Result<F, Refusal> {
        if let Some(told) = header_of(&self.message, header::CE_TYPE).filter(|told| *told != F::TYPE) {
            return Err(Refusal::undecodable(format!("expected {}, found {told}", F::TYPE)));
        }
        let fact = F::decode(self.payload.clone())
            .map_err(|error| Refusal::undecodable(format!("decoding {}: {error}", F::TYPE)))?;
        let subject =
            Subject::parse(&self.subject).map_err(|error| Refusal::undecodable(error.to_string()))?;
        if fact.id() != subject.id() {
            let detail = format!("an event about {:?} on the subject of {:?}", fact.id(), subject.id());
            return Err(Refusal::undecodable(detail));
        }
        Ok(fact)
    }

    /// The submission it descends from, for a refusal. Where the event cannot be understood only an id
    /// is known: the one of its subject, or, where that is none of the contract, the hash of its bytes.
    pub(crate) fn submission<F: Fact>(&self) -> ReportSubmitted {
        if let Some(submitted) = self.decode::<F>().ok().as_ref().and_then(Fact::submitted) {
            return submitted.clone();
        }
        let id = Subject::parse(&self.subject).map_or_else(
            |_| {
                let digest = Sha256::digest(&self.payload);
                digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect::<String>() + "-g0"
            },
            |subject| subject.id().to_owned(),
        );
        ReportSubmitted { id, ..Default::default() }
    }

    /// What its subject calls the report; for logs, as it may be anything.
    pub(crate) fn id(&self) -> &str {
        self.subject.rsplit('.').next().unwrap_or_default()
    }

    /// Answers that it is dealt with, and waits until the bus knows. A lost answer is harmless: the
    /// message comes again and its facts are found to be there.
    pub(crate) async fn confirm(&self, client: &Client) {
        let Some(reply) = self.message.reply.clone() else { return };
        let answer = tokio::time::timeout(ACK_TIMEOUT, client.request(reply, "+ACK".into())).await;
        let trouble = match answer {
            Ok(Ok(_)) => return,
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no answer in {ACK_TIMEOUT:?}"),
        };
        tracing::warn!(
            report.id = self.id(),
            "acknowledging {}: {trouble}; it will come again",
            self.subject
        );
    }

    /// Asks for more time.
    pub(crate) async fn tell_progress(&self) {
        if let Err(error) = self.message.ack_with(AckKind::Progress).await {
            tracing::debug!(%error, "could not tell progress on {}", self.subject);
        }
    }

    /// Hands it to another worker at once.
    pub(crate) async fn give_back(&self) {
        give_back(&self.message).await;
    }
}

pub(crate) async fn give_back(message: &Message) {
    if let Err(error) = message.ack_with(AckKind::Nak(None)).await {
        tracing::debug!(%error, "could not give back {}; it will come again", message.subject);
    }
}

/// Runs `work` and keeps its messages alive meanwhile.
pub(crate) async fn with_progress<T>(
    deliveries: &[impl Borrow<Delivery>],
    work: impl Future<Output = T>,
) -> T {
    let keep_alive = async {
        loop {
            tokio::time::sleep(PROGRESS_EVERY).await;
            for delivery in deliveries {
                delivery.borrow().tell_progress().await;
            }
        }
    };
    tokio::select! {
        result = work => result,
        () = keep_alive => unreachable!("keeping alive never ends"),
    }
}

fn header_of<'a>(message: &'a Message, name: &'static str) -> Option<&'a str> {
    message.headers.as_ref()?.get(name).map(async_nats::HeaderValue::as_str)
}
