//! Requests over HTTP.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Certificate, Method, Url};
use search::{ClusterAnswer, ClusterError, ClusterMethod, ClusterRequest, ClusterTransport};
use tokio::runtime::Runtime;

use crate::{Address, AddressError};

/// A node that is there answers a connection at once.
const CONNECT: Duration = Duration::from_secs(5);
/// The slowest request: a page of ten thousand rows of a cluster that has much to do.
const ANSWER: Duration = Duration::from_secs(60);
/// More than the largest answer: ten thousand rows, or two hundred reports.
const MAX_ANSWER_BYTES: usize = 256 << 20;

/// Drives the connections; callers block on threads of their own.
static RUNTIME: LazyLock<Result<Runtime, String>> = LazyLock::new(|| {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder
        .worker_threads(1)
        .thread_name("opensearch")
        .enable_all()
        .build()
        .map_err(|error| error.to_string())
});

/// A connection to a cluster.
pub struct Client {
    http: reqwest::Client,
    nodes: Vec<Url>,
    /// The node that answered last.
    current: AtomicUsize,
}

impl Client {
    /// A connection to the cluster at this address; nothing is asked yet.
    ///
    /// # Errors
    /// If a file that the address names cannot be read.
    pub fn new(address: &Address) -> Result<Self, AddressError> {
        // The programs install the same; here it may be the first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .no_proxy()
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            .redirect(reqwest::redirect::Policy::none());
        if let Some(path) = &address.ca {
            let pem = read(path)?;
            let certificates = Certificate::from_pem_bundle(pem.as_bytes())
                .map_err(|error| AddressError::Content { path: path.clone(), why: error.to_string() })?;
            builder = builder.tls_certs_only(certificates);
        }
        if let Some(path) = &address.credentials {
            builder = builder.default_headers(credentials(path)?);
        }
        let http = builder.build().map_err(|error| AddressError::Malformed {
            address: address.nodes.first().map(ToString::to_string).unwrap_or_default(),
            why: error.to_string(),
        })?;
        Ok(Self { http, nodes: address.nodes.clone(), current: AtomicUsize::new(0) })
    }

    async fn ask(&self, node: &Url, request: &ClusterRequest) -> Result<ClusterAnswer, reqwest::Error> {
        let method = match request.method {
            ClusterMethod::Get => Method::GET,
            ClusterMethod::Put => Method::PUT,
            ClusterMethod::Post => Method::POST,
            ClusterMethod::Delete => Method::DELETE,
        };
        let kind =
            if request.path.starts_with("/_bulk") { "application/x-ndjson" } else { "application/json" };
        let url = format!("{}{}", node.as_str().trim_end_matches('/'), request.path);
        let mut sent = self.http.request(method, url);
        if !request.body.is_empty() {
            sent = sent.header(CONTENT_TYPE, kind).body(request.body.clone());
        }
        let mut answer = sent.send().await?;
        let status = answer.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_ANSWER_BYTES {
                break;
            }
        }
        Ok(ClusterAnswer { status, body })
    }

    async fn ask_any(&self, request: &ClusterRequest) -> Result<ClusterAnswer, ClusterError> {
        let first = self.current.load(Ordering::Relaxed);
        let mut why = "the address names no node".to_owned();
        for number in first..first + self.nodes.len() {
            let Some(node) = self.nodes.get(number % self.nodes.len()) else { continue };
            match self.ask(node, request).await {
                Ok(answer) if answer.body.len() > MAX_ANSWER_BYTES => {
                    return Err(ClusterError::Unreachable(format!("{node} answered too much")));
                }
                Ok(answer) => {
                    self.current.store(number % self.nodes.len(), Ordering::Relaxed);
                    return Ok(answer);
                }
                // Nothing was sent.
                Err(error) if error.is_connect() => why = chain(&error),
                // The node may have carried it out.
                Err(error) => return Err(ClusterError::Unreachable(chain(&error))),
            }
        }
        Err(ClusterError::Unreachable(why))
    }
}

impl ClusterTransport for Client {
    fn send(&self, request: &ClusterRequest) -> Result<ClusterAnswer, ClusterError> {
        let runtime = RUNTIME.as_ref().map_err(|error| ClusterError::Unreachable(error.clone()))?;
        runtime.handle().block_on(self.ask_any(request))
    }

    fn name(&self) -> String {
        let nodes: Vec<&str> = self.nodes.iter().map(|node| node.as_str().trim_end_matches('/')).collect();
        nodes.join(",")
    }
}

fn read(path: &Path) -> Result<String, AddressError> {
    fs::read_to_string(path).map_err(|source| AddressError::File { path: path.to_owned(), source })
}

/// The header for the user or the key in this file.
fn credentials(path: &Path) -> Result<HeaderMap, AddressError> {
    let wrong = || AddressError::Content {
        path: path.to_owned(),
        why: "it has no line `USER:PASSWORD` or `ApiKey KEY`".to_owned(),
    };
    let line = read(path)?;
    let line = line.trim();
    let value = match line.strip_prefix("ApiKey ") {
        Some(_) => line.to_owned(),
        None if line.contains(':') => format!("Basic {}", base64(line.as_bytes())),
        None => return Err(wrong()),
    };
    let mut value = HeaderValue::from_str(&value).map_err(|_| wrong())?;
    value.set_sensitive(true);
    Ok(HeaderMap::from_iter([(AUTHORIZATION, value)]))
}

fn base64(bytes: &[u8]) -> String {
    data_encoding::BASE64.encode(bytes)
}

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        said = format!("{said}: {cause}");
        source = cause.source();
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_a_user_or_a_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("credentials");
        let check = |line: &str, expected: Option<&str>| {
            fs::write(&path, line).unwrap();
            let headers = credentials(&path).ok();
            let value = headers.as_ref().map(|headers| headers[AUTHORIZATION].to_str().unwrap());
            assert_eq!(value, expected, "{line}");
        };
        check("gouji:geheim\n", Some("Basic Z291amk6Z2VoZWlt"));
        check("ApiKey abc==\n", Some("ApiKey abc=="));
        check("abc\n", None);
        check("", None);
    }
}
