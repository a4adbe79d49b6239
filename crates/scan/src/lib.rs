#![doc = include_str!("../README.md")]

mod bits;
mod blobs;
mod ctc;
mod groups;
mod holes;
mod ink;
mod lines;
mod marks;
mod page;
mod picture;
mod recogniser;
mod straighten;
mod strokes;

use document::scanned::{self, Reading};
use document::{Area, Document, Kind, ReadError};

pub use picture::Picture;
pub use recogniser::{MODEL_BYTES, MODEL_NAME, MODEL_SHA256, ModelError, Recogniser};

/// The limits above which a scan is refused. The caller passes them in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Pages: the longest reports that are scanned have twenty.
    pub pages: usize,
    /// Pixels of a page: one of A3 at 200 dots per inch.
    pub pixels: usize,
    /// Lines of text on all pages; a page has sixty lines or a hundred cells.
    pub lines: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { pages: 40, pixels: 8_000_000, lines: 4_000 }
    }
}

/// Why a scan cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScanError {
    /// What was recognised makes no document.
    #[error(transparent)]
    Document(#[from] ReadError),
    /// The recogniser failed.
    #[error(transparent)]
    Model(#[from] ModelError),
}

/// Reads scanned pages one after another, so that one picture is in memory at a time.
#[derive(Debug)]
pub struct Pages<'a> {
    recogniser: &'a Recogniser,
    format: Kind,
    limits: Limits,
    lines: usize,
    pages: Vec<scanned::Page>,
    readings: Vec<Reading>,
    places: Vec<page::Place>,
}

impl<'a> Pages<'a> {
    /// No pages yet.
    pub fn new(recogniser: &'a Recogniser, format: Kind, limits: Limits) -> Self {
        let (lines, pages, readings, places) = (0, Vec::new(), Vec::new(), Vec::new());
        Self { recogniser, format, limits, lines, pages, readings, places }
    }

    /// Reads the next page.
    ///
    /// # Errors
    /// If it exceeds a limit, or the recogniser fails.
    pub fn add(&mut self, picture: &Picture) -> Result<(), ScanError> {
        let number = self.pages.len() + 1;
        if number > self.limits.pages {
            return Err(ReadError::TooManyPages { found: number, limit: self.limits.pages }.into());
        }
        let pixels = picture.width * picture.height;
        if pixels > self.limits.pixels {
            return Err(ReadError::TooMuchDrawn { found: pixels, limit: self.limits.pixels }.into());
        }
        let page = page::read(picture, self.recogniser, number as u32, self.limits.lines - self.lines)?;
        self.lines += page.lines;
        self.pages.push(page.page);
        self.readings.extend(page.readings);
        self.places.push(page.place);
        Ok(())
    }

    /// The document that the pages make.
    ///
    /// # Errors
    /// If nothing stands on them, or they have too many cells.
    pub fn finish(self) -> Result<Document, ScanError> {
        let place = |number: u32, area: Area| {
            let place = (number as usize).checked_sub(1).and_then(|index| self.places.get(index));
            place.map_or(area, |place| place.of(area))
        };
        let limits = document::Limits::default();
        Ok(scanned::document(self.format, self.pages, self.readings, place, &limits)?)
    }
}
