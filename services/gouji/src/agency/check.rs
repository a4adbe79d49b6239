//! `gouji check`: reads and judges files without a server. An agency checks its own file before it sends it.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result, ensure};
use check::{CheckedFile, Judge, across_years, check_file, today};
use clap::{Args, ValueEnum};
use parse::Readers;
use render::{CheckedReport, checked_html, checked_xlsx};
use report::{Review, Verdict};
use tokio::runtime::Builder;
use worker::WEAK_SANDBOX;

use super::findings::{Summary, human};
use crate::files::walk;
use crate::language::text;
use crate::policy;
use crate::print::say;

/// Check files without a server.
///
/// Exit status: 0 if every report passes or has warnings only, 1 if a report fails, 2 if a file cannot be read.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// How to print the findings, or the form of the file that has them.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Where to write a page or a workbook; by default in this folder, as 校核结果.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// A rule policy: severities, rules switched off, waivers; see deploy/rule-policy.toml.
    #[arg(long, alias = "office", env = "GOUJI_RULE_POLICY", value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Read scans too, with the recogniser that `gouji scans install` installed. A figure that nothing else
    /// confirms is shown and not used.
    #[arg(long)]
    scans: bool,
    /// Files, folders and ZIP archives. A report is also compared with that of the same agency for the year
    /// before.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// For people, on the terminal.
    Human,
    /// One JSON object a file, on the terminal.
    Json,
    /// A page to print or to send on.
    Html,
    /// A workbook: a row for each file, each finding and each cell.
    Xlsx,
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
        let readers = self.readers()?;
        let mut checking = Checking {
            format: self.format,
            judge: Judge { policy: policy::read(self.policy.as_deref())?, day: today() },
            pending: Vec::new(),
            pending_bytes: 0,
            worst: 0,
            summary: Summary::default(),
            kept: Vec::new(),
        };
        for path in &self.paths {
            walk(path, &mut |file, bytes| {
                checking.add(runtime.block_on(check_file(&readers, &checking.judge, file, bytes)));
            });
        }
        checking.print();
        warn_of_weak_sandbox(&readers);
        match self.format {
            Format::Human => say(&checking.summary.text()),
            Format::Json => {}
            Format::Html => self.write("html", checked_html(&as_rendered(&checking.kept)).into_bytes())?,
            Format::Xlsx => self.write("xlsx", checked_xlsx(&as_rendered(&checking.kept))?)?,
        }
        Ok(checking.worst)
    }

    fn readers(&self) -> Result<Readers> {
        if !self.scans {
            return Readers::new().context("finding this program");
        }
        let folder = scan_model::folder()?;
        let shown = folder.display();
        ensure!(
            scan_model::read(&folder)?.is_some(),
            text!(
                "{shown} 中没有识别扫描件的模型，请先运行 gouji scans install",
                "{shown} has no recogniser of scans: run `gouji scans install` first"
            )
        );
        Readers::with_scans(&folder).context("finding this program")
    }

    /// Writes the file, and prints where it is.
    fn write(&self, extension: &str, bytes: Vec<u8>) -> Result<()> {
        let out = self.out.clone().unwrap_or_else(|| PathBuf::from(format!("校核结果.{extension}")));
        fs::write(&out, bytes).with_context(|| format!("writing {}", out.display()))?;
        say(&out.display().to_string());
        Ok(())
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
    pending: Vec<CheckedFile>,
    pending_bytes: usize,
    /// The greatest exit status.
    worst: u8,
    summary: Summary,
    /// What goes into one page or workbook together.
    kept: Vec<Kept>,
}

/// What a page or a workbook has of a file: not its bytes.
struct Kept {
    name: String,
    outcome: Result<Review, String>,
}

fn as_rendered(files: &[Kept]) -> Vec<CheckedReport<'_>> {
    let mut rendered = Vec::with_capacity(files.len());
    for Kept { name, outcome } in files {
        rendered.push(CheckedReport { file_name: name, outcome: outcome.as_ref().map_err(String::as_str) });
    }
    rendered
}

impl Checking {
    fn add(&mut self, checked: CheckedFile) {
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
            self.summary.count(&checked);
            match self.format {
                Format::Json => say(&checked.to_json().to_string()),
                Format::Human => say(&human(&checked)),
                Format::Html | Format::Xlsx => {
                    let outcome = checked.outcome.map_err(|unreadable| unreadable.message);
                    self.kept.push(Kept { name: checked.name, outcome });
                }
            }
        }
    }
}

fn exit_code(checked: &CheckedFile) -> u8 {
    match &checked.outcome {
        Err(_) => UNREADABLE,
        Ok(review) if review.verdict() == Verdict::Fail => 1,
        Ok(_) => 0,
    }
}
