//! The connection to the bus. Whatever happens to it becomes a log line and a metric, because the
//! client itself tells a denied publish only as a time-out.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use async_nats::connection::State;
use async_nats::jetstream;
use async_nats::rustls::crypto;
use async_nats::{Client, ClientError, Event, Server, ServerError};
use opentelemetry::KeyValue;
use tokio::sync::watch;

use crate::config::Config;
use crate::identity::{self, Servers};
use crate::telemetry::{metrics, stage_attribute};

/// How long the last messages may take to leave when a stage closes.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);
/// A line that is cut without a word is found out after two of them.
const PING_EVERY: Duration = Duration::from_secs(10);
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
    refusals: Refusals,
    /// Where the bus is, for messages.
    at: Arc<str>,
}

/// Whether these settings say who we are and whom we trust, in files that can be read.
///
/// # Errors
/// What cannot be used.
pub(crate) fn check(config: &Config) -> anyhow::Result<()> {
    identity::options(config, &Servers::of(config)?).map(drop)
}

impl Bus {
    /// Connects, and keeps trying until the bus is there; what is in the way is told by [`Self::trouble`].
    pub(crate) async fn connect(stage: &'static str, config: &Config) -> anyhow::Result<Self> {
        // Another library may bring a second implementation, and then somebody has to choose.
        crypto::ring::default_provider().install_default().ok();
        let (tell_closed, closed) = watch::channel(false);
        let (count, connections) = watch::channel(0);
        let refusals = Refusals { stage, ..Refusals::default() };
        let (of_events, of_servers) = (refusals.clone(), refusals.clone());
        let servers = Servers::of(config)?;
        let options = identity::options(config, &servers)?
            .name(format!("gouji-{stage}"))
            .retry_on_initial_connect()
            .ping_interval(PING_EVERY)
            // An inbox of its own, so that a stage may be allowed no other.
            .custom_inbox_prefix(format!("_INBOX_{stage}"))
            .event_callback(move |event| {
                note(stage, &event);
                of_events.learn(&event);
                match event {
                    Event::Connected => count.send_modify(|count| *count += 1),
                    Event::Closed => _ = tell_closed.send_replace(true),
                    _ => (),
                }
                async {}
            })
            // Asked before each attempt, and the one place where the client says why the last one failed.
            .reconnect_to_server_callback(move |servers, _| {
                of_servers.learn_of(&servers);
                std::future::ready(None)
            });
        let client = options
            .connect(&servers.addresses[..])
            .await
            .with_context(|| format!("connecting to the bus at {servers}"))?;
        let jetstream = jetstream::context::ContextBuilder::new()
            .timeout(ACK_TIMEOUT)
            .ack_timeout(ACK_TIMEOUT)
            .build(client.clone());
        Ok(Self { client, jetstream, stage, closed, connections, refusals, at: servers.to_string().into() })
    }

    /// What is between us and the bus, if anything is.
    pub(crate) fn trouble(&self) -> Option<String> {
        let Reasons { away, denied } = &*self.refusals.reasons.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.is_connected() {
            let why = away.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
            return Some(format!("not connected to the bus at {}{why}", self.at));
        }
        let (at, what) = denied.as_ref()?;
        (at.elapsed() < DENIED_FOR).then(|| format!("the bus denies what this stage needs: {what}"))
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

/// What is denied is asked for again within this time, so what was denied longer ago is over.
const DENIED_FOR: Duration = Duration::from_secs(60);

/// Why the bus does not let us in, or not do something; clones are the same.
#[derive(Clone, Default)]
struct Refusals {
    stage: &'static str,
    reasons: Arc<Mutex<Reasons>>,
}

#[derive(Default)]
struct Reasons {
    /// Why the last attempt to connect failed.
    away: Option<String>,
    /// What was denied last, and when.
    denied: Option<(Instant, String)>,
}

impl Refusals {
    fn learn(&self, event: &Event) {
        let mut reasons = self.reasons.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Connected => *reasons = Reasons::default(),
            Event::ServerError(ServerError::Other(error)) if is_denial(error) => {
                reasons.denied = Some((Instant::now(), error.clone()));
            }
            Event::ServerError(error) => reasons.away = Some(error.to_string()),
            // It knows no more than the kind; what the servers' own errors said is better.
            Event::ClientError(ClientError::Other(error)) => {
                reasons.away.get_or_insert_with(|| error.clone());
            }
            _ => (),
        }
    }

    /// Says it once, and again when it changes: there may be an attempt each four seconds for days.
    fn learn_of(&self, servers: &[Server]) {
        let told = |server: &Server| {
            let error = server.last_error.as_ref()?;
            Some(format!("{}:{}: {error}", server.addr.host(), server.addr.port()))
        };
        let mut told: Vec<String> = servers.iter().filter_map(told).collect();
        told.sort();
        if told.is_empty() {
            return;
        }
        let why = told.join("; ");
        let mut reasons = self.reasons.lock().unwrap_or_else(PoisonError::into_inner);
        if reasons.away.as_ref() != Some(&why) {
            tracing::error!(stage = self.stage, "cannot connect to the bus: {why}");
            reasons.away = Some(why);
        }
    }
}

fn is_denial(error: &str) -> bool {
    error.contains("Permissions Violation")
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
        Event::ServerError(ServerError::Other(error)) if is_denial(error) => {
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
