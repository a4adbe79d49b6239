//! The content coding of requests: `gzip` is decoded while the body is read, any other is refused.
//!
//! A handler limits and counts the decoded bytes, so a small body that unpacks to a large one meets the same limits
//! as a large one.

use std::error::Error;
use std::fmt;
use std::io;

use async_compression::tokio::bufread::GzipDecoder;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header;
use futures::TryStreamExt as _;
use tokio_util::io::{ReaderStream, StreamReader};

use crate::{Code, Problem};

/// The bytes of a body are not what its `Content-Encoding` says.
#[derive(Debug)]
pub(crate) struct BrokenEncoding(io::Error);

impl fmt::Display for BrokenEncoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the body is no valid gzip")
    }
}

impl Error for BrokenEncoding {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

/// Whether an error of reading a body comes from its encoding, and not from the connection.
pub fn is_broken_encoding(error: &(dyn Error + 'static)) -> bool {
    let mut current = Some(error);
    while let Some(error) = current {
        if error.is::<BrokenEncoding>() {
            return true;
        }
        // An I/O error hides the error that it was made of from `source`.
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        current = match inner {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    false
}

/// The problem of a body that is not what its `Content-Encoding` says.
pub fn broken_encoding() -> Problem {
    let detail = "请求正文不是有效的 gzip 数据，与 Content-Encoding 所写不符。";
    Problem::new(Code::BrokenEncoding, detail, "请重新压缩后发送，或不压缩、去掉 Content-Encoding。")
}

/// The request with its body decoded.
///
/// # Errors
/// If it has a coding other than gzip.
pub(crate) fn decode(request: Request) -> Result<Request, Problem> {
    let codings = request.headers().get_all(header::CONTENT_ENCODING).into_iter();
    let codings = codings.map(|value| value.to_str().unwrap_or("?").trim().to_ascii_lowercase());
    let codings: Vec<String> = codings.filter(|coding| !coding.is_empty() && coding != "identity").collect();
    match codings.as_slice() {
        [] => return Ok(request),
        [coding] if coding == "gzip" || coding == "x-gzip" => {}
        codings => {
            let detail = format!("不支持 Content-Encoding: {}。", codings.join(", "));
            let hint = "请用 gzip 压缩，或不压缩、去掉 Content-Encoding。";
            return Err(Problem::new(Code::UnsupportedEncoding, detail, hint));
        }
    }
    let (mut head, body) = request.into_parts();
    head.headers.remove(header::CONTENT_ENCODING);
    head.headers.remove(header::CONTENT_LENGTH);
    // An error of the connection passes through the decoder as it is; every other error is its own.
    let packed = body.into_data_stream().map_err(|error| io::Error::other(Broken(error)));
    let mut decoder = GzipDecoder::new(StreamReader::new(packed));
    decoder.multiple_members(true);
    let unpacked = ReaderStream::new(decoder).map_err(|error| {
        let is_connection = error.get_ref().is_some_and(|inner| inner.is::<Broken>());
        if is_connection { error } else { io::Error::other(BrokenEncoding(error)) }
    });
    Ok(Request::from_parts(head, Body::from_stream(unpacked)))
}

/// The connection broke off.
#[derive(Debug)]
struct Broken(axum::Error);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection broke off")
    }
}

impl Error for Broken {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use async_compression::tokio::write::GzipEncoder;
    use axum::body::to_bytes;
    use tokio::io::AsyncWriteExt as _;

    use super::*;

    async fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzipEncoder::new(Vec::new());
        encoder.write_all(bytes).await.unwrap();
        encoder.shutdown().await.unwrap();
        encoder.into_inner()
    }

    fn request(coding: &str, body: Vec<u8>) -> Result<Request, Problem> {
        let request = Request::post("/").header(header::CONTENT_ENCODING, coding);
        decode(request.header(header::CONTENT_LENGTH, body.len()).body(Body::from(body)).unwrap())
    }

    #[tokio::test]
    async fn gzip_is_decoded_under_the_limit_of_the_reader() {
        let body = packed(b"report").await;
        let decoded = request("gzip", body.clone()).unwrap();
        assert!(!decoded.headers().contains_key(header::CONTENT_LENGTH));
        assert_eq!(to_bytes(decoded.into_body(), 100).await.unwrap(), "report");
        let twice = [body.clone(), body.clone()].concat();
        assert_eq!(to_bytes(request("GZIP", twice).unwrap().into_body(), 100).await.unwrap(), "reportreport");
        let bomb = packed(&vec![0; 10 << 20]).await;
        assert!(bomb.len() < 20_000);
        assert!(to_bytes(request("gzip", bomb).unwrap().into_body(), 1 << 20).await.is_err());
        assert_eq!(to_bytes(request("identity", b"x".to_vec()).unwrap().into_body(), 9).await.unwrap(), "x");
    }

    #[tokio::test]
    async fn what_is_no_gzip_is_known_by_its_error() {
        let body = packed(b"a report of some length").await;
        for broken in [b"plain".to_vec(), body[..body.len() - 9].to_vec(), Vec::new()] {
            let read = to_bytes(request("gzip", broken.clone()).unwrap().into_body(), 100).await;
            assert!(is_broken_encoding(&read.unwrap_err()), "{broken:?}");
        }
        let cut: Vec<Result<Vec<u8>, io::Error>> =
            vec![Ok(body[..9].to_vec()), Err(io::Error::other("gone"))];
        let request = Request::post("/").header(header::CONTENT_ENCODING, "gzip");
        let request = request.body(Body::from_stream(futures::stream::iter(cut))).unwrap();
        let read = to_bytes(decode(request).unwrap().into_body(), 100).await;
        assert!(!is_broken_encoding(&read.unwrap_err()));
    }

    #[test]
    fn other_codings_are_refused() {
        for coding in ["br", "deflate", "zstd", "gzip, gzip", "nonsense"] {
            let problem = request(coding, Vec::new()).unwrap_err();
            assert_eq!((problem.code, problem.status.as_u16()), (Code::UnsupportedEncoding, 415), "{coding}");
        }
    }
}
