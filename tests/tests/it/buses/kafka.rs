//! Kafka, out and in, against Apache Kafka itself; what comes out is read by clients that are not ours.

mod away;
mod inlet;
mod outlet;

use std::path::PathBuf;
use std::sync::Arc;

use deliver::change::{Batch, Change, State};
use deliver::kafka::KafkaTarget;
use tests::kafka::{Kafka, clients, installed};
use tests::skip::skip;
use worker::outlets::KafkaConfig;

/// The shared broker and the folder of the clients; none where this machine cannot have them, and the test says so.
async fn broker(test: &str) -> Option<(Arc<Kafka>, PathBuf)> {
    let (libraries, clients) = prepared(test).await?;
    Some((Kafka::shared(&libraries).await.unwrap(), clients))
}

/// The folders of the broker's libraries and of the clients.
async fn prepared(test: &str) -> Option<(PathBuf, PathBuf)> {
    let found = tokio::task::spawn_blocking(|| Ok((installed()?, clients()?))).await.unwrap();
    match found {
        Ok(found) => Some(found),
        Err(why) => {
            let why: String = why;
            skip(&format!("buses::kafka::{test}"), &why, "needs java, mvn and pip with their repositories");
            None
        }
    }
}

/// The section `kafka` of a settings file.
fn config(lines: &str) -> KafkaConfig {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("gouji.toml");
    std::fs::write(&file, format!("[[outlet]]\nname = \"o\"\nto = \"kafka\"\n[outlet.kafka]\n{lines}"))
        .unwrap();
    worker::settings::read_routes(&file).unwrap().outlets.remove(0).kafka.unwrap()
}

fn target(lines: &str) -> KafkaTarget {
    KafkaTarget::new("o", config(lines), "/gouji/test".into())
}

/// When the log of the batches was made.
const MADE_AT: i64 = 1_790_000_000_000;

/// A batch of changes with these sequences: in turn of five reports, each with a payload of so many bytes.
fn batch(sequences: std::ops::RangeInclusive<u64>, bytes: usize) -> Batch {
    let changes = sequences.clone().map(|sequence| {
        let report = format!("r{}", sequence % 5);
        Change {
            sequence,
            at_ms: MADE_AT + sequence as i64,
            id: format!("{report}.v{sequence}"),
            json: format!("{{\"report\":\"{report}\",\"文\":\"{}\"}}", "a".repeat(bytes)),
            report,
            state: State::Gone { region: "370400".into(), year: 2024 },
        }
    });
    Batch {
        log_made_at_ms: MADE_AT,
        from: *sequences.start(),
        to: *sequences.end(),
        changes: changes.collect(),
    }
}
