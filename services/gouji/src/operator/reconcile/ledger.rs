//! The account of all readings: sent, ended, or on their way.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::Result;
use bus::{Bus, Event, Lag};
use proto::v1::{ReportIndexed, ReportParsed, ReportRefused, ReportSubmitted, ReportValidated};
use proto::{Fact as _, ReportId};
use search::{IndexedReading, current_readings};

/// How far one reading has come.
#[derive(Debug, Clone, Copy, Default)]
struct State {
    sent: bool,
    indexed: bool,
    refused: bool,
    /// The consumer that delivers it next, and the sequence of the fact there.
    waits: Option<(&'static str, u64)>,
}

/// All readings. Some two hundred bytes each.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    states: HashMap<Box<str>, State>,
    /// The versions of each report, by its key.
    versions: HashMap<Box<str>, Vec<Version>>,
    pub(super) received: u64,
    pub(super) indexed: u64,
    pub(super) refused: u64,
    /// Readings that did not end and whose original was read again since.
    pub(super) replayed: u64,
    pub(super) lost: Vec<String>,
    pub(super) unsent: Vec<String>,
    /// The last sequence that was noted.
    pub(super) last: u64,
}

/// One version of a report. A later one is greater.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version {
    pub(super) submitted_at_ms: i64,
    pub(super) generation: u32,
    pub(super) id: Box<str>,
}

/// Readings that have not ended.
struct Doubts {
    /// Those that a stage has acknowledged.
    acknowledged: Vec<String>,
    /// Those that a stage may be processing.
    delivered: Vec<String>,
    /// Whether these are more than the stages have in flight.
    is_too_many: bool,
}

/// Between two checks of the readings that may be lost.
const LOOK_EVERY: Duration = Duration::from_secs(1);

impl Ledger {
    pub(super) fn note(&mut self, event: &Event) {
        self.last = self.last.max(event.sequence);
        if ![
            ReportSubmitted::NAME,
            ReportParsed::NAME,
            ReportValidated::NAME,
            ReportIndexed::NAME,
            ReportRefused::NAME,
        ]
        .contains(&event.fact())
        {
            return;
        }
        let state = self.states.entry(event.id().into()).or_default();
        state.sent |= event.fact() == ReportSubmitted::NAME;
        state.refused |= event.fact() == ReportRefused::NAME;
        if let Some(consumer) = event.consumer()
            && state.waits.is_none_or(|(_, sequence)| sequence < event.sequence)
        {
            state.waits = Some((consumer, event.sequence));
        }
        if event.fact() != ReportIndexed::NAME {
            return;
        }
        state.indexed = true;
        let Some(indexed) = event.decode::<ReportIndexed>() else { return };
        let submitted = indexed.submitted.unwrap_or_default();
        let version = Version {
            submitted_at_ms: submitted.submitted_at_ms,
            generation: submitted.generation,
            id: event.id().into(),
        };
        self.versions.entry(indexed.report.into()).or_default().push(version);
    }

    /// Separates lost readings from those on their way, and counts.
    ///
    /// A stage publishes its fact before it acknowledges the one before. So a reading is lost if a stage has
    /// acknowledged its last fact and nothing followed. A reading that was delivered and not acknowledged may be in
    /// flight, unless there are more of them than the stages have in flight.
    pub(super) async fn settle(&mut self, bus: &Bus, patience: Duration) -> Result<()> {
        let begun = Instant::now();
        let mut acknowledged_before = None;
        loop {
            let is_late = begun.elapsed() >= patience;
            match self.look(bus).await {
                Ok(Doubts { acknowledged, delivered, is_too_many }) => {
                    // Checked twice, because a replica that answers may be a moment behind.
                    let is_sure = !is_too_many && acknowledged_before.as_ref() == Some(&acknowledged);
                    if (acknowledged.is_empty() && !is_too_many) || is_sure || is_late {
                        self.lost = acknowledged;
                        if is_too_many {
                            self.lost.extend(delivered);
                        }
                        break;
                    }
                    acknowledged_before = Some(acknowledged);
                }
                // The servers may be electing a leader.
                Err(error) if is_late => return Err(error),
                Err(error) => {
                    tracing::warn!("reading the positions of the consumers: {error:#}; trying again")
                }
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        self.count();
        Ok(())
    }

    /// Reads from the log which readings may be lost now.
    async fn look(&mut self, bus: &Bus) -> Result<Doubts> {
        let consumers = bus.lag_now().await?;
        for id in self.in_doubt(&consumers) {
            for event in bus.history(&id).await? {
                self.note(&event);
            }
        }
        let (mut acknowledged, delivered): (Vec<_>, Vec<_>) =
            self.in_doubt(&consumers).into_iter().partition(|id| self.is_acknowledged(id, &consumers));
        acknowledged.sort();
        let in_flight: u64 = consumers.iter().map(|lag| lag.in_flight).sum();
        let is_too_many = delivered.len() as u64 > in_flight;
        acknowledged.retain(|id| !self.is_replayed(id));
        Ok(Doubts { acknowledged, delivered, is_too_many })
    }

    /// Readings that have not ended and do not wait for delivery.
    fn in_doubt(&self, consumers: &[Lag]) -> Vec<String> {
        let is_open = |state: &State| state.sent && !state.indexed && !state.refused;
        let waits =
            |state: &State| position_of(state, consumers).is_some_and(|(lag, at)| at > lag.handed_up_to);
        let doubtful = self.states.iter().filter(|(_, state)| is_open(state) && !waits(state));
        doubtful.map(|(id, _)| id.to_string()).collect()
    }

    fn is_acknowledged(&self, id: &str, consumers: &[Lag]) -> bool {
        let state = self.states.get(id);
        state.and_then(|state| position_of(state, consumers)).is_some_and(|(lag, at)| at <= lag.done_up_to)
    }

    /// Whether an operator had the same bytes read once more since.
    fn is_replayed(&self, id: &str) -> bool {
        ReportId::parse(id).is_ok_and(|id| self.has(&id.next_generation().to_string()))
    }

    fn count(&mut self) {
        self.lost.sort();
        for (id, state) in &self.states {
            if !state.sent {
                self.unsent.push(id.to_string());
                continue;
            }
            self.received += 1;
            // A searchable report counts as indexed, even if it was refused before.
            match (state.indexed, state.refused) {
                (true, _) => self.indexed += 1,
                (false, true) => self.refused += 1,
                (false, false) => self.replayed += u64::from(self.is_replayed(id)),
            }
        }
        self.unsent.sort();
    }

    /// Readings that are on their way.
    pub(super) fn in_flight(&self) -> u64 {
        let ended = self.indexed + self.refused + self.replayed + self.lost.len() as u64;
        self.received.saturating_sub(ended)
    }

    /// Whether the index may have this reading before the log says so.
    pub(super) fn may_be_indexed(&self, id: &str) -> bool {
        let is_validated = |state: &State| state.waits.is_some_and(|(consumer, _)| consumer == "index");
        self.states.get(id).is_some_and(|state| is_validated(state) && !state.indexed)
    }

    /// Whether the log has this reading as one that was sent.
    pub(super) fn has(&self, id: &str) -> bool {
        self.states.get(id).is_some_and(|state| state.sent)
    }

    /// The reports that should be in the index by what the log says: the current version of each, by its key.
    pub(super) fn current(&self) -> HashMap<&str, &Version> {
        let all =
            || self.versions.iter().flat_map(|(key, of)| of.iter().map(move |version| (&**key, version)));
        let readings = all().map(|(key, version)| IndexedReading {
            original: version.digits(),
            generation: version.generation,
            key,
            submitted_at_ms: version.submitted_at_ms,
        });
        let current = current_readings(readings);
        let is_current = |(key, version): &(&str, &Version)| {
            current
                .get(key)
                .is_some_and(|one| (one.original, one.generation) == (version.digits(), version.generation))
        };
        all().filter(is_current).collect()
    }
}

impl Version {
    fn digits(&self) -> &str {
        self.id.rsplit_once("-g").map_or(&*self.id, |(digits, _)| digits)
    }
}

/// The consumer that delivers a reading next, and the sequence of the fact.
fn position_of<'a>(state: &State, consumers: &'a [Lag]) -> Option<(&'a Lag, u64)> {
    let (stage, at) = state.waits?;
    consumers.iter().find(|lag| lag.stage == stage).map(|lag| (lag, at))
}
