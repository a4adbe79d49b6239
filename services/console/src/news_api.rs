//! `GET /api/v1/news` and the feed `/news.atom`: what is new, for programs.

use access::Caller;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use jiff::Timestamp;
use serde_json::Value;

use crate::api;
use crate::app::App;
use crate::news::{Filter, Mark, feed};
use crate::params::Params;
use crate::problem::Problem;

/// Items in one answer unless the request says otherwise, and at most.
const DEFAULT_LIMIT: usize = 100;
const MAX_LIMIT: usize = 1_000;
/// Items in the feed; readers of feeds ask every hour or so.
const FEED_ITEMS: usize = 200;

/// What happened after a mark, oldest first.
pub(crate) async fn news(
    State(app): State<App>,
    caller: Caller,
    params: Params,
) -> Result<Json<Value>, Problem> {
    let filter = Filter::parse(&params)?;
    let after = params.get("after").map_or(Ok(Mark::default()), str::parse);
    let after = after.map_err(|_| {
        let problem = Problem::bad_parameter("after", "参数“after”不是动态的位置。".into());
        problem.hint("请用上一次应答中的 next。")
    })?;
    let limit = limit(&params)?;
    let overdue = app.news().overdue(&app, &caller, &filter).await?;
    let (items, mark) = app.news().after(&caller, &filter, &after, limit);
    Ok(Json(api::news(&items, &mark, &overdue)))
}

fn limit(params: &Params) -> Result<usize, Problem> {
    let Some(text) = params.get("limit") else { return Ok(DEFAULT_LIMIT) };
    let limit = text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
    limit.ok_or_else(|| Problem::bad_parameter("limit", format!("参数“limit”应为1至{MAX_LIMIT}的整数。")))
}

/// The latest items as an Atom feed.
pub(crate) async fn atom(
    State(app): State<App>,
    caller: Caller,
    params: Params,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut items = app.news().latest(&app, &caller, &Filter::parse(&params)?).await?;
    items.truncate(FEED_ITEMS);
    let made = app.news().log_made_at_ms();
    let xml = feed(&items, &root(&headers), made, Timestamp::now());
    let xml = xml.map_err(|error| Problem::internal(&error.into()))?;
    let mut response = access::tagged("application/atom+xml; charset=utf-8", xml);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    Ok(response)
}

/// The address of this console as the client used it, which the links of a feed need in full.
fn root(headers: &HeaderMap) -> String {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let scheme = text("x-forwarded-proto").filter(|scheme| ["http", "https"].contains(scheme));
    format!("{}://{}", scheme.unwrap_or("http"), text("host").unwrap_or("localhost"))
}
