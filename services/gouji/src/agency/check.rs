//! `gouji check`: reads and judges files without a server. An agency checks its own file before it sends it.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};
use data_encoding::HEXLOWER;
use document::sniff;
use parse::Readers;
use report::{CellState, FormId, Report, Review, Verdict, json};
use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use tokio::runtime::Builder;
use worker::WEAK_SANDBOX;

use super::findings::{Summary, human};
use crate::checking::{Checked, Judge, across_years, check_bytes, policy, today};
use crate::files::walk;
use crate::language::text;
use crate::print::say;

/// Check files without a server.
///
/// Exit status: 0 if every report passes or has warnings only, 1 if a report fails, 2 if a file cannot be read.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// How to print the findings.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// A rule policy: severities, rules switched off, waivers; see deploy/rule-policy.toml.
    #[arg(long, alias = "office", env = "GOUJI_RULE_POLICY", value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Files, folders and ZIP archives. A report is also compared with that of the same agency for the year
    /// before.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Human,
    Json,
}

/// The status where some file cannot be read.
const UNREADABLE: u8 = 2;

impl Check {
    pub(crate) fn run(&self) -> ExitCode {
        let worst = self.check().unwrap_or_else(|error| {
            eprintln!("{error:#}");
            UNREADABLE
        });
        worst.into()
    }

    /// Checks every file; the exit status.
    fn check(&self) -> Result<u8> {
        let runtime = Builder::new_current_thread().enable_all().build().context("making a runtime")?;
        let readers = Readers::new().context("finding this program")?;
        let mut checking = Checking {
            format: self.format,
            judge: Judge { policy: policy(self.policy.as_deref())?, day: today() },
            pending: Vec::new(),
            pending_bytes: 0,
            worst: 0,
            summary: Summary::default(),
        };
        for path in &self.paths {
            walk(path, &mut |file, bytes| {
                checking.add(runtime.block_on(check_bytes(&readers, &checking.judge, file, bytes)));
            });
        }
        checking.print();
        warn_of_weak_sandbox(&readers);
        if matches!(self.format, Format::Human) {
            say(&checking.summary.text());
        }
        Ok(checking.worst)
    }
}

/// Who checks a file on this machine should know what a hostile one could do here.
fn warn_of_weak_sandbox(readers: &Readers) {
    let Some(confinement) = readers.confinement().filter(|confinement| !confinement.is_complete()) else {
        return;
    };
    let code = WEAK_SANDBOX;
    let warning = text!(
        "警告[{code}]：本机内核不能完全隔离读取文件的进程（{confinement}），请勿检查来源不明的文件。",
        "warning[{code}]: this kernel does not confine the readers of files completely ({confinement}); do not \
         check files of unknown origin"
    );
    eprintln!("{warning}");
}

/// Results are pending until all files are read, so that each report can be compared with that of the year
/// before. Beyond this size the pending ones are printed.
const PENDING_BYTES: usize = 512 << 20;
/// The memory of a report beside its bytes.
const REPORT_BYTES: usize = 64 << 10;

struct Checking {
    format: Format,
    judge: Judge,
    pending: Vec<Checked>,
    pending_bytes: usize,
    /// The greatest exit status.
    worst: u8,
    summary: Summary,
}

impl Checking {
    fn add(&mut self, checked: Checked) {
        self.pending_bytes += checked.bytes.len() + REPORT_BYTES;
        self.pending.push(checked);
        if self.pending_bytes > PENDING_BYTES {
            self.print();
        }
    }

    /// Judges the pending reports across years and prints them.
    fn print(&mut self) {
        self.pending_bytes = 0;
        for checked in across_years(std::mem::take(&mut self.pending), &self.judge) {
            self.worst = self.worst.max(exit_code(&checked));
            match self.format {
                Format::Json => say(&Line::of(&checked).to_json()),
                Format::Human => say(&human(&checked)),
            }
            self.summary.count(&checked);
        }
    }
}

fn exit_code(checked: &Checked) -> u8 {
    match &checked.outcome {
        Err(_) => UNREADABLE,
        Ok(review) if review.verdict() == Verdict::Fail => 1,
        Ok(_) => 0,
    }
}

/// The line of JSON for one file.
#[derive(Serialize)]
struct Line<'a> {
    file: &'a str,
    sha256: String,
    format: &'static str,
    status: Status,
    reason: Option<String>,
    /// Every field of a review; empty ones where the file cannot be read.
    #[serde(flatten)]
    review: Map<String, Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Read,
    Partial,
    Unreadable,
}

impl<'a> Line<'a> {
    fn of(checked: &'a Checked) -> Self {
        let (status, reason, review) = match &checked.outcome {
            Ok(review) => {
                let reason = partial(&review.report);
                let status = if reason.is_some() { Status::Partial } else { Status::Read };
                (status, reason, json::review(review))
            }
            Err(unreadable) => {
                let reason = format!("{}（{}）", unreadable.message, unreadable.detail);
                (Status::Unreadable, Some(reason), no_review())
            }
        };
        Self {
            file: &checked.file,
            sha256: sha256(&checked.bytes),
            format: sniff(&checked.bytes).as_str(),
            status,
            reason,
            review,
        }
    }

    fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a line has strings as keys only")
    }
}

/// The fields of a review without a report.
fn no_review() -> Map<String, Value> {
    let nothing = Review { report: Report::default(), findings: Vec::new(), rules_version: String::new() };
    let mut fields = json::review(&nothing);
    fields.insert("verdict".into(), Value::Null);
    fields
}

fn sha256(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}

/// Why only a part of a report was read, in Chinese; none if every cell is known or known to be empty.
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
