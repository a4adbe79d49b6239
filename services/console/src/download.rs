//! Files that a browser saves: originals as they were submitted, letters and workbooks.

use access::Caller;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proto::v1::ReportSubmitted;
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::params::{Id, percent_encode};
use crate::problem::Problem;
use crate::report_lookup;

/// The media type of a workbook.
pub(crate) const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
/// The media type of a Word document.
pub(crate) const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

/// `GET /api/v1/reports/{id}/source`: the original, byte for byte. It is sent as a download and sandboxed: a
/// page that somebody submitted must not run under the origin of our pages.
pub(crate) async fn source(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<Response, Problem> {
    let original = find_original(&app, &caller, &id).await?;
    let original = original.ok_or_else(|| Problem::no_such_report(&id))?;
    let bytes = bytes_of(&app, &original, &id).await?;
    let Original { sha256, file_name } = original;
    let media_type = document::sniff(&bytes).media_type();
    let mut response = download(Body::from(bytes), media_type, &file_name);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox; default-src 'none'"));
    // The name of an original is the hash of its bytes, so the bytes at this address never change.
    Ok(access::with_tag(response, &sha256))
}

/// A file as it was sent.
pub(crate) struct Original {
    pub(crate) sha256: String,
    pub(crate) file_name: String,
}

/// The bytes of an original; `id` names it in a problem.
pub(crate) async fn bytes_of(app: &App, original: &Original, id: &str) -> Result<Vec<u8>, Problem> {
    let bytes = app.blobs().get(&original.sha256).await.map_err(|error| match error {
        blobs::GetError::Missing(_) => Problem::not_found(format!("报告“{id}”的原件已不在库中。")),
        error => Problem::internal(&error.into()),
    })?;
    Ok(bytes.into())
}

/// The original of a version. That of a report that was never parsed comes from the log.
pub(crate) async fn find_original(app: &App, caller: &Caller, id: &str) -> Result<Option<Original>, Problem> {
    if let Some(loaded) = report_lookup::find(app, caller, id).await? {
        let version = loaded.report.version;
        return Ok(Some(Original { sha256: version.original, file_name: version.file_name }));
    }
    let submitted =
        app.bus().last_of_id::<ReportSubmitted>(id).await.map_err(|error| Problem::bus(&error))?;
    let submitted = submitted.filter(|submitted| caller.may_follow(submitted));
    Ok(submitted.and_then(|submitted| {
        Some(Original { sha256: submitted.original?.sha256, file_name: submitted.file_name })
    }))
}

/// A page with a style sheet of its own and nothing else, such as a letter: it is laid out for paper, and saved or
/// sent on as one file.
pub(crate) fn standalone_page(html: String, style: &str) -> Response {
    let hash = STANDARD.encode(Sha256::digest(style));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; img-src 'self'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    );
    let mut response = access::tagged("text/html; charset=utf-8", html);
    let policy = HeaderValue::try_from(policy).expect("a policy is printable ASCII");
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

/// A response that a browser saves under the base name of `file_name`.
pub(crate) fn download(body: impl IntoResponse, media_type: &'static str, file_name: &str) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    let disposition =
        HeaderValue::try_from(content_disposition(file_name)).expect("a disposition is printable ASCII");
    headers.insert(header::CONTENT_DISPOSITION, disposition);
    response
}

/// The name of the file: in ASCII for old browsers, and in full for the others (RFC 6266).
fn content_disposition(file_name: &str) -> String {
    let name = base_name(file_name);
    let name = if name.is_empty() { "report" } else { name };
    let ascii = |char: char| if char.is_ascii_alphanumeric() || "-._".contains(char) { char } else { '_' };
    let plain: String = name.chars().map(ascii).collect();
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{}", percent_encode(name))
}

/// The name of a file without its folders.
pub(crate) fn base_name(file_name: &str) -> &str {
    file_name.rsplit(['/', '\\']).next().unwrap_or_default()
}

/// The parameter `format` names no format that the endpoint has.
pub(crate) fn bad_format(format: &str, hint: &'static str) -> Problem {
    Problem::bad_parameter("format", format!("没有格式“{format}”。")).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_browser_gets_a_file_name() {
        let check = |name: &str, expected: &str| {
            assert_eq!(content_disposition(name), format!("attachment; {expected}"))
        };
        check("a.html", "filename=\"a.html\"; filename*=UTF-8''a.html");
        check("报告 1.txt", "filename=\"___1.txt\"; filename*=UTF-8''%E6%8A%A5%E5%91%8A%201.txt");
        check("z/../\\a\"\r\nb.doc", "filename=\"a___b.doc\"; filename*=UTF-8''a%22%0D%0Ab.doc");
        check("", "filename=\"report\"; filename*=UTF-8''report");
    }
}
