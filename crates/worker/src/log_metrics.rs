//! Measurements of the log, for installations without an exporter of NATS. One process per installation is
//! enough; the console measures.

use std::time::Duration;

use bus::Bus;
use bus::metrics::stage_attribute;
use opentelemetry::KeyValue;
use opentelemetry::metrics::Gauge;

use crate::shutdown::Shutdown;
use crate::telemetry::meter;

/// The interval between two measurements; a scraper comes about every fifteen seconds.
const INTERVAL: Duration = Duration::from_secs(10);

struct Gauges {
    waiting: Gauge<u64>,
    unacknowledged: Gauge<u64>,
    oldest_seconds: Gauge<f64>,
    facts: Gauge<u64>,
}

/// Measures until the process shuts down. While the bus is unavailable the gauges keep their last values, and
/// the worker is not ready.
pub async fn watch_log(bus: Bus, shutdown: Shutdown) {
    let meter = meter();
    let gauge = |name: &'static str, unit: &'static str, about: &'static str| {
        meter.u64_gauge(name).with_unit(unit).with_description(about).build()
    };
    let gauges = Gauges {
        waiting: gauge(
            "gouji.log.waiting",
            "{message}",
            "Facts not delivered to any worker of the stage yet",
        ),
        unacknowledged: gauge(
            "gouji.log.unacknowledged",
            "{message}",
            "Facts delivered to workers of the stage and not acknowledged yet",
        ),
        oldest_seconds: meter
            .f64_gauge("gouji.log.oldest.age")
            .with_unit("s")
            .with_description(
                "Age of the oldest fact that the stage has not acknowledged; 0 where there is none",
            )
            .build(),
        facts: gauge("gouji.log.facts", "{message}", "Facts on the log, by kind"),
    };
    while !shutdown.is_requested() {
        if let Err(error) = measure(&bus, &gauges).await {
            tracing::debug!("measuring the log: {error:#}");
        }
        shutdown.unless_requested(tokio::time::sleep(INTERVAL)).await;
    }
}

async fn measure(bus: &Bus, gauges: &Gauges) -> anyhow::Result<()> {
    for lag in bus.lag_now().await? {
        let about = [stage_attribute(lag.stage)];
        gauges.waiting.record(lag.waiting, &about);
        gauges.unacknowledged.record(lag.in_flight, &about);
        let age = bus.oldest_ms(&lag).await?.map_or(0.0, seconds_since);
        gauges.oldest_seconds.record(age, &about);
    }
    let counts = bus.counts().await?;
    for (fact, count) in [
        ("submitted", counts.submitted),
        ("parsed", counts.parsed),
        ("validated", counts.validated),
        ("indexed", counts.indexed),
        ("refused", counts.refused),
    ] {
        gauges.facts.record(count, &[KeyValue::new("gouji.fact", fact)]);
    }
    Ok(())
}

fn seconds_since(at_ms: i64) -> f64 {
    let age_ms = (jiff::Timestamp::now().as_millisecond() - at_ms).max(0);
    Duration::from_millis(age_ms.unsigned_abs()).as_secs_f64()
}
