//! `POST /api/v1/reports`: one file, several, or an archive.

use axum::Json;
use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use futures::TryStreamExt;
use serde::Deserialize;
use stage::Stage;
use tokio_util::io::StreamReader;

use crate::accept::Accepting;
use crate::problem::Problem;

/// Reports between ingest and the index above which nothing more is taken in.
const HIGH_WATER: u64 = 20_000;

pub(crate) fn router(stage: Stage) -> Router {
    // Sizes are limited file by file while they are stored.
    Router::new().route("/api/v1/reports", post(submit)).layer(DefaultBodyLimit::disable()).with_state(stage)
}

#[derive(Debug, Deserialize)]
struct Named {
    /// Name of the file where the body is the file itself.
    file_name: Option<String>,
    /// Whether files that were sent before count as sent anew.
    #[serde(default)]
    again: bool,
}

async fn submit(
    State(stage): State<Stage>,
    Query(named): Query<Named>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Problem> {
    admit(&stage).await?;
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok()).map(str::to_owned);
    let mut accepting = Accepting::new(stage, "http").again(named.again);
    let is_form = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("multipart/form-data"));
    if is_form {
        take_form(&mut accepting, request).await?;
    } else {
        let name = named.file_name.unwrap_or_else(|| "upload".into());
        take_body(&mut accepting, &name, request.into_body()).await?;
    }
    let receipt = accepting.finish(key.as_deref()).await.map_err(|error| Problem::ours(&error))?;
    if receipt.reports.is_empty() {
        return Err(nothing_taken(&receipt.refused));
    }
    Ok((StatusCode::ACCEPTED, Json(receipt)).into_response())
}

/// Turns senders away while the pipeline is behind; what was told to come back later is not lost.
async fn admit(stage: &Stage) -> Result<(), Problem> {
    let lag = stage.lag().await.map_err(|error| Problem::ours(&error))?;
    let behind: u64 = lag.iter().map(|lag| lag.waiting + lag.in_flight).sum();
    if behind <= HIGH_WATER {
        return Ok(());
    }
    let detail = format!("还有 {behind} 份报告正在处理，暂停接收。");
    Err(Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "busy",
        detail,
        "请按 Retry-After 指示的秒数后重新报送。",
    )
    .retry_after(30))
}

async fn take_form(accepting: &mut Accepting, request: Request) -> Result<(), Problem> {
    let bad = |detail: String| {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "bad-form",
            detail,
            "请以 multipart/form-data 上传，文件放在 file 字段。",
        )
    };
    let mut form = Multipart::from_request(request, &()).await.map_err(|error| bad(error.body_text()))?;
    while let Some(field) = form.next_field().await.map_err(|error| bad(error.body_text()))? {
        let Some(name) = field.file_name().map(str::to_owned) else { continue };
        let source = StreamReader::new(field.map_err(std::io::Error::other));
        accepting.take(&name, Box::pin(source)).await.map_err(|error| not_taken(&error))?;
    }
    Ok(())
}

async fn take_body(accepting: &mut Accepting, name: &str, body: Body) -> Result<(), Problem> {
    let source = StreamReader::new(body.into_data_stream().map_err(std::io::Error::other));
    accepting.take(name, Box::pin(source)).await.map_err(|error| not_taken(&error))
}

/// An upload that broke off is the sender's or the network's; anything else is ours.
fn not_taken(error: &anyhow::Error) -> Problem {
    let broke_off = error.chain().any(|cause| cause.to_string() == "upload broke off")
        || matches!(error.downcast_ref(), Some(stage::NotStored::Source(_)));
    if broke_off {
        return Problem::new(
            StatusCode::BAD_REQUEST,
            "broken-upload",
            "上传中断，文件没有被接收。",
            "请重新报送。",
        );
    }
    Problem::ours(error)
}

fn nothing_taken(refused: &[crate::accept::NotTaken]) -> Problem {
    let Some(first) = refused.first() else {
        return Problem::new(
            StatusCode::BAD_REQUEST,
            "no-file",
            "请求中没有文件。",
            "请在 file 字段中附上报告文件，或把文件作为请求正文。",
        );
    };
    let status = match first.class.as_str() {
        "too-large" | "archive-limit" => StatusCode::PAYLOAD_TOO_LARGE,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    Problem::new(status, &first.class, first.message.clone(), "请更正后重新报送。")
        .field(first.file_name.clone())
}
