//! The HTTP API as the other verbs use it.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use reqwest::{Client, RequestBuilder, StatusCode, Url};
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

/// Sends a request until it is answered by more than "come back later".
pub(crate) async fn answer(request: RequestBuilder) -> Result<Value> {
    let response =
        request.send().await.context("is gouji up? start it with `gouji up`, or name it with --server")?;
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
