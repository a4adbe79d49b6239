//! `gouji survey`: compares the reports of a region with each other.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use crate::agency::findings::label;
use crate::client::answers::Survey as Surveyed;
use crate::client::{Server, parsed};
use crate::language::{text, word};
use crate::print::say;

/// Compare the reports of a region with each other: parents and children, peers, copies, deadlines.
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
        let body = self.server.get_text("/api/v1/survey", &query).await?;
        if self.json {
            say(&body);
        } else {
            say(&summary(&parsed(&body)?));
        }
        Ok(())
    }
}

/// Every report in which something was found, then the counts.
fn summary(surveyed: &Surveyed) -> String {
    let mut lines = Vec::new();
    for report in &surveyed.found {
        let agency = report.agency.as_deref().unwrap_or(word("（未写明）", "(not stated)"));
        lines.push(format!("{agency}  {}", report.id));
        for finding in &report.findings {
            let label = label(finding.severity, finding.judgement);
            lines.push(format!("  {label}[{}]: {}", finding.rule, finding.message));
        }
    }
    let Surveyed { region, year, reports, found } = surveyed;
    let found = found.len();
    lines.push(text!(
        "{region}{year}年：比对{reports}份报告，其中{found}份有需要说明的情况。",
        "{region} {year}: {reports} reports compared, {found} with findings"
    ));
    lines.join("\n")
}
