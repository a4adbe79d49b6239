//! Fonts: those that a file does not hold, and the outlines of those that it holds.

use std::sync::{Arc, LazyLock};

use hayro::hayro_interpret::InterpreterSettings;
use hayro::hayro_interpret::font::{FontData, FontQuery};
use hayro::kurbo::BezPath;
use skrifa::instance::{LocationRef, Size};
use skrifa::outline::{DrawSettings, OutlinePen};
use skrifa::{FontRef, GlyphId, MetadataProvider as _};

/// A font without tables, so without glyphs: a file that names a Chinese font and does not hold it would be drawn in
/// letters of another font otherwise.
const BLANK: [u8; 12] = [0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
static BLANK_FONT: LazyLock<FontData> = LazyLock::new(|| Arc::new(BLANK));

/// Draws the standard fonts, and nothing for others that the file does not hold.
pub(crate) fn settings() -> InterpreterSettings {
    InterpreterSettings {
        font_resolver: Arc::new(|query| match query {
            FontQuery::Standard(font) => Some(font.get_font_data()),
            FontQuery::Fallback(_) => Some((BLANK_FONT.clone(), 0)),
        }),
        ..InterpreterSettings::default()
    }
}

/// Whether this is the font that has no glyphs.
pub(crate) fn is_blank(font: &FontData) -> bool {
    (**font).as_ref() == BLANK
}

/// The outline of a character in a font of the file, of size 1 with the y axis downwards; none where the font has none.
pub(crate) fn outline(font: &[u8], character: char, glyph: Option<u16>) -> Option<BezPath> {
    let font = FontRef::from_index(font, 0).ok()?;
    let glyph = match glyph {
        Some(glyph) => GlyphId::from(glyph),
        None => font.charmap().map(character).filter(|glyph| glyph.to_u32() != 0)?,
    };
    let units = f64::from(font.metrics(Size::unscaled(), LocationRef::default()).units_per_em.max(1));
    let mut pen = Pen { path: BezPath::new(), scale: 1.0 / units };
    let settings = DrawSettings::unhinted(Size::unscaled(), LocationRef::default());
    font.outline_glyphs().get(glyph)?.draw(settings, &mut pen).ok()?;
    Some(pen.path)
}

struct Pen {
    path: BezPath,
    scale: f64,
}

impl Pen {
    fn point(&self, x: f32, y: f32) -> (f64, f64) {
        (f64::from(x) * self.scale, -f64::from(y) * self.scale)
    }
}

impl OutlinePen for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        self.path.move_to(self.point(x, y));
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.path.line_to(self.point(x, y));
    }

    fn quad_to(&mut self, cx0: f32, cy0: f32, x: f32, y: f32) {
        self.path.quad_to(self.point(cx0, cy0), self.point(x, y));
    }

    fn curve_to(&mut self, cx0: f32, cy0: f32, cx1: f32, cy1: f32, x: f32, y: f32) {
        self.path.curve_to(self.point(cx0, cy0), self.point(cx1, cy1), self.point(x, y));
    }

    fn close(&mut self) {
        self.path.close_path();
    }
}
