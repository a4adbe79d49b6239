//! `GET /api/v1/kept`: streams every indexed report as protobuf, so that a client can validate all of them
//! again with other rules.

use access::Caller;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures::StreamExt as _;
use proto::Message as _;
use proto::v1::ReportKept;
use report::Report;
use search::{Entry, IndexError, Query, Reader, StoredParts};
use tokio::sync::mpsc;

use crate::app::App;
use crate::params::Params;
use crate::problem::Problem;
use crate::{api, search_query};

/// Reports in flight to a client that is slower than the index.
const BUFFER: usize = 64;

/// Streams the reports that the filters find, each message with its length before it as a varint.
pub(crate) async fn stream(
    State(app): State<App>,
    caller: Caller,
    params: Params,
) -> Result<Response, Problem> {
    let query = search_query::restrict_to_scope(search_query::strict(&params)?, &caller)?;
    let (sender, receiver) = mpsc::channel::<Result<Bytes, IndexError>>(BUFFER);
    app.start_reading(move |reader| {
        if let Err(error) = send_each(reader, &query, &sender) {
            tracing::error!("streaming the reports of the index: {error}");
            // An error ends the body early, so that the client knows that it is incomplete.
            let _ = sender.blocking_send(Err(error));
        }
    })
    .await?;
    let stream =
        futures::stream::unfold(receiver, async |mut receiver| Some((receiver.recv().await?, receiver)));
    // The body is asked once more after its end where it is compressed.
    let stream = stream.fuse();
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

/// An indexed report with that of the same agency for the year before.
pub(crate) fn message(reader: &Reader, parts: &StoredParts) -> Result<ReportKept, IndexError> {
    let validated = parts.fact()?;
    let report = validated.report.as_ref().and_then(|report| Report::try_from(report).ok());
    let last_year = match report.and_then(|report| Entry::key_of_neighbour(&report, -1)) {
        Some(key) => reader.parts(&key)?,
        None => None,
    };
    let last_year = last_year.and_then(|parts| parts.fact().ok()?.report);
    let findings = api::stored_findings(parts.review().ok().as_ref());
    Ok(ReportKept { validated: Some(validated), last_year, findings })
}
