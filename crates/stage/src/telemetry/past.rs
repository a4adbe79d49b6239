//! Spans of work that was done elsewhere and is told of afterwards, with the times at which it was done.

use std::time::SystemTime;

use opentelemetry::trace::{Span as _, Status, TraceContextExt as _, Tracer as _, TracerProvider as _};
use opentelemetry::{Context, KeyValue};

use super::{SCOPE, get};

/// Something that is over.
#[derive(Debug, Clone)]
pub struct Past {
    /// What was done.
    pub name: &'static str,
    /// When it began.
    pub begun: SystemTime,
    /// When it ended, well or not.
    pub ended: SystemTime,
    /// What else is known of it.
    pub attributes: Vec<KeyValue>,
    /// How it failed, if it did: a class, and what it says of itself.
    pub failed: Option<(&'static str, String)>,
    /// What happened at its end, with attributes.
    pub event: Option<(&'static str, Vec<KeyValue>)>,
}

/// Tells it as a part of the work in `parent`, and gives the work that it is itself. Nothing is told
/// where `parent` is in no trace.
pub fn tell(parent: &Context, past: Past) -> Context {
    if !parent.span().span_context().is_valid() {
        return parent.clone();
    }
    let Past { name, begun, ended, mut attributes, failed, event } = past;
    attributes.extend(failed.as_ref().map(|(class, _)| KeyValue::new("error.type", *class)));
    let tracer = get().tracers.tracer(SCOPE);
    let builder = tracer.span_builder(name).with_start_time(begun).with_attributes(attributes);
    let mut span = builder.start_with_context(&tracer, parent);
    if let Some((name, attributes)) = event {
        span.add_event_with_timestamp(name, ended, attributes);
    }
    if let Some((_, said)) = failed {
        span.set_status(Status::error(said));
    }
    span.end_with_timestamp(ended);
    parent.with_remote_span_context(span.span_context().clone())
}
