//! Pages of PDF.

use document::Limits;
use hayro::hayro_interpret::font::{Glyph, GlyphRun};
use hayro::hayro_interpret::hayro_cmap::BfString;
use hayro::hayro_interpret::{
    BlendMode, ClipPath, Context, Device, DrawMode, DrawProps, Image, ImageDrawProps, InterpreterCache,
    Paint, SoftMask, TransformExt as _, interpret_page,
};
use hayro::hayro_syntax::Pdf;
use hayro::kurbo::{Affine, BezPath, Rect};
use hayro::vello_cpu::{Pixmap, RenderContext};
use hayro::{RenderCache, RenderSettings, render_into};

use crate::model::{Page, Sheet};
use crate::ofd::{Texts, pixels};
use crate::{RenditionError, font, scale, sizes};

/// Glyph coordinates of a font size.
const UNITS: f64 = 1_000.0;

/// The pages, with the characters that cannot be drawn.
pub(crate) fn sheets(bytes: &[u8], limits: &Limits) -> Result<Vec<Sheet>, RenditionError> {
    let sizes = sizes(bytes, limits)?;
    let pdf = open(bytes)?;
    let cache = InterpreterCache::new();
    let mut sheets = Vec::with_capacity(sizes.len());
    for (page, size) in pdf.pages().iter().zip(sizes) {
        let (width, height) = page.render_dimensions();
        let turn = turn(size.quarter_turns.into(), width.into(), height.into());
        let transform = turn * page.initial_transform(true).to_kurbo();
        let frame = Rect::new(0.0, 0.0, size.width.into(), size.height.into());
        let mut context = Context::new(transform, frame, &cache, pdf.xref(), font::settings());
        let mut device = Undrawn::default();
        interpret_page(page, &mut context, &mut device);
        sheets.push(Sheet {
            width: size.width,
            height: size.height,
            quarter_turns: size.quarter_turns.into(),
            texts: device.texts.finish(),
        });
    }
    Ok(sheets)
}

/// Draws a page.
pub(crate) fn draw(bytes: &[u8], page: &Page) -> Result<Pixmap, RenditionError> {
    let pdf = open(bytes)?;
    let missing = || RenditionError::NoSuchPage(page.number);
    let index = (page.number as usize).checked_sub(1).ok_or_else(missing)?;
    let own = pdf.pages().get(index).ok_or_else(missing)?;
    let (width, height) = own.render_dimensions();
    let turn = turn(page.quarter_turns, width.into(), height.into());
    let (width, height) = match page.quarter_turns % 2 {
        1 => (height, width),
        _ => (width, height),
    };
    let (scale, columns, rows) = scale(width.into(), height.into(), page.dpi);
    let transform = Affine::scale(scale) * turn * own.initial_transform(true).to_kurbo();
    let mut context = RenderContext::new(columns, rows);
    let (cache, settings) = (RenderCache::new(), RenderSettings::default());
    render_into(own, &cache, &font::settings(), &settings, &mut context, transform);
    Ok(pixels(&mut context))
}

fn open(bytes: &[u8]) -> Result<Pdf, RenditionError> {
    let broken = |what: String| document::ReadError::Broken { format: document::Kind::Pdf, what };
    Pdf::new(bytes.to_vec()).map_err(|error| broken(format!("{error:?}")).into())
}

/// Turns a page of this size counterclockwise, as the reader does where most of its text is not upright.
fn turn(quarters: u32, width: f64, height: f64) -> Affine {
    match quarters {
        1 => Affine::new([0.0, -1.0, 1.0, 0.0, 0.0, width]),
        2 => Affine::new([-1.0, 0.0, 0.0, -1.0, width, height]),
        3 => Affine::new([0.0, 1.0, -1.0, 0.0, height, 0.0]),
        _ => Affine::IDENTITY,
    }
}

/// Collects the characters whose font the file does not hold.
#[derive(Default)]
struct Undrawn {
    texts: Texts,
}

impl<'a> Device<'a> for Undrawn {
    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, 'a>, props: DrawProps<'a>, mode: &DrawMode) {
        if matches!(mode, DrawMode::Invisible) {
            return;
        }
        let color = match &props.paint {
            Paint::Color(color) => {
                let [red, green, blue, alpha] = color.to_rgba().to_rgba8();
                if alpha == 0 {
                    return;
                }
                u32::from_be_bytes([0, red, green, blue])
            }
            Paint::Pattern(_) => 0,
        };
        for positioned in run.glyphs() {
            let glyph: &Glyph<'_> = positioned;
            let Glyph::Outline(outline) = glyph else { continue };
            if !outline.font_data().is_some_and(|font| font::is_blank(&font.data)) {
                continue;
            }
            let characters = match outline.as_unicode() {
                Some(BfString::Char(character)) => character.to_string(),
                Some(BfString::String(text)) => text,
                None => continue,
            };
            // Glyphs are a thousand units high and stand upwards.
            let transform =
                props.transform * positioned.transform() * Affine::scale_non_uniform(UNITS, -UNITS);
            self.texts.push(&characters, transform, color);
        }
    }

    fn draw_path(&mut self, _: &BezPath, _: DrawProps<'a>, _: &DrawMode) {}
    fn push_clip_path(&mut self, _: &ClipPath) {}
    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'a>>, _: BlendMode) {}
    fn draw_image(&mut self, _: Image<'a, '_>, _: ImageDrawProps<'a>) {}
    fn pop_clip(&mut self) {}
    fn pop_transparency_group(&mut self) {}
}

#[cfg(test)]
mod tests {
    use hayro::kurbo::Point;

    use super::*;

    #[test]
    fn a_turned_page_begins_at_its_corner() {
        let corners = [(0, (0.0, 0.0)), (1, (0.0, 300.0)), (2, (300.0, 400.0)), (3, (400.0, 0.0))];
        for (quarters, expected) in corners {
            assert_eq!(turn(quarters, 300.0, 400.0) * Point::ZERO, Point::from(expected), "{quarters}");
        }
    }

    #[test]
    fn texts_of_a_sample_lie_on_its_pages() {
        let sample = include_bytes!("../../../samples/reports/pdf-font-not-embedded.pdf");
        let sheets = sheets(sample, &Limits::default()).unwrap();
        assert!(!sheets.is_empty());
        for sheet in &sheets {
            assert!(!sheet.texts.is_empty());
            // A long line of the sample goes on beyond the edge of its page.
            let is_on_page = |text: &crate::SheetText| text.x.iter().all(|x| (0.0..sheet.width).contains(x));
            let (on, off): (Vec<_>, Vec<_>) = sheet.texts.iter().partition(|text| is_on_page(text));
            assert!(off.len() * 10 < on.len(), "{off:?}");
            for text in sheet.texts.iter() {
                let count = text.text.chars().count();
                assert_eq!(text.x.len(), count, "{text:?}");
                assert!(text.y.len() == 1 || text.y.len() == count, "{text:?}");
                assert!((4.0..40.0).contains(&text.size), "{text:?}");
            }
        }
    }
}
