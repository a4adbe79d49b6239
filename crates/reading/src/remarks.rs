//! Remarks: what the narrative says in words that a reviewer would look at.

use document::Document;
use report::Remark;

use crate::outline::Outline;

/// Reads every paragraph.
pub(crate) fn extract(_document: &Document, _outline: &Outline) -> Vec<Remark> {
    Vec::new()
}
