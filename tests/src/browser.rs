//! A real browser without a window, driven by the DevTools protocol over two pipes.
//!
//! Chromium reads commands from descriptor 3 and writes answers to descriptor 4, each a JSON object that ends with a
//! zero byte; a shell connects both to the pipes of the child process.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Programs that speak the protocol, by the names under which distributions install them.
const PROGRAMS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];
/// How long the browser may take for one command: on a busy machine it starts slowly.
const PATIENCE: Duration = Duration::from_secs(120);

/// A browser on this machine: `GOUJI_BROWSER`, else one on the `PATH`.
pub fn find() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("GOUJI_BROWSER").filter(|named| !named.is_empty()) {
        return Some(named.into());
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let places = std::env::split_paths(&folders);
    places.flat_map(|folder| PROGRAMS.map(|name| folder.join(name))).find(|path| path.is_file())
}

/// One browser with one page; it ends when this is dropped.
pub struct Browser {
    child: Child,
    commands: ChildStdin,
    answers: Receiver<Value>,
    /// Events that came while a command waited for its answer.
    events: VecDeque<Value>,
    session: String,
    last: u64,
    _profile: TempDir,
}

/// What went wrong while a page was open: an entry of the console, an exception, a request that failed.
pub type Complaint = String;

impl Browser {
    /// Starts a browser with a profile of its own.
    ///
    /// # Errors
    /// If it does not start.
    pub fn start(program: &Path) -> Result<Self> {
        let profile = tempfile::tempdir().context("making a profile")?;
        let log = File::create(profile.path().join("log")).context("making a log")?;
        let script = r#"exec "$0" "$@" 3<&0 4>&1 0</dev/null 1>&2"#;
        let mut child = Command::new("sh")
            .args(["-c", script])
            .arg(program)
            .args(["--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu"])
            .args(["--disable-dev-shm-usage", "--no-first-run", "--no-proxy-server", "--lang=zh-CN"])
            .args(["--disable-background-networking", "--disable-component-update"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .with_context(|| format!("starting {}", program.display()))?;
        let commands = child.stdin.take().context("the browser has no input")?;
        let output = child.stdout.take().context("the browser has no output")?;
        let (sender, answers) = channel();
        std::thread::spawn(move || {
            for message in BufReader::new(output).split(0) {
                let Ok(message) = message else { break };
                let Ok(message) = serde_json::from_slice(&message) else { continue };
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        let mut browser = Self {
            child,
            commands,
            answers,
            events: VecDeque::new(),
            session: String::new(),
            last: 0,
            _profile: profile,
        };
        let target = browser.ask("Target.createTarget", json!({"url": "about:blank"}))?;
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let attached = browser.ask("Target.attachToTarget", attach)?;
        browser.session = attached["sessionId"].as_str().context("no session")?.to_owned();
        for domain in ["Page", "Runtime", "Log", "Network", "Security"] {
            browser.ask(&format!("{domain}.enable"), json!({}))?;
        }
        Ok(browser)
    }

    /// Sends a command and waits for its result.
    ///
    /// # Errors
    /// If the browser refuses it, or does not answer.
    pub fn ask(&mut self, method: &str, params: Value) -> Result<Value> {
        self.last += 1;
        let mut command = json!({"id": self.last, "method": method, "params": params});
        if !self.session.is_empty() {
            command["sessionId"] = self.session.clone().into();
        }
        self.commands.write_all(format!("{command}\0").as_bytes()).context("sending a command")?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            let message = self.next(deadline).with_context(|| format!("waiting for {method}"))?;
            if message["id"] == self.last {
                ensure!(message["error"].is_null(), "{method}: {}", message["error"]);
                return Ok(message["result"].clone());
            }
            self.events.push_back(message);
        }
    }

    fn next(&mut self, deadline: Instant) -> Result<Value> {
        match self.answers.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(message) => Ok(message),
            Err(RecvTimeoutError::Timeout) => bail!("the browser did not answer in time"),
            Err(RecvTimeoutError::Disconnected) => bail!("the browser ended"),
        }
    }

    /// Opens an address, waits until the page is loaded, and returns what went wrong.
    ///
    /// # Errors
    /// If the page is not loaded in time.
    pub fn open(&mut self, url: &str) -> Result<Vec<Complaint>> {
        self.events.clear();
        let opened = self.ask("Page.navigate", json!({"url": url}))?;
        ensure!(opened["errorText"].is_null(), "{url}: {}", opened["errorText"]);
        let deadline = Instant::now() + PATIENCE;
        while !self.events.iter().any(|event| event["method"] == "Page.loadEventFired") {
            let event = self.next(deadline).with_context(|| format!("waiting for {url}"))?;
            self.events.push_back(event);
        }
        // The answer comes after every event of the scripts that ran so far.
        self.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(() => done(0))))")?;
        Ok(self.complaints())
    }

    /// What went wrong since the page was opened.
    pub fn complaints(&self) -> Vec<Complaint> {
        self.events.iter().filter_map(complaint).collect()
    }

    /// The value of a JavaScript expression; a promise is awaited.
    ///
    /// # Errors
    /// If it throws.
    pub fn evaluate(&mut self, expression: &str) -> Result<Value> {
        let params = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let result = self.ask("Runtime.evaluate", params)?;
        ensure!(result["exceptionDetails"].is_null(), "{expression}: {}", result["exceptionDetails"]);
        Ok(result["result"]["value"].clone())
    }

    /// The computed value of a property of the first element that matches.
    ///
    /// # Errors
    /// If there is no such element.
    pub fn style(&mut self, selector: &str, property: &str) -> Result<String> {
        let selector = Value::from(selector);
        let property = Value::from(property);
        let value = self.evaluate(&format!(
            "getComputedStyle(document.querySelector({selector})).getPropertyValue({property})"
        ))?;
        Ok(value.as_str().unwrap_or_default().to_owned())
    }
}

/// What an event complains of.
fn complaint(event: &Value) -> Option<Complaint> {
    let params = &event["params"];
    match event["method"].as_str()? {
        "Log.entryAdded" if params["entry"]["level"] == "error" => {
            Some(format!("{} {}", params["entry"]["text"], params["entry"]["url"]))
        }
        "Runtime.consoleAPICalled" if params["type"] == "error" => Some(params["args"].to_string()),
        "Runtime.exceptionThrown" => Some(params["exceptionDetails"].to_string()),
        // A page that is left closes its stream of events.
        "Network.loadingFailed" if params["canceled"] != true => Some(params["errorText"].to_string()),
        _ => None,
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
