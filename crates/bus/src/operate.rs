//! Actions of an operator: pausing a stage, and recording an action in the audit trail.

use std::time::Duration;

use anyhow::Context as _;
use data_encoding::HEXLOWER;
use jiff::Timestamp;
use proto::v1::ActionTaken;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::api;
use crate::connect::Bus;
use crate::names::{DURABLES, Durable, STREAM};
use crate::publish::PublishError;

impl Bus {
    /// Pauses a stage until then: no worker gets new messages. Messages in flight are still handled.
    ///
    /// # Errors
    /// If there is no such stage, or the bus refuses.
    pub async fn pause(&self, stage: &str, until: Timestamp) -> anyhow::Result<()> {
        self.pause_until(stage, &json!({ "pause_until": until.to_string() })).await
    }

    /// Ends the pause of a stage.
    ///
    /// # Errors
    /// If there is no such stage, or the bus refuses.
    pub async fn resume(&self, stage: &str) -> anyhow::Result<()> {
        self.pause_until(stage, &json!({})).await
    }

    async fn pause_until(&self, stage: &str, body: &Value) -> anyhow::Result<()> {
        let lanes = DURABLES.into_iter().filter(|durable| durable.stage == stage);
        let mut any = false;
        for Durable { name, .. } in lanes {
            any = true;
            api::request(self, format!("CONSUMER.PAUSE.{STREAM}.{name}"), body)
                .await
                .with_context(|| format!("pausing or resuming {name}"))?;
        }
        let known = || DURABLES.iter().filter(|durable| !durable.is_bulk()).map(|durable| durable.stage);
        anyhow::ensure!(any, "no stage {stage}; there are {}", known().collect::<Vec<_>>().join(", "));
        Ok(())
    }

    /// Publishes what an operator is about to do, for the audit trail.
    ///
    /// # Errors
    /// If the log does not store it; then the operator must not do it.
    pub async fn record_action(
        &self,
        who: &str,
        action: &str,
        object: &str,
        detail: &str,
    ) -> Result<(), PublishError> {
        let at_ms = Timestamp::now().as_millisecond();
        // The client makes each inbox name unique.
        let unique = Sha256::digest(self.client.new_inbox());
        let unique = HEXLOWER.encode(&unique[..8]);
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
        self.publish(&fact).await.map(drop)
    }
}

/// How long a pause without an end lasts.
pub const PAUSE_WITHOUT_END: Duration = Duration::from_secs(10 * 365 * 24 * 3600);
