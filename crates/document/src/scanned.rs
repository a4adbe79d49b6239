//! Scanned pages, once their characters were recognised: the way into the lattice for readers of pictures, which
//! this crate does not have.

use crate::error::ReadError;
use crate::kind::Kind;
use crate::lattice;
use crate::limits::Limits;
use crate::model::{Area, Block, Document};

pub use crate::lattice::{Glyph, Page, Segment};

/// What was recognised on scanned pages, beside the text that the blocks hold.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scan {
    /// The figures and marks, page by page.
    pub readings: Vec<Reading>,
}

/// A line of ink that was read as a figure or a mark.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Page, from 1.
    pub page: u32,
    /// Where it stands.
    pub area: Area,
    /// What was read.
    pub text: String,
    /// How sure the recogniser is.
    pub confidence: Confidence,
    /// What it may be instead, the likeliest first.
    pub alternatives: Vec<String>,
    /// Why its ink is no plain figure on white paper; empty where it is.
    pub flags: Vec<Flag>,
}

/// How sure a recogniser is, in steps: the exact numbers differ between processors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// Less than 0.95.
    Low,
    /// At least 0.95.
    Middle,
    /// At least 0.99, or certain by its shape.
    High,
}

/// Why the ink of a figure may have been misread whatever the recogniser says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flag {
    /// It touches the border of its cell, or crosses it.
    Border,
    /// Coloured ink lies over it: a seal or a pen.
    Coloured,
    /// It has more or fewer pieces than characters.
    Pieces,
    /// Other ink crosses its cell.
    Foreign,
    /// The recogniser sees something that belongs to no figure.
    Outside,
    /// Its shape is that of another digit: an 8 without two holes, a 3 with one.
    Shape,
    /// The page has no greys, so that thin strokes are lost everywhere.
    Bilevel,
}

/// The boxes of the cells that these rules make, in points: left, top, right and bottom.
///
/// # Errors
/// If there are more than the limit.
pub fn cells(rules: &[Segment], limits: &Limits) -> Result<Vec<[f32; 4]>, ReadError> {
    lattice::cells(rules, limits)
}

/// The document that recognised pages make. `place` leads a box on the page that the lattice saw back to the page
/// of the file, and the places of the document are those of the file.
///
/// # Errors
/// If a limit is exceeded, or nothing stands on the pages.
pub fn document(
    format: Kind,
    pages: Vec<Page>,
    readings: Vec<Reading>,
    place: impl Fn(u32, Area) -> Area,
    limits: &Limits,
) -> Result<Document, ReadError> {
    let mut blocks = lattice::read(pages, limits)?;
    if blocks.is_empty() {
        return Err(ReadError::NoText { format });
    }
    for block in &mut blocks {
        match block {
            Block::Paragraph(paragraph) => paragraph.text.move_areas(&place),
            Block::Table(table) => {
                let cells = table.rows.iter_mut().flat_map(|row| &mut row.cells);
                cells.for_each(|cell| cell.text.move_areas(&place));
            }
        }
    }
    let moved = |reading: Reading| Reading { area: place(reading.page, reading.area), ..reading };
    let scan = Scan { readings: readings.into_iter().map(moved).collect() };
    Ok(Document { format, encoding: None, title: None, metadata: Vec::new(), blocks, scan: Some(scan) })
}
