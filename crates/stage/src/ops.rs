//! What an operator's tools ask of a process: `/healthz`, `/readyz`, `/metrics`.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use tower::ServiceExt;

use crate::Stage;
use crate::connect::Bus;
use crate::telemetry::prometheus_text;

/// The endpoints for these stages. A service that listens anyway may merge them into its own router.
pub fn router(stages: Vec<Stage>) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(move || std::future::ready(ready(&stages))))
        .route("/metrics", get(async || prometheus_text()))
}

/// The endpoints of a process that is still opening its stages, and then those of `opened`. A process that
/// waits for the bus is alive, and says what it waits for.
pub(crate) fn until_opened(opening: Vec<Bus>, opened: Arc<OnceLock<Router>>) -> Router {
    let fallback = async move |request: Request| match opened.get() {
        Some(router) => router.clone().oneshot(request).await.into_response(),
        None => match request.uri().path() {
            "/healthz" => "ok\n".into_response(),
            "/metrics" => prometheus_text().into_response(),
            _ => (StatusCode::SERVICE_UNAVAILABLE, waits_for(&opening)).into_response(),
        },
    };
    Router::new().fallback(fallback)
}

fn waits_for(opening: &[Bus]) -> String {
    let line = |bus: &Bus| {
        let trouble = bus.trouble().unwrap_or_else(|| WAITING.into());
        format!("{}: {trouble}\n", bus.stage)
    };
    opening.iter().map(line).collect()
}

const WAITING: &str = "waiting for the log; if it lasts, run `gouji topology apply`";

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
    pub fn trouble(&self) -> Option<String> {
        if self.stop().is_wished() {
            return Some("stopping".into());
        }
        let trouble = self.bus().trouble().or_else(|| self.breaker().trouble());
        trouble.or_else(|| self.health().trouble())
    }
}

/// What the loops of a stage tell of themselves.
pub(crate) struct Health {
    begun: Instant,
    works: AtomicBool,
    fetched_ms: AtomicU64,
    told: Mutex<Option<String>>,
}

impl Health {
    pub(crate) fn new() -> Self {
        Self {
            begun: Instant::now(),
            works: AtomicBool::new(false),
            fetched_ms: AtomicU64::new(0),
            told: Mutex::default(),
        }
    }

    /// A loop has its place on the log.
    pub(crate) fn bound(&self) {
        self.works.store(true, Ordering::Relaxed);
        self.fetched();
    }

    /// No loop works any more.
    pub(crate) fn left(&self) {
        self.works.store(false, Ordering::Relaxed);
    }

    /// A loop has asked for work.
    pub(crate) fn fetched(&self) {
        self.fetched_ms.store(self.now_ms(), Ordering::Relaxed);
    }

    /// What a stage says of itself.
    pub(crate) fn tell(&self, trouble: Option<String>) {
        *self.told.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }

    fn trouble(&self) -> Option<String> {
        if let Some(told) = self.told.lock().unwrap_or_else(PoisonError::into_inner).clone() {
            return Some(told);
        }
        let age_ms = self.now_ms().saturating_sub(self.fetched_ms.load(Ordering::Relaxed));
        let stale = self.works.load(Ordering::Relaxed) && u128::from(age_ms) > FETCHED_WITHIN.as_millis();
        stale.then(|| "has not asked for work for a minute".into())
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
