//! The rule policy of the office: what a change would do to the reports in the index, the change itself, and its
//! history.

use std::collections::{BTreeMap, BTreeSet};

use access::{Action, Caller, Code};
use bus::Published;
use jiff::Timestamp;
use proto::subject;
use proto::v1::RulePolicyChanged;
use report::{Finding, Judgement, Severity, Verdict, beijing};
use rules::{Check, PolicyDifference, PolicyWaiver, Rule, RulePolicy};
use search::{Clause, IndexError, Query, Reader, Span, StoredParts};

use crate::app::App;
use crate::letter::report_of_last_year;
use crate::problem::Problem;
use crate::roster::check_office;

/// Where the payload of the index has the id of the policy; `Position` of the index stage writes it.
const POLICY_OF_PAYLOAD: usize = 6;
/// Reports that a preview judges, about a second of one core: of more than that it takes a sample.
const JUDGED: usize = 1000;
/// Reports that a preview lists by name.
const LISTED: usize = 50;
/// The longest reason, in characters.
const LONGEST_WHY: usize = 1000;

/// What a policy would change.
#[derive(Debug, Default)]
pub(crate) struct Preview {
    /// How many reports there are.
    pub(crate) all: u64,
    /// How many of them the change can touch at all.
    pub(crate) touched: usize,
    /// How many of these were judged; fewer only where they are a sample.
    pub(crate) reports: usize,
    /// Rules that are switched on and compare several reports, which only the index does: their findings are not in
    /// the preview.
    pub(crate) unjudged_rules: Vec<&'static str>,
    /// How many would have other findings.
    pub(crate) changed: usize,
    /// How many reports go from one verdict to another.
    pub(crate) verdicts: BTreeMap<(Verdict, Verdict), usize>,
    /// By rule: in how many reports its findings are new or weigh otherwise, and from how many they disappear.
    pub(crate) rules: BTreeMap<String, (usize, usize)>,
    /// The first reports with another verdict.
    pub(crate) listed: Vec<Listed>,
}

/// A report with another verdict.
#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) key: String,
    pub(crate) title: String,
    pub(crate) from: Verdict,
    pub(crate) to: Verdict,
}

/// Judges the reports that a policy can touch, or a sample of them, and says what would change.
///
/// # Errors
/// If the caller is responsible for some regions only, or the index cannot be read.
pub(crate) async fn preview(app: &App, caller: &Caller, policy: RulePolicy) -> Result<Preview, Problem> {
    check_office(caller)?;
    let in_force = app.policy().await?;
    app.read(move |reader| {
        let all = reader.search(&Query { limit: 0, ..Query::default() })?.total;
        let mut preview = Preview { all, ..Preview::default() };
        let differences = in_force.policy.differences(&policy);
        preview.unjudged_rules = differences.iter().filter_map(unjudged).collect();
        // While the index still judges its reports again, any of them may differ from the new policy.
        let touched = match judged_under(reader)? == in_force.id() {
            true => Clause::Or(differences.iter().filter_map(touched).collect()),
            false => Clause::All,
        };
        if touched == Clause::Or(Vec::new()) {
            return Ok(preview);
        }
        let query = Query { filters: vec![touched], ..Query::default() };
        let mut judged = Ok(());
        preview.touched = reader.each_of_sample(&query, JUDGED, |parts| {
            judged = preview.judge(reader, &parts, &policy);
            judged.is_ok()
        })?;
        judged.map(|()| preview)
    })
    .await
}

/// The id of the change of the policy under which the reports in the index were judged.
///
/// # Errors
/// If the index cannot be read.
pub(crate) fn judged_under(reader: &Reader) -> Result<String, IndexError> {
    let payload = reader.payload()?.unwrap_or_default();
    Ok(payload.split('@').nth(POLICY_OF_PAYLOAD).unwrap_or_default().to_owned())
}

/// The reports that a difference can touch; none where it is known only to the index.
fn touched(difference: &PolicyDifference) -> Option<Clause> {
    let with_finding = |rule: &Rule| Clause::Rule(rule.id.to_owned());
    Some(match difference {
        PolicyDifference::Weighed(rule) => with_finding(rule),
        PolicyDifference::SwitchedOn(rule) if is_of_several(rule) => return None,
        PolicyDifference::SwitchedOn(_) => Clause::All,
        PolicyDifference::Waived(PolicyWaiver { rule, agency, region, year, .. }) => {
            let clauses = [
                Some(Clause::Rule((*rule).to_owned())),
                agency.clone().map(Clause::AgencyName),
                region.clone().map(Clause::Region),
                year.map(|year| Clause::Year(Span::exactly(i64::from(year.get())))),
            ];
            Clause::And(clauses.into_iter().flatten().collect())
        }
    })
}

/// The rule of a difference whose findings a preview cannot show.
fn unjudged(difference: &PolicyDifference) -> Option<&'static str> {
    match difference {
        PolicyDifference::SwitchedOn(rule) if is_of_several(rule) => Some(rule.id),
        _ => None,
    }
}

/// Whether a rule needs other reports, other versions or the web site.
fn is_of_several(rule: &Rule) -> bool {
    matches!(rule.check, Check::Agencies | Check::Versions(_) | Check::Published(_))
}

impl Preview {
    fn judge(&mut self, reader: &Reader, parts: &StoredParts, policy: &RulePolicy) -> Result<(), IndexError> {
        let (Ok(alone), Ok(stored)) = (parts.review_alone(), parts.review()) else { return Ok(()) };
        let last_year = report_of_last_year(reader, &alone.report)?;
        let day = beijing::day(parts.card.submitted_at_ms);
        // What other reports, other versions and the web site say of this one stays, and weighs what the policy says.
        let among =
            stored.findings.iter().filter(|finding| rules::rule(&finding.rule).is_none_or(is_of_several));
        let among = policy.apply(&alone.report, day, among.cloned().collect());
        let mut findings = rules::review_as(alone.report, last_year.as_ref(), policy, day).findings;
        findings.extend(among);
        let (from, to) = (parts.card.verdict, Verdict::of(&findings));
        self.reports += 1;
        let (was, is) = (tally(&stored.findings), tally(&findings));
        if was == is && from == to {
            return Ok(());
        }
        self.changed += 1;
        for rule in is.difference(&was).map(|(rule, ..)| rule).collect::<BTreeSet<_>>() {
            self.rules.entry((*rule).to_owned()).or_default().0 += 1;
        }
        let kept: BTreeSet<&str> = is.iter().map(|(rule, ..)| *rule).collect();
        for rule in was.iter().map(|(rule, ..)| *rule).collect::<BTreeSet<_>>().difference(&kept) {
            self.rules.entry((*rule).to_owned()).or_default().1 += 1;
        }
        if from != to {
            *self.verdicts.entry((from, to)).or_default() += 1;
            if self.listed.len() < LISTED {
                let (key, title) = (parts.card.key.clone(), parts.card.title.clone());
                self.listed.push(Listed { key, title, from, to });
            }
        }
        Ok(())
    }
}

/// What a policy decides about findings: rule, severity, judgement, and whether it is waived.
fn tally(findings: &[Finding]) -> BTreeSet<(&str, Severity, Judgement, bool)> {
    let of = |finding: &'_ Finding| (finding.severity, finding.judgement, finding.waiver.is_some());
    findings
        .iter()
        .map(|finding| {
            let (severity, judgement, waived) = of(finding);
            (finding.rule.as_str(), severity, judgement, waived)
        })
        .collect()
}

/// A change that somebody asks for.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    /// The policy as TOML; none to go back to the file of the settings.
    pub(crate) policy: Option<String>,
    /// Why.
    pub(crate) why: String,
    /// The id of the change that was in force when the caller looked; empty for the file of the settings.
    pub(crate) seen: String,
    /// The id of the earlier change that is restored; empty for a new policy.
    pub(crate) restores: String,
}

/// Puts a change on the log. Every service follows it from then on.
///
/// # Errors
/// If the policy cannot be used, no reason is given, somebody else changed it meanwhile, or the bus does not answer.
pub(crate) async fn publish(
    app: &App,
    caller: &Caller,
    change: Change,
) -> Result<RulePolicyChanged, Problem> {
    check_office(caller)?;
    if let Some(text) = &change.policy {
        RulePolicy::parse(text).map_err(|error| wrong_policy(&error))?;
    }
    let why = change.why.trim();
    if why.is_empty() {
        return Err(Problem::new(Code::NoReason, "没有写明改动的理由。", "请填写理由后再试。").field("why"));
    }
    if why.chars().count() > LONGEST_WHY {
        let detail = format!("理由超过{LONGEST_WHY}个字。");
        return Err(Problem::new(Code::ReasonTooLong, detail, "请缩短后再试。").field("why"));
    }
    let latest = app.bus().latest::<RulePolicyChanged>().await.map_err(|error| Problem::bus(&error))?;
    let latest = latest.map(|latest| latest.id).unwrap_or_default();
    if latest != change.seen {
        return Err(changed_meanwhile());
    }
    let fact = RulePolicyChanged {
        id: proto::next_id("policy", Some(&latest)),
        policy: change.policy,
        who: caller.name.clone(),
        why: why.to_owned(),
        changed_at_ms: Timestamp::now().as_millisecond(),
        restores: change.restores,
    };
    app.access().record(caller, Action { name: "change-policy", object: &fact.id, detail: why }).await?;
    match app.bus().publish(&fact).await.map_err(|error| Problem::bus(&error.into()))? {
        Published::New => Ok(fact),
        Published::AlreadyThere => Err(changed_meanwhile()),
    }
}

/// Every change, the latest first.
///
/// # Errors
/// If the bus does not answer.
pub(crate) async fn history(app: &App) -> Result<Vec<RulePolicyChanged>, Problem> {
    let mut changes = Vec::new();
    let filter = subject::filter::<RulePolicyChanged>();
    let read = app.bus().scan(&filter, |event| {
        if event.matches_its_subject() {
            changes.extend(event.decode::<RulePolicyChanged>());
        }
        Ok(())
    });
    read.await.map_err(|error| Problem::bus(&error))?;
    changes.reverse();
    Ok(changes)
}

/// A policy that cannot be used, with the line and what is wrong there.
pub(crate) fn wrong_policy(error: &rules::PolicyError) -> Problem {
    let detail = format!("校核政策不能使用（第{}行）：{}。", error.line, error.what);
    Problem::bad_parameter("policy", detail).hint("请更正后再试；写法见 deploy/rule-policy.toml。")
}

fn changed_meanwhile() -> Problem {
    Problem::new(
        Code::ChangedMeanwhile,
        "校核政策刚刚被他人改动，这次没有生效。",
        "请刷新页面，核对现行政策后再操作。",
    )
}
