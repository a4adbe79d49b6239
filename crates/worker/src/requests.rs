//! A span and measurements for every HTTP request, named by the semantic conventions of OpenTelemetry.
//!
//! They contain the route and never the query, keys or the body.

use std::time::Instant;

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::http::{Method, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use opentelemetry::KeyValue;
use tracing::Instrument as _;
use tracing::field::Empty;

use bus::trace::continue_trace;

use crate::metrics::METRICS;

/// Observes every request to `router`.
pub(crate) fn observed(router: Router) -> Router {
    router.layer(middleware::from_fn(observe))
}

/// Monitoring requests these every few seconds; their spans would outnumber all others.
const UNTRACED: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

async fn observe(request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let method = known(request.method());
    let number_in = |headers: &axum::http::HeaderMap| -> Option<u64> {
        headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
    };
    let size_bytes = number_in(request.headers());
    let span = match &route {
        Some(route) if UNTRACED.contains(&route.as_str()) => tracing::Span::none(),
        _ => tracing::info_span!(
            "request",
            otel.name = route.as_ref().map_or_else(|| method.to_owned(), |route| format!("{method} {route}")),
            otel.kind = "server",
            otel.status_code = Empty,
            http.request.method = method,
            http.route = route,
            http.request.body.size = size_bytes,
            http.response.status_code = Empty,
            url.scheme = "http",
            url.path = request.uri().path(),
            network.protocol.name = "http",
            error.type = Empty,
            trace_id = Empty,
        ),
    };
    let parent = request.headers().get(proto::header::TRACEPARENT).and_then(|parent| parent.to_str().ok());
    continue_trace(&span, parent.unwrap_or_default());

    let mut about = vec![KeyValue::new("http.request.method", method), KeyValue::new("url.scheme", "http")];
    METRICS.requests_active.add(1, &about);
    let active = Active(about.clone());
    let response = next.run(request).instrument(span.clone()).await;
    drop(active);

    let status = response.status();
    span.record("http.response.status_code", status.as_u16());
    about.extend(route.map(|route| KeyValue::new("http.route", route)));
    about.push(KeyValue::new("http.response.status_code", i64::from(status.as_u16())));
    if status.is_server_error() {
        span.record("otel.status_code", "ERROR");
        span.record("error.type", status.as_str());
        about.push(KeyValue::new("error.type", status.as_str().to_owned()));
    }
    METRICS.request_seconds.record(begun.elapsed().as_secs_f64(), &about);
    if let Some(size_bytes) = size_bytes {
        METRICS.request_bytes.record(size_bytes, &about);
    }
    response
}

/// Counts an active request until it is dropped, also where the client disconnects.
struct Active(Vec<KeyValue>);

impl Drop for Active {
    fn drop(&mut self) {
        METRICS.requests_active.add(-1, &self.0);
    }
}

/// The known methods: a client may send any text, and each text would become a series of its own.
fn known(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        "PATCH" => "PATCH",
        _ => "_OTHER",
    }
}
