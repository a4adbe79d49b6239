//! What only an operator does: pausing a stage, looking at the log as a whole, and leaving a trace of it.

use std::time::Duration;

use anyhow::Context as _;
use jiff::Timestamp;
use proto::v1::ActionTaken;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::read::{self, Event};
use crate::topology::{self, STREAM, durables};
use crate::{NotPublished, Stage};

impl Stage {
    /// Hands over every fact that `filter` takes, oldest first, up to the last one there is, and leaves no
    /// place on the log behind.
    ///
    /// # Errors
    /// If the bus does not answer, or `each` fails.
    pub async fn scan(
        &self,
        filter: &str,
        mut each: impl FnMut(Event) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let mut next = 1;
        loop {
            let page = read::page(self.bus(), filter, next).await?;
            let Some(last) = page.last() else { return Ok(()) };
            next = last.sequence + 1;
            page.into_iter().try_for_each(&mut each)?;
        }
    }

    /// When the oldest fact came that waits before a stage or is in its hands, milliseconds since 1970-01-01
    /// UTC; none where the stage has nothing to do.
    ///
    /// # Errors
    /// If the bus does not answer.
    pub async fn oldest_ms(&self, lag: &crate::Lag) -> anyhow::Result<Option<i64>> {
        let filter = durables().into_iter().find(|(stage, _)| *stage == lag.stage).map(|(_, filter)| filter);
        match filter {
            Some(filter) if lag.total() > 0 => {
                Ok(read::next(self.bus(), &filter, lag.done_up_to + 1).await?.map(|event| event.at_ms))
            }
            _ => Ok(None),
        }
    }

    /// Hands nothing more to a stage until then, whoever asks; what is in its hands ends.
    ///
    /// # Errors
    /// If there is no such stage, or the bus does not take it.
    pub async fn pause(&self, stage: &str, until: Timestamp) -> anyhow::Result<()> {
        self.pause_until(stage, &json!({ "pause_until": until.to_string() })).await
    }

    /// Goes on with a stage that was paused.
    ///
    /// # Errors
    /// If there is no such stage, or the bus does not take it.
    pub async fn resume(&self, stage: &str) -> anyhow::Result<()> {
        self.pause_until(stage, &json!({})).await
    }

    async fn pause_until(&self, stage: &str, body: &Value) -> anyhow::Result<()> {
        let known = durables().map(|(durable, _)| durable);
        anyhow::ensure!(known.contains(&stage), "no stage {stage}; there are {}", known.join(", "));
        topology::request(self.bus(), format!("CONSUMER.PAUSE.{STREAM}.{stage}"), body)
            .await
            .map(drop)
            .with_context(|| format!("pausing or resuming {stage}"))
    }

    /// Puts on the log what an operator is about to do.
    ///
    /// # Errors
    /// If the log does not take it; then it must not be done.
    pub async fn note(
        &self,
        who: &str,
        action: &str,
        object: &str,
        detail: &str,
    ) -> Result<(), NotPublished> {
        let at_ms = Timestamp::now().as_millisecond();
        // An inbox is a name that nobody else has.
        let unique = Sha256::digest(self.bus().client.new_inbox());
        let unique: String = unique.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let fact = ActionTaken {
            id: format!("{at_ms}-{unique}"),
            at_ms,
            who: who.to_owned(),
            role: "operate".to_owned(),
            action: action.to_owned(),
            object: object.to_owned(),
            allowed: true,
            detail: detail.to_owned(),
            origin: "bus".to_owned(),
        };
        self.publish_once(&fact).await.map(drop)
    }
}

/// A pause without an end.
pub const FOR_EVER: Duration = Duration::from_secs(10 * 365 * 24 * 3600);
