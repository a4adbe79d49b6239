//! Reads a topic back, to prove that what left the log stands there.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, bail};
use jiff::Timestamp;
use kafka::Connection;
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::{Headers as _, Message};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

/// Reading fails if the brokers send nothing for so long before the end of a partition.
const SILENCE: Duration = Duration::from_secs(30);
/// How long one poll waits.
const TURN: Duration = Duration::from_millis(200);

/// The sequences on the topic, from its beginning to its end, of the log that was made then; none where its beginning
/// was deleted already, so that it proves nothing. Blocks the thread.
pub(super) fn read_back(
    mut properties: ClientConfig,
    connection: &Connection,
    partitions: i32,
    group: &str,
    log_made_at_ms: i64,
) -> anyhow::Result<Option<BTreeSet<u64>>> {
    properties
        // The library wants a name; nothing is committed under it.
        .set("group.id", group)
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("enable.partition.eof", "true");
    let consumer: BaseConsumer<Connection> =
        properties.create_with_context(connection.clone()).context("kafka")?;
    let mut all = TopicPartitionList::new();
    for partition in 0..partitions {
        let (first, _) = consumer
            .fetch_watermarks(connection.topic(), partition, SILENCE)
            .map_err(|error| anyhow!(connection.explain(&error)))?;
        if first > 0 {
            return Ok(None);
        }
        all.add_partition_offset(connection.topic(), partition, Offset::Beginning)
            .context("choosing where to read from")?;
    }
    consumer.assign(&all).context("choosing where to read from")?;
    let mut sequences = BTreeSet::new();
    let mut ended = BTreeSet::new();
    let mut heard = Instant::now();
    while ended.len() < all.count() {
        match consumer.poll(TURN) {
            Some(Ok(message)) => {
                heard = Instant::now();
                sequences.extend(sequence(&message, log_made_at_ms));
            }
            Some(Err(KafkaError::PartitionEOF(partition))) => {
                heard = Instant::now();
                ended.insert(partition);
            }
            // The group is only a name here.
            Some(Err(KafkaError::MessageConsumption(Code::GroupAuthorizationFailed))) => {}
            Some(Err(error)) if heard.elapsed() > SILENCE => bail!(connection.explain(&error)),
            Some(Err(_)) => {}
            None if heard.elapsed() > SILENCE => {
                let error = KafkaError::MessageConsumption(Code::OperationTimedOut);
                bail!(connection.explain(&error))
            }
            None => {}
        }
    }
    Ok(Some(sequences))
}

/// The sequence of a message; none if it is of another log, or of somebody else.
fn sequence(message: &impl Message, log_made_at_ms: i64) -> Option<u64> {
    let headers = message.headers()?;
    let texts: BTreeMap<&str, &str> = headers
        .iter()
        .filter_map(|header| Some((header.key, std::str::from_utf8(header.value?).ok()?)))
        .collect();
    let made_at: Timestamp = texts.get("ce_logmadeat")?.parse().ok()?;
    let of_this_log = made_at.as_millisecond() == log_made_at_ms;
    texts.get("ce_sequence")?.parse().ok().filter(|_| of_this_log)
}
