//! What needs the reports of many agencies: `GET /api/v1/rollup`, `/api/v1/roster` and `/api/v1/survey`.
//!
//! The reports come from the index as they stand there, the roster from the log. Nothing is kept
//! between two requests: what is told is what is there.

use anyhow::Context as _;
use axum::Json;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use proto::v1::RosterImported;
use report::{Decimal, Region, Report, Year};
use search::{Clause, IndexError, Query, Reader, StoredParts};
use serde_json::{Value, json};
use survey::{Attendance, Attendee, Findings, Member, Phrases, RollUp, Roster};

use crate::download::{bad_format, download};
use crate::params::Params;
use crate::problem::Problem;
use crate::{App, region_lookup};

/// Fills the official form of a region from the reports of its agencies.
pub(crate) async fn roll_up(State(app): State<App>, params: Params) -> Result<Response, Problem> {
    let (region, year) = (region(&params)?, year(&params)?);
    let format = params.get("format").unwrap_or("json").to_owned();
    let rolled = rolled(&app, &region, year).await?;
    let rolled = rolled
        .ok_or_else(|| Problem::bad_parameter("year", format!("{year}年没有统一的表格，无法汇总。")))?;
    let name = format!("{}{year}年政府信息公开工作年度报告汇总表", region.name);
    match format.as_str() {
        "json" => Ok(Json(as_json(&rolled)).into_response()),
        "html" => Ok(Html(render::roll_up::html(&rolled)).into_response()),
        "xlsx" => {
            let bytes = render::roll_up::xlsx(&rolled).map_err(|error| Problem::internal(&error.into()))?;
            Ok(download(bytes, XLSX, &format!("{name}.xlsx")))
        }
        other => Err(bad_format(other, "可用 json、html、xlsx。")),
    }
}

/// The form of a region, filled in; none where the year has no form.
pub(crate) async fn rolled(app: &App, region: &Region, year: Year) -> Result<Option<RollUp>, Problem> {
    let roster = roster(app).await?;
    let members = members(app, region, year).await?;
    let (of, total) = (region.clone(), members.len());
    let rolled = tokio::task::spawn_blocking(move || survey::roll_up(roster.as_ref(), &members, &of, year));
    let rolled = rolled.await.map_err(|error| Problem::internal(&error.into()))?;
    tracing::info!(region = region.code, %year, reports = total, "rolled up");
    Ok(rolled)
}

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Holds the roster against what was reported for a year.
pub(crate) async fn attendance(State(app): State<App>, params: Params) -> Result<Json<Value>, Problem> {
    let year = year(&params)?;
    let region = params.get("region").map(|_| region(&params)).transpose()?;
    let attended = attended(&app, region.as_ref(), year).await?.ok_or_else(|| {
        let problem = Problem::not_found("还没有导入机关名录。".into());
        problem.hint("请先用 gouji roster import 导入。")
    })?;
    let agencies: Vec<Value> = attended.agencies.iter().map(attendee).collect();
    let count = |state: &str| agencies.iter().filter(|agency| agency["state"] == state).count();
    let strangers = attended
        .strangers
        .iter()
        .map(|stranger| json!({"agency": stranger.agency, "region": stranger.region, "key": stranger.key}));
    Ok(Json(json!({
        "year": year.get(),
        "expected": agencies.len(),
        "in_time": count("in_time"),
        "late": count("late"),
        "missing": count("missing"),
        "strangers": strangers.collect::<Vec<_>>(),
        "agencies": agencies,
    })))
}

/// The roster of a region held against what was reported; none where no roster was imported.
pub(crate) async fn attended(
    app: &App,
    region: Option<&Region>,
    year: Year,
) -> Result<Option<Attendance>, Problem> {
    let Some(roster) = roster(app).await? else { return Ok(None) };
    let (members, _) = survey_of(app, Vec::new(), None).await?;
    let attended = tokio::task::spawn_blocking(move || survey::attend(&roster, &members, year)).await;
    let mut attended = attended.map_err(|error| Problem::internal(&error.into()))?;
    if let Some(within) = region.map(within) {
        let is_here = |code: &Option<String>| code.as_deref().is_some_and(|code| code.starts_with(within));
        attended.agencies.retain(|agency| is_here(&agency.region));
        attended.strangers.retain(|stranger| stranger.region.is_none() || is_here(&stranger.region));
    }
    Ok(Some(attended))
}

/// `missing`, `late` or `in_time`.
pub(crate) fn state(attendee: &Attendee) -> &'static str {
    match (attendee.reports.is_empty(), attendee.is_late()) {
        (true, _) => "missing",
        (false, Some(true)) => "late",
        (false, _) => "in_time",
    }
}

fn attendee(attendee: &Attendee) -> Value {
    let state = state(attendee);
    let day = attendee.first_day();
    json!({
        "agency": attendee.agency,
        "region": attendee.region,
        "deadline": attendee.deadline.map(|day| day.to_string()),
        "state": state,
        "day": day.map(|(day, _)| day.to_string()),
        "day_source": day.map(|(_, source)| source.title()),
        "repeated": attendee.is_repeated(),
        "missing_years": attendee.missing_years.iter().map(|year| year.get()).collect::<Vec<_>>(),
        "reports": attendee.reports.iter().map(|report| json!({
            "key": report.key,
            "verdict": report.verdict.as_str(),
        })).collect::<Vec<_>>(),
    })
}

/// What the rules among agencies find in the reports of a region and a year.
pub(crate) async fn survey(State(app): State<App>, params: Params) -> Result<Json<Value>, Problem> {
    let (region, year) = (region(&params)?, year(&params)?);
    let (members, findings) = findings(&app, &region, year).await?;
    let told = members.iter().filter(|member| member.year == Some(year)).filter_map(|member| {
        let findings = findings.get(&member.key)?;
        Some(json!({
            "key": member.key,
            "id": member.id,
            "agency": member.agency,
            "findings": findings.iter().map(report::json::finding).collect::<Vec<_>>(),
        }))
    });
    let told: Vec<Value> = told.collect();
    let reports = members.iter().filter(|member| member.year == Some(year)).count();
    Ok(Json(json!({
        "region": {"code": region.code, "name": region.name},
        "year": year.get(),
        "reports": reports,
        "found": told,
    })))
}

/// The reports of a region over all years, and what the rules among agencies find in those of one year.
pub(crate) async fn findings(
    app: &App,
    region: &Region,
    year: Year,
) -> Result<(Vec<Member>, Findings), Problem> {
    let field = search::field("region", within(region));
    let filters = vec![field.map_err(|error| Problem::bad_parameter("region", error.to_string()))?];
    let roster = roster(app).await?;
    let of_this_year = search::field("year", &year.to_string());
    let of_this_year = of_this_year.map_err(|error| Problem::bad_parameter("year", error.to_string()))?;
    let query = Query { filters: [filters.clone(), vec![of_this_year]].concat(), ..Query::default() };
    let (members, phrases) = survey_of(app, filters, Some(year)).await?;
    let found = app.read(move |reader| {
        let of_year = |member: &&Member| member.year == Some(year);
        let this_year: Vec<Member> = members.iter().filter(of_year).cloned().collect();
        let mut all = survey::compare_scopes(roster.as_ref(), &members, year);
        let mut failed = None;
        let candidates = survey::candidates(&this_year);
        let copies =
            survey::judge(&this_year, &candidates, &phrases, |member| match text(reader, &member.key) {
                Ok(text) => text,
                Err(error) => {
                    failed = Some(error);
                    None
                }
            });
        if let Some(error) = failed {
            return Err(error);
        }
        let mut templates = Findings::new();
        let mut read = Ok(());
        reader.each(&query, |parts| {
            let found = parts.text().map(|text| phrases.boilerplate(&text));
            read = found.map(|finding| templates.entry(parts.card.key).or_default().extend(finding));
            read.is_ok()
        })?;
        read?;
        templates.retain(|_, findings| !findings.is_empty());
        let attended = roster.as_ref().map(|roster| survey::attend(roster, &members, year).findings());
        let others = [
            copies,
            survey::duplicates(&this_year),
            survey::stand_out(&this_year),
            templates,
            survey::follow(roster.as_ref(), &members),
            attended.unwrap_or_default(),
        ];
        for (key, findings) in others.into_iter().flatten() {
            all.entry(key).or_default().extend(findings);
        }
        Ok((members, all))
    });
    let (members, mut all) = found.await?;
    for member in &members {
        if let Some(findings) = all.get_mut(&member.key) {
            let report = Report { agency: member.agency.clone(), year: member.year, ..Report::default() };
            *findings = app.policy().apply(&report, member.submitted, std::mem::take(findings));
            rules::sort(findings);
        }
    }
    Ok((members, all))
}

/// The reports that these filters find, and the sentences of those of one year.
async fn survey_of(
    app: &App,
    filters: Vec<Clause>,
    year: Option<Year>,
) -> Result<(Vec<Member>, Phrases), Problem> {
    let query = Query { filters, ..Query::default() };
    app.read(move |reader| {
        let (mut members, mut phrases) = (Vec::new(), Phrases::default());
        let mut read = Ok(());
        reader.each(&query, |parts| {
            if let Some(member) = member(&parts) {
                if year.is_some() && member.year == year {
                    read = parts.text().map(|text| phrases.add(&text));
                }
                members.push(member);
            }
            read.is_ok()
        })?;
        read?;
        Ok((members, phrases))
    })
    .await
}

/// The digits that every code in a region begins with.
fn within(region: &Region) -> &str {
    let code = region.code.as_str();
    match code.len() {
        6 if code.ends_with("0000") => &code[..2],
        6 if code.ends_with("00") => &code[..4],
        _ => code,
    }
}

/// The region that is asked for, by its code or its name.
pub(crate) fn region(params: &Params) -> Result<Region, Problem> {
    region_lookup::find(params.get("region").unwrap_or_default().trim())
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
    let imported = app.bus().latest::<RosterImported>().await.map_err(|error| Problem::bus(&error))?;
    let Some(blob) = imported.and_then(|imported| imported.original) else { return Ok(None) };
    let stored = app.blobs().get(&blob.sha256).await;
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
    let within = within(region).to_owned();
    let query = Query { filters, ..Query::default() };
    app.read(move |reader| {
        let mut members = Vec::new();
        reader.each(&query, |parts| {
            let member = member(&parts);
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

/// The plain text of a report; none where it was withdrawn.
fn text(reader: &Reader, key: &str) -> Result<Option<String>, IndexError> {
    reader.parts(key)?.map(|parts| parts.text()).transpose()
}

/// What is kept of a report as it stands in the index; none where another version wrote it.
pub(crate) fn member(parts: &StoredParts) -> Option<Member> {
    let card = &parts.card;
    let review = parts.review_alone().ok()?;
    let submitted = report::beijing::day(card.submitted_at_ms);
    let mut member = Member::of(&review, &card.key, &card.id, &card.original, submitted);
    // The verdict in the index also counts what was found beside other reports.
    member.verdict = card.verdict;
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
            "rule": rules::of_equation(equation).id,
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
