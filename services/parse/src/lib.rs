#![doc = include_str!("../README.md")]

mod reader;
mod scanner;

use std::sync::LazyLock;

use anyhow::Context as _;
use blobs::{Blobs, GetError, StoredText};
use proto::RefusalClass;
use proto::v1::{Blob, KnownRefusal, Report, ReportParsed, ReportSubmitted, Withdrawal};
use sandbox::Confinement;
use tokio::sync::Semaphore;
use tracing::Instrument as _;
use tracing::field::Empty;
use worker::{Config, Handled, HandlerError, Lane, Refusal, SandboxRequirement, Service, Worker};

pub use reader::{LIMITS, READER_VERB, ReadDocument, Readers, run_reader};
pub use scanner::{SCANNER_LIMITS, SCANNER_VERB, run_scanner};

/// The service. The program that runs it calls [`run_reader`] under [`READER_VERB`].
pub fn service() -> Service {
    Service::new("parse", async |worker: Worker| {
        let readers = readers(worker.config())?;
        require_sandbox(&readers, worker.config().sandbox).await?;
        let blobs = worker.blobs().clone();
        let parse = move |submitted, lane| parse(blobs.clone(), readers.clone(), lane, submitted);
        worker.work_in_lanes(parse).await
    })
}

fn readers(config: &Config) -> anyhow::Result<Readers> {
    if !config.reads_scans {
        return Readers::new().context("finding this program");
    }
    let folder = match &config.scan_model {
        Some(folder) => folder.clone(),
        None => scan_model::folder()?,
    };
    anyhow::ensure!(
        scan_model::read(&folder)?.is_some(),
        "parse.scans=\"read\", but {} has no recogniser: run `gouji scans install`, or name its folder with \
         parse.scan_model",
        folder.display()
    );
    Readers::with_scans(&folder).context("finding this program")
}

/// Asks a reader what the kernel enforces on it, and refuses to go on where that is less than the operator
/// accepts.
///
/// # Errors
/// If no reader can be started, or the kernel enforces less.
pub async fn require_sandbox(readers: &Readers, required: SandboxRequirement) -> anyhow::Result<()> {
    accept_confinement(readers.probe().await.context("starting a reader")?, required)
}

fn accept_confinement(confinement: Confinement, required: SandboxRequirement) -> anyhow::Result<()> {
    if confinement.is_complete() {
        tracing::info!(sandbox = %confinement, "readers are confined: {confinement}");
        return Ok(());
    }
    let missing = confinement.missing().collect::<Vec<_>>().join(", ");
    let code = worker::WEAK_SANDBOX;
    anyhow::ensure!(
        required == SandboxRequirement::Weak,
        "{code}: this kernel does not confine readers completely ({confinement}): run parse on Linux 5.13 or newer \
         with {missing}, or accept the risk with GOUJI_SANDBOX=weak (parse.sandbox)"
    );
    tracing::warn!(
        code,
        sandbox = %confinement,
        "{code}: readers are not confined completely ({confinement}), which GOUJI_SANDBOX=weak accepts"
    );
    Ok(())
}

/// Originals in memory at once, in KB; a reader needs a few times the size of its document.
const MEMORY_KB: u32 = 64 << 10;
static MEMORY: Semaphore = Semaphore::const_new(MEMORY_KB as usize);

/// Documents of the bulk lane that hold a reader or memory, or wait for it: one for each core. So a single report
/// waits for no more of them than run already.
static BULK: LazyLock<Semaphore> =
    LazyLock::new(|| Semaphore::new(std::thread::available_parallelism().map_or(1, usize::from)));

async fn parse(
    blobs: Blobs,
    readers: Readers,
    lane: Lane,
    submitted: ReportSubmitted,
) -> Handled<ReportParsed> {
    if let Some(withdrawal) = submitted.withdraws.clone() {
        return Ok(parsed_withdrawal(submitted, withdrawal).into());
    }
    if let Some(known) = submitted.known_refusal.clone() {
        return Err(refusal_of(known).into());
    }
    let takes_turns = submitted.bulk && lane == Lane::Ordinary;
    let turn = if takes_turns { Some(BULK.acquire().await?) } else { None };
    let original = submitted.original.clone().unwrap_or_default();
    let size_kb = u32::try_from(original.size_bytes >> 10).unwrap_or(u32::MAX);
    let _permit = match lane {
        Lane::Ordinary => Some(MEMORY.acquire_many(size_kb.clamp(1, MEMORY_KB)).await?),
        // There is one at a time, and others do not wait for it.
        Lane::Slow => None,
    };
    let bytes = match blobs.get(&original.sha256).await {
        Ok(bytes) => bytes,
        Err(error @ (GetError::Missing(_) | GetError::Corrupt(_))) => return Err(lost(&error).into()),
        Err(error) => return Err(error.into()),
    };
    let ReadDocument { report, text, .. } = read(&readers, lane, &bytes, &submitted.file_name).await?;
    drop(turn);
    let StoredText { sha256, size_bytes, zstd: text_zstd } = blobs.put_text(&text, TEXT_BYTES).await?;
    let text = Blob { sha256, size_bytes, media_type: "text/plain".into() };
    let parsed = ReportParsed {
        submitted: Some(submitted),
        report: Some(report),
        text: Some(text),
        reader_version: reading::VERSION.into(),
        text_zstd,
    };
    Ok(parsed.into())
}

/// The refusal that ingest found.
fn refusal_of(known: KnownRefusal) -> Refusal {
    let KnownRefusal { class, message, detail } = known;
    // A newer version may know a class that this one does not.
    let class = RefusalClass::parse(&class).unwrap_or(RefusalClass::BadEnvelope);
    Refusal::new(class, message, detail)
}

/// A withdrawal names its report itself, so there is no document to read.
fn parsed_withdrawal(submitted: ReportSubmitted, withdrawal: Withdrawal) -> ReportParsed {
    let Withdrawal { title, agency, year, region, .. } = withdrawal;
    ReportParsed {
        submitted: Some(submitted),
        report: Some(Report { title, agency, year, region, ..Report::default() }),
        text: None,
        reader_version: reading::VERSION.into(),
        text_zstd: Vec::new(),
    }
}

/// A plain text is at most three times as large as the largest file: GB18030 has two bytes for three bytes of
/// UTF-8, and an HTML escape is longer than its character.
const TEXT_BYTES: u64 = 3 * document::limits::BYTES as u64;

/// Reads in a span that records the CPU time and the peak memory of the reader.
async fn read(
    readers: &Readers,
    lane: Lane,
    bytes: &[u8],
    file_name: &str,
) -> Result<ReadDocument, HandlerError> {
    let span = tracing::info_span!("read", size_bytes = bytes.len(), cpu_ms = Empty, peak_bytes = Empty);
    let document = readers.read_in(lane, bytes, file_name).instrument(span.clone()).await?;
    span.record("cpu_ms", document.cpu.as_secs_f64() * 1000.0);
    span.record("peak_bytes", document.peak_bytes);
    Ok(document)
}

/// An original that was acknowledged is gone: a retry does not help, an operator has to restore it.
fn lost(error: &GetError) -> Refusal {
    Refusal::new(
        RefusalClass::OriginalLost,
        "原件在存储中丢失或损坏，报告未能处理，请联系管理员。",
        error.to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weak_sandbox_is_accepted_only_where_the_operator_does() {
        let complete = Confinement { landlock_abi: 6, seccomp: true, no_new_privs: true };
        let without_landlock = Confinement { landlock_abi: 0, ..complete };
        let without_seccomp = Confinement { seccomp: false, ..complete };
        for required in [SandboxRequirement::Required, SandboxRequirement::Weak] {
            accept_confinement(complete, required).unwrap();
        }
        for (weak, missing) in [(without_landlock, "with landlock"), (without_seccomp, "with seccomp")] {
            let error = accept_confinement(weak, SandboxRequirement::Required).unwrap_err().to_string();
            assert!(error.starts_with("weak-sandbox: ") && error.contains(missing), "{error}");
            assert!(error.contains("GOUJI_SANDBOX=weak"), "{error}");
            accept_confinement(weak, SandboxRequirement::Weak).unwrap();
        }
    }
}
