#![doc = include_str!("../README.md")]

mod font;
mod marks;
mod model;
mod ofd;
mod pdf;
mod picture;

use document::{Block, Document, Kind, Limits, ReadError, pages, sniff};
use hayro::vello_cpu::Pixmap;

pub use model::{Cell, Mark, Page, Piece, Rendition, Row, Sheet, SheetText, Target};

/// Resolutions at which pages are drawn, in dots per inch.
pub const DPI: std::ops::RangeInclusive<u32> = 36..=200;
/// Pixels of a drawn page: one of A3 at 200 dots per inch. A larger page is drawn with fewer dots per inch.
const MOST_PIXELS: f64 = 8_000_000.0;
/// Pixels of a side, which the renderer counts in 16 bits.
const MOST_SIDE: f64 = 16_000.0;
/// Paragraphs and cells of a rendition; the longest report has five thousand.
const MOST_PIECES: usize = 20_000;
/// Bytes of the text of a rendition: nobody reads more in a browser.
const MOST_TEXT: usize = 2_000_000;

/// Why an original cannot be shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenditionError {
    /// The file cannot be read.
    #[error(transparent)]
    Unreadable(#[from] ReadError),
    /// The format has no pages that could be drawn.
    #[error("format {0} has no pages")]
    NoPages(&'static str),
    /// There is no such page.
    #[error("the file has no page {0}")]
    NoSuchPage(u32),
    /// The picture is damaged, or of a kind that is not decoded.
    #[error("the picture cannot be decoded: {0}")]
    Picture(String),
    /// The pixels could not be packed.
    #[error("packing the drawn page: {0}")]
    Packing(String),
}

/// An original as a person sees it, and where in it the targets are.
///
/// # Errors
/// If the file cannot be read, or its format cannot be shown.
pub fn read(bytes: &[u8], targets: &[Target], limits: &Limits) -> Result<Rendition, RenditionError> {
    match sniff(bytes) {
        Kind::Pdf => Ok(Rendition { sheets: pdf::sheets(bytes, limits)?, ..Rendition::default() }),
        Kind::Ofd => Ok(Rendition { sheets: ofd::sheets(bytes, limits)?, ..Rendition::default() }),
        Kind::Png | Kind::Jpeg => {
            Ok(Rendition { sheets: vec![picture::sheet(bytes)?], ..Rendition::default() })
        }
        _ => {
            let document = document::read(bytes, limits)?;
            let marks = marks::find(&document, targets);
            let (pieces, is_cut) = pieces(&document);
            Ok(Rendition { pieces, marks, is_cut, ..Rendition::default() })
        }
    }
}

/// Draws one page as a PNG.
///
/// # Errors
/// If there is no such page, or the file cannot be read.
pub fn draw(bytes: &[u8], page: &Page, limits: &Limits) -> Result<Vec<u8>, RenditionError> {
    png(drawn(bytes, page, limits)?)
}

fn drawn(bytes: &[u8], page: &Page, limits: &Limits) -> Result<Pixmap, RenditionError> {
    match sniff(bytes) {
        Kind::Pdf => pdf::draw(bytes, page),
        Kind::Ofd => ofd::draw(bytes, page, limits),
        Kind::Png | Kind::Jpeg if page.number == 1 => picture::draw(bytes, page),
        Kind::Png | Kind::Jpeg => Err(RenditionError::NoSuchPage(page.number)),
        other => Err(RenditionError::NoPages(other.as_str())),
    }
}

/// The pixels of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pixels {
    /// Pixels of a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Red, green and blue of each pixel, row by row from the top.
    pub rgb: Vec<u8>,
}

/// Draws one page as pixels on white paper.
///
/// # Errors
/// If there is no such page, or the file cannot be read.
pub fn pixels(bytes: &[u8], page: &Page, limits: &Limits) -> Result<Pixels, RenditionError> {
    let pixmap = drawn(bytes, page, limits)?;
    let rgb = pixmap.data_as_u8_slice().chunks_exact(4).flat_map(|pixel| {
        // Colours are multiplied with their opacity already; the rest is paper.
        let paper = 255 - pixel.get(3).copied().unwrap_or(255);
        [0, 1, 2].map(|channel| pixel.get(channel).copied().unwrap_or(0).saturating_add(paper))
    });
    Ok(Pixels { width: pixmap.width().into(), height: pixmap.height().into(), rgb: rgb.collect() })
}

fn png(pixmap: Pixmap) -> Result<Vec<u8>, RenditionError> {
    pixmap.into_png().map_err(|error| RenditionError::Packing(error.to_string()))
}

/// Pixels a point, and width and height in pixels, of a page of this size in points.
fn scale(width: f64, height: f64, dpi: u32) -> (f64, u16, u16) {
    let (width, height) = (width.max(1.0), height.max(1.0));
    let wanted = f64::from(dpi.clamp(*DPI.start(), *DPI.end())) / f64::from(POINTS_PER_INCH);
    let scale =
        wanted.min((MOST_PIXELS / (width * height)).sqrt()).min(MOST_SIDE / width).min(MOST_SIDE / height);
    let pixels = |length: f64| (length * scale).round().clamp(1.0, MOST_SIDE) as u16;
    (scale, pixels(width), pixels(height))
}

const POINTS_PER_INCH: u16 = 72;

/// The blocks of a document, and whether some are left out.
fn pieces(document: &Document) -> (Vec<Piece>, bool) {
    let (mut count, mut bytes) = (0, 0);
    let mut fits = |text: &str| {
        count += 1;
        bytes += text.len();
        count <= MOST_PIECES && bytes <= MOST_TEXT
    };
    let mut pieces = Vec::new();
    for block in &document.blocks {
        match block {
            Block::Paragraph(paragraph) => {
                let text = paragraph.text.as_str();
                if !fits(text) {
                    return (pieces, true);
                }
                let level = paragraph.level.unwrap_or(0).into();
                pieces.push(Piece { text: text.to_owned(), level, rows: Vec::new() });
            }
            Block::Table(table) => {
                let mut rows = Vec::new();
                for row in &table.rows {
                    if !row.cells.iter().all(|cell| fits(cell.text.as_str())) {
                        pieces.push(Piece { rows, ..Piece::default() });
                        return (pieces, true);
                    }
                    rows.push(Row { cells: row.cells.iter().map(Cell::of).collect() });
                }
                pieces.push(Piece { rows, ..Piece::default() });
            }
        }
    }
    (pieces, false)
}

/// The sizes of the pages of a PDF or an OFD.
fn sizes(bytes: &[u8], limits: &Limits) -> Result<Vec<pages::PageSize>, RenditionError> {
    Ok(pages::page_sizes(bytes, limits)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_page_is_drawn_with_fewer_dots() {
        assert_eq!(scale(595.0, 842.0, 72), (1.0, 595, 842));
        assert_eq!(scale(595.0, 842.0, 9_999).1, 1_653);
        let (_, width, height) = scale(14_400.0, 14_400.0, 200);
        assert!(f64::from(width) * f64::from(height) <= MOST_PIXELS * 1.01);
        let (_, width, height) = scale(1_000_000.0, 0.0, 200);
        assert!(f64::from(width) <= MOST_SIDE && height == 1);
    }
}
