//! The instruments of this crate, named by the semantic conventions of OpenTelemetry where those have a name.

use std::sync::LazyLock;
use std::time::Instant;

use bus::Delivery;
use bus::metrics::stage_attribute;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Histogram, Meter, UpDownCounter};

use crate::telemetry::meter;

pub(crate) static METRICS: LazyLock<Metrics> = LazyLock::new(|| Metrics::new(&meter()));

pub(crate) struct Metrics {
    pub(crate) process_seconds: Histogram<f64>,
    pub(crate) consumed: Counter<u64>,
    pub(crate) redelivered: Counter<u64>,
    pub(crate) refused: Counter<u64>,
    pub(crate) attempts_failed: Counter<u64>,
    pub(crate) in_flight: UpDownCounter<i64>,
    pub(crate) breaker_opened: Counter<u64>,
    pub(crate) slow_lane_waiting: UpDownCounter<i64>,
    pub(crate) request_seconds: Histogram<f64>,
    pub(crate) request_bytes: Histogram<u64>,
    pub(crate) requests_active: UpDownCounter<i64>,
}

/// Counts a message as in flight until it is dropped.
pub(crate) struct InFlight {
    attributes: [KeyValue; 2],
    since: Instant,
}

impl InFlight {
    pub(crate) fn new(stage: &'static str, fact: &'static str, delivery: &Delivery) -> Self {
        let attributes = [stage_attribute(stage), KeyValue::new("messaging.destination.template", fact)];
        METRICS.in_flight.add(1, &attributes);
        METRICS.consumed.add(1, &attributes);
        if delivery.times > 1 {
            METRICS.redelivered.add(1, &attributes);
        }
        Self { attributes, since: Instant::now() }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        METRICS.in_flight.add(-1, &self.attributes);
        METRICS.process_seconds.record(self.since.elapsed().as_secs_f64(), &self.attributes);
    }
}

impl Metrics {
    fn new(meter: &Meter) -> Self {
        // Parsing takes milliseconds or seconds; the default buckets assume milliseconds as the unit.
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
            consumed: counter("messaging.client.consumed.messages", "{message}", "Facts consumed"),
            redelivered: counter(
                "gouji.stage.redelivered",
                "{message}",
                "Messages that were delivered a second time or later",
            ),
            refused: counter("gouji.stage.refused", "{report}", "Reports refused, by class"),
            attempts_failed: counter(
                "gouji.stage.attempts_failed",
                "{attempt}",
                "Attempts that failed and are retried or given up",
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
            slow_lane_waiting: meter
                .i64_up_down_counter("gouji.stage.slow_lane.waiting")
                .with_unit("{message}")
                .with_description("Messages that are handled in the slow lane, or wait for it")
                .build(),
            request_seconds: meter
                .f64_histogram("http.server.request.duration")
                .with_unit("s")
                .with_boundaries(seconds)
                .with_description("From a request to the head of its response")
                .build(),
            request_bytes: meter
                .u64_histogram("http.server.request.body.size")
                .with_unit("By")
                .with_boundaries(bytes)
                .with_description("Size of the body of a request, where the client declared it")
                .build(),
            requests_active: meter
                .i64_up_down_counter("http.server.active_requests")
                .with_unit("{request}")
                .with_description("Requests that are being handled")
                .build(),
        }
    }
}
