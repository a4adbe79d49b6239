//! `GET` and `POST /api/v1/reports/{id}/reviews`, and `POST /api/v1/reviews` for many reports at once.

use access::{Caller, Code, Requires};
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use futures::StreamExt;
use report::workflow::ActKind;
use report::{CellId, Date, Decimal};
use search::{Query, Sort};
use serde::Deserialize;
use serde_json::Value;

use crate::api;
use crate::app::App;
use crate::params::{Id, Params};
use crate::problem::Problem;
use crate::reviews::{self, FindingSelector, Request, Reviewed};
use crate::search_query;

/// Reports that one request may act on: a region with all its agencies.
pub(crate) const MOST_REPORTS: usize = 2_000;
/// Reports of one request that are acted on at once. Each waits for two facts to be on the disk of the log.
const AT_ONCE: usize = 16;

/// What to do to one report or to many, as a program says it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ActBody {
    act: String,
    #[serde(default)]
    findings: Vec<FindingBody>,
    #[serde(default)]
    why: String,
    #[serde(default)]
    note: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    until: String,
    #[serde(default)]
    deadline: String,
    #[serde(default)]
    letter: String,
    #[serde(default)]
    assignee: String,
    /// Of one report: the number of acts and the version that the reviewer had seen.
    seen: Option<usize>,
    version: Option<String>,
    /// Of many: the reports, or the parameters of a search that finds them, as in the address of one.
    #[serde(default)]
    reports: Vec<Target>,
    filter: Option<String>,
    /// How many reports the filter is expected to find.
    expected: Option<u64>,
}

/// The words and days of an act.
#[derive(Debug, Clone, Default)]
pub(crate) struct Words {
    pub(crate) why: String,
    pub(crate) note: String,
    pub(crate) text: String,
    pub(crate) until: String,
    pub(crate) deadline: String,
    pub(crate) letter: String,
    pub(crate) assignee: String,
}

impl ActBody {
    fn kind(&self) -> Result<ActKind, Problem> {
        let Self { why, note, text, until, deadline, letter, assignee, .. } = self;
        let [why, note, text, until, deadline, letter, assignee] =
            [why, note, text, until, deadline, letter, assignee].map(String::clone);
        kind(&self.act, Words { why, note, text, until, deadline, letter, assignee })
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FindingBody {
    rule: String,
    cells: Option<Vec<String>>,
    left: Option<String>,
    right: Option<String>,
    message: Option<String>,
}

/// A report of many, with the number of acts that the reviewer had seen.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Target {
    pub(crate) key: String,
    pub(crate) seen: Option<usize>,
}

/// What became of one report of many.
pub(crate) struct Outcome {
    pub(crate) key: String,
    pub(crate) done: Result<Reviewed, Problem>,
}

/// What reviewers did to a report, and where it stands.
pub(crate) async fn reviews(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
) -> Result<Json<Value>, Problem> {
    Ok(Json(api::reviews::reviews(&Reviewed::load(&app, &caller, &id).await?, &caller)))
}

/// Does something to one report.
pub(crate) async fn act(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    body: Result<Json<ActBody>, JsonRejection>,
) -> Result<Json<Value>, Problem> {
    let Json(body) = body.map_err(|rejection| Problem::bad_json(&rejection))?;
    if !body.reports.is_empty() || body.filter.is_some() || body.expected.is_some() {
        let detail = "处理一份年度报告时不能再写 reports、filter 或 expected。".to_owned();
        return Err(Problem::bad_parameter("reports", detail));
    }
    let kind = body.kind()?;
    let findings = selectors(body.findings)?;
    let request = Request { seen: body.seen, version: body.version, kind, findings };
    Ok(Json(api::reviews::reviews(&reviews::act(&app, &caller, &id, &request).await?, &caller)))
}

/// Does the same to many reports.
pub(crate) async fn act_on_many(
    State(app): State<App>,
    caller: Caller,
    body: Result<Json<ActBody>, JsonRejection>,
) -> Result<Json<Value>, Problem> {
    let Json(body) = body.map_err(|rejection| Problem::bad_json(&rejection))?;
    if body.seen.is_some() || body.version.is_some() {
        let detail = "处理多份年度报告时，seen 写在每份报告中。".to_owned();
        return Err(Problem::bad_parameter("seen", detail));
    }
    let kind = body.kind()?;
    let mut targets = body.reports;
    if let Some(filter) = &body.filter {
        targets.extend(found(&app, &caller, filter, body.expected).await?);
    }
    let outcomes = on_many(&app, &caller, targets, kind, selectors(body.findings)?).await?;
    Ok(Json(api::reviews::outcomes(&outcomes)))
}

/// The reports that a filter finds; a problem where it does not find as many as the reviewer expects.
pub(crate) async fn found(
    app: &App,
    caller: &Caller,
    filter: &str,
    expected: Option<u64>,
) -> Result<Vec<Target>, Problem> {
    let query = search_query::restrict_to_scope(search_query::strict(&Params::parse(filter))?, caller)?;
    let query = Query { limit: search::MAX_LIMIT, cursor: None, highlight: false, ..query };
    let mut targets = Vec::new();
    let mut next = Query { sort: Sort::parse("-submitted").unwrap_or_default(), ..query };
    loop {
        let asked = next.clone();
        let page = app.read(move |reader| reader.search(&asked)).await?;
        if page.total > MOST_REPORTS as u64 {
            return Err(too_many(page.total));
        }
        if let Some(expected) = expected.filter(|expected| *expected != page.total) {
            let detail = format!("按条件找到 {} 份年度报告，与确认的 {expected} 份不一致。", page.total);
            let problem = Problem::new(Code::ReviewConflict, detail, "请重新查询，核对份数后再处理。");
            return Err(problem.field("expected"));
        }
        targets.extend(page.hits.iter().map(|hit| {
            let seen = usize::try_from(hit.card.handling.acts).ok();
            Target { key: hit.card.key.clone(), seen }
        }));
        match page.next_cursor {
            Some(cursor) => next.cursor = Some(cursor),
            None => return Ok(targets),
        }
    }
}

/// Does the same to each of these reports, and tells what became of each, in their order. Acts that need the chief
/// on one report need the chief on many; and so does everything that ends the work on a report.
pub(crate) async fn on_many(
    app: &App,
    caller: &Caller,
    targets: Vec<Target>,
    kind: ActKind,
    findings: Vec<FindingSelector>,
) -> Result<Vec<Outcome>, Problem> {
    if targets.is_empty() {
        return Err(Problem::bad_parameter("reports", "没有选择年度报告。".into()));
    }
    if targets.len() > MOST_REPORTS {
        return Err(too_many(targets.len() as u64));
    }
    if !caller.can(Requires::Review) {
        return Err(Problem::new(Code::WrongRole, "只有审核人员可以处理。", "请使用审核账号。"));
    }
    let one = |target: Target| {
        let request =
            Request { seen: target.seen, version: None, kind: kind.clone(), findings: findings.clone() };
        async move {
            let done = reviews::act(app, caller, &target.key, &request).await;
            Outcome { key: target.key, done }
        }
    };
    Ok(futures::stream::iter(targets.into_iter().map(one)).buffered(AT_ONCE).collect().await)
}

fn too_many(count: u64) -> Problem {
    let detail = format!("一次最多处理 {MOST_REPORTS} 份年度报告，这次是 {count} 份。");
    Problem::new(Code::TooManyReports, detail, "请按地区或年度分批处理。")
}

/// The act with this name.
pub(crate) fn kind(act: &str, words: Words) -> Result<ActKind, Problem> {
    let Words { why, note, text, until, deadline, letter, assignee } = words;
    let trimmed = |text: String| text.trim().to_owned();
    Ok(match act {
        "confirmed" => ActKind::Confirmed,
        "dismissed" => ActKind::Dismissed { why: trimmed(why) },
        "waived" => ActKind::Waived {
            why: trimmed(why),
            until: day("until", &until)?
                .ok_or_else(|| Problem::bad_parameter("until", "没有写明豁免到哪一天。".into()))?,
        },
        "returned" => ActKind::Returned {
            deadline: day("deadline", &deadline)?,
            note: trimmed(note),
            letter: trimmed(letter),
        },
        "accepted" => ActKind::Accepted { note: trimmed(note) },
        "commented" => ActKind::Commented { text: trimmed(text) },
        "assigned" => ActKind::Assigned { to: Some(trimmed(assignee)).filter(|name| !name.is_empty()) },
        "reopened" => ActKind::Reopened { why: trimmed(why) },
        other => {
            let detail = format!("没有名为“{other}”的处理。");
            let hint =
                "可用 confirmed、dismissed、waived、returned、accepted、commented、assigned、reopened。";
            return Err(Problem::bad_parameter("act", detail).hint(hint));
        }
    })
}

/// A day as people and programs write it; none where nothing is written.
fn day(field: &str, text: &str) -> Result<Option<Date>, Problem> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let wrong =
        |_| Problem::bad_parameter(field, format!("“{text}”不是日期。")).hint("日期写作 2025-03-01。");
    text.parse().map(Some).map_err(wrong)
}

fn selectors(findings: Vec<FindingBody>) -> Result<Vec<FindingSelector>, Problem> {
    findings.into_iter().map(selector).collect()
}

fn selector(body: FindingBody) -> Result<FindingSelector, Problem> {
    let bad = |detail: String| Problem::bad_parameter("findings", detail);
    let figure = |text: Option<String>| {
        let parse = |text: String| text.parse::<Decimal>().map_err(|_| bad(format!("“{text}”不是数字。")));
        text.map(parse).transpose().map(|figure| figure.map(|figure| figure.normalize()))
    };
    let cells = body.cells.map(|cells| {
        let cell = |id: &String| CellId::parse(id).map_err(|_| bad(format!("没有名为“{id}”的单元格。")));
        cells.iter().map(cell).collect::<Result<Vec<_>, _>>()
    });
    Ok(FindingSelector {
        rule: body.rule,
        cells: cells.transpose()?,
        left: figure(body.left)?,
        right: figure(body.right)?,
        message: body.message,
    })
}
