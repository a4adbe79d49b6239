//! What a reader did, as spans of the report's trace and as measurements.

use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use opentelemetry::metrics::{Counter, Histogram, UpDownCounter};
use opentelemetry::{Context, KeyValue};
use prost::DecodeError;
use proto::Message;
use sandbox::{Answer, NoAnswer, Pool, Try};
use worker::spans::{self, FinishedSpan, current_context};
use worker::telemetry::meter;

use super::{Phase, Said};

struct Metrics {
    active: UpDownCounter<i64>,
    cpu_seconds: Counter<f64>,
    peak_bytes: Histogram<u64>,
    killed: Counter<u64>,
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
    };
    // A counter that appears with its first event has not grown by it, and no alert would fire.
    for class in ["cpu", "wall", "memory", "crashed", "failed"] {
        metrics.killed.add(0, &[KeyValue::new("error.type", class)]);
    }
    metrics
});

/// From now on everything has a value, if only 0.
pub(super) fn begin() {
    LazyLock::force(&METRICS);
}

/// Asks a reader of this pool; what it says may still be nonsense.
pub(super) async fn ask(
    pool: &Pool,
    room: &'static str,
    file_name: &str,
    bytes: &[u8],
) -> Result<(Answer, Result<Said, DecodeError>), NoAnswer> {
    let room = [KeyValue::new("gouji.reader.room", room)];
    let active = Active::new(&room);
    let mut tries = Vec::new();
    let answered = pool.ask_and_tell(file_name.as_bytes(), bytes, &mut tries).await;
    drop(active);
    let answered = answered.map(|answer| {
        let said = Said::decode(&answer.head[..]);
        METRICS.cpu_seconds.add(answer.cpu.as_secs_f64(), &room);
        METRICS.peak_bytes.record(answer.peak_bytes, &room);
        (answer, said)
    });
    for one in tries {
        let reader = spans::record(
            &current_context(),
            finished(&one, answered.as_ref().ok().map(|(answer, _)| answer)),
        );
        if let (None, Ok((_, Ok(said)))) = (&one.failed, &answered) {
            said.phases.iter().for_each(|phase| tell_phase(&reader, phase));
        }
    }
    answered
}

fn finished(one: &Try, answer: Option<&Answer>) -> FinishedSpan {
    let mut attributes = vec![KeyValue::new("process.pid", i64::from(one.pid))];
    let mut event = None;
    if let Some(why) = &one.failed {
        METRICS.killed.add(1, &[KeyValue::new("error.type", why.class())]);
        event = why.limit().map(|(limit, value)| {
            let value = i64::try_from(value).unwrap_or(i64::MAX);
            ("limit reached", vec![KeyValue::new("limit", limit), KeyValue::new("value", value)])
        });
    } else if let Some(answer) = answer {
        attributes.push(KeyValue::new("cpu_ms", answer.cpu.as_secs_f64() * 1000.0));
        attributes.push(KeyValue::new("peak_bytes", i64::try_from(answer.peak_bytes).unwrap_or(i64::MAX)));
    }
    let failed = one.failed.as_ref().map(|why| (why.class(), why.to_string()));
    FinishedSpan { name: "reader", started: one.begun, ended: one.ended, attributes, failed, event }
}

fn tell_phase(reader: &Context, phase: &Phase) {
    let name = match phase.name.as_str() {
        "document" => "reader document",
        "reading" => "reader reading",
        _ => "reader text",
    };
    let at = |us: u64| SystemTime::UNIX_EPOCH + Duration::from_micros(us);
    let (started, ended) = (at(phase.begun_us), at(phase.ended_us));
    let finished = FinishedSpan { name, started, ended, attributes: Vec::new(), failed: None, event: None };
    spans::record(reader, finished);
}

/// Counts a question while it is asked, also where nobody waits for the answer any more.
struct Active<'a>(&'a [KeyValue]);

impl<'a> Active<'a> {
    fn new(room: &'a [KeyValue]) -> Self {
        METRICS.active.add(1, room);
        Self(room)
    }
}

impl Drop for Active<'_> {
    fn drop(&mut self) {
        METRICS.active.add(-1, self.0);
    }
}
