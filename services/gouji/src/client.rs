//! The HTTP API as the verbs use it.

pub(crate) mod answers;

use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use bytes::BytesMut;
use clap::Args;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, RETRY_AFTER, TE};
use reqwest::{Client, ClientBuilder, RequestBuilder, Response, StatusCode, Url};
use serde::de::DeserializeOwned;

use crate::language::text;
use crate::local::running::Running;
use crate::local::up::ADDRESS;
use answers::Problem;

/// Where the pipeline is, and the key for it.
#[derive(Debug, Clone, Args)]
pub(crate) struct Server {
    /// Address of a running pipeline; by default that of a `gouji up` of this user, else http://127.0.0.1:8470.
    #[arg(long = "server", env = "GOUJI_SERVER", value_name = "URL")]
    url: Option<Url>,
    /// The key that the server asks for. Other users of this machine can read the command line: a file or the
    /// variable hides the key from them.
    #[arg(long, env = "GOUJI_KEY", hide_env_values = true, conflicts_with = "key_file", value_name = "KEY")]
    key: Option<String>,
    /// A file that contains the key and nothing else.
    #[arg(long, env = "GOUJI_KEY_FILE", value_name = "FILE")]
    key_file: Option<PathBuf>,
}

/// Storing a large archive may take this long.
const TIMEOUT: Duration = Duration::from_secs(600);

impl Server {
    /// A pipeline that asks for no key.
    pub(crate) fn at_address(url: Url) -> Self {
        Self { url: Some(url), key: None, key_file: None }
    }

    /// The address of the pipeline.
    pub(crate) fn url(&self) -> Result<Url> {
        if let Some(url) = &self.url {
            return Ok(url.clone());
        }
        let running = Running::find().map(|running| running.url);
        let url = running.unwrap_or_else(|| format!("http://{ADDRESS}"));
        url.parse().with_context(|| format!("address {url}"))
    }

    /// Says that nothing answers, and where the address came from.
    fn no_answer(&self) -> String {
        let url = self.url().map(|url| url.to_string()).unwrap_or_default();
        if self.url.is_some() {
            return text!(
                "{url} 没有应答：请先用 gouji up 启动，或用 --server 指定正确的地址",
                "nothing answers at {url}: start `gouji up`, or name the right address with --server"
            );
        }
        let files = Running::files().iter().map(|path| path.display().to_string()).collect::<Vec<_>>();
        let files = files.join(", ");
        text!(
            "{url} 没有应答：没有指定 --server，也没有在 {files} 找到正在运行的 gouji up；请先启动 gouji up，或用 --server 指定地址",
            "nothing answers at {url}: no --server is given, and {files} name no other running `gouji up`; start it, or name the address with --server"
        )
    }

    /// A client that sends the key.
    pub(crate) fn client(&self) -> Result<Client> {
        self.builder()?.timeout(TIMEOUT).build().context("making an HTTP client")
    }

    fn builder(&self) -> Result<ClientBuilder> {
        bus::tls::prepare();
        let builder = Client::builder().no_proxy();
        let key = match (&self.key, &self.key_file) {
            (Some(key), _) => key.clone(),
            (None, Some(path)) => {
                fs::read_to_string(path).with_context(|| format!("reading the key in {}", path.display()))?
            }
            (None, None) => return Ok(builder),
        };
        let value = HeaderValue::try_from(format!("Bearer {}", key.trim()));
        let mut value = value.map_err(|_| {
            anyhow!(text!("密钥中有不可能出现的字符", "the key contains characters that no key contains"))
        })?;
        value.set_sensitive(true);
        Ok(builder.default_headers(HeaderMap::from_iter([(AUTHORIZATION, value)])))
    }

    /// The address of a path with its query.
    pub(crate) fn at(&self, path: &str, query: &[(&str, &str)]) -> Result<Url> {
        let mut url = self.url()?.join(path).with_context(|| format!("address {path}"))?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }

    /// Gets an answer as a type.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, &str)]) -> Result<T> {
        parsed(&self.get_text(path, query).await?)
    }

    /// Gets an answer as the server wrote it.
    pub(crate) async fn get_text(&self, path: &str, query: &[(&str, &str)]) -> Result<String> {
        let url = self.at(path, query)?;
        self.answer(self.client()?.get(url)).await
    }

    /// Gets the bytes of an answer.
    pub(crate) async fn download(&self, path: &str, query: &[(&str, &str)]) -> Result<Vec<u8>> {
        let response = self.opened(self.client()?.get(self.at(path, query)?)).await?;
        Ok(response.bytes().await?.into())
    }

    /// Opens an answer of any length, with its trailers.
    pub(crate) async fn open(&self, path: &str, query: &[(&str, &str)]) -> Result<Response> {
        // It has no time limit, and a proxy passes trailers on to those who say that they take them.
        let client = self.builder()?.build().context("making an HTTP client")?;
        self.opened(client.get(self.at(path, query)?).header(TE, "trailers")).await
    }

    /// Passes every message of an answer to `each` as it arrives; a varint with its length precedes each.
    /// `each` returns whether it wants more.
    pub(crate) async fn stream(
        &self,
        path: &str,
        query: &[(&str, &str)],
        mut each: impl FnMut(&[u8]) -> Result<bool>,
    ) -> Result<()> {
        // An answer over all reports has no time limit.
        let client = self.builder()?.build().context("making an HTTP client")?;
        let mut answer = self.opened(client.get(self.at(path, query)?)).await?;
        let mut waiting = BytesMut::new();
        while let Some(piece) = answer.chunk().await.context("the answer broke off")? {
            waiting.extend_from_slice(&piece);
            while let Some(message) = next_message(&mut waiting)? {
                if !each(&message)? {
                    return Ok(());
                }
            }
        }
        if !waiting.is_empty() {
            bail!("the answer broke off in the middle of a report");
        }
        Ok(())
    }

    /// Sends a request, again and again while the answer is "too many requests".
    pub(crate) async fn answer(&self, request: RequestBuilder) -> Result<String> {
        self.answer_after(request, &[StatusCode::TOO_MANY_REQUESTS]).await
    }

    /// The same, also while the pipeline is unavailable: its caller has reports on their way there.
    pub(crate) async fn answer_in_time<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T> {
        let again = [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE];
        parsed(&self.answer_after(request, &again).await?)
    }

    async fn answer_after(&self, request: RequestBuilder, again: &[StatusCode]) -> Result<String> {
        loop {
            let request = request.try_clone().context("a request with a body that cannot be sent twice")?;
            let response = self.send(request).await?;
            let (status, wait) = (response.status(), retry_after(&response));
            let body = response.text().await.context("the answer broke off")?;
            match wait {
                _ if status.is_success() => return Ok(body),
                Some(wait) if again.contains(&status) => tokio::time::sleep(wait).await,
                _ => return Err(RefusedRequest::of(status, &body).into()),
            }
        }
    }

    /// Sends a request; the error says where nothing answered.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Result<Response> {
        request.send().await.with_context(|| self.no_answer())
    }

    /// An answer that is a success.
    async fn opened(&self, request: RequestBuilder) -> Result<Response> {
        let response = self.send(request).await?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        Err(RefusedRequest::of(status, &response.text().await.unwrap_or_default()).into())
    }
}

/// Reads an answer as a type.
pub(crate) fn parsed<T: DeserializeOwned>(body: &str) -> Result<T> {
    serde_json::from_str(body).with_context(|| {
        text!("应答无法识别；这个地址上是 gouji 吗？", "the answer is not understood; is this a gouji?")
    })
}

/// A request that the server refused.
#[derive(Debug)]
pub(crate) struct RefusedRequest {
    pub(crate) status: StatusCode,
    pub(crate) problem: Problem,
}

impl RefusedRequest {
    /// Reads a problem document; what is none has no text.
    pub(crate) fn of(status: StatusCode, body: &str) -> Self {
        Self { status, problem: serde_json::from_str(body).unwrap_or_default() }
    }
}

impl fmt::Display for RefusedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Problem { code, detail, hint, .. } = &self.problem;
        let hint = hint.as_deref().unwrap_or_default();
        let code = code.as_deref().unwrap_or_default();
        let (number, text) = (self.status.as_u16(), format!("{detail} {hint}"));
        write!(f, "{} ({})", text.trim(), format!("{number} {code}").trim())
    }
}

impl std::error::Error for RefusedRequest {}

/// How long to wait before the next attempt, if the answer says so.
pub(crate) fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// The first message, if all of it has arrived.
fn next_message(waiting: &mut BytesMut) -> Result<Option<BytesMut>> {
    let mut rest = &waiting[..];
    let length = match proto::decode_length_delimiter(&mut rest) {
        Ok(length) => length,
        // A length has at most ten bytes.
        Err(_) if waiting.len() < 10 => return Ok(None),
        Err(error) => return Err(error).context("the answer is not a stream of messages"),
    };
    let before = waiting.len() - rest.len();
    if rest.len() < length {
        return Ok(None);
    }
    let _ = waiting.split_to(before);
    Ok(Some(waiting.split_to(length)))
}
