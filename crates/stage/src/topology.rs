//! What must be there on the bus: one log, the place of each stage on it, and the bucket of originals.
//!
//! Declaring is idempotent, from any number of processes at once. Where something is there already and
//! differs, it is left alone with a warning: a rolling deploy of an old binary must not flip settings back.

use std::time::Duration;

use anyhow::Context as _;
use async_nats::jetstream::consumer::{AckPolicy, Consumer, DeliverPolicy, IntoConsumerConfig, pull};
use async_nats::jetstream::context::CreateStreamErrorKind;
use async_nats::jetstream::stream::{
    Compression, Config as StreamConfig, ConsumerCreateStrictErrorKind, DiscardPolicy, RetentionPolicy,
    StorageType,
};
use async_nats::jetstream::{ErrorCode, object_store};
use proto::v1::{ReportParsed, ReportSubmitted, ReportValidated};
use proto::{Fact, subject};
use serde::Serialize;
use serde_json::Value;

use crate::config::{Config, OriginalsAt};
use crate::connect::Bus;

/// The log.
pub(crate) const STREAM: &str = "GOUJI";
/// The bucket of originals.
pub(crate) const BUCKET: &str = "gouji-originals";
/// How long a message may stay unanswered before another worker gets it; progress renews it.
pub(crate) const ACK_WAIT: Duration = Duration::from_secs(30);

/// One season and the time to look back at it.
const MAX_AGE: Duration = Duration::from_secs(400 * 24 * 3600);
/// What the default `max_payload` of the server lets through. A fact is a few KB.
pub(crate) const LARGEST_MESSAGE: i32 = 1 << 20;
/// A convenience for retries; create-once is what holds.
const DUPLICATE_WINDOW: Duration = Duration::from_secs(120);
/// In flight over all copies of a stage: a full batch of the index and the permits of many workers.
const MAX_ACK_PENDING: i64 = 8192;
/// Pull requests waiting, one for each worker.
const MAX_WAITING: i64 = 2048;
/// How often declaring is tried while the servers are still electing.
const DECLARE_ATTEMPTS: u32 = 30;

/// The stages that take from the log, and the fact that each takes.
pub(crate) fn durables() -> [(&'static str, String); 3] {
    [
        ("parse", subject::filter::<ReportSubmitted>()),
        ("validate", subject::filter::<ReportParsed>()),
        ("index", subject::filter::<ReportValidated>()),
    ]
}

/// Declares all of it, and tries again while the bus is not ready.
pub(crate) async fn declare(bus: &Bus, config: &Config) -> anyhow::Result<()> {
    let mut attempt = 1;
    loop {
        match declare_once(bus, config).await {
            Ok(()) => return Ok(()),
            Err(error) if attempt == DECLARE_ATTEMPTS => return Err(error),
            Err(error) => tracing::warn!(stage = bus.stage, attempt, "not ready yet: {error:#}"),
        }
        attempt += 1;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

pub(crate) async fn declare_once(bus: &Bus, config: &Config) -> anyhow::Result<()> {
    declare_stream(bus, stream_config(config.nats_replicas)).await?;
    for (durable, filter) in durables() {
        declare_consumer(bus, durable_config(durable, filter)).await?;
    }
    if config.originals == OriginalsAt::Bucket {
        declare_bucket(bus, config.nats_replicas).await?;
    }
    Ok(())
}

fn stream_config(replicas: usize) -> StreamConfig {
    StreamConfig {
        name: STREAM.into(),
        description: Some("Facts about reports; see gouji.v1".into()),
        subjects: vec![subject::ALL.into()],
        retention: RetentionPolicy::Limits,
        storage: StorageType::File,
        // A full log refuses; it never forgets what it acknowledged.
        discard: DiscardPolicy::New,
        max_age: MAX_AGE,
        max_message_size: LARGEST_MESSAGE,
        duplicate_window: DUPLICATE_WINDOW,
        compression: Some(Compression::S2),
        allow_direct: true,
        num_replicas: replicas,
        ..Default::default()
    }
}

fn durable_config(durable: &str, filter: String) -> pull::Config {
    pull::Config {
        durable_name: Some(durable.into()),
        filter_subject: filter,
        deliver_policy: DeliverPolicy::All,
        ack_policy: AckPolicy::Explicit,
        ack_wait: ACK_WAIT,
        // The application refuses what cannot be handled; a message at its last delivery would just vanish.
        max_deliver: -1,
        max_ack_pending: MAX_ACK_PENDING,
        max_waiting: MAX_WAITING,
        ..Default::default()
    }
}

async fn declare_stream(bus: &Bus, wanted: StreamConfig) -> anyhow::Result<()> {
    let Err(error) = bus.jetstream.create_stream(&wanted).await else { return Ok(()) };
    match error.kind() {
        CreateStreamErrorKind::JetStream(error) if error.error_code() == ErrorCode::STREAM_NAME_EXIST => {
            let stream =
                bus.jetstream.get_stream(&wanted.name).await.context("reading the log's settings")?;
            warn_of_differences(bus.stage, &wanted.name, &wanted, &stream.cached_info().config);
            Ok(())
        }
        _ => Err(error).with_context(|| format!("declaring the log {}", wanted.name)),
    }
}

async fn declare_consumer(bus: &Bus, wanted: pull::Config) -> anyhow::Result<()> {
    let name = wanted.durable_name.clone().unwrap_or_default();
    let Err(error) = bus.jetstream.create_consumer_strict_on_stream(wanted.clone(), STREAM).await else {
        return Ok(());
    };
    if error.kind() != ConsumerCreateStrictErrorKind::AlreadyExists {
        return Err(error).with_context(|| format!("declaring the place of {name} on the log"));
    }
    let there = bind(bus, &name).await?;
    warn_of_differences(bus.stage, &name, &wanted.into_consumer_config(), &there.cached_info().config);
    Ok(())
}

/// The place of a stage on the log, as it was declared.
pub(crate) async fn bind(bus: &Bus, durable: &str) -> anyhow::Result<Consumer<pull::Config>> {
    bus.jetstream
        .get_consumer_from_stream(durable, STREAM)
        .await
        .map_err(|error| anyhow::anyhow!("binding to the place of {durable} on the log: {error}"))
}

async fn declare_bucket(bus: &Bus, replicas: usize) -> anyhow::Result<()> {
    let wanted = object_store::Config {
        bucket: BUCKET.into(),
        description: Some("Original reports, named by their SHA-256".into()),
        storage: StorageType::File,
        num_replicas: replicas,
        ..Default::default()
    };
    let Err(error) = bus.jetstream.create_object_store(wanted).await else { return Ok(()) };
    // Two processes may declare it at once, and somebody may have chosen other replicas.
    bus.jetstream.get_object_store(BUCKET).await.map(drop).map_err(|_| error).context("declaring the bucket")
}

fn warn_of_differences<T: Serialize>(stage: &'static str, name: &str, wanted: &T, there: &T) {
    for (setting, wanted, there) in differences(wanted, there) {
        tracing::warn!(stage, name, setting, %wanted, %there, "{name} is there with another {setting}; left as it is");
    }
}

/// Settings that we set and that are there with another value.
fn differences<T: Serialize>(wanted: &T, there: &T) -> Vec<(String, Value, Value)> {
    let (Ok(Value::Object(wanted)), Ok(Value::Object(there))) =
        (serde_json::to_value(wanted), serde_json::to_value(there))
    else {
        return Vec::new();
    };
    let unset = |value: &Value| {
        matches!(value, Value::Null | Value::Bool(false))
            || matches!(value.as_i64(), Some(0 | -1))
            || value.as_array().is_some_and(Vec::is_empty)
            || value.as_object().is_some_and(serde_json::Map::is_empty)
    };
    wanted
        .into_iter()
        .filter(|(_, wanted)| !unset(wanted))
        .filter_map(|(setting, wanted)| {
            let there = there.get(&setting).cloned().unwrap_or(Value::Null);
            (there != wanted).then_some((setting, wanted, there))
        })
        .collect()
}

/// The stage that takes such a fact.
pub(crate) fn durable_of<F: Fact>() -> Option<&'static str> {
    let filter = subject::filter::<F>();
    durables().into_iter().find(|(_, taken)| *taken == filter).map(|(durable, _)| durable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_we_set_can_differ() {
        let wanted = durable_config("parse", "gouji.v1.submitted.>".into());
        let mut there = pull::Config { max_batch: 9, ..wanted.clone() };
        assert_eq!(differences(&wanted, &there), []);
        there.ack_wait = Duration::from_secs(5);
        let differing: Vec<_> = differences(&wanted, &there).into_iter().map(|(name, ..)| name).collect();
        assert_eq!(differing, ["ack_wait"]);
    }
}
