//! The connection to the bus. Whatever happens to it becomes a log line and a metric, because the
//! client itself tells a denied publish only as a time-out.

use std::time::Duration;

use anyhow::Context as _;
use async_nats::connection::State;
use async_nats::jetstream;
use async_nats::{Client, ConnectOptions, Event, ServerError};
use opentelemetry::KeyValue;
use tokio::sync::watch;

use crate::config::Config;
use crate::telemetry::{metrics, stage_attribute};

/// How long the last messages may take to leave when a stage closes.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long one publish waits for its acknowledgement before it is tried again.
const ACK_TIMEOUT: Duration = Duration::from_secs(5);

/// One connection, named after its stage.
#[derive(Clone)]
pub(crate) struct Bus {
    pub(crate) client: Client,
    pub(crate) jetstream: jetstream::Context,
    pub(crate) stage: &'static str,
    closed: watch::Receiver<bool>,
    connections: watch::Receiver<u64>,
}

impl Bus {
    /// Connects, and keeps trying until the bus is there.
    pub(crate) async fn connect(stage: &'static str, config: &Config) -> anyhow::Result<Self> {
        let (tell_closed, closed) = watch::channel(false);
        let (count, connections) = watch::channel(0);
        let mut options = ConnectOptions::new()
            .name(format!("gouji-{stage}"))
            .retry_on_initial_connect()
            // An inbox of its own, so that a stage may be allowed no other.
            .custom_inbox_prefix(format!("_INBOX_{stage}"))
            .event_callback(move |event| {
                note(stage, &event);
                match event {
                    Event::Connected => count.send_modify(|count| *count += 1),
                    Event::Closed => _ = tell_closed.send_replace(true),
                    _ => (),
                }
                async {}
            });
        if let Some(file) = &config.nats_credentials {
            options = options
                .credentials_file(file)
                .await
                .with_context(|| format!("reading credentials from {}", file.display()))?;
        }
        let servers: Vec<&str> = config.nats_url().split(',').map(str::trim).collect();
        let client = options
            .connect(servers)
            .await
            .with_context(|| format!("connecting to the bus at {}", config.nats_url()))?;
        let jetstream = jetstream::context::ContextBuilder::new()
            .timeout(ACK_TIMEOUT)
            .ack_timeout(ACK_TIMEOUT)
            .build(client.clone());
        Ok(Self { client, jetstream, stage, closed, connections })
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.client.connection_state() == State::Connected
    }

    /// Changes with every connection: what was asked for on an earlier one is lost.
    pub(crate) fn connections(&self) -> watch::Receiver<u64> {
        let mut connections = self.connections.clone();
        connections.mark_unchanged();
        connections
    }

    /// Lets everything leave that was sent, and closes. Never longer than five seconds.
    pub(crate) async fn close(&self) {
        let mut closed = self.closed.clone();
        let leave = async {
            // A flush fails where the bus is away; then there is nobody to wait for.
            self.client.flush().await.ok();
            self.client.drain().await.ok();
            closed.wait_for(|closed| *closed).await.ok();
        };
        if tokio::time::timeout(CLOSE_TIMEOUT, leave).await.is_err() {
            tracing::warn!(stage = self.stage, "the bus did not close in time");
        }
    }
}

fn note(stage: &'static str, event: &Event) {
    let kind = match event {
        Event::Connected => {
            tracing::info!(stage, "connected to the bus");
            "connected"
        }
        Event::Disconnected => {
            tracing::warn!(stage, "lost the bus, connecting again");
            "disconnected"
        }
        Event::ServerError(ServerError::Other(error)) if error.contains("Permissions Violation") => {
            tracing::error!(stage, %error, "the bus denies what this stage needs");
            "permissions_violation"
        }
        Event::ServerError(error) => {
            tracing::error!(stage, %error, "the bus reports an error");
            "server_error"
        }
        Event::ClientError(error) => {
            tracing::warn!(stage, %error, "the connection to the bus has trouble");
            "client_error"
        }
        Event::SlowConsumer(subscription) => {
            tracing::warn!(stage, subscription, "messages come faster than they are taken");
            "slow_consumer"
        }
        Event::LameDuckMode => {
            tracing::info!(stage, "the bus server is about to leave");
            "lame_duck"
        }
        Event::Draining => "draining",
        Event::Closed => "closed",
    };
    metrics().connection_events.add(1, &[stage_attribute(stage), KeyValue::new("kind", kind)]);
}
