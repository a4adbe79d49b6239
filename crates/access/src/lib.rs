#![doc = include_str!("../README.md")]

mod audit;
mod caller;
mod code;
mod guard;
pub mod key;
mod problem;
mod rate;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::MethodRouter;
use bus::Bus;
use worker::{Config, Shutdown, Worker};

use crate::audit::Audit;
use crate::key::Keys;
use crate::rate::RateLimits;

pub use audit::Action;
pub use caller::Caller;
pub use code::{Code, CodeInfo};
pub use guard::Requires;
pub use key::{Role, redact};
pub use problem::{Challenge, Problem};

/// A path, what it needs, and what answers there.
pub type Route<S> = (&'static str, Requires, MethodRouter<S>);

/// The door of one service; clones are the same.
#[derive(Clone)]
pub struct Door(Arc<Parts>);

struct Parts {
    bus: Bus,
    shutdown: Shutdown,
    /// None where nobody is asked who they are.
    keys: Option<Keys>,
    rate: RateLimits,
    audit: Audit,
    /// Whether only this machine can knock.
    local: bool,
}

/// Whether these settings make a door that is safe to open.
///
/// # Errors
/// If the keys cannot be used, or if there are none and others than this machine could knock.
pub fn check(config: &Config) -> anyhow::Result<()> {
    if let Some(path) = &config.keys {
        return Keys::open(path).map(drop).context("GOUJI_KEYS");
    }
    match config.listen {
        Some(address) if !address.ip().is_loopback() && !config.open => bail!(
            "GOUJI_LISTEN={address} is open to others and asks nobody who they are: name a file of keys with \
             GOUJI_KEYS (http.keys; `gouji key new` makes a key), listen on 127.0.0.1, or set GOUJI_OPEN=true \
             (http.open) behind a proxy that asks"
        ),
        _ => Ok(()),
    }
}

impl Door {
    /// The door of a stage. Has to be called inside a Tokio runtime: it starts the task that publishes how
    /// many refusals were left out, which ends with the stage.
    ///
    /// # Errors
    /// If the keys cannot be used.
    pub fn open(worker: &Worker) -> anyhow::Result<Self> {
        let config = worker.config();
        let keys = config.keys.as_deref().map(Keys::open).transpose()?;
        let door = Self(Arc::new(Parts {
            bus: worker.bus().clone(),
            shutdown: worker.shutdown().clone(),
            keys,
            rate: RateLimits::new(config.rate),
            audit: Audit::default(),
            local: !config.open && config.listen.is_none_or(|address| address.ip().is_loopback()),
        }));
        tokio::spawn(audit::tell_left_out(door.clone()));
        Ok(door)
    }

    /// A router in which every route is guarded by what it needs.
    pub fn router<S: Clone + Send + Sync + 'static>(&self, routes: Vec<Route<S>>) -> Router<S> {
        routes.into_iter().fold(Router::new(), |router, (path, requires, action)| {
            let guard = from_fn_with_state((self.clone(), requires), guard::authorize);
            router.route(path, action.route_layer(guard))
        })
    }
}

/// Guards the endpoints that every process has: anybody may ask for its health, and only this machine or a
/// key that operates for its metrics.
///
/// # Errors
/// If the keys cannot be used.
pub fn operators(worker: &Worker, router: Router) -> anyhow::Result<Router> {
    let door = Door::open(worker)?;
    Ok(router.layer(from_fn_with_state(door, guard::authorize_metrics)))
}

/// An address without what differs from one connection to the next.
fn plain(address: SocketAddr) -> IpAddr {
    address.ip().to_canonical()
}
