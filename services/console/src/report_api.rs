//! `GET /api/v1/reports/{id}` and its parts, and `GET /api/v1/status/{id}`.

use access::Caller;
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde_json::Value;

use crate::api;
use crate::app::App;
use crate::params::{Id, Params};
use crate::problem::Problem;
use crate::report_history::ReportHistory;
use crate::{report_changes, report_lookup};

pub(crate) async fn report(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<Response, Problem> {
    Ok(json(&api::report(&report_lookup::get(&app, &caller, &id).await?.report)))
}

pub(crate) async fn cells(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<Response, Problem> {
    Ok(json(&api::cells(&report_lookup::get(&app, &caller, &id).await?.report)))
}

pub(crate) async fn findings(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
) -> Result<Response, Problem> {
    Ok(json(&api::findings(&report_lookup::get(&app, &caller, &id).await?.report)))
}

pub(crate) async fn versions(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
) -> Result<Response, Problem> {
    Ok(json(&api::versions(&report_lookup::get(&app, &caller, &id).await?.report)))
}

/// What changed since the version before, or since that of the parameter `since`.
pub(crate) async fn changes(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    params: Params,
) -> Result<Response, Problem> {
    Ok(json(&api::changes(&report_changes::load(&app, &caller, &id, &params).await?)))
}

/// An answer that a client may keep: it has the tag of its bytes.
fn json(value: &Value) -> Response {
    access::tagged("application/json", value.to_string())
}

/// Every event about one reading of one original; of the current version where a key names the report.
pub(crate) async fn history(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
) -> Result<Json<Value>, Problem> {
    let history = ReportHistory::of_id_or_key(&app, &caller, &id).await?;
    history.map(|history| Json(api::history(&history))).ok_or_else(|| Problem::no_such_report(&id))
}
