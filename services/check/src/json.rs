//! The JSON object of a file, as `gouji check --format json` prints it and `POST /api/v1/check` answers it.

use data_encoding::HEXLOWER;
use document::sniff;
use report::{Report, Review, json};
use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::CheckedFile;

impl CheckedFile {
    /// Everything about the file: what it is, what it reports, what the rules say of it.
    ///
    /// # Panics
    /// Never: its keys are strings, and it has no numbers that JSON lacks.
    pub fn to_json(&self) -> Value {
        serde_json::to_value(Line::of(self)).expect("a line has strings as keys only")
    }

    /// SHA-256 of its bytes, in lower-case hex digits.
    pub fn sha256(&self) -> String {
        HEXLOWER.encode(&Sha256::digest(&self.bytes))
    }

    /// Why only a part of the report was read, in Chinese; none if every cell is known or known to be empty, and if
    /// nothing was read at all.
    pub fn partial(&self) -> Option<String> {
        self.outcome.as_ref().ok().and_then(|review| json::partial(&review.report))
    }
}

/// The line of JSON for one file.
#[derive(Serialize)]
struct Line<'a> {
    file: &'a str,
    sha256: String,
    format: &'static str,
    status: &'static str,
    reason: Option<String>,
    /// Every field of a review; empty ones where the file cannot be read.
    #[serde(flatten)]
    review: Map<String, Value>,
}

impl<'a> Line<'a> {
    fn of(checked: &'a CheckedFile) -> Self {
        let (status, reason, review) = match &checked.outcome {
            Ok(review) => {
                let (status, reason) = json::status(&review.report);
                (status, reason, json::review(review))
            }
            Err(unreadable) => {
                let reason = format!("{}（{}）", unreadable.message, unreadable.detail);
                ("unreadable", Some(reason), no_review())
            }
        };
        Self {
            file: &checked.name,
            sha256: checked.sha256(),
            format: sniff(&checked.bytes).as_str(),
            status,
            reason,
            review,
        }
    }
}

/// The fields of a review without a report.
fn no_review() -> Map<String, Value> {
    let nothing = Review { report: Report::default(), findings: Vec::new(), rules_version: String::new() };
    let mut fields = json::review(&nothing);
    fields.insert("verdict".into(), Value::Null);
    fields
}
