//! `GET /api/v1/reports/{id}` and its parts, and `GET /api/v1/status/{id}`.

use access::Caller;
use axum::Json;
use axum::extract::State;
use serde_json::Value;

use crate::api;
use crate::app::App;
use crate::params::Id;
use crate::problem::Problem;
use crate::report_history::ReportHistory;
use crate::report_lookup;

pub(crate) async fn report(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
) -> Result<Json<Value>, Problem> {
    Ok(Json(api::report(&report_lookup::get(&app, &caller, &id).await?.report)))
}

pub(crate) async fn cells(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
) -> Result<Json<Value>, Problem> {
    Ok(Json(api::cells(&report_lookup::get(&app, &caller, &id).await?.report)))
}

pub(crate) async fn findings(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
) -> Result<Json<Value>, Problem> {
    Ok(Json(api::findings(&report_lookup::get(&app, &caller, &id).await?.report)))
}

pub(crate) async fn versions(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
) -> Result<Json<Value>, Problem> {
    Ok(Json(api::versions(&report_lookup::get(&app, &caller, &id).await?.report)))
}

/// Every event about one reading of one original.
pub(crate) async fn history(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
) -> Result<Json<Value>, Problem> {
    let history = ReportHistory::load(&app, &caller, &id).await.map_err(|error| Problem::bus(&error))?;
    history.map(|history| Json(api::history(&id, &history))).ok_or_else(|| Problem::no_such_report(&id))
}
