//! PDF with a text layer.
//!
//! A PDF fixes the position of each character and each line and has no tables. This reader collects
//! them as they are shown: rotated, cropped, without hidden or covered text. The lattice finds the
//! paragraphs and tables. A place has the bytes of the whole file; its page and its box lead back to
//! the source.
//!
//! Text that is not shown is not read, so the invisible layer that text recognition puts under a scan
//! is none: its figures have never been checked by anyone. The interpreter knows no limits of its own,
//! so they are kept where it calls back, and what it would unpack is measured before.

mod device;
mod inflate_limit;
mod letters;
mod notes;
mod paint;
mod picture;
mod type3;
mod unembedded;

use std::cell::LazyCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use hayro_interpret::hayro_syntax::{DecryptionError, LoadPdfError, Pdf};
use hayro_interpret::kurbo::Rect;
use hayro_interpret::util::TransformExt;
use hayro_interpret::{Context, InterpreterCache, InterpreterSettings, interpret_page};

use crate::error::ReadError;
use crate::kind::Kind;
use crate::lattice::{self, Page};
use crate::limits::Limits;
use crate::model::{Block, PageSize, is_blank};
use device::{PageDevice, TooMuch};

/// Characters that a scanner can stamp on a scanned page: a page number, an advertisement.
const STAMPED: usize = 30;

/// The blocks of a file.
pub(crate) fn read(bytes: &[u8], limits: &Limits) -> Result<Vec<Block>, ReadError> {
    let sheets = sheets(bytes, limits)?;
    refuse_what_has_no_text(&sheets)?;
    let source = 0..bytes.len() as u64;
    let pages = sheets.into_iter().map(|sheet| Page { source: source.clone(), ..sheet.page });
    lattice::read(pages.collect(), limits)
}

/// The sizes of the pages as they are read; also of a file without text.
pub(crate) fn page_sizes(bytes: &[u8], limits: &Limits) -> Result<Vec<PageSize>, ReadError> {
    let size = |sheet: device::Sheet| PageSize {
        width: sheet.width,
        height: sheet.page.height,
        quarter_turns: sheet.turns as u8,
    };
    Ok(sheets(bytes, limits)?.into_iter().map(size).collect())
}

/// Every page as it is shown.
fn sheets(bytes: &[u8], limits: &Limits) -> Result<Vec<device::Sheet>, ReadError> {
    inflate_limit::check(bytes, limits)?;
    match catch_unwind(AssertUnwindSafe(|| interpret(bytes, limits))) {
        Ok(sheets) => sheets,
        Err(reason) if reason.is::<TooMuch>() => {
            Err(ReadError::TooMuchDrawn { found: limits.drawn + 1, limit: limits.drawn })
        }
        Err(_) => Err(broken("it cannot be interpreted")),
    }
}

fn interpret(bytes: &[u8], limits: &Limits) -> Result<Vec<device::Sheet>, ReadError> {
    let pdf = Pdf::new(bytes.to_vec()).map_err(|error| match error {
        LoadPdfError::Decryption(
            DecryptionError::PasswordProtected | DecryptionError::UnsupportedAlgorithm,
        ) => ReadError::Encrypted { format: Kind::Pdf },
        LoadPdfError::Decryption(_) => broken("its encryption is invalid"),
        LoadPdfError::Invalid => broken("it has no pages that can be found"),
    })?;
    let count = pdf.pages().len();
    if count > limits.pages {
        return Err(ReadError::TooManyPages { found: count, limit: limits.pages });
    }
    let cache = InterpreterCache::new();
    let mut device = PageDevice::new(limits.drawn);
    let has_small_pictures = LazyCell::new(|| inflate_limit::check_with_pictures(bytes, limits).is_ok());
    let mut sheets = Vec::with_capacity(count);
    for page in pdf.pages().iter() {
        let (width, height) = page.render_dimensions();
        let frame = Rect::new(0.0, 0.0, width.into(), height.into());
        let transform = page.initial_transform(true).to_kurbo();
        let mut context = Context::new(transform, frame, &cache, pdf.xref(), InterpreterSettings::default());
        device.letters.misnamed = unembedded::misnamed(page);
        device.begin(frame, false);
        interpret_page(page, &mut context, &mut device);
        if device.has_unseen_pictures() && *has_small_pictures {
            device.begin(frame, true);
            let mut context =
                Context::new(transform, frame, &cache, pdf.xref(), InterpreterSettings::default());
            interpret_page(page, &mut context, &mut device);
        }
        notes::mark(page, &mut device);
        sheets.push(device.sheet());
    }
    sheets.iter_mut().for_each(|sheet| sheet.mark_ambiguous(&device.letters));
    Ok(sheets)
}

/// Refuses scans, text drawn as shapes, and fonts without a mapping to characters.
fn refuse_what_has_no_text(sheets: &[device::Sheet]) -> Result<(), ReadError> {
    let shown =
        |sheet: &device::Sheet| sheet.page.glyphs.iter().filter(|glyph| !is_blank(glyph.character)).count();
    let unknown = |sheet: &device::Sheet| {
        sheet.page.glyphs.iter().filter(|glyph| glyph.character == char::REPLACEMENT_CHARACTER).count()
    };
    let characters: usize = sheets.iter().map(shown).sum();
    if sheets.iter().map(unknown).sum::<usize>() * 20 > characters {
        return Err(ReadError::NoLetters { format: Kind::Pdf });
    }
    let has_text = |sheet: &device::Sheet| shown(sheet) > if sheet.is_scan { STAMPED } else { 0 };
    if !sheets.iter().any(has_text) && sheets.iter().any(|sheet| sheet.is_drawn) {
        return Err(ReadError::NoText { format: Kind::Pdf });
    }
    Ok(())
}

fn broken(what: &str) -> ReadError {
    ReadError::Broken { format: Kind::Pdf, what: what.into() }
}

/// Refuses a file that would inflate to more than the limit, pictures included.
pub(crate) fn check_pictures(bytes: &[u8], limits: &Limits) -> Result<(), ReadError> {
    inflate_limit::check_with_pictures(bytes, limits)
}

/// Ends the interpretation, which has no other way out.
fn stop() -> ! {
    resume_unwind(Box::new(TooMuch))
}
