//! Measurements of disks.

use std::path::PathBuf;

use opentelemetry::KeyValue;

use crate::telemetry::meter;

/// Measures from now on how much space the disk of `folder` has; `disk` names its purpose.
pub fn watch_disk(disk: &'static str, folder: impl Into<PathBuf>) {
    let folder: PathBuf = folder.into();
    let gauge = |name: &'static str, about: &'static str, blocks: fn(&rustix::fs::StatVfs) -> u64| {
        let folder = folder.clone();
        meter()
            .u64_observable_gauge(name)
            .with_unit("By")
            .with_description(about)
            .with_callback(move |observer| {
                // A disk that cannot be read has no space.
                let bytes = rustix::fs::statvfs(&folder).map_or(0, |disk| blocks(&disk) * disk.f_frsize);
                observer.observe(bytes, &[KeyValue::new("gouji.disk", disk)]);
            })
            .build();
    };
    gauge("gouji.disk.available", "Free bytes; 0 also where the folder is missing", |disk| disk.f_bavail);
    gauge("gouji.disk.capacity", "Size of the disk", |disk| disk.f_blocks);
}
