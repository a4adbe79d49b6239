//! What is kept of each outlet on the bus: how far it has delivered, why it does not go on, and what operators asked
//! of it. Its process and the commands of operators change the same value, each by compare-and-set.

use std::collections::BTreeMap;

use anyhow::Context as _;
use bus::{Bucket, Bus, Entry, OUTLETS, Written};
use serde::{Deserialize, Serialize};

/// A position on the log. A sequence alone is none: a log that was made again starts over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// When the log was made, milliseconds since 1970-01-01 UTC.
    pub log_made_at_ms: i64,
    /// The sequence of a fact; 0 before the first.
    pub sequence: u64,
}

/// An outlet as it stands.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct OutletState {
    /// Everything up to here is delivered or set aside.
    pub position: Position,
    /// Changes that its target took, also those that it took again after a rewind.
    pub delivered: u64,
    /// When its target took something last, milliseconds since 1970-01-01 UTC; 0 before the first.
    pub delivered_at_ms: i64,
    /// Facts on the log behind the position, whether they lead to a change or not.
    pub waiting: u64,
    /// When the log stored the first change that waits, milliseconds since 1970-01-01 UTC; 0 where none does.
    pub oldest_ms: i64,
    /// Why nothing is delivered; empty where nothing is in the way.
    pub problem: String,
    /// Since when, milliseconds since 1970-01-01 UTC.
    pub problem_since_ms: i64,
    /// Changes that are set aside.
    pub set_aside: u64,
    /// When its process wrote this last, milliseconds since 1970-01-01 UTC; 0 where it never ran.
    pub seen_at_ms: i64,
    /// Whether an operator paused it.
    pub paused: bool,
    /// Where an operator wants it to go on from; none where nothing was asked, or it was done.
    pub rewind: Option<Position>,
    /// Changes that were set aside by facts up to this sequence of the log are delivered like others.
    pub set_aside_from: u64,
    /// What its settings choose: regions, and what of a report is carried. Empty where it never ran.
    pub selection: String,
    /// The position at which that was changed; 0 where everything up to now was delivered by the same settings.
    pub selected_from: u64,
    /// Ids of changes or of versions that an operator wants to be tried once more.
    pub retry: Vec<String>,
}

/// The states of all outlets, in their bucket.
#[derive(Clone)]
pub struct OutletStates(Bucket);

impl OutletStates {
    /// Those of this installation.
    pub fn new(bus: &Bus) -> Self {
        Self(bus.bucket(OUTLETS))
    }

    /// That of the outlet with this name; the default where it never ran.
    ///
    /// # Errors
    /// If the bus does not answer, or has something else there.
    pub async fn read(&self, name: &str) -> anyhow::Result<OutletState> {
        Ok(self.entry(name).await?.0)
    }

    /// Those of every outlet that ran once, by name.
    ///
    /// # Errors
    /// If the bus does not answer, or has something else there.
    pub async fn all(&self) -> anyhow::Result<BTreeMap<String, OutletState>> {
        let snapshot = self.0.all(">").await.context("reading the states of the outlets")?;
        let state = |entry: Entry| {
            let state = serde_json::from_slice(&entry.value)
                .with_context(|| format!("the state of the outlet {} cannot be read", entry.key))?;
            Ok((entry.key, state))
        };
        snapshot.entries.into_iter().map(state).collect()
    }

    /// Changes the state of an outlet; `change` is called again where somebody else changed it meanwhile.
    ///
    /// # Errors
    /// If `change` fails, or the bus does not store it.
    pub async fn change<T>(
        &self,
        name: &str,
        mut change: impl FnMut(&mut OutletState) -> anyhow::Result<T>,
    ) -> anyhow::Result<(OutletState, T)> {
        loop {
            let (mut state, revision) = self.entry(name).await?;
            let changed = change(&mut state)?;
            let value = serde_json::to_vec(&state).context("writing the state of an outlet")?;
            if self.0.replace(name, value.into(), revision).await? == Written::Stored {
                return Ok((state, changed));
            }
        }
    }

    /// The state, and its revision; 0 where there is none.
    async fn entry(&self, name: &str) -> anyhow::Result<(OutletState, u64)> {
        let entry =
            self.0.get(name).await.with_context(|| format!("reading the state of the outlet {name}"))?;
        let Some(entry) = entry else { return Ok((OutletState::default(), 0)) };
        let state = serde_json::from_slice(&entry.value)
            .with_context(|| format!("the state of the outlet {name} cannot be read"))?;
        Ok((state, entry.sequence))
    }
}
