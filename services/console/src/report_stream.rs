//! `GET /api/v1/kept`: every report as it stands in the index, for whoever judges all of them anew.

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use proto::Message as _;
use proto::v1::ReportKept;
use report::Report;
use search::{Entry, IndexError, Query, Reader, StoredParts};
use serde_json::Value;
use tokio::sync::mpsc;

use crate::App;
use crate::params::Params;
use crate::problem::Problem;
use crate::search_api::understood;

/// Reports under way to a reader that is slower than the index.
const AHEAD: usize = 64;

/// Streams what the filters find, each message with its length before it as a varint.
pub(crate) async fn kept(State(app): State<App>, params: Params) -> Result<Response, Problem> {
    let query = understood(&params)?;
    let (sender, receiver) = mpsc::channel::<Result<Bytes, IndexError>>(AHEAD);
    app.read_on(move |reader| {
        let told = send_each(reader, &query, &sender);
        if let Err(error) = told {
            tracing::error!("reading the index: {error}");
            // The body breaks off, so that nobody takes the half for the whole.
            let _ = sender.blocking_send(Err(error));
        }
    })
    .await?;
    let stream =
        futures::stream::unfold(receiver, async |mut receiver| Some((receiver.recv().await?, receiver)));
    Ok(([(header::CONTENT_TYPE, "application/x-protobuf")], Body::from_stream(stream)).into_response())
}

fn send_each(
    reader: &Reader,
    query: &Query,
    sender: &mpsc::Sender<Result<Bytes, IndexError>>,
) -> Result<(), IndexError> {
    let mut failed = None;
    reader.each(query, |parts| match message(reader, &parts) {
        Ok(message) => sender.blocking_send(Ok(message.encode_length_delimited_to_vec().into())).is_ok(),
        Err(error) => {
            failed = Some(error);
            false
        }
    })?;
    failed.map_or(Ok(()), Err)
}

/// A report of the index with that of the year before.
pub(crate) fn message(reader: &Reader, parts: &StoredParts) -> Result<ReportKept, IndexError> {
    let validated = parts.fact()?;
    let report = validated.report.as_ref().and_then(|report| Report::try_from(report).ok());
    let last_year = match report.and_then(|report| Entry::key_of_neighbour(&report, -1)) {
        Some(key) => reader.parts(&key)?,
        None => None,
    };
    let last_year = last_year.and_then(|parts| parts.fact().ok()?.report);
    // A report that another version of the program wrote has no findings that can be listed.
    let findings: Value = match parts.review() {
        Ok(review) => review.findings.iter().map(report::json::finding).collect(),
        Err(_) => Value::Null,
    };
    Ok(ReportKept { validated: Some(validated), last_year, findings: findings.to_string() })
}
