//! Entity tags: a client that has an answer already gets 304 instead of the answer (RFC 9110, section 13).
//!
//! All tags are weak: an answer has one tag whether it is compressed or not.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

/// Bytes of the SHA-256 in a tag: 128 bits.
const TAG_BYTES: usize = 16;

/// An answer with the tag of its bytes.
pub fn tagged(media_type: &'static str, bytes: impl Into<Vec<u8>>) -> Response {
    let bytes = bytes.into();
    let tag = HEXLOWER.encode(Sha256::digest(&bytes).get(..TAG_BYTES).unwrap_or_default());
    let response = ([(header::CONTENT_TYPE, media_type)], bytes).into_response();
    with_tag(response, &tag)
}

/// The answer with this tag, which has to name its content: letters and digits.
pub fn with_tag(mut response: Response, tag: &str) -> Response {
    let tag = HeaderValue::try_from(format!("W/\"{tag}\"")).expect("a tag is letters and digits");
    response.headers_mut().insert(header::ETAG, tag);
    response
}

/// The headers of a 304: those that a client updates its copy with, and those that protect it.
const KEPT: [HeaderName; 8] = [
    header::CACHE_CONTROL,
    header::CONTENT_LOCATION,
    header::CONTENT_SECURITY_POLICY,
    header::DATE,
    header::ETAG,
    header::REFERRER_POLICY,
    header::VARY,
    header::X_CONTENT_TYPE_OPTIONS,
];

/// Answers 304 where the client has the answer.
pub(crate) async fn answer(request: Request, next: Next) -> Response {
    let may_be_cached = matches!(*request.method(), Method::GET | Method::HEAD);
    let known = if may_be_cached { tags(request.headers()) } else { Vec::new() };
    let response = next.run(request).await;
    let is_known = response.status() == StatusCode::OK
        && response
            .headers()
            .get(header::ETAG)
            .and_then(|tag| tag.to_str().ok())
            .is_some_and(|tag| known.iter().any(|known| known == "*" || opaque(known) == opaque(tag)));
    if !is_known {
        return response;
    }
    let (mut parts, _) = response.into_parts();
    parts.status = StatusCode::NOT_MODIFIED;
    let kept = KEPT.into_iter().filter_map(|name| Some((name.clone(), parts.headers.get(name)?.clone())));
    parts.headers = kept.collect::<HeaderMap>();
    Response::from_parts(parts, Body::empty())
}

/// The tags of `If-None-Match`.
fn tags(headers: &HeaderMap) -> Vec<String> {
    let values = headers.get_all(header::IF_NONE_MATCH).into_iter().filter_map(|value| value.to_str().ok());
    let tags = values.flat_map(|value| value.split(',')).map(|tag| tag.trim().to_owned());
    tags.filter(|tag| !tag.is_empty()).collect()
}

/// A tag without the mark of a weak one, which the comparison ignores.
fn opaque(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag)
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::middleware::from_fn;
    use axum::routing::get;
    use tower::ServiceExt as _;

    use super::*;

    async fn ask(method: Method, tags: &[&str]) -> Response {
        let router = Router::new()
            .route("/", get(async || tagged("text/plain", "report")).post(async || tagged("text/plain", "x")))
            .layer(from_fn(answer));
        let request = tags.iter().fold(Request::builder().method(method), |request, tag| {
            request.header(header::IF_NONE_MATCH, *tag)
        });
        router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    #[tokio::test]
    async fn a_known_answer_is_not_sent_again() {
        let fresh = ask(Method::GET, &[]).await;
        let tag = fresh.headers()[header::ETAG].to_str().unwrap().to_owned();
        assert!(tag.starts_with("W/\"") && tag.len() == 36, "{tag}");
        let strong = tag.trim_start_matches("W/").to_owned();
        let listed = format!("\"a\", {tag} ,\"b\"");
        let check = async |method: Method, tags: &[&str], status: u16| {
            let response = ask(method, tags).await;
            assert_eq!(response.status().as_u16(), status, "{tags:?}");
            assert_eq!(response.headers().contains_key(header::CONTENT_TYPE), status == 200, "{tags:?}");
            assert!(response.headers().contains_key(header::ETAG), "{tags:?}");
        };
        check(Method::GET, &[&tag], 304).await;
        check(Method::HEAD, &[&tag], 304).await;
        check(Method::GET, &[&strong], 304).await;
        check(Method::GET, &[&listed], 304).await;
        check(Method::GET, &["\"other\"", &tag], 304).await;
        check(Method::GET, &["*"], 304).await;
        check(Method::GET, &["\"other\""], 200).await;
        check(Method::GET, &[&tag[..20]], 200).await;
        check(Method::POST, &[&tag, "*"], 200).await;
    }
}
