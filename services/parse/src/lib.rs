//! `ReportSubmitted` to `ReportParsed`: fetches the original, reads it, stores its plain text.

use document::{Limits, ReadError};
use proto::v1::{Blob, ReportParsed, ReportSubmitted};
use stage::{Handled, NotGot, Refusal, Service, Stage};
use tokio::sync::Semaphore;

/// The service.
pub fn service() -> Service {
    Service::new("parse", async |stage: Stage| stage.work(parse).await)
}

/// Originals in memory at once, in KB; a reader needs a few times the size of what it reads.
const MEMORY_KB: u32 = 64 << 10;
static MEMORY: Semaphore = Semaphore::const_new(MEMORY_KB as usize);

async fn parse(stage: Stage, submitted: ReportSubmitted) -> Handled<ReportParsed> {
    let original = submitted.original.clone().unwrap_or_default();
    let size_kb = u32::try_from(original.size_bytes >> 10).unwrap_or(u32::MAX);
    let _held = MEMORY.acquire_many(size_kb.clamp(1, MEMORY_KB)).await?;
    let bytes = match stage.originals().get(&original.sha256).await {
        Ok(bytes) => bytes,
        Err(error @ (NotGot::Missing(_) | NotGot::Corrupt(_))) => return Err(lost(&error).into()),
        Err(error) => return Err(error.into()),
    };
    let file_name = submitted.file_name.clone();
    let read = stage.cpu(move || read(&bytes, &file_name)).await?;
    let (report, text) = read.map_err(|error| refusal(&error))?;
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

/// The plain text of a file is never larger than three times the largest file: GB18030 packs three
/// bytes of UTF-8 into two, and an escape in HTML is longer than its character.
const TEXT_BYTES: u64 = 3 * document::limits::BYTES as u64;

fn read(bytes: &[u8], file_name: &str) -> Result<(proto::v1::Report, String), ReadError> {
    let document = document::read(bytes, &Limits::default())?;
    let report = reading::read(&document, Some(file_name));
    Ok(((&report).into(), document::plain_text(&document)))
}

fn refusal(error: &ReadError) -> Refusal {
    Refusal::new(error.class(), error.message(), error.to_string())
}

/// What was acknowledged is not there any more: an operator has to look, trying again does not help.
fn lost(error: &NotGot) -> Refusal {
    Refusal::new("original-lost", "原件在存储中丢失或损坏，报告未能处理，请联系运维人员。", error.to_string())
}
