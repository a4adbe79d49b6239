//! Logs, traces and metrics, set up once for a process, however many services run in it.
//!
//! Traces and metrics are exported by OTLP only where `OTEL_EXPORTER_OTLP_ENDPOINT` is set. Trace ids are in
//! the headers of messages in any case, and `/metrics` always answers.

mod lines;
mod process;

use std::io::IsTerminal;
use std::sync::OnceLock;

use bus::metrics::SCOPE;
use opentelemetry::metrics::{Meter, MeterProvider};
use opentelemetry::trace::TracerProvider;
use opentelemetry::{KeyValue, global};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use prometheus::{Encoder, TextEncoder};
use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use crate::config::{Config, LogFormat};

/// Sets up logs, traces and metrics for this process. A second call does nothing.
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
    // Keep spans whatever the log filter says: a log line takes trace id and report id from them.
    let filter = filter.or(filter_fn(|about| about.is_span() && *about.level() <= Level::INFO));
    let spans = tracing_opentelemetry::layer()
        .with_tracer(telemetry.tracers.tracer(SCOPE))
        .with_filter(LevelFilter::INFO);
    // Fails where a test or a host program has installed a subscriber; that one stays.
    let _ = tracing_subscriber::registry().with(lines.with_filter(filter)).with(spans).try_init();
}

/// Exports what has not been exported. Blocks for as long as the exporters do.
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
    match TextEncoder::new().encode(&installed().registry.gather(), &mut text) {
        Ok(()) => String::from_utf8_lossy(&text).into_owned(),
        Err(error) => format!("# {error}\n"),
    }
}

/// The meter for the instruments of a service. Name them, with units, by the conventions of OpenTelemetry.
pub fn meter() -> Meter {
    installed().meters.meter(SCOPE)
}

/// Installs the providers of traces and metrics where [`init`] has not done so yet.
pub(crate) fn install() {
    installed();
}

static TELEMETRY: OnceLock<Telemetry> = OnceLock::new();

fn installed() -> &'static Telemetry {
    TELEMETRY.get_or_init(|| Telemetry::new(SCOPE))
}

struct Telemetry {
    registry: prometheus::Registry,
    meters: SdkMeterProvider,
    tracers: SdkTracerProvider,
}

impl Telemetry {
    fn new(service: &str) -> Self {
        let registry = prometheus::Registry::new();
        let resource = match std::env::var_os("OTEL_SERVICE_NAME") {
            Some(_) => Resource::builder().build(),
            None => Resource::builder().with_service_name(service.to_owned()).build(),
        };
        let resource = with_process(&resource);
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
        let (meters, tracers) = (meters.build(), tracers.build());
        // For the crates below this one, which make their instruments from the global provider.
        global::set_meter_provider(meters.clone());
        global::set_tracer_provider(tracers.clone());
        process::observe(&meters.meter(SCOPE));
        Self { registry, meters, tracers }
    }
}

/// Adds version and process id, which tell replicas apart; `OTEL_RESOURCE_ATTRIBUTES` takes precedence.
fn with_process(given: &Resource) -> Resource {
    let process = [
        KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
        KeyValue::new("process.pid", i64::from(std::process::id())),
    ];
    let given = given.iter().map(|(name, value)| KeyValue::new(name.clone(), value.clone()));
    Resource::builder_empty().with_attributes(process).with_attributes(given).build()
}
