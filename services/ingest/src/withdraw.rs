//! `POST /api/v1/reports/{id}/withdrawal`: withdraws a report.
//!
//! A withdrawal is a submission: its statement is stored and its fact goes through the pipeline. While it is the
//! latest version of the report, no search finds the report and no other report is compared with it. A later
//! submission of the report replaces it. A version is withdrawn once: a repeated request gets the first statement.

use access::{Action, Caller, Code, Id, Problem, Recorded};
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use bus::Bus;
use proto::v1::{Blob, Region, ReportIndexed, ReportSubmitted, ReportValidated, Withdrawal};
use proto::{ReportId, ReportIdError, subject};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::Ingest;
use crate::builder::now_ms;
use crate::manifest::Terms;

/// Longest key of a report.
const MAX_KEY_BYTES: usize = 64;
/// Longest name and reason, in characters.
const LONGEST: usize = 1_000;

/// Who withdraws the report, and why; both stay visible.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reason {
    who: String,
    why: String,
}

/// The original of a withdrawal. Its fact can be rebuilt from it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Statement {
    /// Id of the version that was current. It is required, because it distinguishes a statement from other JSON.
    withdraws: String,
    report: String,
    who: String,
    why: String,
    pub(crate) at_ms: i64,
    #[serde(default)]
    title: String,
    #[serde(default)]
    agency: String,
    #[serde(default)]
    year: u32,
    /// Code of the region.
    #[serde(default)]
    region: String,
    #[serde(default)]
    region_name: String,
    #[serde(default)]
    sender: String,
}

impl Statement {
    /// The fact of the withdrawal. `sha256` and `size_bytes` are those of the stored statement.
    ///
    /// # Errors
    /// If `sha256` is no SHA-256.
    pub(crate) fn into_fact(self, sha256: &str, size_bytes: u64) -> Result<ReportSubmitted, ReportIdError> {
        let Self { report, who, why, at_ms, title, agency, year, region, region_name, sender, .. } = self;
        let region = (!region.is_empty()).then_some(Region { code: region, name: region_name });
        let terms = Terms { door: "http".into(), sender, ..Terms::default() };
        let original = Blob { sha256: sha256.to_owned(), size_bytes, media_type: "application/json".into() };
        let fact = terms.fact(sha256, at_ms, "撤回说明.json".into(), original)?;
        let withdraws = Withdrawal { report, who, why, title, agency, year, region };
        Ok(ReportSubmitted { withdraws: Some(withdraws), ..fact })
    }
}

pub(crate) async fn withdraw(
    State(ingest): State<Ingest>,
    caller: Caller,
    Id(id): Id,
    reason: Result<Json<Reason>, JsonRejection>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let Json(reason) = reason.map_err(|rejection| Problem::bad_json(&rejection))?;
    let unavailable = |error: anyhow::Error| Problem::unavailable(&error);
    let [who, why] = [reason.who, reason.why].map(|text| access::redact(&text));
    check_words("who", &who)?;
    check_words("why", &why)?;
    let Some(indexed) = find_indexed(ingest.bus(), &id).await.map_err(unavailable)? else {
        return Err(not_indexed(&id));
    };
    let code = indexed.region.as_ref().map(|region| region.code.as_str());
    let submitted = indexed.submitted.clone().unwrap_or_default();
    let id = submitted.id;
    if !caller.may_see(code, Some(&indexed.agency)) {
        let action = Action { name: "withdraw", object: &id, detail: Code::NotYours.name() };
        return Err(ingest.access().deny(&caller, action, not_yours()));
    }
    let current = current_version(ingest.bus(), &indexed.report).await.map_err(unavailable)?;
    let statement =
        current.and_then(|current| current.submitted).filter(|current| current.withdraws.is_some());
    if let Some(statement) = statement {
        return Ok(withdrawn(StatusCode::OK, &statement.id, &indexed));
    }
    let validated = ingest.bus().last_of_id::<ReportValidated>(&id).await.map_err(unavailable)?;
    let region = indexed.region.clone().unwrap_or_default();
    let statement = Statement {
        withdraws: id.clone(),
        report: indexed.report.clone(),
        who,
        why: why.clone(),
        at_ms: now_ms(),
        title: validated.and_then(|validated| validated.report).unwrap_or_default().title,
        agency: indexed.agency.clone(),
        year: indexed.year,
        region: region.code,
        region_name: region.name,
        sender: caller.name.clone(),
    };
    let bytes = serde_json::to_vec(&statement).map_err(|error| unavailable(error.into()))?;
    let size = bytes.len() as u64;
    let stored = ingest.blobs().put(&bytes[..], size).await.map_err(|error| unavailable(error.into()))?;
    let fact = statement.into_fact(&stored.sha256, size).map_err(|error| unavailable(error.into()))?;
    let fact = ReportSubmitted { scope: caller.scope.clone(), ..fact };
    let detail = format!("{} {why}", fact.id);
    let action = Action { name: "withdraw", object: &id, detail: &detail };
    if let Recorded::Earlier(earlier) = ingest.access().record_once(&caller, "withdraw", &id, action).await? {
        let earlier = earlier.detail.split(' ').next().unwrap_or_default();
        // Its statement is missing where ingest was killed between the two; then this one takes its place.
        if ingest.bus().last_of_id::<ReportSubmitted>(earlier).await.map_err(unavailable)?.is_some() {
            return Ok(withdrawn(StatusCode::OK, earlier, &indexed));
        }
    }
    ingest.bus().publish(&fact).await.map_err(|error| unavailable(error.into()))?;
    Ok(withdrawn(StatusCode::ACCEPTED, &fact.id, &indexed))
}

/// The answer about a report that is withdrawn by the statement with this id; 200 where it was withdrawn before.
fn withdrawn(status: StatusCode, statement: &str, indexed: &ReportIndexed) -> (StatusCode, Json<Value>) {
    let answer = json!({
        "id": statement,
        "report": indexed.report,
        "agency": indexed.agency,
        "year": (indexed.year != 0).then_some(indexed.year),
        "already": status == StatusCode::OK,
    });
    (status, Json(answer))
}

fn check_words(field: &'static str, text: &str) -> Result<(), Problem> {
    if text.trim().is_empty() {
        let problem =
            Problem::new(Code::NoReason, format!("没有写明 {field}。"), "请写明由谁撤回、为何撤回。");
        return Err(problem.field(field));
    }
    if text.chars().count() > LONGEST {
        let problem =
            Problem::new(Code::ReasonTooLong, format!("{field} 超过 {LONGEST} 字。"), "请简要说明。");
        return Err(problem.field(field));
    }
    Ok(())
}

/// The fact that a report was indexed, by the id of a version or by the key of the report, which stands for its
/// current version.
async fn find_indexed(bus: &Bus, id: &str) -> anyhow::Result<Option<ReportIndexed>> {
    if ReportId::parse(id).is_ok() {
        return bus.last_of_id::<ReportIndexed>(id).await;
    }
    let is_key =
        (1..=MAX_KEY_BYTES).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_key { current_version(bus, id).await } else { Ok(None) }
}

/// A search for a key reads every fact about indexed reports, so one runs at a time.
static SEARCHES: Semaphore = Semaphore::const_new(1);

/// The fact about the current version of the report with this key: the one that was submitted last, whatever the
/// order on the log. Ingest has no index of keys, so it reads the log; withdrawals are rare.
async fn current_version(bus: &Bus, key: &str) -> anyhow::Result<Option<ReportIndexed>> {
    let _permit = SEARCHES.acquire().await?;
    let order = |indexed: &ReportIndexed| {
        let submitted = indexed.submitted.as_ref();
        submitted.map(|submitted| (submitted.submitted_at_ms, submitted.generation, submitted.id.clone()))
    };
    let mut found: Option<ReportIndexed> = None;
    bus.scan(&subject::filter::<ReportIndexed>(), |event| {
        let indexed = event.decode::<ReportIndexed>().filter(|indexed| indexed.report == key);
        if let Some(indexed) =
            indexed.filter(|one| found.as_ref().is_none_or(|best| order(one) > order(best)))
        {
            found = Some(indexed);
        }
        Ok(())
    })
    .await?;
    Ok(found)
}

fn not_yours() -> Problem {
    Problem::new(
        Code::NotYours,
        "这份报告不在密钥的机关或地区范围内，不能撤回。",
        "请核对报告编号；确需撤回的，请由有相应范围的单位或管理员办理。",
    )
}

fn not_indexed(id: &str) -> Problem {
    let detail = format!("没有已入库的报告 {id}。");
    Problem::new(Code::NoSuchReport, detail, "请核对编号；刚报送的报告要等入库后才能撤回。").field("id")
}
