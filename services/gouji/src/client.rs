//! The HTTP API as the other verbs use it.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use bytes::BytesMut;
use clap::Args;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Client, ClientBuilder, RequestBuilder, Response, StatusCode, Url};
use serde_json::Value;

/// Where the pipeline is.
#[derive(Debug, Clone, Args)]
pub(crate) struct Server {
    /// Address of a running pipeline.
    #[arg(
        long = "server",
        default_value = "http://127.0.0.1:8470",
        env = "GOUJI_SERVER",
        value_name = "URL"
    )]
    pub(crate) url: Url,
    /// The key that its doors ask for. Others on this machine can see what stands on a command line: a file
    /// or the variable keeps it from them.
    #[arg(long, env = "GOUJI_KEY", hide_env_values = true, conflicts_with = "key_file", value_name = "KEY")]
    key: Option<String>,
    /// A file with the key in it, and nothing else.
    #[arg(long, env = "GOUJI_KEY_FILE", value_name = "FILE")]
    key_file: Option<PathBuf>,
}

/// An answer that may take as long as an archive takes to be stored.
const PATIENCE: Duration = Duration::from_secs(600);

impl Server {
    /// A pipeline that asks for no key.
    pub(crate) fn at_address(url: Url) -> Self {
        Self { url, key: None, key_file: None }
    }

    pub(crate) fn client(&self) -> Result<Client> {
        self.builder()?.timeout(PATIENCE).build().context("making an HTTP client")
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
        let mut value = value.map_err(|_| anyhow!("the key has letters in it that no key has"))?;
        value.set_sensitive(true);
        Ok(builder.default_headers(HeaderMap::from_iter([(AUTHORIZATION, value)])))
    }

    /// The address of a path with its query.
    pub(crate) fn at(&self, path: &str, query: &[(&str, &str)]) -> Result<Url> {
        let mut url = self.url.join(path).with_context(|| format!("address {path}"))?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }

    pub(crate) async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Value> {
        let url = self.at(path, query)?;
        answer(self.client()?.get(url)).await
    }
}

impl Server {
    /// The bytes of an answer.
    pub(crate) async fn download(&self, path: &str, query: &[(&str, &str)]) -> Result<Vec<u8>> {
        Ok(opened(self.client()?.get(self.at(path, query)?)).await?.bytes().await?.into())
    }

    /// Hands every message of an answer to `each`, as it comes; each has its length before it as a varint.
    pub(crate) async fn stream(
        &self,
        path: &str,
        query: &[(&str, &str)],
        mut each: impl FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        // An answer over everything takes as long as it takes.
        let client = self.builder()?.build().context("making an HTTP client")?;
        let mut answer = opened(client.get(self.at(path, query)?)).await?;
        let mut waiting = BytesMut::new();
        while let Some(piece) = answer.chunk().await.context("the answer broke off")? {
            waiting.extend_from_slice(&piece);
            while let Some(message) = next_message(&mut waiting)? {
                each(&message)?;
            }
        }
        if !waiting.is_empty() {
            bail!("the answer broke off in the middle of a report");
        }
        Ok(())
    }
}

/// The first message, if all of it is there.
fn next_message(waiting: &mut BytesMut) -> Result<Option<BytesMut>> {
    let mut rest = &waiting[..];
    let length = match proto::decode_length_delimiter(&mut rest) {
        Ok(length) => length,
        // Ten bytes hold any length.
        Err(_) if waiting.len() < 10 => return Ok(None),
        Err(error) => return Err(error).context("the answer is no stream of messages"),
    };
    let before = waiting.len() - rest.len();
    if rest.len() < length {
        return Ok(None);
    }
    let _ = waiting.split_to(before);
    Ok(Some(waiting.split_to(length)))
}

/// An answer that is no problem.
async fn opened(request: RequestBuilder) -> Result<Response> {
    let response = request.send().await.context(IS_IT_UP)?;
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let body: Value = response.json().await.unwrap_or_default();
    bail!("{}", problem(status, &body))
}

const IS_IT_UP: &str = "is gouji up? start it with `gouji up`, or name it with --server";

/// Sends a request until it is answered by more than "too often".
pub(crate) async fn answer(request: RequestBuilder) -> Result<Value> {
    answer_past(request, &[StatusCode::TOO_MANY_REQUESTS]).await
}

/// The same, waiting as long as the pipeline is away, too: for who has something on its way there.
pub(crate) async fn answer_in_time(request: RequestBuilder) -> Result<Value> {
    answer_past(request, &[StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE]).await
}

async fn answer_past(request: RequestBuilder, passing: &[StatusCode]) -> Result<Value> {
    loop {
        let again = request.try_clone().context("a request is sent whole")?;
        let response = again.send().await.context(IS_IT_UP)?;
        let (status, wait) = (response.status(), retry_after(&response));
        let body: Value = response.json().await.context("the answer is no JSON; is this a gouji?")?;
        match wait {
            _ if status.is_success() => return Ok(body),
            Some(wait) if passing.contains(&status) => tokio::time::sleep(wait).await,
            _ => bail!("{}", problem(status, &body)),
        }
    }
}

/// How long to wait before it is worth asking again, if the answer says so.
pub(crate) fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// A problem document in one line.
pub(crate) fn problem(status: StatusCode, body: &Value) -> String {
    let text = |field: &str| body[field].as_str().unwrap_or_default();
    format!("{status} {}: {} {}", text("code"), text("detail"), text("hint"))
}
