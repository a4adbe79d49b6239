//! Errors as problem documents (RFC 9457): what, where and what to do.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// An error as the sender sees it.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    /// Stable code, e.g. `too-large`.
    pub(crate) code: String,
    /// Chinese.
    pub(crate) detail: String,
    /// The field or file that is wrong.
    pub(crate) field: Option<String>,
    /// What to do, Chinese.
    pub(crate) hint: &'static str,
    /// Seconds after which it is worth trying again.
    pub(crate) retry_after: Option<u64>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &str, detail: impl Into<String>, hint: &'static str) -> Self {
        Self { status, code: code.to_owned(), detail: detail.into(), field: None, hint, retry_after: None }
    }

    pub(crate) fn field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// Our own failure: the cause goes to the log, the sender is asked to try again.
    pub(crate) fn ours(error: &anyhow::Error) -> Self {
        tracing::error!("request failed: {error:#}");
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "系统暂时无法接收，文件没有被接收。",
            "请稍后重新报送。",
        )
        .retry_after(10)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = json!({
            "type": "about:blank",
            "title": self.status.canonical_reason(),
            "status": self.status.as_u16(),
            "detail": self.detail,
            "code": self.code,
            "field": self.field,
            "hint": self.hint,
        });
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}
