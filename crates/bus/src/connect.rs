//! The connection to the bus. Every event of it becomes a log line and a metric, because the client
//! reports a denied publish only as a time-out.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use async_nats::connection::State;
use async_nats::jetstream;
use async_nats::{Client, ClientError, Event, Server, ServerError};
use opentelemetry::KeyValue;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::cache::Cache;
use crate::config::BusConfig;
use crate::group_commit::GroupCommit;
use crate::identity::{self, Servers};
use crate::metrics::{METRICS, stage_attribute};
use crate::tls;

/// How long pending messages may take to be sent when the connection closes.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);
/// A connection that was cut silently is noticed after two pings without an answer.
const PING_EVERY: Duration = Duration::from_secs(10);
/// How long one publish waits for its acknowledgement before it is tried again.
const ACK_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection to the bus, named after its stage; clones share it.
#[derive(Clone)]
pub struct Bus {
    pub(crate) client: Client,
    pub(crate) jetstream: jetstream::Context,
    pub(crate) stage: &'static str,
    /// The CloudEvents source of what this process publishes.
    pub(crate) source: Arc<str>,
    /// Feeds and consumers end when this is cancelled; publishing and reading go on.
    pub(crate) shutdown: CancellationToken,
    pub(crate) cache: Arc<Cache>,
    pub(crate) group_commit: GroupCommit,
    closed: watch::Receiver<bool>,
    connections: watch::Receiver<u64>,
    failures: Failures,
    /// The servers without credentials, for messages.
    servers: Arc<str>,
}

/// Checks that the identity and the certificates in the settings can be used.
///
/// # Errors
/// The first file that cannot be read or used.
pub fn check(config: &BusConfig) -> anyhow::Result<()> {
    identity::options(config, &Servers::of(config)?).map(drop)
}

impl Bus {
    /// Starts to connect and returns; the client retries until a server answers, and [`Self::problem`] says
    /// why there is no connection yet. Feeds and consumers end when `shutdown` is cancelled.
    ///
    /// # Errors
    /// If the identity or the certificates cannot be used.
    pub async fn connect(
        stage: &'static str,
        config: &BusConfig,
        shutdown: CancellationToken,
    ) -> anyhow::Result<Self> {
        tls::prepare();
        let (tell_closed, closed) = watch::channel(false);
        let (count, connections) = watch::channel(0);
        let failures = Failures { stage, ..Failures::default() };
        let (of_events, of_servers) = (failures.clone(), failures.clone());
        let servers = Servers::of(config)?;
        let options = identity::options(config, &servers)?
            .name(format!("gouji-{stage}"))
            .retry_on_initial_connect()
            .ping_interval(PING_EVERY)
            // A prefix for each stage, so that its permissions need to allow no other inbox.
            .custom_inbox_prefix(format!("_INBOX_{stage}"))
            .event_callback(move |event| {
                observe(stage, &event);
                of_events.record(&event);
                match event {
                    Event::Connected => count.send_modify(|count| *count += 1),
                    Event::Closed => _ = tell_closed.send_replace(true),
                    _ => (),
                }
                async {}
            })
            // Called before each attempt: only here does the client say why the last attempt failed.
            .reconnect_to_server_callback(move |servers, _| {
                of_servers.record_attempts(&servers);
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
        Ok(Self {
            group_commit: GroupCommit::start(&client, &jetstream),
            client,
            jetstream,
            stage,
            source: source(&config.installation, stage).into(),
            shutdown,
            cache: Arc::default(),
            closed,
            connections,
            failures,
            servers: servers.to_string().into(),
        })
    }

    /// The name of the stage or tool that connected, e.g. `parse`.
    pub fn stage(&self) -> &'static str {
        self.stage
    }

    /// Why the bus cannot be used just now; none where it can.
    pub fn problem(&self) -> Option<String> {
        let Reasons { disconnected, denied } =
            &*self.failures.reasons.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.is_connected() {
            let why = disconnected.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
            return Some(format!("not connected to the bus at {}{why}", self.servers));
        }
        let (at, what) = denied.as_ref()?;
        (at.elapsed() < DENIED_FOR).then(|| format!("the bus denies what this stage needs: {what}"))
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.client.connection_state() == State::Connected
    }

    /// Changes with every connection: requests sent on an earlier connection are lost.
    pub(crate) fn connections(&self) -> watch::Receiver<u64> {
        let mut connections = self.connections.clone();
        connections.mark_unchanged();
        connections
    }

    /// Sends what is pending and closes the connection. Takes at most five seconds.
    pub async fn close(&self) {
        let mut closed = self.closed.clone();
        let drain = async {
            // Flushing fails where there is no connection; then nothing can be sent anyway.
            self.client.flush().await.ok();
            self.client.drain().await.ok();
            closed.wait_for(|closed| *closed).await.ok();
        };
        if tokio::time::timeout(CLOSE_TIMEOUT, drain).await.is_err() {
            tracing::warn!(stage = self.stage, "the connection to the bus did not close in time");
        }
    }
}

/// The CloudEvents source of a process: two installations whose events meet must differ.
fn source(installation: &str, stage: &str) -> String {
    if installation.is_empty() { format!("/gouji/{stage}") } else { format!("/gouji/{installation}/{stage}") }
}

/// A denied request is repeated within this time, so an older denial is over.
const DENIED_FOR: Duration = Duration::from_secs(60);

/// Why the connection or a request fails; clones share it.
#[derive(Clone, Default)]
struct Failures {
    stage: &'static str,
    reasons: Arc<Mutex<Reasons>>,
}

#[derive(Default)]
struct Reasons {
    /// Why the last attempt to connect failed.
    disconnected: Option<String>,
    /// The last denied request, and when it was denied.
    denied: Option<(Instant, String)>,
}

impl Failures {
    fn record(&self, event: &Event) {
        let mut reasons = self.reasons.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Connected => *reasons = Reasons::default(),
            Event::ServerError(ServerError::Other(error)) if is_denial(error) => {
                reasons.denied = Some((Instant::now(), error.clone()));
            }
            Event::ServerError(error) => reasons.disconnected = Some(error.to_string()),
            // Says only the kind of error; an error of a server says more, so it stays.
            Event::ClientError(ClientError::Other(error)) => {
                reasons.disconnected.get_or_insert_with(|| error.clone());
            }
            _ => (),
        }
    }

    /// Logs the errors once, and again when they change: there is an attempt every four seconds, perhaps for days.
    fn record_attempts(&self, servers: &[Server]) {
        let described = |server: &Server| {
            let error = server.last_error.as_ref()?;
            Some(format!("{}:{}: {error}", server.addr.host(), server.addr.port()))
        };
        let mut errors: Vec<String> = servers.iter().filter_map(described).collect();
        errors.sort();
        if errors.is_empty() {
            return;
        }
        let why = errors.join("; ");
        let mut reasons = self.reasons.lock().unwrap_or_else(PoisonError::into_inner);
        if reasons.disconnected.as_ref() != Some(&why) {
            tracing::error!(stage = self.stage, "cannot connect to the bus: {why}");
            reasons.disconnected = Some(why);
        }
    }
}

fn is_denial(error: &str) -> bool {
    error.contains("Permissions Violation")
}

fn observe(stage: &'static str, event: &Event) {
    let kind = match event {
        Event::Connected => {
            tracing::info!(stage, "connected to the bus");
            "connected"
        }
        Event::Disconnected => {
            tracing::warn!(stage, "lost the connection to the bus, reconnecting");
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
            tracing::warn!(stage, %error, "the connection to the bus reports an error");
            "client_error"
        }
        Event::SlowConsumer(subscription) => {
            tracing::warn!(stage, subscription, "slow consumer: messages arrive faster than they are read");
            "slow_consumer"
        }
        Event::LameDuckMode => {
            tracing::info!(stage, "the server is about to shut down");
            "lame_duck"
        }
        Event::Draining => "draining",
        Event::Closed => "closed",
    };
    METRICS.connection_events.add(1, &[stage_attribute(stage), KeyValue::new("kind", kind)]);
}
