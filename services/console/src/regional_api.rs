//! `GET /api/v1/rollup`, `/api/v1/roster` and `/api/v1/survey`: the reports of a region together.

use access::Caller;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use export::Format;
use serde_json::Value;

use crate::app::App;
use crate::download::{XLSX, bad_format, download, standalone_page};
use crate::params::Params;
use crate::problem::Problem;
use crate::{api, pages, published_pages, regional};

/// Fills in the official form of a region from the reports of its agencies.
pub(crate) async fn roll_up(
    State(app): State<App>,
    caller: Caller,
    params: Params,
) -> Result<Response, Problem> {
    let (region, year) = regional::region_and_year(&caller, &params)?;
    let format = params.get("format").unwrap_or("json");
    let rolled = regional::roll_up(&app, &region, year).await?;
    let rolled = rolled
        .ok_or_else(|| Problem::bad_parameter("year", format!("{year}年没有统一的表格，无法汇总。")))?;
    match format {
        "json" => Ok(Json(api::roll_up(&rolled)).into_response()),
        "html" => Ok(standalone_page(render::roll_up::html(&rolled), render::roll_up::STYLE)),
        "xlsx" => {
            let bytes = render::roll_up::xlsx(&rolled).map_err(|error| Problem::internal(&error.into()))?;
            let name = format!("{}{year}年政府信息公开工作年度报告汇总表.xlsx", region.name);
            Ok(download(bytes, XLSX, &name))
        }
        other => Err(bad_format(other, "可用 json、html、xlsx。")),
    }
}

/// Compares the roster with the reports of a year.
pub(crate) async fn attendance(
    State(app): State<App>,
    caller: Caller,
    params: Params,
) -> Result<Response, Problem> {
    let year = regional::year(&params)?;
    let region = params.get("region").map(|_| regional::region(&params)).transpose()?;
    match &region {
        Some(region) => regional::check_scope(&caller, region)?,
        None if caller.sees_all() => (),
        None => {
            let problem = Problem::bad_parameter("region", "没有写明地区。".into());
            return Err(problem.hint("请写明您负责的地区，例如 region=6101。"));
        }
    }
    let attendance = regional::attendance(&app, region.as_ref(), year).await?.ok_or_else(|| {
        let problem = Problem::not_found("还没有导入机关名录。".into());
        problem.hint("请先用 gouji roster import 导入。")
    })?;
    match params.get("format").unwrap_or("json") {
        "json" => {
            let pages = published_pages::by_original(app.bus()).await;
            Ok(Json(api::attendance(year, &attendance, &pages)).into_response())
        }
        "csv" => pages::board_table(&attendance, &params, Format::Csv),
        "xlsx" => pages::board_table(&attendance, &params, Format::Xlsx),
        "jsonl" => pages::board_table(&attendance, &params, Format::Jsonl),
        other => Err(bad_format(other, "可用 json、csv、xlsx、jsonl。")),
    }
}

/// Compares the reports of a region and a year with each other.
pub(crate) async fn survey(
    State(app): State<App>,
    caller: Caller,
    params: Params,
) -> Result<Json<Value>, Problem> {
    let (region, year) = regional::region_and_year(&caller, &params)?;
    let comparison = regional::compare(&app, &region, year).await?;
    Ok(Json(api::survey(&region, year, &comparison)))
}
