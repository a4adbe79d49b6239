//! The outlets of this installation as they stand, for the status page and the API.

use access::{Caller, Requires};
use futures::{StreamExt as _, TryStreamExt as _, stream};
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

/// Outlets that are looked up at a time; an office with a neighbour in each county has a hundred.
const CONCURRENCY: usize = 16;
/// What everybody but an operator reads where a target does not take what it is sent: its answer has hosts and folders.
const KEPT_FOR_OPERATORS: &str = "对方暂时没有接收，系统会自动重试，不会遗漏；原因由管理员查看。";

/// Those of the settings in their order, then the others by their names; what a target answered is for operators.
///
/// # Errors
/// If the bus does not answer.
pub(crate) async fn outlets(app: &App, caller: &Caller) -> anyhow::Result<Vec<Outlet>> {
    let mut outlets = all(app).await?;
    if !caller.can(Requires::Operate) {
        let states = outlets.iter_mut().filter_map(|outlet| outlet.state.as_mut());
        for state in states.filter(|state| !state.problem.is_empty()) {
            state.problem = KEPT_FOR_OPERATORS.to_owned();
        }
    }
    Ok(outlets)
}

async fn all(app: &App) -> anyhow::Result<Vec<Outlet>> {
    let mut states = OutletStates::new(app.bus()).all().await?;
    let mut known: Vec<(String, Option<TargetKind>, Option<OutletState>)> = Vec::new();
    for outlet in &app.worker().config().routes.outlets {
        known.push((outlet.name.clone(), Some(outlet.to), states.remove(&outlet.name)));
    }
    known.extend(states.into_iter().map(|(name, state)| (name, None, Some(state))));
    let outlets = stream::iter(known).map(async |(name, to, state)| {
        let lag = OutletLag::of(app.bus(), &state.clone().unwrap_or_default()).await?;
        anyhow::Ok(Outlet { name, to, state, lag })
    });
    outlets.buffered(CONCURRENCY).try_collect().await
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
