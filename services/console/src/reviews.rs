//! What reviewers do to a report: read from the log, so that a page is current at once, and appended to it.
//!
//! An act says how many acts its reviewer had seen. The log takes it only where it has exactly these, so of two
//! reviewers on one report the second learns what the first did.

use access::{Action, Caller, Code, Requires};
use bus::{Appended, Facts};
use data_encoding::HEXLOWER;
use jiff::Timestamp;
use proto::v1::{Region, ReportReviewed};
use report::workflow::{Act, ActKind, CurrentVersion, FindingReference, Workflow};
use report::{CellId, Date, Decimal, Finding, beijing};
use search::{StoredReport, Version};
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::problem::Problem;
use crate::report_lookup;

/// Acts on one report. Each act reads all before it; a report that is discussed for a year has some dozens.
const MOST_ACTS: usize = 1_000;
/// Longest reason, note or comment, in characters.
const LONGEST: usize = 1_000;
/// Longest name of a reviewer and longest number of a letter, in characters.
const LONGEST_NAME: usize = 100;
/// Findings that one act may name: more than the rules can make of one report.
const MOST_FINDINGS: usize = 500;
/// An act that does not say what its reviewer has seen is tried so often while others act on the same report.
const TRIES: u32 = 5;

/// A report with what reviewers did to it.
pub(crate) struct Reviewed {
    /// The report, as its current version.
    pub(crate) report: StoredReport,
    /// The acts, the first one first.
    pub(crate) acts: Vec<Act>,
    /// What follows from them.
    pub(crate) workflow: Workflow,
    read: Facts<ReportReviewed>,
}

/// What somebody wants to do to a report.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// How many acts the reviewer had seen; none if it does not matter what others did.
    pub(crate) seen: Option<usize>,
    /// The version that the reviewer saw; the current one if it is none.
    pub(crate) version: Option<String>,
    /// What to do.
    pub(crate) kind: ActKind,
    /// The findings that it is about; the whole report if there are none.
    pub(crate) findings: Vec<FindingSelector>,
}

/// Chooses findings of a report: those of a rule, more closely those of these cells, figures or words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FindingSelector {
    pub(crate) rule: String,
    pub(crate) cells: Option<Vec<CellId>>,
    pub(crate) left: Option<Decimal>,
    pub(crate) right: Option<Decimal>,
    pub(crate) message: Option<String>,
}

impl From<FindingReference> for FindingSelector {
    fn from(reference: FindingReference) -> Self {
        let FindingReference { rule, cells, left, right, message } = reference;
        Self { rule, cells: Some(cells), left, right, message: (!message.is_empty()).then_some(message) }
    }
}

impl FindingSelector {
    fn chooses(&self, finding: &Finding) -> bool {
        let reference = FindingReference::of(finding);
        let is_same = |wanted: Option<Decimal>, has: Option<Decimal>| wanted.is_none() || wanted == has;
        let cells = self.cells.as_ref().map(|cells| {
            let mut cells = cells.clone();
            cells.sort_unstable_by_key(|cell| cell.as_str());
            cells
        });
        self.rule == reference.rule
            && cells.is_none_or(|cells| cells == reference.cells)
            && is_same(self.left, reference.left)
            && is_same(self.right, reference.right)
            && self.message.as_ref().is_none_or(|message| *message == reference.message)
    }
}

impl Reviewed {
    /// Finds the current version of a report by its key or by the id of one of its versions.
    ///
    /// # Errors
    /// If there is no such report in the index, the caller may not see it, or the bus does not answer.
    pub(crate) async fn load(app: &App, caller: &Caller, id: &str) -> Result<Self, Problem> {
        let mut loaded = report_lookup::get(app, caller, id).await?;
        let Some(key) = loaded.indexed_key.clone() else { return Err(Problem::no_such_report(id)) };
        if !loaded.is_current() {
            loaded = report_lookup::get(app, caller, &key).await?;
        }
        Self::of(app, loaded.report).await
    }

    /// What reviewers did to this report, which is a current version.
    ///
    /// # Errors
    /// If the bus does not answer.
    pub(crate) async fn of(app: &App, report: StoredReport) -> Result<Self, Problem> {
        let read = app.bus().facts_of_id::<ReportReviewed>(&report.key).await;
        let read = read.map_err(|error| Problem::bus(&error))?;
        let acts: Vec<Act> = read.facts.iter().filter_map(|fact| Act::try_from(fact).ok()).collect();
        let Version { id, number, submitted_at_ms, .. } = &report.version;
        let current = CurrentVersion { id, number: *number, submitted_at_ms: *submitted_at_ms };
        let workflow = Workflow::of(&acts, current);
        Ok(Self { report, acts, workflow, read })
    }

    /// How many acts there are; the next act says so.
    pub(crate) fn seen(&self) -> usize {
        self.read.facts.len()
    }

    /// The acts that this caller may see: a sender of reports those that concern it, a reviewer all.
    pub(crate) fn visible_acts<'a>(&'a self, caller: &'a Caller) -> impl Iterator<Item = &'a Act> {
        self.acts.iter().filter(|act| caller.is_reviewer() || act.kind.concerns_agency())
    }

    /// By when the report was returned last, with the number of which letter, and what its agency reads beside it.
    pub(crate) fn last_return(&self) -> Option<(Option<Date>, &str, &str)> {
        self.acts.iter().rev().find_map(|act| match &act.kind {
            ActKind::Returned { deadline, letter, note } => Some((*deadline, letter.as_str(), note.trim())),
            _ => None,
        })
    }

    /// The findings that an act chooses, as it is recorded.
    fn chosen(&self, selectors: &[FindingSelector]) -> Result<Vec<FindingReference>, Problem> {
        if selectors.len() > MOST_FINDINGS {
            return Err(Problem::bad_parameter("findings", format!("一次最多处理 {MOST_FINDINGS} 个问题。")));
        }
        let mut chosen = Vec::new();
        for selector in selectors {
            let before = chosen.len();
            let findings = self.report.review.findings.iter();
            for finding in findings.filter(|finding| selector.chooses(finding)) {
                let reference = FindingReference::of(finding);
                if !chosen.contains(&reference) {
                    chosen.push(reference);
                }
            }
            let is_known = |reference: &FindingReference| reference.rule == selector.rule;
            if chosen.len() == before && !chosen.iter().any(is_known) {
                return Err(no_such_finding(&selector.rule));
            }
        }
        Ok(chosen)
    }
}

/// Does something to a report, if nobody has done anything since the caller looked at it. Returns the report as it
/// stands then.
///
/// # Errors
/// If the request is wrong, the caller may not do that, somebody else was faster, or the bus does not answer.
pub(crate) async fn act(
    app: &App,
    caller: &Caller,
    id: &str,
    request: &Request,
) -> Result<Reviewed, Problem> {
    check_role(app, caller, id, &request.kind)?;
    check_words(&request.kind)?;
    for _ in 0..TRIES {
        let reviewed = Reviewed::load(app, caller, id).await?;
        check_seen(&reviewed, request)?;
        check_act(&reviewed, request)?;
        let fact = fact(&reviewed, caller, request)?;
        let detail = format!("{} {}", request.kind.as_str(), fact.number);
        let action = Action { name: "review", object: &fact.report, detail: &detail };
        app.access().record(caller, action).await?;
        let appended = app.bus().append(&fact, &reviewed.read).await;
        match appended.map_err(|error| Problem::bus(&error.into()))? {
            Appended::New => return Reviewed::of(app, reviewed.report).await,
            Appended::Conflict if request.seen.is_none() => continue,
            Appended::Conflict => {
                let now = Reviewed::of(app, reviewed.report).await?;
                return Err(conflict(&now, request.seen.unwrap_or_default()));
            }
        }
    }
    Err(Problem::new(Code::ReviewConflict, "其他审核人员正在处理这份年度报告。", "请稍后再试。"))
}

fn fact(reviewed: &Reviewed, caller: &Caller, request: &Request) -> Result<ReportReviewed, Problem> {
    let version = &reviewed.report.version;
    let act = Act {
        number: u32::try_from(reviewed.seen() + 1).unwrap_or(u32::MAX),
        version: version.id.clone(),
        version_number: version.number,
        at_ms: Timestamp::now().as_millisecond(),
        who: caller.name.clone(),
        findings: reviewed.chosen(&request.findings)?,
        kind: request.kind.clone(),
    };
    let report = &reviewed.report.review.report;
    Ok(ReportReviewed {
        report: reviewed.report.key.clone(),
        role: caller.role.map_or("", |role| role.name()).to_owned(),
        agency: report.agency.clone().unwrap_or_default(),
        year: report.year.map_or(0, |year| year.get().into()),
        region: report.region.as_ref().map(Region::from),
        ..ReportReviewed::from(&act)
    })
}

/// What a caller needs to be for this act.
pub(crate) fn required(kind: &ActKind) -> Requires {
    match kind {
        ActKind::Waived { .. } | ActKind::Accepted { .. } => Requires::Lead,
        _ => Requires::Review,
    }
}

fn check_role(app: &App, caller: &Caller, id: &str, kind: &ActKind) -> Result<(), Problem> {
    if caller.can(required(kind)) {
        return Ok(());
    }
    let detail = format!("“{}”须由负责人办理。", kind.title());
    let problem = Problem::new(Code::WrongRole, detail, "请由负责人账号办理，或向管理员申请权限。");
    let action = Action { name: "review", object: id, detail: kind.as_str() };
    Err(app.access().deny(caller, action, problem))
}

fn check_words(kind: &ActKind) -> Result<(), Problem> {
    let (field, text, is_needed) = match kind {
        ActKind::Dismissed { why } | ActKind::Waived { why, .. } => ("why", why, true),
        ActKind::Commented { text } => ("text", text, true),
        ActKind::Returned { note, .. } | ActKind::Accepted { note } => ("note", note, false),
        ActKind::Reopened { why } => ("why", why, false),
        ActKind::Confirmed | ActKind::Assigned { .. } => return check_names(kind),
    };
    if is_needed && text.trim().is_empty() {
        let problem = Problem::new(Code::NoReason, "没有写明理由或内容。", "请写明理由或内容后再试。");
        return Err(problem.field(field));
    }
    if text.chars().count() > LONGEST {
        let detail = format!("文字超过 {LONGEST} 字。");
        return Err(Problem::new(Code::ReasonTooLong, detail, "请简要说明。").field(field));
    }
    check_names(kind)
}

fn check_names(kind: &ActKind) -> Result<(), Problem> {
    let (field, name) = match kind {
        ActKind::Assigned { to: Some(to) } => ("assignee", to),
        ActKind::Returned { letter, .. } => ("letter", letter),
        _ => return Ok(()),
    };
    if name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        return Err(Problem::bad_parameter(field, format!("应为不超过 {LONGEST_NAME} 字的一行文字。")));
    }
    Ok(())
}

/// Whether the reviewer has seen what stands there now.
fn check_seen(reviewed: &Reviewed, request: &Request) -> Result<(), Problem> {
    if let Some(version) = &request.version
        && *version != reviewed.report.version.id
    {
        let detail = "这份年度报告已有新的版本，您看到的不是最新版本。";
        return Err(Problem::new(Code::ReviewConflict, detail, "请刷新页面，核对新版本后再处理。"));
    }
    match request.seen {
        Some(seen) if seen != reviewed.seen() => Err(conflict(reviewed, seen)),
        _ if reviewed.seen() >= MOST_ACTS => {
            let detail = format!("这份年度报告的审核记录已有 {MOST_ACTS} 条，不能再增加。");
            Err(Problem::new(Code::TooManyActs, detail, "请联系管理员。"))
        }
        _ => Ok(()),
    }
}

/// Whether the act makes sense for this report today.
fn check_act(reviewed: &Reviewed, request: &Request) -> Result<(), Problem> {
    let needs_findings =
        matches!(request.kind, ActKind::Confirmed | ActKind::Dismissed { .. } | ActKind::Waived { .. });
    if needs_findings && request.findings.is_empty() {
        return Err(Problem::bad_parameter("findings", "没有选择要处理的问题。".into()));
    }
    let bad_day = |field: &str, detail: &str| Err(Problem::bad_parameter(field, detail.to_owned()));
    match &request.kind {
        ActKind::Returned { deadline: Some(deadline), .. }
            if crate::office::today().is_some_and(|today| *deadline < today) =>
        {
            bad_day("deadline", "整改期限不能早于今天。")
        }
        ActKind::Waived { until, .. } => {
            let submitted = beijing::day(reviewed.report.version.submitted_at_ms);
            match submitted.is_some_and(|submitted| *until < submitted) {
                true => bad_day("until", "豁免期限不能早于这份年度报告的报送日期。"),
                false => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

/// Somebody did something since the reviewer looked.
fn conflict(reviewed: &Reviewed, seen: usize) -> Problem {
    let others =
        reviewed.acts.iter().skip(seen).map(|act| {
            format!("{} {} {}", beijing::format_time(act.at_ms), name_of(&act.who), act.kind.title())
        });
    let others: Vec<String> = others.collect();
    let detail = match others.is_empty() {
        true => "这份年度报告的审核记录与您看到的不一致。".to_owned(),
        false => format!("您查看之后，其他人已经处理：{}。", others.join("；")),
    };
    Problem::new(Code::ReviewConflict, detail, "请刷新页面，核对后再处理。").field("seen")
}

fn no_such_finding(rule: &str) -> Problem {
    let detail = format!("这份年度报告的最新版本没有规则“{rule}”的这项问题。");
    Problem::new(Code::NoSuchFinding, detail, "请刷新页面，核对后再处理。").field("findings")
}

/// A form names a finding that the report has no more.
pub(crate) fn findings_changed() -> Problem {
    let detail = "所选的问题已有变化。";
    Problem::new(Code::NoSuchFinding, detail, "请刷新页面，核对后再处理。").field("findings")
}

/// Names a finding in a form.
pub(crate) fn token(reference: &FindingReference) -> String {
    let FindingReference { rule, cells, left, right, message } = reference;
    let cells: Vec<&str> = cells.iter().map(|cell| cell.as_str()).collect();
    let number = |figure: &Option<Decimal>| figure.map(|figure| figure.to_string()).unwrap_or_default();
    let identity = [rule.as_str(), &cells.join(" "), &number(left), &number(right), message].join("\n");
    HEXLOWER.encode(&Sha256::digest(identity)[..8])
}

/// The name of a reviewer, for people.
pub(crate) fn name_of(who: &str) -> &str {
    if who.is_empty() { "未署名" } else { who }
}
