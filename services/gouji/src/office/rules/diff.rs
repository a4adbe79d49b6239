//! `gouji rules diff`: judges every report again and prints what would change.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;
use proto::Message as _;
use proto::v1::{ReportKept, ReportSubmitted};
use report::{Finding, Judgement, Report, Review, Severity, Verdict};
use rules::RulePolicy;
use serde_json::json;

use crate::agency::findings::verdict_title;
use crate::client::{Server, answers};
use crate::language::{text, word};
use crate::policy;
use crate::print::{is_closed, say};

#[derive(Debug, Args)]
pub(super) struct Diff {
    #[command(flatten)]
    server: Server,
    /// A rule policy; see deploy/rule-policy.toml.
    #[arg(long, alias = "office", env = "GOUJI_RULE_POLICY", value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Only these reports, as in `gouji search`.
    #[arg(value_name = "QUERY")]
    query: Vec<String>,
    /// Print one JSON object a line for each report that would change.
    #[arg(long)]
    json: bool,
}

impl Diff {
    pub(super) async fn run(&self) -> Result<()> {
        let policy = policy::read(self.policy.as_deref())?;
        let mut changes = Changes::default();
        let query = self.query.join(" ");
        let query: Vec<(&str, &str)> = if query.is_empty() { Vec::new() } else { vec![("q", &query)] };
        let judge = |message: &[u8]| {
            let kept = ReportKept::decode(message).context("the answer is not a gouji.v1.ReportKept")?;
            if let Some(change) = changes.judge(&kept, &policy)? {
                say(&if self.json { change.json() } else { change.line() });
            }
            Ok(!is_closed())
        };
        self.server.stream("/api/v1/kept", &query, judge).await?;
        if !self.json {
            say(&changes.text(&policy));
        }
        Ok(())
    }
}

/// What would change, over all reports.
#[derive(Debug, Default)]
struct Changes {
    reports: u64,
    changed: u64,
    /// From one verdict to another.
    verdicts: BTreeMap<(Verdict, Verdict), u64>,
    /// By rule: the reports with new findings, and those whose findings disappear.
    rules: BTreeMap<String, (u64, u64)>,
}

/// What would change in one report.
struct Change {
    id: String,
    report: Report,
    from: Verdict,
    to: Verdict,
    /// Rules with findings that are new.
    new: Vec<String>,
    /// Rules with findings that disappear.
    gone: Vec<String>,
}

impl Changes {
    /// Judges one report again; none where nothing would change.
    fn judge(&mut self, kept: &ReportKept, policy: &RulePolicy) -> Result<Option<Change>> {
        let validated = kept.validated.clone().unwrap_or_default();
        let submitted = validated.submitted.clone().unwrap_or_default();
        let old = stored_findings(&kept.findings).with_context(|| submitted.id.clone())?;
        let review = judge(kept, &submitted, policy).with_context(|| submitted.id.clone())?;
        let new: Vec<FindingKey> = review.findings.iter().map(FindingKey::of).collect();
        self.reports += 1;
        let (was, is): (Tally, Tally) = (old.iter().collect(), new.iter().collect());
        let (from, to) = (verdict(&old), review.verdict());
        if was == is && from == to {
            return Ok(None);
        }
        self.changed += 1;
        *self.verdicts.entry((from, to)).or_default() += 1;
        let (new, gone) = (is.without(&was), was.without(&is));
        for rule in &new {
            self.rules.entry(rule.clone()).or_default().0 += 1;
        }
        for rule in &gone {
            self.rules.entry(rule.clone()).or_default().1 += 1;
        }
        Ok(Some(Change { id: submitted.id, report: review.report, from, to, new, gone }))
    }

    fn text(&self, policy: &RulePolicy) -> String {
        let (version, Self { reports, changed, .. }) = (policy.version(), self);
        let mut lines = vec![text!(
            "\n规则 {version}：共重新校核{reports}份，其中{changed}份的结果会改变。",
            "\nrules {version}: {reports} reports judged again, {changed} would change"
        )];
        for ((from, to), reports) in self.verdicts.iter().filter(|((from, to), _)| from != to) {
            let [from, to] = [from, to].map(|verdict| verdict_title(Some(*verdict)));
            lines.push(text!("  {from} -> {to}：{reports}份", "  {from} -> {to}: {reports} reports"));
        }
        for (rule, (new, gone)) in &self.rules {
            lines.push(text!(
                "  {rule}：新增{new}份，消失{gone}份",
                "  {rule}: new in {new}, gone from {gone}"
            ));
        }
        lines.join("\n")
    }
}

impl Change {
    fn json(&self) -> String {
        json!({
            "id": self.id,
            "agency": self.report.agency,
            "year": self.report.year.map(|year| year.get()),
            "from": self.from.as_str(),
            "to": self.to.as_str(),
            "new": self.new,
            "gone": self.gone,
        })
        .to_string()
    }

    fn line(&self) -> String {
        let agency = self.report.agency.as_deref().unwrap_or(word("（未写明）", "(not stated)"));
        let year = self.report.year.map_or_else(String::new, |year| year.to_string());
        let [from, to] = [self.from, self.to].map(|verdict| verdict_title(Some(verdict)));
        let new = listed(word("  新增 ", "  new "), &self.new);
        let gone = listed(word("  消失 ", "  gone "), &self.gone);
        format!("{agency} {year}  {}  {from} -> {to}{new}{gone}", self.id)
    }
}

fn listed(before: &str, rules: &[String]) -> String {
    if rules.is_empty() { String::new() } else { format!("{before}{}", rules.join(word("、", ", "))) }
}

/// Judges the same report by the rules of this program.
fn judge(kept: &ReportKept, submitted: &ReportSubmitted, policy: &RulePolicy) -> Result<Review> {
    let validated = kept.validated.as_ref().context("no report")?;
    let report: Report = Review::try_from(validated)?.report;
    let last_year = kept.last_year.as_ref().map(Report::try_from).transpose()?;
    Ok(rules::review_as(report, last_year.as_ref(), policy, submitted.day()))
}

/// What distinguishes one finding from another.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct FindingKey {
    rule: String,
    severity: Severity,
    judgement: Judgement,
    waived: bool,
    cells: Vec<String>,
}

impl FindingKey {
    fn of(finding: &Finding) -> Self {
        Self {
            rule: finding.rule.clone(),
            severity: finding.severity,
            judgement: finding.judgement,
            waived: finding.waiver.is_some(),
            cells: finding.cells.iter().map(ToString::to_string).collect(),
        }
    }
}

impl From<answers::Finding> for FindingKey {
    fn from(finding: answers::Finding) -> Self {
        let answers::Finding { rule, severity, judgement, cells, waiver, .. } = finding;
        Self { rule, severity, judgement, waived: waiver.is_some(), cells }
    }
}

fn stored_findings(json: &str) -> Result<Vec<FindingKey>> {
    let findings: Vec<answers::Finding> = serde_json::from_str(json).context("findings")?;
    Ok(findings.into_iter().map(FindingKey::from).collect())
}

/// The verdict that follows from findings as they are stored.
fn verdict(findings: &[FindingKey]) -> Verdict {
    let counted = findings.iter().filter(|finding| !finding.waived);
    Verdict::of_counted(counted.map(|finding| (finding.severity, finding.judgement)))
}

/// How often each finding occurs.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally<'a>(BTreeMap<&'a FindingKey, usize>);

impl<'a> FromIterator<&'a FindingKey> for Tally<'a> {
    fn from_iter<I: IntoIterator<Item = &'a FindingKey>>(findings: I) -> Self {
        let mut tally = BTreeMap::new();
        for finding in findings {
            *tally.entry(finding).or_default() += 1;
        }
        Self(tally)
    }
}

impl Tally<'_> {
    /// The rules whose findings occur here and not there.
    fn without(&self, other: &Self) -> Vec<String> {
        let only = self.0.iter().filter(|(finding, count)| other.0.get(*finding) != Some(*count));
        let mut rules: Vec<String> = only.map(|(finding, _)| finding.rule.clone()).collect();
        rules.dedup();
        rules
    }
}
