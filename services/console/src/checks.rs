//! Checks files before they are sent, for the page `/check` and for `POST /api/v1/check`.
//!
//! A file is read by the same sandboxed readers as in the pipeline and judged by the same rules. Nothing is stored,
//! nothing is published, and the name of the file is in no log.

mod upload;

use std::time::Duration;

use access::{AddressRate, Caller, Code};
use check::{CheckedFile, Judge, Unreadable};
use document::archive::ArchiveLimits;
use document::{Kind, sniff};
use parse::{LIMITS, Readers};
use rules::RulePolicy;
use sandbox::{Limits, Program};
use tokio::sync::{OnceCell, Semaphore, SemaphorePermit};
use worker::{Config, SandboxRequirement};

use crate::problem::Problem;

pub(crate) use upload::{MAX_BYTES, Upload};

/// The same as in the pipeline, so that a file gets the same answer; a person does not wait longer than this.
const READER_LIMITS: Limits = Limits { wall: Duration::from_secs(60), ..LIMITS };
/// An agency checks its own reports, and not the archive of a province.
const ARCHIVE_LIMITS: ArchiveLimits = ArchiveLimits {
    files: 100,
    file_bytes: MAX_BYTES as u64,
    total_bytes: 100_000_000,
    ratio: 200,
    depth: 3,
};
/// How long a check waits for a permit, so that a burst is handled one after the other.
const PERMIT_TIMEOUT: Duration = Duration::from_secs(5);
/// Retry-After while no permit is free.
const NO_PERMIT_SECONDS: u64 = 10;

/// The checks of this process.
pub(crate) struct Checks {
    readers: Readers,
    permits: Semaphore,
    rate: AddressRate,
    required: SandboxRequirement,
    /// Set once the kernel was found to confine readers as the operator requires.
    is_confined: OnceCell<()>,
}

/// What was checked: one file, or the files of an archive or of a form with several.
pub(crate) struct Checked {
    pub(crate) files: Vec<CheckedFile>,
    /// Whether the answer is a list, also where the archive had one file or none.
    pub(crate) is_list: bool,
}

impl Checks {
    /// `reader` is the program that runs as a reader.
    pub(crate) fn new(config: &Config, reader: &Program) -> Self {
        Self {
            readers: Readers::of(reader, READER_LIMITS),
            permits: Semaphore::new(config.checks),
            rate: AddressRate::per_minute(config.check_rate),
            required: config.sandbox,
            is_confined: OnceCell::new(),
        }
    }

    /// Admits one check until the permit is dropped. The body of its request is not read before.
    ///
    /// # Errors
    /// If the address sends too many, as many as allowed are under way, or readers cannot be confined.
    pub(crate) async fn admit(&self, caller: &Caller) -> Result<SemaphorePermit<'_>, Problem> {
        self.rate.check(&caller.origin).map_err(too_often)?;
        let permit = tokio::time::timeout(PERMIT_TIMEOUT, self.permits.acquire()).await;
        let permit = permit.ok().and_then(Result::ok).ok_or_else(too_many)?;
        self.is_confined
            .get_or_try_init(|| parse::require_sandbox(&self.readers, self.required))
            .await
            .map_err(|error| no_reader(&error))?;
        Ok(permit)
    }

    /// Checks what was uploaded.
    ///
    /// # Errors
    /// If the archive has too many files.
    pub(crate) async fn check(&self, policy: &RulePolicy, uploads: Vec<Upload>) -> Result<Checked, Problem> {
        let judge = Judge { policy: policy.clone(), day: check::today() };
        let is_list = uploads.len() > 1 || uploads.iter().any(|one| sniff(&one.bytes) == Kind::Zip);
        let files = tokio::task::spawn_blocking(move || unpack(uploads)).await;
        let files = files.map_err(|error| Problem::internal(&error.into()))?;
        if files.len() > ARCHIVE_LIMITS.files {
            return Err(too_many_files());
        }
        let mut checked = Vec::with_capacity(files.len());
        for (name, bytes) in files {
            checked.push(check::check_file(&self.readers, &judge, name, bytes).await);
        }
        Ok(Checked { files: check::across_years(checked, &judge), is_list })
    }
}

/// The files of all uploads; one more than the limit where there are more.
fn unpack(uploads: Vec<Upload>) -> Vec<(String, Result<Vec<u8>, Unreadable>)> {
    let mut files = Vec::new();
    for Upload { name, bytes } in uploads {
        check::open(&name, bytes, &ARCHIVE_LIMITS, &mut |name, bytes| {
            files.push((name, bytes));
            files.len() <= ARCHIVE_LIMITS.files
        });
    }
    files
}

fn too_often(seconds: u64) -> Problem {
    let hint = "请稍后再检查；批量检查可在本机使用 gouji check 命令。";
    Problem::new(Code::TooOften, "检查过于频繁。", hint).retry_after(seconds)
}

fn too_many() -> Problem {
    let hint = "请稍后再试。";
    Problem::new(Code::TooManyChecks, "同时检查的文件过多。", hint).retry_after(NO_PERMIT_SECONDS)
}

fn too_many_files() -> Problem {
    let detail = format!("压缩包中的文件超过 {} 个。", ARCHIVE_LIMITS.files);
    Problem::new(Code::TooManyFiles, detail, "请分批检查，或直接报送。")
}

fn no_reader(error: &anyhow::Error) -> Problem {
    tracing::error!("no file can be checked: {error:#}");
    let hint = "请联系管理员；报送不受影响。";
    Problem::new(Code::Unavailable, "本机目前不能安全地读取文件，没有检查。", hint).retry_after(60)
}
