//! Whether the bus has what a stage needs, and connecting for a tool that must not wait for it.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use async_nats::jetstream::consumer::pull;
use tokio_util::sync::CancellationToken;

use crate::config::BusConfig;
use crate::connect::Bus;
use crate::names::{BUCKET, DURABLES, STREAM};

const LOOK_EVERY: Duration = Duration::from_millis(250);
const LOG_EVERY: Duration = Duration::from_secs(5);
/// How long an operator's tool waits for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The name under which an operator's tools connect.
const OPERATOR: &str = "operator";

impl Bus {
    /// Connects an operator's tool, which fails at once where something is missing.
    ///
    /// # Errors
    /// If the bus does not answer within ten seconds, or has no log.
    pub async fn operator(config: &BusConfig) -> anyhow::Result<Self> {
        let bus = Self::connect_now(config).await?;
        bus.check_ready(config).await?;
        Ok(bus)
    }

    /// Connects an operator's tool to a bus that may have no log yet.
    pub(crate) async fn connect_now(config: &BusConfig) -> anyhow::Result<Self> {
        let bus = Self::connect(OPERATOR, config, CancellationToken::new()).await?;
        let mut connections = bus.connections();
        match tokio::time::timeout(CONNECT_TIMEOUT, connections.wait_for(|count| *count > 0)).await {
            Ok(Ok(_)) => Ok(bus),
            _ => bail!("{}, for {CONNECT_TIMEOUT:?}", bus.problem().unwrap_or_default()),
        }
    }

    /// Waits until the bus has what this stage needs, and logs every few seconds what is missing. Creates
    /// nothing; that is for [`crate::topology::apply`].
    pub async fn wait_until_ready(&self, config: &BusConfig) {
        let mut logged: Option<Instant> = None;
        while let Err(error) = self.check_ready(config).await {
            if logged.is_none_or(|logged| logged.elapsed() >= LOG_EVERY) {
                tracing::warn!(stage = self.stage, "waiting: {error:#}");
                logged = Some(Instant::now());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Asks only for what this stage uses, so that its permissions need to allow nothing else.
    async fn check_ready(&self, config: &BusConfig) -> anyhow::Result<()> {
        let own: Vec<&str> =
            DURABLES.iter().filter(|one| one.stage == self.stage).map(|one| one.name).collect();
        // A process that is no stage asks for the last consumer, which is there once the log is.
        for durable in if own.is_empty() { vec!["index"] } else { own } {
            self.check_consumer(durable).await?;
        }
        if config.object_store {
            let bucket = self.jetstream.get_object_store(BUCKET).await;
            bucket.with_context(|| {
                format!("the bucket {BUCKET} is not on the bus; run `gouji topology apply`")
            })?;
        }
        Ok(())
    }

    async fn check_consumer(&self, durable: &str) -> anyhow::Result<()> {
        let found = self.jetstream.get_consumer_from_stream::<pull::Config, _, _>(durable, STREAM).await;
        let Err(error) = found else { return Ok(()) };
        if let Some(problem) = self.problem() {
            bail!("{problem}");
        }
        bail!(
            "the log {STREAM} is not on the bus, or not its consumer {durable}; run `gouji topology apply` ({error})"
        )
    }
}
