//! `ReportSubmitted` to `ReportParsed`: fetches the original, reads it, stores its plain text.

mod reader;

use anyhow::Context as _;
use proto::RefusalClass;
use proto::v1::{Blob, Report, ReportParsed, ReportSubmitted, Withdrawal};
use stage::{Handled, NotGot, Refusal, Service, Stage, Trouble};
use tokio::sync::Semaphore;
use tracing::Instrument as _;
use tracing::field::Empty;

pub use reader::{LIMITS, Readers, Reading, VERB, become_reader};

/// The service. The program that runs it has to know [`VERB`].
pub fn service() -> Service {
    Service::new("parse", async |stage: Stage| {
        let readers = Readers::new().context("finding this program")?;
        stage.work(move |stage, submitted| parse(stage, readers.clone(), submitted)).await
    })
}

/// Originals in memory at once, in KB; a reader needs a few times the size of what it reads.
const MEMORY_KB: u32 = 64 << 10;
static MEMORY: Semaphore = Semaphore::const_new(MEMORY_KB as usize);

async fn parse(stage: Stage, readers: Readers, submitted: ReportSubmitted) -> Handled<ReportParsed> {
    if let Some(withdrawal) = submitted.withdraws.clone() {
        return Ok(taken_back(submitted, withdrawal).into());
    }
    let original = submitted.original.clone().unwrap_or_default();
    let size_kb = u32::try_from(original.size_bytes >> 10).unwrap_or(u32::MAX);
    let _held = MEMORY.acquire_many(size_kb.clamp(1, MEMORY_KB)).await?;
    let bytes = match stage.originals().get(&original.sha256).await {
        Ok(bytes) => bytes,
        Err(error @ (NotGot::Missing(_) | NotGot::Corrupt(_))) => return Err(lost(&error).into()),
        Err(error) => return Err(error.into()),
    };
    let Reading { report, text, .. } = read(&readers, &bytes, &submitted.file_name).await?;
    let stored = stage.originals().put(text.as_bytes(), TEXT_BYTES).await?;
    let text = Blob { sha256: stored.sha256, size_bytes: stored.size_bytes, media_type: "text/plain".into() };
    let parsed = ReportParsed {
        submitted: Some(submitted),
        report: Some(report),
        text: Some(text),
        reader_version: reading::VERSION.into(),
    };
    Ok(parsed.into())
}

/// The act of taking a report back says what it is about; there is nothing to read.
fn taken_back(submitted: ReportSubmitted, withdrawal: Withdrawal) -> ReportParsed {
    let Withdrawal { title, agency, year, region, .. } = withdrawal;
    ReportParsed {
        submitted: Some(submitted),
        report: Some(Report { title, agency, year, region, ..Report::default() }),
        text: None,
        reader_version: reading::VERSION.into(),
    }
}

/// The plain text of a file is never larger than three times the largest file: GB18030 packs three
/// bytes of UTF-8 into two, and an escape in HTML is longer than its character.
const TEXT_BYTES: u64 = 3 * document::limits::BYTES as u64;

/// Reads under a span that tells what the reader took.
async fn read(readers: &Readers, bytes: &[u8], file_name: &str) -> Result<Reading, Trouble> {
    let span = tracing::info_span!("read", size_bytes = bytes.len(), cpu_ms = Empty, peak_bytes = Empty);
    let reading = readers.read(bytes, file_name).instrument(span.clone()).await?;
    span.record("cpu_ms", reading.cpu.as_secs_f64() * 1000.0);
    span.record("peak_bytes", reading.peak_bytes);
    Ok(reading)
}

/// What was acknowledged is not there any more: an operator has to look, trying again does not help.
fn lost(error: &NotGot) -> Refusal {
    Refusal::new(
        RefusalClass::OriginalLost,
        "原件在存储中丢失或损坏，报告未能处理，请联系运维人员。",
        error.to_string(),
    )
}
