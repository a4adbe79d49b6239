//! A page of an OFD: its characters and ruled lines in points.

use quick_xml::events::BytesStart;

use crate::error::ReadError;
use crate::kind::Kind;
use crate::lattice::{Glyph, Page, Segment};
use crate::limits::Limits;
use crate::package::Part;
use crate::xml::{Event, Xml, attribute, name};

/// Points of a millimetre.
const POINTS: f32 = 72.0 / 25.4;
/// Filled boxes thinner than this, in points, are rules; others are shading.
const THIN: f32 = 3.0;

/// What a page holds.
#[derive(Default)]
pub(super) struct Content {
    pub(super) page: Page,
    /// The templates that it is printed on.
    pub(super) templates: Vec<String>,
    /// Whether there are pictures or curves, which may be drawn text.
    pub(super) has_drawings: bool,
}

/// How many characters and lines may still come.
pub(super) struct Budget {
    pub(super) left: usize,
    pub(super) limit: usize,
}

impl Budget {
    pub(super) fn spend(&mut self, count: usize) -> Result<(), ReadError> {
        self.left = match self.left.checked_sub(count) {
            Some(left) => left,
            None => return Err(ReadError::TooManyNodes { found: self.limit + count, limit: self.limit }),
        };
        Ok(())
    }
}

/// The position of an object on the page.
#[derive(Clone, Copy)]
struct Frame {
    x: f32,
    y: f32,
    /// `CTM`: a b c d e f.
    matrix: [f32; 6],
}

impl Frame {
    fn of(tag: &BytesStart) -> Frame {
        let boundary = numbers(attribute(tag, "Boundary").as_deref().unwrap_or(""));
        let matrix = numbers(attribute(tag, "CTM").as_deref().unwrap_or(""));
        let matrix = <[f32; 6]>::try_from(matrix).unwrap_or([1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);
        let at = |index: usize| boundary.get(index).copied().unwrap_or(0.0);
        Frame { x: at(0), y: at(1), matrix }
    }

    /// A point of the object on the page, in points.
    fn place(&self, x: f32, y: f32) -> (f32, f32) {
        let [a, b, c, d, e, f] = self.matrix;
        ((a * x + c * y + e + self.x) * POINTS, (b * x + d * y + f + self.y) * POINTS)
    }
}

/// How a text object sets its characters.
struct Type {
    frame: Frame,
    size: f32,
    stretch: f32,
    /// Degrees: the direction in which lines run.
    direction: i32,
}

/// The characters of a `TextCode` that is being read.
struct Code {
    x: f32,
    y: f32,
    across: Deltas,
    down: Deltas,
}

/// Reads a page; `height` in millimetres holds where it does not say its own.
pub(super) fn read(
    part: &Part,
    height: f32,
    budget: &mut Budget,
    limits: &Limits,
) -> Result<Content, ReadError> {
    let mut content =
        Content { page: Page { height: height * POINTS, ..Page::default() }, ..Content::default() };
    let mut xml = Xml::new(part, Kind::Ofd, limits);
    let (mut setting, mut code, mut path): (Option<Type>, Option<Code>, Option<Path>) = (None, None, None);
    let (mut in_box, mut in_data) = (false, false);
    while let Some(event) = xml.next()? {
        match event {
            Event::Open(tag) => {
                (in_box, in_data) = (false, false);
                match name(&tag) {
                    // What a path is clipped by or filled with is not on the page.
                    "Clips" | "Pattern" => xml.skip()?,
                    "TextObject" | "PathObject" | "ImageObject" | "PageBlock" if !is_shown(&tag) => {
                        xml.skip()?
                    }
                    "Template" => {
                        content.templates.extend(attribute(&tag, "TemplateID").map(|id| id.into_owned()));
                    }
                    "PhysicalBox" => in_box = true,
                    "TextObject" => setting = Some(Type::of(&tag)),
                    "TextCode" => code = setting.as_ref().map(|_| Code::of(&tag, code.as_ref())),
                    "PathObject" => path = Some(Path::of(&tag)),
                    "AbbreviatedData" => in_data = true,
                    "ImageObject" => content.has_drawings = true,
                    _ => {}
                }
            }
            Event::Close => (in_box, in_data) = (false, false),
            Event::Text(text) if in_box => {
                content.page.height = self::height(&text).map_or(content.page.height, |found| found * POINTS);
            }
            Event::Text(text) if in_data => {
                if let Some(path) = &path {
                    let before = content.page.segments.len();
                    content.has_drawings |= path.draw(&text, &mut content.page.segments);
                    budget.spend(content.page.segments.len() - before + text.len() / 64)?;
                }
            }
            Event::Text(text) => {
                if let (Some(setting), Some(code)) = (&setting, &mut code) {
                    let before = content.page.glyphs.len();
                    setting.set(&text, code, &mut content.page.glyphs);
                    budget.spend(content.page.glyphs.len() - before)?;
                }
            }
        }
    }
    Ok(content)
}

/// The height in a box, in millimetres.
pub(super) fn height(text: &str) -> Option<f32> {
    numbers(text).get(3).copied().filter(|height| (1.0..100_000.0).contains(height))
}

fn is_shown(tag: &BytesStart) -> bool {
    attribute(tag, "Visible").is_none_or(|visible| visible.trim() != "false")
}

impl Type {
    fn of(tag: &BytesStart) -> Type {
        let number = |name: &str| attribute(tag, name).and_then(|value| numbers(&value).first().copied());
        Type {
            frame: Frame::of(tag),
            size: number("Size").unwrap_or(4.0).clamp(0.0, 1_000.0),
            stretch: number("HScale").unwrap_or(1.0).clamp(0.01, 100.0),
            direction: number("ReadDirection").unwrap_or(0.0) as i32,
        }
    }

    /// Sets characters one after another.
    fn set(&self, text: &str, code: &mut Code, glyphs: &mut Vec<Glyph>) {
        for character in text.chars().filter(|character| !matches!(character, '\r' | '\n')) {
            let share = if character.is_ascii() { 0.5 } else { 1.0 };
            let advance = self.size * self.stretch * share;
            // Letters are on the base line, with an eighth of their height below it.
            let upper = self.frame.place(code.x, code.y - self.size * 0.88);
            let lower = self.frame.place(code.x + advance, code.y + self.size * 0.12);
            glyphs.push(Glyph {
                character,
                left: upper.0.min(lower.0),
                top: upper.1.min(lower.1),
                right: upper.0.max(lower.0),
                bottom: upper.1.max(lower.1),
            });
            let (right, down) = match self.direction {
                90 => (0.0, self.size),
                180 => (-advance, 0.0),
                270 => (0.0, -self.size),
                _ => (advance, 0.0),
            };
            match (code.across.next(), code.down.next()) {
                (None, None) => (code.x, code.y) = (code.x + right, code.y + down),
                (across, drop) => {
                    code.x += across.unwrap_or(0.0);
                    code.y += drop.unwrap_or(0.0);
                }
            }
        }
    }
}

impl Code {
    /// Where a code does not say where it begins, it begins where the one before does.
    fn of(tag: &BytesStart, before: Option<&Code>) -> Code {
        let number = |name: &str| attribute(tag, name).and_then(|value| numbers(&value).first().copied());
        let deltas = |name: &str| Deltas::of(attribute(tag, name).as_deref().unwrap_or(""));
        Code {
            x: number("X").or(before.map(|code| code.x)).unwrap_or(0.0),
            y: number("Y").or(before.map(|code| code.y)).unwrap_or(0.0),
            across: deltas("DeltaX"),
            down: deltas("DeltaY"),
        }
    }
}

/// Distances between characters: `3.2 3.2 g 5 3.2`, where `g` repeats.
struct Deltas {
    /// Counts and distances, the last first.
    runs: Vec<(u32, f32)>,
}

impl Deltas {
    fn of(text: &str) -> Deltas {
        let mut runs = Vec::new();
        let mut words = text.split_whitespace();
        while let Some(word) = words.next() {
            let run = if word == "g" {
                let count = words.next().and_then(|count| count.parse().ok());
                count.zip(words.next().and_then(number))
            } else {
                number(word).map(|distance| (1, distance))
            };
            runs.extend(run.filter(|(count, _)| *count > 0));
        }
        runs.reverse();
        Deltas { runs }
    }

    fn next(&mut self) -> Option<f32> {
        let (count, distance) = self.runs.last_mut()?;
        let distance = *distance;
        *count -= 1;
        if *count == 0 {
            self.runs.pop();
        }
        Some(distance)
    }
}

/// How a path object draws its lines.
struct Path {
    frame: Frame,
    strokes: bool,
    fills: bool,
}

impl Path {
    fn of(tag: &BytesStart) -> Path {
        let says =
            |name: &str, wanted: &str| attribute(tag, name).is_some_and(|value| value.trim() == wanted);
        Path { frame: Frame::of(tag), strokes: !says("Stroke", "false"), fills: says("Fill", "true") }
    }

    /// Adds the straight lines of a path; whether there are curves.
    fn draw(&self, data: &str, segments: &mut Vec<Segment>) -> bool {
        let mut words = data.split_whitespace().peekable();
        let mut part: Vec<(f32, f32)> = Vec::new();
        let mut curves = false;
        let mut curved = false;
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
                *value = words.next_if(|word| number(word).is_some()).and_then(number).unwrap_or(0.0);
            }
            match word {
                "M" | "S" => {
                    self.end(&mut part, curved, segments);
                    curved = false;
                    part.push(self.frame.place(values[0], values[1]));
                }
                "L" => part.push(self.frame.place(values[0], values[1])),
                "C" => part.extend(part.first().copied()),
                _ => {
                    (curves, curved) = (true, true);
                    if let Some(&[.., x, y]) = values.get(..count) {
                        part.push(self.frame.place(x, y));
                    }
                }
            }
        }
        self.end(&mut part, curved, segments);
        curves
    }

    fn end(&self, part: &mut Vec<(f32, f32)>, curved: bool, segments: &mut Vec<Segment>) {
        let points = std::mem::take(part);
        let edge =
            |value: fn(&(f32, f32)) -> f32, pick: fn(f32, f32) -> f32| points.iter().map(value).reduce(pick);
        let (Some(left), Some(right), Some(top), Some(bottom)) = (
            edge(|point| point.0, f32::min),
            edge(|point| point.0, f32::max),
            edge(|point| point.1, f32::min),
            edge(|point| point.1, f32::max),
        ) else {
            return;
        };
        if curved || ![left, right, top, bottom].iter().all(|value| value.is_finite()) {
            return;
        }
        let is_thin = right - left < THIN || bottom - top < THIN;
        if self.fills && is_thin {
            let (x, y) = ((left + right) / 2.0, (top + bottom) / 2.0);
            segments.push(if right - left > bottom - top {
                Segment { x0: left, y0: y, x1: right, y1: y }
            } else {
                Segment { x0: x, y0: top, x1: x, y1: bottom }
            });
        } else if self.strokes {
            let pairs = points.iter().zip(points.iter().skip(1));
            segments.extend(pairs.map(|(&(x0, y0), &(x1, y1))| Segment { x0, y0, x1, y1 }));
        }
    }
}

fn numbers(text: &str) -> Vec<f32> {
    text.split_whitespace().filter_map(number).collect()
}

fn number(word: &str) -> Option<f32> {
    word.parse::<f32>().ok().filter(|value| value.is_finite() && value.abs() < 1e6)
}
