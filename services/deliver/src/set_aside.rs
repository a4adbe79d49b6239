//! Changes that were set aside: a target takes others and refuses them. Each is a fact on the log, so that nothing is
//! left out in silence; `gouji outlet retry` tries one once more.

use std::collections::BTreeMap;

use anyhow::Context as _;
use bus::{Appended, Bus};
use proto::subject;
use proto::v1::{Region, ReportUndelivered, UndeliveredEnd};

/// What one outlet has set aside, by the sequence of the change.
#[derive(Debug, Default)]
pub struct SetAside(BTreeMap<u64, ReportUndelivered>);

impl SetAside {
    /// Reads it from the log. Facts up to the sequence `from` do not count: after a rewind everything is tried again.
    ///
    /// # Errors
    /// If the bus does not answer.
    pub async fn of(bus: &Bus, outlet: &str, from: u64) -> anyhow::Result<Self> {
        let mut all = Self::default();
        bus.scan_from(&subject::filter::<ReportUndelivered>(), from + 1, |event| {
            if let Some(fact) = event.decode::<ReportUndelivered>().filter(|fact| fact.outlet == outlet)
                && event.matches_its_subject()
            {
                all.0.insert(fact.sequence, fact);
            }
            Ok(())
        })
        .await
        .context("reading what was set aside")?;
        Ok(all)
    }

    /// Whether the change of this sequence was set aside, be it still or not.
    pub fn contains(&self, sequence: u64) -> bool {
        self.0.contains_key(&sequence)
    }

    /// Those that nothing has ended.
    pub fn open(&self) -> impl Iterator<Item = &ReportUndelivered> {
        self.0.values().filter(|fact| fact.end() == UndeliveredEnd::Unspecified)
    }

    /// Those of them with this id: that of the change or of the version.
    pub fn open_of(&self, id: &str) -> Vec<ReportUndelivered> {
        self.open().filter(|fact| fact.change == id || fact.id == id).cloned().collect()
    }

    /// Publishes that a change is set aside, or how that ended.
    ///
    /// # Errors
    /// If the log does not store it.
    pub async fn publish(&mut self, bus: &Bus, fact: ReportUndelivered) -> anyhow::Result<()> {
        loop {
            let read = bus.facts_of_id::<ReportUndelivered>(&fact.id).await?;
            // Another outlet may set the same version aside at this moment.
            if bus.append(&fact, &read).await? == Appended::New {
                break;
            }
        }
        self.0.insert(fact.sequence, fact);
        Ok(())
    }
}

/// The region of a fact.
pub(crate) fn region(code: &str) -> Option<Region> {
    (!code.is_empty()).then(|| Region { code: code.to_owned(), name: String::new() })
}
