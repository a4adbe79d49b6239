//! Files that a browser saves: originals as they were sent, letters and workbooks.

use access::Caller;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use proto::v1::ReportSubmitted;
use serde_json::Value;

use crate::App;
use crate::params::{Id, encode};
use crate::problem::Problem;
use crate::report_lookup::load;

/// The bytes as they were sent. Whatever they are, they are never shown under our name: a page that
/// somebody sent must not run where our pages run.
pub(crate) async fn source(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<Response, Problem> {
    let (sha256, name) = original(&app, &caller, &id).await?.ok_or_else(|| Problem::no_such_report(&id))?;
    let bytes = app.blobs().get(&sha256).await.map_err(|error| match error {
        blobs::GetError::Missing(_) => Problem::not_found(format!("报告“{id}”的原件已不在库中。")),
        error => Problem::internal(&error.into()),
    })?;
    let media_type = document::sniff(&bytes).media_type();
    let mut response = Body::from(bytes).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    let disposition = HeaderValue::try_from(disposition(&name)).expect("a disposition is printable ASCII");
    headers.insert(header::CONTENT_DISPOSITION, disposition);
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox; default-src 'none'"));
    // The name of an original is its hash: what stands here can never be something else.
    let etag = HeaderValue::try_from(format!("\"{sha256}\"")).expect("a hash is hex");
    headers.insert(header::ETAG, etag);
    Ok(response)
}

/// The hash and the file name of a version's original; of one that was never read, from the log.
async fn original(app: &App, caller: &Caller, id: &str) -> Result<Option<(String, String)>, Problem> {
    if let Some(loaded) = load(app, caller, id).await? {
        return Ok(Some((loaded.field("original").to_owned(), loaded.field("file_name").to_owned())));
    }
    let submitted =
        app.bus().last_of_id::<ReportSubmitted>(id).await.map_err(|error| Problem::bus(&error))?;
    let submitted = submitted.filter(|submitted| caller.may_follow(submitted));
    Ok(submitted.and_then(|submitted| Some((submitted.original?.sha256, submitted.file_name))))
}

pub(crate) fn bad_format(format: &str, hint: &'static str) -> Problem {
    Problem::bad_parameter("format", format!("没有格式“{format}”。")).hint(hint)
}

/// An answer that a browser saves under this name.
pub(crate) fn download(bytes: Vec<u8>, media_type: &'static str, name: &str) -> Response {
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    let disposition = HeaderValue::try_from(disposition(name)).expect("a disposition is printable ASCII");
    headers.insert(header::CONTENT_DISPOSITION, disposition);
    response
}

/// The last part of the name as sent, in ASCII for old browsers and whole for the others (RFC 6266).
pub(crate) fn disposition(name: &str) -> String {
    let name = last_part(name);
    let name = if name.is_empty() { "report" } else { name };
    let plain = |char: char| if char.is_ascii_alphanumeric() || "-._".contains(char) { char } else { '_' };
    let ascii: String = name.chars().map(plain).collect();
    format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{}", encode(name))
}

/// The last part of a version's file name.
pub(crate) fn base_name(record: &Value) -> &str {
    let name = record["file_name"].as_str().unwrap_or_default();
    last_part(name)
}

/// The name of a file without the folders before it.
pub(crate) fn last_part(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_is_told_to_every_browser() {
        let check =
            |name: &str, expected: &str| assert_eq!(disposition(name), format!("attachment; {expected}"));
        check("a.html", "filename=\"a.html\"; filename*=UTF-8''a.html");
        check("报告 1.txt", "filename=\"___1.txt\"; filename*=UTF-8''%E6%8A%A5%E5%91%8A%201.txt");
        check("z/../\\a\"\r\nb.doc", "filename=\"a___b.doc\"; filename*=UTF-8''a%22%0D%0Ab.doc");
        check("", "filename=\"report\"; filename*=UTF-8''report");
    }
}
