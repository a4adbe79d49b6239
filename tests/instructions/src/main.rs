//! Does one kind of work on fixed inputs as often as it is asked, so that two runs of different length show what
//! the work takes: `instructions <work> <rounds> <file>…`.
//!
//! `cargo xtask bench instructions` runs it under callgrind, which counts instructions. Unlike times these are the
//! same on a loaded machine.

use std::hint::black_box;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use document::{Document, Limits};
use proto::v1::{self, ReportSubmitted, ReportValidated};
use report::Report;
use search::{Entry, Index};

/// Versions of each report that one round indexes, under different ids and agencies, so that opening an index and
/// its commit are a small part. `xtask/src/instructions.rs` divides by it.
const INDEXED: usize = 8;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(work), Some(rounds)) = (arguments.next(), arguments.next()) else {
        bail!("call it as: instructions <document|reading|rules|index> <rounds> <file>…");
    };
    let rounds: usize = rounds.parse().context("the number of rounds")?;
    let files = arguments.map(PathBuf::from).map(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let bytes = std::fs::read(&path).with_context(|| format!("read {}", path.display()))?;
        Ok(File { name, bytes })
    });
    let files = files.collect::<Result<Vec<File>>>()?;
    // Everything before the work itself is done in every run, however long it is.
    let documents = files.iter().map(File::document).collect::<Result<Vec<Document>>>()?;
    let read = |(file, document): (&File, &Document)| reading::read(document, Some(&file.name));
    let reports: Vec<Report> = files.iter().zip(&documents).map(read).collect();
    let facts: Vec<ReportValidated> =
        reports.iter().cloned().map(|report| fact(rules::review(report))).collect();
    let texts: Vec<String> = documents.iter().map(document::plain_text).collect();
    for _ in 0..rounds {
        match work.as_str() {
            "document" => {
                for file in &files {
                    black_box(file.document()?);
                }
            }
            "reading" => files.iter().zip(&documents).for_each(|pair| drop(black_box(read(pair)))),
            "rules" => reports.iter().cloned().for_each(|report| drop(black_box(rules::review(report)))),
            "index" => index(&facts, &texts)?,
            other => bail!("there is no work called {other}: document, reading, rules or index"),
        }
    }
    Ok(())
}

fn fact(review: report::Review) -> ReportValidated {
    ReportValidated {
        submitted: Some(ReportSubmitted::default()),
        report: Some(v1::Report::from(&review.report)),
        findings: review.findings.iter().map(v1::Finding::from).collect(),
        verdict: v1::Verdict::from(review.verdict()).into(),
        rules_version: review.rules_version,
        ..ReportValidated::default()
    }
}

/// Writes an index of its own, one commit.
fn index(facts: &[ReportValidated], texts: &[String]) -> Result<()> {
    let folder = tempfile::tempdir().context("make a folder")?;
    let index = Index::open(folder.path())?;
    let mut writer = index.writer()?;
    let mut entries = Vec::new();
    for copy in 0..INDEXED {
        for (number, (fact, text)) in facts.iter().zip(texts).enumerate() {
            let mut fact = fact.clone();
            if let (Some(submitted), Some(report)) = (&mut fact.submitted, &mut fact.report) {
                submitted.submission = format!("{:032x}", number * INDEXED + copy);
                submitted.id = format!("{}-g0", submitted.submission);
                report.agency = format!("{}{copy}", report.agency);
            }
            entries.push(Entry::of(&fact, text.clone())?);
        }
    }
    writer.apply(entries)?;
    writer.commit("")?;
    Ok(())
}

/// An input.
struct File {
    name: String,
    bytes: Vec<u8>,
}

impl File {
    fn document(&self) -> Result<Document> {
        document::read(&self.bytes, &Limits::default()).with_context(|| self.name.clone())
    }
}
