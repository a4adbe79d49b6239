//! `gouji status`: how far the pipeline is, or the life of one report.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use serde_json::Value;

use crate::client::Server;
use crate::explain::say;

/// Show how far the pipeline is, or the life of one report.
#[derive(Debug, Args)]
pub(crate) struct Status {
    #[command(flatten)]
    server: Server,
    /// Id of a report, as `submit` and `search` print it.
    id: Option<String>,
    /// Print the answer of the API as it is.
    #[arg(long)]
    json: bool,
}

impl Status {
    pub(crate) fn run(&self) -> ExitCode {
        crate::report(crate::runtime().and_then(|runtime| runtime.block_on(self.show())))
    }

    async fn show(&self) -> Result<()> {
        let status = match &self.id {
            Some(id) => self.server.get(&format!("/api/v1/status/{id}"), &[]).await?,
            None => self.server.get("/api/v1/status", &[]).await?,
        };
        say(&if self.json { status.to_string() } else { drawn(&status, 0) });
        Ok(())
    }
}

/// Any answer as indented lines.
fn drawn(value: &Value, depth: usize) -> String {
    let indent = "  ".repeat(depth);
    let line = |name: &str, value: &Value| match value {
        Value::Object(_) | Value::Array(_) => format!("{indent}{name}\n{}", drawn(value, depth + 1)),
        Value::String(text) => format!("{indent}{name}  {text}"),
        Value::Null => format!("{indent}{name}  -"),
        other => format!("{indent}{name}  {other}"),
    };
    let lines: Vec<String> = match value {
        Value::Object(fields) => fields.iter().map(|(name, value)| line(name, value)).collect(),
        Value::Array(items) => items.iter().map(|item| line("-", item)).collect(),
        other => vec![format!("{indent}{other}")],
    };
    lines.join("\n")
}
