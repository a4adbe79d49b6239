//! A drawing device for the PDF interpreter that collects the visible characters and rules of a page.

use hayro_interpret::font::{Glyph as Drawn, GlyphRun};
use hayro_interpret::hayro_syntax::object::{Dict, Name};
use hayro_interpret::kurbo::{Affine, BezPath, PathEl, Point, Rect, Shape};
use hayro_interpret::{
    BlendMode, ClipPath, Device, DrawMode, DrawProps, Image, ImageDrawProps, Paint, SoftMask,
};

use super::letters::Letters;
use super::stop;
use crate::lattice::{Glyph, Page, Segment};
use crate::model::is_blank;

/// Filled boxes thinner than this, in points, are rules; others are shading.
const THIN: f64 = 3.0;
/// Below the base line and above it, in thousandths of the size.
const DESCENT: f64 = -120.0;
const ASCENT: f64 = 880.0;
/// What a picture covers of a page that was scanned.
const SCAN: f64 = 0.5;
/// Looking at a character again, to see whether it was covered, costs a hundredth of drawing it.
const LOOKS: usize = 100;

/// The pages draw more than is allowed.
pub(super) struct TooMuch;

/// A page as it is shown.
pub(super) struct Sheet {
    pub(super) page: Page,
    /// Whether anything is on it that may be drawn text.
    pub(super) is_drawn: bool,
    /// Whether it is a picture of a page.
    pub(super) is_scan: bool,
}

/// The content of the current page so far.
#[derive(Default)]
pub(super) struct PageDevice {
    /// How much may still be drawn on all pages.
    left: usize,
    letters: Letters,
    frame: Rect,
    glyphs: Vec<Glyph>,
    segments: Vec<Segment>,
    /// Counts of the characters by their rotation: upright, 90°, 180° and 270° clockwise.
    turned: [usize; 4],
    /// The clip areas, innermost last.
    clips: Vec<Rect>,
    /// The groups of objects that are being drawn, innermost last.
    groups: Vec<Group>,
    /// Whether the open marked content is a header, footer or watermark.
    artifacts: Vec<bool>,
    pictures: f64,
    is_drawn: bool,
    looks: usize,
}

impl PageDevice {
    /// Nothing, and how much may be drawn on all pages.
    pub(super) fn new(left: usize) -> PageDevice {
        PageDevice { left, ..PageDevice::default() }
    }

    /// Begins a page.
    pub(super) fn begin(&mut self, frame: Rect) {
        let (left, letters) = (self.left, std::mem::take(&mut self.letters));
        *self = PageDevice { left, letters, frame, ..PageDevice::default() };
    }

    /// The page, rotated so that most of its text is upright.
    pub(super) fn sheet(&mut self) -> Sheet {
        let count: usize = self.turned.iter().sum();
        let turns =
            self.turned.iter().skip(1).position(|turned| turned * 2 > count).map_or(0, |turns| turns + 1);
        let (width, height) = (self.frame.width() as f32, self.frame.height() as f32);
        let turn = |x: f32, y: f32| match turns {
            1 => (y, width - x),
            2 => (width - x, height - y),
            3 => (height - y, x),
            _ => (x, y),
        };
        let glyphs = std::mem::take(&mut self.glyphs).into_iter().map(|glyph| {
            let ((x0, y0), (x1, y1)) = (turn(glyph.left, glyph.top), turn(glyph.right, glyph.bottom));
            Glyph { left: x0.min(x1), right: x0.max(x1), top: y0.min(y1), bottom: y0.max(y1), ..glyph }
        });
        let segments = std::mem::take(&mut self.segments).into_iter().map(|segment| {
            let ((x0, y0), (x1, y1)) = (turn(segment.x0, segment.y0), turn(segment.x1, segment.y1));
            Segment { x0, y0, x1, y1 }
        });
        Sheet {
            page: Page {
                height: if turns % 2 == 1 { width } else { height },
                glyphs: glyphs.collect(),
                segments: segments.collect(),
                source: 0..0,
            },
            is_drawn: self.is_drawn,
            is_scan: self.pictures > SCAN * self.frame.area(),
        }
    }

    fn spend(&mut self, count: usize) {
        match self.left.checked_sub(count) {
            Some(left) => self.left = left,
            None => stop(),
        }
    }

    fn is_hidden(&self) -> bool {
        self.groups.contains(&Group::Hidden)
    }

    fn is_opaque(&self) -> bool {
        self.groups.iter().all(|group| *group == Group::Opaque)
    }

    fn clip(&self) -> Rect {
        self.clips.last().copied().unwrap_or(self.frame)
    }

    fn push_clip(&mut self, clip: Rect) {
        self.spend(1);
        self.clips.push(self.clip().intersect(clip));
    }

    fn glyph(&mut self, glyph: &Drawn, transform: Affine, next: Option<Point>) {
        let [a, b, ..] = transform.as_coeffs();
        let turns = match () {
            () if b.abs() <= a.abs() * 0.1 => {
                if a >= 0.0 {
                    0
                } else {
                    2
                }
            }
            () if a.abs() <= b.abs() * 0.1 => {
                if b >= 0.0 {
                    1
                } else {
                    3
                }
            }
            // Slanting text is a watermark.
            () => return,
        };
        let advance = match glyph {
            Drawn::Outline(outline) => outline.advance_width(),
            Drawn::Type3(drawing) => drawing.advance_width(),
        };
        let mut width = f64::from(advance.unwrap_or(0.0).max(0.0));
        if width == 0.0 {
            width = ASCENT - DESCENT;
        }
        // A substitute for a missing font has widths of its own.
        if let Some(next) = next {
            let step = transform.inverse() * next;
            if step.x > 1.0 && step.x < width && step.y.abs() < 1.0 {
                width = step.x;
            }
        }
        let letters = self.letters.of(glyph);
        let count = letters.chars().count().max(1) as f64;
        for (index, character) in letters.chars().enumerate() {
            let part = |index: usize| width * index as f64 / count;
            let area =
                transform.transform_rect_bbox(Rect::new(part(index), DESCENT, part(index + 1), ASCENT));
            let is_shown = area.is_finite() && self.clip().contains(area.center());
            if !is_shown {
                continue;
            }
            if !is_blank(character)
                && let Some(count) = self.turned.get_mut(turns)
            {
                *count += 1;
            }
            self.glyphs.push(Glyph {
                character,
                left: area.x0 as f32,
                top: area.y0 as f32,
                right: area.x1 as f32,
                bottom: area.y1 as f32,
            });
        }
    }

    /// Takes away what lies under a box that hides it.
    fn cover(&mut self, area: Rect) {
        self.looks += self.glyphs.len() + self.segments.len();
        self.spend(self.looks / LOOKS);
        self.looks %= LOOKS;
        let lies_under = |x: f32, y: f32| area.contains(Point::new(x.into(), y.into()));
        self.glyphs
            .retain(|glyph| !lies_under((glyph.left + glyph.right) / 2.0, (glyph.top + glyph.bottom) / 2.0));
        let inner = area.inset(-1.0);
        let is_covered = |x: f32, y: f32| inner.contains(Point::new(x.into(), y.into()));
        self.segments
            .retain(|segment| !(is_covered(segment.x0, segment.y0) && is_covered(segment.x1, segment.y1)));
    }

    fn segment(&mut self, from: Point, to: Point) {
        let clip = self.clip().inset(1.0);
        let (from, to) = (within(from, clip, to), within(to, clip, from));
        if let (Some(from), Some(to)) = (from, to) {
            self.segments.push(Segment {
                x0: from.x as f32,
                y0: from.y as f32,
                x1: to.x as f32,
                y1: to.y as f32,
            });
        }
    }

    /// A filled box.
    fn fill(&mut self, area: Rect, is_opaque: bool) {
        let area = area.intersect(self.clip().inset(0.1));
        if !area.is_finite() || area.width() < 0.0 || area.height() < 0.0 {
            return;
        }
        let middle = area.center();
        let is_thin = (area.width() < THIN, area.height() < THIN);
        // A dot may belong to a dotted line of either direction.
        if is_thin.1 {
            self.segment(Point::new(area.x0, middle.y), Point::new(area.x1, middle.y));
        }
        if is_thin.0 {
            self.segment(Point::new(middle.x, area.y0), Point::new(middle.x, area.y1));
        }
        if is_thin == (false, false) && is_opaque {
            self.cover(area);
        }
    }

    fn path(&mut self, path: &BezPath, props: &DrawProps, mode: &DrawMode) {
        self.spend(path.elements().len());
        let is_opaque = match alpha(&props.paint) {
            0 => return,
            alpha => {
                alpha == 255
                    && props.soft_mask.is_none()
                    && props.blend_mode == BlendMode::Normal
                    && self.is_opaque()
            }
        };
        if self.is_hidden() {
            return;
        }
        let (fills, width) = match mode {
            DrawMode::Fill(_) => (true, None),
            DrawMode::Stroke(stroke) => (false, Some(stroke.line_width)),
            DrawMode::FillAndStroke(_, stroke) => (true, Some(stroke.line_width)),
            DrawMode::Invisible => return,
        };
        // A broad stroke is shading.
        let scale = props.transform.determinant().abs().sqrt();
        let strokes = width.is_some_and(|width| f64::from(width) * scale < 2.0 * THIN);
        let mut part = Part::default();
        for element in path.elements() {
            match *element {
                PathEl::MoveTo(point) => {
                    self.end(std::mem::take(&mut part), fills, strokes, is_opaque);
                    part.points.push(props.transform * point);
                }
                PathEl::LineTo(point) => part.points.push(props.transform * point),
                PathEl::QuadTo(_, point) | PathEl::CurveTo(_, _, point) => {
                    part.is_curved = true;
                    part.points.push(props.transform * point);
                }
                PathEl::ClosePath => part.points.extend(part.points.first().copied()),
            }
        }
        self.end(part, fills, strokes, is_opaque);
    }

    fn end(&mut self, part: Part, fills: bool, strokes: bool, is_opaque: bool) {
        self.is_drawn |= part.is_curved;
        let Part { points, is_curved: false } = part else { return };
        if fills {
            let is_box =
                sides(&points).all(|(from, to)| (to.x - from.x).abs() < 0.5 || (to.y - from.y).abs() < 0.5);
            let outline = points.iter().map(|point| Rect::from_points(*point, *point));
            if let Some(outline) = outline.reduce(|one, other| one.union(other)) {
                self.fill(outline, is_opaque && is_box && points.len() <= 5);
            }
        }
        if strokes {
            sides(&points).for_each(|(from, to)| self.segment(from, to));
        }
    }
}

/// How opaque a group of objects is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Group {
    Hidden,
    Sheer,
    Opaque,
}

/// The sides of a polygon, from point to point.
fn sides(points: &[Point]) -> impl Iterator<Item = (Point, Point)> {
    points.iter().copied().zip(points.iter().copied().skip(1))
}

/// Lines from point to point.
#[derive(Default)]
struct Part {
    points: Vec<Point>,
    is_curved: bool,
}

/// An end of a level or upright line, cut off where the clip ends; none if all of it is outside.
fn within(point: Point, clip: Rect, other: Point) -> Option<Point> {
    let is_outside = point.x.max(other.x) < clip.x0
        || point.x.min(other.x) > clip.x1
        || point.y.max(other.y) < clip.y0
        || point.y.min(other.y) > clip.y1;
    let is_sound = point.is_finite() && clip.width() >= 0.0 && clip.height() >= 0.0;
    (is_sound && !is_outside)
        .then(|| Point::new(point.x.clamp(clip.x0, clip.x1), point.y.clamp(clip.y0, clip.y1)))
}

fn alpha(paint: &Paint) -> u8 {
    match paint {
        Paint::Color(color) => color.to_rgba().to_rgba8()[3],
        Paint::Pattern(_) => 254,
    }
}

impl<'a> Device<'a> for PageDevice {
    fn draw_path(&mut self, path: &BezPath, props: DrawProps<'a>, mode: &DrawMode) {
        self.path(path, &props, mode);
    }

    fn push_clip_path(&mut self, clip: &ClipPath) {
        self.spend(clip.path.elements().len());
        self.push_clip(clip.path.bounding_box());
    }

    fn push_clip_rect(&mut self, clip: &Rect) {
        self.push_clip(*clip);
    }

    fn pop_clip(&mut self) {
        self.clips.pop();
    }

    fn push_transparency_group(&mut self, opacity: f32, mask: Option<SoftMask<'a>>, blend_mode: BlendMode) {
        self.spend(1);
        self.groups.push(match () {
            () if opacity <= 0.0 => Group::Hidden,
            () if opacity >= 1.0 && mask.is_none() && blend_mode == BlendMode::Normal => Group::Opaque,
            () => Group::Sheer,
        });
    }

    fn pop_transparency_group(&mut self) {
        self.groups.pop();
    }

    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, 'a>, props: DrawProps<'a>, mode: &DrawMode) {
        self.spend(run.glyphs().len());
        let is_shown = !matches!(mode, DrawMode::Invisible) && alpha(&props.paint) > 0 && !self.is_hidden();
        if !is_shown || self.artifacts.contains(&true) {
            return;
        }
        let glyphs = run.glyphs();
        for (index, glyph) in glyphs.iter().enumerate() {
            let next = glyphs.get(index + 1).map(|next| props.transform * next.transform() * Point::ZERO);
            self.glyph(glyph, props.transform * glyph.transform(), next);
        }
    }

    fn draw_image(&mut self, image: Image<'a, '_>, props: ImageDrawProps<'a>) {
        self.spend(1);
        if self.is_hidden() {
            return;
        }
        self.is_drawn = true;
        let (is_opaque, width, height) = match &image {
            Image::Raster(raster) => {
                let dict = raster.stream().dict();
                let is_masked =
                    [b"SMask".as_slice(), b"Mask", b"SMaskInData"].iter().any(|key| dict.contains_key(*key));
                (!is_masked && self.is_opaque(), raster.width(), raster.height())
            }
            Image::Stencil(stencil) => (false, stencil.width(), stencil.height()),
        };
        let place = Rect::new(0.0, 0.0, width.into(), height.into());
        let area = props.transform.transform_rect_bbox(place);
        let shown = area.intersect(self.clip());
        if shown.is_finite() && shown.width() > 0.0 && shown.height() > 0.0 {
            self.pictures += shown.area();
            self.fill(area, is_opaque);
        }
    }

    fn begin_marked_content(&mut self, tag: &[u8], properties: Option<&Dict<'_>>) {
        self.spend(1);
        let kind = properties.and_then(|properties| properties.get::<Name<'_>>("Subtype"));
        let is_artifact = |kind: &[u8]| matches!(kind, b"Header" | b"Footer" | b"PageNum" | b"Watermark");
        self.artifacts.push(tag == b"Artifact" && kind.is_some_and(|kind| is_artifact(&kind)));
    }

    fn end_marked_content(&mut self) {
        self.artifacts.pop();
    }
}
