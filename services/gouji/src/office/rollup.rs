//! `gouji rollup`: the official form of a region, filled in from the reports of its agencies.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};

use crate::client::answers::RollUp as RolledUp;
use crate::client::{Server, parsed};
use crate::language::text;
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
    /// Print everything as one object.
    Json,
}

impl RollUp {
    pub(crate) fn run(&self) -> ExitCode {
        crate::report(crate::runtime().and_then(|runtime| runtime.block_on(self.roll_up())))
    }

    async fn roll_up(&self) -> Result<()> {
        let year = self.year.to_string();
        let query = |format: &'static str| [("region", &*self.region), ("year", &*year), ("format", format)];
        let body = self.server.get_text("/api/v1/rollup", &query("json")).await?;
        if self.format == Some(Format::Json) {
            say(&body);
            return Ok(());
        }
        let summary = summary(&parsed(&body)?);
        // The files are written before anything is printed: the reader may close the pipe.
        let mut written = Vec::new();
        fs::create_dir_all(&self.out).with_context(|| format!("making {}", self.out.display()))?;
        for (format, name) in [(Format::Xlsx, "xlsx"), (Format::Html, "html")] {
            if self.format.is_some_and(|only| only != format) {
                continue;
            }
            let bytes = self.server.download("/api/v1/rollup", &query(name)).await?;
            let path = self.out.join(format!("rollup-{}-{year}.{name}", self.region));
            fs::write(&path, bytes).with_context(|| format!("writing {}", path.display()))?;
            written.push(path);
        }
        say(&summary);
        written.iter().for_each(|path| say(&path.display().to_string()));
        Ok(())
    }
}

/// Gaps and doubts that are named on the terminal; the files have all of them.
const NAMED: usize = 20;

fn summary(rolled: &RolledUp) -> String {
    let RolledUp { region, year, .. } = rolled;
    let (contributors, gaps, doubts) = (rolled.contributors.len(), rolled.gaps.len(), rolled.doubts.len());
    let bounds = rolled.cells.values().filter(|sum| !sum.exact).count();
    let mut lines = vec![text!(
        "{region}{year}年：汇总{contributors}份报告，缺报{gaps}个机关，存疑{doubts}项，{bounds}格只有下限。",
        "{region} {year}: {contributors} reports summed up, {gaps} agencies missing, {doubts} figures in doubt, {bounds} cells are lower bounds"
    )];
    if !rolled.roster {
        lines.push(text!(
            "没有导入机关名录，无法判断谁未报送；请用 gouji roster import 导入。",
            "no roster was imported, so missing agencies are not known; import one with `gouji roster import`"
        ));
    }
    let gaps = rolled.gaps.iter().map(|gap| {
        let agency = gap.agency.as_deref().unwrap_or_default();
        text!("  缺报  {agency}", "  missing  {agency}")
    });
    let doubts = rolled.doubts.iter().map(|one| {
        let (agency, doubt) = (one.agency.as_deref().unwrap_or_default(), &one.doubt);
        text!("  存疑  {agency}：{doubt}", "  in doubt  {agency}: {doubt}")
    });
    for list in [gaps.collect::<Vec<_>>(), doubts.collect()] {
        let more = list.len().saturating_sub(NAMED);
        lines.extend(list.into_iter().take(NAMED));
        if more > 0 {
            lines.push(text!("  ……另有{more}项，见文件", "  … and {more} more, see the files"));
        }
    }
    lines.join("\n")
}
