//! Pages of OFD, and what their drawing shares with PDF.

use std::collections::HashMap;
use std::sync::Arc;

use document::Limits;
use document::pages::{Drawn, Painting, Shape, painting};
use hayro::kurbo::{Affine, BezPath, Stroke};
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::vello_cpu::color::{AlphaColor, Srgb};
use hayro::vello_cpu::peniko::Fill;
use hayro::vello_cpu::{Pixmap, RasterizerSettings, RenderContext, Resources, TargetInit};

use crate::model::{Page, Sheet, SheetText};
use crate::{RenditionError, font, picture, scale, sizes};

/// The pages, with the characters that cannot be drawn.
pub(crate) fn sheets(bytes: &[u8], limits: &Limits) -> Result<Vec<Sheet>, RenditionError> {
    let sizes = sizes(bytes, limits)?;
    let mut sheets = Vec::with_capacity(sizes.len());
    for (number, size) in (1..).zip(sizes) {
        let Some(painting) = painting(bytes, number, limits)? else { break };
        let mut outlines = Outlines::default();
        let mut texts = Texts::default();
        for drawn in &painting.drawn {
            if let Shape::Character { character, .. } = drawn.shape
                && outlines.of(&painting, &drawn.shape).is_none()
            {
                let [red, green, blue] = drawn.color.map(|value| (value * 255.0).round() as u8);
                let color = u32::from_be_bytes([0, red, green, blue]);
                texts.push(character.encode_utf8(&mut [0; 4]), drawn.transform, color);
            }
        }
        let (width, height) = (size.width, size.height);
        sheets.push(Sheet { width, height, quarter_turns: 0, texts: texts.finish() });
    }
    Ok(sheets)
}

/// Draws a page.
pub(crate) fn draw(bytes: &[u8], page: &Page, limits: &Limits) -> Result<Pixmap, RenditionError> {
    let painting = painting(bytes, page.number, limits)?;
    let painting = painting.ok_or(RenditionError::NoSuchPage(page.number))?;
    let (scale, columns, rows) = scale(painting.width, painting.height, page.dpi);
    let mut context = RenderContext::new(columns, rows);
    let mut outlines = Outlines::default();
    for drawn in &painting.drawn {
        let page = Affine::scale(scale);
        context.set_transform(page);
        context.set_fill_rule(Fill::NonZero);
        drawn.clips.iter().for_each(|clip| context.push_clip_path(clip));
        context.set_transform(page * drawn.transform);
        let [red, green, blue] = drawn.color;
        context.set_paint(AlphaColor::<Srgb>::new([red, green, blue, drawn.opacity]));
        shape(&mut context, &painting, drawn, page, &mut outlines);
        drawn.clips.iter().for_each(|_| context.pop_clip());
    }
    Ok(pixels(&mut context))
}

fn shape(
    context: &mut RenderContext,
    painting: &Painting,
    drawn: &Drawn,
    page: Affine,
    outlines: &mut Outlines,
) {
    match &drawn.shape {
        Shape::Fill { path, is_even_odd } => {
            context.set_fill_rule(if *is_even_odd { Fill::EvenOdd } else { Fill::NonZero });
            context.fill_path(path);
        }
        Shape::Line { path, width } => {
            context.set_stroke(Stroke::new(*width));
            context.stroke_path(path);
        }
        Shape::Character { .. } => {
            if let Some(outline) = outlines.of(painting, &drawn.shape) {
                context.fill_path(&outline);
            }
        }
        Shape::Picture { id } => {
            let picture = painting.pictures.get(id).and_then(|bytes| picture::decode(bytes).ok());
            if let Some(pixmap) = picture.filter(|pixmap| pixmap.width() > 0 && pixmap.height() > 0) {
                picture::lay(context, pixmap, page * drawn.transform);
            }
        }
    }
}

/// The drawn pixels on white paper.
pub(crate) fn pixels(context: &mut RenderContext) -> Pixmap {
    context.flush();
    let mut pixmap = Pixmap::new(context.width(), context.height());
    let settings = RasterizerSettings { target_init: TargetInit::Clear(WHITE), ..Default::default() };
    context.render_with(&mut pixmap, &mut Resources::default(), settings);
    pixmap
}

/// The outlines of the characters so far.
#[derive(Default)]
struct Outlines(HashMap<(String, char, Option<u16>), Option<Arc<BezPath>>>);

impl Outlines {
    /// The outline of a character; none where the file does not hold its font, or the font does not have it.
    fn of(&mut self, painting: &Painting, shape: &Shape) -> Option<Arc<BezPath>> {
        let Shape::Character { font: Some(id), character, glyph, .. } = shape else { return None };
        let bytes = painting.fonts.get(id)?;
        let outline = self.0.entry((id.clone(), *character, *glyph));
        outline.or_insert_with(|| font::outline(bytes, *character, *glyph).map(Arc::new)).clone()
    }
}

/// Collects characters that are set alike.
#[derive(Default)]
pub(crate) struct Texts(Vec<SheetText>);

/// Distances below this, in points, make no difference.
const ROUNDED: f64 = 0.01;

impl Texts {
    /// Adds characters of size 1 whose base line begins at the origin, with the y axis downwards.
    pub(crate) fn push(&mut self, text: &str, transform: Affine, color: u32) {
        let [a, b, c, d, e, f] = transform.as_coeffs();
        let size = c.hypot(d);
        if !transform.is_finite() || size < ROUNDED || text.trim().is_empty() {
            return;
        }
        let matrix = [a, b, c, d].map(|value| value / size);
        let is_upright =
            [1.0, 0.0, 0.0, 1.0].iter().zip(matrix).all(|(one, other)| (one - other).abs() < ROUNDED);
        let linear = Affine::new([matrix[0], matrix[1], matrix[2], matrix[3], 0.0, 0.0]);
        let (x, y) = if is_upright {
            (e, f)
        } else if linear.determinant().abs() < ROUNDED {
            return;
        } else {
            let point = linear.inverse() * hayro::kurbo::Point::new(e, f);
            (point.x, point.y)
        };
        let matrix = if is_upright { Vec::new() } else { matrix.map(rounded).to_vec() };
        let (x, y, size) = (rounded(x), rounded(y), rounded(size));
        let same = self.0.last_mut().filter(|last| {
            last.size == size && last.color == color && last.matrix == matrix && last.y == [y]
        });
        let count = text.chars().count();
        let own = match same {
            Some(own) => own,
            None => {
                self.0.push(SheetText { size, color, matrix, y: vec![y], ..SheetText::default() });
                self.0.last_mut().expect("one has just been pushed")
            }
        };
        own.text.push_str(text);
        // Several characters of one glyph share its width.
        own.x.extend((0..count).map(|index| x + size * index as f32 / count as f32));
    }

    pub(crate) fn finish(self) -> Vec<SheetText> {
        self.0
    }
}

fn rounded(value: f64) -> f32 {
    ((value / ROUNDED).round() * ROUNDED) as f32
}
