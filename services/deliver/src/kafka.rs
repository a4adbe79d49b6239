//! A Kafka topic: each change is a message, keyed by its report, with the envelope of CloudEvents in its headers.
//!
//! The producer is idempotent and waits for all replicas, and nothing is delivered before its delivery report is
//! here. Kafka keeps no place for us, so a bucket on the bus does; after a kill some messages come twice, with equal
//! `ce_id`. The changes of a report are in one partition in their order.

mod delivered;
mod record;

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use kafka::{Connection, Topic, TopicLimits, find_topic, read_limits, settings};
use rdkafka::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::producer::future_producer::{DeliveryFuture, FutureProducer};
use rdkafka::producer::{FutureRecord, Producer as _};
use tokio::time::{Instant, timeout_at};
use worker::outlets::KafkaConfig;

use crate::change::{Batch, Change};
use crate::target::{Kept, Target, TargetError};

/// A topic that takes changes.
pub struct KafkaTarget {
    /// The name of the client that the brokers log: `gouji-` and the name of the outlet.
    client: String,
    /// The CloudEvents attribute `source`.
    source: String,
    config: KafkaConfig,
    producer: Option<Connected>,
    under_way: UnderWay,
    /// Whether the topic drops messages whose key came again, as it was found last.
    is_compacted: bool,
}

/// A producer whose topic was found.
struct Connected {
    producer: FutureProducer<Connection>,
    connection: Connection,
    limits: TopicLimits,
}

/// The changes that were handed to the producer and are not all delivered. They stay with it while the brokers are
/// away, so that the same batch is not sent twice when it comes again.
#[derive(Default)]
struct UnderWay {
    log_made_at_ms: i64,
    /// The sequences, in the order of the batch.
    sequences: Vec<u64>,
    /// Those that have no delivery report yet, by their positions in the batch.
    waiting: VecDeque<(usize, DeliveryFuture)>,
}

/// How long a batch waits for its delivery reports before the outlet is called blocked. Brokers elect a leader in
/// some seconds; a restart of one takes longer, and then somebody should know. The batch goes on waiting.
const DELIVERY: Duration = Duration::from_secs(10);
/// After one message failed, the others have an answer at once: the producer gives up the rest.
const REST: Duration = Duration::from_secs(5);
/// The most that a message may have locally. The topic's own limit holds, which is after compression.
const MESSAGE_BYTES: &str = "1000000000";
/// The largest batch where the limit of the topic cannot be read: the default of brokers, less the header of a batch.
const BATCH_BYTES: usize = 1_000_000;
/// What the header of a batch takes of the limit of a topic, generously.
const BATCH_HEADER_BYTES: usize = 512;

impl KafkaTarget {
    /// The topic of an outlet. Connects to nothing. `source` is the CloudEvents attribute that names this
    /// installation.
    pub fn new(outlet: &str, config: KafkaConfig, source: String) -> Self {
        let under_way = UnderWay::default();
        let client = format!("gouji-{outlet}");
        Self { client, source, config, producer: None, under_way, is_compacted: false }
    }

    fn properties(&self) -> Result<ClientConfig, TargetError> {
        let settings = settings(&self.client, &self.config);
        settings.map_err(|error| TargetError::Blocked(anyhow!(error)))
    }

    /// The properties of a producer for a topic with these limits.
    fn producer_properties(&self, limits: &TopicLimits) -> Result<ClientConfig, TargetError> {
        let batch_bytes =
            limits.message_bytes.unwrap_or(BATCH_BYTES).saturating_sub(BATCH_HEADER_BYTES).max(1);
        let mut properties = self.properties()?;
        properties
            .set("acks", "all")
            .set("enable.idempotence", "true")
            // After a message that failed, none of the same partition gets through: a report's later change never
            // stands before its earlier one.
            .set("enable.gapless.guarantee", "true")
            // The batch waits, and not the message: nothing is given up while the brokers are away.
            .set("message.timeout.ms", "0")
            .set("message.max.bytes", MESSAGE_BYTES)
            .set("batch.size", batch_bytes.to_string())
            .set("compression.type", self.config.compression.as_deref().unwrap_or("none"))
            // As the producers of the Java library, so that topics can be joined.
            .set("partitioner", "murmur2_random")
            // A topic that was deleted is reported soon.
            .set("topic.metadata.propagation.max.ms", "5000");
        Ok(properties)
    }

    /// The producer, after its topic was found.
    async fn connect(&mut self) -> Result<&Connected, TargetError> {
        if self.producer.is_none() {
            let connection = Connection::new(&self.config);
            // Without credentials that work this only waits in vain, so the topic is found first.
            let (producer, _) = self.find(TopicLimits::default(), connection.clone()).await?;
            let limits = read_limits(&self.properties()?, &connection).await;
            let producer = match limits.message_bytes {
                None => producer,
                Some(_) => {
                    dismiss(producer).await;
                    self.find(limits.clone(), connection.clone()).await?.0
                }
            };
            self.producer = Some(Connected { producer, connection, limits });
        }
        self.producer.as_ref().ok_or_else(|| blocked("the producer is gone".to_owned()))
    }

    /// A producer, and the topic as it found it.
    async fn find(
        &self,
        limits: TopicLimits,
        connection: Connection,
    ) -> Result<(FutureProducer<Connection>, Topic), TargetError> {
        let properties = self.producer_properties(&limits)?;
        let made = properties.create_with_context::<_, FutureProducer<Connection>>(connection.clone());
        let producer = made.map_err(|error| blocked(format!("kafka: {error}")))?;
        let client = producer.clone();
        let found = tokio::task::spawn_blocking(move || find_topic(client.client(), &connection)).await;
        match found.context("looking the topic up").flatten() {
            Ok(topic) => Ok((producer, topic)),
            Err(error) => {
                dismiss(producer).await;
                Err(TargetError::Blocked(error))
            }
        }
    }

    /// Gives up what is under way. Whatever the brokers did not take yet, they do not take any more.
    async fn disconnect(&mut self) {
        self.under_way = UnderWay::default();
        if let Some(Connected { producer, .. }) = self.producer.take() {
            dismiss(producer).await;
        }
    }

    /// Hands the changes of a batch to the producer that are not under way yet.
    async fn send(&mut self, batch: &Batch, deadline: Instant) -> Result<(), Failed> {
        while let Some(change) = batch.changes.get(self.under_way.sequences.len()) {
            let Some(Connected { producer, .. }) = &self.producer else { return Err(Failed::Late) };
            let headers = record::headers(&self.source, batch.log_made_at_ms, change);
            let record = FutureRecord::to(&self.config.topic).key(&change.report).payload(&change.json);
            match producer.send_result(record.headers(headers)) {
                Ok(delivery) => {
                    let position = self.under_way.sequences.len();
                    self.under_way.sequences.push(change.sequence);
                    self.under_way.waiting.push_back((position, delivery));
                }
                Err((KafkaError::MessageProduction(Code::QueueFull), _)) => {
                    if !self.under_way.next(deadline).await? {
                        return Err(Failed::Late);
                    }
                }
                Err((error, _)) => return Err(Failed::At(self.under_way.sequences.len(), error)),
            }
        }
        while self.under_way.next(deadline).await? {}
        Ok(())
    }

    /// What a failure means, after everything else of the batch has an answer.
    async fn judge(&mut self, batch: &Batch, first: (usize, KafkaError)) -> TargetError {
        let mut worst = first;
        let deadline = Instant::now() + REST;
        loop {
            match self.under_way.next(deadline).await {
                Ok(true) => {}
                Ok(false) | Err(Failed::Late) => break,
                // The message at fault, not those that were given up because of it.
                Err(Failed::At(position, error)) if is_of_message(&error) && !is_of_message(&worst.1) => {
                    worst = (position, error);
                }
                Err(Failed::At(..)) => {}
            }
        }
        let (position, error) = worst;
        let Some(Connected { producer, connection, limits }) = &self.producer else {
            return blocked(format!("kafka: {error}"));
        };
        match batch.changes.get(position) {
            Some(change) if is_of_message(&error) => refused(change, &error, connection.topic(), limits),
            _ => match (is_consequence(&error), producer.client().fatal_error()) {
                (true, Some((_, reason))) => blocked(format!("{}: {reason}", connection.topic())),
                _ => blocked(connection.explain(&error)),
            },
        }
    }
}

impl Target for KafkaTarget {
    async fn test(&mut self) -> Result<Vec<String>, TargetError> {
        let connection = Connection::new(&self.config);
        let (producer, topic) = self.find(TopicLimits::default(), connection.clone()).await?;
        dismiss(producer).await;
        let limits = read_limits(&self.properties()?, &connection).await;
        Ok(report(&self.config, &topic, &limits))
    }

    async fn place(&mut self) -> Result<Kept, TargetError> {
        Ok(Kept::OnBus)
    }

    async fn deliver(&mut self, batch: &Batch) -> Result<(), TargetError> {
        if !self.under_way.is_beginning_of(batch) {
            self.disconnect().await;
        }
        self.connect().await?;
        self.under_way.log_made_at_ms = batch.log_made_at_ms;
        let failed = match self.send(batch, Instant::now() + DELIVERY).await {
            Ok(()) => {
                self.under_way = UnderWay::default();
                return Ok(());
            }
            // The producer goes on; the batch comes again and finds out how it went.
            Err(Failed::Late) => {
                let connection = self.producer.as_ref().map(|connected| &connected.connection);
                let error = KafkaError::MessageProduction(Code::OperationTimedOut);
                return Err(blocked(connection.map_or_else(String::new, |one| one.explain(&error))));
            }
            Err(Failed::At(position, error)) => self.judge(batch, (position, error)).await,
        };
        self.disconnect().await;
        Err(failed)
    }

    async fn delivered(&mut self, log_made_at_ms: i64) -> Result<Option<BTreeSet<u64>>, TargetError> {
        let properties = self.properties()?;
        let connection = Connection::new(&self.config);
        let (producer, topic) = self.find(TopicLimits::default(), connection.clone()).await?;
        dismiss(producer).await;
        let cleanup = read_limits(&properties, &connection).await.cleanup.unwrap_or_default();
        self.is_compacted = cleanup.contains("compact");
        let group = format!("{}-check", self.client);
        let read = tokio::task::spawn_blocking(move || {
            delivered::read_back(properties, &connection, topic.partitions, &group, log_made_at_ms)
        });
        read.await.context("reading the topic back").flatten().map_err(TargetError::Blocked)
    }

    fn keeps_replaced(&self) -> bool {
        !self.is_compacted
    }
}

impl UnderWay {
    /// Whether this batch is the one that is under way, as a whole or with more behind it.
    fn is_beginning_of(&self, batch: &Batch) -> bool {
        let sequences = batch.changes.iter().map(|change| change.sequence);
        self.sequences.is_empty()
            || (self.log_made_at_ms == batch.log_made_at_ms
                && batch.changes.len() >= self.sequences.len()
                && sequences.take(self.sequences.len()).eq(self.sequences.iter().copied()))
    }

    /// Waits for the next delivery report; false where none is outstanding.
    async fn next(&mut self, deadline: Instant) -> Result<bool, Failed> {
        let Some((position, delivery)) = self.waiting.front_mut() else { return Ok(false) };
        let position = *position;
        let Ok(answer) = timeout_at(deadline, delivery).await else { return Err(Failed::Late) };
        self.waiting.pop_front();
        match answer {
            Ok(Ok(_)) => Ok(true),
            Ok(Err((error, _))) => Err(Failed::At(position, error)),
            Err(_) => Err(Failed::At(position, KafkaError::Canceled)),
        }
    }
}

/// Why a batch was not delivered.
enum Failed {
    /// Not all delivery reports came in time.
    Late,
    /// The change at this position failed.
    At(usize, KafkaError),
}

/// Whether the brokers refused this message, and would take others.
fn is_of_message(error: &KafkaError) -> bool {
    use Code::{BadMessage, InvalidRecord, MessageSizeTooLarge, PolicyViolation};
    let code = error.rdkafka_error_code();
    matches!(code, Some(MessageSizeTooLarge | InvalidRecord | BadMessage | PolicyViolation))
}

/// Whether the producer gave the message up because of another one.
fn is_consequence(error: &KafkaError) -> bool {
    use Code::{Fatal, GaplessGuarantee, PurgeInflight, PurgeQueue};
    let code = error.rdkafka_error_code();
    matches!(code, None | Some(Fatal | GaplessGuarantee | PurgeInflight | PurgeQueue))
}

fn blocked(why: String) -> TargetError {
    TargetError::Blocked(anyhow!(why))
}

fn refused(change: &Change, error: &KafkaError, topic: &str, limits: &TopicLimits) -> TargetError {
    let Change { id, json, .. } = change;
    let bytes = json.len();
    let why = match (error.rdkafka_error_code(), limits.message_bytes) {
        (Some(Code::MessageSizeTooLarge), Some(limit)) => format!(
            "{id} has {bytes} bytes and {topic} takes {limit}: raise max.message.bytes of the topic, compress with \
             kafka.compression, or carry less"
        ),
        (Some(Code::MessageSizeTooLarge), None) => format!(
            "{id} has {bytes} bytes, more than {topic} takes: raise max.message.bytes of the topic, compress with \
             kafka.compression, or carry less"
        ),
        _ => format!("{topic} refuses {id} of {bytes} bytes: {error}"),
    };
    TargetError::Refused(anyhow!(why))
}

/// Ends a producer; that joins its thread, and gives up what is still in its queue.
async fn dismiss(producer: FutureProducer<Connection>) {
    tokio::task::spawn_blocking(move || drop(producer)).await.ok();
}

/// What a test of the outlet says.
fn report(config: &KafkaConfig, topic: &Topic, limits: &TopicLimits) -> Vec<String> {
    let Topic { brokers, partitions, replicas: (replicas, in_sync) } = topic;
    let security = match (config.tls, config.sasl.as_deref()) {
        (false, None) => "without TLS and without a password".to_owned(),
        (true, None) => "with TLS".to_owned(),
        (false, Some(mechanism)) => format!("with {mechanism}, without TLS"),
        (true, Some(mechanism)) => format!("with TLS and {mechanism}"),
    };
    let mut lines = vec![
        format!("{} brokers, {security}: {}", brokers.len(), brokers.join(", ")),
        format!("topic {}: {partitions} partitions, {replicas} replicas, {in_sync} in sync", config.topic),
    ];
    let TopicLimits { message_bytes, cleanup, retention_ms, in_sync: least } = limits;
    match message_bytes {
        Some(bytes) => lines.push(format!("largest message: {bytes} bytes (max.message.bytes)")),
        None => lines.push("the settings of the topic may not be read; they are not checked".to_owned()),
    }
    match (cleanup.as_deref(), retention_ms) {
        (Some("compact"), _) => lines.push("cleanup.policy=compact: the topic keeps the last change of each report".into()),
        (Some(policy), Some(ms @ 0..)) => lines.push(format!(
            "cleanup.policy={policy}: messages are deleted after {} days; who reads later needs `gouji outlet rewind`",
            ms / 86_400_000
        )),
        (Some(policy), _) => lines.push(format!("cleanup.policy={policy}: nothing is deleted by age")),
        (None, _) => {}
    }
    if let Some(least) = least.filter(|least| least > in_sync) {
        lines.push(format!(
            "min.insync.replicas is {least}, and {in_sync} are in sync: nothing can be delivered"
        ));
    }
    lines
}
