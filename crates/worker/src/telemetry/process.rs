//! Measurements of the process itself.

use std::time::Instant;

use opentelemetry::KeyValue;
use opentelemetry::metrics::Meter;

/// Registers the gauges of CPU, memory, files and version.
pub(super) fn observe(meter: &Meter) {
    let version = KeyValue::new("version", env!("CARGO_PKG_VERSION"));
    meter
        .u64_observable_gauge("gouji.build.info")
        .with_description("1, with the version of the program")
        .with_callback(move |observer| observer.observe(1, std::slice::from_ref(&version)))
        .build();
    let started = Instant::now();
    meter
        .f64_observable_gauge("process.uptime")
        .with_unit("s")
        .with_description("Time since the program started")
        .with_callback(move |observer| observer.observe(started.elapsed().as_secs_f64(), &[]))
        .build();
    meter
        .f64_observable_counter("process.cpu.time")
        .with_unit("s")
        .with_description("CPU time of this process, without its children")
        .with_callback(|observer| {
            let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
            #[expect(clippy::cast_precision_loss, reason = "seconds of computing fit")]
            observer.observe(time.tv_sec as f64 + time.tv_nsec as f64 / 1e9, &[]);
        })
        .build();
    // Only Linux has /proc; elsewhere these gauges have no value.
    meter
        .u64_observable_gauge("process.memory.usage")
        .with_unit("By")
        .with_description("Resident memory of this process, without its children")
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
