//! `GET /api/v1/reports/{id}` and its parts.

use access::Caller;
use axum::Json;
use axum::extract::State;
use serde_json::{Map, Value};

use crate::App;
use crate::params::Id;
use crate::problem::Problem;
use crate::report_lookup::must_load;

pub(crate) async fn report(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
) -> Result<Json<Value>, Problem> {
    Ok(Json(must_load(&app, &caller, &id).await?.record))
}

pub(crate) async fn cells(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
) -> Result<Json<Value>, Problem> {
    part(&app, &caller, &id, &["form", "cells"]).await
}

pub(crate) async fn findings(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
) -> Result<Json<Value>, Problem> {
    part(&app, &caller, &id, &["rules_version", "verdict", "findings"]).await
}

pub(crate) async fn versions(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
) -> Result<Json<Value>, Problem> {
    part(&app, &caller, &id, &["versions"]).await
}

/// These fields of the record, with what identifies it.
async fn part(app: &App, caller: &Caller, id: &str, fields: &[&str]) -> Result<Json<Value>, Problem> {
    let mut record = must_load(app, caller, id).await?.record;
    let wanted = ["id", "key"].iter().chain(fields);
    let part: Map<String, Value> = wanted.map(|field| ((*field).to_owned(), record[*field].take())).collect();
    Ok(Json(part.into()))
}
