//! The HTTP API and the pages by their rules: caching, encodings, problem documents, the description, a browser.

mod browser;
mod crawl;
mod description;
mod january;
mod proxy;
mod rules;
mod send;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::bail;
use reqwest::Client;
use reqwest::header::{AUTHORIZATION, HeaderMap};
use tempfile::TempDir;
use tests::npm;
use tests::processes::{Process, free_port, until};

/// On a busy machine everything takes its time.
const PATIENCE: Duration = Duration::from_secs(120);

const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../samples/reports");

/// Packages of npm for tests in a browser, in the versions that were tried.
const PLAYWRIGHT: [&str; 2] = ["playwright-core@1.65.1", "@axe-core/playwright@4.13.0"];
/// Where such tests leave their pictures for people to look at.
const PICTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/pictures");

/// The browser and the packages that drive it; why there are none, and how to get them.
fn playwright() -> Result<(PathBuf, PathBuf), (String, &'static str)> {
    let chromium = tests::browser::find().ok_or(("no browser".to_owned(), "apt-get install chromium"))?;
    let packages = npm::installed("playwright", &PLAYWRIGHT).map_err(|why| (why, "needs Node with npm"))?;
    Ok((chromium, packages))
}

/// Runs a script of `tests/browser` with these settings, and returns what it printed.
async fn run_script(packages: &Path, name: &str, settings: &serde_json::Value) -> String {
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("settings.json");
    std::fs::write(&file, settings.to_string()).unwrap();
    let script = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/browser")).join(name);
    let mut node = npm::node(packages, &script).unwrap();
    let output = tokio::task::spawn_blocking(move || node.arg(file).output().unwrap()).await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

/// Makes a key in a file of keys.
fn new_key(file: &Path, name: &str, role: &str, more: &[&str]) -> String {
    let mut command: Command =
        super::commands::gouji(&["key", "new", "--name", name, "--role", role, "--file"]);
    let output = command.arg(file).args(more).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A running `gouji up` with some samples in it; uploads and console have one address.
struct Up {
    url: String,
    client: Client,
    _process: Process,
    _folder: TempDir,
}

impl Up {
    async fn with(samples: &[&str]) -> Self {
        Self::start(samples, &[], "").await
    }

    /// The same with more settings, and with the key of an operator, which the requests of this have.
    async fn start(samples: &[&str], settings: &[(&str, &str)], key: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = format!("127.0.0.1:{}", free_port().unwrap());
        let data = folder.path().join("data");
        let mut command =
            super::commands::gouji(&["up", "--data", data.to_str().unwrap(), "--listen", &address]);
        command
            .env("XDG_STATE_HOME", folder.path().join("state"))
            .env("GOUJI_RATE", "100000")
            .env("GOUJI_CHECK_RATE", "100000")
            .envs(settings.iter().copied());
        let mut process = Process::start("gouji", &mut command, folder.path()).unwrap();
        let mut headers = HeaderMap::new();
        if !key.is_empty() {
            headers.insert(AUTHORIZATION, format!("Bearer {key}").parse().unwrap());
        }
        let client = tests::api::http().default_headers(headers).build().unwrap();
        let url = format!("http://{address}");
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
