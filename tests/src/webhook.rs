//! A receiver of webhooks that is not ours: Python with `standardwebhooks`, which verifies each of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::pip;
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
        let packages =
            match tokio::task::spawn_blocking(|| pip::installed("webhook-verifier", &[VERIFIER])).await? {
                Ok(packages) => packages,
                Err(why) => {
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
        let lines = self.whole_lines("taken");
        lines.iter().map(|line| serde_json::from_slice(line).context("reading what was taken")).collect()
    }

    /// The method and path of each request.
    pub fn requests(&self) -> Vec<String> {
        let lines = self.whole_lines("requests");
        lines.iter().map(|line| String::from_utf8_lossy(line).into_owned()).collect()
    }

    /// The lines of a file that it appends to, without one that is being written.
    fn whole_lines(&self, name: &str) -> Vec<Vec<u8>> {
        let bytes = fs::read(self.folder.join(name)).unwrap_or_default();
        let mut lines: Vec<_> = bytes.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        lines.pop();
        lines
    }

    /// What it complained of.
    pub fn said(&self) -> String {
        self.process.as_ref().map(Process::said).unwrap_or_default()
    }
}
