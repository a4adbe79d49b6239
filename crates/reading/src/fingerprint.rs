//! Fingerprints of the sections that are written freely.

use document::Document;
use report::Fingerprint;

use crate::outline::Outline;

/// The signatures of the overview, the problems and the other matters.
pub(crate) fn of(_document: &Document, _outline: &Outline) -> Vec<Fingerprint> {
    Vec::new()
}
