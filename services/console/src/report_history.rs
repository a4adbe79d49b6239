//! The life of one report: which facts there are about it, and when they came to be.

use access::Caller;
use axum::Json;
use axum::extract::State;
use bus::Event;
use proto::v1::{ReportRefused, ReportSubmitted};
use serde_json::{Value, json};

use crate::App;
use crate::params::Id;
use crate::problem::Problem;

pub(crate) async fn status(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
) -> Result<Json<Value>, Problem> {
    let life = Life::of(&app, &caller, &id).await.map_err(|error| Problem::bus(&error))?;
    life.map(|life| Json(life.json(&id))).ok_or_else(|| Problem::no_such_report(&id))
}

/// The facts about one reading of one original.
pub(crate) struct Life {
    pub(crate) facts: Vec<Event>,
    pub(crate) refused: Option<ReportRefused>,
}

impl Life {
    /// None where nobody ever heard of the id, and where somebody else sent it.
    pub(crate) async fn of(app: &App, caller: &Caller, id: &str) -> anyhow::Result<Option<Self>> {
        let mut facts = app.bus().history(id).await?;
        let submitted = facts.iter().find_map(Event::decode::<ReportSubmitted>);
        if !caller.sees_all() && !submitted.is_some_and(|submitted| caller.may_follow(&submitted)) {
            facts.clear();
        }
        let refused = facts.iter().find_map(Event::decode::<ReportRefused>);
        Ok((!facts.is_empty()).then_some(Self { facts, refused }))
    }

    /// How far it has come: the name of a fact.
    pub(crate) fn state(&self) -> &'static str {
        let furthest = ["indexed", "refused", "validated", "parsed"];
        let has = |name: &&&str| self.facts.iter().any(|fact| fact.fact() == **name);
        furthest.iter().find(has).copied().unwrap_or("submitted")
    }

    fn json(&self, id: &str) -> Value {
        let fact = |event: &Event| {
            json!({
                "fact": event.fact(),
                "at_ms": event.at_ms,
                "sequence": event.sequence,
                "subject": event.subject,
                "trace_id": event.trace_id(),
            })
        };
        json!({
            "id": id,
            "state": self.state(),
            "facts": self.facts.iter().map(fact).collect::<Vec<_>>(),
            "refusal": self.refused.as_ref().map(refusal),
        })
    }
}

/// What the one who sent it may know of a refusal.
pub(crate) fn refusal(refused: &ReportRefused) -> Value {
    json!({
        "stage": refused.stage,
        "class": refused.class,
        "message": refused.message,
        "attempts": refused.attempts.len(),
    })
}
