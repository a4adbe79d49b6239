//! `gouji rollup`: the official form of a region, filled in from the reports of its agencies.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};
use serde_json::Value;

use crate::client::Server;
use crate::print::say;

/// Fill in the official form of a region from the reports of its agencies.
#[derive(Debug, Args)]
pub(crate) struct RollUp {
    #[command(flatten)]
    server: Server,
    /// Code of the region: two, four, six or nine digits.
    #[arg(long)]
    region: String,
    /// The year.
    #[arg(long)]
    year: u16,
    /// Write only this; by default XLSX and HTML.
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// The folder to write to.
    #[arg(long, default_value = ".", value_name = "FOLDER")]
    out: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Xlsx,
    Html,
    /// To the terminal, everything in one object.
    Json,
}

impl RollUp {
    pub(crate) fn run(&self) -> ExitCode {
        crate::report(crate::runtime().and_then(|runtime| runtime.block_on(self.roll_up())))
    }

    async fn roll_up(&self) -> Result<()> {
        let year = self.year.to_string();
        let query = |format: &'static str| [("region", &*self.region), ("year", &*year), ("format", format)];
        let rolled = self.server.get("/api/v1/rollup", &query("json")).await?;
        if self.format == Some(Format::Json) {
            say(&rolled.to_string());
            return Ok(());
        }
        say(&summary(&rolled));
        fs::create_dir_all(&self.out).with_context(|| format!("making {}", self.out.display()))?;
        for (format, name) in [(Format::Xlsx, "xlsx"), (Format::Html, "html")] {
            if self.format.is_some_and(|only| only != format) {
                continue;
            }
            let bytes = self.server.download("/api/v1/rollup", &query(name)).await?;
            let path = self.out.join(format!("rollup-{}-{year}.{name}", self.region));
            fs::write(&path, bytes).with_context(|| format!("writing {}", path.display()))?;
            say(&path.display().to_string());
        }
        Ok(())
    }
}

/// Gaps and doubts that are spelled out on the terminal; the files have all.
const SPELLED: usize = 20;

fn summary(rolled: &Value) -> String {
    let list = |name: &str| rolled[name].as_array().cloned().unwrap_or_default();
    let (contributors, gaps, doubts) = (list("contributors"), list("gaps"), list("doubts"));
    let bounds = rolled["cells"].as_object().into_iter().flatten();
    let bounds = bounds.filter(|(_, cell)| cell["exact"] == false).count();
    let mut lines = vec![format!(
        "{}{}年：汇总{}份报告，缺报{}个机关，存疑{}项，{}格只有下限。",
        rolled["region"]["name"].as_str().unwrap_or_default(),
        rolled["year"],
        contributors.len(),
        gaps.len(),
        doubts.len(),
        bounds,
    )];
    if rolled["roster"] == false {
        lines.push("没有导入机关名录，无法判断谁未报送；请用 gouji roster import 导入。".into());
    }
    let text = |value: &Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let gaps = gaps.iter().map(|gap| format!("  缺报  {}", text(gap, "agency")));
    let doubts =
        doubts.iter().map(|doubt| format!("  存疑  {}：{}", text(doubt, "agency"), text(doubt, "doubt")));
    for told in [gaps.collect::<Vec<_>>(), doubts.collect()] {
        let more = told.len().saturating_sub(SPELLED);
        lines.extend(told.into_iter().take(SPELLED));
        if more > 0 {
            lines.push(format!("  ……另有{more}项，见文件"));
        }
    }
    lines.join("\n")
}
