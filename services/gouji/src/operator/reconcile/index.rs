//! Compares the index with the reports that were indexed according to the log.

use std::path::Path;

use anyhow::{Context as _, Result};
use search::CurrentReader;

use super::ledger::Ledger;

/// The reports that the index has and lacks.
#[derive(Debug, Default)]
pub(super) struct Indexed {
    /// Reports in it.
    pub(super) count: u64,
    /// Keys of reports that are not in it.
    pub(super) missing: Vec<String>,
    /// Reports of which it has another version than the last.
    pub(super) other: Vec<String>,
    /// Reports that nothing on the log accounts for.
    pub(super) doubled: u64,
}

impl Indexed {
    /// Looks for every report of the ledger in the index in this folder.
    pub(super) fn look(folder: &Path, ledger: &Ledger) -> Result<Self> {
        let reader = CurrentReader::new(folder)
            .reader()
            .with_context(|| format!("opening the index in {}", folder.display()))?;
        let mut found = Self { count: reader.count()?, ..Self::default() };
        let current = ledger.current();
        for (key, version) in &current {
            match reader.card(key)? {
                Some(card) if card.id == *version.id => (),
                Some(card) => found.other.push(format!("{key}  {:?} instead of {}", card.id, version.id)),
                None => found.missing.push(format!("{key}  {}", version.id)),
            }
        }
        found.other.sort();
        found.missing.sort();
        let accounted = current.len() - found.missing.len();
        found.doubled = found.count.saturating_sub(accounted as u64);
        Ok(found)
    }
}
