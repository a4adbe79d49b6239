//! Where a figure stood.

/// The place of a figure or a sentence in the original, so that a screen can show it there.
///
/// `start..end` is a byte range of the original as it was submitted, not of its decoded text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Origin {
    /// Page, from 1; none where the format has no pages.
    pub page: Option<u32>,
    /// Line of the source, from 1; 0 where the format has no lines.
    pub line: u32,
    /// First byte in the source.
    pub start: u64,
    /// One past the last byte in the source.
    pub end: u64,
    /// Table in the document, from 0.
    pub table: Option<u32>,
    /// Row of that table as printed, from 0.
    pub row: Option<u32>,
    /// Column of that row as printed, from 0.
    pub column: Option<u32>,
    /// The box on the page; none where the format has no pages.
    pub area: Option<Area>,
}

/// A box on a page, in points (1/72 inch) from the page's top left corner.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Area {
    /// Left edge.
    pub left: u16,
    /// Upper edge.
    pub top: u16,
    /// Right edge.
    pub right: u16,
    /// Lower edge.
    pub bottom: u16,
}
