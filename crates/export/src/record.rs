//! What an export needs to know of a report.

use report::workflow::ReviewState;
use report::{Date, Review, Verdict};

use crate::ExportError;

/// One report, as the index has it.
#[derive(Debug, Clone)]
pub struct Record {
    /// The report; the same for all its versions.
    pub key: String,
    /// Its current version.
    pub id: String,
    /// SHA-256 of the original of the current version.
    pub original: String,
    /// When the current version was accepted, milliseconds since 1970-01-01 UTC.
    pub submitted_at_ms: i64,
    /// Every version, earliest first.
    pub versions: Vec<VersionRecord>,
    /// The report with all findings.
    pub review: Review,
    /// The verdict, which counts all findings.
    pub verdict: Verdict,
    /// Where it stands with its reviewers.
    pub review_state: ReviewState,
    /// The last day to send a corrected version, while it is returned.
    pub due: Option<Date>,
    /// Version of the reader that read it.
    pub reader_version: String,
}

/// One version of a report.
#[derive(Debug, Clone)]
pub struct VersionRecord {
    /// Its identity.
    pub id: String,
    /// The submission that brought it.
    pub submission: String,
    /// SHA-256 of its original.
    pub original: String,
    /// When it was accepted, milliseconds since 1970-01-01 UTC.
    pub submitted_at_ms: i64,
    /// Name of the file as sent.
    pub file_name: String,
    /// The verdict on this version alone.
    pub verdict: Verdict,
}

/// The reports to be exported, in one state and one order however often they are visited.
pub trait Records {
    /// Calls `visit` with every report, until it fails.
    ///
    /// # Errors
    /// The failure of `visit`, or [`ExportError::Read`] where a report cannot be read.
    fn each(&self, visit: &mut dyn FnMut(&Record) -> Result<(), ExportError>) -> Result<(), ExportError>;
}

impl Records for [Record] {
    fn each(&self, visit: &mut dyn FnMut(&Record) -> Result<(), ExportError>) -> Result<(), ExportError> {
        self.iter().try_for_each(visit)
    }
}
