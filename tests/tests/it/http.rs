//! The HTTP API and the pages by their rules: caching, encodings, problem documents, the description, a browser.

mod browser;
mod description;
mod proxy;
mod rules;
mod send;

use std::path::Path;
use std::time::Duration;

use anyhow::bail;
use reqwest::Client;
use tempfile::TempDir;
use tests::processes::{Process, free_port, until};

/// On a busy machine everything takes its time.
const PATIENCE: Duration = Duration::from_secs(120);

const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../samples/reports");

/// A running `gouji up` with some samples in it; uploads and console have one address.
struct Up {
    url: String,
    client: Client,
    _process: Process,
    _folder: TempDir,
}

impl Up {
    async fn with(samples: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = format!("127.0.0.1:{}", free_port().unwrap());
        let data = folder.path().join("data");
        let mut command =
            super::commands::gouji(&["up", "--data", data.to_str().unwrap(), "--listen", &address]);
        command
            .env("XDG_STATE_HOME", folder.path().join("state"))
            .env("GOUJI_RATE", "100000")
            .env("GOUJI_CHECK_RATE", "100000");
        let mut process = Process::start("gouji", &mut command, folder.path()).unwrap();
        let (url, client) = (format!("http://{address}"), tests::api::http().build().unwrap());
        until("gouji to be up", PATIENCE, async || {
            if let Some(status) = process.ended()? {
                bail!("it ended: {status}");
            }
            let answer = client.get(format!("{url}/readyz")).send().await;
            Ok(answer.is_ok_and(|answer| answer.status().is_success()).then_some(()))
        })
        .await
        .unwrap();
        let up = Self { url, client, _process: process, _folder: folder };
        for name in samples {
            up.submit(name, std::fs::read(Path::new(SAMPLES).join(name)).unwrap()).await;
        }
        up.found(samples.len() as u64).await;
        up
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// Sends a file and returns its id.
    async fn submit(&self, name: &str, bytes: Vec<u8>) -> String {
        let request = self.client.post(self.at("/api/v1/reports")).query(&[("file_name", name)]).body(bytes);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 202, "{name}");
        let receipt: serde_json::Value = answer.json().await.unwrap();
        receipt["reports"][0]["id"].as_str().unwrap().to_owned()
    }

    async fn json(&self, path: &str) -> serde_json::Value {
        self.client.get(self.at(path)).send().await.unwrap().json().await.unwrap()
    }

    /// Waits until a search finds so many reports.
    async fn found(&self, count: u64) {
        until(&format!("{count} reports"), PATIENCE, async || {
            let page = self.client.get(self.at("/api/v1/reports?limit=0")).send().await?;
            let page: serde_json::Value = page.json().await?;
            Ok((page["total"] == count).then_some(()))
        })
        .await
        .unwrap();
    }
}
