//! `GET /api/v1/reports` and `GET /api/v1/sum`.

use access::Caller;
use axum::Json;
use axum::extract::State;
use report::{CellId, FormId};
use search::{Clause, Facet, FacetCounts, GroupBy, Hit, Page, Query, Snippet};
use serde_json::{Map, Value, json};

use crate::params::Params;
use crate::problem::Problem;
use crate::{App, labels};

pub(crate) async fn reports(
    State(app): State<App>,
    caller: Caller,
    params: Params,
) -> Result<Json<Value>, Problem> {
    let query = narrowed(understood(&params)?, &caller)?;
    let found = app.read(move |reader| reader.search(&query)).await?;
    Ok(Json(page(&found, &params)))
}

/// The sums of one cell over what a search finds.
pub(crate) async fn sum(
    State(app): State<App>,
    caller: Caller,
    params: Params,
) -> Result<Json<Value>, Problem> {
    let query = narrowed(understood(&params)?, &caller)?;
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
    let groups = sums.iter().map(|sum| {
        json!({
            "group": sum.group,
            "reports": sum.reports,
            "sum": sum.sum.normalize().to_string(),
            "min": sum.min.normalize().to_string(),
            "max": sum.max.normalize().to_string(),
        })
    });
    Ok(Json(json!({
        "cell": cell.as_str(),
        "label": FormId::ALL.into_iter().map(report::Form::get).find_map(|form| form.position(cell).map(|_| form.label(cell))),
        "by": by_name,
        "groups": groups.collect::<Vec<_>>(),
    })))
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

/// Programs hear of the first parameter that is wrong; a page leaves it out and says so.
pub(crate) fn understood(params: &Params) -> Result<Query, Problem> {
    let (query, problems) = params.query();
    problems.into_iter().next().map_or(Ok(query), Err)
}

/// The same search among the reports that the caller may see.
pub(crate) fn narrowed(mut query: Query, caller: &Caller) -> Result<Query, Problem> {
    let Some(scope) = &caller.scope else { return Ok(query) };
    let agencies: Vec<String> = scope.agencies.iter().map(|agency| format!("={agency}")).collect();
    for (name, values) in [("region", &scope.regions), ("agency", &agencies)] {
        let clauses: Result<Vec<Clause>, _> = values.iter().map(|value| search::field(name, value)).collect();
        let clauses =
            clauses.map_err(|error| Problem::internal(&anyhow::anyhow!("scope of a key: {error}")))?;
        if !clauses.is_empty() {
            query.filters.push(Clause::Or(clauses));
        }
    }
    Ok(query)
}

fn page(page: &Page, params: &Params) -> Value {
    let facets: Map<String, Value> =
        page.facets.iter().map(|counts| (facet_name(counts, params), facet(counts))).collect();
    json!({
        "total": page.total,
        "took_ms": page.took.as_secs_f64() * 1000.0,
        "hits": page.hits.iter().map(hit).collect::<Vec<_>>(),
        "facets": facets,
        "next_cursor": page.next_cursor,
        "relaxed": page.relaxed,
        "warnings": page.warnings,
    })
}

fn hit(hit: &Hit) -> Value {
    let card = &hit.card;
    json!({
        "id": card.id,
        "key": card.key,
        "title": card.title,
        "agency": card.agency,
        "year": card.year.map(|year| year.get()),
        "region": card.region.as_ref().map(|region| json!({"code": region.code, "name": region.name})),
        "form": card.form.map(|form| form.as_str()),
        "verdict": card.verdict.as_str(),
        "published": card.published.map(|day| day.to_string()),
        "versions": card.versions,
        "score": hit.score,
        "snippets": hit.snippets.iter().map(snippet).collect::<Vec<_>>(),
    })
}

/// Ranges are told in characters, which every language can count.
fn snippet(snippet: &Snippet) -> Value {
    let chars = |to: usize| snippet.text[..to].chars().count();
    let highlights = snippet.highlights.iter().map(|range| json!([chars(range.start), chars(range.end)]));
    json!({"text": snippet.text, "highlights": highlights.collect::<Vec<_>>()})
}

fn facet(counts: &FacetCounts) -> Value {
    let values = counts.values.iter().map(|value| {
        let label = labels::facet_value(counts.facet, value);
        json!({"value": value.value, "label": label, "count": value.count})
    });
    values.collect()
}

/// The rules that found something are asked for, and filtered, by either name.
fn facet_name(counts: &FacetCounts, params: &Params) -> String {
    let asked = params.get("facets").unwrap_or_default();
    let finding = asked.split(',').any(|name| name.trim() == "finding");
    if counts.facet == Facet::Rule && finding { "finding".into() } else { counts.facet.as_str().into() }
}
