//! A drawing device for the PDF interpreter: it paints the page on the canvas that knows what can be seen.

use hayro_interpret::font::{Glyph as Drawn, GlyphRun};
use hayro_interpret::hayro_syntax::object::{Dict, Name};
use hayro_interpret::kurbo::{Affine, BezPath, Point, Rect, Shape};
use hayro_interpret::{
    BlendMode, ClipPath, Device, DrawMode, DrawProps, FillRule, Image, ImageDrawProps, SoftMask,
};

use super::letters::Letters;
use super::paint::{Laid, is_transparent, painted};
use super::picture;
use super::stop;
use crate::ink::{self, BLACK, Blend, Canvas, Clip, Letter, Region, WHITE, contrast, is_of_figure, parts};
use crate::lattice::{Glyph, Page, Segment};
use crate::model::{Doubt, is_blank};

/// Filled boxes thinner than this, in points, are rules; others are shading.
const THIN: f64 = 3.0;
/// Below the base line and above it, in thousandths of the size.
const DESCENT: f64 = -120.0;
const ASCENT: f64 = 880.0;
/// What a picture covers of a page that was scanned.
const SCAN: f64 = 0.5;
/// Looking at a character again, to see what is left of it, costs this share of drawing it.
const LOOKS: usize = 12;
/// Boxes of one path that are compared, to see whether they cut holes into each other.
const MOST_BOXES: usize = 32;
/// Share of the height of a page, at its head and at its foot, that running heads take.
const MARGIN: f64 = 0.15;
/// Height in points from which a watermark is taken for one, whatever its colour.
const WATERMARK: f64 = 24.0;
/// Contrast to white paper from which letters are text, not a watermark.
const STRONG: f32 = 0.5;

/// The pages draw more than is allowed.
pub(super) struct TooMuch;

/// A page as it is shown.
pub(super) struct Sheet {
    pub(super) page: Page,
    /// Its width in points, after the turns.
    pub(super) width: f32,
    /// How many quarters of a circle it was turned counterclockwise.
    pub(super) turns: usize,
    /// The outline that drew each character of the page.
    outlines: Vec<Option<u32>>,
    /// Whether anything is on it that may be drawn text.
    pub(super) is_drawn: bool,
    /// Whether it is a picture of a page.
    pub(super) is_scan: bool,
}

impl Sheet {
    /// Marks the characters whose outline stands for another one elsewhere.
    pub(super) fn mark_ambiguous(&mut self, letters: &Letters) {
        for (glyph, outline) in self.page.glyphs.iter_mut().zip(&self.outlines) {
            if outline.is_some_and(|outline| letters.is_ambiguous(outline)) {
                glyph.doubt = glyph.doubt.or(Some(Doubt::OtherShape));
            }
        }
    }
}

/// The content of the current page so far.
pub(super) struct PageDevice {
    /// How much may still be drawn on all pages.
    left: usize,
    pub(super) letters: Letters,
    canvas: Canvas,
    frame: Rect,
    /// Counts of the characters by their rotation: upright, 90°, 180° and 270° clockwise.
    turned: [usize; 4],
    /// The clip areas, innermost last.
    clips: Vec<Clip>,
    /// The groups of objects that are being drawn, innermost last.
    groups: Vec<Group>,
    /// The open marked contents, innermost last.
    contents: Vec<Content>,
    pictures: f64,
    is_drawn: bool,
    looks_into_pictures: bool,
    looks: usize,
}

/// What a marked content is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Content {
    Text,
    /// A header, a footer or a page number.
    RunningHead,
    Watermark,
}

/// How a group of objects is laid over the page.
#[derive(Clone, Copy)]
struct Group {
    opacity: f32,
    blend: Blend,
    is_masked: bool,
}

impl PageDevice {
    /// Nothing, and how much may be drawn on all pages.
    pub(super) fn new(left: usize) -> PageDevice {
        let frame = Rect::ZERO;
        PageDevice {
            left,
            letters: Letters::default(),
            canvas: Canvas::new(frame),
            frame,
            turned: [0; 4],
            clips: Vec::new(),
            groups: Vec::new(),
            contents: Vec::new(),
            pictures: 0.0,
            is_drawn: false,
            looks_into_pictures: false,
            looks: 0,
        }
    }

    /// Begins a page. Looking into pictures takes time, so it is done where a figure lies over or under one.
    pub(super) fn begin(&mut self, frame: Rect, looks_into_pictures: bool) {
        let (left, letters) = (self.left, std::mem::take(&mut self.letters));
        let canvas = Canvas::new(frame);
        *self = PageDevice { letters, canvas, frame, looks_into_pictures, ..PageDevice::new(left) };
    }

    /// Whether a figure lies over or under a picture that was not looked into.
    pub(super) fn has_unseen_pictures(&self) -> bool {
        self.canvas.has_unseen_pictures()
    }

    /// Marks what a note on the page covers or strikes out.
    pub(super) fn mark(&mut self, region: &Region, doubt: Doubt) {
        self.canvas.mark(region, doubt);
        self.spend_looks();
    }

    /// Draws a line of a note.
    pub(super) fn note_line(&mut self, from: Point, to: Point) {
        let paint = ink::Paint::opaque(BLACK);
        self.canvas.line(segment(from, to), &paint, false);
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
        let (letters, segments) = std::mem::replace(&mut self.canvas, Canvas::new(Rect::ZERO)).finish();
        let (mut glyphs, mut outlines) =
            (Vec::with_capacity(letters.len()), Vec::with_capacity(letters.len()));
        for letter in letters {
            let glyph = letter.glyph;
            let ((x0, y0), (x1, y1)) = (turn(glyph.left, glyph.top), turn(glyph.right, glyph.bottom));
            // A figure that stands on its head or on its side is read in another order, and 6 is 9.
            let is_turned = letter.turns != turns && is_of_figure(glyph.character);
            let doubt = glyph.doubt.or(is_turned.then_some(Doubt::Reordered));
            let (left, right, top, bottom) = (x0.min(x1), x0.max(x1), y0.min(y1), y0.max(y1));
            glyphs.push(Glyph { left, right, top, bottom, doubt, ..glyph });
            outlines.push(letter.outline);
        }
        let segments = segments.into_iter().map(|segment| {
            let ((x0, y0), (x1, y1)) = (turn(segment.x0, segment.y0), turn(segment.x1, segment.y1));
            Segment { x0, y0, x1, y1 }
        });
        Sheet {
            page: Page {
                height: if turns % 2 == 1 { width } else { height },
                glyphs,
                segments: segments.collect(),
                source: 0..0,
            },
            width: if turns % 2 == 1 { height } else { width },
            turns,
            outlines,
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

    /// Pays for what the canvas looked at.
    fn spend_looks(&mut self) {
        self.looks += self.canvas.take_looks();
        self.spend(self.looks / LOOKS);
        self.looks %= LOOKS;
    }

    fn is_hidden(&self) -> bool {
        self.groups.iter().any(|group| group.opacity <= 0.0)
    }

    fn clip(&self) -> Clip {
        self.clips.last().cloned().unwrap_or_else(|| Clip::of(self.frame))
    }

    fn push_clip(&mut self, region: Option<Region>) {
        self.spend(1);
        // A path of nowhere leaves nothing.
        let region = region.unwrap_or_else(|| Region::of_box(Rect::new(-1.0, -1.0, -1.0, -1.0)));
        self.clips.push(self.clip().within(region));
    }

    /// How paint is laid on the page now; none where a mask decides.
    fn laid(&self, mask: Option<&SoftMask<'_>>, blend: BlendMode) -> Option<Laid> {
        let groups = &self.groups;
        let mut blends = groups.iter().map(|group| group.blend).chain([blended(blend)]);
        let blend = blends.rfind(|blend| *blend != Blend::Normal).unwrap_or(Blend::Normal);
        let is_masked = mask.is_some() || groups.iter().any(|group| group.is_masked);
        (!is_masked).then(|| Laid { opacity: groups.iter().map(|group| group.opacity).product(), blend })
    }

    /// Whether a character is one that readers pass over: a running head, or a watermark.
    fn is_passed_over(&self, area: Rect, size: f64, turns: Option<usize>, paint: &ink::Paint) -> bool {
        let is_light = match paint {
            ink::Paint::Flat(layer) => {
                layer.color.map_or(0.0, |color| contrast(color, WHITE)) * layer.opacity < STRONG
            }
            _ => true,
        };
        let height = self.frame.height() * MARGIN;
        let is_in_margin = area.y1 < self.frame.y0 + height || area.y0 > self.frame.y1 - height;
        let is_large = size > WATERMARK;
        // Slanting text is a watermark.
        let is_watermark = turns.is_none() || self.contents.contains(&Content::Watermark);
        is_watermark && (is_light || is_large)
            || self.contents.contains(&Content::RunningHead) && is_in_margin
    }

    fn glyph(&mut self, glyph: &Drawn, transform: Affine, next: Option<Point>, paint: &ink::Paint) {
        let [a, b, c, d, ..] = transform.as_coeffs();
        let is_mirrored = transform.determinant() > 0.0;
        let turns = match () {
            () if b.abs() <= a.abs() * 0.1 => Some(if a >= 0.0 || is_mirrored { 0 } else { 2 }),
            () if a.abs() <= b.abs() * 0.1 => Some(if b >= 0.0 { 1 } else { 3 }),
            () => None,
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
        let size = (a.hypot(b)).min(c.hypot(d)) * (ASCENT - DESCENT);
        let said = self.letters.of(glyph);
        let count = said.text.chars().count().max(1) as f64;
        let clip = self.clip();
        for (index, character) in said.text.chars().enumerate() {
            let part = |index: usize| width * index as f64 / count;
            let area =
                transform.transform_rect_bbox(Rect::new(part(index), DESCENT, part(index + 1), ASCENT));
            let is_figure = is_of_figure(character);
            if !area.is_finite()
                || self.is_passed_over(area, size, turns, paint)
                || turns.is_none() && !is_figure
            {
                continue;
            }
            let doubt = said.doubt.or((turns.is_none()).then_some(Doubt::Reordered));
            let glyph = Glyph {
                character,
                left: area.x0 as f32,
                top: area.y0 as f32,
                right: area.x1 as f32,
                bottom: area.y1 as f32,
                doubt,
            };
            let (turns, outline) = (turns.unwrap_or(0), said.outline);
            let letter = Letter { glyph, size, turns, is_mirrored, outline, paint: paint.clone() };
            let is_shown = self.canvas.letter(letter, &clip);
            if is_shown
                && !is_blank(character)
                && let Some(count) = self.turned.get_mut(turns)
            {
                *count += 1;
            }
        }
    }

    /// A line between two points, as far as it is shown.
    fn segment(&mut self, from: Point, to: Point, paint: &ink::Paint, is_rule: bool) {
        let clip = self.clip().area.inset(1.0);
        let (from, to) = (within(from, clip, to), within(to, clip, from));
        if let (Some(from), Some(to)) = (from, to) {
            self.canvas.line(segment(from, to), paint, is_rule);
        }
    }

    /// The middle of a thin filled box is a rule.
    fn thin_box(&mut self, area: Rect, paint: &ink::Paint, is_rule: bool) {
        let area = area.intersect(self.clip().area.inset(0.1));
        if !area.is_finite() || area.width() < 0.0 || area.height() < 0.0 {
            return;
        }
        let middle = area.center();
        // A dot may belong to a dotted line of either direction.
        if area.height() < THIN {
            self.segment(Point::new(area.x0, middle.y), Point::new(area.x1, middle.y), paint, is_rule);
        }
        if area.width() < THIN && is_rule {
            self.segment(Point::new(middle.x, area.y0), Point::new(middle.x, area.y1), paint, is_rule);
        }
    }

    fn path(&mut self, path: &BezPath, props: &DrawProps<'_>, mode: &DrawMode) {
        self.spend(path.elements().len());
        if is_transparent(&props.paint) || self.is_hidden() {
            return;
        }
        let (fills, stroke) = match mode {
            DrawMode::Fill(rule) => (Some(*rule), None),
            DrawMode::Stroke(stroke) => (None, Some(stroke)),
            DrawMode::FillAndStroke(rule, stroke) => (Some(*rule), Some(stroke)),
            DrawMode::Invisible => return,
        };
        let paint = painted(&props.paint, self.laid(props.soft_mask.as_ref(), props.blend_mode));
        let path = props.transform * path;
        let pieces = parts(&path);
        self.spend(pieces.iter().map(Vec::len).sum::<usize>() / 4);
        let is_curved = path.elements().iter().any(is_curve);
        self.is_drawn |= is_curved;
        if let Some(rule) = fills {
            self.fill(&path, &pieces, rule, is_curved, &paint);
        }
        if let Some(stroke) = stroke {
            let width = f64::from(stroke.line_width) * props.transform.determinant().abs().sqrt();
            // A broad stroke is shading. A line is drawn first: it must stand out from what is below it.
            if width < 2.0 * THIN {
                self.stroke(&pieces, &path, &paint);
            }
            // A line of dashes hides a part of what is below.
            let laid = if stroke.dash_array.is_empty() { paint } else { ink::Paint::Unknown };
            if (width >= THIN || stroke.dash_array.is_empty())
                && let Some(region) = Region::stroked(&path, width.max(0.2))
            {
                self.canvas.fill(region, laid, &self.clip());
            }
        }
        self.spend_looks();
    }

    fn stroke(&mut self, pieces: &[Vec<Point>], path: &BezPath, paint: &ink::Paint) {
        let mut curved = curved_parts(path).into_iter();
        for points in pieces {
            if curved.next().unwrap_or(false) {
                // A wave through a figure strikes it out.
                if let Some(outline) = outline(points).filter(|outline| outline.height() < THIN) {
                    self.thin_box(outline, paint, false);
                }
                continue;
            }
            sides(points).for_each(|(from, to)| self.segment(from, to, paint, true));
        }
    }

    fn fill(
        &mut self,
        path: &BezPath,
        pieces: &[Vec<Point>],
        rule: FillRule,
        is_curved: bool,
        paint: &ink::Paint,
    ) {
        let mut curved = curved_parts(path).into_iter();
        let mut boxes = Vec::new();
        for points in pieces {
            let is_curved = curved.next().unwrap_or(false);
            let Some(outline) = outline(points) else { continue };
            self.thin_box(outline, paint, !is_curved);
            if !is_curved && points.len() <= 5 && is_box(points) {
                boxes.push(outline);
            }
        }
        let clip = self.clip();
        let is_all_boxes = !is_curved && boxes.len() == pieces.len() && boxes.len() <= MOST_BOXES;
        let are_apart = || {
            boxes.iter().enumerate().all(|(index, one)| {
                boxes.iter().skip(index + 1).all(|other| one.intersect(*other).area() <= 0.0)
            })
        };
        if is_all_boxes && are_apart() {
            for area in boxes {
                self.canvas.fill(Region::of_box(area), paint.clone(), &clip);
            }
        } else if let Some(region) = Region::filled(path, rule == FillRule::EvenOdd) {
            self.canvas.fill(region, paint.clone(), &clip);
        }
    }
}

/// The sides of a polygon, from point to point.
fn sides(points: &[Point]) -> impl Iterator<Item = (Point, Point)> {
    points.iter().copied().zip(points.iter().copied().skip(1))
}

/// Whether all sides of a polygon are level or upright.
fn is_box(points: &[Point]) -> bool {
    sides(points).all(|(from, to)| (to.x - from.x).abs() < 0.5 || (to.y - from.y).abs() < 0.5)
}

/// The smallest box round points.
fn outline(points: &[Point]) -> Option<Rect> {
    points.iter().map(|point| Rect::from_points(*point, *point)).reduce(|one, other| one.union(other))
}

fn is_curve(element: &hayro_interpret::kurbo::PathEl) -> bool {
    use hayro_interpret::kurbo::PathEl;
    matches!(element, PathEl::QuadTo(..) | PathEl::CurveTo(..))
}

/// Which parts of a path have curves.
fn curved_parts(path: &BezPath) -> Vec<bool> {
    let mut parts: Vec<bool> = Vec::new();
    for element in path.elements() {
        match element {
            hayro_interpret::kurbo::PathEl::MoveTo(_) => parts.push(false),
            element => {
                if let Some(part) = parts.last_mut() {
                    *part |= is_curve(element);
                }
            }
        }
    }
    parts
}

fn segment(from: Point, to: Point) -> Segment {
    Segment { x0: from.x as f32, y0: from.y as f32, x1: to.x as f32, y1: to.y as f32 }
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

fn blended(blend: BlendMode) -> Blend {
    match blend {
        BlendMode::Normal => Blend::Normal,
        BlendMode::Multiply | BlendMode::Darken => Blend::Multiply,
        _ => Blend::Other,
    }
}

impl<'a> Device<'a> for PageDevice {
    fn draw_path(&mut self, path: &BezPath, props: DrawProps<'a>, mode: &DrawMode) {
        self.path(path, &props, mode);
    }

    fn push_clip_path(&mut self, clip: &ClipPath) {
        self.spend(clip.path.elements().len());
        let region = Region::filled(&clip.path, clip.fill == FillRule::EvenOdd);
        let pieces = parts(&clip.path);
        let is_box = matches!(&pieces[..], [points] if points.len() <= 5 && is_box(points))
            && !clip.path.elements().iter().any(is_curve);
        self.push_clip(match is_box {
            true => Some(Region::of_box(clip.path.bounding_box())),
            false => region,
        });
    }

    fn push_clip_rect(&mut self, clip: &Rect) {
        self.push_clip(clip.is_finite().then(|| Region::of_box(*clip)));
    }

    fn pop_clip(&mut self) {
        self.clips.pop();
    }

    fn push_transparency_group(&mut self, opacity: f32, mask: Option<SoftMask<'a>>, blend_mode: BlendMode) {
        self.spend(1);
        self.groups.push(Group { opacity, blend: blended(blend_mode), is_masked: mask.is_some() });
    }

    fn pop_transparency_group(&mut self) {
        self.groups.pop();
    }

    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, 'a>, props: DrawProps<'a>, mode: &DrawMode) {
        self.spend(run.glyphs().len());
        if matches!(mode, DrawMode::Invisible) || is_transparent(&props.paint) || self.is_hidden() {
            return;
        }
        let paint = painted(&props.paint, self.laid(props.soft_mask.as_ref(), props.blend_mode));
        let glyphs = run.glyphs();
        for (index, glyph) in glyphs.iter().enumerate() {
            let next = glyphs.get(index + 1).map(|next| props.transform * next.transform() * Point::ZERO);
            self.glyph(glyph, props.transform * glyph.transform(), next, &paint);
        }
        self.spend_looks();
    }

    fn draw_image(&mut self, image: Image<'a, '_>, props: ImageDrawProps<'a>) {
        self.spend(1);
        if self.is_hidden() {
            return;
        }
        self.is_drawn = true;
        let place = Rect::new(0.0, 0.0, image.width().into(), image.height().into());
        let area = props.transform.transform_rect_bbox(place);
        let shown = area.intersect(self.clip().area);
        if !shown.is_finite() || shown.width() <= 0.0 || shown.height() <= 0.0 {
            return;
        }
        self.pictures += shown.area();
        let laid = self.laid(props.soft_mask.as_ref(), props.blend_mode);
        let (paint, cost) = picture::paint(&image, laid, props.transform, self.looks_into_pictures);
        self.spend(cost);
        self.thin_box(area, &paint, true);
        let mut path = place.to_path(0.1);
        path.apply_affine(props.transform);
        let [_, b, c, _, ..] = props.transform.as_coeffs();
        let region =
            if b.abs() + c.abs() < 1e-6 { Some(Region::of_box(area)) } else { Region::filled(&path, false) };
        if let Some(region) = region {
            self.canvas.fill(region, paint, &self.clip());
        }
        self.spend_looks();
    }

    fn begin_marked_content(&mut self, tag: &[u8], properties: Option<&Dict<'_>>) {
        self.spend(1);
        let kind = properties.and_then(|properties| properties.get::<Name<'_>>("Subtype"));
        let content = kind.map_or(Content::Text, |kind| match &*kind {
            b"Header" | b"Footer" | b"PageNum" => Content::RunningHead,
            b"Watermark" => Content::Watermark,
            _ => Content::Text,
        });
        self.contents.push(if tag == b"Artifact" { content } else { Content::Text });
    }

    fn end_marked_content(&mut self) {
        self.contents.pop();
    }
}
