//! What needs the reports of many agencies: `GET /api/v1/rollup`.
//!
//! The reports come from the index as they stand there, the roster from the log. Nothing is kept
//! between two requests: what is told is what is there.

use anyhow::Context as _;
use axum::Json;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use proto::Message as _;
use proto::v1::{ReportSubmitted, ReportValidated, RosterImported};
use report::{Decimal, Region, Review, Verdict, Year};
use search::{Query, Whole};
use serde::Deserialize;
use serde_json::{Value, json};
use survey::{Member, RollUp, Roster};

use crate::App;
use crate::letter::{bad_format, download};
use crate::params::Params;
use crate::problem::Problem;

/// Fills the official form of a region from the reports of its agencies.
pub(crate) async fn roll_up(State(app): State<App>, params: Params) -> Result<Response, Problem> {
    let (region, year) = (region(&params)?, year(&params)?);
    let format = params.get("format").unwrap_or("json").to_owned();
    let roster = roster(&app).await?;
    let members = members(&app, &region, year).await?;
    let (of, total) = (region.clone(), members.len());
    let rolled = tokio::task::spawn_blocking(move || survey::roll_up(roster.as_ref(), &members, &of, year));
    let rolled = rolled.await.map_err(|error| Problem::internal(&error.into()))?;
    let rolled = rolled
        .ok_or_else(|| Problem::bad_parameter("year", format!("{year}年没有统一的表格，无法汇总。")))?;
    tracing::info!(region = region.code, %year, reports = total, "rolled up");
    let name = format!("{}{year}年政府信息公开工作年度报告汇总表", region.name);
    match format.as_str() {
        "json" => Ok(Json(as_json(&rolled)).into_response()),
        "html" => Ok(Html(paper::roll_up::html(&rolled)).into_response()),
        "xlsx" => {
            let bytes = paper::roll_up::xlsx(&rolled).map_err(|error| Problem::internal(&error.into()))?;
            Ok(download(bytes, XLSX, &format!("{name}.xlsx")))
        }
        other => Err(bad_format(other, "可用 json、html、xlsx。")),
    }
}

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// The region that is asked for, by its code.
pub(crate) fn region(params: &Params) -> Result<Region, Problem> {
    let code = params.get("region").unwrap_or_default();
    reading::division(code).ok_or_else(|| {
        Problem::bad_parameter("region", format!("没有代码为“{code}”的行政区划。"))
            .hint("写两位、四位、六位或九位的区划代码，例如 6101。")
    })
}

/// The year that is asked for.
pub(crate) fn year(params: &Params) -> Result<Year, Problem> {
    let text = params.get("year").unwrap_or_default();
    text.parse().ok().and_then(Year::new).ok_or_else(|| {
        Problem::bad_parameter("year", format!("“{text}”不是年度。")).hint("写一个年度，例如 2024。")
    })
}

/// The roster that was imported last; none where there is none.
pub(crate) async fn roster(app: &App) -> Result<Option<Roster>, Problem> {
    let imported = app.stage().latest::<RosterImported>().await.map_err(|error| Problem::bus(&error))?;
    let Some(blob) = imported.and_then(|imported| imported.original) else { return Ok(None) };
    let stored = app.stage().originals().get(&blob.sha256).await;
    let bytes = stored.map_err(|error| Problem::internal(&error.into()))?;
    let parsed = tokio::task::spawn_blocking(move || {
        let text = std::str::from_utf8(&bytes).context("the stored roster is not UTF-8")?;
        // It was in order when it came in; a newer version of this program may see more.
        Roster::parse(text).context("the stored roster; import it again")
    });
    let parsed = parsed.await.map_err(anyhow::Error::from).flatten();
    parsed.map(Some).map_err(|error| Problem::internal(&error))
}

/// The reports of a year whose region lies in this one, or is not known.
async fn members(app: &App, region: &Region, year: Year) -> Result<Vec<Member>, Problem> {
    let field = |name: &str, value: &str| {
        search::field(name, value).map_err(|error| Problem::bad_parameter("year", error.to_string()))
    };
    let filters = vec![field("year", &year.to_string())?];
    let within = region.code.trim_end_matches("00").to_owned();
    let query = Query { filters, ..Query::default() };
    app.read(move |reader| {
        let mut members = Vec::new();
        reader.each(&query, |whole| {
            let member = member(&whole);
            let is_here = |member: &Member| {
                member.region.as_ref().is_none_or(|region| region.code.starts_with(&within))
            };
            members.extend(member.filter(is_here));
            true
        })?;
        Ok(members)
    })
    .await
}

/// What is kept of a report as it stands in the index; none where another version wrote it.
pub(crate) fn member(whole: &Whole) -> Option<Member> {
    #[derive(Deserialize)]
    struct Judged {
        verdict: String,
    }
    let fact = ReportValidated::decode(&*whole.fact).ok()?;
    let review = Review::try_from(&fact).ok()?;
    let submitted = fact.submitted.as_ref();
    let day = submitted.and_then(ReportSubmitted::day);
    let original = submitted.and_then(|submitted| Some(submitted.original.as_ref()?.sha256.clone()));
    let mut member = Member::of(&review, &whole.key, &whole.id, original.unwrap_or_default(), day);
    // The verdict in the index also counts what was found beside other reports.
    let judged: Judged = serde_json::from_str(&whole.record).ok()?;
    member.verdict = match judged.verdict.as_str() {
        "fail" => Verdict::Fail,
        "warn" => Verdict::Warn,
        _ => Verdict::Pass,
    };
    Some(member)
}

fn number(value: Decimal) -> String {
    value.normalize().to_string()
}

fn as_json(rolled: &RollUp) -> Value {
    let cells = rolled.cells.iter().map(|cell| {
        let sum = json!({
            "value": cell.sum.map(number),
            "exact": cell.is_exact,
            "contributors": cell.contributors,
            "lacking": cell.lacking,
        });
        (cell.id.as_str().to_owned(), sum)
    });
    let contributors = rolled.contributors.iter().map(|one| {
        json!({
            "agency": one.agency,
            "region": one.region,
            "key": one.key,
            "form": one.form.as_str(),
            "scope": one.scope.map(|(scope, _)| scope.as_str()),
            "counted": one.how.title(),
            "verdict": one.verdict.as_str(),
        })
    });
    let gaps = rolled.gaps.iter().map(|gap| {
        json!({"agency": gap.agency, "region": gap.region, "key": gap.key, "counted_below": gap.counted_below})
    });
    let doubts = rolled.doubts.iter().map(|doubt| {
        json!({"agency": doubt.agency, "region": doubt.region, "key": doubt.key, "doubt": doubt.kind.sentence()})
    });
    let balance = rolled.balance.iter().map(|(equation, sums)| {
        json!({
            "rule": equation.rule,
            "place": equation.place,
            "left": sums.left.map(number),
            "right": sums.right.map(number),
            "holds": sums.hold(),
        })
    });
    let whole = rolled.whole.as_ref().map(|whole| {
        let figures = rolled.cells.iter().zip(&whole.figures);
        let figures = figures.map(|(cell, figure)| (cell.id.as_str().to_owned(), figure.map(number).into()));
        json!({
            "agency": whole.agency,
            "key": whole.key,
            "scope": whole.scope.map(|(scope, _)| scope.as_str()),
            "cells": figures.collect::<serde_json::Map<String, Value>>(),
        })
    });
    json!({
        "region": {"code": rolled.region.code, "name": rolled.region.name},
        "year": rolled.year.get(),
        "form": rolled.form.as_str(),
        "roster": rolled.has_roster,
        "cells": cells.collect::<serde_json::Map<String, Value>>(),
        "contributors": contributors.collect::<Vec<_>>(),
        "gaps": gaps.collect::<Vec<_>>(),
        "doubts": doubts.collect::<Vec<_>>(),
        "balance": balance.collect::<Vec<_>>(),
        "whole": whole,
        "unplaced": rolled.unplaced,
    })
}
