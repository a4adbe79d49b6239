//! Every format read and timed, beside what people otherwise run on the same files in the same run.
//!
//! The reports are the generator's, so every cell is known. Formats that we write ourselves need
//! nothing; the others are made by LibreOffice and chromium, and left out where these are missing.

mod make;
mod others;
mod page;
mod score;
mod write;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Parser;
use document::Limits;
use report::Review;

use super::process::thread_cpu_seconds;
use super::say;
use make::Files;
use others::TOOLS;

pub(super) use make::{chromium, soffice};
pub use page::{Hand, Page};
pub use score::{Score, score, unread};
pub use write::{WRITERS, Writer};

/// Read reports with known cells in every format, and time it.
#[derive(Debug, Parser)]
pub struct Options {
    /// Reports in each format.
    #[arg(long, default_value_t = 40)]
    reports: u64,
    /// Every report follows from it.
    #[arg(long, default_value_t = 20_261_122)]
    seed: u64,
    /// Only formats whose name contains this.
    #[arg(long, default_value = "")]
    only: String,
    /// Leave out the other tools.
    #[arg(long)]
    alone: bool,
    /// Keep the files here; what other programs have made there before is not made again.
    #[arg(long)]
    keep: Option<PathBuf>,
    /// Say of each file what is not as it should be.
    #[arg(long)]
    complaints: bool,
}

/// Reads, judges and times, and prints what came out.
///
/// # Errors
/// If a file cannot be written.
pub fn run(options: &Options) -> Result<()> {
    let temporary = tempfile::tempdir().context("making a folder")?;
    let folder = options.keep.clone().unwrap_or_else(|| temporary.path().to_owned());
    fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    let line: Vec<String> = std::env::args().skip(1).collect();
    say(&format!("bench formats {} (seed {})", line.join(" "), options.seed));
    let (all, absent) = make::make(&folder, options.seed, options.reports, &options.only)?;
    say(
        "\nformat                    files   KB each   reports/s     MB/s   printed     right     missing   wrong   unflagged   misnamed   complaints",
    );
    let mut rates = Vec::new();
    for files in &all {
        rates.push(ours(files, options.complaints)?);
    }
    for line in absent {
        say(&format!("left out: {line}"));
    }
    if !options.alone {
        theirs(&all, &rates, &folder)?;
    }
    Ok(())
}

/// Reads files of one format, and says how it went; reports a second of one core.
fn ours(files: &Files, complaints: bool) -> Result<f64> {
    let mut sum = Score::default();
    let mut seconds = 0.0;
    let mut size = 0;
    for (page, path) in &files.files {
        let bytes = fs::read(path).with_context(|| format!("reading {}", path.display()))?;
        size += bytes.len();
        let name = format!("{}.{}", page.name, files.ending);
        let before = thread_cpu_seconds()?;
        let report = read(&bytes, &name);
        seconds += thread_cpu_seconds()? - before;
        let one = match report {
            Ok(report) => score(&rules::review(report), page),
            Err(error) => unread(page, &error),
        };
        if complaints {
            for complaint in &one.complaints {
                say(&format!("  {}: {complaint}", path.display()));
            }
        }
        sum.add(one);
    }
    let count = files.files.len() as f64;
    say(&format!(
        "{:<26}{:>5}   {:>7.1}   {:>9.0}   {:>6.1}   {:>7}   {:>6.2}%   {:>7}   {:>7}   {:>7}   {:>10}   {:>10}",
        files.format,
        files.files.len(),
        size as f64 / count / 1000.0,
        count / seconds,
        size as f64 / seconds / 1e6,
        sum.printed,
        100.0 * sum.right as f64 / sum.printed.max(1) as f64,
        sum.missing,
        sum.wrong,
        sum.unflagged,
        sum.misnamed,
        sum.complaints.len(),
    ));
    Ok(count / seconds)
}

/// From bytes to a report, as every stage and command does it.
///
/// # Errors
/// Why it cannot be read.
pub fn read(bytes: &[u8], name: &str) -> Result<report::Report, String> {
    let document = document::read(bytes, &Limits::default()).map_err(|error| error.to_string())?;
    Ok(reading::read(&document, Some(name)))
}

/// What a reviewer would say of a file.
///
/// # Errors
/// Why it cannot be read.
pub fn review(bytes: &[u8], name: &str) -> Result<Review, String> {
    read(bytes, name).map(rules::review)
}

/// The other tools, on the first of the same files.
fn theirs(all: &[Files], rates: &[f64], folder: &std::path::Path) -> Result<()> {
    say("\nformat                    tool                 files   reports/s     right   gouji is faster by");
    for tool in TOOLS {
        for (files, rate) in all.iter().zip(rates).filter(|(files, _)| tool.reads(files)) {
            match tool.run(files, folder) {
                Ok(tried) => {
                    let theirs = tried.files as f64 / tried.cpu_seconds.max(0.001);
                    say(&format!(
                        "{:<26}{:<20}{:>6}   {theirs:>9.1}   {:>6.2}%   {:>18.0}",
                        files.format,
                        tool.name,
                        tried.files,
                        100.0 * tried.right as f64 / tried.printed.max(1) as f64,
                        rate / theirs,
                    ));
                }
                Err(error) => {
                    say(&format!("{:<26}{} is absent: {error:#}", "", tool.name));
                    break;
                }
            }
        }
    }
    Ok(())
}
