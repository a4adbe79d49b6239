//! `/api/v1/users`: the accounts of the office, for administrators and their programs.

use access::account::Profile;
use access::{Caller, Role};
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::Value;

use crate::api;
use crate::app::App;
use crate::params::{Id, Params};
use crate::problem::Problem;
use crate::users::{self, WithPassword};

/// An account to be made.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewBody {
    name: String,
    display: String,
    role: String,
    #[serde(default)]
    regions: Vec<String>,
    #[serde(default)]
    agencies: Vec<String>,
    /// Whether the identity provider signs it in.
    #[serde(default)]
    unified: bool,
}

/// What changes of an account; what is absent stays.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeBody {
    display: Option<String>,
    role: Option<String>,
    regions: Option<Vec<String>>,
    agencies: Option<Vec<String>>,
    disabled: Option<bool>,
}

/// `GET /api/v1/users`: the accounts, by name.
pub(crate) async fn list(State(app): State<App>, params: Params) -> Result<Json<Value>, Problem> {
    let role = params.get("role").map(parse_role).transpose()?;
    let accounts = users::list(&app, params.get("q").unwrap_or_default(), role).await?;
    Ok(Json(api::users(&accounts)))
}

/// `POST /api/v1/users`: makes an account. The answer has its first password, which is stored nowhere.
pub(crate) async fn create(
    State(app): State<App>,
    caller: Caller,
    body: Result<Json<NewBody>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(body) = body.map_err(|rejection| Problem::bad_json(&rejection))?;
    let NewBody { name, display, role, regions, agencies, unified } = body;
    if unified && !app.access().has_unified_sign_in() {
        let detail = "没有设置统一身份认证，账号须用密码登录。".to_owned();
        return Err(Problem::bad_parameter("unified", detail));
    }
    let profile = Profile { display, role: parse_role(&role)?, regions, agencies };
    let made = users::create(&app, &caller, &name, profile, unified).await?;
    Ok((StatusCode::CREATED, with_password(&made)).into_response())
}

/// `GET /api/v1/users/{id}`: an account, by its id or its name.
pub(crate) async fn user(State(app): State<App>, Id(id): Id) -> Result<Json<Value>, Problem> {
    Ok(Json(api::user(&users::find(&app, &id).await?)))
}

/// `PATCH /api/v1/users/{id}`: gives an account another role or scope, disables it, or enables it again.
pub(crate) async fn change(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    body: Result<Json<ChangeBody>, JsonRejection>,
) -> Result<Json<Value>, Problem> {
    let Json(body) = body.map_err(|rejection| Problem::bad_json(&rejection))?;
    let mut account = users::find(&app, &id).await?;
    let ChangeBody { display, role, regions, agencies, disabled } = body;
    let role = role.as_deref().map(parse_role).transpose()?;
    if display.is_some() || role.is_some() || regions.is_some() || agencies.is_some() {
        let profile = Profile {
            display: display.unwrap_or(account.display),
            role: role.unwrap_or(account.role),
            regions: regions.unwrap_or(account.regions),
            agencies: agencies.unwrap_or(account.agencies),
        };
        account = users::change_profile(&app, &caller, &account.name, profile).await?;
    }
    if let Some(disabled) = disabled.filter(|disabled| *disabled != account.is_disabled) {
        account = users::set_disabled(&app, &caller, &account.name, disabled).await?;
    }
    Ok(Json(api::user(&account)))
}

/// `POST /api/v1/users/{id}/password`: a new first password, which has to be changed; its sessions end.
pub(crate) async fn reset(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<Response, Problem> {
    let account = users::find(&app, &id).await?;
    Ok(with_password(&users::reset_password(&app, &caller, &account.name).await?))
}

/// `POST /api/v1/users/{id}/sign-out`: ends the sessions of an account.
pub(crate) async fn sign_out(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
) -> Result<Json<Value>, Problem> {
    let account = users::find(&app, &id).await?;
    Ok(Json(api::user(&users::end_sessions(&app, &caller, &account.name).await?)))
}

/// An answer with a password is kept by nobody on the way.
fn with_password(made: &WithPassword) -> Response {
    let password = made.password.as_ref().map(|password| password.reveal());
    let body = Json(api::user_with_password(&made.account, password));
    ([(header::CACHE_CONTROL, "no-store")], body).into_response()
}

fn parse_role(name: &str) -> Result<Role, Problem> {
    let wrong = || {
        let problem = Problem::bad_parameter("role", format!("没有角色“{name}”。"));
        problem.hint("可用 submit、review、lead、operate。")
    };
    Role::parse(name).ok_or_else(wrong)
}
