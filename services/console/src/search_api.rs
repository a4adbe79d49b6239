//! `GET /api/v1/reports` and `GET /api/v1/sum`.

use access::Caller;
use axum::Json;
use axum::extract::State;
use report::CellId;
use search::GroupBy;
use serde_json::Value;

use crate::app::App;
use crate::params::Params;
use crate::problem::Problem;
use crate::{api, search_query};

/// Finds reports.
pub(crate) async fn reports(
    State(app): State<App>,
    caller: Caller,
    params: Params,
) -> Result<Json<Value>, Problem> {
    let query = search_query::restrict_to_scope(search_query::strict(&params)?, &caller)?;
    let found = app.read(move |reader| reader.search(&query)).await?;
    Ok(Json(api::search_page(&found, &params, &caller)))
}

/// Sums one cell over the reports that a search finds.
pub(crate) async fn sum(
    State(app): State<App>,
    caller: Caller,
    params: Params,
) -> Result<Json<Value>, Problem> {
    let query = search_query::restrict_to_scope(search_query::strict(&params)?, &caller)?;
    let cell = params.get("cell").unwrap_or_default();
    let cell = CellId::parse(cell).map_err(|_| {
        let problem = Problem::bad_parameter("cell", format!("没有名为“{cell}”的单元格。"));
        problem.hint("单元格的编号见 /api/v1/reports/{id}/cells，例如 requests.received.total。")
    })?;
    let by_name = params.get("by").unwrap_or("nothing");
    let by = group_by(by_name).ok_or_else(|| {
        let problem = Problem::bad_parameter("by", format!("不能按“{by_name}”汇总。"));
        problem.hint("可用 year、region、city、agency；不写则合计为一个数。")
    })?;
    let sums = app.read(move |reader| reader.sum(&query, cell, by)).await?;
    Ok(Json(api::sums(cell, by_name, &sums)))
}

fn group_by(name: &str) -> Option<GroupBy> {
    Some(match name {
        "nothing" => GroupBy::Nothing,
        "year" => GroupBy::Year,
        "region" | "province" => GroupBy::Province,
        "city" => GroupBy::City,
        "agency" => GroupBy::Agency,
        _ => return None,
    })
}
