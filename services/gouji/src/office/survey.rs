//! `gouji survey`: what the reports of a region tell of each other.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use report::{Judgement, Severity};
use serde_json::Value;

use crate::client::Server;
use crate::print::say;

/// Hold the reports of a region against each other: parents and children, peers, copies, deadlines.
#[derive(Debug, Args)]
pub(crate) struct Survey {
    #[command(flatten)]
    server: Server,
    /// Code of the region: two, four, six or nine digits.
    #[arg(long)]
    region: String,
    /// The year.
    #[arg(long)]
    year: u16,
    /// Print the answer of the API as it is.
    #[arg(long)]
    json: bool,
}

impl Survey {
    pub(crate) fn run(&self) -> ExitCode {
        crate::report(crate::runtime().and_then(|runtime| runtime.block_on(self.survey())))
    }

    async fn survey(&self) -> Result<()> {
        let year = self.year.to_string();
        let query = [("region", self.region.as_str()), ("year", &year)];
        let found = self.server.get("/api/v1/survey", &query).await?;
        say(&if self.json { found.to_string() } else { told(&found) });
        Ok(())
    }
}

fn told(found: &Value) -> String {
    let text = |value: &Value, name: &str| value[name].as_str().unwrap_or("（未写明）").to_owned();
    let mut lines = Vec::new();
    let reports = found["found"].as_array().map_or(&[][..], Vec::as_slice);
    for report in reports {
        lines.push(format!("{}  {}", text(report, "agency"), text(report, "id")));
        for finding in report["findings"].as_array().into_iter().flatten() {
            let judgement = finding["verdict"].as_str().and_then(Judgement::parse);
            let severity = finding["severity"].as_str().and_then(Severity::parse);
            let severity = judgement.unwrap_or(Judgement::Fails).label(severity.unwrap_or(Severity::Info));
            lines.push(format!("  {severity}[{}]: {}", text(finding, "rule"), text(finding, "message")));
        }
    }
    lines.push(format!(
        "{}{}年：比对{}份报告，其中{}份有需要说明的情况。",
        text(&found["region"], "name"),
        found["year"],
        found["reports"],
        reports.len(),
    ));
    lines.join("\n")
}
