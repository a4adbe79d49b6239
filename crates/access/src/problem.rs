//! RFC 9457 problem documents: Chinese texts for people, and a stable code for programs.

use axum::extract::Request;
use axum::extract::rejection::JsonRejection;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::Code;
use crate::encoding::{broken_encoding, is_broken_encoding};

/// Why a request failed. The response carries it as an extension, so that a service can render it as a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The status of the response.
    pub status: StatusCode,
    /// Stable; the type of the document is `urn:gouji:problem:<code>`.
    pub code: Code,
    /// The kind of problem, Chinese.
    pub title: &'static str,
    /// What is wrong with this request, Chinese.
    pub detail: String,
    /// The parameter, field or file at fault, if there is one.
    pub field: Option<String>,
    /// What to do, Chinese.
    pub hint: Option<&'static str>,
    /// Seconds after which a retry may succeed.
    pub retry_after: Option<u32>,
    /// How the client should present a key, if it presented none.
    pub challenge: Option<Challenge>,
}

/// The `WWW-Authenticate` challenge of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Challenge {
    /// For pages: a browser prompts for a user and a password.
    Basic,
    /// For pages where people have accounts: the browser is led to the page of sign-in.
    SignIn,
    /// For pages: the browser is led to the page where the password is changed.
    ChangePassword,
    /// For the API: a program puts its key into the header.
    Bearer,
}

impl Challenge {
    fn header(self) -> Option<HeaderValue> {
        match self {
            Self::Basic => Some(HeaderValue::from_static("Basic realm=\"gouji\", charset=\"UTF-8\"")),
            Self::Bearer => Some(HeaderValue::from_static("Bearer realm=\"gouji\"")),
            Self::SignIn | Self::ChangePassword => None,
        }
    }
}

impl Problem {
    /// A problem with the status of its code and the title of that status.
    pub fn new(code: Code, detail: impl Into<String>, hint: &'static str) -> Self {
        Self { hint: Some(hint), ..Self::without_hint(code, detail) }
    }

    /// There is nothing at this URL.
    pub fn not_found(detail: String) -> Self {
        Self::without_hint(Code::NotFound, detail)
    }

    /// There is no report with this key or id, or none that the caller may see.
    pub fn no_such_report(id: &str) -> Self {
        let problem = Self::not_found(format!("没有编号为“{id}”的报告。"));
        problem.hint("编号是检索结果里的 key 或 id；刚报送的报告要等入库后才能看到。")
    }

    /// A parameter cannot be parsed.
    pub fn bad_parameter(field: &str, detail: String) -> Self {
        let problem = Self::without_hint(Code::BadParameter, detail);
        Self { field: Some(field.to_owned()), title: "参数无法识别", ..problem }
    }

    /// The JSON body of a request cannot be parsed.
    pub fn bad_json(rejection: &JsonRejection) -> Self {
        if is_broken_encoding(rejection) {
            return broken_encoding();
        }
        let place = place_in_json(&rejection.body_text());
        let detail = match rejection {
            JsonRejection::JsonDataError(_) => format!("请求正文的字段或类型不符合要求{place}。"),
            JsonRejection::JsonSyntaxError(_) => format!("请求正文不是有效的 JSON{place}。"),
            JsonRejection::MissingJsonContentType(_) => {
                "请求没有写明 Content-Type: application/json。".to_owned()
            }
            other if other.status() == StatusCode::PAYLOAD_TOO_LARGE => "请求正文过大。".to_owned(),
            _ => "请求正文没有完整收到。".to_owned(),
        };
        let problem = Self::without_hint(Code::BadJson, detail).status(rejection.status());
        problem.hint("请以 application/json 发送，字段见 /openapi.json。")
    }

    /// The URL exists and does not take this method.
    pub fn method_not_allowed() -> Self {
        let detail = "这个地址不支持这种请求方法。".to_owned();
        Self::without_hint(Code::MethodNotAllowed, detail)
    }

    /// The bus does not answer. Logs the error.
    pub fn bus(error: &anyhow::Error) -> Self {
        tracing::warn!("the bus does not answer: {error:#}");
        let detail = "消息总线暂时没有应答。";
        let hint = "请稍后再试；检索和已入库的报告不受影响。";
        Self::new(Code::BusUnavailable, detail, hint).retry_after(5)
    }

    /// The service could not accept anything. Logs the error, which the caller does not see.
    pub fn unavailable(error: &anyhow::Error) -> Self {
        tracing::error!("request failed: {error:#}");
        let detail = "系统暂时无法接收，文件没有被接收。";
        Self::new(Code::Unavailable, detail, "请稍后重新报送。").retry_after(10)
    }

    /// The service could not look up the state of reports. Logs the error, which the caller does not see.
    pub fn unanswered(error: &anyhow::Error) -> Self {
        tracing::error!("request failed: {error:#}");
        let detail = "系统暂时无法查询，已接收的文件不受影响。";
        Self::new(Code::Unavailable, detail, "请稍后再查。").retry_after(5)
    }

    /// An internal error. Logs the error, which the caller does not see.
    pub fn internal(error: &anyhow::Error) -> Self {
        tracing::error!("request failed: {error:#}");
        let detail = "系统内部错误，已记入日志。".to_owned();
        Self::without_hint(Code::Internal, detail)
    }

    /// Adds what to do.
    #[must_use]
    pub fn hint(self, hint: &'static str) -> Self {
        Self { hint: Some(hint), ..self }
    }

    /// Adds the parameter, field or file at fault.
    #[must_use]
    pub fn field(self, field: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..self }
    }

    /// Adds the seconds after which a retry may succeed.
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        Self { retry_after: Some(u32::try_from(seconds).unwrap_or(u32::MAX)), ..self }
    }

    /// The problem for a rejection of the framework, which has a status and no document.
    fn of_status(status: StatusCode) -> Option<Self> {
        Some(match status {
            StatusCode::NOT_FOUND => Self::not_found("没有这个地址。".into()),
            StatusCode::METHOD_NOT_ALLOWED => Self::method_not_allowed(),
            StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => {
                Self::without_hint(Code::BadParameter, "请求无法识别。").status(status)
            }
            StatusCode::UNSUPPORTED_MEDIA_TYPE | StatusCode::PAYLOAD_TOO_LARGE => {
                Self::without_hint(Code::BadJson, "请求正文无法识别。").status(status)
            }
            _ => return None,
        })
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

    /// Replaces the usual status of the code.
    #[must_use]
    pub fn status(self, status: StatusCode) -> Self {
        Self { status, title: title(status), ..self }
    }
}

/// `（第1行第5列）` from the end of a message of the JSON parser, which has no other way to say it.
fn place_in_json(message: &str) -> String {
    let place = message.rsplit_once(" at line ").and_then(|(_, place)| {
        let (line, column) = place.split_once(" column ")?;
        Some((line.parse::<u64>().ok()?, column.trim().parse::<u64>().ok()?))
    });
    place.map_or(String::new(), |(line, column)| format!("（第{line}行第{column}列）"))
}

/// Turns a rejection of the framework into a problem document.
pub(crate) async fn of_rejection(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let is_page = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"text/html"));
    // A page that says why a form was refused is no rejection of the framework.
    if is_page || response.extensions().get::<Problem>().is_some() {
        return response;
    }
    let Some(problem) = Problem::of_status(response.status()) else { return response };
    let allowed = response.headers().get(header::ALLOW).cloned();
    let mut response = problem.into_response();
    if let Some(allowed) = allowed {
        response.headers_mut().insert(header::ALLOW, allowed);
    }
    response
}

/// The Chinese title of a status.
fn title(status: StatusCode) -> &'static str {
    TITLES.iter().find(|(known, _)| *known == status.as_u16()).map_or("请求有误", |(_, title)| title)
}

/// The Chinese title of each status that a problem may have.
const TITLES: [(u16, &str); 16] = [
    (400, "请求有误"),
    (401, "需要登录"),
    (403, "无权进行"),
    (404, "找不到"),
    (405, "方法不允许"),
    (408, "等待超时"),
    (409, "已有变化"),
    (413, "内容过大"),
    (414, "地址过长"),
    (415, "格式不支持"),
    (421, "主机不符"),
    (422, "无法处理"),
    (429, "请求过于频繁"),
    (500, "系统内部错误"),
    (502, "统一身份认证没有应答"),
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
        if let Some(challenge) = self.challenge.and_then(Challenge::header) {
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        response.extensions_mut().insert(self);
        response
    }
}
