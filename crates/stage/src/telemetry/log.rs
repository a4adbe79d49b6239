//! The state of the log as measurements, for whoever has no exporter of the bus. One process is enough to
//! look; the console does.

use std::time::Duration;

use async_nats::jetstream::stream::DirectGetErrorKind;
use opentelemetry::KeyValue;
use opentelemetry::metrics::Gauge;

use super::{meter, stage_attribute};
use crate::Stage;
use crate::topology::{STREAM, bind, durables};

/// Between two looks; what scrapes comes every fifteen seconds or so.
const EVERY: Duration = Duration::from_secs(10);

struct Gauges {
    waiting: Gauge<u64>,
    unacknowledged: Gauge<u64>,
    oldest_seconds: Gauge<f64>,
    facts: Gauge<u64>,
}

/// Measures until it is time to stop. While the bus is away what was measured last stands, and the stage
/// is not ready.
pub async fn watch_log(stage: Stage) {
    let meter = meter();
    let gauge = |name: &'static str, unit: &'static str, about: &'static str| {
        meter.u64_gauge(name).with_unit(unit).with_description(about).build()
    };
    let gauges = Gauges {
        waiting: gauge("gouji.log.waiting", "{message}", "Facts that no worker of the stage has taken yet"),
        unacknowledged: gauge(
            "gouji.log.unacknowledged",
            "{message}",
            "Facts that workers of the stage have taken and not acknowledged",
        ),
        oldest_seconds: meter
            .f64_gauge("gouji.log.oldest.age")
            .with_unit("s")
            .with_description("Age of the oldest fact that the stage is not done with; 0 where there is none")
            .build(),
        facts: gauge("gouji.log.facts", "{message}", "Facts on the log, by kind"),
    };
    while !stage.stop().is_wished() {
        if let Err(error) = measure(&stage, &gauges).await {
            tracing::debug!("measuring the log: {error:#}");
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => (),
            () = stage.stop().wished() => (),
        }
    }
}

async fn measure(stage: &Stage, gauges: &Gauges) -> anyhow::Result<()> {
    for (durable, filter) in durables() {
        let place = bind(stage.bus(), durable).await?;
        let info = place.cached_info();
        let about = [stage_attribute(durable)];
        gauges.waiting.record(info.num_pending, &about);
        gauges.unacknowledged.record(info.num_ack_pending as u64, &about);
        let age = match info.num_pending + info.num_ack_pending as u64 {
            0 => 0.0,
            _ => age_of_next(stage, &filter, info.ack_floor.stream_sequence + 1).await?,
        };
        gauges.oldest_seconds.record(age, &about);
    }
    let counts = stage.counts().await?;
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

/// How many seconds ago the first fact of these was published that is not behind `sequence`.
async fn age_of_next(stage: &Stage, filter: &str, sequence: u64) -> anyhow::Result<f64> {
    let stream = stage.bus().jetstream.get_stream_no_info(STREAM).await?;
    match stream.direct_get_next_for_subject(filter, Some(sequence)).await {
        Ok(message) => {
            let now_ms = jiff::Timestamp::now().as_millisecond();
            let at_ms = i64::try_from(message.time.unix_timestamp_nanos() / 1_000_000)?;
            Ok(Duration::from_millis((now_ms - at_ms).max(0).unsigned_abs()).as_secs_f64())
        }
        // Done with in the meantime.
        Err(error) if error.kind() == DirectGetErrorKind::NotFound => Ok(0.0),
        Err(error) => Err(error.into()),
    }
}
