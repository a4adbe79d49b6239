//! The instruments of this crate, made from the meter provider of the process.

use std::sync::LazyLock;

use opentelemetry::metrics::Counter;
use opentelemetry::{KeyValue, global};

/// The instrumentation scope of all our metrics and spans.
pub const SCOPE: &str = "gouji";

pub(crate) struct Metrics {
    pub(crate) sent: Counter<u64>,
    pub(crate) connection_events: Counter<u64>,
}

/// The process must install its meter provider before the first use; what is counted before is lost.
pub(crate) static METRICS: LazyLock<Metrics> = LazyLock::new(|| {
    let meter = global::meter(SCOPE);
    let counter = |name: &'static str, unit: &'static str, about: &'static str| {
        meter.u64_counter(name).with_unit(unit).with_description(about).build()
    };
    Metrics {
        sent: counter("messaging.client.sent.messages", "{message}", "Facts published, each once"),
        connection_events: counter(
            "gouji.bus.events",
            "{event}",
            "Events of the connection to the bus, by kind",
        ),
    }
});

/// Makes the counters of connection events appear at zero: a counter that first appears with an event has
/// not grown by it, so no alert would fire.
pub fn start_connection_events_at_zero(stage: &'static str) {
    for kind in ["disconnected", "permissions_violation", "server_error"] {
        METRICS.connection_events.add(0, &[stage_attribute(stage), KeyValue::new("kind", kind)]);
    }
}

/// The attribute that names the stage a measurement belongs to.
pub fn stage_attribute(stage: &'static str) -> KeyValue {
    KeyValue::new("gouji.stage", stage)
}
