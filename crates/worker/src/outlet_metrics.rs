//! Measurements of the outlets, from what the bus keeps of each: so an outlet whose process does not run is measured
//! too. One process per installation is enough; the console measures.

use std::time::Duration;

use bus::{Bus, Event};
use opentelemetry::KeyValue;
use opentelemetry::metrics::Gauge;
use proto::subject;
use proto::v1::{ReportIndexed, ReportRejudged};

use crate::Worker;
use crate::outlet_state::{OutletState, OutletStates};
use crate::telemetry::meter;

/// The interval between two measurements; a scraper comes about every fifteen seconds.
const INTERVAL: Duration = Duration::from_secs(10);

/// What waits on the log for an outlet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OutletLag {
    /// Facts of all kinds, from the position of the outlet to the last that may lead to a change.
    pub facts: u64,
    /// When the log stored the first that may lead to a change, milliseconds since 1970-01-01 UTC; none where none
    /// waits.
    pub oldest_ms: Option<i64>,
}

impl OutletLag {
    /// That of an outlet in this state.
    ///
    /// # Errors
    /// If the bus does not answer.
    pub async fn of(bus: &Bus, state: &OutletState) -> anyhow::Result<Self> {
        let log = bus.extent().await?;
        // A position on another log is void on this one.
        let is_here = state.position.log_made_at_ms == log.made_at_ms;
        let position = if is_here { state.position.sequence } else { 0 };
        let indexed = subject::filter::<ReportIndexed>();
        let rejudged = subject::filter::<ReportRejudged>();
        let last =
            bus.last_sequence::<ReportIndexed>().await?.max(bus.last_sequence::<ReportRejudged>().await?);
        let mut next: Option<Event> = None;
        for filter in [indexed, rejudged] {
            let first = bus.first_after(&filter, position).await?;
            next = next.into_iter().chain(first).min_by_key(|event| event.sequence);
        }
        Ok(Self { facts: last.saturating_sub(position), oldest_ms: next.map(|event| event.at_ms) })
    }
}

struct Gauges {
    lag: Gauge<u64>,
    oldest_seconds: Gauge<f64>,
    delivered: Gauge<u64>,
    set_aside: Gauge<u64>,
    blocked: Gauge<u64>,
}

/// Measures until the process shuts down. While the bus is unavailable the gauges keep their last values, and the
/// worker is not ready.
pub async fn watch_outlets(worker: Worker) {
    let meter = meter();
    let gauge =
        |name: &'static str, about: &'static str| meter.u64_gauge(name).with_description(about).build();
    let gauges = Gauges {
        lag: gauge("gouji.outlet.lag", "Facts on the log behind the position of an outlet"),
        oldest_seconds: meter
            .f64_gauge("gouji.outlet.oldest.age")
            .with_unit("s")
            .with_description("Age of the oldest fact that waits for an outlet; 0 where none does")
            .build(),
        delivered: gauge("gouji.outlet.delivered", "Changes that the target of an outlet took"),
        set_aside: gauge("gouji.outlet.set_aside", "Changes that the target of an outlet refuses"),
        blocked: gauge(
            "gouji.outlet.blocked",
            "1 while the target of an outlet takes nothing, or an operator paused it, else 0",
        ),
    };
    let shutdown = worker.shutdown();
    while !shutdown.is_requested() {
        if let Err(error) = measure(&worker, &gauges).await {
            tracing::debug!("measuring the outlets: {error:#}");
        }
        shutdown.unless_requested(tokio::time::sleep(INTERVAL)).await;
    }
}

async fn measure(worker: &Worker, gauges: &Gauges) -> anyhow::Result<()> {
    for (name, state) in OutletStates::new(worker.bus()).all().await? {
        let about = [KeyValue::new("outlet", name)];
        let lag = OutletLag::of(worker.bus(), &state).await?;
        gauges.lag.record(lag.facts, &about);
        gauges.oldest_seconds.record(lag.oldest_ms.map_or(0.0, age_seconds), &about);
        gauges.delivered.record(state.delivered, &about);
        gauges.set_aside.record(state.set_aside, &about);
        gauges.blocked.record((state.paused || !state.problem.is_empty()).into(), &about);
    }
    Ok(())
}

/// Since a time of the log, by our clock.
fn age_seconds(at_ms: i64) -> f64 {
    (jiff::Timestamp::now().as_millisecond() - at_ms).max(0) as f64 / 1000.0
}
