//! What a report costs while the index grows: the same work at a thousand documents and at a million.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result};
use clap::Parser;
use document::Limits;
use proto::v1::{self, ReportSubmitted, ReportValidated};
use search::{Entry, Index, Query, Reader, Writer};

use super::process::{cpu_seconds, resident_bytes};
use super::say;
use crate::generate::{self, Generated, generate};

/// Measure what a report costs while the index grows.
#[derive(Debug, Clone, Parser)]
pub struct Options {
    /// Documents at the end.
    #[arg(long, default_value_t = 100_000)]
    pub documents: u64,
    /// Different reports; the others are the same under other names.
    #[arg(long, default_value_t = 2_000)]
    pub different: u64,
    /// Every report follows from it.
    #[arg(long, default_value_t = 20_261_122)]
    pub seed: u64,
}

/// As many as the index service takes at most.
const BATCH: u64 = 400;
/// Where is looked: each step ten times the one before, with one in between.
const STEPS: [u64; 7] = [1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000];
/// What people search for.
const QUERIES: [&str; 4] = ["收到政府信息公开申请", "行政复议", "依申请公开 结转下年度", "区政府办公室"];

/// Measures, and prints what came out.
///
/// # Errors
/// If the index cannot be written or read.
pub fn run(options: &Options) -> Result<()> {
    let reports = reports(options)?;
    let folder = tempfile::tempdir().context("making a folder")?;
    let index = Index::open(folder.path())?;
    let mut writer = index.writer()?;
    let reader = index.reader()?;
    say("documents   CPU a report   wall a report   a search   bytes a report   resident");
    let (mut written, mut last) = (0, 0);
    let steps = STEPS.iter().copied().filter(|step| *step < options.documents);
    for step in steps.chain([options.documents]) {
        let (cpu, wall) = (cpu_seconds("self")?, Instant::now());
        while written < step {
            let count = BATCH.min(step - written);
            write(&mut writer, &reports, written..written + count)?;
            written += count;
        }
        let count = (written - last) as f64;
        let (cpu, wall) = (cpu_seconds("self")? - cpu, wall.elapsed().as_secs_f64());
        say(&format!(
            "{written:>9}   {:>9.2} ms   {:>10.2} ms   {:>5.1} ms   {:>14.0}   {:>5.0} MB",
            1000.0 * cpu / count,
            1000.0 * wall / count,
            1000.0 * search(&reader)?,
            size_of(folder.path())? as f64 / written as f64,
            resident_bytes()? as f64 / 1e6,
        ));
        last = written;
    }
    Ok(())
}

/// What the heart makes of a report, without what differs between its copies.
struct Made {
    fact: ReportValidated,
    text: String,
    file_name: String,
}

fn reports(options: &Options) -> Result<Vec<Made>> {
    let make = |generated: Generated| {
        let document = document::read(&generated.bytes, &Limits::default())?;
        let report = reading::read(&document, Some(&generated.file_name));
        let (review, text) = (rules::review(report), document::plain_text(&document));
        let fact = ReportValidated {
            report: Some(v1::Report::from(&review.report)),
            findings: review.findings.iter().map(v1::Finding::from).collect(),
            verdict: v1::Verdict::from(review.verdict()).into(),
            rules_version: review.rules_version,
            ..ReportValidated::default()
        };
        anyhow::Ok(Made { fact, text, file_name: generated.file_name })
    };
    let different = options.different.min(options.documents).max(1);
    (0..different).map(|index| make(generate(options.seed, index, &generate::Options::default()))).collect()
}

fn write(writer: &mut Writer, reports: &[Made], numbers: std::ops::Range<u64>) -> Result<()> {
    let entries = numbers.map(|number| {
        let made = &reports[number as usize % reports.len()];
        let submitted = ReportSubmitted {
            id: format!("{number:032x}-g0"),
            submission: format!("{number:032x}"),
            file_name: made.file_name.clone(),
            submitted_at_ms: 1_800_000_000_000,
            ..ReportSubmitted::default()
        };
        let fact = ReportValidated { submitted: Some(submitted), ..made.fact.clone() };
        let entry = Entry::of(&fact, made.text.clone())?;
        // Copies of one report count as different reports.
        Ok(Entry { key: format!("{number:032x}"), ..entry })
    });
    writer.apply(entries.collect::<Result<Vec<_>>>()?)?;
    Ok(writer.commit("")?)
}

/// Seconds of one search, in the mean.
fn search(reader: &Reader) -> Result<f64> {
    let begun = Instant::now();
    for text in QUERIES {
        reader.search(&Query { text: text.into(), ..Query::default() })?;
    }
    Ok(begun.elapsed().as_secs_f64() / QUERIES.len() as f64)
}

fn size_of(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder).context("looking into the index")? {
        let entry = entry?;
        // A file may go while the engine merges.
        let Ok(metadata) = entry.metadata() else { continue };
        bytes += if metadata.is_dir() { size_of(&entry.path())? } else { metadata.len() };
    }
    Ok(bytes)
}
