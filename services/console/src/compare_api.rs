//! `GET /api/v1/compare` and `GET /api/v1/complete`.

use access::Caller;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use export::Format;
use serde_json::Value;

use crate::app::App;
use crate::compare::{Asked, By};
use crate::complete::{self, Kind};
use crate::download::{bad_format, download};
use crate::params::Params;
use crate::problem::Problem;
use crate::{api, compare, compare_export};

/// Suggestions where the request does not say how many, and at most.
const DEFAULT_SUGGESTIONS: usize = 12;
const MAX_SUGGESTIONS: usize = 50;
/// Characters of a text that are completed.
const MAX_TEXT_CHARS: usize = 200;

/// Compares figures of agencies or regions over several years.
pub(crate) async fn compare(
    State(app): State<App>,
    caller: Caller,
    params: Params,
) -> Result<Response, Problem> {
    let asked = Asked::parse(&params)?;
    let format = format_of(&params)?;
    let (json, table) = match asked.by {
        By::Agency => {
            let comparison = compare::by_agency(&app, &caller, &asked).await?;
            match format {
                None => (api::compare::agencies(&comparison), None),
                Some(format) => (Value::Null, Some((compare_export::agencies(&comparison, format), format))),
            }
        }
        By::Region => {
            let comparison = compare::by_region(&app, &caller, &asked).await?;
            match format {
                None => (api::compare::regions(&comparison), None),
                Some(format) => (Value::Null, Some((compare_export::regions(&comparison, format), format))),
            }
        }
    };
    let Some((bytes, format)) = table else { return Ok(Json(json).into_response()) };
    let bytes = bytes.map_err(|error| Problem::internal(&error.into()))?;
    Ok(download(bytes, format.media_type(), &format!("比较分析.{}", format.as_str())))
}

/// The format of a table; none for JSON.
fn format_of(params: &Params) -> Result<Option<Format>, Problem> {
    match params.get("format") {
        None | Some("json") => Ok(None),
        Some("csv") => Ok(Some(Format::Csv)),
        Some("xlsx") => Ok(Some(Format::Xlsx)),
        Some("jsonl") => Ok(Some(Format::Jsonl)),
        Some(other) => Err(bad_format(other, "可用 json、csv、xlsx、jsonl。")),
    }
}

/// Suggests how a text that is being typed may go on.
pub(crate) async fn complete(
    State(app): State<App>,
    caller: Caller,
    params: Params,
) -> Result<Json<Value>, Problem> {
    let text: String = params.get("q").unwrap_or_default().chars().take(MAX_TEXT_CHARS).collect();
    let only = params.get("kind").map(|name| {
        Kind::parse(name).ok_or_else(|| {
            let problem = Problem::bad_parameter("kind", format!("没有名为“{name}”的补全类型。"));
            problem.hint("可用 cell、agency、region、rule；不写则各类都给。")
        })
    });
    let only = only.transpose()?;
    let limit = match params.get("limit").map(str::parse) {
        None => DEFAULT_SUGGESTIONS,
        Some(Ok(limit)) if (1..=MAX_SUGGESTIONS).contains(&limit) => limit,
        Some(_) => {
            let detail = format!("limit 应为 1 到 {MAX_SUGGESTIONS} 的整数。");
            return Err(Problem::bad_parameter("limit", detail));
        }
    };
    let scope = complete::scope_of(&caller)?;
    let found = app.read(move |reader| complete::complete(reader, scope, &text, only, limit)).await?;
    Ok(Json(api::compare::suggestions(&found)))
}
