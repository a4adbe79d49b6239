//! The outlets of this installation as they stand, for the status page and the API.

use serde_json::{Value, json};
use worker::outlets::TargetKind;
use worker::{OutletLag, OutletState, OutletStates};

use crate::app::App;

/// An outlet of the settings, or one that ran before.
pub(crate) struct Outlet {
    pub(crate) name: String,
    /// What kind of target it is; none where the settings of this process do not have it.
    pub(crate) to: Option<TargetKind>,
    /// None where it never ran.
    pub(crate) state: Option<OutletState>,
    /// What waits for it on the log, also while its process does not run.
    pub(crate) lag: OutletLag,
}

/// What an outlet does now, the first that applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Activity {
    /// It never ran.
    New,
    /// An operator paused it.
    Paused,
    /// Its target takes nothing.
    Blocked,
    /// It delivers, or has nothing to deliver.
    Delivers,
}

impl Outlet {
    pub(crate) fn activity(&self) -> Activity {
        match &self.state {
            None => Activity::New,
            Some(state) if state.paused => Activity::Paused,
            Some(state) if !state.problem.is_empty() => Activity::Blocked,
            Some(_) => Activity::Delivers,
        }
    }
}

/// Those of the settings in their order, then the others by their names.
///
/// # Errors
/// If the bus does not answer.
pub(crate) async fn outlets(app: &App) -> anyhow::Result<Vec<Outlet>> {
    let mut states = OutletStates::new(app.bus()).all().await?;
    let mut known: Vec<(String, Option<TargetKind>, Option<OutletState>)> = Vec::new();
    for outlet in &app.worker().config().routes.outlets {
        known.push((outlet.name.clone(), Some(outlet.to), states.remove(&outlet.name)));
    }
    known.extend(states.into_iter().map(|(name, state)| (name, None, Some(state))));
    let mut outlets = Vec::new();
    for (name, to, state) in known {
        let lag = OutletLag::of(app.bus(), &state.clone().unwrap_or_default()).await?;
        outlets.push(Outlet { name, to, state, lag });
    }
    Ok(outlets)
}

/// An outlet as the API tells it.
pub(crate) fn json(outlet: &Outlet) -> Value {
    let state = outlet.state.clone().unwrap_or_default();
    let moment = |at_ms: i64| (at_ms != 0).then_some(at_ms);
    json!({
        "name": outlet.name,
        "to": outlet.to.map(TargetKind::as_str),
        "position": outlet.state.as_ref().map(|state| json!({
            "log_made_at_ms": state.position.log_made_at_ms,
            "sequence": state.position.sequence,
        })),
        "waiting": outlet.lag.facts,
        "oldest_ms": outlet.lag.oldest_ms,
        "delivered": state.delivered,
        "delivered_at_ms": moment(state.delivered_at_ms),
        "set_aside": state.set_aside,
        "problem": (!state.problem.is_empty()).then_some(state.problem),
        "problem_since_ms": moment(state.problem_since_ms),
        "paused": state.paused,
        "seen_at_ms": moment(state.seen_at_ms),
    })
}
