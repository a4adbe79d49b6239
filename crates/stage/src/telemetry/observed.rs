//! What is looked at when somebody asks for the metrics: the process, its stages, its disks.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use opentelemetry::KeyValue;
use opentelemetry::metrics::Meter;
use proto::{Fault, RefusalClass};

use super::{meter, metrics, stage_attribute};
use crate::Stage;

/// What this process takes of the machine, and which program it is.
pub(super) fn process(meter: &Meter) {
    let version = KeyValue::new("version", env!("CARGO_PKG_VERSION"));
    meter
        .u64_observable_gauge("gouji.build.info")
        .with_description("1, with the version of the program")
        .with_callback(move |observer| observer.observe(1, std::slice::from_ref(&version)))
        .build();
    let begun = Instant::now();
    meter
        .f64_observable_gauge("process.uptime")
        .with_unit("s")
        .with_description("Since the program began")
        .with_callback(move |observer| observer.observe(begun.elapsed().as_secs_f64(), &[]))
        .build();
    meter
        .f64_observable_counter("process.cpu.time")
        .with_unit("s")
        .with_description("What this process has computed, without its children")
        .with_callback(|observer| {
            let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
            #[expect(clippy::cast_precision_loss, reason = "seconds of computing fit")]
            observer.observe(time.tv_sec as f64 + time.tv_nsec as f64 / 1e9, &[]);
        })
        .build();
    // Elsewhere than on Linux there is no /proc, and these are left out.
    meter
        .u64_observable_gauge("process.memory.usage")
        .with_unit("By")
        .with_description("Memory that this process has in use, without its children")
        .with_callback(|observer| {
            if let Some(bytes) = resident_bytes() {
                observer.observe(bytes, &[]);
            }
        })
        .build();
    meter
        .u64_observable_gauge("process.unix.file_descriptor.count")
        .with_unit("{file_descriptor}")
        .with_description("Open files and connections")
        .with_callback(|observer| {
            if let Ok(open) = std::fs::read_dir("/proc/self/fd") {
                observer.observe(open.count() as u64, &[]);
            }
        })
        .build();
}

fn resident_bytes() -> Option<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split(' ').nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}

/// Whether these stages work.
pub(crate) fn stages(stages: &[Stage]) {
    stages.iter().for_each(|stage| begin_at_zero(stage.name()));
    // Not kept alive by being looked at.
    let weak: Vec<_> = stages.iter().map(|stage| Arc::downgrade(&stage.0)).collect();
    let gauge = |name: &'static str, about: &'static str, look: fn(&Stage) -> bool| {
        let weak = weak.clone();
        meter()
            .u64_observable_gauge(name)
            .with_description(about)
            .with_callback(move |observer| {
                for stage in weak.iter().filter_map(std::sync::Weak::upgrade).map(Stage) {
                    observer.observe(look(&stage).into(), &[stage_attribute(stage.name())]);
                }
            })
            .build();
    };
    gauge("gouji.stage.ready", "1 while /readyz of the stage says so, else 0", |stage| {
        stage.trouble().is_none()
    });
    gauge(
        "gouji.stage.breaker.open",
        "1 while the stage fetches nothing because most attempts fail",
        |stage| stage.breaker().is_open(),
    );
}

/// A counter that appears with its first event has not grown by it, and no alert would fire.
fn begin_at_zero(stage: &'static str) {
    let about = stage_attribute(stage);
    for counter in [&metrics().attempts_failed, &metrics().breaker_opened, &metrics().redelivered] {
        counter.add(0, std::slice::from_ref(&about));
    }
    let faults = RefusalClass::ALL.into_iter().filter(|class| class.info().fault == Fault::Operator);
    for class in faults {
        metrics().refused.add(0, &[about.clone(), KeyValue::new("class", class.name())]);
    }
    for kind in ["disconnected", "permissions_violation", "server_error"] {
        metrics().connection_events.add(0, &[about.clone(), KeyValue::new("kind", kind)]);
    }
}

/// Tells from now on how much room there is where `folder` lies; `disk` names what it is for.
pub fn watch_disk(disk: &'static str, folder: impl Into<PathBuf>) {
    let folder: PathBuf = folder.into();
    let gauge = |name: &'static str, about: &'static str, blocks: fn(&rustix::fs::StatVfs) -> u64| {
        let folder = folder.clone();
        meter()
            .u64_observable_gauge(name)
            .with_unit("By")
            .with_description(about)
            .with_callback(move |observer| {
                // A disk that is gone has no room.
                let bytes = rustix::fs::statvfs(&folder).map_or(0, |disk| blocks(&disk) * disk.f_frsize);
                observer.observe(bytes, &[KeyValue::new("gouji.disk", disk)]);
            })
            .build();
    };
    gauge("gouji.disk.available", "Room that is left; 0 also where the folder is gone", |disk| disk.f_bavail);
    gauge("gouji.disk.capacity", "Room that there is in all", |disk| disk.f_blocks);
}
