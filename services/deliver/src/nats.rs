//! The stream EXPORT of our own bus, from which the accounts of regions copy what concerns them.
//!
//! Each message has the envelope of CloudEvents in its headers and, in one more, how far the outlet has come: the stream
//! keeps the place. Each publish expects the last sequence of the stream, so nothing is stored twice after a kill, and
//! of two processes only one goes on. After `gouji outlet rewind` messages come again with equal `ce-id`.

use std::collections::BTreeSet;

use anyhow::Context as _;
use bus::{Export, ExportError, Exported, Outward};
use jiff::Timestamp;
use proto::subject;

use crate::change::{Batch, Change, Place, State};
use crate::envelope;
use crate::target::{Kept, Target, TargetError};

/// The attribute with the sequence of the log up to which everything is delivered, where this message is the last one.
const POSITION: &str = "position";

/// The stream of outward messages.
pub struct Nats {
    export: Export,
    source: String,
    /// The last sequence of the stream after what this process stored there.
    last: Option<u64>,
    /// The place that an operator asked for, until something is delivered.
    rewound: Option<Place>,
}

impl Nats {
    /// The stream of this bus; `source` is the CloudEvents source of this installation.
    pub fn new(export: Export, source: String) -> Self {
        Self { export, source, last: None, rewound: None }
    }

    fn outward(&self, change: &Change, position: u64, batch: &Batch) -> anyhow::Result<Outward> {
        let (kind, region) = match &change.state {
            State::Stands(standing) => ("stands", standing.region.as_str()),
            State::Gone { region, .. } => ("gone", region.as_str()),
        };
        let mut attributes = envelope::attributes(change, &self.source, batch.log_made_at_ms).to_vec();
        attributes.push(("datacontenttype", envelope::CONTENT_TYPE.to_owned()));
        attributes.push((POSITION, position.to_string()));
        let subject = subject::outward(kind, region, &change.report)
            .with_context(|| format!("the subject of report {}", change.report))?;
        Ok(Outward { subject, attributes, payload: change.json.clone().into() })
    }

    /// The changes of a batch that the stream does not have. It has others than this process stored where an answer was
    /// lost, a change in the middle was refused, or another process delivers.
    fn missing<'a>(&self, batch: &'a Batch, last: u64, message: Option<&Exported>) -> &'a [Change] {
        let changes = batch.changes.as_slice();
        if self.last.is_none_or(|known| known == last) {
            return changes;
        }
        let Some(message) = message.filter(|message| made_at(message) == Some(batch.log_made_at_ms)) else {
            return changes;
        };
        if number(message, POSITION) == Some(batch.to) {
            // A change that was set aside earlier and is tried once more ends at the same place as the batch before it.
            let is_stored = changes.last().map(|change| &change.id) == message.attributes.get("id");
            return if is_stored { &[] } else { changes };
        }
        let sequence = number(message, "sequence").unwrap_or_default();
        &changes[changes.partition_point(|change| change.sequence <= sequence)..]
    }
}

impl Target for Nats {
    async fn test(&mut self) -> Result<Vec<String>, TargetError> {
        let (made_at_ms, next) = self.export.extent().await.map_err(TargetError::Blocked)?;
        let made_at = Timestamp::from_millisecond(made_at_ms).unwrap_or_default();
        Ok(vec![format!("the stream EXPORT was made at {made_at}; its next message is {next}")])
    }

    async fn place(&mut self) -> Result<Kept, TargetError> {
        let (last, message) = self.export.last().await.map_err(TargetError::Blocked)?;
        self.last = Some(last);
        if self.rewound.is_some() {
            return Ok(Kept::AtTarget(self.rewound));
        }
        let place = message.as_ref().map(|message| {
            place(message).with_context(|| {
                format!("message {} of the stream EXPORT has no place of this outlet", message.sequence)
            })
        });
        place.transpose().map(Kept::AtTarget).map_err(TargetError::Blocked)
    }

    async fn deliver(&mut self, batch: &Batch) -> Result<(), TargetError> {
        let (last, message) = self.export.last().await.map_err(TargetError::Blocked)?;
        let changes = self.missing(batch, last, message.as_ref());
        let end = changes.len();
        let outward = changes.iter().enumerate().map(|(index, change)| {
            let position = if index + 1 == end { batch.to } else { change.sequence };
            self.outward(change, position, batch)
        });
        let messages = outward.collect::<anyhow::Result<Vec<_>>>().map_err(TargetError::Refused)?;
        let stored = self.export.publish(messages, last).await;
        // After an error it stays what it was, so that what is stored by then is found.
        self.last = Some(stored.map_err(|error| match error {
            ExportError::TooLarge(..) => TargetError::Refused(error.into()),
            ExportError::Moved | ExportError::Unavailable(..) => TargetError::Blocked(error.into()),
        })?);
        self.rewound = None;
        Ok(())
    }

    async fn rewind(&mut self, to: Place) -> Result<(), TargetError> {
        self.rewound = Some(to);
        Ok(())
    }

    async fn delivered(&mut self, log_made_at_ms: i64) -> Result<Option<BTreeSet<u64>>, TargetError> {
        let mut sequences = BTreeSet::new();
        let scanned = self.export.scan(|message| {
            if made_at(&message) == Some(log_made_at_ms) {
                sequences.extend(number(&message, "sequence"));
            }
        });
        scanned.await.map_err(TargetError::Blocked)?;
        Ok(Some(sequences))
    }
}

fn place(message: &Exported) -> Option<Place> {
    Some(Place { log_made_at_ms: made_at(message)?, sequence: number(message, POSITION)? })
}

fn made_at(message: &Exported) -> Option<i64> {
    let at: Timestamp = message.attributes.get("logmadeat")?.parse().ok()?;
    Some(at.as_millisecond())
}

fn number(message: &Exported, name: &str) -> Option<u64> {
    message.attributes.get(name)?.parse().ok()
}
