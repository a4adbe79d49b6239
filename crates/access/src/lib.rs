#![doc = include_str!("../README.md")]

pub mod account;
mod audit;
mod caller;
mod code;
mod conditional;
mod cookie;
mod encoding;
mod guard;
pub mod key;
mod oidc;
mod parameters;
mod problem;
mod rate;
mod sign_in;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::MethodRouter;
use bus::Bus;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};
use worker::{Config, OidcConfig, Shutdown, Worker};

use crate::account::Accounts;
use crate::audit::Audit;
use crate::cookie::Cookies;
use crate::key::Keys;
use crate::oidc::Provider;
use crate::rate::RateLimits;
use crate::sign_in::Attempts;

pub use audit::{Action, Recorded};
pub use caller::{Caller, CallerSession};
pub use code::{Code, CodeInfo};
pub use conditional::{tagged, with_tag};
pub use encoding::{broken_encoding, is_broken_encoding};
pub use guard::Requires;
pub use key::{Role, redact};
pub use parameters::{Id, Parameters, pairs};
pub use problem::{Challenge, Problem};
pub use rate::AddressRate;
pub use sign_in::{Attempt, SignedIn, wrong_password};

/// A path, the key that it requires, the parameters that it takes, and its handler.
pub type Route<S> = (&'static str, Requires, Parameters, MethodRouter<S>);

/// The access control of one service; clones share their state.
#[derive(Clone)]
pub struct AccessControl(Arc<Parts>);

struct Parts {
    bus: Bus,
    shutdown: Shutdown,
    /// None if programs need no key.
    keys: Option<Keys>,
    /// None if people have no accounts.
    accounts: Option<Accounts>,
    /// None if no identity provider signs people in.
    provider: Option<Provider>,
    cookies: Cookies,
    attempts: Attempts,
    rate: RateLimits,
    audit: Audit,
    /// Whether the service listens on loopback only.
    local: bool,
}

/// Checks that these settings are safe.
///
/// # Errors
/// If the file of keys is wrong, or if there is none and other machines could send requests.
pub fn check_config(config: &Config) -> anyhow::Result<()> {
    if let Some(path) = &config.keys {
        Keys::open(path).map(drop).context("GOUJI_KEYS")?;
    }
    if let Some(oidc) = &config.oidc {
        open_provider(config, oidc)?;
    }
    if config.keys.is_some() || config.accounts {
        return Ok(());
    }
    match config.listen {
        Some(address) if !address.ip().is_loopback() && !config.open => bail!(
            "GOUJI_LISTEN={address} is open to other machines without keys: name a file of keys with GOUJI_KEYS \
             (http.keys; `gouji key new` makes a key), let people sign in with GOUJI_ACCOUNTS=true, listen on 127.0.0.1, or set GOUJI_OPEN=true (http.open) \
             behind a proxy that authenticates"
        ),
        _ => Ok(()),
    }
}

fn open_provider(config: &Config, oidc: &OidcConfig) -> anyhow::Result<Provider> {
    Provider::open(oidc, config.address.as_deref().unwrap_or_default()).context("the identity provider")
}

impl AccessControl {
    /// The access control of a worker. Has to be called inside a Tokio runtime: it starts a task that publishes the
    /// number of suppressed denials until shutdown.
    ///
    /// # Errors
    /// If the file of keys is wrong.
    pub fn open(worker: &Worker) -> anyhow::Result<Self> {
        let config = worker.config();
        // It alone signs people in, and has the right to write sessions.
        let is_console = worker.bus().stage() == "console";
        let keys = config.keys.as_deref().map(Keys::open).transpose()?;
        let access = Self(Arc::new(Parts {
            bus: worker.bus().clone(),
            shutdown: worker.shutdown().clone(),
            keys,
            accounts: config.accounts.then(|| Accounts::open(worker.bus(), config.session_idle, is_console)),
            provider: match (&config.oidc, is_console) {
                (Some(oidc), true) => Some(open_provider(config, oidc)?),
                _ => None,
            },
            cookies: Cookies::at(config.address.as_deref()),
            attempts: Attempts::default(),
            rate: RateLimits::new(config.rate),
            audit: Audit::default(),
            local: !config.open && config.listen.is_none_or(|address| address.ip().is_loopback()),
        }));
        tokio::spawn(audit::publish_suppressed(access.clone()));
        Ok(access)
    }

    /// The key with this name as the sender of what comes over a data bus, where nobody presents a key; none if no
    /// key has the name, or it has expired or may not send. `origin` says where it came from.
    pub fn sender(&self, name: &str, origin: &str) -> Option<Caller> {
        self.0.keys.as_ref()?;
        self.sender_of_folder(name, origin).ok()
    }

    /// A router in which every route checks the key that it requires and the parameters that it takes.
    ///
    /// Bodies of requests are decoded, answers compressed where the client takes that, and not sent again to a client
    /// that has them. A rejection of the framework becomes a problem document.
    pub fn router<S: Clone + Send + Sync + 'static>(&self, routes: Vec<Route<S>>) -> Router<S> {
        let router =
            routes.into_iter().fold(Router::new(), |router, (path, requires, parameters, handler)| {
                let guard = from_fn_with_state((self.clone(), requires, parameters), guard::authorize);
                router.route(path, handler.route_layer(guard))
            });
        router
            .layer(from_fn(conditional::answer))
            .layer(from_fn(problem::of_rejection))
            .layer(CompressionLayer::new().compress_when(is_worth_compressing()))
    }
}

/// Texts; not images, streams of events, and the formats of originals that are compressed already.
fn is_worth_compressing() -> impl Predicate {
    DefaultPredicate::new()
        .and(NotForContentType::const_new("application/pdf"))
        .and(NotForContentType::const_new("application/zip"))
        .and(NotForContentType::const_new("application/ofd"))
        .and(NotForContentType::const_new("application/vnd.apache.parquet"))
        .and(NotForContentType::const_new("application/vnd.openxmlformats-officedocument"))
        .and(NotForContentType::const_new("application/vnd.oasis.opendocument"))
}

/// Protects `/metrics` on the address that users reach: it takes a key with the role operate, wherever the request
/// comes from, because a proxy on this machine looks like this machine. Without keys it answers loopback addresses
/// only, and nobody behind a proxy. Anybody may read the health endpoints; `GOUJI_MONITOR_LISTEN` asks for no key.
///
/// # Errors
/// If the file of keys is wrong.
pub fn protect_metrics(worker: &Worker, router: Router) -> anyhow::Result<Router> {
    let access = AccessControl::open(worker)?;
    Ok(router
        .layer(from_fn_with_state(access, guard::authorize_metrics))
        .layer(from_fn(problem::of_rejection)))
}

/// The address of a peer, without its port.
fn ip_of(address: SocketAddr) -> IpAddr {
    address.ip().to_canonical()
}
