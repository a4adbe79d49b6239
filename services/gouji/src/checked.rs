//! One file and what reading and rules say of it.

use document::{Document, Limits};
use report::Review;

use crate::files::Unreadable;

/// One file after its check.
pub(crate) struct Checked {
    pub(crate) file: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) outcome: Result<(Document, Review), Unreadable>,
}

/// Checks one file.
pub(crate) fn check_bytes(file: String, bytes: Result<Vec<u8>, Unreadable>) -> Checked {
    let bytes = match bytes {
        Ok(bytes) => bytes,
        Err(unreadable) => return Checked { file, bytes: Vec::new(), outcome: Err(unreadable) },
    };
    let outcome = match document::read(&bytes, &Limits::default()) {
        Ok(document) => {
            let review = rules::review(reading::read(&document, Some(&file)));
            Ok((document, review))
        }
        Err(error) => Err(Unreadable { message: error.message(), detail: error.to_string() }),
    };
    Checked { file, bytes, outcome }
}
