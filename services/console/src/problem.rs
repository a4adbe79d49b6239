//! What went wrong, as an RFC 9457 problem document: Chinese for whoever asked, with a stable English
//! code for programs.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// A request that has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    /// Stable, e.g. `bad-filter`.
    pub(crate) code: &'static str,
    pub(crate) title: &'static str,
    pub(crate) detail: String,
    /// The parameter at fault, if it is one.
    pub(crate) field: Option<String>,
    /// What to do.
    pub(crate) hint: Option<&'static str>,
}

impl Problem {
    pub(crate) fn not_found(detail: String) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "找不到", detail)
    }

    pub(crate) fn no_such_report(id: &str) -> Self {
        let problem = Self::not_found(format!("没有编号为“{id}”的报告。"));
        problem.hint("编号是检索结果里的 key 或 id；刚提交的报告要等入库后才能看到。")
    }

    pub(crate) fn bad_parameter(field: &str, detail: String) -> Self {
        let problem = Self::new(StatusCode::BAD_REQUEST, "bad-parameter", "参数无法识别", detail);
        Self { field: Some(field.to_owned()), ..problem }
    }

    pub(crate) fn method_not_allowed() -> Self {
        let detail = "这个地址不支持这种请求方法。".to_owned();
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "方法不允许", detail)
    }

    pub(crate) fn too_many_listeners() -> Self {
        let detail = "同时收看实时状态的人太多。".to_owned();
        let problem =
            Self::new(StatusCode::SERVICE_UNAVAILABLE, "too-many-listeners", "暂时无法提供", detail);
        problem.hint("请稍后再试，或直接查询 /api/v1/status。")
    }

    /// The log does not answer; logged here.
    pub(crate) fn bus(error: &anyhow::Error) -> Self {
        tracing::warn!("asking the bus: {error:#}");
        let detail = "消息总线暂时没有应答。".to_owned();
        let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, "bus-unavailable", "暂时无法提供", detail);
        problem.hint("请稍后再试；检索和已入库的报告不受影响。")
    }

    /// Our own fault; logged here, and not told.
    pub(crate) fn internal(error: &anyhow::Error) -> Self {
        tracing::error!("answering a request: {error:#}");
        let detail = "系统内部错误，已记入日志。".to_owned();
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "系统内部错误", detail)
    }

    pub(crate) fn hint(self, hint: &'static str) -> Self {
        Self { hint: Some(hint), ..self }
    }

    fn new(status: StatusCode, code: &'static str, title: &'static str, detail: String) -> Self {
        Self { status, code, title, detail, field: None, hint: None }
    }
}

impl From<search::Error> for Problem {
    fn from(error: search::Error) -> Self {
        match error {
            search::Error::BadCursor(cursor) => {
                let problem = Self::bad_parameter("cursor", format!("“{cursor}”不是这次检索的翻页标记。"));
                problem.hint("翻页标记只能和同样的检索条件、同样的排序一起用；请从第一页重新开始。")
            }
            error @ (search::Error::Absent { .. } | search::Error::NeedsRebuild { .. }) => {
                tracing::warn!("answering a request: {error}");
                let detail = "检索库尚未建成，或正在重建。".to_owned();
                let problem =
                    Self::new(StatusCode::SERVICE_UNAVAILABLE, "index-unavailable", "暂时无法检索", detail);
                problem.hint("请稍后再试；报送不受影响，已报送的报告不会丢失。")
            }
            error => Self::internal(&error.into()),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = json!({
            "type": format!("urn:gouji:problem:{}", self.code),
            "title": self.title,
            "status": self.status.as_u16(),
            "detail": self.detail,
            "code": self.code,
            "field": self.field,
            "hint": self.hint,
        });
        let media_type = HeaderValue::from_static("application/problem+json");
        let mut response =
            (self.status, [(header::CONTENT_TYPE, media_type)], body.to_string()).into_response();
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        }
        response
    }
}
