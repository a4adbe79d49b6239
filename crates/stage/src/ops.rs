//! What an operator's tools ask of a process: `/healthz`, `/readyz`, `/metrics`.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use tower::ServiceExt;

use crate::Stage;
use crate::telemetry::prometheus_text;

/// The endpoints for these stages. A service that listens anyway may merge them into its own router.
pub fn router(stages: Vec<Stage>) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(move || std::future::ready(ready(&stages))))
        .route("/metrics", get(async || prometheus_text()))
}

/// What answers before there are stages: the process is alive, and not ready. Afterwards, `opened`.
pub(crate) fn until_opened(opened: Arc<OnceLock<Router>>) -> Router {
    Router::new().fallback(move |request: Request| async move {
        match opened.get() {
            // A router is always ready and never fails.
            Some(router) => router.clone().oneshot(request).await.into_response(),
            None if request.uri().path() == "/healthz" => "ok\n".into_response(),
            None => (StatusCode::SERVICE_UNAVAILABLE, WAITING).into_response(),
        }
    })
}

const WAITING: &str = "waiting for the bus, and for the log on it; if it lasts, see that the bus is up and run `gouji topology apply`\n";

/// A stage that has asked for work this lately is alive; a fetch waits five seconds.
const FETCHED_WITHIN: Duration = Duration::from_secs(60);

fn ready(stages: &[Stage]) -> (StatusCode, String) {
    let troubles: Vec<String> =
        stages.iter().filter_map(|stage| Some(format!("{}: {}\n", stage.name(), stage.trouble()?))).collect();
    if troubles.is_empty() {
        (StatusCode::OK, "ready\n".into())
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, troubles.concat())
    }
}

impl Stage {
    /// Why it cannot work just now, if it cannot.
    pub fn trouble(&self) -> Option<&'static str> {
        if self.stop().is_wished() {
            Some("stopping")
        } else if !self.bus().is_connected() {
            Some("not connected to the bus")
        } else {
            self.health().trouble()
        }
    }
}

/// What the loops of a stage tell of themselves.
pub(crate) struct Health {
    begun: Instant,
    works: AtomicBool,
    fetched_ms: AtomicU64,
}

impl Health {
    pub(crate) fn new() -> Self {
        Self { begun: Instant::now(), works: AtomicBool::new(false), fetched_ms: AtomicU64::new(0) }
    }

    /// A loop has its place on the log.
    pub(crate) fn bound(&self) {
        self.works.store(true, Ordering::Relaxed);
        self.fetched();
    }

    /// A loop has asked for work.
    pub(crate) fn fetched(&self) {
        self.fetched_ms.store(self.now_ms(), Ordering::Relaxed);
    }

    fn trouble(&self) -> Option<&'static str> {
        let age_ms = self.now_ms().saturating_sub(self.fetched_ms.load(Ordering::Relaxed));
        let stale = self.works.load(Ordering::Relaxed) && u128::from(age_ms) > FETCHED_WITHIN.as_millis();
        stale.then_some("has not asked for work for a minute")
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
