//! `GET /api/v1/submissions/{id}`: what became of everything in one act of sending.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use futures::{StreamExt, TryStreamExt};
use proto::Fact;
use proto::v1::ReportRefused;
use serde::Deserialize;
use serde_json::{Value, json};
use stage::Stage;

use crate::accept::Manifest;
use crate::problem::Problem;

pub(crate) fn router(stage: Stage) -> Router {
    Router::new().route("/api/v1/submissions/{id}", get(submission)).with_state(stage)
}

/// Reports told of at once; an archive may hold tens of thousands.
const PAGE: usize = 1_000;
/// Questions to the log at once.
const AT_ONCE: usize = 32;

#[derive(Debug, Deserialize)]
struct From {
    /// Position of the first report to tell of.
    #[serde(default)]
    from: usize,
}

async fn submission(
    State(stage): State<Stage>,
    Path(id): Path<String>,
    Query(page): Query<From>,
) -> Result<Json<Value>, Problem> {
    let unknown = || {
        let detail = format!("没有编号为 {id} 的报送。");
        Problem::new(StatusCode::NOT_FOUND, "no-such-submission", detail, "请核对报送时返回的 submission。")
            .field("id")
    };
    let bytes = stage.originals().get(&id).await.map_err(|_| unknown())?;
    let manifest: Manifest = serde_json::from_slice(&bytes).map_err(|_| unknown())?;
    let total = manifest.reports().count();
    let here: Vec<(String, String)> =
        manifest.reports().skip(page.from).take(PAGE).map(|(id, name)| (id, name.to_owned())).collect();
    let told = here.len();
    let reports: Vec<Value> = futures::stream::iter(here)
        .map(|(id, name)| state(&stage, id, name))
        .buffered(AT_ONCE)
        .try_collect()
        .await
        .map_err(|error| Problem::ours(&error))?;
    let next = (page.from + told < total).then_some(page.from + told);
    Ok(Json(
        json!({"submission": id, "total": total, "reports": reports, "refused": manifest.refused, "next": next}),
    ))
}

/// How far a report has come, by the last fact about it.
async fn state(stage: &Stage, id: String, file_name: String) -> anyhow::Result<Value> {
    let history = stage.history(&id).await?;
    let reached = |fact: &str| history.iter().any(|event| event.fact() == fact);
    let state =
        ["indexed", "refused", "validated", "parsed", "submitted"].into_iter().find(|fact| reached(fact));
    let refusal = history
        .iter()
        .find(|event| event.fact() == ReportRefused::NAME)
        .and_then(|event| event.decode::<ReportRefused>());
    Ok(json!({
        "id": id,
        "file_name": file_name,
        "state": state.unwrap_or("unknown"),
        "class": refusal.as_ref().map(|refusal| &refusal.class),
        "message": refusal.as_ref().map(|refusal| &refusal.message),
    }))
}
