//! `POST /api/v1/reports`: one file, several, or an archive.

use std::error::Error;

use access::{Caller, Code, Problem};
use axum::Json;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use futures::TryStreamExt;
use tokio_util::io::StreamReader;

use crate::Ingest;
use crate::builder::{AcceptError, Receipt, SubmissionBuilder};
use crate::manifest::RefusedFile;
use crate::upload_body::{Abort, BodyMonitor};

/// Most files in one form; an archive may have more.
const FORM_FILES: usize = 1_000;
/// Longest Idempotency-Key, in bytes.
const KEY_BYTES: usize = 200;

/// The parameters of an upload.
#[derive(Debug, Default, PartialEq, Eq)]
struct Params {
    /// Name of the file if the body is the file itself.
    file_name: Option<String>,
    /// Whether files that were sent before are read again.
    again: bool,
}

impl Params {
    fn parse(query: &str) -> Result<Self, Problem> {
        let mut params = Self::default();
        for (name, value) in access::pairs(query) {
            match (name.as_str(), value.as_str()) {
                ("file_name", _) => params.file_name = Some(value),
                ("again", "true") => params.again = true,
                ("again", "false") => params.again = false,
                _ => {
                    let problem = Problem::bad_parameter(&name, format!("参数“{name}”不能是“{value}”。"));
                    return Err(problem.hint("again 可为 true 或 false。"));
                }
            }
        }
        Ok(params)
    }
}

/// The form of a page without its script sends files here too; its browser is sent on to the receipt.
pub(crate) async fn submit(
    State(ingest): State<Ingest>,
    caller: Caller,
    headers: HeaderMap,
    request: Request,
) -> Response {
    let is_page = is_page(&headers);
    match accept(&ingest, caller, &headers, request).await {
        Ok(receipt) if is_page && receipt.is_empty() => problem_page(&nothing_accepted(&receipt)),
        Ok(receipt) if is_page => receipt_page(&receipt),
        Ok(receipt) => answer(&receipt),
        Err(problem) if is_page => problem_page(&problem),
        Err(problem) => problem.into_response(),
    }
}

/// Whether a browser shows the answer to a person: it asks for HTML, and a program for JSON or anything.
fn is_page(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.split(',').any(|one| one.trim().split(';').next() == Some("text/html"))
}

/// The page of the console that shows what became of a submission.
fn receipt_page(receipt: &Receipt) -> Response {
    Redirect::to(&format!("/send/receipt/{}", receipt.submission)).into_response()
}

/// The receipt with the address of its submission; an upload of which no file was accepted is a problem.
fn answer(receipt: &Receipt) -> Response {
    let mut response = match receipt.reports.is_empty() {
        true => nothing_accepted(receipt).into_response(),
        false => (StatusCode::ACCEPTED, Json(receipt)).into_response(),
    };
    let address = format!("/api/v1/submissions/{}", receipt.submission);
    let address = HeaderValue::try_from(address).expect("an id is printable ASCII");
    response.headers_mut().insert(header::LOCATION, address);
    response
}

/// A problem for a person whose browser runs no script.
fn problem_page(problem: &Problem) -> Response {
    let Problem { status, title, detail, hint, .. } = problem;
    let [title, detail, hint] = [title, detail.as_str(), hint.unwrap_or_default()].map(escaped);
    let page = format!(
        "<!DOCTYPE html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <link rel=\"stylesheet\" href=\"/assets/console.css\"></head>\
         <body><main><section class=\"card fault\"><h1>{title}</h1><p>{detail}</p><p>{hint}</p>\
         <p><a href=\"/send\">回到报送</a></p></section></main></body></html>"
    );
    let mut response = (*status, Html(page)).into_response();
    // Marks the answer as complete: one without a problem is taken for a rejection of the framework.
    response.extensions_mut().insert(problem.clone());
    if let Some(seconds) = problem.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

async fn accept(
    ingest: &Ingest,
    caller: Caller,
    headers: &HeaderMap,
    request: Request,
) -> Result<Receipt, Problem> {
    let params = Params::parse(request.uri().query().unwrap_or_default())?;
    let limit = ingest.worker().config().upload_mb as u64 * 1_000_000;
    let text = |name: &header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let content_length = text(&header::CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
    if content_length.is_some_and(|length| length > limit) {
        return Err(aborted(Abort::TooLarge(limit)));
    }
    let key = idempotency_key(headers)?;
    let _permit = ingest.admission().upload_permit().await?;
    ingest.admission().check_capacity().await?;
    let mut builder = SubmissionBuilder::new(ingest.clone(), caller, "http").again(params.again);
    let is_form = text(&header::CONTENT_TYPE).is_some_and(|value| value.starts_with("multipart/form-data"));
    let monitor = BodyMonitor::default();
    let added = if is_form {
        add_form(&mut builder, request, &monitor, limit).await
    } else {
        let name = params.file_name.unwrap_or_else(|| "upload".into());
        add_body(&mut builder, &name, request.into_body(), &monitor, limit).await
    };
    added.map_err(|problem| monitor.abort().map_or(problem, aborted))?;
    builder.finish(key.as_deref()).await
}

/// The sender's key; a key that is not usable is refused, because a sender relies on it.
fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let is_printable = value.as_bytes().iter().all(|byte| (b' '..=b'~').contains(byte));
    match value.to_str() {
        Ok(key) if is_printable && (1..=KEY_BYTES).contains(&key.len()) => Ok(Some(key.to_owned())),
        _ => {
            let detail = format!("Idempotency-Key 应为 1 至 {KEY_BYTES} 个可打印的 ASCII 字符。");
            Err(Problem::new(Code::BadIdempotencyKey, detail, "请使用简短的标识，例如 UUID。"))
        }
    }
}

async fn add_form(
    builder: &mut SubmissionBuilder,
    request: Request,
    monitor: &BodyMonitor,
    limit: u64,
) -> Result<(), Problem> {
    let (mut head, body) = request.into_parts();
    head.extensions.insert(DefaultBodyLimit::disable());
    let request = Request::from_parts(head, Body::from_stream(monitor.watch(body, limit)));
    let mut form = Multipart::from_request(request, &()).await.map_err(|error| bad_form(&error))?;
    let mut files = 0;
    while let Some(field) = form.next_field().await.map_err(|error| bad_form(&error))? {
        let name = field.file_name().map(str::to_owned);
        // A form of a page in which nobody chose a file has a part without a name.
        let Some(name) = name.filter(|name| !name.is_empty()) else { continue };
        files += 1;
        if files > FORM_FILES {
            let detail = format!("一次上传的文件超过 {FORM_FILES} 个。");
            let hint = "请压缩成 ZIP 文件，或分批报送。";
            return Err(Problem::new(Code::TooManyFiles, detail, hint));
        }
        let monitor = monitor.clone();
        let source = field.map_err(std::io::Error::other).inspect_ok(move |_| monitor.used());
        builder.add(&name, Box::pin(StreamReader::new(source))).await.map_err(not_accepted)?;
    }
    Ok(())
}

async fn add_body(
    builder: &mut SubmissionBuilder,
    name: &str,
    body: Body,
    monitor: &BodyMonitor,
    limit: u64,
) -> Result<(), Problem> {
    let monitor = monitor.clone();
    let source = monitor.watch(body, limit).inspect_ok(move |_| monitor.used());
    builder.add(name, Box::pin(StreamReader::new(source))).await.map_err(not_accepted)
}

fn aborted(abort: Abort) -> Problem {
    match abort {
        Abort::TooLarge(limit) => Problem::new(
            Code::UploadTooLarge,
            format!("上传内容超过 {} MB 的上限。", limit / 1_000_000),
            "请分批压缩后报送。",
        ),
        Abort::TooSlow => Problem::new(
            Code::UploadTooSlow,
            "上传速度过慢，已中断，文件没有被接收。",
            "请检查网络后重新报送。",
        ),
        Abort::NoForm => Problem::new(
            Code::BadForm,
            "表单中文件以外的内容过多。",
            "请以 multipart/form-data 上传，文件放在 file 字段。",
        ),
    }
}

fn bad_form(error: &(dyn Error + 'static)) -> Problem {
    if access::is_broken_encoding(error) {
        return access::broken_encoding();
    }
    let hint = "请以 multipart/form-data 上传，文件放在 file 字段。";
    Problem::new(Code::BadForm, "请求正文不是完整的 multipart/form-data 表单。", hint)
}

fn not_accepted(error: AcceptError) -> Problem {
    match error {
        AcceptError::BrokenUpload(error) if access::is_broken_encoding(&error) => access::broken_encoding(),
        AcceptError::BrokenUpload(_) => {
            Problem::new(Code::BrokenUpload, "上传中断，文件没有被接收。", "请重新报送。")
        }
        AcceptError::System(error) => Problem::unavailable(&error),
    }
}

fn nothing_accepted(Receipt { refused, .. }: &Receipt) -> Problem {
    let Some(RefusedFile { file_name, class, message }) = refused.first() else {
        return Problem::new(
            Code::NoFile,
            "请求中没有文件。",
            "请在 file 字段中附上报告文件，或把文件作为请求正文。",
        );
    };
    Problem::new(Code::File(*class), message.clone(), "请更正后重新报送。").field(file_name.clone())
}
