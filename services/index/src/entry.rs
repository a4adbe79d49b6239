//! Turns a validated report into an entry of the index, and what became of the entry into a fact.

use blobs::Blobs;
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
    let entry = |fact: ReportValidated| async move {
        let text = match &fact.text {
            Some(text) => blobs.get(&text.sha256).await?,
            None => Default::default(),
        };
        let searchable = text.get(..SEARCHABLE_BYTES).unwrap_or(&text);
        entry(&fact, String::from_utf8_lossy(searchable).into_owned())
    };
    futures::stream::iter(facts.iter().cloned().map(entry)).buffered(FETCHES).collect().await
}

fn entry(fact: &ReportValidated, text: String) -> Result<Entry, HandlerError> {
    Ok(Entry::of(fact, text).map_err(|error| Refusal::undecodable(error.to_string()))?)
}

/// The fact that a report can be found under `key`.
pub(crate) fn indexed(fact: &ReportValidated, key: String, applied: Applied) -> ReportIndexed {
    let report = fact.report.clone().unwrap_or_default();
    let outcome = if applied.is_current() { IndexOutcome::Current } else { IndexOutcome::Superseded };
    ReportIndexed {
        submitted: fact.submitted.clone(),
        report: key,
        outcome: v1::IndexOutcome::into(outcome),
        agency: report.agency,
        year: report.year,
        region: report.region,
        verdict: fact.verdict,
    }
}
