//! `gouji roster`: who should report.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use serde_json::Value;

use crate::client::{Server, answer};
use crate::print::say;

/// Say who should report, and see who has.
#[derive(Debug, Args)]
pub(crate) struct Roster {
    #[command(flatten)]
    server: Server,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Import a CSV file with the columns agency, region, level, parent, aliases, deadline and scope (or
    /// 机关名称, 区划代码, 级别, 上级, 别名, 截止日期, 口径). It takes the place of the roster before it.
    Import {
        /// The CSV file, in UTF-8 or as Chinese spreadsheets write it.
        file: PathBuf,
    },
    /// Who has reported for a year, who was late, and who has not.
    Status(Status),
}

#[derive(Debug, Args)]
struct Status {
    /// The year.
    #[arg(long)]
    year: u16,
    /// Only agencies of this region: two, four, six or nine digits.
    #[arg(long)]
    region: Option<String>,
    /// Print the answer of the API as it is.
    #[arg(long)]
    json: bool,
}

impl Roster {
    pub(crate) fn run(&self) -> ExitCode {
        crate::report(crate::runtime().and_then(|runtime| {
            runtime.block_on(async {
                match &self.verb {
                    Verb::Import { file } => self.import(file).await,
                    Verb::Status(status) => self.status(status).await,
                }
            })
        }))
    }

    async fn status(&self, status: &Status) -> Result<()> {
        let year = status.year.to_string();
        let mut query = vec![("year", year.as_str())];
        query.extend(status.region.as_deref().map(|region| ("region", region)));
        let attended = self.server.get("/api/v1/roster", &query).await?;
        say(&if status.json { attended.to_string() } else { told(&attended) });
        Ok(())
    }

    async fn import(&self, file: &PathBuf) -> Result<()> {
        let bytes = fs::read(file).with_context(|| format!("reading {}", file.display()))?;
        let url = self.server.at("/api/v1/roster", &[])?;
        let imported = answer(self.server.client()?.post(url).body(bytes)).await?;
        say(&format!(
            "已导入{}个机关，名录编号{}。",
            imported["agencies"],
            imported["id"].as_str().unwrap_or_default()
        ));
        Ok(())
    }
}

/// Everybody who is late or missing, then the counts.
fn told(attended: &Value) -> String {
    let text = |value: &Value, name: &str| value[name].as_str().unwrap_or("（未知）").to_owned();
    let mut lines = Vec::new();
    for agency in attended["agencies"].as_array().into_iter().flatten() {
        let (name, deadline) = (text(agency, "agency"), text(agency, "deadline"));
        match agency["state"].as_str() {
            Some("missing") => lines.push(format!("未报送  {name}（截止{deadline}）")),
            Some("late") => {
                let (day, source) = (text(agency, "day"), text(agency, "day_source"));
                lines.push(format!("迟报    {name}（截止{deadline}，{source}{day}）"));
            }
            _ => {}
        }
        let years: Vec<String> =
            agency["missing_years"].as_array().into_iter().flatten().map(Value::to_string).collect();
        if !years.is_empty() {
            lines.push(format!("缺年度  {name}：{}", years.join("、")));
        }
    }
    for stranger in attended["strangers"].as_array().into_iter().flatten() {
        lines.push(format!("不在名录  {}", text(stranger, "agency")));
    }
    lines.push(format!(
        "{}年应报送{}个机关：按时{}个，迟报{}个，未报送{}个。",
        attended["year"], attended["expected"], attended["in_time"], attended["late"], attended["missing"],
    ));
    lines.join("\n")
}
