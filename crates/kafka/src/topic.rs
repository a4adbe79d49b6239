//! What a topic is like, before anything is sent to it.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, ResourceSpecifier};
use rdkafka::client::Client;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

use crate::Connection;

/// A topic as the brokers describe it to everybody who may use it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// `host:port` of each broker of the cluster.
    pub brokers: Vec<String>,
    /// How many partitions it has.
    pub partitions: i32,
    /// The fewest replicas of a partition, and the fewest that are in sync.
    pub replicas: (usize, usize),
}

/// Settings of a topic that decide what it takes and for how long it keeps it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TopicLimits {
    /// `max.message.bytes`: the largest message, after compression.
    pub message_bytes: Option<usize>,
    /// `cleanup.policy`: `delete`, `compact` or both.
    pub cleanup: Option<String>,
    /// `retention.ms`; -1 is for ever.
    pub retention_ms: Option<i64>,
    /// `min.insync.replicas`.
    pub in_sync: Option<usize>,
}

/// How long brokers may take to answer. A TLS handshake and a SASL exchange with a far cluster take a second.
const ANSWER: Duration = Duration::from_secs(10);
/// How long one of several requests waits, so that a rejected password is reported at once.
const TURN: Duration = Duration::from_secs(1);

/// Looks the topic of a connection up, for up to ten seconds. Blocks the thread.
///
/// # Errors
/// If no broker answers, or the topic does not exist or may not be used; what to do about it.
pub fn find_topic<C: rdkafka::ClientContext>(
    client: &Client<C>,
    connection: &Connection,
) -> anyhow::Result<Topic> {
    let begun = Instant::now();
    let topic = connection.topic();
    let metadata = loop {
        match client.fetch_metadata(Some(topic), TURN) {
            Ok(metadata) => break metadata,
            Err(error) if begun.elapsed() < ANSWER && !connection.is_rejected() && is_away(&error) => {}
            Err(error) => anyhow::bail!(connection.explain(&error)),
        }
    };
    let found = metadata.topics().iter().find(|found| found.name() == topic);
    let found = found.with_context(|| format!("the brokers do not answer for {topic}"))?;
    if let Some(error) = found.error() {
        anyhow::bail!(connection.explain(&KafkaError::MetadataFetch(error.into())));
    }
    let partitions = found.partitions();
    let fewest = |count: fn(&rdkafka::metadata::MetadataPartition) -> usize| {
        partitions.iter().map(count).min().unwrap_or_default()
    };
    Ok(Topic {
        brokers: metadata.brokers().iter().map(|one| format!("{}:{}", one.host(), one.port())).collect(),
        partitions: i32::try_from(partitions.len()).context("counting the partitions")?,
        replicas: (fewest(|one| one.replicas().len()), fewest(|one| one.isr().len())),
    })
}

/// Whether the request may be answered the next time.
fn is_away(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            Code::OperationTimedOut
                | Code::BrokerTransportFailure
                | Code::AllBrokersDown
                | Code::LeaderNotAvailable
        )
    )
}

/// Reads the settings of the topic of a connection; none of them where it may not be asked, as on many clusters of
/// cloud providers.
pub async fn read_limits(properties: &ClientConfig, connection: &Connection) -> TopicLimits {
    let read = async {
        let admin: AdminClient<Connection> = properties.create_with_context(connection.clone())?;
        let options = AdminOptions::new().request_timeout(Some(ANSWER));
        let topic = [ResourceSpecifier::Topic(connection.topic())];
        let described = admin.describe_configs(&topic, &options).await;
        // Ends a thread.
        tokio::task::spawn_blocking(move || drop(admin)).await.ok();
        described
    };
    let described = match read.await {
        Ok(described) => described.into_iter().find_map(Result::ok),
        Err(error) => {
            tracing::debug!("reading the settings of {}: {error}", connection.topic());
            None
        }
    };
    let Some(described) = described else { return TopicLimits::default() };
    let value = |name: &str| described.get(name).and_then(|entry| entry.value.clone());
    TopicLimits {
        message_bytes: value("max.message.bytes").and_then(|bytes| bytes.parse().ok()),
        cleanup: value("cleanup.policy"),
        retention_ms: value("retention.ms").and_then(|ms| ms.parse().ok()),
        in_sync: value("min.insync.replicas").and_then(|count| count.parse().ok()),
    }
}
