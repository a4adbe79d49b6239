//! Measurements of the workers in this process.

use bus::metrics::{stage_attribute, start_connection_events_at_zero};
use opentelemetry::KeyValue;
use proto::{Fault, RefusalClass};

use crate::metrics::METRICS;
use crate::telemetry::meter;
use crate::worker::Worker;

/// Measures from now on whether these workers are ready.
pub(crate) fn watch(workers: &[Worker]) {
    workers.iter().for_each(|worker| start_at_zero(worker.name()));
    // Weak, so that the gauges do not keep the workers alive.
    let weak: Vec<_> = workers.iter().map(Worker::downgrade).collect();
    let gauge = |name: &'static str, about: &'static str, measure: fn(&Worker) -> bool| {
        let weak = weak.clone();
        meter()
            .u64_observable_gauge(name)
            .with_description(about)
            .with_callback(move |observer| {
                for worker in weak.iter().filter_map(crate::worker::WeakWorker::upgrade) {
                    observer.observe(measure(&worker).into(), &[stage_attribute(worker.name())]);
                }
            })
            .build();
    };
    gauge("gouji.stage.ready", "1 while /readyz of the stage says so, else 0", |worker| {
        worker.problem().is_none()
    });
    gauge(
        "gouji.stage.breaker.open",
        "1 while the stage fetches nothing because most attempts fail",
        |worker| worker.control().breaker.is_open(),
    );
}

/// A counter that first appears with an event has not grown by it, so no alert would fire.
fn start_at_zero(stage: &'static str) {
    let about = stage_attribute(stage);
    for counter in [&METRICS.attempts_failed, &METRICS.breaker_opened, &METRICS.redelivered] {
        counter.add(0, std::slice::from_ref(&about));
    }
    let faults = RefusalClass::ALL.into_iter().filter(|class| class.info().fault == Fault::Operator);
    for class in faults {
        METRICS.refused.add(0, &[about.clone(), KeyValue::new("class", class.name())]);
    }
    start_connection_events_at_zero(stage);
}
