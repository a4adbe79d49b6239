//! The rules measured on generated reports, with faults of every kind planted and without: what they find,
//! where they speak without reason, and what they cost.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Parser;
use document::Limits;
use report::{Finding, Judgement, Report, Severity};
use rules::{RulePolicy, review_as};

use super::process::thread_cpu_seconds;
use crate::generate::{self, Generated, Kind, Layout, agency_and_year_of, generate_of};

/// Measure the rules on generated reports.
#[derive(Debug, Clone, Parser)]
pub struct Options {
    /// Reports without a planted fault.
    #[arg(long, default_value_t = 4_000)]
    pub reports: u64,
    /// Reports with a planted fault, of each kind.
    #[arg(long, default_value_t = 100)]
    pub planted: u64,
    /// Every report follows from it.
    #[arg(long, default_value_t = 20_261_122)]
    pub seed: u64,
    /// Reports looked through for those that can have a kind of fault.
    #[arg(long, default_value_t = 20_000)]
    pub tried: u64,
    /// Keep the reports here in which a planted fault was not found.
    #[arg(long)]
    pub keep: Option<PathBuf>,
}

/// What became of one rule.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Reports in which a fault was planted that it has to find.
    pub planted: u64,
    /// Those of them in which it found it.
    pub found: u64,
    /// Reports in which it spoke though nothing that it speaks of was planted.
    pub without: u64,
    /// The first report in which it did not find it, and the first in which it spoke without reason.
    pub examples: Vec<String>,
}

/// What was measured.
#[derive(Debug, Clone, Default)]
pub struct Measure {
    /// By rule.
    pub rules: BTreeMap<String, Tally>,
    /// The reports without a planted fault in which something failed that weighs more than a hint.
    pub alarms: Vec<String>,
    /// Of the reports without a planted fault.
    clean: Cost,
    /// Of those with one.
    wrong: Cost,
}

/// What the rules alone took.
#[derive(Debug, Clone, Copy, Default)]
struct Cost {
    reports: u64,
    findings: u64,
    seconds: f64,
}

/// Prints what was measured, ready for docs/performance.md.
///
/// # Errors
/// If a report of ours cannot be read.
pub fn run(options: &Options) -> Result<()> {
    let measure = measure(options)?;
    let mut out = std::io::stdout();
    writeln!(out, "| rule | severity | planted | found | recall | spoke without a fault | precision |")?;
    writeln!(out, "|---|---|---:|---:|---:|---:|---:|")?;
    let share = |part: u64, whole: u64| match whole {
        0 => "–".to_owned(),
        _ => format!("{:.1}%", 100.0 * part as f64 / whole as f64),
    };
    for rule in rules::catalogue() {
        let Some(tally) = measure.rules.get(rule.id) else { continue };
        let Tally { planted, found, without, .. } = *tally;
        let (recall, precision) = (share(found, planted), share(found, found + without));
        let severity = rule.severity.as_str();
        writeln!(
            out,
            "| {} | {severity} | {planted} | {found} | {recall} | {without} | {precision} |",
            rule.id
        )?;
    }
    let unplanted: Vec<&str> = rules::catalogue()
        .iter()
        .filter(|rule| measure.rules.get(rule.id).is_none_or(|tally| tally.planted == 0))
        .map(|rule| rule.id)
        .collect();
    writeln!(out, "\nnever planted: {}", unplanted.join(" "))?;
    let sum = |of: fn(&Tally) -> u64| measure.rules.values().map(of).sum::<u64>();
    let (planted, found, without) = (sum(|t| t.planted), sum(|t| t.found), sum(|t| t.without));
    writeln!(out, "all rules: {planted} planted, {found} found ({})", share(found, planted))?;
    writeln!(
        out,
        "{} reports without a fault, beside the year before: {} errors and warnings",
        measure.clean.reports,
        measure.alarms.len()
    )?;
    writeln!(out, "spoke without a fault, hints included: {without}")?;
    for (name, cost) in [("without a fault", measure.clean), ("with a fault", measure.wrong)] {
        let (reports, each) = (cost.reports, 1e6 * cost.seconds / cost.reports.max(1) as f64);
        let speed = cost.findings as f64 / cost.seconds.max(f64::MIN_POSITIVE);
        writeln!(
            out,
            "{reports} reports {name}: {each:.0} µs CPU a report, {speed:.0} findings/s, one core, reading not counted"
        )?;
    }
    for (rule, tally) in &measure.rules {
        for example in &tally.examples {
            writeln!(out, "  {rule}: {example}")?;
        }
    }
    Ok(())
}

/// Measures it.
///
/// # Errors
/// If a report of ours cannot be read.
pub fn measure(options: &Options) -> Result<Measure> {
    let mut measure = Measure::default();
    for index in 0..options.reports {
        measure.clean(options.seed, index)?;
    }
    for kind in Kind::all() {
        // A rule that is not there finds nothing.
        if rules::rule(kind.rule).is_none() {
            continue;
        }
        let mut planted = 0;
        for index in 0..options.tried {
            if planted == options.planted {
                break;
            }
            planted += u64::from(measure.wrong(options, index, kind)?);
        }
    }
    Ok(measure)
}

impl Measure {
    fn clean(&mut self, seed: u64, index: u64) -> Result<()> {
        let (agency, year) = agency_and_year_of(seed, index);
        let options = generate::Options::default();
        let report = generate_of(seed, agency, year, &options);
        let last = last_year(seed, agency, year)?;
        let findings = judge(&mut self.clean, &report, last.as_ref())?;
        let planted: BTreeSet<&str> = report.truth.faults.iter().map(|fault| fault.rule).collect();
        for finding in spoken(&findings).filter(|finding| !planted.contains(finding.rule.as_str())) {
            let example = example(&report, finding);
            if finding.severity > Severity::Info {
                self.alarms.push(format!("{} {example}", finding.rule));
            }
            self.spoke_without(&finding.rule, example);
        }
        Ok(())
    }

    /// False where this report cannot have this kind of fault.
    fn wrong(&mut self, bench: &Options, index: u64, kind: &'static Kind) -> Result<bool> {
        let seed = bench.seed;
        let (agency, year) = agency_and_year_of(seed, index);
        let whole = Layout::ALL.into_iter().filter(|layout| layout.is_whole()).collect();
        let clean = generate::Options { layouts: whole, ..generate::Options::default() };
        let options = generate::Options { kind: Some(kind), ..clean.clone() };
        let report = generate_of(seed, agency, year, &options);
        let planted: BTreeSet<&str> = report.truth.faults.iter().map(|fault| fault.rule).collect();
        if planted.is_empty() || kind.beside && year == generate::FIRST_YEAR {
            return Ok(false);
        }
        let last = last_year(seed, agency, year)?;
        let findings = judge(&mut self.wrong, &report, last.as_ref())?;
        // What was planted may also make it impossible to judge, as long as that is said.
        let spoke: BTreeSet<&str> = findings.iter().map(|finding| finding.rule.as_str()).collect();
        for rule in &planted {
            let tally = self.rules.entry((*rule).to_owned()).or_default();
            tally.planted += 1;
            tally.found += u64::from(spoke.contains(rule));
            if !spoke.contains(rule) && tally.examples.len() < 3 {
                tally.examples.push(format!("not found: {} {}", report.file_name, kind.what));
                if let Some(folder) = &bench.keep {
                    let path = folder.join(format!("{rule}-{}", report.file_name));
                    fs::write(&path, &report.bytes).with_context(|| path.display().to_string())?;
                }
            }
        }
        let mut others = spoken(&findings)
            .filter(|finding| {
                !planted.contains(finding.rule.as_str()) && !kind.also.contains(&finding.rule.as_str())
            })
            .peekable();
        // What it says of the same report without the fault was counted there.
        let before = match others.peek() {
            Some(_) => judge(&mut Cost::default(), &generate_of(seed, agency, year, &clean), last.as_ref())?,
            None => Vec::new(),
        };
        for finding in others.filter(|finding| !before.iter().any(|other| other.rule == finding.rule)) {
            let example = format!("after {} {}: {}", kind.rule, kind.what, example(&report, finding));
            self.spoke_without(&finding.rule, example);
        }
        Ok(true)
    }

    fn spoke_without(&mut self, rule: &str, example: String) {
        let tally = self.rules.entry(rule.to_owned()).or_default();
        tally.without += 1;
        if tally.examples.len() < 3 {
            tally.examples.push(example);
        }
    }
}

/// The report of the year before, as it would lie in the index.
fn last_year(seed: u64, agency: u64, year: u16) -> Result<Option<Report>> {
    if year == generate::FIRST_YEAR {
        return Ok(None);
    }
    let whole = Layout::ALL.into_iter().filter(|layout| layout.is_whole()).collect();
    let options = generate::Options { layouts: whole, ..generate::Options::default() };
    read(&generate_of(seed, agency, year - 1, &options)).map(Some)
}

fn read(generated: &Generated) -> Result<Report> {
    let document =
        document::read(&generated.bytes, &Limits::default()).with_context(|| generated.file_name.clone())?;
    Ok(reading::read(&document, Some(&generated.file_name)))
}

fn judge(cost: &mut Cost, generated: &Generated, last: Option<&Report>) -> Result<Vec<Finding>> {
    let report = read(generated)?;
    let policy = RulePolicy::default();
    let before = thread_cpu_seconds()?;
    let findings = review_as(report, last, &policy, None).findings;
    cost.seconds += thread_cpu_seconds()? - before;
    cost.reports += 1;
    cost.findings += findings.len() as u64;
    Ok(findings)
}

fn spoken(findings: &[Finding]) -> impl Iterator<Item = &Finding> {
    findings.iter().filter(|finding| finding.judgement == Judgement::Fails)
}

fn example(report: &Generated, finding: &Finding) -> String {
    format!("{} ({}): {}", report.file_name, report.layout.name(), finding.message)
}
