//! `GET /api/v1/kept`: every report as it stands in the index, for whoever judges all of them anew.

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use proto::Message as _;
use proto::v1::{ReportKept, ReportValidated};
use report::Report;
use search::{Entry, Query, Reader, Whole};
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
    let (sender, receiver) = mpsc::channel::<Result<Bytes, search::Error>>(AHEAD);
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
    sender: &mpsc::Sender<Result<Bytes, search::Error>>,
) -> Result<(), search::Error> {
    let mut failed = None;
    reader.each(query, |whole| match message(reader, whole) {
        Ok(message) => sender.blocking_send(Ok(message.encode_length_delimited_to_vec().into())).is_ok(),
        Err(error) => {
            failed = Some(error);
            false
        }
    })?;
    failed.map_or(Ok(()), Err)
}

/// A report of the index with that of the year before.
pub(crate) fn message(reader: &Reader, whole: Whole) -> Result<ReportKept, search::Error> {
    let validated = ReportValidated::decode(&*whole.fact).unwrap_or_default();
    let report = validated.report.as_ref().and_then(|report| Report::try_from(report).ok());
    let last_year = match report.and_then(|report| Entry::key_of_neighbour(&report, -1)) {
        Some(key) => reader.whole(&key)?,
        None => None,
    };
    let last_year = last_year.and_then(|whole| ReportValidated::decode(&*whole.fact).ok()?.report);
    let record: Value = serde_json::from_str(&whole.record).unwrap_or_default();
    Ok(ReportKept { validated: Some(validated), last_year, findings: record["findings"].to_string() })
}
