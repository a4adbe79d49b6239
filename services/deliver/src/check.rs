//! Reconciliation: what should stand at a target by what the log says, and what does.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use bus::Bus;
use worker::outlets::OutletConfig;

use crate::any::AnyTarget;
use crate::outward::{Outward, leading_facts};
use crate::set_aside::SetAside;
use crate::target::Target as _;

/// The result.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reconciled {
    /// When the log was made.
    pub log_made_at_ms: i64,
    /// The sequence up to which the log was read: the place of the outlet.
    pub to: u64,
    /// Changes that the log has for it up to there.
    pub expected: u64,
    /// Changes after it.
    pub in_flight: u64,
    /// Changes that stand at the target; none where it cannot be asked.
    pub delivered: Option<u64>,
    /// Ids of changes that are set aside.
    pub set_aside: Vec<String>,
    /// Ids of changes that should stand at the target and do not.
    pub missing: Vec<String>,
    /// Sequences of changes that stand there and that the log does not account for.
    pub unexpected: Vec<u64>,
}

impl Reconciled {
    /// Whether nothing is missing and nothing is too much.
    pub fn is_sound(&self) -> bool {
        self.missing.is_empty() && self.unexpected.is_empty()
    }
}

/// Counts what the log has for an outlet, and asks nothing of its target.
///
/// # Errors
/// If the bus does not answer.
pub async fn count(bus: &Bus, outlet: &OutletConfig, to: u64) -> anyhow::Result<Reconciled> {
    Ok(expected(bus, outlet, to).await?.0)
}

/// Compares what stands at the target with the log, up to the place `to`.
///
/// # Errors
/// If the bus or the target does not answer.
pub async fn reconcile(
    bus: &Bus,
    outlet: &OutletConfig,
    to: u64,
    installation: &str,
) -> anyhow::Result<Reconciled> {
    let (mut reconciled, expected) = expected(bus, outlet, to).await?;
    let mut target = AnyTarget::open(outlet, installation, Some(bus))?;
    let delivered = target.delivered(reconciled.log_made_at_ms).await.context("asking the target")?;
    let Some(delivered) = delivered else { return Ok(reconciled) };
    let first = bus.extent().await?.first;
    reconciled.delivered = Some(delivered.len() as u64);
    let set_aside: BTreeSet<&String> = reconciled.set_aside.iter().collect();
    let last = last_of_each_report(&expected);
    let may_be_gone =
        |sequence: &u64, id: &str| !target.keeps_replaced() && last.get(report_of(id)) != Some(sequence);
    let is_missing = |(sequence, id): &(&u64, &String)| {
        !delivered.contains(sequence) && !set_aside.contains(id) && !may_be_gone(sequence, id)
    };
    reconciled.missing = expected.iter().filter(is_missing).map(|(_, id)| id.clone()).collect();
    // The log has dropped what is older than its first fact; what is newer than the place is on its way.
    let is_unexpected =
        |sequence: &&u64| (first..=to).contains(*sequence) && !expected.contains_key(sequence);
    reconciled.unexpected = delivered.iter().filter(is_unexpected).copied().collect();
    Ok(reconciled)
}

/// The report that a change is about: its id is `<report>.<version>`.
fn report_of(id: &str) -> &str {
    id.rsplit_once('.').map_or(id, |(report, _)| report)
}

/// The sequence of the last change of each report.
fn last_of_each_report(changes: &BTreeMap<u64, String>) -> BTreeMap<&str, u64> {
    changes.iter().map(|(sequence, id)| (report_of(id), *sequence)).collect()
}

/// The ids of the changes that the log has for an outlet, by their sequences.
async fn expected(
    bus: &Bus,
    outlet: &OutletConfig,
    to: u64,
) -> anyhow::Result<(Reconciled, BTreeMap<u64, String>)> {
    let log = bus.extent().await?;
    let mut events = Vec::new();
    for facts in leading_facts() {
        bus.scan(&facts, |event| {
            events.push(event);
            Ok(())
        })
        .await
        .context("reading the log")?;
    }
    events.sort_by_key(|event| event.sequence);
    let mut outward = Outward::new(outlet);
    let notices = events.iter().filter_map(|event| outward.note(event));
    let all: BTreeMap<u64, String> = notices.map(|notice| (notice.sequence, notice.id)).collect();
    let in_flight = all.range(to + 1..).count() as u64;
    let expected: BTreeMap<u64, String> = all.into_iter().filter(|(sequence, _)| *sequence <= to).collect();
    let set_aside = SetAside::of(bus, &outlet.name, 0).await?;
    let reconciled = Reconciled {
        log_made_at_ms: log.made_at_ms,
        to,
        expected: expected.len() as u64,
        in_flight,
        set_aside: set_aside.open().map(|fact| fact.change.clone()).collect(),
        ..Reconciled::default()
    };
    Ok((reconciled, expected))
}
