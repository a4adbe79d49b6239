//! `POST /api/v1/reports/{id}/withdrawal`: withdraws a report.
//!
//! A withdrawal is a submission: its statement is stored and its fact goes through the pipeline. While it is the
//! latest version of the report, no search finds the report and no other report is compared with it. A later
//! submission of the report replaces it.

use access::{Action, Caller, Code, Problem};
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use proto::ReportIdError;
use proto::v1::{Blob, Region, ReportIndexed, ReportSubmitted, ReportValidated, Withdrawal};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::Ingest;
use crate::builder::now_ms;
use crate::manifest::Terms;

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
    Path(id): Path<String>,
    reason: Result<Json<Reason>, JsonRejection>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let Json(reason) = reason.map_err(|rejection| Problem::bad_json(&rejection))?;
    let unavailable = |error: anyhow::Error| Problem::unavailable(&error);
    let [who, why] = [reason.who, reason.why].map(|text| access::redact(&text));
    for (field, text) in [("who", &who), ("why", &why)] {
        if text.trim().is_empty() {
            let detail = format!("没有写明 {field}。");
            let problem = Problem::new(Code::NoReason, detail, "请写明由谁撤回、为何撤回。");
            return Err(problem.field(field));
        }
    }
    let Some(indexed) = ingest.bus().last_of_id::<ReportIndexed>(&id).await.map_err(unavailable)? else {
        return Err(not_indexed(&id));
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
        return Err(ingest.access().deny(&caller, action, not_yours()));
    }
    let action = Action { name: "withdraw", object: &id, detail: &why };
    ingest.access().record(&caller, action).await?;
    let validated = ingest.bus().last_of_id::<ReportValidated>(&id).await.map_err(unavailable)?;
    let region = indexed.region.unwrap_or_default();
    let statement = Statement {
        withdraws: id,
        report: indexed.report.clone(),
        who,
        why,
        at_ms: now_ms(),
        title: validated.and_then(|validated| validated.report).unwrap_or_default().title,
        agency: indexed.agency,
        year: indexed.year,
        region: region.code,
        region_name: region.name,
        sender: caller.name,
    };
    let bytes = serde_json::to_vec(&statement).map_err(|error| unavailable(error.into()))?;
    let size = bytes.len() as u64;
    let stored = ingest.blobs().put(&bytes[..], size).await.map_err(|error| unavailable(error.into()))?;
    let fact = statement.into_fact(&stored.sha256, size).map_err(|error| unavailable(error.into()))?;
    let fact = ReportSubmitted { scope: caller.scope, ..fact };
    ingest.bus().publish(&fact).await.map_err(|error| unavailable(error.into()))?;
    Ok((StatusCode::ACCEPTED, Json(json!({"id": fact.id, "report": indexed.report}))))
}

fn not_yours() -> Problem {
    Problem::new(
        Code::NotYours,
        "这份报告不在密钥的机关或地区范围内，不能撤回。",
        "请核对报告编号；确需撤回的，请由有相应范围的单位或运维人员办理。",
    )
}

fn not_indexed(id: &str) -> Problem {
    let detail = format!("没有已入库的报告 {id}。");
    Problem::new(Code::NoSuchReport, detail, "请核对编号；刚报送的报告要等入库后才能撤回。").field("id")
}
