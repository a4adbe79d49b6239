//! A Kafka topic as a way in: each message is a submission.
//!
//! The offset of a message is committed after its submission is durable on the log, so a kill repeats messages and
//! loses none, and a message that comes again is recognised by its `ce_id` or its place. The messages of a partition
//! are taken one after the other, because the order of submissions is that of versions; partitions go side by side.
//! While there is no room, a few messages of each partition wait here and the partition is paused.

mod envelope;
mod lanes;
mod object_store;
mod reference;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use access::{Caller, Code};
use anyhow::{Context as _, anyhow};
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use kafka::{Connection, settings};
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{
    BaseConsumer, CommitMode, Consumer as _, ConsumerContext, Rebalance, StreamConsumer,
};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::message::{Message as _, OwnedMessage};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rdkafka::{ClientConfig, ClientContext};
use worker::Shutdown;
use worker::outlets::{InletConfig, KafkaConfig, SourceKind};

use self::envelope::{Content, Envelope, Unusable};
use self::lanes::{Lanes, Turn};
use self::reference::{Fetched, Fetcher, NotFetched};
use crate::Ingest;
use crate::builder::SubmissionBuilder;
use crate::manifest::RefusedFile;

/// How long an inlet waits before it connects again, looks for room again or tries what failed again.
const PAUSE: Duration = Duration::from_secs(2);
/// How long the host of a reference may be away. One dead address must not hold up its partition for ever, and a
/// file server is restarted within this time.
const PATIENCE: Duration = Duration::from_secs(15 * 60);
/// After a kill the partitions of a process are free so much later. Heartbeats come every three seconds.
const SESSION_MS: &str = "10000";
/// How often the topic is looked for while it does not exist.
const REFRESH_MS: &str = "10000";

/// Checks the settings of an inlet, if it is a topic.
///
/// # Errors
/// The first setting that cannot be used.
pub(crate) fn check(inlet: &InletConfig) -> anyhow::Result<()> {
    if inlet.from != SourceKind::Kafka {
        return Ok(());
    }
    let about = || format!("the inlet {}", inlet.name);
    let kafka = inlet.kafka.as_ref().context("a section `kafka` is missing").with_context(about)?;
    settings(&client(inlet), kafka).map_err(anyhow::Error::from).with_context(about)?;
    Fetcher::open(kafka, 0).map(drop).with_context(about)
}

fn client(inlet: &InletConfig) -> String {
    format!("gouji-{}", inlet.name)
}

/// A topic that submissions come from.
struct Inlet {
    ingest: Ingest,
    config: InletConfig,
    kafka: KafkaConfig,
    fetcher: Fetcher,
    /// Where its submissions come from, in the audit trail.
    origin: String,
    complaints: Complaints,
}

/// Takes submissions from a topic until shutdown.
///
/// # Errors
/// If the settings cannot be used.
pub(crate) async fn consume(ingest: Ingest, config: InletConfig) -> anyhow::Result<()> {
    let kafka = config.kafka.clone().context("a section `kafka` is missing")?;
    let fetcher = Fetcher::open(&kafka, ingest.worker().config().upload_mb as u64 * 1_000_000)?;
    let origin = format!("kafka:{}", config.name);
    let inlet = Inlet { ingest, config, kafka, fetcher, origin, complaints: Complaints::default() };
    let shutdown = inlet.ingest.worker().shutdown().clone();
    while !shutdown.is_requested() {
        if let Err(error) = inlet.consume(&shutdown).await {
            inlet.complain(&format!("{error:#}"));
            shutdown.unless_requested(tokio::time::sleep(PAUSE)).await;
        }
    }
    Ok(())
}

impl Inlet {
    /// Takes messages until shutdown, or until the consumer cannot go on.
    async fn consume(&self, shutdown: &Shutdown) -> anyhow::Result<()> {
        let connection = Connection::new(&self.kafka);
        let assignment = Assignment { connection: connection.clone(), revoked: Arc::default() };
        let consumer: StreamConsumer<Assignment> =
            self.properties()?.create_with_context(assignment).context("kafka")?;
        consumer.subscribe(&[&self.kafka.topic]).map_err(|error| anyhow!(connection.explain(&error)))?;
        let ended = self.take_messages(&consumer, &connection, shutdown).await;
        // Leaving the group waits for the brokers.
        tokio::task::spawn_blocking(move || drop(consumer)).await.context("leaving the consumer group")?;
        ended
    }

    fn properties(&self) -> anyhow::Result<ClientConfig> {
        let mut properties = settings(&client(&self.config), &self.kafka)?;
        let group = self.kafka.group.clone().unwrap_or_else(|| client(&self.config));
        properties
            .set("group.id", group)
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            // Messages from before this inlet was set up are taken too.
            .set("auto.offset.reset", "earliest")
            .set("session.timeout.ms", SESSION_MS)
            .set("topic.metadata.refresh.interval.ms", REFRESH_MS);
        Ok(properties)
    }

    async fn take_messages(
        &self,
        consumer: &StreamConsumer<Assignment>,
        connection: &Connection,
        shutdown: &Shutdown,
    ) -> anyhow::Result<()> {
        let mut lanes = Lanes::default();
        let mut taking = FuturesUnordered::new();
        loop {
            tokio::select! {
                biased;
                () = shutdown.requested() => break,
                Some(turn) = taking.next() => {
                    lanes.end(&turn);
                    self.settle(consumer, &lanes, &turn);
                }
                received = consumer.recv() => {
                    for partition in consumer.context().revoked() {
                        lanes.remove(partition);
                    }
                    match received {
                        Ok(message) => lanes.push(message.detach()),
                        Err(error) => self.judge(connection, &error)?,
                    }
                }
            }
            for (turn, message) in lanes.start() {
                taking.push(self.take(turn, message, shutdown));
            }
            pause(consumer, &self.kafka.topic, lanes.to_pause(), true)?;
            pause(consumer, &self.kafka.topic, lanes.to_resume(), false)?;
        }
        // What was begun ends; what waits for room gives up, and comes again.
        while let Some(turn) = taking.next().await {
            lanes.end(&turn);
            self.settle(consumer, &lanes, &turn);
        }
        Ok(())
    }

    /// What an error of the consumer means: most pass by themselves.
    fn judge(&self, connection: &Connection, error: &KafkaError) -> anyhow::Result<()> {
        let said = connection.explain(error);
        // A new password is read when it connects again.
        if connection.is_rejected() || matches!(error, KafkaError::MessageConsumptionFatal(_)) {
            return Err(anyhow!(said));
        }
        let passes = matches!(
            error.rdkafka_error_code(),
            Some(RDKafkaErrorCode::BrokerTransportFailure | RDKafkaErrorCode::OperationTimedOut)
        );
        if passes {
            tracing::debug!(inlet = self.config.name, "{said}")
        } else {
            self.complain(&said)
        }
        Ok(())
    }

    /// Commits the offset after a message that was taken.
    fn settle(&self, consumer: &StreamConsumer<Assignment>, lanes: &Lanes, turn: &Turn) {
        let Some(offset) = turn.offset.filter(|_| lanes.has(turn)) else { return };
        let mut offsets = TopicPartitionList::new();
        let committed = offsets
            .add_partition_offset(&self.kafka.topic, turn.partition, Offset::Offset(offset + 1))
            .and_then(|()| consumer.commit(&offsets, CommitMode::Async));
        if let Err(error) = committed {
            // The next one commits this one too, and a message that comes again is recognised.
            tracing::debug!(inlet = self.config.name, "committing offset {offset}: {error}");
        }
    }

    /// Takes one message, however long it takes; not taken where the process shuts down first.
    async fn take(&self, turn: Turn, message: OwnedMessage, shutdown: &Shutdown) -> Turn {
        let begun = tokio::time::Instant::now();
        loop {
            match self.submit(&message, begun.elapsed() > PATIENCE).await {
                Ok(()) => {
                    self.complaints.clear();
                    return turn.taken(message.offset());
                }
                Err(error) => self.complain(&format!("{error:#}")),
            }
            if !shutdown.unless_requested(tokio::time::sleep(PAUSE)).await {
                return turn;
            }
        }
    }

    /// Makes a submission of a message, durable when this returns. `is_late` gives up on what it refers to.
    async fn submit(&self, message: &OwnedMessage, is_late: bool) -> anyhow::Result<()> {
        let problem = |problem: access::Problem| anyhow!("{}", problem.code);
        self.ingest.admission().check_capacity().await.map_err(problem)?;
        let _permit = self.ingest.admission().upload_permit().await.map_err(problem)?;
        let caller = self.caller()?;
        let envelope = Envelope::of(message);
        let name = envelope.file_name();
        let key = envelope.key(&self.config.name);
        let mut builder = SubmissionBuilder::new(self.ingest.clone(), caller.clone(), "kafka");
        let unusable = match envelope.content(self.kafka.message_kb * 1_000) {
            Ok(Content::Bytes(bytes)) => {
                builder.add(&name, &bytes[..]).await?;
                None
            }
            Ok(Content::Reference(reference)) => match self.fetcher.fetch(&reference).await {
                Ok(Fetched(file)) => {
                    builder.add(reference.file_name.as_deref().unwrap_or(&name), file).await?;
                    None
                }
                Err(NotFetched::Never(unusable)) => Some(unusable),
                Err(NotFetched::Later(why)) if is_late => Some(Unusable::not_fetched(&why)),
                Err(NotFetched::Later(why)) => return Err(why),
            },
            Err(unusable) => Some(unusable),
        };
        let refused = unusable.or_else(|| builder.first_refusal().map(Unusable::of_file));
        if let Some(Unusable { class, message: why, detail }) = refused {
            let refused = RefusedFile { file_name: name.clone(), class, message: why };
            builder
                .keep_refused(refused, &envelope.about(&detail), message.payload().unwrap_or_default())
                .await?;
        }
        match builder.finish(Some(&key)).await {
            Ok(_) => Ok(()),
            Err(reused) if reused.code == Code::IdempotencyKeyReused => {
                self.refuse_reused(message, &envelope, caller, &key).await
            }
            Err(other) => Err(problem(other)),
        }
    }

    /// Refuses a message whose `ce_id` stood on another one with other content.
    async fn refuse_reused(
        &self,
        message: &OwnedMessage,
        envelope: &Envelope<'_>,
        caller: Caller,
        key: &str,
    ) -> anyhow::Result<()> {
        let Unusable { class, message: why, detail } = Unusable::reused();
        let mut builder = SubmissionBuilder::new(self.ingest.clone(), caller, "kafka");
        let refused = RefusedFile { file_name: envelope.file_name(), class, message: why };
        let bytes = message.payload().unwrap_or_default();
        builder.keep_refused(refused, &envelope.about(&detail), bytes).await?;
        let key = format!("{key} {}", envelope.place());
        let finished = builder.finish(Some(&key)).await;
        finished.map(drop).map_err(|problem| anyhow!("{}", problem.code))
    }

    /// Whose submission it is: that of the key that the settings name, with its scope as it is now.
    fn caller(&self) -> anyhow::Result<Caller> {
        let Some(sender) = &self.config.sender else { return Ok(Caller::service(&self.origin)) };
        let caller = self.ingest.access().sender(sender, &self.origin);
        caller.with_context(|| {
            format!("no valid key has the name {sender}, so nothing is taken; make one with `gouji key new`, or correct `sender`")
        })
    }

    /// Says once what keeps the inlet from taking messages.
    fn complain(&self, why: &str) {
        if self.complaints.is_new(why) {
            tracing::warn!(inlet = self.config.name, topic = self.kafka.topic, "the inlet waits: {why}");
        }
    }
}

/// What was said last, so that it is not said again with every attempt.
#[derive(Default)]
struct Complaints(Mutex<Option<String>>);

impl Complaints {
    fn is_new(&self, why: &str) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = last.as_deref() != Some(why);
        *last = Some(why.to_owned());
        is_new
    }

    fn clear(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Pauses partitions, or resumes them.
fn pause(
    consumer: &StreamConsumer<Assignment>,
    topic: &str,
    partitions: Vec<i32>,
    is_pause: bool,
) -> anyhow::Result<()> {
    if partitions.is_empty() {
        return Ok(());
    }
    let mut list = TopicPartitionList::new();
    for partition in &partitions {
        list.add_partition(topic, *partition);
    }
    tracing::debug!(topic, ?partitions, "{}", if is_pause { "paused" } else { "resumed" });
    let done = if is_pause { consumer.pause(&list) } else { consumer.resume(&list) };
    done.context("pausing or resuming a partition")
}

/// The context of the consumer: it notes which partitions went to somebody else.
struct Assignment {
    connection: Connection,
    revoked: Arc<Mutex<Vec<i32>>>,
}

impl Assignment {
    /// The partitions that were revoked since this was asked last.
    fn revoked(&self) -> Vec<i32> {
        std::mem::take(&mut *self.revoked.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ClientContext for Assignment {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        self.connection.log(level, facility, line);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.connection.error(error, reason);
    }
}

impl ConsumerContext for Assignment {
    fn pre_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Revoke(partitions) = rebalance {
            let partitions = partitions.elements();
            let revoked = partitions.iter().map(|one| one.partition());
            self.revoked.lock().unwrap_or_else(PoisonError::into_inner).extend(revoked);
        }
    }

    fn commit_callback(&self, result: KafkaResult<()>, _: &TopicPartitionList) {
        if let Err(error) = result {
            tracing::debug!(topic = self.connection.topic(), "committing offsets: {error}");
        }
    }
}
