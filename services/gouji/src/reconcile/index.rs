//! The index against what the log says was indexed.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context as _, Result};
use proto::ReportId;
use search::Current;

use super::ledger::Ledger;

/// What the index holds and what it lacks.
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
        let reader = Current::new(folder)
            .reader()
            .with_context(|| format!("opening the index in {}", folder.display()))?;
        let mut found = Self { count: reader.count()?, ..Self::default() };
        let mut last_reading: HashMap<String, u32> = HashMap::new();
        for id in ledger.current().values().filter_map(|version| ReportId::parse(&version.id).ok()) {
            let last = last_reading.entry(id.digits().to_owned()).or_default();
            *last = id.generation().max(*last);
        }
        // A later reading of the same original may have told that it is another report.
        let is_moved = |id: &str| {
            let id = ReportId::parse(id).ok();
            id.is_some_and(|id| last_reading.get(id.digits()).is_some_and(|last| *last > id.generation()))
        };
        let mut moved = 0;
        for (key, version) in ledger.current() {
            match reader.get(key)? {
                Some(one) if one.record["id"] == *version.id => (),
                Some(one) => {
                    found.other.push(format!("{key}  {} instead of {}", one.record["id"], version.id))
                }
                None if is_moved(&version.id) => moved += 1,
                None => found.missing.push(format!("{key}  {}", version.id)),
            }
        }
        found.other.sort();
        found.missing.sort();
        let accounted = ledger.current().len() - found.missing.len() - moved;
        found.doubled = found.count.saturating_sub(accounted as u64);
        Ok(found)
    }
}
