//! `gouji roster`: the list of agencies that have to report.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};

use crate::client::answers::{Attendance, Attendee, ImportedRoster, Timeliness};
use crate::client::{Server, parsed};
use crate::language::{text, word};
use crate::print::say;

/// Import the list of agencies that have to report, and see who has.
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
    /// 机关名称, 区划代码, 级别, 上级, 别名, 截止日期, 口径). It replaces the roster before it.
    Import {
        /// The CSV file, in UTF-8 or as Chinese spreadsheets write it.
        file: PathBuf,
    },
    /// Show who has reported for a year, who was late, and who has not.
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
        let body = self.server.get_text("/api/v1/roster", &query).await?;
        if status.json {
            say(&body);
        } else {
            say(&summary(&parsed(&body)?));
        }
        Ok(())
    }

    async fn import(&self, file: &PathBuf) -> Result<()> {
        let bytes = fs::read(file).with_context(|| format!("reading {}", file.display()))?;
        let url = self.server.at("/api/v1/roster", &[])?;
        let request = self.server.client()?.post(url).body(bytes);
        let ImportedRoster { id, agencies } = parsed(&self.server.answer(request).await?)?;
        say(&text!("已导入{agencies}个机关，名录编号{id}。", "{agencies} agencies imported as roster {id}"));
        Ok(())
    }
}

/// Every agency that is late or missing, then the counts.
fn summary(attended: &Attendance) -> String {
    let mut lines: Vec<String> = attended.agencies.iter().flat_map(agency).collect();
    for stranger in &attended.strangers {
        let name = known(&stranger.agency);
        lines.push(text!("不在名录  {name}", "not in the roster  {name}"));
    }
    let Attendance { year, expected, in_time, late, missing, .. } = attended;
    lines.push(text!(
        "{year}年应报送{expected}个机关：按时{in_time}个，迟报{late}个，未报送{missing}个。",
        "{year}: {expected} agencies have to report: {in_time} in time, {late} late, {missing} missing"
    ));
    lines.join("\n")
}

/// What is wrong with one agency's reports, at most two lines.
fn agency(attendee: &Attendee) -> Vec<String> {
    let Attendee { agency, state, missing_years, .. } = attendee;
    let deadline = known(&attendee.deadline);
    let mut lines = Vec::new();
    match state {
        Timeliness::InTime | Timeliness::Exempt => (),
        Timeliness::Missing => {
            lines
                .push(text!("未报送  {agency}（截止{deadline}）", "missing  {agency} (deadline {deadline})"));
        }
        Timeliness::Late => {
            let (day, source) = (known(&attendee.day), known(&attendee.day_source));
            lines.push(text!(
                "迟报    {agency}（截止{deadline}，{source}{day}）",
                "late     {agency} (deadline {deadline}, {source} {day})"
            ));
        }
    }
    if !missing_years.is_empty() {
        let years: Vec<String> = missing_years.iter().map(ToString::to_string).collect();
        let years = years.join(word("、", ", "));
        lines.push(text!("缺年度  {agency}：{years}", "years missing  {agency}: {years}"));
    }
    lines
}

fn known(text: &Option<String>) -> &str {
    text.as_deref().unwrap_or(word("（未知）", "(unknown)"))
}
