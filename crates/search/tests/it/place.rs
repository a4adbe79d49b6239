//! The engine of one machine.

use std::path::Path;

use search::Index;
use tempfile::TempDir;

/// A folder for an index.
pub(crate) struct Place(TempDir);

impl Place {
    /// Orders of arrival that a test tries.
    pub(crate) const ROUNDS: u64 = 25;

    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// The index as a process that starts finds it.
    pub(crate) fn open(&self) -> Index {
        Index::open(self.path()).unwrap()
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}
