//! Admission control: ingest accepts an upload only if the pipeline keeps up and the disks have space. A rejected
//! sender keeps its files and retries later.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use access::{Code, Problem};
use anyhow::Context as _;
use blobs::BlobsConfig;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use worker::{Config, Worker};

/// Retry-After while the throughput of the pipeline is unknown.
const UNKNOWN_SECONDS: u64 = 30;
/// Longest Retry-After; by then the throughput has changed.
const LONGEST_SECONDS: u64 = 300;
/// How long an upload waits for a permit, so that a burst is accepted one after the other.
const PERMIT_TIMEOUT: Duration = Duration::from_secs(10);
/// Retry-After while no permit is free.
const NO_PERMIT_SECONDS: u64 = 10;
/// Retry-After while a disk is full, until somebody frees space.
const DISK_SECONDS: u64 = 60;
/// Seconds between two measurements of the throughput.
const MEASURE_SECONDS: f64 = 2.0;

pub(crate) struct Admission {
    worker: Worker,
    uploads: Arc<Semaphore>,
    throughput: Mutex<Throughput>,
}

/// How fast the pipeline finishes reports.
#[derive(Debug, Default)]
struct Throughput {
    /// Time of the last measurement, and how many reports were finished then.
    last: Option<(Instant, u64)>,
    /// Reports per second, smoothed.
    rate: f64,
}

impl Admission {
    pub(crate) fn new(worker: Worker) -> Self {
        let uploads = Arc::new(Semaphore::new(worker.config().uploads));
        Self { worker, uploads, throughput: Mutex::default() }
    }

    /// Permits one upload until it is dropped. The body of an upload is not read before.
    ///
    /// # Errors
    /// If no permit becomes free in time.
    pub(crate) async fn upload_permit(&self) -> Result<OwnedSemaphorePermit, Problem> {
        let permit = tokio::time::timeout(PERMIT_TIMEOUT, self.uploads.clone().acquire_owned()).await;
        permit.ok().and_then(Result::ok).ok_or_else(|| {
            let detail = "同时进行的报送过多，暂停接收。";
            retry_later(Code::TooManyUploads, detail.into(), NO_PERMIT_SECONDS)
        })
    }

    /// Checks that the pipeline keeps up and no disk is nearly full.
    ///
    /// # Errors
    /// Why nothing is accepted now, and after how many seconds to retry.
    pub(crate) async fn check_capacity(&self) -> Result<(), Problem> {
        self.check_disks().await?;
        let lag = self.worker.bus().lag().await.map_err(|error| Problem::unavailable(&error))?;
        let counts = self.worker.bus().counts().await.map_err(|error| Problem::unavailable(&error))?;
        let behind: u64 = lag.iter().map(bus::Lag::total).sum();
        let high_water = self.worker.config().high_water as u64;
        let mut throughput = self.throughput.lock().unwrap_or_else(PoisonError::into_inner);
        throughput.measure(Instant::now(), counts.indexed + counts.refused);
        if behind <= high_water {
            return Ok(());
        }
        // The backlog falls to three quarters first, so that not all senders retry for one free slot.
        let seconds = throughput.seconds(behind - high_water * 3 / 4);
        Err(retry_later(Code::Busy, format!("还有 {behind} 份报告正在处理，暂停接收。"), seconds))
    }

    async fn check_disks(&self) -> Result<(), Problem> {
        let folders = folders(self.worker.config());
        let reserve = self.worker.config().reserve_mb as u64 * 1_000_000;
        let checked = tokio::task::spawn_blocking(move || -> anyhow::Result<Option<PathBuf>> {
            for folder in folders {
                let disk = rustix::fs::statvfs(&folder)
                    .with_context(|| format!("reading the free space of {}", folder.display()))?;
                if disk.f_bavail.saturating_mul(disk.f_frsize) < reserve {
                    return Ok(Some(folder));
                }
            }
            Ok(None)
        });
        let full = checked.await.map_err(anyhow::Error::from).flatten();
        let Some(folder) = full.map_err(|error| Problem::unavailable(&error))? else { return Ok(()) };
        tracing::error!(
            folder = %folder.display(),
            "rejecting uploads: less than {} MB are free; free space, or lower GOUJI_RESERVE_MB",
            self.worker.config().reserve_mb
        );
        Err(retry_later(
            Code::DiskFull,
            "存储空间不足，暂停接收，已接收的报告不受影响。".into(),
            DISK_SECONDS,
        ))
    }
}

/// The folders that an upload is written to.
fn folders(config: &Config) -> Vec<PathBuf> {
    let mut folders = vec![std::env::temp_dir()];
    if let BlobsConfig::Folder(originals) = &config.originals {
        folders.push(originals.clone());
    }
    folders
}

impl Throughput {
    fn measure(&mut self, now: Instant, finished: u64) {
        let Some((before, finished_before)) = self.last else {
            self.last = Some((now, finished));
            return;
        };
        let seconds = now.duration_since(before).as_secs_f64();
        if seconds < MEASURE_SECONDS {
            return;
        }
        let rate = finished.saturating_sub(finished_before) as f64 / seconds;
        // The longer ago the last measurement was, the less the old rate counts.
        let weight = (seconds / 30.0).clamp(0.3, 1.0);
        self.rate = if self.rate == 0.0 { rate } else { weight * rate + (1.0 - weight) * self.rate };
        self.last = Some((now, finished));
    }

    /// Seconds that so many reports take.
    fn seconds(&self, reports: u64) -> u64 {
        if self.rate <= 0.0 {
            return UNKNOWN_SECONDS;
        }
        ((reports as f64 / self.rate).ceil() as u64).clamp(1, LONGEST_SECONDS)
    }
}

fn retry_later(code: Code, detail: String, seconds: u64) -> Problem {
    let hint = "请按 Retry-After 指示的秒数后重新报送。";
    Problem::new(code, detail, hint).retry_after(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn senders_retry_when_there_is_capacity() {
        let mut throughput = Throughput::default();
        assert_eq!(throughput.seconds(100), UNKNOWN_SECONDS);
        let start = Instant::now();
        throughput.measure(start, 1000);
        assert_eq!(throughput.seconds(100), UNKNOWN_SECONDS);
        throughput.measure(start + Duration::from_secs(1), 1001);
        throughput.measure(start + Duration::from_secs(10), 1500);
        assert_eq!(throughput.seconds(100), 2);
        assert_eq!(throughput.seconds(1_000_000), LONGEST_SECONDS);
        assert_eq!(throughput.seconds(0), 1);
        throughput.measure(start + Duration::from_secs(100), 1500);
        assert_eq!(throughput.seconds(100), UNKNOWN_SECONDS, "the pipeline stood still");
    }
}
