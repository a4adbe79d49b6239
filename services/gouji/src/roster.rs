//! `gouji roster`: who should report.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};

use crate::client::{Server, answer};
use crate::explain::say;

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
}

impl Roster {
    pub(crate) fn run(&self) -> ExitCode {
        crate::report(crate::runtime().and_then(|runtime| {
            runtime.block_on(match &self.verb {
                Verb::Import { file } => self.import(file),
            })
        }))
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
