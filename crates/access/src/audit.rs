//! Who did what: every act that changes something and every refusal of access, as a fact on the log.

use std::collections::HashMap;
use std::mem;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use proto::v1::ActionTaken;

use crate::key::redact;
use crate::{Caller, Door, Problem};

/// Something that was done.
#[derive(Debug, Clone, Copy)]
pub struct Action<'a> {
    /// What, e.g. `submit`.
    pub name: &'a str,
    /// What it was done to; empty where it is nothing with a name.
    pub object: &'a str,
    /// More about it; empty where there is nothing to say.
    pub detail: &'a str,
}

/// Between two facts about the refusals of one origin: a flood of refusals must not become one of facts.
const PERIOD: Duration = Duration::from_secs(60);
/// Origins told apart; with more of them in one minute the rest are one.
const ORIGINS: usize = 200;
/// Longest text from outside in a fact, in characters.
const LONGEST: usize = 500;

/// The refusals of the last minute.
#[derive(Default)]
pub(crate) struct Audit(Mutex<HashMap<String, Refusals>>);

struct Refusals {
    since: Instant,
    /// How many were not published.
    left_out: u64,
}

impl Door {
    /// Writes down an act that is about to change something; where this fails, it must not be done.
    ///
    /// # Errors
    /// If the log does not take it.
    pub async fn note(&self, caller: &Caller, action: Action<'_>) -> Result<(), Problem> {
        let fact = fact(caller, action, true).map_err(|error| Problem::unavailable(&error))?;
        self.0.bus.publish(&fact).await.map(drop).map_err(|error| Problem::unavailable(&error.into()))
    }

    /// Writes down that somebody was refused; of many in a minute the first, and then how many more.
    pub(crate) fn record_denial(&self, caller: &Caller, action: Action<'_>) {
        let mut refusals = self.0.audit.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = refusals.contains_key(&caller.origin);
        let origin = if known || refusals.len() < ORIGINS { caller.origin.as_str() } else { OTHERS };
        if let Some(one) = refusals.get_mut(origin) {
            one.left_out += 1;
            return;
        }
        refusals.insert(origin.to_owned(), Refusals { since: Instant::now(), left_out: 0 });
        drop(refusals);
        self.publish_soon(caller, action);
    }

    /// Publishes beside the request: who was refused need not wait for the log.
    fn publish_soon(&self, caller: &Caller, action: Action<'_>) {
        let bus = self.0.bus.clone();
        match fact(caller, action, false) {
            Ok(fact) => drop(tokio::spawn(async move {
                if let Err(error) = bus.publish(&fact).await {
                    tracing::error!(
                        who = fact.who,
                        origin = fact.origin,
                        "a refusal is not on the log: {error}"
                    );
                }
            })),
            Err(error) => tracing::error!("a refusal is not on the log: {error:#}"),
        }
    }
}

/// Those beyond [`ORIGINS`].
const OTHERS: &str = "many addresses";

/// Tells, a minute after the first of an origin's refusals, how many more there were.
pub(crate) async fn tell_left_out(door: Door) {
    let mut turns = tokio::time::interval(PERIOD / 6);
    loop {
        tokio::select! {
            () = door.0.shutdown.requested() => break,
            _ = turns.tick() => door.publish_left_out(PERIOD),
        }
    }
    door.publish_left_out(Duration::ZERO);
}

impl Door {
    fn publish_left_out(&self, older: Duration) {
        let over = {
            let mut refusals = self.0.audit.0.lock().unwrap_or_else(PoisonError::into_inner);
            let (over, kept) = mem::take(&mut *refusals)
                .into_iter()
                .partition::<HashMap<_, _>, _>(|(_, one)| one.since.elapsed() >= older);
            *refusals = kept;
            over
        };
        for (origin, one) in over.into_iter().filter(|(_, one)| one.left_out > 0) {
            let detail = format!("{} more refusals within a minute were left out", one.left_out);
            let action = Action { name: "access", object: "", detail: &detail };
            self.publish_soon(&Caller::anonymous(origin), action);
        }
    }
}

fn fact(caller: &Caller, action: Action<'_>, allowed: bool) -> anyhow::Result<ActionTaken> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let at_ms = i64::try_from(now.as_millis()).unwrap_or(i64::MAX);
    let random = getrandom::u64()?;
    let told = |text: &str| redact(text).chars().take(LONGEST).collect();
    Ok(ActionTaken {
        id: format!("{at_ms}-{random:016x}"),
        at_ms,
        who: caller.name.clone(),
        role: caller.role.map_or("", |role| role.name()).to_owned(),
        action: action.name.to_owned(),
        object: told(action.object),
        allowed,
        detail: told(action.detail),
        origin: caller.origin.clone(),
    })
}
