//! How much work a single file may cause.

use crate::error::ReadError;

/// The limits above which a file is refused. The caller passes them in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the file.
    pub bytes: usize,
    /// Bytes of the file where it is HTML.
    pub html_bytes: usize,
    /// Bytes of all the parts of a packed file that are read, inflated.
    pub inflated_bytes: usize,
    /// Lines of a plain text.
    pub lines: usize,
    /// Cells of all tables together, spans counted out.
    pub cells: usize,
    /// HTML elements and pieces of text.
    pub nodes: usize,
    /// HTML elements open at one time.
    pub depth: usize,
    /// Attributes of one HTML tag.
    pub attributes: usize,
    /// Pages of a PDF.
    pub pages: usize,
    /// Characters, points of lines and pictures on all pages of a PDF.
    pub drawn: usize,
}

/// A report with all its scanned pages stays below 50 MB.
pub const BYTES: usize = 50_000_000;
/// A page with all its pictures inlined stays below 20 MB; the tree takes several times its size.
pub const HTML_BYTES: usize = 20_000_000;
/// The text of the longest report takes 10 MB of XML; beyond this the worker's memory is at stake.
pub const INFLATED_BYTES: usize = 128_000_000;
/// The longest report of a ministry has 5,000 lines with one cell on each.
pub const LINES: usize = 1_000_000;
/// A report's tables have 300 cells; a yearbook of a whole province 100,000.
pub const CELLS: usize = 200_000;
/// Word writes ten nodes a cell; beyond this the tree alone outgrows a worker's memory.
pub const NODES: usize = 1_000_000;
/// Browsers stop here too; html5ever takes time with the square of the depth.
pub const DEPTH: usize = 512;
/// html5ever takes time with the square of the attributes of one tag.
pub const ATTRIBUTES: usize = 1_000;
/// The longest reports have a hundred pages.
pub const PAGES: usize = 2_000;
/// A page of figures takes 5,000; beyond this a worker's memory is at stake.
pub const DRAWN: usize = 2_000_000;

impl Default for Limits {
    fn default() -> Self {
        Limits {
            bytes: BYTES,
            html_bytes: HTML_BYTES,
            inflated_bytes: INFLATED_BYTES,
            lines: LINES,
            cells: CELLS,
            nodes: NODES,
            depth: DEPTH,
            attributes: ATTRIBUTES,
            pages: PAGES,
            drawn: DRAWN,
        }
    }
}

/// Refuses a file that is larger than a limit.
pub(crate) fn within(bytes: &[u8], limit: usize) -> Result<(), ReadError> {
    if bytes.len() > limit {
        return Err(ReadError::TooLarge { found: bytes.len(), limit });
    }
    Ok(())
}
