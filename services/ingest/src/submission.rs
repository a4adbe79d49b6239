//! The states of reports: `GET /api/v1/submissions/{id}` for those of one submission, `POST /api/v1/states` for any
//! list.

use access::{Caller, Code, Id, Problem};
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::Uri;
use bus::{Bus, Event};
use futures::{StreamExt, TryStreamExt};
use proto::ReportState;
use proto::v1::{ReportIndexed, ReportRefused, ReportRejudged, ReportSubmitted, ReportValidated};
use report::{Review, Verdict};
use serde_json::{Value, json};

use crate::Ingest;
use crate::manifest::Manifest;

/// Reports in one answer; an archive may have tens of thousands.
const PAGE: usize = 1_000;
/// Concurrent reads of the log.
const CONCURRENCY: usize = 32;

pub(crate) async fn submission(
    State(ingest): State<Ingest>,
    caller: Caller,
    Id(id): Id,
    uri: Uri,
) -> Result<Json<Value>, Problem> {
    let from = first_of_page(uri.query().unwrap_or_default())?;
    let unknown = || {
        let detail = format!("没有编号为 {id} 的报送。");
        Problem::new(Code::NoSuchSubmission, detail, "请核对报送时返回的 submission。").field("id")
    };
    let bytes = ingest.blobs().get(&id).await.map_err(|_| unknown())?;
    let manifest: Manifest = serde_json::from_slice(&bytes).map_err(|_| unknown())?;
    if !caller.sees_all() && manifest.terms.sender != caller.name {
        return Err(unknown());
    }
    let total = manifest.reports().count();
    let listed: Vec<(String, &str)> = manifest.reports().skip(from).take(PAGE).collect();
    let count = listed.len();
    let ids = listed.iter().map(|(id, _)| id.clone()).collect();
    let mut reports = states_of(ingest.bus(), &caller, ids).await?;
    for (report, (_, file_name)) in reports.iter_mut().zip(listed) {
        report["file_name"] = file_name.into();
    }
    let next = (from + count < total).then_some(from + count);
    Ok(Json(
        json!({"submission": id, "total": total, "reports": reports, "refused": manifest.refused, "next": next}),
    ))
}

/// The position of the first report of the page: the parameter `from`, or 0.
fn first_of_page(query: &str) -> Result<usize, Problem> {
    let Some((name, value)) = access::pairs(query).next() else { return Ok(0) };
    value.parse().map_err(|_| {
        Problem::bad_parameter(&name, format!("“{value}”不是从0起的整数。")).hint("请用上一页应答中的 next。")
    })
}

pub(crate) async fn states(
    State(ingest): State<Ingest>,
    caller: Caller,
    ids: Result<Json<Vec<String>>, JsonRejection>,
) -> Result<Json<Value>, Problem> {
    let Json(ids) = ids.map_err(|rejection| Problem::bad_json(&rejection))?;
    if ids.len() > PAGE {
        let detail = format!("一次最多查询 {PAGE} 份报告，这次有 {} 份。", ids.len());
        return Err(Problem::new(Code::TooManyIds, detail, "请分批查询。"));
    }
    Ok(Json(states_of(ingest.bus(), &caller, ids).await?.into()))
}

async fn states_of(bus: &Bus, caller: &Caller, ids: Vec<String>) -> Result<Vec<Value>, Problem> {
    let states = futures::stream::iter(ids).map(|id| state(bus, caller, id)).buffered(CONCURRENCY);
    states.try_collect().await.map_err(|error| Problem::unanswered(&error))
}

/// The state of a report by the facts about it; `unknown` if the caller may not see it.
async fn state(bus: &Bus, caller: &Caller, id: String) -> anyhow::Result<Value> {
    let mut history = bus.history(&id).await?;
    let submitted = history.iter().find_map(Event::decode::<ReportSubmitted>);
    if !caller.sees_all() && !submitted.is_some_and(|submitted| caller.may_follow(&submitted)) {
        history.clear();
    }
    let state = ReportState::furthest(history.iter().map(Event::fact));
    let refusal = history.iter().find_map(Event::decode::<ReportRefused>);
    let indexed = history.iter().find_map(Event::decode::<ReportIndexed>);
    let validated = history.iter().find_map(Event::decode::<ReportValidated>);
    let validated = validated.filter(|fact| !is_withdrawal(fact));
    let rejudged = match &indexed {
        Some(indexed) => bus.last_of_id::<ReportRejudged>(&indexed.report).await?,
        None => None,
    };
    // What another version of the program wrote may not be understood here; the state still is.
    let review = validated.and_then(|fact| match rejudged.filter(|rejudged| rejudged.id == id) {
        Some(rejudged) => rejudged.review(&fact).ok(),
        None => Review::try_from(&fact).ok(),
    });
    Ok(json!({
        "id": id,
        "state": state.map_or("unknown", ReportState::as_str),
        "class": refusal.as_ref().map(|refusal| &refusal.class),
        "message": refusal.as_ref().map(|refusal| &refusal.message),
        "report": indexed.as_ref().map(|indexed| &indexed.report),
        "agency": review.as_ref().and_then(|review| review.report.agency.clone()),
        "year": review.as_ref().and_then(|review| review.report.year).map(|year| year.get()),
        "verdict": review.as_ref().map(Review::verdict).map(Verdict::as_str),
        "problems": review.as_ref().map(|review| report::count_problems(&review.findings)),
    }))
}

fn is_withdrawal(fact: &ReportValidated) -> bool {
    fact.submitted.as_ref().is_some_and(|submitted| submitted.withdraws.is_some())
}
