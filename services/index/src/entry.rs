//! Turns a validated report into an entry of the index, and what became of the entry into a fact.

use std::io;

use blobs::{Blobs, GetError};
use bytes::Bytes;
use futures::StreamExt;
use proto::v1::{self, IndexOutcome, ReportIndexed, ReportValidated};
use search::{Applied, Entry};
use worker::{HandlerError, Refusal};

/// So much of a text can be searched, in bytes: a hundred times the text of an annual report. The engine
/// takes sixty times a text's size to write it.
const SEARCHABLE_BYTES: usize = 2 << 20;

/// Texts fetched at once.
const FETCHES: usize = 16;

/// The entries of these facts, in the order of the facts.
pub(crate) async fn entries(blobs: &Blobs, facts: &[ReportValidated]) -> Vec<Result<Entry, HandlerError>> {
    let stored: Vec<Option<String>> = facts.iter().map(stored_text).collect();
    let fetch = |sha256: Option<String>| async move {
        match sha256 {
            Some(sha256) => Ok::<_, GetError>(Some(blobs.get(&sha256).await?)),
            None => Ok(None),
        }
    };
    let fetched: Vec<_> = futures::stream::iter(stored).map(fetch).buffered(FETCHES).collect().await;
    facts.iter().zip(fetched).map(|(fact, fetched)| entry(fact, fetched?)).collect()
}

/// The SHA-256 of the text of a fact, if the text is a blob and does not travel in the fact.
fn stored_text(fact: &ReportValidated) -> Option<String> {
    let text = fact.text.as_ref().filter(|_| fact.text_zstd.is_empty());
    text.map(|text| text.sha256.clone())
}

fn entry(fact: &ReportValidated, fetched: Option<Bytes>) -> Result<Entry, HandlerError> {
    let text = match fetched {
        Some(text) => String::from_utf8_lossy(text.get(..SEARCHABLE_BYTES).unwrap_or(&text)).into_owned(),
        None if fact.text_zstd.is_empty() => String::new(),
        None => {
            let text = blobs::unpack_text(&fact.text_zstd).and_then(|text| {
                String::from_utf8(text).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
            });
            text.map_err(|error| Refusal::undecodable(format!("the text of the report: {error}")))?
        }
    };
    Ok(Entry::of(fact, text).map_err(|error| Refusal::undecodable(error.to_string()))?)
}

/// The fact that a report can be found under `key`.
pub(crate) fn indexed(fact: ReportValidated, key: String, applied: Applied) -> ReportIndexed {
    let report = fact.report.unwrap_or_default();
    let outcome = if applied.is_current() { IndexOutcome::Current } else { IndexOutcome::Superseded };
    ReportIndexed {
        submitted: fact.submitted,
        report: key,
        outcome: v1::IndexOutcome::into(outcome),
        agency: report.agency,
        year: report.year,
        region: report.region,
        verdict: fact.verdict,
    }
}
