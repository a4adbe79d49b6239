//! The description of what leaves, `proto/asyncapi.json`, and whether messages that a test took off a real target
//! are as it says.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::{npm, skip};

/// A message as a reader got it.
#[derive(Debug, Clone)]
pub struct Message {
    /// The channel of the description that it came from: `kafka`, `nats`, `webhook` or `folder`.
    pub channel: &'static str,
    /// Its headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// Its payload, JSON.
    pub payload: String,
}

const DESCRIPTION: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../proto/asyncapi.json");
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/asyncapi/check.mjs");
/// In folders of their own: the parser needs an older version of ajv.
const PARSER: (&str, &[&str]) = ("asyncapi-parser", &["@asyncapi/parser@3.6.3"]);
const VALIDATOR: (&str, &[&str]) = ("ajv", &["ajv@8.17.1", "ajv-formats@3.0.1"]);

/// Asserts that every message is as the description says: its headers, its payload and nothing beyond them.
///
/// # Panics
/// If one is not, or if there is no message.
pub fn check(test: &str, messages: &[Message]) {
    assert!(!messages.is_empty(), "{test}: no message was taken off");
    let mut lines = tempfile::NamedTempFile::new().expect("a temporary file can be made");
    for Message { channel, headers, payload } in messages {
        let payload: Value = serde_json::from_str(payload)
            .unwrap_or_else(|error| panic!("{test}: a message that is no JSON ({error}): {payload}"));
        let line = json!({"channel": channel, "headers": headers, "payload": payload});
        writeln!(lines, "{line}").expect("a temporary file can be written");
    }
    if let Some(faults) = faults(test, Some(lines.path())) {
        assert!(faults.is_empty(), "{test}: messages are not as proto/asyncapi.json says:\n{faults}");
    }
}

/// Asserts that the description is AsyncAPI.
///
/// # Panics
/// If it is not.
pub fn check_description(test: &str) {
    if let Some(faults) = faults(test, None) {
        assert!(faults.is_empty(), "proto/asyncapi.json is no AsyncAPI:\n{faults}");
    }
}

/// What the script prints; nothing where it cannot run on this machine.
fn faults(test: &str, messages: Option<&Path>) -> Option<String> {
    let (name, packages) = if messages.is_some() { VALIDATOR } else { PARSER };
    let ready = npm::installed(name, packages).and_then(|folder| {
        let node = npm::node(&folder, Path::new(SCRIPT)).map_err(|error| error.to_string())?;
        let runs = Command::new("node").arg("--version").output().is_ok_and(|output| output.status.success());
        if runs { Ok(node) } else { Err("node is missing".to_owned()) }
    });
    let mut node = match ready {
        Ok(node) => node,
        Err(missing) => {
            skip::skip(test, &missing, "install Node.js with npm");
            return None;
        }
    };
    let output = node.arg(DESCRIPTION).args(messages).output().expect("node was started before");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let failed = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() || !said.is_empty(), "{test}: {SCRIPT}: {failed}");
    Some(said)
}
