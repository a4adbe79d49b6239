//! `gouji rules`: the catalogue of checks, and what another one would change.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use proto::Message as _;
use proto::v1::{ReportKept, ReportSubmitted};
use report::{Finding, Judgement, Report, Review, Severity, Verdict};
use rules::{Rule, RulePolicy};
use serde_json::{Value, json};

use crate::checking::policy;
use crate::client::Server;
use crate::print::say;

/// Show the rules, and what a change of them would change.
#[derive(Debug, Args)]
pub(crate) struct Rules {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Every rule in a line.
    List {
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// One rule in full.
    Show {
        /// Its id, e.g. T3-01.
        id: String,
    },
    /// Judge every report in a running pipeline by the rules of this program and of this office, and say
    /// what would change. Changes nothing.
    Diff(Diff),
}

#[derive(Debug, Args)]
struct Diff {
    #[command(flatten)]
    server: Server,
    /// A rule policy; see deploy/rule-policy.toml.
    #[arg(long, alias = "office", env = "GOUJI_RULE_POLICY", value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Only these reports, as in `gouji search`.
    #[arg(value_name = "QUERY")]
    query: Vec<String>,
    /// One JSON object a line for each report that would change.
    #[arg(long)]
    json: bool,
}

impl Rules {
    pub(crate) fn run(&self) -> ExitCode {
        crate::report(match &self.verb {
            Verb::List { json } => {
                rules::catalogue()
                    .iter()
                    .for_each(|rule| say(&if *json { as_json(rule) } else { line(rule) }));
                Ok(())
            }
            Verb::Show { id } => show(id),
            Verb::Diff(diff) => crate::runtime().and_then(|runtime| runtime.block_on(diff.run())),
        })
    }
}

fn forms(rule: &Rule) -> String {
    let forms: Vec<&str> = rule.forms.iter().map(|form| form.as_str()).collect();
    forms.join("、")
}

fn line(rule: &Rule) -> String {
    format!("{:<8}{}  {}", rule.id, rule.severity.title(), rule.requirement)
}

fn as_json(rule: &Rule) -> String {
    json!({
        "id": rule.id,
        "severity": rule.severity.as_str(),
        "forms": rule.forms.iter().map(|form| form.as_str()).collect::<Vec<_>>(),
        "title": rule.requirement,
        "formula": rule.formula,
        "basis": rule.basis,
        "hint": rule.hint,
        "version": rules::VERSION,
    })
    .to_string()
}

fn show(id: &str) -> Result<()> {
    let Some(rule) = rules::rule(id) else {
        bail!("no rule is called {id}; `gouji rules list` shows all of them");
    };
    say(&format!("{}  {}", rule.id, rule.requirement));
    for (name, text) in [
        ("级别", rule.severity.title()),
        ("适用格式", &forms(rule)),
        ("问题", rule.problem),
        ("要求", rule.formula),
        ("依据", rule.basis),
        ("整改提示", rule.hint),
        ("规则版本", rules::VERSION),
    ] {
        say(&format!("  {name}：{text}"));
    }
    Ok(())
}

/// What would change, over all reports.
#[derive(Debug, Default)]
struct Changes {
    reports: u64,
    changed: u64,
    /// From one verdict to another.
    verdicts: BTreeMap<(Verdict, Verdict), u64>,
    /// By rule: in how many reports it would speak anew, and be silent.
    rules: BTreeMap<String, (u64, u64)>,
}

impl Diff {
    async fn run(&self) -> Result<()> {
        let policy = policy(self.policy.as_deref())?;
        let mut changes = Changes::default();
        let query = self.query.join(" ");
        let query: Vec<(&str, &str)> = if query.is_empty() { Vec::new() } else { vec![("q", &query)] };
        let tell = |message: &[u8]| {
            let kept = ReportKept::decode(message).context("the answer is no gouji.v1.ReportKept")?;
            changes.look_at(&kept, &policy, self.json)
        };
        self.server.stream("/api/v1/kept", &query, tell).await?;
        if !self.json {
            say(&changes.text(&policy));
        }
        Ok(())
    }
}

impl Changes {
    fn look_at(&mut self, kept: &ReportKept, policy: &RulePolicy, json: bool) -> Result<()> {
        let validated = kept.validated.clone().unwrap_or_default();
        let submitted = validated.submitted.clone().unwrap_or_default();
        let old = findings_as_stored(&kept.findings).with_context(|| submitted.id.clone())?;
        let new = judge(kept, &submitted, policy).with_context(|| submitted.id.clone())?;
        self.reports += 1;
        let (was, is) =
            (old.iter().collect::<Tally>(), new.findings.iter().map(Told::of).collect::<Vec<_>>());
        let is: Tally = is.iter().collect();
        let (from, to) = (verdict(&old), new.verdict());
        if was == is && from == to {
            return Ok(());
        }
        self.changed += 1;
        *self.verdicts.entry((from, to)).or_default() += 1;
        let (gone, come) = (was.without(&is), is.without(&was));
        for rule in &come {
            self.rules.entry(rule.clone()).or_default().0 += 1;
        }
        for rule in &gone {
            self.rules.entry(rule.clone()).or_default().1 += 1;
        }
        let report = &new.report;
        let agency = report.agency.as_deref().unwrap_or("（未写明）");
        let year = report.year.map_or_else(String::new, |year| year.to_string());
        say(&match json {
            true => json!({
                "id": submitted.id,
                "agency": report.agency,
                "year": report.year.map(|year| year.get()),
                "from": from.as_str(),
                "to": to.as_str(),
                "new": come,
                "gone": gone,
            })
            .to_string(),
            false => format!(
                "{agency} {year}  {}  {} -> {}{}{}",
                submitted.id,
                from.title(),
                to.title(),
                listed("  新增 ", &come),
                listed("  消失 ", &gone),
            ),
        });
        Ok(())
    }

    fn text(&self, policy: &RulePolicy) -> String {
        let mut lines = vec![format!(
            "\n规则 {}：共重新校核{}份，其中{}份的结果会改变。",
            policy.version(),
            self.reports,
            self.changed
        )];
        for ((from, to), reports) in self.verdicts.iter().filter(|((from, to), _)| from != to) {
            let [from, to] = [from.title(), to.title()];
            lines.push(format!("  {from} -> {to}：{reports}份"));
        }
        for (rule, (new, gone)) in &self.rules {
            lines.push(format!("  {rule}：新增{new}份，消失{gone}份"));
        }
        lines.join("\n")
    }
}

fn listed(before: &str, rules: &[String]) -> String {
    if rules.is_empty() { String::new() } else { format!("{before}{}", rules.join("、")) }
}

/// The same report by the rules of this program.
fn judge(kept: &ReportKept, submitted: &ReportSubmitted, policy: &RulePolicy) -> Result<Review> {
    let validated = kept.validated.as_ref().context("no report")?;
    let report: Report = Review::try_from(validated)?.report;
    let last_year = kept.last_year.as_ref().map(Report::try_from).transpose()?;
    Ok(rules::review_as(report, last_year.as_ref(), policy, submitted.day()))
}

/// What tells one finding from another.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Told {
    rule: String,
    severity: Severity,
    judgement: Judgement,
    waived: bool,
    cells: Vec<String>,
}

impl Told {
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

fn findings_as_stored(json: &str) -> Result<Vec<Told>> {
    let findings: Vec<Value> = serde_json::from_str(json).context("findings")?;
    let text = |finding: &Value, name: &str| finding[name].as_str().unwrap_or_default().to_owned();
    let cells = |finding: &Value| -> Vec<String> {
        let cells = finding["cells"].as_array().into_iter().flatten();
        cells.filter_map(|cell| cell.as_str().map(str::to_owned)).collect()
    };
    let told = |finding: &Value| {
        let (severity, judgement) = (text(finding, "severity"), text(finding, "verdict"));
        Ok(Told {
            rule: text(finding, "rule"),
            severity: Severity::parse(&severity).with_context(|| format!("severity `{severity}`"))?,
            judgement: Judgement::parse(&judgement).with_context(|| format!("verdict `{judgement}`"))?,
            waived: !finding["waiver"].is_null(),
            cells: cells(finding),
        })
    };
    findings.iter().map(told).collect()
}

/// The verdict that follows from findings as they are stored.
fn verdict(findings: &[Told]) -> Verdict {
    let counted = findings.iter().filter(|told| !told.waived);
    Verdict::of_counted(counted.map(|told| (told.severity, told.judgement)))
}

/// How often each finding is there.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally<'a>(BTreeMap<&'a Told, usize>);

impl<'a> FromIterator<&'a Told> for Tally<'a> {
    fn from_iter<I: IntoIterator<Item = &'a Told>>(told: I) -> Self {
        let mut tally = BTreeMap::new();
        for told in told {
            *tally.entry(told).or_default() += 1;
        }
        Self(tally)
    }
}

impl Tally<'_> {
    /// The rules whose findings are here and not there.
    fn without(&self, other: &Self) -> Vec<String> {
        let only = self.0.iter().filter(|(told, count)| other.0.get(*told) != Some(*count));
        let mut rules: Vec<String> = only.map(|(told, _)| told.rule.clone()).collect();
        rules.dedup();
        rules
    }
}
