//! What went wrong, as an RFC 9457 problem document: Chinese for whoever asked, with a stable English
//! code for programs.

use axum::extract::rejection::JsonRejection;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::Code;

/// A request that is not answered as it was asked. Its response carries it as an extension, so that a
/// service may draw it as a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The status of the answer.
    pub status: StatusCode,
    /// Stable; the type of the document is `urn:gouji:problem:<code>`.
    pub code: Code,
    /// What kind of trouble it is, Chinese.
    pub title: &'static str,
    /// What is wrong with this request, Chinese.
    pub detail: String,
    /// The parameter, field or file at fault, if it is one.
    pub field: Option<String>,
    /// What to do, Chinese.
    pub hint: Option<&'static str>,
    /// Seconds after which it is worth trying again.
    pub retry_after: Option<u32>,
    /// Who is asked for a key, where none came.
    pub challenge: Option<Challenge>,
}

/// Whom a door asks who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Challenge {
    /// A browser shows people a prompt for a user and a password, where a page says so.
    People,
    /// A program puts its key into the header.
    Programs,
}

impl Challenge {
    fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::People => "Basic realm=\"gouji\", charset=\"UTF-8\"",
            Self::Programs => "Bearer realm=\"gouji\"",
        })
    }
}

impl Problem {
    /// A problem with the status of its code and the title of that status.
    pub fn new(code: Code, detail: impl Into<String>, hint: &'static str) -> Self {
        Self { hint: Some(hint), ..Self::without_hint(code, detail) }
    }

    /// There is nothing at this address.
    pub fn not_found(detail: String) -> Self {
        Self::without_hint(Code::NotFound, detail)
    }

    /// There is no report with this key or id, or none that the asker may see.
    pub fn no_such_report(id: &str) -> Self {
        let problem = Self::not_found(format!("没有编号为“{id}”的报告。"));
        problem.hint("编号是检索结果里的 key 或 id；刚提交的报告要等入库后才能看到。")
    }

    /// A parameter says nothing that could be understood.
    pub fn bad_parameter(field: &str, detail: String) -> Self {
        let problem = Self::without_hint(Code::BadParameter, detail);
        Self { field: Some(field.to_owned()), title: "参数无法识别", ..problem }
    }

    /// The JSON of a request says nothing that could be understood.
    pub fn bad_json(rejection: &JsonRejection) -> Self {
        let problem = Self::without_hint(Code::BadJson, format!("请求正文无法识别：{rejection}。"));
        let problem = problem.status(rejection.status());
        problem.hint("请以 application/json 发送，字段见 /openapi.json。")
    }

    /// The address is right and the method is not.
    pub fn method_not_allowed() -> Self {
        let detail = "这个地址不支持这种请求方法。".to_owned();
        Self::without_hint(Code::MethodNotAllowed, detail)
    }

    /// The log does not answer; logged here.
    pub fn bus(error: &anyhow::Error) -> Self {
        tracing::warn!("asking the bus: {error:#}");
        let detail = "消息总线暂时没有应答。";
        let hint = "请稍后再试；检索和已入库的报告不受影响。";
        Self::new(Code::BusUnavailable, detail, hint).retry_after(5)
    }

    /// Nothing was taken in, and that is our fault; logged here, and not told.
    pub fn unavailable(error: &anyhow::Error) -> Self {
        tracing::error!("request failed: {error:#}");
        let detail = "系统暂时无法接收，文件没有被接收。";
        Self::new(Code::Unavailable, detail, "请稍后重新报送。").retry_after(10)
    }

    /// What became of reports cannot be told just now, and that is our fault; logged here, and not told.
    pub fn unanswered(error: &anyhow::Error) -> Self {
        tracing::error!("request failed: {error:#}");
        let detail = "系统暂时无法查询，已接收的文件不受影响。";
        Self::new(Code::Unavailable, detail, "请稍后再查。").retry_after(5)
    }

    /// Our own fault; logged here, and not told.
    pub fn internal(error: &anyhow::Error) -> Self {
        tracing::error!("answering a request: {error:#}");
        let detail = "系统内部错误，已记入日志。".to_owned();
        Self::without_hint(Code::Internal, detail)
    }

    /// The same with what to do.
    #[must_use]
    pub fn hint(self, hint: &'static str) -> Self {
        Self { hint: Some(hint), ..self }
    }

    /// The same at a parameter, field or file.
    #[must_use]
    pub fn field(self, field: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..self }
    }

    /// The same, worth trying again after so many seconds.
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        Self { retry_after: Some(u32::try_from(seconds).unwrap_or(u32::MAX)), ..self }
    }

    fn without_hint(code: Code, detail: impl Into<String>) -> Self {
        Self {
            status: code.status(),
            code,
            title: title(code.status()),
            detail: detail.into(),
            field: None,
            hint: None,
            retry_after: None,
            challenge: None,
        }
    }

    /// The same with another status than the usual one of its code.
    fn status(self, status: StatusCode) -> Self {
        Self { status, title: title(status), ..self }
    }
}

/// What a status is called.
fn title(status: StatusCode) -> &'static str {
    TITLES.iter().find(|(known, _)| *known == status.as_u16()).map_or("请求有误", |(_, title)| title)
}

/// What each status is called.
const TITLES: [(u16, &str); 12] = [
    (400, "请求有误"),
    (401, "需要密钥"),
    (403, "无权进行"),
    (404, "找不到"),
    (405, "方法不允许"),
    (408, "等待超时"),
    (413, "内容过大"),
    (414, "地址过长"),
    (422, "无法处理"),
    (429, "请求过于频繁"),
    (500, "系统内部错误"),
    (503, "暂时无法提供"),
];

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = json!({
            "type": format!("urn:gouji:problem:{}", self.code),
            "title": self.title,
            "status": self.status.as_u16(),
            "detail": self.detail,
            "code": self.code.name(),
            "field": self.field,
            "hint": self.hint,
        });
        let media_type = HeaderValue::from_static("application/problem+json");
        let mut response =
            (self.status, [(header::CONTENT_TYPE, media_type)], body.to_string()).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if let Some(challenge) = self.challenge {
            headers.insert(header::WWW_AUTHENTICATE, challenge.header());
        }
        response.extensions_mut().insert(self);
        response
    }
}
