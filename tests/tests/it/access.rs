//! Access to ingest and console: real processes with real keys, and real attacks.

mod accounts;
mod fairness;
mod flood;
mod names;
mod roles;
mod scopes;
mod secrets;
mod sites;
mod unified;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::Value;
use tempfile::TempDir;
use tests::generate::{Generated, Options, generate};
use tests::pipeline::{Pipeline, SOON, Shape};
use tests::processes::{program, until};

/// Every report follows from it.
const SEED: u64 = 20_261_124;

fn report(index: u64) -> Generated {
    generate(SEED, index, &Options::default())
}

/// Keys in a file, as `gouji key` makes them.
struct Keys {
    folder: TempDir,
    keys: BTreeMap<&'static str, String>,
}

impl Keys {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), keys: BTreeMap::new() }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("keys.toml")
    }

    /// Makes one more, with these arguments.
    fn add(&mut self, name: &'static str, arguments: &[&str]) {
        let mut command = Command::new(program("gouji").unwrap());
        command.args(["key", "new", "--name", name, "--file"]).arg(self.file()).args(arguments);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let key = String::from_utf8(output.stdout).unwrap().trim().to_owned();
        assert!(key.starts_with("gouji_"), "{key}");
        self.keys.insert(name, key);
    }

    fn get(&self, name: &str) -> &str {
        &self.keys[name]
    }
}

/// A pipeline whose services ask for keys.
struct Setup {
    pipeline: Pipeline,
    keys: Keys,
    client: Client,
}

impl Setup {
    async fn open(keys: Keys, more: &[(&'static str, &str)]) -> Self {
        let mut settings = vec![("GOUJI_KEYS", keys.file().display().to_string())];
        settings.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
        let pipeline = Pipeline::start_with(Shape::default(), &settings).await.unwrap();
        let setup = Self { pipeline, keys, client: Client::builder().no_proxy().build().unwrap() };
        let whole = ["operator", "operate"].iter().find_map(|name| setup.keys.keys.get(name));
        console_reads(&setup.pipeline, whole.unwrap()).await;
        setup
    }

    /// A request to the service that has this path, without a key.
    fn request(&self, method: &Method, path: &str) -> RequestBuilder {
        let name = path.split('?').next().unwrap_or_default();
        let takes_in = ["/api/v1/reports", "/api/v1/states", "/api/v1/roster"].contains(&name)
            || name.ends_with("/withdrawal");
        let is_published = name == "/api/v1/published";
        let of_ingest =
            *method == Method::POST && takes_in || is_published || path.starts_with("/api/v1/submissions/");
        let service =
            if of_ingest { self.pipeline.ingest.address() } else { self.pipeline.console.address() };
        self.client.request(method.clone(), format!("{service}{path}"))
    }

    async fn get(&self, who: &str, path: &str) -> (StatusCode, Value) {
        answer(self.request(&Method::GET, path).bearer_auth(self.keys.get(who))).await
    }

    async fn post(&self, who: &str, path: &str, body: impl Into<reqwest::Body>) -> (StatusCode, Value) {
        answer(self.request(&Method::POST, path).bearer_auth(self.keys.get(who)).body(body)).await
    }

    async fn post_json(&self, who: &str, path: &str, body: &Value) -> (StatusCode, Value) {
        answer(self.request(&Method::POST, path).bearer_auth(self.keys.get(who)).json(body)).await
    }

    /// Sends a report; its id, and whether it is a duplicate.
    async fn send(&self, who: &str, report: &Generated) -> (String, bool) {
        let (status, receipt) =
            self.post(who, "/api/v1/reports?file_name=a.html", report.bytes.clone()).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{receipt}");
        let one = &receipt["reports"][0];
        (one["id"].as_str().unwrap().to_owned(), one["duplicate"].as_bool().unwrap())
    }

    /// Waits until a report has come to this state, as its sender sees it.
    async fn until_state(&self, who: &str, id: &str, state: &str) -> Value {
        until(&format!("{id} to be {state}"), SOON, async || {
            let (_, states) = self.post_json(who, "/api/v1/states", &serde_json::json!([id])).await;
            Ok((states[0]["state"] == state).then(|| states[0].clone()))
        })
        .await
        .unwrap()
    }

    /// What `gouji audit` lists.
    fn audit(&self) -> Vec<Value> {
        let mut command = Command::new(program("gouji").unwrap());
        command.args(["audit", "--json", "--nats", &self.pipeline.nats.url()]);
        command.env("GOUJI_ORIGINALS", self.pipeline.folder().join("originals"));
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// Waits until the console has found the index that the index service makes; until then it says 503.
async fn console_reads(pipeline: &Pipeline, key: &str) {
    let client = Client::builder().no_proxy().build().unwrap();
    let url = format!("{}/api/v1/reports", pipeline.console.address());
    until("the console to read", SOON, async || {
        let answer = client.get(&url).bearer_auth(key).send().await?;
        Ok((answer.status() == StatusCode::OK).then_some(()))
    })
    .await
    .unwrap();
}

/// Status and document of an answer; null where it is none.
async fn answer(request: RequestBuilder) -> (StatusCode, Value) {
    let response = request.send().await.unwrap();
    let status = response.status();
    (status, serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or_default())
}
