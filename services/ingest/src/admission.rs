//! Whether there is room for more: what ingest promises to keep, the pipeline has to be able to work off and
//! the disks to hold. What is told to come back later is not lost.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use access::{Code, Problem};
use anyhow::Context as _;
use blobs::BlobsConfig;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use worker::{Config, Worker};

/// Where nobody has measured yet how fast the pipeline works off.
const UNKNOWN_SECONDS: u64 = 30;
/// Longest time that a sender is told to stay away: by then the measure is another.
const LONGEST_SECONDS: u64 = 300;
/// How long an upload waits for a place: what comes in one burst is taken in one after the other.
const PATIENCE: Duration = Duration::from_secs(10);
/// Where every place stays taken.
const FULL_SECONDS: u64 = 10;
/// Where a disk is full; somebody has to make room.
const DISK_SECONDS: u64 = 60;
/// Seconds between two measures of how fast the pipeline works off.
const MEASURE_SECONDS: f64 = 2.0;

pub(crate) struct Admission {
    worker: Worker,
    uploads: Arc<Semaphore>,
    drain: Mutex<Drain>,
}

/// How fast the pipeline works off.
#[derive(Debug, Default)]
struct Drain {
    /// When, and how many reports had ended.
    last: Option<(Instant, u64)>,
    /// Reports a second, smoothed.
    rate: f64,
}

impl Admission {
    pub(crate) fn new(worker: Worker) -> Self {
        let uploads = Arc::new(Semaphore::new(worker.config().uploads));
        Self { worker, uploads, drain: Mutex::default() }
    }

    /// A place for an upload, until it is dropped. Nothing of the upload is read before.
    ///
    /// # Errors
    /// If all are taken, and stay so for a while.
    pub(crate) async fn place(&self) -> Result<OwnedSemaphorePermit, Problem> {
        let place = tokio::time::timeout(PATIENCE, self.uploads.clone().acquire_owned()).await;
        place.ok().and_then(Result::ok).ok_or_else(|| {
            let detail = "同时进行的报送过多，暂停接收。";
            come_back(Code::TooManyUploads, detail.into(), FULL_SECONDS)
        })
    }

    /// Turns senders away while the pipeline is behind or a disk is nearly full.
    ///
    /// # Errors
    /// Why nothing more is taken in just now, and when to come back.
    pub(crate) async fn room(&self) -> Result<(), Problem> {
        self.disks().await?;
        let lag = self.worker.bus().lag().await.map_err(|error| Problem::unavailable(&error))?;
        let counts = self.worker.bus().counts().await.map_err(|error| Problem::unavailable(&error))?;
        let behind: u64 = lag.iter().map(bus::Lag::total).sum();
        let high_water = self.worker.config().high_water as u64;
        let mut drain = self.drain.lock().unwrap_or_else(PoisonError::into_inner);
        drain.measure(Instant::now(), counts.indexed + counts.refused);
        if behind <= high_water {
            return Ok(());
        }
        // Down to three quarters, so that not everybody comes back for one place.
        let seconds = drain.seconds(behind - high_water * 3 / 4);
        Err(come_back(Code::Busy, format!("还有 {behind} 份报告正在处理，暂停接收。"), seconds))
    }

    async fn disks(&self) -> Result<(), Problem> {
        let folders = folders(self.worker.config());
        let reserve = self.worker.config().reserve_mb as u64 * 1_000_000;
        let looked = tokio::task::spawn_blocking(move || -> anyhow::Result<Option<PathBuf>> {
            for folder in folders {
                let disk = rustix::fs::statvfs(&folder)
                    .with_context(|| format!("looking how full the disk of {} is", folder.display()))?;
                if disk.f_bavail.saturating_mul(disk.f_frsize) < reserve {
                    return Ok(Some(folder));
                }
            }
            Ok(None)
        });
        let full = looked.await.map_err(anyhow::Error::from).flatten();
        let Some(folder) = full.map_err(|error| Problem::unavailable(&error))? else { return Ok(()) };
        tracing::error!(
            folder = %folder.display(),
            "nothing is taken in: less than {} MB are free; make room, or lower GOUJI_RESERVE_MB",
            self.worker.config().reserve_mb
        );
        Err(come_back(Code::DiskFull, "存储空间不足，暂停接收，已接收的报告不受影响。".into(), DISK_SECONDS))
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

impl Drain {
    fn measure(&mut self, now: Instant, ended: u64) {
        let Some((before, ended_before)) = self.last else {
            self.last = Some((now, ended));
            return;
        };
        let seconds = now.duration_since(before).as_secs_f64();
        if seconds < MEASURE_SECONDS {
            return;
        }
        let rate = ended.saturating_sub(ended_before) as f64 / seconds;
        // A measure from long ago weighs little.
        let weight = (seconds / 30.0).clamp(0.3, 1.0);
        self.rate = if self.rate == 0.0 { rate } else { weight * rate + (1.0 - weight) * self.rate };
        self.last = Some((now, ended));
    }

    /// How long so many reports take.
    fn seconds(&self, reports: u64) -> u64 {
        if self.rate <= 0.0 {
            return UNKNOWN_SECONDS;
        }
        ((reports as f64 / self.rate).ceil() as u64).clamp(1, LONGEST_SECONDS)
    }
}

fn come_back(code: Code, detail: String, seconds: u64) -> Problem {
    let hint = "请按 Retry-After 指示的秒数后重新报送。";
    Problem::new(code, detail, hint).retry_after(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn senders_come_back_when_there_is_room() {
        let mut drain = Drain::default();
        assert_eq!(drain.seconds(100), UNKNOWN_SECONDS);
        let start = Instant::now();
        drain.measure(start, 1000);
        assert_eq!(drain.seconds(100), UNKNOWN_SECONDS);
        drain.measure(start + Duration::from_secs(1), 1001);
        drain.measure(start + Duration::from_secs(10), 1500);
        assert_eq!(drain.seconds(100), 2);
        assert_eq!(drain.seconds(1_000_000), LONGEST_SECONDS);
        assert_eq!(drain.seconds(0), 1);
        drain.measure(start + Duration::from_secs(100), 1500);
        assert_eq!(drain.seconds(100), UNKNOWN_SECONDS, "nothing moved for long");
    }
}
