//! Logs, traces and metrics, set up once a process however many stages run in it.
//!
//! Traces and metrics leave by OTLP only where `OTEL_EXPORTER_OTLP_ENDPOINT` is set; trace ids travel
//! in the headers of messages in any case, and `/metrics` always answers.

mod lines;
mod log;
mod observed;
mod past;

use std::io::IsTerminal;
use std::sync::OnceLock;

use opentelemetry::metrics::{Counter, Histogram, Meter, MeterProvider, UpDownCounter};
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use opentelemetry::trace::{TraceContextExt, TracerProvider};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use prometheus::{Encoder, TextEncoder};
use tracing::level_filters::LevelFilter;
use tracing::{Level, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use crate::config::{Config, LogFormat};

pub use log::watch_log;
pub(crate) use observed::stages as watch_stages;
pub use observed::watch_disk;
pub use past::{Past, tell};

const SCOPE: &str = "gouji";

/// Sets up logs, traces and metrics for this process. The second call does nothing.
pub fn init(service: &str, config: &Config) {
    let telemetry = TELEMETRY.get_or_init(|| Telemetry::new(service));
    let filter = EnvFilter::try_new(&config.log_filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let lines = match config.log {
        LogFormat::Human => lines.event_format(lines::Human).boxed(),
        LogFormat::Json => lines.fmt_fields(JsonFields::new()).event_format(lines::Json).boxed(),
    };
    // However little is logged, a line is to know the trace and the report that it is about.
    let filter = filter.or(filter_fn(|about| about.is_span() && *about.level() <= Level::INFO));
    let spans = tracing_opentelemetry::layer()
        .with_tracer(telemetry.tracers.tracer(SCOPE))
        .with_filter(LevelFilter::INFO);
    // A test or a host program may have a subscriber of its own; then that one stays.
    let _ = tracing_subscriber::registry().with(lines.with_filter(filter)).with(spans).try_init();
}

/// Sends what has not been sent. Blocks for as long as the exporters do.
pub fn flush() {
    if let Some(telemetry) = TELEMETRY.get() {
        let flushed = telemetry.tracers.force_flush().and(telemetry.meters.force_flush());
        if let Err(error) = flushed {
            tracing::warn!(%error, "could not flush telemetry");
        }
    }
}

/// The metrics of this process in the text format of Prometheus.
pub fn prometheus_text() -> String {
    let mut text = Vec::new();
    match TextEncoder::new().encode(&get().registry.gather(), &mut text) {
        Ok(()) => String::from_utf8_lossy(&text).into_owned(),
        Err(error) => format!("# {error}\n"),
    }
}

/// Where further instruments are made, named and with units as the conventions of OpenTelemetry have it.
pub fn meter() -> Meter {
    get().meters.meter(SCOPE)
}

/// The trace and the place in it of the current span, for [`tell`].
pub fn here() -> Context {
    Span::current().context()
}

/// Makes `span` a child of the work named by a `traceparent` header.
pub fn continue_trace(span: &Span, traceparent: &str) {
    let context = context_of(traceparent);
    if context.span().span_context().is_valid() {
        // Without a tracing layer there is nothing to continue.
        let _ = span.set_parent(context);
    }
    record_trace_id(span);
}

/// The trace that a `traceparent` header names, if it is one.
pub(crate) fn trace_id(traceparent: &str) -> Option<String> {
    let context = context_of(traceparent);
    let span = context.span();
    span.span_context().is_valid().then(|| span.span_context().trace_id().to_string())
}

fn context_of(traceparent: &str) -> Context {
    // Of no trace where it names none, whatever we are part of ourselves.
    TraceContextPropagator::new().extract_with_context(&Context::new(), &Traceparent(traceparent.to_owned()))
}

/// Names the trace on the log lines of `span`, if it has the field.
fn record_trace_id(span: &Span) {
    let context = span.context();
    let trace = context.span().span_context().trace_id();
    span.record("trace_id", tracing::field::display(trace));
}

/// The `traceparent` header of the current span, if it is part of a trace.
pub fn traceparent() -> Option<String> {
    traceparent_of(&Span::current().context())
}

fn traceparent_of(context: &Context) -> Option<String> {
    let mut carrier = Traceparent(String::new());
    TraceContextPropagator::new().inject_context(context, &mut carrier);
    Some(carrier.0).filter(|value| !value.is_empty())
}

/// A carrier of the one header that matters here.
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

/// The instruments of every stage, with the names of the messaging semantic conventions where they
/// have one.
pub(crate) struct Metrics {
    pub(crate) process_seconds: Histogram<f64>,
    pub(crate) sent: Counter<u64>,
    pub(crate) consumed: Counter<u64>,
    pub(crate) redelivered: Counter<u64>,
    pub(crate) refused: Counter<u64>,
    pub(crate) attempts_failed: Counter<u64>,
    pub(crate) in_flight: UpDownCounter<i64>,
    pub(crate) breaker_opened: Counter<u64>,
    pub(crate) connection_events: Counter<u64>,
    pub(crate) original_bytes: Counter<u64>,
    pub(crate) request_seconds: Histogram<f64>,
    pub(crate) request_bytes: Histogram<u64>,
    pub(crate) requests_active: UpDownCounter<i64>,
}

pub(crate) fn metrics() -> &'static Metrics {
    &get().metrics
}

pub(crate) fn stage_attribute(stage: &'static str) -> KeyValue {
    KeyValue::new("gouji.stage", stage)
}

static TELEMETRY: OnceLock<Telemetry> = OnceLock::new();

fn get() -> &'static Telemetry {
    TELEMETRY.get_or_init(|| Telemetry::new(SCOPE))
}

struct Telemetry {
    registry: prometheus::Registry,
    meters: SdkMeterProvider,
    tracers: SdkTracerProvider,
    metrics: Metrics,
}

impl Telemetry {
    fn new(service: &str) -> Self {
        let registry = prometheus::Registry::new();
        let resource = match std::env::var_os("OTEL_SERVICE_NAME") {
            Some(_) => Resource::builder().build(),
            None => Resource::builder().with_service_name(service.to_owned()).build(),
        };
        let resource = of_this_process(&resource);
        let mut meters = SdkMeterProvider::builder().with_resource(resource.clone());
        let mut tracers = SdkTracerProvider::builder().with_resource(resource);
        match opentelemetry_prometheus::exporter().with_registry(registry.clone()).build() {
            Ok(reader) => meters = meters.with_reader(reader),
            Err(error) => eprintln!("no Prometheus metrics: {error}"),
        }
        if std::env::var_os("OTEL_EXPORTER_OTLP_ENDPOINT").is_some() {
            match opentelemetry_otlp::SpanExporter::builder().with_tonic().build() {
                Ok(exporter) => tracers = tracers.with_batch_exporter(exporter),
                Err(error) => eprintln!("no traces by OTLP: {error}"),
            }
            match opentelemetry_otlp::MetricExporter::builder().with_tonic().build() {
                Ok(exporter) => meters = meters.with_periodic_exporter(exporter),
                Err(error) => eprintln!("no metrics by OTLP: {error}"),
            }
        }
        let meters = meters.build();
        let metrics = Metrics::new(&meters.meter(SCOPE));
        observed::process(&meters.meter(SCOPE));
        Self { registry, meters, tracers: tracers.build(), metrics }
    }
}

/// Of two copies of a stage, which one; what `OTEL_RESOURCE_ATTRIBUTES` says stands.
fn of_this_process(said: &Resource) -> Resource {
    let process = [
        KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
        KeyValue::new("process.pid", i64::from(std::process::id())),
    ];
    let said = said.iter().map(|(name, value)| KeyValue::new(name.clone(), value.clone()));
    Resource::builder_empty().with_attributes(process).with_attributes(said).build()
}

impl Metrics {
    fn new(meter: &Meter) -> Self {
        // Parsing takes milliseconds or seconds; the default buckets are made for milliseconds as a unit.
        let seconds =
            vec![0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
        let bytes = vec![1e3, 1e4, 1e5, 1e6, 1e7, 5e7, 1e9, 4e9];
        let counter = |name: &'static str, unit: &'static str, about: &'static str| {
            meter.u64_counter(name).with_unit(unit).with_description(about).build()
        };
        Self {
            process_seconds: meter
                .f64_histogram("messaging.process.duration")
                .with_unit("s")
                .with_boundaries(seconds.clone())
                .with_description("From the receipt of a message to its acknowledgement")
                .build(),
            sent: counter("messaging.client.sent.messages", "{message}", "Facts published, each once"),
            consumed: counter("messaging.client.consumed.messages", "{message}", "Facts taken"),
            redelivered: counter(
                "gouji.stage.redelivered",
                "{message}",
                "Messages that came a second time or later",
            ),
            refused: counter("gouji.stage.refused", "{report}", "Reports that go no further, by class"),
            attempts_failed: counter(
                "gouji.stage.attempts_failed",
                "{attempt}",
                "Attempts that failed and are tried again or given up",
            ),
            in_flight: meter
                .i64_up_down_counter("gouji.stage.in_flight")
                .with_unit("{message}")
                .with_description("Messages received and not yet acknowledged")
                .build(),
            breaker_opened: counter(
                "gouji.stage.breaker_opened",
                "{time}",
                "How often a stage stopped fetching because most attempts failed",
            ),
            connection_events: counter(
                "gouji.bus.events",
                "{event}",
                "Events of the connection to the bus, by kind",
            ),
            original_bytes: counter("gouji.originals.written", "By", "Bytes of new originals"),
            request_seconds: meter
                .f64_histogram("http.server.request.duration")
                .with_unit("s")
                .with_boundaries(seconds)
                .with_description("From a request to the head of its answer")
                .build(),
            request_bytes: meter
                .u64_histogram("http.server.request.body.size")
                .with_unit("By")
                .with_boundaries(bytes)
                .with_description("Size of the body of a request, where its sender told it")
                .build(),
            requests_active: meter
                .i64_up_down_counter("http.server.active_requests")
                .with_unit("{request}")
                .with_description("Requests that are being answered")
                .build(),
        }
    }
}
