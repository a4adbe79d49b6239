//! The operator's endpoints of a process: `/healthz`, `/readyz`, `/metrics`.

use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use bus::Bus;
use tower::ServiceExt;

use crate::telemetry::prometheus_text;
use crate::worker::Worker;

/// The endpoints for these workers. A service that listens anyway may merge them into its own router.
pub fn router(workers: Vec<Worker>) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(move || std::future::ready(ready(&workers))))
        .route("/metrics", get(async || prometheus_text()))
}

/// The endpoints while the workers still connect, and then those of `opened`. A process that waits for the
/// bus is alive, and `/readyz` says what it waits for.
pub(crate) fn while_connecting(connecting: Vec<Bus>, opened: Arc<OnceLock<Router>>) -> Router {
    let fallback = async move |request: Request| match opened.get() {
        Some(router) => router.clone().oneshot(request).await.into_response(),
        None => match request.uri().path() {
            "/healthz" => "ok\n".into_response(),
            "/metrics" => prometheus_text().into_response(),
            _ => (StatusCode::SERVICE_UNAVAILABLE, waiting_for(&connecting)).into_response(),
        },
    };
    Router::new().fallback(fallback)
}

fn waiting_for(connecting: &[Bus]) -> String {
    let line = |bus: &Bus| {
        let problem = bus.problem().unwrap_or_else(|| WAITING.into());
        format!("{}: {problem}\n", bus.stage())
    };
    connecting.iter().map(line).collect()
}

const WAITING: &str = "waiting for the log; if it lasts, run `gouji topology apply`";

fn ready(workers: &[Worker]) -> (StatusCode, String) {
    let line = |worker: &Worker| Some(format!("{}: {}\n", worker.name(), worker.problem()?));
    let problems: Vec<String> = workers.iter().filter_map(line).collect();
    if problems.is_empty() {
        (StatusCode::OK, "ready\n".into())
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, problems.concat())
    }
}
