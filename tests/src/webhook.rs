//! A receiver of webhooks that is not ours: Python with `standardwebhooks`, which verifies each of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::processes::{Process, free_port, until};
use crate::skip::skip;

/// The verifier, with the version that was tried.
const VERIFIER: &str = "standardwebhooks==1.1.0";
/// A secret as the generator of Standard Webhooks makes them, and the one before it.
pub const SECRETS: [&str; 2] =
    ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"];

/// The receiver.
pub struct Receiver {
    process: Option<Process>,
    packages: PathBuf,
    folder: PathBuf,
    port: u16,
    certificate: Option<(PathBuf, PathBuf)>,
}

impl Receiver {
    /// Starts it in a folder of its own; with a certificate and its key it speaks TLS. It knows the last of [`SECRETS`].
    /// None where Python or its package cannot be had, which is recorded.
    ///
    /// # Errors
    /// If it does not start.
    pub async fn start(
        test: &str,
        folder: &Path,
        certificate: Option<(PathBuf, PathBuf)>,
    ) -> Result<Option<Self>> {
        let packages = match tokio::task::spawn_blocking(packages).await? {
            Ok(packages) => packages,
            Err(why) => {
                let why = why.lines().last().unwrap_or_default().to_owned();
                skip(test, &format!("the verifier cannot be installed: {why}"), "pip needs PyPI");
                return Ok(None);
            }
        };
        let folder = folder.to_owned();
        let mut receiver = Self { process: None, packages, folder, port: free_port()?, certificate };
        receiver.start_again().await?;
        Ok(Some(receiver))
    }

    /// Starts it after a kill, on the same port.
    ///
    /// # Errors
    /// If it does not listen.
    pub async fn start_again(&mut self) -> Result<()> {
        let mut command = Command::new("python3");
        command.env("PYTHONPATH", &self.packages);
        command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/webhook/receiver.py"));
        command.arg(&self.folder).args([self.port.to_string().as_str(), SECRETS[1]]);
        if let Some((certificate, key)) = &self.certificate {
            command.args([certificate, key]);
        }
        let process = Process::start("receiver", &mut command, &self.folder)?;
        self.process = Some(process);
        until("the receiver to listen", Duration::from_secs(30), async || {
            Ok(tokio::net::TcpStream::connect(("127.0.0.1", self.port)).await.ok().map(drop))
        })
        .await
    }

    /// `kill -9`.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn kill(&mut self) -> Result<()> {
        self.process.take().map_or(Ok(()), |mut process| process.kill())
    }

    /// Its address by the name `localhost`.
    pub fn url(&self) -> String {
        let scheme = if self.certificate.is_some() { "https" } else { "http" };
        format!("{scheme}://localhost:{}/hook", self.port)
    }

    /// How it answers the next requests; see `webhook/receiver.py`.
    ///
    /// # Errors
    /// If that cannot be written.
    pub fn behave(&self, behaviours: &[&str]) -> Result<()> {
        fs::write(self.folder.join("behaviours"), behaviours.join("\n")).context("writing behaviours")
    }

    /// The events that it took, in their order.
    ///
    /// # Errors
    /// If a line is no JSON.
    pub fn taken(&self) -> Result<Vec<Value>> {
        let text = fs::read_to_string(self.folder.join("taken")).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).context("reading what was taken")).collect()
    }

    /// The method and path of each request.
    pub fn requests(&self) -> Vec<String> {
        let text = fs::read_to_string(self.folder.join("requests")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// What it complained of.
    pub fn said(&self) -> String {
        self.process.as_ref().map(Process::said).unwrap_or_default()
    }
}

/// The folder with the verifier, a private copy below `target`; why there is none.
fn packages() -> Result<PathBuf, String> {
    let target = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/webhook-verifier"));
    let folder = target.join(VERIFIER.replace("==", "-"));
    if folder.is_dir() {
        return Ok(folder);
    }
    let work = target.join(format!("installing-{}", std::process::id()));
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--target"]);
    let Output { status, stderr, .. } =
        pip.arg(&work).arg(VERIFIER).output().map_err(|error| error.to_string())?;
    if !status.success() {
        fs::remove_dir_all(&work).ok();
        return Err(String::from_utf8_lossy(&stderr).into_owned());
    }
    match fs::rename(&work, &folder) {
        // Another process was first.
        Err(_) if folder.is_dir() => fs::remove_dir_all(&work).map_err(|error| error.to_string())?,
        renamed => renamed.map_err(|error| error.to_string())?,
    }
    Ok(folder)
}
