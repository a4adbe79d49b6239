//! The pages of files that fix them, for drawing them.

use crate::error::ReadError;
use crate::kind::Kind;
use crate::limits::{self, Limits};
use crate::{ofd, pdf, sniff};

pub use crate::model::PageSize;
pub use crate::ofd::drawing::{Drawn, Painting, Shape};

/// The pages of a PDF or an OFD, also of one without text; none for other formats.
///
/// # Errors
/// If the file cannot be read.
pub fn page_sizes(bytes: &[u8], limits: &Limits) -> Result<Vec<PageSize>, ReadError> {
    limits::within(bytes, limits.bytes)?;
    match sniff(bytes) {
        Kind::Pdf => pdf::page_sizes(bytes, limits),
        Kind::Ofd => ofd::page_sizes(bytes, limits),
        _ => Ok(Vec::new()),
    }
}

/// What a page of an OFD paints; none where it has no such page. Pages count from 1.
///
/// # Errors
/// If the file cannot be read.
pub fn painting(bytes: &[u8], number: u32, limits: &Limits) -> Result<Option<Painting>, ReadError> {
    limits::within(bytes, limits.bytes)?;
    ofd::painting(bytes, number, limits)
}

/// Refuses a PDF whose streams would inflate to more than the limit, pictures included.
///
/// # Errors
/// If they would.
pub fn check_pictures(bytes: &[u8], limits: &Limits) -> Result<(), ReadError> {
    limits::within(bytes, limits.bytes)?;
    pdf::check_pictures(bytes, limits)
}
