//! What the glyphs of a Type 3 font draw: they are small pages of their own.

use hayro_interpret::color::{AlphaColor, Color};
use hayro_interpret::font::{GlyphRun, Type3Glyph};
use hayro_interpret::kurbo::{Affine, BezPath, Stroke, StrokeOpts, stroke};
use hayro_interpret::{
    BlendMode, ClipPath, Device, DrawMode, DrawProps, FillRule, Image, ImageDrawProps, Paint, SoftMask,
};

use super::picture::can_be_unpacked;
use super::stop;
use crate::ink::digits::Drawing;

/// Elements of one glyph: the finest outlines have some hundred.
const MOST_ELEMENTS: usize = 20_000;

/// What a glyph draws; none if it is nothing.
pub(super) fn drawing(glyph: &Type3Glyph<'_>) -> Option<Drawing> {
    let shape = shape(glyph);
    shape.bitmap.or_else(|| Drawing::of(&shape.path))
}

/// What a glyph fills and strokes, and whether by even and odd.
pub(super) fn outline(glyph: &Type3Glyph<'_>) -> (BezPath, bool) {
    let shape = shape(glyph);
    (shape.path, shape.is_even_odd)
}

fn shape(glyph: &Type3Glyph<'_>) -> Shape {
    let mut shape = Shape::default();
    let paint = Paint::Color(Color::from_rgba(AlphaColor::BLACK));
    glyph.interpret(&mut shape, Affine::IDENTITY, Affine::IDENTITY, &paint);
    shape
}

/// Collects what is filled and stroked.
#[derive(Default)]
struct Shape {
    path: BezPath,
    is_even_odd: bool,
    bitmap: Option<Drawing>,
}

impl<'a> Device<'a> for Shape {
    fn draw_path(&mut self, path: &BezPath, props: DrawProps<'a>, mode: &DrawMode) {
        if self.path.elements().len() + path.elements().len() > MOST_ELEMENTS {
            stop();
        }
        match mode {
            DrawMode::Fill(rule) => {
                self.is_even_odd |= *rule == FillRule::EvenOdd;
                self.path.extend(props.transform * path);
            }
            DrawMode::Stroke(line) | DrawMode::FillAndStroke(_, line) => {
                let outline = stroke(
                    path.iter(),
                    &Stroke::new(f64::from(line.line_width)),
                    &StrokeOpts::default(),
                    f64::from(line.line_width).max(0.01) / 4.0,
                );
                self.path.extend(props.transform * outline);
            }
            DrawMode::Invisible => {}
        }
    }

    fn push_clip_path(&mut self, _: &ClipPath) {}

    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'a>>, _: BlendMode) {}

    fn draw_glyph_run(&mut self, _: &GlyphRun<'_, 'a>, _: DrawProps<'a>, _: &DrawMode) {}

    fn draw_image(&mut self, image: Image<'a, '_>, _: ImageDrawProps<'a>) {
        if let Image::Stencil(stencil) = image
            && can_be_unpacked(stencil.stream())
        {
            stencil.with_stencil(
                |mask, _| {
                    let is_inked = |column: usize, row: usize| {
                        mask.data.get(row * mask.width as usize + column).is_some_and(|value| *value > 127)
                    };
                    self.bitmap = Drawing::of_bitmap(mask.width as usize, mask.height as usize, is_inked);
                },
                None,
            );
        }
    }

    fn pop_clip(&mut self) {}

    fn pop_transparency_group(&mut self) {}
}
