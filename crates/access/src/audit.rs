//! The audit trail: every action that changes something and every denial is a fact on the log.

use std::collections::HashMap;
use std::mem;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bus::Published;
use data_encoding::HEXLOWER;
use proto::v1::ActionTaken;
use sha2::{Digest, Sha256};

use crate::key::redact;
use crate::{AccessControl, Caller, Problem};

/// An action of a caller.
#[derive(Debug, Clone, Copy)]
pub struct Action<'a> {
    /// Its name, e.g. `submit`.
    pub name: &'a str,
    /// The id of its object; empty if it has none.
    pub object: &'a str,
    /// The reason or the result; may be empty.
    pub detail: &'a str,
}

/// The outcome of recording an action that may be recorded only once.
#[derive(Debug)]
pub enum Recorded {
    /// It is the first.
    New,
    /// There was one before.
    Earlier(ActionTaken),
}

/// Hex digits of the SHA-256 in the id of an action that is recorded once: 128 bits.
const ONCE_DIGITS: usize = 32;
/// Time between two facts about the denials of one origin, so that a flood of requests makes few facts.
const PERIOD: Duration = Duration::from_secs(60);
/// Origins that are counted separately; further ones within a minute count as one.
const MAX_ORIGINS: usize = 200;
/// Longest text from outside in a fact, in characters.
const LONGEST: usize = 500;

/// The denials of the last minute, by origin.
#[derive(Default)]
pub(crate) struct Audit(Mutex<HashMap<String, Denials>>);

struct Denials {
    since: Instant,
    /// Denials that were not published.
    suppressed: u64,
}

impl AccessControl {
    /// Records an action before it changes something. If this fails, the caller must not perform the action.
    ///
    /// # Errors
    /// If the fact cannot be published.
    pub async fn record(&self, caller: &Caller, action: Action<'_>) -> Result<(), Problem> {
        let fact = fact(caller, action, true).map_err(|error| Problem::unavailable(&error))?;
        self.0.bus.publish(&fact).await.map(drop).map_err(|error| Problem::unavailable(&error.into()))
    }

    /// Records an action that may be recorded only once, and returns its fact: that of the earlier action where
    /// there is one of this kind about the same subject. `kind` has to be usable in a subject of the log.
    ///
    /// # Errors
    /// If the fact cannot be published or read.
    pub async fn record_once(
        &self,
        caller: &Caller,
        kind: &str,
        about: &str,
        action: Action<'_>,
    ) -> Result<Recorded, Problem> {
        let fact = fact(caller, action, true).map_err(|error| Problem::unavailable(&error))?;
        let digest = HEXLOWER.encode(&Sha256::digest(about));
        let fact = ActionTaken { id: format!("{kind}-{}", &digest[..ONCE_DIGITS]), ..fact };
        let published = self.0.bus.publish(&fact).await;
        match published.map_err(|error| Problem::unavailable(&error.into()))? {
            Published::New => Ok(Recorded::New),
            Published::AlreadyThere => {
                let earlier = self.0.bus.last_of_id::<ActionTaken>(&fact.id).await;
                let earlier = earlier.map_err(|error| Problem::unavailable(&error))?;
                Ok(earlier.map_or(Recorded::New, Recorded::Earlier))
            }
        }
    }

    /// Records a denial. Of many denials of one origin within a minute it publishes the first, and later the number
    /// of the others.
    pub(crate) fn record_denial(&self, caller: &Caller, action: Action<'_>) {
        let mut denials = self.0.audit.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = denials.contains_key(&caller.origin);
        let origin = if known || denials.len() < MAX_ORIGINS { caller.origin.as_str() } else { OTHERS };
        if let Some(one) = denials.get_mut(origin) {
            one.suppressed += 1;
            return;
        }
        denials.insert(origin.to_owned(), Denials { since: Instant::now(), suppressed: 0 });
        drop(denials);
        self.publish_in_background(caller, action);
    }

    /// Publishes in a task, so that the response to the request need not wait for the log.
    fn publish_in_background(&self, caller: &Caller, action: Action<'_>) {
        let bus = self.0.bus.clone();
        match fact(caller, action, false) {
            Ok(fact) => drop(tokio::spawn(async move {
                if let Err(error) = bus.publish(&fact).await {
                    tracing::error!(who = fact.who, origin = fact.origin, "cannot publish a denial: {error}");
                }
            })),
            Err(error) => tracing::error!("cannot publish a denial: {error:#}"),
        }
    }
}

/// The origin of all origins beyond [`MAX_ORIGINS`].
const OTHERS: &str = "many addresses";

/// Publishes, a minute after the first denial of an origin, how many more there were. Runs until shutdown.
pub(crate) async fn publish_suppressed(access: AccessControl) {
    let mut ticks = tokio::time::interval(PERIOD / 6);
    loop {
        tokio::select! {
            () = access.0.shutdown.requested() => break,
            _ = ticks.tick() => access.publish_older_than(PERIOD),
        }
    }
    access.publish_older_than(Duration::ZERO);
}

impl AccessControl {
    fn publish_older_than(&self, age: Duration) {
        let due = {
            let mut denials = self.0.audit.0.lock().unwrap_or_else(PoisonError::into_inner);
            let (due, recent) = mem::take(&mut *denials)
                .into_iter()
                .partition::<HashMap<_, _>, _>(|(_, one)| one.since.elapsed() >= age);
            *denials = recent;
            due
        };
        for (origin, one) in due.into_iter().filter(|(_, one)| one.suppressed > 0) {
            let detail = format!("{} more refusals within a minute were left out", one.suppressed);
            let action = Action { name: "access", object: "", detail: &detail };
            self.publish_in_background(&Caller::anonymous(origin), action);
        }
    }
}

fn fact(caller: &Caller, action: Action<'_>, allowed: bool) -> anyhow::Result<ActionTaken> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let at_ms = i64::try_from(now.as_millis()).unwrap_or(i64::MAX);
    let random = getrandom::u64()?;
    let redacted = |text: &str| redact(text).chars().take(LONGEST).collect();
    Ok(ActionTaken {
        id: format!("{at_ms}-{random:016x}"),
        at_ms,
        who: caller.name.clone(),
        role: caller.role.map_or("", |role| role.name()).to_owned(),
        action: action.name.to_owned(),
        object: redacted(action.object),
        allowed,
        detail: redacted(action.detail),
        origin: caller.origin.clone(),
    })
}
