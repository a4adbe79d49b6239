//! How often each process flushes to the disk for a report, counted by strace in a run of its own: a traced process is
//! slower, so its times mean nothing.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use super::load::{archive_of, through};
use super::mix::Mix;
use crate::pipeline::{Pipeline, Shape};
use crate::processes::until;

/// The calls that flush a file to the disk.
const CALLS: &str = "trace=fsync,fdatasync,sync_file_range,msync";
/// For strace to attach and to write what it counted.
const SOON: Duration = Duration::from_secs(30);

/// Flushes a report of each process, for a bulk of so many reports.
pub(super) async fn measure(mix: &Mix, reports: u64, shape: Shape) -> Result<Vec<(String, f64)>> {
    let mut pipeline = Pipeline::start(shape).await?;
    let (api, observer) = (pipeline.api(), pipeline.observer().await?);
    let folder = tempfile::tempdir().context("making a folder")?;
    let mut processes = vec![("nats-server".to_owned(), pipeline.nats.process().id())];
    processes.extend(pipeline.services().map(|service| (service.name().to_owned(), service.process.id())));
    let mut traced = Vec::new();
    for (name, process) in processes {
        let trace = Trace::attach(process, &folder.path().join(&name)).await?;
        traced.push((name, trace));
    }
    let archive = archive_of(mix, 0..reports.min(1_000))?;
    through(mix, reports, archive, &api, &observer).await?;
    let mut flushes = Vec::new();
    for (name, trace) in traced {
        flushes.push((name, trace.calls().await? as f64 / reports as f64));
    }
    Ok(flushes)
}

/// strace on a process and all its threads; detached when dropped.
struct Trace {
    strace: Child,
    counts: std::path::PathBuf,
}

impl Trace {
    async fn attach(process: u32, counts: &Path) -> Result<Self> {
        let mut strace = Command::new("strace");
        strace.args(["-f", "-q", "-c", "-e", CALLS, "-p", &process.to_string(), "-o"]).arg(counts);
        let strace = strace.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let trace = Self { strace: strace.context("strace is not installed")?, counts: counts.to_owned() };
        let status = format!("/proc/{process}/status");
        until("strace to attach", SOON, async || {
            let status = std::fs::read_to_string(&status).with_context(|| format!("reading {status}"))?;
            let tracer = status.lines().find_map(|line| line.strip_prefix("TracerPid:"));
            Ok((tracer.map(str::trim) != Some("0")).then_some(()))
        })
        .await?;
        Ok(trace)
    }

    /// Detaches; how many calls there were.
    async fn calls(mut self) -> Result<u64> {
        let id = self.strace.id().to_string();
        let signalled = Command::new("kill").args(["-INT", &id]).status().context("ending strace")?;
        ensure!(signalled.success(), "strace has ended before");
        until("strace to end", SOON, async || Ok(self.strace.try_wait().context("waiting for strace")?))
            .await?;
        let counts = std::fs::read_to_string(&self.counts).unwrap_or_default();
        Ok(total(&counts))
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        if matches!(self.strace.try_wait(), Ok(None)) {
            // Not killed: what it traces would stay stopped.
            Command::new("kill").args(["-INT", &self.strace.id().to_string()]).status().ok();
            self.strace.wait().ok();
        }
    }
}

/// The calls in the table of `strace -c`; it writes none where there was no call.
fn total(counts: &str) -> u64 {
    let lines = counts.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let calls = lines.filter(|fields| fields.last() != Some(&"total")).filter_map(|fields| {
        let is_call = fields.last().is_some_and(|call| CALLS.contains(call));
        (is_call && fields.len() >= 5).then(|| fields[3].parse::<u64>().ok()).flatten()
    });
    calls.sum()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_calls_are_added() {
        let table = "% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 99.00    0.012345          12       330           fsync
  1.00    0.000100           3        30         2 fdatasync
------ ----------- ----------- --------- --------- ----------------
100.00    0.012445          12       360         2 total
";
        assert_eq!(super::total(table), 360);
        assert_eq!(super::total(""), 0);
    }
}
