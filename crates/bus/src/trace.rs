//! W3C trace context: continuing a trace from a `traceparent` header, and writing that header.

use opentelemetry::Context;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use opentelemetry::trace::TraceContextExt;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// Makes `span` a child of the span named by a `traceparent` header, and records its trace id.
pub fn continue_trace(span: &Span, traceparent: &str) {
    let context = context_of(traceparent);
    if context.span().span_context().is_valid() {
        // Fails where no tracing layer is installed; then there is no trace to continue.
        let _ = span.set_parent(context);
    }
    record_trace_id(span);
}

/// The `traceparent` header of the current span; none where it is part of no trace.
pub fn traceparent() -> Option<String> {
    let mut carrier = Traceparent(String::new());
    TraceContextPropagator::new().inject_context(&Span::current().context(), &mut carrier);
    Some(carrier.0).filter(|value| !value.is_empty())
}

/// The trace id in a `traceparent` header, if the header is valid.
pub fn trace_id(traceparent: &str) -> Option<String> {
    let context = context_of(traceparent);
    let span = context.span();
    span.span_context().is_valid().then(|| span.span_context().trace_id().to_string())
}

fn context_of(traceparent: &str) -> Context {
    // An invalid header gives an empty context, never the context of the current span.
    TraceContextPropagator::new().extract_with_context(&Context::new(), &Traceparent(traceparent.to_owned()))
}

/// Puts the trace id into the field `trace_id` of `span`, if it has one, so that log lines show it.
fn record_trace_id(span: &Span) {
    let context = span.context();
    let trace = context.span().span_context().trace_id();
    span.record("trace_id", tracing::field::display(trace));
}

/// A header map with the one header that we propagate.
struct Traceparent(String);

impl Extractor for Traceparent {
    fn get(&self, key: &str) -> Option<&str> {
        (key == proto::header::TRACEPARENT).then_some(self.0.as_str())
    }

    fn keys(&self) -> Vec<&str> {
        vec![proto::header::TRACEPARENT]
    }
}

impl Injector for Traceparent {
    fn set(&mut self, key: &str, value: String) {
        if key == proto::header::TRACEPARENT {
            self.0 = value;
        }
    }
}
