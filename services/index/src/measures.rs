//! Metrics of the index.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bus::Lease;
use opentelemetry::metrics::{Gauge, Histogram};
use proto::v1::ReportValidated;
use worker::Worker;
use worker::telemetry::meter;

/// The interval of the measurement of the lag.
const EVERY: Duration = Duration::from_secs(10);

struct Metrics {
    generation: Gauge<u64>,
    reports: Gauge<u64>,
    position: Gauge<u64>,
    behind: Gauge<u64>,
    write_seconds: Histogram<f64>,
    /// The last value of `position`.
    last_position: AtomicU64,
}

static METRICS: LazyLock<Metrics> = LazyLock::new(|| {
    let meter = meter();
    Metrics {
        generation: meter
            .u64_gauge("gouji.index.generation")
            .with_description("The generation of the index that this process writes")
            .build(),
        reports: meter
            .u64_gauge("gouji.index.reports")
            .with_unit("{report}")
            .with_description("Reports in that generation, also those that were taken back")
            .build(),
        position: meter
            .u64_gauge("gouji.index.position")
            .with_description("The position on the log up to which the index is complete")
            .build(),
        behind: meter
            .u64_gauge("gouji.index.behind")
            .with_unit("{message}")
            .with_description("Facts on the log, of all kinds, from there to the last validated one")
            .build(),
        write_seconds: meter
            .f64_histogram("gouji.index.write.duration")
            .with_unit("s")
            .with_boundaries(vec![0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0])
            .with_description("From the first report of a batch to its commit")
            .build(),
        last_position: AtomicU64::new(0),
    }
});

/// Another generation is written from now on.
pub(crate) fn opened(generation: u32, reports: u64) {
    METRICS.generation.record(generation.into(), &[]);
    METRICS.reports.record(reports, &[]);
}

/// A batch is in the index.
pub(crate) fn committed(reports: u64, took: Duration) {
    METRICS.reports.record(reports, &[]);
    METRICS.write_seconds.record(took.as_secs_f64(), &[]);
}

/// Everything up to this position on the log is in the index.
pub(crate) fn position(sequence: u64) {
    METRICS.last_position.store(sequence, Ordering::Relaxed);
    METRICS.position.record(sequence, &[]);
}

/// Starts to measure, now that an index is open: whether this process leads, and until shutdown its lag behind
/// the log. While the bus is away the metrics show the last values, and the worker is not ready.
pub(crate) fn begin(worker: &Worker, lease: &Lease) {
    let leads = lease.observer();
    meter()
        .u64_observable_gauge("gouji.index.leads")
        .with_description("1 while this process holds the lease of the index, else 0")
        .with_callback(move |observer| observer.observe(leads().into(), &[]))
        .build();
    let worker = worker.clone();
    tokio::spawn(async move {
        while !worker.shutdown().is_requested() {
            match worker.bus().last_sequence::<ReportValidated>().await {
                Ok(last) => {
                    let position = METRICS.last_position.load(Ordering::Relaxed);
                    METRICS.behind.record(last.saturating_sub(position), &[]);
                }
                Err(error) => tracing::debug!("measuring how far the index is behind: {error:#}"),
            }
            tokio::select! {
                () = tokio::time::sleep(EVERY) => (),
                () = worker.shutdown().requested() => (),
            }
        }
    });
}
