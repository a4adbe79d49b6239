//! The fields of a form that a page sent.

use access::{Problem, pairs};
use axum::body::{Bytes, to_bytes};
use axum::extract::{FromRequest, Request};
use axum::http::header;

use access::Code;

/// Largest form of a page without files.
const LARGEST_BYTES: usize = 256 << 10;

/// The fields of a form, in order; a field may come several times.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Form(Vec<(String, String)>);

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let media_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if !media_type.is_some_and(|value| value.starts_with("application/x-www-form-urlencoded")) {
            return Err(Problem::new(Code::BadForm, "请求正文不是表单。", "请在页面上操作。"));
        }
        let body: Bytes = to_bytes(request.into_body(), LARGEST_BYTES).await.map_err(|_| {
            let detail = format!("表单没有完整收到，或超过 {} KB。", LARGEST_BYTES >> 10);
            Problem::new(Code::BadForm, detail, "请减少内容后再试。")
        })?;
        let text = std::str::from_utf8(&body)
            .map_err(|_| Problem::new(Code::BadForm, "表单不是有效的文字。", "请在页面上操作。"))?;
        Ok(Self(pairs(text).collect()))
    }
}

impl Form {
    /// The value of a field; empty where the form has none.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// The parts of a field that has several, with commas, semicolons or lines between them.
    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        let parts = self.get(name).split([',', '，', '、', ';', '；', '\n', '\r']);
        parts.map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    async fn form(media_type: &str, body: &str) -> Result<Form, Problem> {
        let request = Request::post("/").header("content-type", media_type);
        Form::from_request(request.body(Body::from(body.to_owned())).unwrap(), &()).await
    }

    #[tokio::test]
    async fn a_form_has_its_fields() {
        let form =
            form("application/x-www-form-urlencoded", "a=1+2&b=%E5%B1%80&a=3&c=x%2Cy%0A%E3%80%81z").await;
        let form = form.unwrap();
        assert_eq!((form.get("a"), form.get("b"), form.get("none")), ("1 2", "局", ""));
        assert_eq!(form.list("c"), ["x", "y", "z"]);
    }

    #[tokio::test]
    async fn anything_else_is_refused() {
        for (media_type, body) in
            [("text/plain", "a=1"), ("application/x-www-form-urlencoded", &"a".repeat(LARGEST_BYTES + 1))]
        {
            assert_eq!(form(media_type, body).await.unwrap_err().code, Code::BadForm);
        }
    }
}
