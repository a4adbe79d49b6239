//! `/api/v1/rules` and `/api/v1/policy`: the rules as they weigh here, and the rule policy of the office.

use std::collections::HashMap;

use access::Caller;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use rules::RulePolicy;
use search::{Facet, Query};

use crate::app::App;
use crate::params::Params;
use crate::policy_changes::{self, Change};
use crate::problem::Problem;
use crate::{api, search_query};

/// A facet has so many values at most.
const FACET_VALUES: usize = 50;

/// Every rule, what the office decided about it, and how many reports break it.
pub(crate) async fn rules(State(app): State<App>, caller: Caller) -> Result<Response, Problem> {
    let counts = counts(&app, &caller).await?;
    Ok(Json(api::rules(&app.policy().await?.policy, &counts)).into_response())
}

/// How many reports that the caller may see have a finding of each rule.
pub(crate) async fn counts(app: &App, caller: &Caller) -> Result<HashMap<String, u64>, Problem> {
    let query = Query { facets: vec![Facet::Rule], limit: 0, ..Query::default() };
    let query = search_query::restrict_to_scope(query, caller)?;
    app.read(move |reader| {
        let page = reader.search(&query)?;
        let values = page.facets.into_iter().flat_map(|counts| counts.values);
        let mut counts: HashMap<String, u64> = values.map(|value| (value.value, value.count)).collect();
        // A facet has the most frequent values; the others are counted one by one, unless it had all of them.
        if counts.len() < FACET_VALUES {
            return Ok(counts);
        }
        let rare: Vec<_> = rules::catalogue().iter().filter(|rule| !counts.contains_key(rule.id)).collect();
        for rule in rare {
            let Ok(clause) = search::field("rule", rule.id) else { continue };
            let mut query = Query { facets: Vec::new(), ..query.clone() };
            query.filters.push(clause);
            counts.insert(rule.id.to_owned(), reader.search(&query)?.total);
        }
        Ok(counts)
    })
    .await
}

/// The policy in force, as TOML, with who changed it and why.
pub(crate) async fn policy(State(app): State<App>) -> Result<Response, Problem> {
    let in_force = app.policy().await?;
    Ok(Json(api::policy(&in_force)).into_response())
}

/// Changes the policy, or only says what a change would do. The body is the policy as TOML.
pub(crate) async fn change(
    State(app): State<App>,
    caller: Caller,
    params: Params,
    body: String,
) -> Result<Response, Problem> {
    let policy = RulePolicy::parse(&body).map_err(|error| policy_changes::wrong_policy(&error))?;
    match params.get("dry_run") {
        Some("true") => {
            let preview = policy_changes::preview(&app, &caller, policy).await?;
            return Ok(Json(api::policy_preview(&preview)).into_response());
        }
        None | Some("false") => {}
        Some(other) => {
            return Err(Problem::bad_parameter("dry_run", format!("“{other}”不是 true 或 false。")));
        }
    }
    let text = |name: &str| params.get(name).unwrap_or_default().to_owned();
    let change = Change { policy: Some(body), why: text("why"), seen: text("seen"), restores: String::new() };
    let changed = policy_changes::publish(&app, &caller, change).await?;
    Ok((StatusCode::CREATED, Json(api::policy_changed(&changed))).into_response())
}
