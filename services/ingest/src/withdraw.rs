//! `POST /api/v1/reports/{id}/withdrawal`: takes a report back.
//!
//! It is an act of sending like any other: a statement is stored, a fact goes through the pipeline, and
//! while it is the latest of the report's versions, no search finds the report and no neighbour is held
//! against it. What is sent later stands.

use access::{Action, Caller, Code, Problem};
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use proto::ReportId;
use proto::v1::{Blob, ReportIndexed, ReportSubmitted, ReportValidated, Withdrawal};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::Ingest;
use crate::accept::now_ms;

/// Longest name and reason, in characters.
const LONGEST: usize = 1_000;

/// Who takes it back, and why; both stay visible.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reason {
    who: String,
    why: String,
}

/// What is stored as the original of the act.
#[derive(Debug, Serialize)]
struct Statement<'a> {
    withdraws: &'a str,
    report: &'a str,
    who: &'a str,
    why: &'a str,
    at_ms: i64,
    title: &'a str,
    agency: &'a str,
    year: u32,
    region: &'a str,
    region_name: &'a str,
    sender: &'a str,
}

/// A statement as it is read again, when the log is rebuilt from the originals.
#[derive(Debug, Deserialize)]
pub(crate) struct Kept {
    /// Id of the version that was current; what makes a statement one.
    #[expect(dead_code, reason = "it has to be there")]
    pub(crate) withdraws: String,
    pub(crate) report: String,
    pub(crate) who: String,
    pub(crate) why: String,
    pub(crate) at_ms: i64,
    #[serde(default)]
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) agency: String,
    #[serde(default)]
    pub(crate) year: u32,
    /// Code of the region.
    #[serde(default)]
    pub(crate) region: String,
    #[serde(default)]
    pub(crate) region_name: String,
    #[serde(default)]
    pub(crate) sender: String,
}

pub(crate) async fn withdraw(
    State(ingest): State<Ingest>,
    caller: Caller,
    Path(id): Path<String>,
    reason: Result<Json<Reason>, JsonRejection>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let Json(reason) = reason.map_err(|rejection| Problem::bad_json(&rejection))?;
    let ours = |error: anyhow::Error| Problem::unavailable(&error);
    let [who, why] = [reason.who, reason.why].map(|text| access::redact(&text));
    for (field, text) in [("who", &who), ("why", &why)] {
        if text.trim().is_empty() {
            let detail = format!("没有写明 {field}。");
            let problem = Problem::new(Code::NoReason, detail, "请写明由谁撤回、为何撤回。");
            return Err(problem.field(field));
        }
    }
    let Some(indexed) = ingest.bus().last_of_id::<ReportIndexed>(&id).await.map_err(ours)? else {
        return Err(not_there(&id));
    };
    for (field, text) in [("who", &who), ("why", &why)] {
        if text.chars().count() > LONGEST {
            let detail = format!("{field} 超过 {LONGEST} 字。");
            let problem = Problem::new(Code::ReasonTooLong, detail, "请简要说明。");
            return Err(problem.field(field));
        }
    }
    let code = indexed.region.as_ref().map(|region| region.code.as_str());
    if !caller.may_see(code, Some(&indexed.agency)) {
        let action = Action { name: "withdraw", object: &id, detail: Code::NotYours.name() };
        return Err(ingest.door().deny(&caller, action, not_yours()));
    }
    let action = Action { name: "withdraw", object: &id, detail: &why };
    ingest.door().note(&caller, action).await?;
    let validated = ingest.bus().last_of_id::<ReportValidated>(&id).await.map_err(ours)?.unwrap_or_default();
    let at_ms = now_ms();
    let title = validated.report.unwrap_or_default().title;
    let region = indexed.region.clone().unwrap_or_default();
    let statement = Statement {
        withdraws: &id,
        report: &indexed.report,
        who: &who,
        why: &why,
        at_ms,
        title: &title,
        agency: &indexed.agency,
        year: indexed.year,
        region: &region.code,
        region_name: &region.name,
        sender: &caller.name,
    };
    let statement = serde_json::to_vec(&statement).map_err(|error| ours(error.into()))?;
    let size = statement.len() as u64;
    let stored = ingest.blobs().put(&statement[..], size).await.map_err(|error| ours(error.into()))?;
    let fact = ReportSubmitted {
        id: ReportId::of(&stored.sha256, 0).map_err(|error| ours(error.into()))?.to_string(),
        submission: stored.sha256.clone(),
        original: Some(Blob {
            sha256: stored.sha256,
            size_bytes: size,
            media_type: "application/json".into(),
        }),
        file_name: "撤回说明.json".into(),
        submitted_at_ms: at_ms,
        generation: 0,
        door: "http".into(),
        withdraws: Some(Withdrawal {
            report: indexed.report.clone(),
            who,
            why,
            title,
            agency: indexed.agency,
            year: indexed.year,
            region: indexed.region,
        }),
        sender: caller.name,
        replays: String::new(),
        scope: caller.scope,
    };
    ingest.bus().publish(&fact).await.map_err(|error| ours(error.into()))?;
    Ok((StatusCode::ACCEPTED, Json(json!({"id": fact.id, "report": indexed.report}))))
}

fn not_yours() -> Problem {
    Problem::new(
        Code::NotYours,
        "这份报告不在密钥的机关或地区范围内，不能撤回。",
        "请核对报告编号；确需撤回的，请由有相应范围的单位或运维人员办理。",
    )
}

fn not_there(id: &str) -> Problem {
    let detail = format!("没有已入库的报告 {id}。");
    Problem::new(Code::NoSuchReport, detail, "请核对编号；刚报送的报告要等入库后才能撤回。").field("id")
}
