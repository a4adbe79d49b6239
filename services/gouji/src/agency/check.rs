//! `gouji check`: the whole heart without a server. An agency checks its own file before it sends it.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};
use document::sniff;
use parse::Readers;
use report::{CellState, FormId, Report, Verdict, json};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use tokio::runtime::Builder;

use crate::agency::findings::{self, Language};
use crate::checking::{Checked, Judge, across_years, check_bytes, policy, today};
use crate::files::walk;
use crate::print::say;

/// Check files without a server.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// How to print what was found.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Language of the frame around the findings; findings themselves are Chinese.
    #[arg(long, value_enum, default_value_t = Language::Zh)]
    lang: Language,
    /// A rule policy: severities, rules switched off, waivers; see deploy/rule-policy.toml.
    #[arg(long, alias = "office", env = "GOUJI_RULE_POLICY", value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Files, folders and ZIP archives. Reports of one agency for several years are held against each other.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Human,
    Json,
}

/// Checks every file; 0 if all pass or warn, 1 if some report fails, 2 if some file cannot be read.
pub(crate) fn run(check: &Check) -> ExitCode {
    check_all(check)
        .unwrap_or_else(|error| {
            eprintln!("{error:#}");
            2
        })
        .into()
}

fn check_all(check: &Check) -> Result<u8> {
    let runtime = Builder::new_current_thread().enable_all().build().context("making a runtime")?;
    let readers = Readers::new().context("finding this program")?;
    let mut checking = Checking {
        format: check.format,
        lang: check.lang,
        judge: Judge { policy: policy(check.policy.as_deref())?, day: today() },
        held: Vec::new(),
        held_bytes: 0,
        worst: 0,
        summary: findings::Summary::default(),
    };
    for path in &check.paths {
        walk(path, &mut |file, bytes| {
            checking.hold(runtime.block_on(check_bytes(&readers, &checking.judge, file, bytes)));
        });
    }
    checking.tell();
    if matches!(check.format, Format::Human) {
        say(&checking.summary.text(check.lang));
    }
    Ok(checking.worst)
}

/// Files are held until all are read, so that each can be held against the year before; beyond this
/// much they are told of as they stand.
const HELD_BYTES: usize = 512 << 20;

struct Checking {
    format: Format,
    lang: Language,
    judge: Judge,
    held: Vec<Checked>,
    held_bytes: usize,
    worst: u8,
    summary: findings::Summary,
}

impl Checking {
    fn hold(&mut self, checked: Checked) {
        self.held_bytes += checked.bytes.len() + HELD_BESIDE;
        self.held.push(checked);
        if self.held_bytes > HELD_BYTES {
            self.tell();
        }
    }

    /// Judges what is held across years, and tells of all of it.
    fn tell(&mut self) {
        self.held_bytes = 0;
        for checked in across_years(std::mem::take(&mut self.held), &self.judge) {
            self.worst = self.worst.max(exit_code(&checked));
            match self.format {
                Format::Json => say(&Value::Object(as_json(&checked)).to_string()),
                Format::Human => say(&findings::human(&checked, self.lang)),
            }
            self.summary.count(&checked);
        }
    }
}

/// What a report takes in memory beside its bytes.
const HELD_BESIDE: usize = 64 << 10;

fn exit_code(checked: &Checked) -> u8 {
    match &checked.outcome {
        Err(_) => 2,
        Ok(review) if review.verdict() == Verdict::Fail => 1,
        Ok(_) => 0,
    }
}

/// The line of JSON for one file.
fn as_json(checked: &Checked) -> Map<String, Value> {
    let mut line = Map::new();
    line.insert("file".into(), checked.file.clone().into());
    line.insert("sha256".into(), sha256(&checked.bytes).into());
    let kind = sniff(&checked.bytes);
    line.insert("format".into(), kind.as_str().into());
    match &checked.outcome {
        Ok(review) => {
            let reason = partial(&review.report);
            line.insert("status".into(), if reason.is_some() { "partial" } else { "read" }.into());
            line.insert("reason".into(), reason.into());
            line.extend(json::review(review));
        }
        Err(unreadable) => {
            line.insert("status".into(), "unreadable".into());
            line.insert("reason".into(), format!("{}（{}）", unreadable.message, unreadable.detail).into());
            line.extend(json::identity(&Report::default()));
            line.insert("cells".into(), Value::Object(Map::new()));
            for list in ["claims", "remarks", "findings"] {
                line.insert(list.into(), Value::Array(Vec::new()));
            }
            line.insert("verdict".into(), Value::Null);
        }
    }
    line
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Why a report was read in part only, in Chinese; none if every cell is known or known to be empty.
fn partial(report: &Report) -> Option<String> {
    if report.form.is_none() {
        return Some(match report.year.filter(|year| FormId::of_year(*year).is_none()) {
            Some(year) => format!(
                "{year}年度报告早于2019年起施行的统一格式，本来就没有三张表格；已读取文字部分和正文中的数字。"
            ),
            None => "没有找到可识别的三张表格，只读取了文字部分。".into(),
        });
    }
    let counts = report.cells.count_by_state();
    let count = |state| counts.get(&state).copied().unwrap_or_default();
    let (missing, unreadable) = (count(CellState::Missing), count(CellState::Unreadable));
    (missing + unreadable > 0)
        .then(|| format!("有{missing}个单元格在文件中找不到，{unreadable}个单元格不是数字。"))
}
