//! The file in the body of a request: the body itself with its name in the address, or a form.

use std::error::Error;
use std::time::Duration;

use access::Code;
use axum::body::Body;
use axum::extract::multipart::Field;
use axum::extract::{DefaultBodyLimit, FromRequest as _, Multipart, Request};
use axum::http::{HeaderMap, header};
use futures::StreamExt as _;

use crate::params::Params;
use crate::problem::Problem;

/// The largest file that is checked: the largest that is accepted as a report.
pub(crate) const MAX_BYTES: usize = document::limits::BYTES;
/// The parts of a form have headers beside the file.
const FORM_BYTES: usize = 1 << 20;
/// How long a body may take: 50 MB over a line of 4 Mbit/s.
const BODY_TIMEOUT: Duration = Duration::from_secs(100);
/// The name of a file that came without one.
const UNNAMED: &str = "upload";

/// A file that somebody wants to be checked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Upload {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

impl Upload {
    /// The files of a request; never none.
    ///
    /// # Errors
    /// If the request has no file, more than [`MAX_BYTES`], or does not arrive completely and in time.
    pub(crate) async fn receive(request: Request) -> Result<Vec<Self>, Problem> {
        let (head, body) = request.into_parts();
        let is_form = text(&head.headers, &header::CONTENT_TYPE).starts_with("multipart/form-data");
        let limit = MAX_BYTES + if is_form { FORM_BYTES } else { 0 };
        let length = text(&head.headers, &header::CONTENT_LENGTH).parse::<usize>();
        if length.is_ok_and(|length| length > limit) {
            return Err(too_large());
        }
        let collected = tokio::time::timeout(BODY_TIMEOUT, collect(body, limit)).await;
        let bytes = collected.map_err(|_| too_slow())??;
        let uploads = if is_form {
            of_form(Request::from_parts(head, Body::from(bytes))).await?
        } else {
            let params = Params::parse(head.uri.query().unwrap_or_default());
            let name = params.get("name").unwrap_or(UNNAMED).to_owned();
            if bytes.is_empty() { Vec::new() } else { vec![Self { name, bytes }] }
        };
        if uploads.is_empty() { Err(no_file()) } else { Ok(uploads) }
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

async fn collect(body: Body, limit: usize) -> Result<Vec<u8>, Problem> {
    let mut stream = body.into_data_stream();
    let mut bytes = Vec::new();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|error| broken(&error))?;
        if bytes.len() + chunk.len() > limit {
            return Err(too_large());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

async fn of_form(mut request: Request) -> Result<Vec<Upload>, Problem> {
    // What was collected is within the limit.
    request.extensions_mut().insert(DefaultBodyLimit::disable());
    let mut form = Multipart::from_request(request, &()).await.map_err(|_| bad_form())?;
    let mut uploads = Vec::new();
    while let Some(field) = form.next_field().await.map_err(|_| bad_form())? {
        uploads.extend(of_field(field).await?);
    }
    Ok(uploads)
}

/// The file of one field; none where it has no name, as in a form in which nobody chose a file.
async fn of_field(field: Field<'_>) -> Result<Option<Upload>, Problem> {
    let Some(name) = field.file_name().filter(|name| !name.is_empty()).map(str::to_owned) else {
        return Ok(None);
    };
    let bytes = field.bytes().await.map_err(|_| bad_form())?;
    Ok(Some(Upload { name, bytes: bytes.to_vec() }))
}

fn no_file() -> Problem {
    let hint = "请选择要检查的文件；程序请把文件作为请求正文，或放在表单的 file 字段中。";
    Problem::new(Code::NoFile, "请求中没有文件。", hint)
}

fn too_large() -> Problem {
    let detail = format!("文件超过 {} MB 的上限。", MAX_BYTES / 1_000_000);
    Problem::new(Code::UploadTooLarge, detail, "请去掉图片等附件，或一次检查一份报告。")
}

fn too_slow() -> Problem {
    Problem::new(Code::UploadTooSlow, "上传速度过慢，已中断，没有检查。", "请检查网络后重试。")
}

fn broken(error: &(dyn Error + 'static)) -> Problem {
    if access::is_broken_encoding(error) {
        return access::broken_encoding();
    }
    Problem::new(Code::BrokenUpload, "上传中断，没有检查。", "请重试。")
}

fn bad_form() -> Problem {
    let hint = "请以 multipart/form-data 上传，文件放在 file 字段。";
    Problem::new(Code::BadForm, "请求正文不是完整的 multipart/form-data 表单。", hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn receive(content_type: &str, body: &str) -> Result<Vec<Upload>, Code> {
        let request = Request::post("/api/v1/check?name=a.txt").header(header::CONTENT_TYPE, content_type);
        let request = request.body(Body::from(body.to_owned())).unwrap();
        Upload::receive(request).await.map_err(|problem| problem.code)
    }

    fn upload(name: &str, bytes: &str) -> Upload {
        Upload { name: name.into(), bytes: bytes.into() }
    }

    #[tokio::test]
    async fn a_file_is_the_body_or_a_part_of_a_form() {
        let form = "multipart/form-data; boundary=b";
        let part = |name: &str, text: &str| {
            format!(
                "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n{text}\r\n"
            )
        };
        assert_eq!(receive("text/plain", "字").await, Ok(vec![upload("a.txt", "字")]));
        assert_eq!(receive("", "").await, Err(Code::NoFile));
        let two = [part("b.txt", "一"), part("c.txt", "二"), "--b--\r\n".into()].concat();
        assert_eq!(receive(form, &two).await, Ok(vec![upload("b.txt", "一"), upload("c.txt", "二")]));
        assert_eq!(receive(form, &[part("", ""), "--b--\r\n".into()].concat()).await, Err(Code::NoFile));
        assert_eq!(receive(form, "--b--\r\n").await, Err(Code::NoFile));
        assert_eq!(receive(form, &part("b.txt", "cut off")[..70]).await, Err(Code::BadForm));
        assert_eq!(receive("multipart/form-data", "x").await, Err(Code::BadForm));
    }

    #[tokio::test]
    async fn a_body_over_the_limit_is_not_collected() {
        let check = async |size: usize| collect(Body::from(vec![0; size]), 10).await.map(|bytes| bytes.len());
        assert_eq!(check(10).await, Ok(10));
        assert_eq!(check(11).await.map_err(|problem| problem.code), Err(Code::UploadTooLarge));
    }
}
