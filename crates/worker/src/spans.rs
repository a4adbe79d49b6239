//! Spans of work that another process did, recorded afterwards with the times at which it was done.

use std::time::SystemTime;

use bus::metrics::SCOPE;
use opentelemetry::trace::{Span as _, Status, TraceContextExt as _, Tracer as _};
use opentelemetry::{Context, KeyValue, global};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// A span that has ended.
#[derive(Debug, Clone)]
pub struct FinishedSpan {
    /// Its name.
    pub name: &'static str,
    /// When it started.
    pub started: SystemTime,
    /// When it ended, also where it failed.
    pub ended: SystemTime,
    /// Its attributes.
    pub attributes: Vec<KeyValue>,
    /// How it failed, if it did: the type of the error and its message.
    pub failed: Option<(&'static str, String)>,
    /// An event at its end, with attributes.
    pub event: Option<(&'static str, Vec<KeyValue>)>,
}

/// The context of the current span, as a parent for [`record`].
pub fn current_context() -> Context {
    Span::current().context()
}

/// Records a span as a child of `parent`, and returns the context of the new span. Records nothing where
/// `parent` is part of no trace.
pub fn record(parent: &Context, finished: FinishedSpan) -> Context {
    if !parent.span().span_context().is_valid() {
        return parent.clone();
    }
    let FinishedSpan { name, started, ended, mut attributes, failed, event } = finished;
    attributes.extend(failed.as_ref().map(|(class, _)| KeyValue::new("error.type", *class)));
    let tracer = global::tracer(SCOPE);
    let builder = tracer.span_builder(name).with_start_time(started).with_attributes(attributes);
    let mut span = builder.start_with_context(&tracer, parent);
    if let Some((name, attributes)) = event {
        span.add_event_with_timestamp(name, ended, attributes);
    }
    if let Some((_, message)) = failed {
        span.set_status(Status::error(message));
    }
    span.end_with_timestamp(ended);
    parent.with_remote_span_context(span.span_context().clone())
}
