//! Compares the index with the reports that were indexed according to the log.
//!
//! The pipeline runs meanwhile: the index commits before it publishes, and an index that does not lead follows the
//! log a moment later. So a difference is looked at again until it is certain, or until the patience is over.

use std::collections::{BTreeSet, HashSet};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use bus::Bus;
use proto::subject;
use search::CurrentReader;

use super::ledger::Ledger;

/// The reports that the index has and lacks.
#[derive(Debug, Default)]
pub(super) struct Indexed {
    /// Reports in it.
    pub(super) count: u64,
    /// Keys of reports that are not in it.
    pub(super) missing: BTreeSet<String>,
    /// Reports of which it has another version than the last.
    pub(super) other: BTreeSet<String>,
    /// Keys of reports that nothing on the log accounts for.
    pub(super) doubled: BTreeSet<String>,
}

/// Between two looks at what differs.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// While the index has nothing to do, a difference that is there at so many looks in a row is certain.
const CERTAIN: u32 = 3;

impl Indexed {
    /// Compares the reports of the ledger with the index in this folder, and looks again at what differs. What
    /// appears only in a later look is of reports on their way, and counts no more than what disappears. The
    /// ledger learns what is new on the log.
    pub(super) async fn settle(
        folder: &Path,
        bus: &Bus,
        ledger: &mut Ledger,
        patience: Duration,
    ) -> Result<Self> {
        let begun = Instant::now();
        let mut found = Self::look(folder, ledger)?;
        let mut idle_looks = 0;
        while !found.is_sound() && idle_looks < CERTAIN && begun.elapsed() < patience {
            tokio::time::sleep(LOOK_EVERY).await;
            let lag = bus.lag_now().await?;
            let is_idle = lag.iter().all(|lag| lag.stage != "index" || lag.total() == 0);
            idle_looks = if is_idle { idle_looks + 1 } else { 0 };
            let from = ledger.last + 1;
            bus.scan_from(subject::ALL, from, |event| {
                ledger.note(&event);
                Ok(())
            })
            .await
            .context("reading the log")?;
            let now = Self::look(folder, ledger)?;
            let both = |one: &BTreeSet<String>, other| one.intersection(other).cloned().collect();
            found = Self {
                count: now.count,
                missing: both(&found.missing, &now.missing),
                other: both(&found.other, &now.other),
                doubled: both(&found.doubled, &now.doubled),
            };
        }
        Ok(found)
    }

    fn is_sound(&self) -> bool {
        self.missing.is_empty() && self.other.is_empty() && self.doubled.is_empty()
    }

    fn look(folder: &Path, ledger: &Ledger) -> Result<Self> {
        let reader = CurrentReader::new(folder)
            .reader()
            .with_context(|| format!("opening the index in {}", folder.display()))?;
        let mut found = Self { count: reader.count()?, ..Self::default() };
        let current = ledger.current();
        for (key, version) in &current {
            match reader.card(key)? {
                Some(card) if card.id == *version.id || ledger.may_be_indexed(&card.id) => false,
                Some(card) => found.other.insert(format!("{key}  {:?} instead of {}", card.id, version.id)),
                None => found.missing.insert(format!("{key}  {}", version.id)),
            };
        }
        let accounted = current.len() - found.missing.len();
        if found.count > accounted as u64 {
            let mut seen = HashSet::new();
            reader.each_card(|card| {
                let is_accounted = current.contains_key(&*card.key) && seen.insert(card.key.clone());
                if !is_accounted && !ledger.may_be_indexed(&card.id) {
                    found.doubled.insert(format!("{}  {}", card.key, card.id));
                }
            })?;
        }
        Ok(found)
    }
}
