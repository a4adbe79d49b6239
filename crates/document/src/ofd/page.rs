//! Paints the objects of a page on the canvas, in points.

use hayro_interpret::kurbo::{Affine, Arc, BezPath, PathEl, Point, Rect, Shape as _, SvgArc, Vec2};

use super::Budget;
use super::object::{Code, Color, Colors, Layer, Object, Path, Shape, Text, number};
use super::resources::{Resources, Style};
use crate::error::ReadError;
use crate::ink::{self, BLACK, Blend, Canvas, Clip, Letter, Region, WHITE, contrast, is_of_figure, parts};
use crate::lattice::{Glyph, Segment};
use crate::model::Doubt;

/// Points of a millimetre.
const POINTS: f64 = 72.0 / 25.4;
/// Filled boxes thinner than this, in points, are rules; others are shading.
const THIN: f32 = 3.0;
/// Width of a line that does not say its own, in millimetres.
pub(super) const LINE: f32 = 0.353;
/// Composites in composites.
pub(super) const DEEPEST: usize = 10;
/// Looking at a character again costs this share of painting it.
const LOOKS: usize = 12;
/// Boundaries are rounded: what hangs out by less, in points, is shown.
const ROUNDED: f64 = 2.0;
/// Height in points from which a watermark is taken for one, whatever its colour.
const WATERMARK: f64 = 24.0;
/// Contrast to white paper from which letters are text, not a watermark.
const STRONG: f32 = 0.5;

/// A page that is being painted.
pub(super) struct Painter<'a> {
    pub(super) canvas: Canvas,
    pub(super) resources: Vec<&'a Resources>,
    /// Whether there are pictures or curves, which may be drawn text.
    pub(super) has_drawings: bool,
    looks: usize,
}

/// Where objects are painted, and how.
#[derive(Clone)]
pub(super) struct Place {
    /// From millimetres to the points of the page.
    transform: Affine,
    clip: Clip,
    opacity: f32,
    style: Style,
    /// Whether all of it is a watermark.
    is_watermark: bool,
    depth: usize,
}

impl Place {
    /// The whole page.
    pub(super) fn page(frame: Rect) -> Place {
        Place {
            transform: Affine::scale(POINTS),
            clip: Clip::of(frame),
            opacity: 1.0,
            style: Style::default(),
            is_watermark: false,
            depth: 0,
        }
    }

    /// A note on the page, whose objects are measured from its corner.
    pub(super) fn note(&self, boundary: [f32; 4], is_watermark: bool) -> Place {
        let corner = Vec2::new(boundary[0].into(), boundary[1].into());
        Place { transform: self.transform * Affine::translate(corner), is_watermark, ..self.clone() }
    }
}

impl<'a> Painter<'a> {
    pub(super) fn new(frame: Rect, resources: Vec<&'a Resources>) -> Painter<'a> {
        Painter { canvas: Canvas::new(frame), resources, has_drawings: false, looks: 0 }
    }

    /// Paints layers.
    pub(super) fn layers(
        &mut self,
        layers: &[Layer],
        place: &Place,
        budget: &mut Budget,
    ) -> Result<(), ReadError> {
        for layer in layers {
            let place = Place { style: self.style(layer.style.as_deref()), ..place.clone() };
            self.objects(&layer.objects, &place, budget)?;
        }
        Ok(())
    }

    fn style(&self, id: Option<&str>) -> Style {
        let none = Style::default();
        self.resources.iter().fold(none, |style, resources| style.over(&resources.style(id)))
    }

    /// Paints objects.
    pub(super) fn objects(
        &mut self,
        objects: &[Object],
        place: &Place,
        budget: &mut Budget,
    ) -> Result<(), ReadError> {
        for object in objects {
            budget.spend(1)?;
            let own = self.place(object, place);
            match &object.shape {
                Shape::Text(text) => self.text(text, &own, budget)?,
                Shape::Path(path) => self.path(path, &own, budget)?,
                Shape::Picture(id) => self.picture(id.as_deref(), object, place, &own),
                Shape::Block(objects) => self.objects(objects, &own, budget)?,
                Shape::Composite(id) => {
                    let mut resources = self.resources.iter();
                    let unit = id.as_deref().and_then(|id| resources.find_map(|own| own.composite(id)));
                    if let Some(objects) = unit.filter(|_| own.depth < DEEPEST) {
                        self.objects(objects, &Place { depth: own.depth + 1, ..own }, budget)?;
                    }
                }
            }
            self.looks += self.canvas.take_looks();
            budget.spend(self.looks / LOOKS)?;
            self.looks %= LOOKS;
        }
        Ok(())
    }

    /// Where the inside of an object is.
    fn place(&self, object: &Object, outer: &Place) -> Place {
        let [left, top, width, height] = object.boundary.unwrap_or([0.0; 4]).map(f64::from);
        let corner = outer.transform * Affine::translate((left, top));
        let transform = corner * Affine::new(object.matrix.map(f64::from));
        let mut clip = outer.clip.clone();
        if object.boundary.is_some() {
            let shown = outer.transform.transform_rect_bbox(Rect::new(left, top, left + width, top + height));
            // Not every program cuts off what hangs out of a boundary.
            let is_nothing = shown.width() < 0.1 || shown.height() < 0.1;
            let margin = if is_nothing { 0.0 } else { ROUNDED };
            clip = clip.within_any(vec![Region::of_box(shown.inflate(margin, margin))], false);
        }
        for areas in &object.clips {
            // Programs differ in whether the matrix of the object moves its clip.
            let pairs = areas.iter().flat_map(|area| [(area, transform), (area, corner)]);
            let regions: Vec<Region> =
                pairs.filter_map(|(area, transform)| region(area, transform)).collect();
            if !regions.is_empty() {
                clip = clip.within_any(regions, false);
            }
        }
        let style = self.style(object.style.as_deref()).over(&outer.style);
        Place { transform, clip, opacity: outer.opacity * object.opacity, style, ..outer.clone() }
    }

    /// Sets the characters of a text object.
    fn text(&mut self, text: &Text, place: &Place, budget: &mut Budget) -> Result<(), ReadError> {
        let colors = text.colors.over(place.style.colors);
        let paint = match (text.fills, text.strokes) {
            (true, _) => paint(colors.fill.unwrap_or(PRINT), place),
            (false, true) => paint(colors.stroke.unwrap_or(PRINT), place),
            (false, false) => return Ok(()),
        };
        for code in &text.codes {
            budget.spend(code.text.chars().count())?;
            self.code(text, code, place, &paint);
        }
        Ok(())
    }

    fn code(&mut self, text: &Text, code: &Code, place: &Place, paint: &ink::Paint) {
        for (character, x, y, advance) in code.positions(text) {
            self.character(character, (x, y, advance), text, place, paint);
        }
    }

    fn character(
        &mut self,
        character: char,
        (x, y, advance): (f32, f32, f32),
        text: &Text,
        place: &Place,
        paint: &ink::Paint,
    ) {
        // Letters are on the base line, with an eighth of their height below it.
        let (left, top) = (f64::from(x), f64::from(y - text.size * 0.88));
        let own = Rect::new(left, top, left + f64::from(advance), f64::from(y + text.size * 0.12));
        let area = place.transform.transform_rect_bbox(own);
        let [a, b, c, d, ..] = place.transform.as_coeffs();
        let is_mirrored = (place.transform.determinant() < 0.0) != (text.stretch < 0.0);
        let quarters = (text.turned.rem_euclid(360) / 90) as usize;
        let turns = match () {
            () if b.abs() <= a.abs() * 0.1 => Some(if a >= 0.0 || is_mirrored { 0 } else { 2 }),
            () if a.abs() <= b.abs() * 0.1 => Some(if b >= 0.0 { 1 } else { 3 }),
            () => None,
        };
        let turns = turns.map(|turns| (turns + quarters) % 4);
        let stretch = f64::from(text.stretch.abs());
        let size = f64::from(text.size) * (a.hypot(b) * stretch).min(c.hypot(d));
        if !area.is_finite() || passes_over(size, turns.is_none(), place, paint) {
            return;
        }
        let is_turned = turns != Some(0) && is_of_figure(character);
        if turns.is_none() && !is_turned {
            return;
        }
        let glyph = Glyph {
            character,
            left: area.x0 as f32,
            top: area.y0 as f32,
            right: area.x1 as f32,
            bottom: area.y1 as f32,
            doubt: is_turned.then_some(Doubt::Reordered),
        };
        let (turns, paint) = (turns.unwrap_or(0), paint.clone());
        self.canvas.letter(Letter { glyph, size, turns, is_mirrored, outline: None, paint }, &place.clip);
    }

    /// Draws the lines of a path and fills it.
    fn path(&mut self, path: &Path, place: &Place, budget: &mut Budget) -> Result<(), ReadError> {
        let outline = place.transform * outline(&path.data);
        let pieces = parts(&outline);
        let curves = curved_parts(&outline);
        budget.spend(pieces.iter().map(Vec::len).sum::<usize>())?;
        self.has_drawings |= curves.contains(&true);
        if place.opacity <= 0.0 {
            return Ok(());
        }
        let Colors { fill, stroke } = path.colors.over(place.style.colors);
        let stroked = paint(stroke.unwrap_or(PRINT), place);
        let filled = fill.map(|fill| paint(fill, place));
        let width = f64::from(path.width.or(place.style.width).unwrap_or(LINE)) * POINTS;
        // Lines come first: they must stand out from what is below them.
        let inside = filled.clone().unwrap_or_else(|| stroked.clone());
        for (points, is_curved) in pieces.iter().zip(&curves) {
            self.lines(points, *is_curved, path, (&inside, &stroked));
        }
        if path.fills
            && let Some(paint) = &filled
        {
            let region = match bounds(&pieces) {
                Some(area) if pieces.len() == 1 && curves[..] == [false] && is_box(&pieces) => {
                    Some(Region::of_box(area))
                }
                _ => Region::filled(&outline, path.is_even_odd),
            };
            if let Some(region) = region {
                self.canvas.fill(region, paint.clone(), &place.clip);
            }
        }
        if path.strokes
            && let Some(region) = Region::stroked(&outline, width.max(0.2))
        {
            self.canvas.fill(region, stroked.clone(), &place.clip);
        }
        Ok(())
    }

    /// Adds the lines of a part of a path.
    fn lines(&mut self, points: &[Point], is_curved: bool, path: &Path, paints: (&ink::Paint, &ink::Paint)) {
        let Some(area) = bounds(&[points.to_vec()]).filter(|area| area.is_finite()) else { return };
        let [left, top, right, bottom] = [area.x0, area.y0, area.x1, area.y1].map(|value| value as f32);
        let (x, y) = ((left + right) / 2.0, (top + bottom) / 2.0);
        let (is_thin, is_level) = (right - left < THIN || bottom - top < THIN, right - left > bottom - top);
        let middle = match is_level {
            true => Segment { x0: left, y0: y, x1: right, y1: y },
            false => Segment { x0: x, y0: top, x1: x, y1: bottom },
        };
        if is_curved {
            // A wave through a figure strikes it out.
            if is_thin && is_level {
                self.canvas.line(middle, if path.fills { paints.0 } else { paints.1 }, false);
            }
        } else if path.fills && is_thin {
            self.canvas.line(middle, paints.0, true);
        } else if path.strokes {
            for (from, to) in points.iter().zip(points.iter().skip(1)) {
                let [x0, y0, x1, y1] = [from.x, from.y, to.x, to.y].map(|value| value as f32);
                self.canvas.line(Segment { x0, y0, x1, y1 }, paints.1, true);
            }
        }
    }

    /// Lays a picture over what is there.
    fn picture(&mut self, id: Option<&str>, object: &Object, outer: &Place, own: &Place) {
        self.has_drawings = true;
        let Some([left, top, width, height]) = object.boundary.map(|boundary| boundary.map(f64::from)) else {
            return;
        };
        let mut resources = self.resources.iter();
        let known = id.and_then(|id| resources.find_map(|resources| resources.picture(id)));
        // A picture fills a square of one millimetre before its matrix.
        let unit = object.matrix != [1.0, 0.0, 0.0, 1.0, 0.0, 0.0];
        let path = match unit {
            true => own.transform * Rect::new(0.0, 0.0, 1.0, 1.0).to_path(0.1),
            false => outer.transform * Rect::new(left, top, left + width, top + height).to_path(0.1),
        };
        let paint = match known {
            Some(true) => {
                ink::Paint::Flat(ink::Layer { color: None, opacity: own.opacity, blend: Blend::Normal })
            }
            _ => ink::Paint::Unknown,
        };
        let region = match is_box(&parts(&path)) {
            true => path.bounding_box().is_finite().then(|| Region::of_box(path.bounding_box())),
            false => Region::filled(&path, false),
        };
        if let Some(region) = region.filter(|_| own.opacity > 0.0) {
            self.canvas.fill(region, paint, &own.clip);
        }
    }
}

/// The colour of what does not say its own.
pub(super) const PRINT: Color = Color { value: Some(BLACK), opacity: 1.0 };

fn paint(color: Color, place: &Place) -> ink::Paint {
    match color.value {
        Some(_) => ink::Paint::Flat(ink::Layer {
            color: color.value,
            opacity: color.opacity * place.opacity,
            blend: Blend::Normal,
        }),
        None => ink::Paint::Unknown,
    }
}

/// Whether characters are a watermark: slanting, or marked as one, and light or large.
fn passes_over(size: f64, is_slanting: bool, place: &Place, paint: &ink::Paint) -> bool {
    let is_light = match paint {
        ink::Paint::Flat(layer) => {
            layer.color.map_or(0.0, |color| contrast(color, WHITE)) * layer.opacity < STRONG
        }
        _ => true,
    };
    (is_slanting || place.is_watermark) && (is_light || size > WATERMARK)
}

/// What an area of a clip shows: the paths in it.
fn region(area: &Object, transform: Affine) -> Option<Region> {
    let [left, top, ..] = area.boundary.unwrap_or([0.0; 4]).map(f64::from);
    let transform = transform * Affine::translate((left, top)) * Affine::new(area.matrix.map(f64::from));
    match &area.shape {
        Shape::Path(path) => {
            let path = transform * outline(&path.data);
            let margin = |area: Rect| area.inflate(ROUNDED, ROUNDED);
            match parts(&path) {
                pieces if pieces.len() == 1 && is_box(&pieces) => {
                    bounds(&pieces).map(|area| Region::of_box(margin(area)))
                }
                _ => Region::filled(&path, false),
            }
        }
        Shape::Block(inner) => inner.iter().find_map(|inner| region(inner, transform)),
        _ => None,
    }
}

/// The smallest box round points.
fn bounds(pieces: &[Vec<Point>]) -> Option<Rect> {
    let points = pieces.iter().flatten().map(|point| Rect::from_points(*point, *point));
    points.reduce(|one, other| one.union(other))
}

/// Whether all sides are level or upright, and no more than those of a box.
fn is_box(pieces: &[Vec<Point>]) -> bool {
    let level = |(from, to): (&Point, &Point)| (to.x - from.x).abs() < 0.5 || (to.y - from.y).abs() < 0.5;
    pieces.iter().all(|points| points.len() <= 5 && points.iter().zip(points.iter().skip(1)).all(level))
}

/// Which parts of a path have curves.
fn curved_parts(path: &BezPath) -> Vec<bool> {
    let mut parts: Vec<bool> = Vec::new();
    for element in path.elements() {
        match element {
            PathEl::MoveTo(_) => parts.push(false),
            element => {
                if let Some(part) = parts.last_mut() {
                    *part |= matches!(element, PathEl::QuadTo(..) | PathEl::CurveTo(..));
                }
            }
        }
    }
    parts
}

/// The path that abbreviated data describe.
pub(super) fn outline(data: &str) -> BezPath {
    let mut path = BezPath::new();
    let mut words = data.split_whitespace().peekable();
    let mut last: Option<Point> = None;
    while let Some(word) = words.next() {
        let count = match word {
            "M" | "S" | "L" => 2,
            "Q" => 4,
            "B" => 6,
            "A" => 7,
            "C" => 0,
            _ => continue,
        };
        let mut values = [0.0; 7];
        for value in values.iter_mut().take(count) {
            *value = words.next_if(|word| number(word).is_some()).and_then(number).map_or(0.0, f64::from);
        }
        let [a, b, c, d, e, f, g] = values;
        let (first, second, third) = (Point::new(a, b), Point::new(c, d), Point::new(e, f));
        let (Some(from), "L" | "Q" | "B" | "A" | "C") = (last, word) else {
            // A path may begin with a line.
            if word != "C" {
                let at =
                    [first, second, third, Point::new(f, g)].get(count / 2 - 1).copied().unwrap_or(first);
                path.move_to(at);
                last = Some(at);
            }
            continue;
        };
        match word {
            "L" => path.line_to(first),
            "Q" => path.quad_to(first, second),
            "B" => path.curve_to(first, second, third),
            "A" => {
                let to = Point::new(f, g);
                let arc = SvgArc {
                    from,
                    to,
                    radii: Vec2::new(a, b),
                    x_rotation: c.to_radians(),
                    large_arc: d != 0.0,
                    sweep: e != 0.0,
                };
                match Arc::from_svg_arc(&arc) {
                    Some(arc) => arc.append_iter(0.1).for_each(|element| path.push(element)),
                    None => path.curve_to(from, to, to),
                }
            }
            _ => path.close_path(),
        }
        last = match word {
            "L" => Some(first),
            "Q" => Some(second),
            "B" => Some(third),
            "A" => Some(Point::new(f, g)),
            _ => Some(from),
        };
    }
    path
}
