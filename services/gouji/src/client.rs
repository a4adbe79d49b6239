//! The HTTP API as the other verbs use it.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use bytes::BytesMut;
use clap::Args;
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url};
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
}

/// An answer that may take as long as an archive takes to be stored.
const PATIENCE: Duration = Duration::from_secs(600);

impl Server {
    pub(crate) fn client(&self) -> Result<Client> {
        stage::tls::prepare();
        Client::builder().timeout(PATIENCE).no_proxy().build().context("making an HTTP client")
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
        stage::tls::prepare();
        let client = Client::builder().no_proxy().build().context("making an HTTP client")?;
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

/// Sends a request until it is answered by more than "come back later".
pub(crate) async fn answer(request: RequestBuilder) -> Result<Value> {
    let response = request.send().await.context(IS_IT_UP)?;
    let status = response.status();
    let body: Value = response.json().await.context("the answer is no JSON; is this a gouji?")?;
    if status.is_success() {
        return Ok(body);
    }
    bail!("{}", problem(status, &body))
}

/// A problem document in one line.
pub(crate) fn problem(status: StatusCode, body: &Value) -> String {
    let text = |field: &str| body[field].as_str().unwrap_or_default();
    format!("{status} {}: {} {}", text("code"), text("detail"), text("hint"))
}
