//! `POST /api/v1/reports`: one file, several, or an archive.

use access::{Caller, Code, Problem};
use axum::Json;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::TryStreamExt;
use serde::Deserialize;
use tokio_util::io::StreamReader;

use crate::Ingest;
use crate::accept::{AcceptError, Accepting, Receipt, RefusedFile};
use crate::pace::{Cut, Pace};

/// Files in one form; more go into an archive.
const FORM_FILES: usize = 1_000;
/// Longest Idempotency-Key, in bytes.
const KEY_BYTES: usize = 200;

#[derive(Debug, Deserialize)]
pub(crate) struct Named {
    /// Name of the file where the body is the file itself.
    file_name: Option<String>,
    /// Whether files that were sent before count as sent anew.
    #[serde(default)]
    again: bool,
}

pub(crate) async fn submit(
    State(ingest): State<Ingest>,
    caller: Caller,
    Query(named): Query<Named>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Problem> {
    let limit = ingest.worker().config().upload_mb as u64 * 1_000_000;
    let text = |name: &header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let announced = text(&header::CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(cut_off(Cut::TooLarge(limit)));
    }
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok()).map(str::to_owned);
    if key.as_ref().is_some_and(|key| key.len() > KEY_BYTES) {
        let detail = format!("Idempotency-Key 超过 {KEY_BYTES} 字节。");
        let hint = "请使用较短的标识，例如 UUID。";
        return Err(Problem::new(Code::BadIdempotencyKey, detail, hint));
    }
    let _place = ingest.admission().place().await?;
    ingest.admission().room().await?;
    let mut accepting = Accepting::new(ingest.clone(), caller, "http").again(named.again);
    let is_form = text(&header::CONTENT_TYPE).is_some_and(|value| value.starts_with("multipart/form-data"));
    let pace = Pace::default();
    let taken = if is_form {
        take_form(&mut accepting, request, &pace, limit).await
    } else {
        let name = named.file_name.unwrap_or_else(|| "upload".into());
        take_body(&mut accepting, &name, request.into_body(), &pace, limit).await
    };
    taken.map_err(|problem| pace.cut().map_or(problem, cut_off))?;
    let receipt = accepting.finish(key.as_deref()).await?;
    if receipt.reports.is_empty() {
        return Err(nothing_taken(&receipt));
    }
    Ok((StatusCode::ACCEPTED, Json(receipt)).into_response())
}

async fn take_form(
    accepting: &mut Accepting,
    request: Request,
    pace: &Pace,
    limit: u64,
) -> Result<(), Problem> {
    let bad = |detail: String| {
        let hint = "请以 multipart/form-data 上传，文件放在 file 字段。";
        Problem::new(Code::BadForm, detail, hint)
    };
    let (mut head, body) = request.into_parts();
    head.extensions.insert(DefaultBodyLimit::disable());
    let request = Request::from_parts(head, Body::from_stream(pace.hold(body, limit)));
    let mut form = Multipart::from_request(request, &()).await.map_err(|error| bad(error.body_text()))?;
    let mut files = 0;
    while let Some(field) = form.next_field().await.map_err(|error| bad(error.body_text()))? {
        let Some(name) = field.file_name().map(str::to_owned) else { continue };
        files += 1;
        if files > FORM_FILES {
            let detail = format!("一次上传的文件超过 {FORM_FILES} 个。");
            let hint = "请压缩成 ZIP 文件，或分批报送。";
            return Err(Problem::new(Code::TooManyFiles, detail, hint));
        }
        let used = pace.clone();
        let source = field.map_err(std::io::Error::other).inspect_ok(move |_| used.used());
        accepting.take(&name, Box::pin(StreamReader::new(source))).await.map_err(not_accepted)?;
    }
    Ok(())
}

async fn take_body(
    accepting: &mut Accepting,
    name: &str,
    body: Body,
    pace: &Pace,
    limit: u64,
) -> Result<(), Problem> {
    let used = pace.clone();
    let source = pace.hold(body, limit).inspect_ok(move |_| used.used());
    accepting.take(name, Box::pin(StreamReader::new(source))).await.map_err(not_accepted)
}

fn cut_off(cut: Cut) -> Problem {
    match cut {
        Cut::TooLarge(limit) => Problem::new(
            Code::UploadTooLarge,
            format!("上传内容超过 {} MB 的上限。", limit / 1_000_000),
            "请分批压缩后报送。",
        ),
        Cut::TooSlow => Problem::new(
            Code::UploadTooSlow,
            "上传速度过慢，已中断，文件没有被接收。",
            "请检查网络后重新报送。",
        ),
        Cut::NoForm => Problem::new(
            Code::BadForm,
            "表单中文件以外的内容过多。",
            "请以 multipart/form-data 上传，文件放在 file 字段。",
        ),
    }
}

fn not_accepted(error: AcceptError) -> Problem {
    match error {
        AcceptError::BrokenUpload(_) => {
            Problem::new(Code::BrokenUpload, "上传中断，文件没有被接收。", "请重新报送。")
        }
        AcceptError::System(error) => Problem::unavailable(&error),
    }
}

fn nothing_taken(Receipt { refused, .. }: &Receipt) -> Problem {
    let Some(RefusedFile { file_name, class, message }) = refused.first() else {
        return Problem::new(
            Code::NoFile,
            "请求中没有文件。",
            "请在 file 字段中附上报告文件，或把文件作为请求正文。",
        );
    };
    Problem::new(Code::File(*class), message.clone(), "请更正后重新报送。").field(file_name.clone())
}
