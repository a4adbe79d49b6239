//! What the work itself costs: reading, rules and indexing in this process, one after the other.

use anyhow::{Context as _, Result};
use document::Limits;
use prost::Message as _;
use proto::v1::{ReportParsed, ReportValidated};
use report::{Report, Review};
use search::{Entry, Index};
use sha2::{Digest, Sha256};

use super::facts::Facts;
use super::mix::Sent;
use super::process::cpu_seconds;

/// CPU seconds a report.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cost {
    /// From bytes to a report and its text.
    pub(super) read: f64,
    /// From a report to its findings.
    pub(super) rules: f64,
    /// From a reviewed report to a committed index, merging included.
    pub(super) index: f64,
    /// Between the model and the wire, as often as the pipeline does it; no part of the total.
    pub(super) wire: f64,
}

impl Cost {
    pub(super) fn total(&self) -> f64 {
        self.read + self.rules + self.index
    }
}

/// As many as a commit of the index service has at most.
const BATCH: usize = 1_000;

/// The cost of these reports, and the facts that the pipeline would publish about them.
pub(super) fn measure(sent: &[Sent]) -> Result<(Cost, Vec<Facts>)> {
    let count = sent.len().max(1) as f64;
    let mut read = Vec::with_capacity(sent.len());
    let reading = cost(|| {
        for one in sent {
            let document =
                document::read(&one.bytes, &Limits::default()).with_context(|| one.file_name.clone())?;
            read.push((reading::read(&document, Some(&one.file_name)), document::plain_text(&document)));
        }
        Ok(())
    })?;
    let mut reviewed: Vec<(Review, String)> = Vec::with_capacity(read.len());
    let judging = cost(|| {
        reviewed.extend(read.drain(..).map(|(report, text)| (rules::review(report), text)));
        Ok(())
    })?;
    let facts: Vec<Facts> = sent
        .iter()
        .zip(&reviewed)
        .map(|(one, (review, text))| {
            let sha256: String =
                Sha256::digest(&one.bytes).iter().map(|byte| format!("{byte:02x}")).collect();
            Facts::of(one, review, &sha256, text.len())
        })
        .collect();
    let wiring = cost(|| facts.iter().try_for_each(over_the_wire))?;
    let entries = facts.iter().zip(reviewed).map(|(facts, (_, text))| {
        let validated = ReportValidated::decode(&facts.payloads[2][..]).context("decoding a fact")?;
        Entry::of(&validated, text).context("a fact that we wrote")
    });
    let entries = entries.collect::<Result<Vec<Entry>>>()?;
    let indexing = cost(|| index(entries))?;
    let cost =
        Cost { read: reading / count, rules: judging / count, index: indexing / count, wire: wiring / count };
    Ok((cost, facts))
}

/// CPU seconds of this process for some work.
fn cost(work: impl FnOnce() -> Result<()>) -> Result<f64> {
    let before = cpu_seconds("self")?;
    work()?;
    Ok(cpu_seconds("self")? - before)
}

/// parse encodes, validate decodes and encodes, index decodes.
fn over_the_wire(facts: &Facts) -> Result<()> {
    let parsed = ReportParsed::decode(&facts.payloads[1][..]).context("decoding a fact")?;
    let report = Report::try_from(&parsed).context("a report that we wrote")?;
    std::hint::black_box(proto::v1::Report::from(&report).encode_to_vec());
    let validated = ReportValidated::decode(&facts.payloads[2][..]).context("decoding a fact")?;
    std::hint::black_box(validated.encode_to_vec());
    std::hint::black_box(Review::try_from(&validated).context("a review that we wrote")?);
    Ok(())
}

fn index(mut entries: Vec<Entry>) -> Result<()> {
    let folder = tempfile::tempdir().context("making a folder")?;
    let mut writer = Index::open(folder.path())?.writer()?;
    while !entries.is_empty() {
        let rest = entries.split_off(entries.len().min(BATCH));
        writer.apply(std::mem::replace(&mut entries, rest))?;
        writer.commit("")?;
    }
    Ok(())
}
