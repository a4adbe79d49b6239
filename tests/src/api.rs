//! A client of the HTTP API of a pipeline, for senders and readers.

use std::io::{Cursor, Write as _};

use anyhow::{Context as _, Result, bail, ensure};
use reqwest::{Client, ClientBuilder, RequestBuilder, StatusCode};
use serde_json::Value;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// A client of ingest and console. Clones share connections.
#[derive(Debug, Clone)]
pub struct Api {
    client: Client,
    ingest: String,
    console: String,
}

/// A client for services of this machine.
pub fn http() -> ClientBuilder {
    bus::tls::prepare();
    Client::builder().no_proxy()
}

/// The sum of a metric of the service at this address over all attributes, by the beginning of the
/// metric's name; 0 if the service never counted it.
///
/// # Errors
/// If the service does not answer.
pub async fn metric(address: &str, name: &str) -> Result<f64> {
    let client = http().build().context("making an HTTP client")?;
    let answer = client.get(format!("{address}/metrics")).send().await;
    let text = answer.context("asking for metrics")?.text().await.context("reading metrics")?;
    let lines = text.lines().filter(|line| line.starts_with(name));
    Ok(lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum())
}

impl Api {
    /// Of services at these addresses.
    pub fn new(ingest: &str, console: &str) -> Self {
        let client = http().build().expect("no setting of ours can fail");
        Self { client, ingest: ingest.to_owned(), console: console.to_owned() }
    }

    /// Sends one file and returns status and answer, also of a refusal.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn send(
        &self,
        name: &str,
        bytes: Vec<u8>,
        idempotency_key: Option<&str>,
    ) -> Result<(StatusCode, Value)> {
        let url = format!("{}/api/v1/reports", self.ingest);
        let mut request = self.client.post(url).query(&[("file_name", name)]).body(bytes);
        if let Some(key) = idempotency_key {
            request = request.header("Idempotency-Key", key);
        }
        answer(request).await
    }

    /// Sends one file that is taken in; its receipt.
    ///
    /// # Errors
    /// If it is not taken in.
    pub async fn submit(&self, name: &str, bytes: Vec<u8>) -> Result<Value> {
        let (status, answer) = self.send(name, bytes, None).await?;
        ensure!(status == StatusCode::ACCEPTED, "{name} was answered with {status}: {answer}");
        Ok(answer)
    }

    /// Sends a file that was sent before, so that it stands again; its receipt.
    ///
    /// # Errors
    /// If it is not taken in.
    pub async fn submit_again(&self, name: &str, bytes: Vec<u8>) -> Result<Value> {
        let url = format!("{}/api/v1/reports", self.ingest);
        let request = self.client.post(url).query(&[("file_name", name), ("again", "true")]).body(bytes);
        let (status, answer) = answer(request).await?;
        ensure!(status == StatusCode::ACCEPTED, "{name} was answered with {status}: {answer}");
        Ok(answer)
    }

    /// Takes the report with this id back.
    ///
    /// # Errors
    /// If it is not taken back.
    pub async fn withdraw(&self, id: &str, who: &str, why: &str) -> Result<Value> {
        let url = format!("{}/api/v1/reports/{id}/withdrawal", self.ingest);
        let reason = serde_json::json!({"who": who, "why": why});
        let (status, answer) = answer(self.client.post(url).json(&reason)).await?;
        ensure!(status.is_success(), "taking {id} back was answered with {status}: {answer}");
        Ok(answer)
    }

    /// Does something to the report with this key or id, as a reviewer; the status and the answer.
    ///
    /// # Errors
    /// If the console does not answer.
    pub async fn review(&self, id: &str, act: &Value) -> Result<(StatusCode, Value)> {
        let url = format!("{}/api/v1/reports/{id}/reviews", self.console);
        answer(self.client.post(url).json(act)).await
    }

    /// Says who should report, as CSV.
    ///
    /// # Errors
    /// If the roster is not taken in.
    pub async fn import_roster(&self, csv: &str) -> Result<Value> {
        let request = self.client.post(format!("{}/api/v1/roster", self.ingest)).body(csv.to_owned());
        let (status, answer) = answer(request).await?;
        ensure!(status == StatusCode::CREATED, "the roster was answered with {status}: {answer}");
        Ok(answer)
    }

    /// What the console tells of many agencies: `rollup`, `roster` or `survey`.
    ///
    /// # Errors
    /// If the question is not understood.
    pub async fn across(&self, what: &str, parameters: &[(&str, &str)]) -> Result<Value> {
        get(self.client.get(format!("{}/api/v1/{what}", self.console)).query(parameters)).await
    }

    /// How far a submission has come.
    ///
    /// # Errors
    /// If nobody knows.
    pub async fn submission(&self, id: &str) -> Result<Value> {
        get(self.client.get(format!("{}/api/v1/submissions/{id}", self.ingest))).await
    }

    /// How far these reports have come, in their order.
    ///
    /// # Errors
    /// If nobody knows.
    pub async fn states(&self, ids: &[String]) -> Result<Value> {
        get(self.client.post(format!("{}/api/v1/states", self.ingest)).json(ids)).await
    }

    /// The counts of facts and what lies before each stage; up to two seconds old.
    ///
    /// # Errors
    /// If nobody knows.
    pub async fn status(&self) -> Result<Value> {
        get(self.client.get(format!("{}/api/v1/status", self.console))).await
    }

    /// The report with this key, or the version with this id.
    ///
    /// # Errors
    /// If there is none.
    pub async fn report(&self, key_or_id: &str) -> Result<Value> {
        get(self.client.get(format!("{}/api/v1/reports/{key_or_id}", self.console))).await
    }

    /// One page of what a search finds.
    ///
    /// # Errors
    /// If the search is not understood.
    pub async fn search(&self, parameters: &[(&str, &str)]) -> Result<Value> {
        get(self.client.get(format!("{}/api/v1/reports", self.console)).query(parameters)).await
    }

    /// The ids of everything that a search finds, page by page, in no order that means anything.
    ///
    /// # Errors
    /// If the search is not understood.
    pub async fn search_all(&self, parameters: &[(&str, &str)]) -> Result<Vec<String>> {
        let mut ids = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = [parameters, &[("limit", "200"), ("cursor", &cursor)]].concat();
            let page = self.search(&page).await?;
            ids.extend(list(&page["hits"]).iter().map(|hit| text(&hit["id"])));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = next.to_owned(),
                None => break,
            }
        }
        ids.sort();
        Ok(ids)
    }
}

/// An archive of these files.
///
/// # Errors
/// If it cannot be written.
pub fn zip<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Result<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        archive.start_file(name, SimpleFileOptions::default()).context("beginning a file of an archive")?;
        archive.write_all(bytes).context("writing a file of an archive")?;
    }
    Ok(archive.finish().context("ending an archive")?.into_inner())
}

/// The items of a list; none where it is no list.
pub fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// A text; empty where it is none.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

async fn get(request: RequestBuilder) -> Result<Value> {
    let (status, body) = answer(request).await?;
    if !status.is_success() {
        bail!("{status}: {body}");
    }
    Ok(body)
}

async fn answer(request: RequestBuilder) -> Result<(StatusCode, Value)> {
    let response = request.send().await.context("asking")?;
    let (status, url) = (response.status(), response.url().to_string());
    let body = response.text().await.context("reading an answer")?;
    let body = serde_json::from_str(&body).with_context(|| format!("{url} answers {status}: {body}"))?;
    Ok((status, body))
}
