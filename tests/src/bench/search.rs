//! What the index costs and what it answers: CPU of a report, of a page, of a walk, of a sum.

use std::path::Path;

use anyhow::{Context as _, Result};
use clap::Parser;
use document::Limits;
use proto::v1::{self, Blob, ReportSubmitted, ReportValidated};
use report::workflow::{Act, ActKind};
use report::{CellId, Date, Year};
use search::{Entry, Facet, GroupBy, Index, Query, Reader, Record, ReportAct, Sort, StoredParts};
use survey::{Measure, Observation, Observed, PanelQuestion};

use super::process::{cpu_seconds, thread_cpu_seconds};
use super::say;
use crate::generate::{self, generate};

/// Measure the index: writing, pages, walks and sums.
#[derive(Debug, Clone, Parser)]
pub struct Options {
    /// Reports in the index.
    #[arg(long, default_value_t = 20_000)]
    pub reports: u64,
    /// Different texts; the other reports are the same under other names.
    #[arg(long, default_value_t = 2_000)]
    pub different: u64,
    /// Times that each question is asked.
    #[arg(long, default_value_t = 20)]
    pub rounds: u32,
    /// Every report follows from it.
    #[arg(long, default_value_t = 20_261_122)]
    pub seed: u64,
}

/// As many as a commit of the index service has at most.
const BATCH: usize = 400;
/// One of so many reports was sent back to its agency.
const RETURNED_EVERY: usize = 3;
/// Of a hundred reports so many have a planted fault, so that there are findings.
const FAULTS_PERCENT: u8 = 20;
/// A phrase that many reports have.
const PHRASE: &str = "收到政府信息公开申请";

/// Measures, and prints what came out.
///
/// # Errors
/// If the index cannot be written or read.
pub fn run(options: &Options) -> Result<()> {
    let facts = facts(options)?;
    let folder = tempfile::tempdir().context("making a folder")?;
    let index = Index::open(folder.path())?;
    let cpu = cpu_seconds("self")?;
    write(&index, &facts, options.reports)?;
    let each = (cpu_seconds("self")? - cpu) / options.reports as f64;
    say(&format!("{} reports, {} rounds; CPU ms", options.reports, options.rounds));
    say(&format!("{:<44} {:>10.2}", "index, a report", 1000.0 * each));
    let bytes = size_of(folder.path())? as f64 / options.reports as f64;
    say(&format!("{:<44} {bytes:>10.0}", "bytes a report"));
    let reader = index.reader()?;
    for (what, ask) in questions() {
        ask(&reader)?;
        let cpu = thread_cpu_seconds()?;
        for _ in 0..options.rounds {
            ask(&reader)?;
        }
        let each = (thread_cpu_seconds()? - cpu) / f64::from(options.rounds);
        say(&format!("{what:<44} {:>10.2}", 1000.0 * each));
    }
    Ok(())
}

type Ask = fn(&Reader) -> Result<()>;

fn questions() -> Vec<(&'static str, Ask)> {
    vec![
        ("page of 20", |reader| page(reader, PHRASE, 20, |_| ())),
        ("page of 20, snippets", |reader| page(reader, PHRASE, 20, |query| query.highlight = true)),
        ("page of 20, snippets, all facets", |reader| {
            page(reader, PHRASE, 20, |query| {
                query.highlight = true;
                query.facets = Facet::ALL.to_vec();
            })
        }),
        ("all reports, no hits, facet by agency", |reader| {
            page(reader, "", 0, |query| query.facets = vec![Facet::Agency])
        }),
        ("work list: 50 rows, tabs counted, four facets", |reader| {
            let state = |name: &str| Ok::<_, anyhow::Error>(vec![search::field("review", name)?]);
            let facets = vec![Facet::Review, Facet::Year, Facet::Region, Facet::Rule];
            page(reader, "", 0, |query| query.facets = facets)?;
            let filters = state("returned")?;
            page(reader, "", 50, |query| {
                (query.filters, query.sort) = (filters, Sort::parse("due").unwrap_or_default());
            })?;
            let mut overdue = state("returned")?;
            overdue.push(search::field("due", "<2025-03-01")?);
            page(reader, "", 0, |query| query.filters = overdue)
        }),
        ("200 hits", |reader| page(reader, PHRASE, 200, |_| ())),
        ("200 hits with their reports", |reader| page(reader, PHRASE, 200, |query| query.reports = true)),
        ("walk, cards", |reader| walk(reader, |parts| parts.card.key.len())),
        ("walk, cards and cells (roll-up)", |reader| {
            let mut known = 0;
            reader.each_with_cells(&Query::default(), |_, values| {
                known += values.iter().flatten().count();
                true
            })?;
            anyhow::ensure!(known > 0, "no cell is known");
            Ok(())
        }),
        ("walk, facts", |reader| {
            walk(reader, |parts| parts.fact().map_or(0, |fact| fact.findings.len() + 1))
        }),
        ("walk, reviews", |reader| {
            walk(reader, |parts| parts.review().map_or(0, |review| review.findings.len() + 1))
        }),
        ("walk, texts", |reader| walk(reader, |parts| parts.text().map_or(0, |text| text.len()))),
        ("sum of a cell", |reader| sum(reader, GroupBy::Nothing)),
        ("sum of a cell by year", |reader| sum(reader, GroupBy::Year)),
        ("sum of a cell by city", |reader| sum(reader, GroupBy::City)),
        ("sum of a cell by agency", |reader| sum(reader, GroupBy::Agency)),
        ("page of 20 by a figure, with its ranges", |reader| {
            let asked = "新收 总计>0";
            let reports = reader.search(&Query { text: asked.into(), ..Query::default() })?.total;
            anyhow::ensure!(reports > 0, "no report has the figure");
            page(reader, asked, 20, |query| query.ranges = query.asked_cells())
        }),
        ("records of all reports, no figures (roster)", |reader| records(reader, &[])),
        ("records of all reports, three figures", |reader| records(reader, &COMPARED)),
        ("records and cells of all reports (roll-up)", |reader| {
            let mut known = 0;
            reader.each_record_with_cells(&Query::default(), |_, values| {
                known += values.iter().flatten().count();
            })?;
            anyhow::ensure!(known > 0, "no cell is known");
            Ok(())
        }),
        ("comparison of all agencies, three figures", compare),
        ("agencies by a part of their name", |reader| {
            anyhow::ensure!(!reader.agencies(&Query::default(), "局", 12)?.is_empty(), "no agency");
            Ok(())
        }),
    ]
}

/// Figures of a usual comparison.
const COMPARED: [&str; 3] = ["requests.received.total", "requests.concluded.total", "review.total"];

fn records(reader: &Reader, cells: &[&str]) -> Result<()> {
    let cells = cells.iter().map(|id| CellId::parse(id)).collect::<Result<Vec<_>, _>>()?;
    let records = reader.records(&Query::default(), &cells)?;
    anyhow::ensure!(records.len() as u64 == reader.count()?, "a report is missing");
    Ok(())
}

/// What the page of comparisons does for a province without a roster.
fn compare(reader: &Reader) -> Result<()> {
    let cells = COMPARED.iter().map(|id| CellId::parse(id)).collect::<Result<Vec<_>, _>>()?;
    let observations: Vec<Observation> =
        reader.records(&Query::default(), &cells)?.into_iter().filter_map(observation).collect();
    let years: Vec<Year> = (2019..=2025).filter_map(Year::new).collect();
    let question =
        PanelQuestion { cells: &cells, years: &years, measure: Measure::Value, kind: None, level: None };
    let panel = survey::panel(&question, &observations, None, |_| true, |_| None);
    anyhow::ensure!(panel.rows.len() > observations.len() / 20, "{} rows", panel.rows.len());
    Ok(())
}

fn observation(record: Record) -> Option<Observation> {
    let figures = record.figures.iter();
    Some(Observation {
        agency: record.agency?,
        region: record.region,
        year: record.year?,
        submitted_at_ms: record.submitted_at_ms,
        figures: figures.map(|figure| Observed { value: figure.value, state: figure.state }).collect(),
        key: record.key,
    })
}

fn page(reader: &Reader, text: &str, limit: usize, change: impl FnOnce(&mut Query)) -> Result<()> {
    let mut query = Query { text: text.into(), limit, ..Query::default() };
    change(&mut query);
    let page = reader.search(&query)?;
    anyhow::ensure!(page.hits.len() == limit.min(page.total as usize), "{} hits", page.hits.len());
    Ok(())
}

fn walk(reader: &Reader, look: impl Fn(&StoredParts) -> usize) -> Result<()> {
    let mut seen = 0;
    reader.each(&Query::default(), |parts| {
        seen += look(&parts);
        true
    })?;
    anyhow::ensure!(seen as u64 >= reader.count()?, "a part does not read back");
    Ok(())
}

fn sum(reader: &Reader, by: GroupBy) -> Result<()> {
    let cell = CellId::parse("requests.received.total").context("a cell of every form")?;
    anyhow::ensure!(!reader.sum(&Query::default(), cell, by)?.is_empty(), "no sums");
    Ok(())
}

/// The facts and texts of the different reports.
pub(super) fn facts(options: &Options) -> Result<Vec<(ReportValidated, String)>> {
    let of = generate::Options { faults_percent: FAULTS_PERCENT, ..generate::Options::default() };
    let different = options.different.min(options.reports).max(1);
    let made = (0..different).map(|number| {
        let generated = generate(options.seed, number, &of);
        let document = document::read(&generated.bytes, &Limits::default())?;
        let review = rules::review(reading::read(&document, Some(&generated.file_name)));
        let text = document::plain_text(&document);
        let submitted = ReportSubmitted { file_name: generated.file_name, ..ReportSubmitted::default() };
        let fact = ReportValidated {
            submitted: Some(submitted),
            report: Some(v1::Report::from(&review.report)),
            findings: review.findings.iter().map(v1::Finding::from).collect(),
            verdict: v1::Verdict::from(review.verdict()).into(),
            rules_version: review.rules_version,
            ..ReportValidated::default()
        };
        anyhow::Ok((fact, text))
    });
    made.collect()
}

/// The fact of a report: the facts repeat, each time with other agencies.
fn fact_of(facts: &[(ReportValidated, String)], number: u64) -> (ReportValidated, &String) {
    let (fact, text) = &facts[number as usize % facts.len()];
    let (mut fact, digits) = (fact.clone(), format!("{number:032x}"));
    if let (Some(submitted), Some(report)) = (&mut fact.submitted, &mut fact.report) {
        let sha256 = format!("{number:064x}");
        submitted.original = Some(Blob { sha256, ..Blob::default() });
        submitted.id = format!("{digits}-g0");
        submitted.submission = digits;
        submitted.submitted_at_ms = 1_800_000_000_000;
        if !report.agency.is_empty() {
            report.agency = format!("{}{number}", report.agency);
        }
    }
    (fact, text)
}

pub(super) fn write(index: &Index, facts: &[(ReportValidated, String)], count: u64) -> Result<()> {
    let mut writer = index.writer()?;
    let numbers: Vec<u64> = (0..count).collect();
    for numbers in numbers.chunks(BATCH) {
        let entries = numbers.iter().map(|number| {
            let (fact, text) = fact_of(facts, *number);
            Ok(Entry::of(&fact, text.clone())?)
        });
        let entries = entries.collect::<Result<Vec<_>>>()?;
        let acts = entries.iter().step_by(RETURNED_EVERY).enumerate().map(returned).collect();
        writer.apply(entries)?;
        writer.review(acts)?;
        writer.commit("")?;
    }
    Ok(())
}

/// An act that sends a report back, with a deadline of its own.
fn returned((number, entry): (usize, &Entry)) -> ReportAct {
    let day = i8::try_from(1 + number % 28).unwrap_or(1);
    let deadline = Date::new(2025, 2, day).ok();
    let kind = ActKind::Returned { deadline, note: String::new(), letter: String::new() };
    let act = Act {
        number: 1,
        version: entry.version.id.clone(),
        version_number: entry.version.number,
        at_ms: entry.version.submitted_at_ms,
        who: "甲".into(),
        findings: Vec::new(),
        kind,
    };
    ReportAct { key: entry.key.clone(), sequence: number as u64 + 1, act }
}

fn size_of(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder).context("looking into the index")? {
        // The engine may remove a file while it merges.
        let Ok(metadata) = entry?.metadata() else { continue };
        bytes += metadata.len();
    }
    Ok(bytes)
}
