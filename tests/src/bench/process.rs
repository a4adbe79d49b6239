//! What a process has used, as the kernel counts it.

use std::fs;

use anyhow::{Context as _, Result};

use crate::processes::Process;

/// What one process used during a measurement.
#[derive(Debug, Clone)]
pub(super) struct Used {
    pub(super) name: String,
    pub(super) peak_bytes: u64,
    pub(super) cpu_seconds: f64,
}

/// The kernel counts in these on every Linux (`USER_HZ`).
const TICKS_A_SECOND: f64 = 100.0;

/// What a process has used since it was started.
pub(super) fn used(name: &str, process: &Process) -> Result<Used> {
    let id = process.id().to_string();
    Ok(Used { name: name.to_owned(), peak_bytes: peak_bytes(&id)?, cpu_seconds: cpu_seconds(&id)? })
}

/// CPU seconds of a process, all its threads together; `self` is this one.
pub(super) fn cpu_seconds(id: &str) -> Result<f64> {
    seconds(id, 11)
}

/// CPU seconds of the children of a process: of those that have ended and of those that run, and of theirs.
pub(super) fn children_cpu_seconds_of(process: u32) -> Result<f64> {
    let ended = seconds(&process.to_string(), 13)?;
    let running = children_of(process)?.into_iter().filter_map(|child| {
        // One that ends meanwhile is counted with the ended ones the next time.
        let child = child.to_string();
        Some(seconds(&child, 11).ok()? + seconds(&child, 13).ok()?)
    });
    Ok(ended + running.sum::<f64>())
}

fn children_of(process: u32) -> Result<Vec<u32>> {
    let mut children = Vec::new();
    for entry in fs::read_dir("/proc").context("listing processes")?.flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let parent =
            stat.rsplit_once(')').and_then(|(_, fields)| fields.split_whitespace().nth(1)?.parse().ok());
        if parent == Some(process) {
            children.push(id);
        }
    }
    Ok(children)
}

/// CPU seconds of the processes that this one has started and seen end, and of theirs.
pub(super) fn children_cpu_seconds() -> Result<f64> {
    seconds("self", 13)
}

/// CPU seconds of this thread, to the nanosecond.
pub(super) fn thread_cpu_seconds() -> Result<f64> {
    let path = "/proc/thread-self/schedstat";
    let stat = fs::read_to_string(path).with_context(|| format!("reading {path}"))?;
    let nanoseconds: f64 =
        stat.split_whitespace().next().unwrap_or_default().parse().context("reading its CPU time")?;
    Ok(nanoseconds / 1e9)
}

fn seconds(id: &str, field: usize) -> Result<f64> {
    let path = format!("/proc/{id}/stat");
    let stat = fs::read_to_string(&path).with_context(|| format!("reading {path}"))?;
    // The name before it may have spaces in it; user and system time are fields 14 and 15,
    // those of children 16 and 17.
    let (_, fields) = stat.rsplit_once(')').context("a process has a name")?;
    let ticks = fields.split_whitespace().skip(field).take(2).map(str::parse::<f64>);
    Ok(ticks.sum::<Result<f64, _>>().context("counting ticks")? / TICKS_A_SECOND)
}

pub(super) fn peak_bytes(id: &str) -> Result<u64> {
    status_bytes(id, "VmHWM:")
}

/// What of this process is in memory, files that it has mapped included.
pub(super) fn resident_bytes() -> Result<u64> {
    status_bytes("self", "VmRSS:")
}

fn status_bytes(id: &str, name: &str) -> Result<u64> {
    let path = format!("/proc/{id}/status");
    let status = fs::read_to_string(&path).with_context(|| format!("reading {path}"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let value = line.with_context(|| format!("finding {name} in {path}"))?;
    let kilobytes: u64 =
        value.trim().trim_end_matches(" kB").parse().with_context(|| format!("reading {name}"))?;
    Ok(kilobytes * 1024)
}
