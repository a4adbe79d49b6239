//! Logs, traces and metrics, set up once a process however many stages run in it.
//!
//! Traces and metrics leave by OTLP only where `OTEL_EXPORTER_OTLP_ENDPOINT` is set; trace ids travel
//! in the headers of messages in any case, and `/metrics` always answers.

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
use tracing::{Event, Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use crate::config::{Config, LogFormat};

const SCOPE: &str = "gouji";

/// Sets up logs, traces and metrics for this process. The second call does nothing.
pub fn init(service: &str, config: &Config) {
    let telemetry = TELEMETRY.get_or_init(|| Telemetry::new(service));
    let filter = EnvFilter::try_new(&config.log_filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let lines = match config.log {
        LogFormat::Human => lines.event_format(Human).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_span_list(false).boxed(),
    };
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

/// Makes `span` a child of the work named by a `traceparent` header.
pub fn continue_trace(span: &Span, traceparent: &str) {
    let context = TraceContextPropagator::new().extract(&Traceparent(traceparent.to_owned()));
    if context.span().span_context().is_valid() {
        // Without a tracing layer there is nothing to continue.
        let _ = span.set_parent(context);
    }
    record_trace_id(span);
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
        Self { registry, meters, tracers: tracers.build(), metrics }
    }
}

impl Metrics {
    fn new(meter: &Meter) -> Self {
        // Parsing takes milliseconds or seconds; the default buckets are made for milliseconds as a unit.
        let seconds =
            vec![0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
        Self {
            process_seconds: meter
                .f64_histogram("messaging.process.duration")
                .with_unit("s")
                .with_boundaries(seconds)
                .with_description("From the receipt of a message to its acknowledgement")
                .build(),
            sent: meter.u64_counter("messaging.client.sent.messages").build(),
            consumed: meter.u64_counter("messaging.client.consumed.messages").build(),
            redelivered: meter
                .u64_counter("gouji.stage.redelivered")
                .with_description("Messages that came a second time or later")
                .build(),
            refused: meter
                .u64_counter("gouji.stage.refused")
                .with_description("Reports that go no further, by class")
                .build(),
            attempts_failed: meter
                .u64_counter("gouji.stage.attempts_failed")
                .with_description("Attempts that failed and are tried again or given up")
                .build(),
            in_flight: meter
                .i64_up_down_counter("gouji.stage.in_flight")
                .with_description("Messages received and not yet acknowledged")
                .build(),
            breaker_opened: meter
                .u64_counter("gouji.stage.breaker_opened")
                .with_description("How often a stage stopped fetching because most attempts failed")
                .build(),
            connection_events: meter
                .u64_counter("gouji.bus.events")
                .with_description("Events of the connection to the bus, by kind")
                .build(),
            original_bytes: meter
                .u64_counter("gouji.originals.written")
                .with_unit("By")
                .with_description("Bytes of new originals")
                .build(),
        }
    }
}

/// A line for people: time, level, target, what happened. The spans around it stay out: a line reads alone.
struct Human;

impl<S, N> FormatEvent<S, N> for Human
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> std::fmt::Result {
        SystemTime.format_time(&mut writer)?;
        write!(writer, " {:>5} {}: ", event.metadata().level(), event.metadata().target())?;
        context.field_format().format_fields(writer.by_ref(), event)?;
        writeln!(writer)
    }
}
