//! Spans and metrics of the readers.

use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Gauge, Histogram, UpDownCounter};
use prost::DecodeError;
use proto::Message;
use sandbox::{Attempt, Confinement, Pool, Response, SandboxError};
use worker::spans::{self, FinishedSpan, current_context};
use worker::telemetry::meter;

use super::{Phase, ResponseHead};

struct Metrics {
    active: UpDownCounter<i64>,
    cpu_seconds: Counter<f64>,
    peak_bytes: Histogram<u64>,
    killed: Counter<u64>,
    confinement: Gauge<u64>,
}

static METRICS: LazyLock<Metrics> = LazyLock::new(|| {
    let meter = meter();
    let metrics = Metrics {
        active: meter
            .i64_up_down_counter("gouji.reader.active")
            .with_unit("{process}")
            .with_description("Readers that read a document, or wait for their turn to")
            .build(),
        cpu_seconds: meter
            .f64_counter("gouji.reader.cpu.time")
            .with_unit("s")
            .with_description("What readers that answered have computed")
            .build(),
        peak_bytes: meter
            .u64_histogram("gouji.reader.memory.peak")
            .with_unit("By")
            .with_boundaries([8, 16, 32, 64, 96, 128, 192, 256, 320].map(|mib| f64::from(mib << 20)).to_vec())
            .with_description("The most memory that a reader ever had, after each answer")
            .build(),
        killed: meter
            .u64_counter("gouji.reader.lost")
            .with_unit("{process}")
            .with_description("Readers that gave no answer, by the limit that ended them or by what else did")
            .build(),
        confinement: meter
            .u64_gauge("gouji.reader.confinement")
            .with_description("Whether the kernel enforces this part of the sandbox on readers, 1 or 0")
            .build(),
    };
    // A counter that first appears as 1 shows no increase, and no alert would fire.
    for class in ["cpu", "wall", "starved", "memory", "crashed", "forbidden", "failed"] {
        metrics.killed.add(0, &[KeyValue::new("error.type", class)]);
    }
    metrics
});

/// Registers the metrics, so that each is exported as 0 before its first event.
pub(super) fn begin() {
    LazyLock::force(&METRICS);
}

/// Records what the kernel enforces on readers.
pub(super) fn confined(confinement: Confinement) {
    for (part, enforced) in confinement.parts() {
        METRICS.confinement.record(u64::from(enforced), &[KeyValue::new("gouji.sandbox.part", part)]);
    }
}

/// Sends a document to a reader of this pool. The head of the response is decoded; the caller decides
/// what a malformed one means.
pub(super) async fn request(
    pool: &Pool,
    lane: &'static str,
    file_name: &str,
    bytes: &[u8],
) -> Result<(Response, Result<ResponseHead, DecodeError>), SandboxError> {
    let lane = [KeyValue::new("gouji.reader.lane", lane)];
    let active = Active::new(&lane);
    let mut attempts = Vec::new();
    let result = pool.request_traced(file_name.as_bytes(), bytes, &mut attempts).await;
    drop(active);
    let result = result.map(|response| {
        let head = ResponseHead::decode(&response.head[..]);
        METRICS.cpu_seconds.add(response.cpu.as_secs_f64(), &lane);
        METRICS.peak_bytes.record(response.peak_bytes, &lane);
        (response, head)
    });
    for attempt in attempts {
        let response = result.as_ref().ok().map(|(response, _)| response);
        let reader = spans::record(&current_context(), span_of(&attempt, response));
        if let (None, Ok((_, Ok(head)))) = (&attempt.error, &result) {
            for phase in &head.phases {
                spans::record(&reader, span_of_phase(phase));
            }
        }
    }
    result
}

fn span_of(attempt: &Attempt, response: Option<&Response>) -> FinishedSpan {
    let mut attributes = vec![KeyValue::new("process.pid", i64::from(attempt.pid))];
    let mut event = None;
    if let Some(error) = &attempt.error {
        METRICS.killed.add(1, &[KeyValue::new("error.type", error.class())]);
        if *error == SandboxError::Forbidden {
            tracing::warn!(
                process.pid = attempt.pid,
                "a reader made a system call that no reader needs, and the kernel ended it: its document may be an attack"
            );
        }
        event = error.limit().map(|(limit, value)| {
            let value = i64::try_from(value).unwrap_or(i64::MAX);
            ("limit reached", vec![KeyValue::new("limit", limit), KeyValue::new("value", value)])
        });
    } else if let Some(response) = response {
        attributes.push(KeyValue::new("cpu_ms", response.cpu.as_secs_f64() * 1000.0));
        attributes.push(KeyValue::new("peak_bytes", i64::try_from(response.peak_bytes).unwrap_or(i64::MAX)));
    }
    let failed = attempt.error.as_ref().map(|error| (error.class(), error.to_string()));
    FinishedSpan {
        name: "reader",
        started: attempt.started_at,
        ended: attempt.ended_at,
        attributes,
        failed,
        event,
    }
}

fn span_of_phase(phase: &Phase) -> FinishedSpan {
    let name = match phase.name.as_str() {
        "document" => "reader document",
        "reading" => "reader reading",
        _ => "reader text",
    };
    let at = |us: u64| SystemTime::UNIX_EPOCH + Duration::from_micros(us);
    let (started, ended) = (at(phase.started_us), at(phase.ended_us));
    FinishedSpan { name, started, ended, attributes: Vec::new(), failed: None, event: None }
}

/// Counts a request as active until dropped, so also if the caller stops waiting for the response.
struct Active<'a>(&'a [KeyValue]);

impl<'a> Active<'a> {
    fn new(lane: &'a [KeyValue]) -> Self {
        METRICS.active.add(1, lane);
        Self(lane)
    }
}

impl Drop for Active<'_> {
    fn drop(&mut self) {
        METRICS.active.add(-1, self.0);
    }
}
