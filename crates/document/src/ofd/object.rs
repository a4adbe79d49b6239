//! The objects of a page, read from its XML.

use quick_xml::events::BytesStart;

use super::Budget;
use crate::error::ReadError;
use crate::ink::{BLACK, Rgb};
use crate::kind::Kind as Format;
use crate::limits::Limits;
use crate::package::Part;
use crate::xml::{Event, Xml, attribute, name};

/// A page, a template, or what a resource holds.
#[derive(Default)]
pub(super) struct Content {
    /// Width and height in millimetres, where the page says its own.
    pub(super) size: Option<(f32, f32)>,
    /// The templates that it is printed on, and whether they lie over it.
    pub(super) templates: Vec<(String, bool)>,
    /// Resources of this page alone.
    pub(super) resources: Vec<String>,
    /// In the order in which they are painted.
    pub(super) layers: Vec<Layer>,
}

/// Objects that are painted together.
pub(super) struct Layer {
    /// The paints and lines that hold where an object has none.
    pub(super) style: Option<String>,
    pub(super) objects: Vec<Object>,
    depth: Depth,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Depth {
    Background,
    Body,
    Foreground,
}

/// A thing on a page.
pub(super) struct Object {
    /// Left, top, width and height: where it is, and what is shown of it.
    pub(super) boundary: Option<[f32; 4]>,
    /// a b c d e f.
    pub(super) matrix: [f32; 6],
    /// From 0 to 1.
    pub(super) opacity: f32,
    pub(super) style: Option<String>,
    pub(super) shape: Shape,
    /// Any of the areas of each.
    pub(super) clips: Vec<Vec<Object>>,
}

pub(super) enum Shape {
    Text(Text),
    Path(Path),
    /// The number of a picture.
    Picture(Option<String>),
    /// The number of a composite.
    Composite(Option<String>),
    Block(Vec<Object>),
}

/// How a text object sets its characters.
pub(super) struct Text {
    pub(super) size: f32,
    pub(super) stretch: f32,
    /// Degrees: the direction in which lines run.
    pub(super) direction: i32,
    /// Degrees by which each character is turned clockwise.
    pub(super) turned: i32,
    pub(super) fills: bool,
    pub(super) strokes: bool,
    pub(super) colors: Colors,
    pub(super) codes: Vec<Code>,
    /// The number of its font.
    pub(super) font: Option<String>,
    /// The glyphs of some characters, by the index of their character in all codes.
    pub(super) glyphs: Vec<Glyphs>,
}

/// Glyphs that stand for some characters, whatever the font says.
pub(super) struct Glyphs {
    pub(super) first: usize,
    /// Characters that they stand for.
    pub(super) characters: usize,
    pub(super) ids: Vec<u16>,
}

/// Characters and where they stand.
pub(super) struct Code {
    pub(super) text: String,
    pub(super) x: f32,
    pub(super) y: f32,
    pub(super) across: Deltas,
    pub(super) down: Deltas,
}

/// How a path object draws its lines.
pub(super) struct Path {
    pub(super) strokes: bool,
    pub(super) fills: bool,
    pub(super) is_even_odd: bool,
    /// In millimetres.
    pub(super) width: Option<f32>,
    pub(super) colors: Colors,
    pub(super) data: String,
}

/// What is painted inside, and along the outline.
#[derive(Clone, Copy, Default)]
pub(super) struct Colors {
    pub(super) fill: Option<Color>,
    pub(super) stroke: Option<Color>,
}

/// A colour.
#[derive(Clone, Copy)]
pub(super) struct Color {
    /// None for patterns and gradients.
    pub(super) value: Option<Rgb>,
    /// From 0 to 1.
    pub(super) opacity: f32,
}

/// Reads a part with objects.
pub(super) fn read(part: &Part, budget: &mut Budget, limits: &Limits) -> Result<Content, ReadError> {
    let mut content = head(part, limits)?;
    let mut xml = Xml::new(part, Format::Ofd, limits);
    let mut loose = Vec::new();
    while let Some(event) = xml.next()? {
        let Event::Open(tag) = event else { continue };
        match name(&tag) {
            "Layer" => {
                let depth = match attribute(&tag, "Type").as_deref() {
                    Some("Background") => Depth::Background,
                    Some("Foreground") => Depth::Foreground,
                    _ => Depth::Body,
                };
                let style = style(&tag);
                let objects = children(&mut xml, budget)?;
                content.layers.push(Layer { style, objects, depth });
            }
            _ => loose.extend(object(&tag, &mut xml, budget)?),
        }
    }
    content.layers.push(Layer { style: None, objects: loose, depth: Depth::Body });
    content.layers.sort_by_key(|layer| layer.depth);
    Ok(content)
}

/// What a page says of itself, wherever it does.
fn head(part: &Part, limits: &Limits) -> Result<Content, ReadError> {
    let mut xml = Xml::new(part, Format::Ofd, limits);
    let mut content = Content::default();
    while let Some(event) = xml.next()? {
        let Event::Open(tag) = event else { continue };
        match name(&tag) {
            "Template" => {
                let is_over = attribute(&tag, "ZOrder").is_some_and(|order| order.trim() == "Foreground");
                let id = attribute(&tag, "TemplateID").map(|id| (id.into_owned(), is_over));
                content.templates.extend(id);
            }
            "PhysicalBox" => content.size = size(&text(&mut xml)?).or(content.size),
            "PageRes" => content.resources.push(text(&mut xml)?.trim().to_owned()),
            _ => {}
        }
    }
    Ok(content)
}

/// The objects inside the element that has just been opened.
pub(super) fn children(xml: &mut Xml<'_>, budget: &mut Budget) -> Result<Vec<Object>, ReadError> {
    let mut objects = Vec::new();
    while let Some(event) = xml.next()? {
        match event {
            Event::Close => break,
            Event::Text(_) => {}
            Event::Open(tag) => match object(&tag, xml, budget)? {
                Some(object) => objects.push(object),
                // Elements that are no objects may hold some.
                None if is_object(&tag) => {}
                None => objects.extend(children(xml, budget)?),
            },
        }
    }
    Ok(objects)
}

fn is_object(tag: &BytesStart<'_>) -> bool {
    matches!(
        name(tag),
        "TextObject" | "PathObject" | "ImageObject" | "CompositeObject" | "PageBlock" | "Clips" | "Pattern"
    )
}

/// Whether an object, or a note, is shown.
pub(super) fn is_shown(tag: &BytesStart<'_>) -> bool {
    attribute(tag, "Visible").is_none_or(|visible| visible.trim() != "false")
}

/// The object that has just been opened, up to its end; none if it is none or is not shown.
fn object(tag: &BytesStart<'_>, xml: &mut Xml<'_>, budget: &mut Budget) -> Result<Option<Object>, ReadError> {
    if !is_object(tag) {
        return Ok(None);
    }
    budget.spend(1)?;
    if !is_shown(tag) || matches!(name(tag), "Clips" | "Pattern") {
        xml.skip()?;
        return Ok(None);
    }
    let id = attribute(tag, "ResourceID").map(|id| id.into_owned());
    let (shape, clips) = match name(tag) {
        "TextObject" => text_object(tag, xml, budget)?,
        "PathObject" => path_object(tag, xml, budget)?,
        "PageBlock" => (Shape::Block(children(xml, budget)?), Vec::new()),
        "ImageObject" => (Shape::Picture(id), inner_clips(xml, budget)?),
        _ => (Shape::Composite(id), inner_clips(xml, budget)?),
    };
    Ok(Some(Object { clips, ..placed(tag, shape) }))
}

/// An object with the place that its element gives it.
fn placed(tag: &BytesStart<'_>, shape: Shape) -> Object {
    let list = |name: &str| numbers(attribute(tag, name).as_deref().unwrap_or(""));
    let alpha = attribute(tag, "Alpha").and_then(|alpha| number(alpha.trim()));
    Object {
        boundary: <[f32; 4]>::try_from(list("Boundary")).ok(),
        matrix: <[f32; 6]>::try_from(list("CTM")).unwrap_or([1.0, 0.0, 0.0, 1.0, 0.0, 0.0]),
        opacity: alpha.map_or(1.0, |alpha| (alpha / 255.0).clamp(0.0, 1.0)),
        style: style(tag),
        shape,
        clips: Vec::new(),
    }
}

fn style(tag: &BytesStart<'_>) -> Option<String> {
    attribute(tag, "DrawParam").map(|id| id.into_owned())
}

type Shaped = (Shape, Vec<Vec<Object>>);

fn text_object(tag: &BytesStart<'_>, xml: &mut Xml<'_>, budget: &mut Budget) -> Result<Shaped, ReadError> {
    let number = |name: &str| attribute(tag, name).and_then(|value| numbers(&value).first().copied());
    let is = |name: &str, wanted: &str| attribute(tag, name).is_some_and(|value| value.trim() == wanted);
    let mut object = Text {
        size: number("Size").unwrap_or(4.0).clamp(0.0, 1_000.0),
        stretch: number("HScale").unwrap_or(1.0).clamp(-100.0, 100.0),
        direction: number("ReadDirection").unwrap_or(0.0) as i32,
        turned: number("CharDirection").unwrap_or(0.0) as i32,
        fills: !is("Fill", "false"),
        strokes: is("Stroke", "true"),
        colors: Colors::default(),
        codes: Vec::new(),
        font: attribute(tag, "Font").map(|id| id.into_owned()),
        glyphs: Vec::new(),
    };
    let mut colors = Colors::default();
    let clips = read_painted(xml, budget, &mut colors, |tag, xml| {
        if name(tag) == "CGTransform" {
            object.glyphs.push(glyphs(tag, xml)?);
            return Ok(());
        }
        if name(tag) != "TextCode" {
            return xml.skip();
        }
        let mut code = Code::of(tag, object.codes.last());
        code.text = text(xml)?;
        object.codes.push(code);
        Ok(())
    })?;
    object.colors = colors;
    Ok((Shape::Text(object), clips))
}

/// The glyphs of the element that has just been opened.
fn glyphs(tag: &BytesStart<'_>, xml: &mut Xml<'_>) -> Result<Glyphs, ReadError> {
    let count = |name: &str| attribute(tag, name).and_then(|value| value.trim().parse().ok());
    let (first, characters) = (count("CodePosition").unwrap_or(0), count("CodeCount").unwrap_or(1));
    let mut ids = Vec::new();
    while let Some(event) = xml.next()? {
        match event {
            Event::Close => break,
            Event::Text(_) => {}
            Event::Open(tag) if name(&tag) == "Glyphs" => {
                let text = text(xml)?;
                ids = text.split_whitespace().filter_map(|id| id.parse().ok()).collect();
            }
            Event::Open(_) => xml.skip()?,
        }
    }
    Ok(Glyphs { first, characters, ids })
}

fn path_object(tag: &BytesStart<'_>, xml: &mut Xml<'_>, budget: &mut Budget) -> Result<Shaped, ReadError> {
    let is = |name: &str, wanted: &str| attribute(tag, name).is_some_and(|value| value.trim() == wanted);
    let mut object = Path {
        strokes: !is("Stroke", "false"),
        fills: is("Fill", "true"),
        is_even_odd: is("Rule", "Even-Odd"),
        width: attribute(tag, "LineWidth").and_then(|width| number(width.trim())),
        colors: Colors::default(),
        data: String::new(),
    };
    let mut colors = Colors::default();
    let clips = read_painted(xml, budget, &mut colors, |tag, xml| {
        if name(tag) != "AbbreviatedData" {
            return xml.skip();
        }
        object.data = text(xml)?;
        Ok(())
    })?;
    object.colors = colors;
    budget.spend(object.data.len() / 64)?;
    Ok((Shape::Path(object), clips))
}

/// The colours and clips of a text or a path; `other` reads or skips every other element inside it.
fn read_painted(
    xml: &mut Xml<'_>,
    budget: &mut Budget,
    colors: &mut Colors,
    mut other: impl FnMut(&BytesStart<'_>, &mut Xml<'_>) -> Result<(), ReadError>,
) -> Result<Vec<Vec<Object>>, ReadError> {
    let mut clips = Vec::new();
    while let Some(event) = xml.next()? {
        match event {
            Event::Close => break,
            Event::Text(_) => {}
            Event::Open(tag) => match name(&tag) {
                "FillColor" => colors.fill = Some(color(&tag, xml)?),
                "StrokeColor" => colors.stroke = Some(color(&tag, xml)?),
                "Clips" => clips = read_clips(xml, budget)?,
                _ => other(&tag, xml)?,
            },
        }
    }
    Ok(clips)
}

/// The clips of an object that holds nothing else to read.
fn inner_clips(xml: &mut Xml<'_>, budget: &mut Budget) -> Result<Vec<Vec<Object>>, ReadError> {
    let mut clips = Vec::new();
    while let Some(event) = xml.next()? {
        match event {
            Event::Close => break,
            Event::Open(tag) if name(&tag) == "Clips" => clips = read_clips(xml, budget)?,
            Event::Open(_) => xml.skip()?,
            Event::Text(_) => {}
        }
    }
    Ok(clips)
}

/// The clips inside the element that has just been opened: the areas of each.
fn read_clips(xml: &mut Xml<'_>, budget: &mut Budget) -> Result<Vec<Vec<Object>>, ReadError> {
    let (mut clips, mut open): (Vec<Vec<Object>>, usize) = (Vec::new(), 1);
    let mut area = None;
    while let Some(event) = xml.next()? {
        match event {
            Event::Close => {
                open -= 1;
                if open == 0 {
                    break;
                }
            }
            Event::Text(_) => {}
            Event::Open(tag) => match name(&tag) {
                "Path" => {
                    budget.spend(1)?;
                    let (shape, _) = path_object(&tag, xml, budget)?;
                    let path = placed(&tag, shape);
                    // The area has a matrix of its own round that of its path.
                    let outer = area.take().unwrap_or(placed(&tag, Shape::Block(Vec::new())));
                    let area = Object { boundary: None, shape: Shape::Block(vec![path]), ..outer };
                    match clips.last_mut() {
                        Some(clip) => clip.push(area),
                        None => clips.push(vec![area]),
                    }
                }
                kind => {
                    match kind {
                        "Clip" => clips.push(Vec::new()),
                        "Area" => area = Some(placed(&tag, Shape::Block(Vec::new()))),
                        _ => {}
                    }
                    open += 1;
                }
            },
        }
    }
    Ok(clips)
}

/// The colour that has just been opened.
pub(super) fn color(tag: &BytesStart<'_>, xml: &mut Xml<'_>) -> Result<Color, ReadError> {
    let alpha = attribute(tag, "Alpha").and_then(|alpha| number(alpha.trim()));
    let opacity = alpha.map_or(1.0, |alpha| (alpha / 255.0).clamp(0.0, 1.0));
    let value = attribute(tag, "Value").map_or(Some(BLACK), |value| rgb(&value));
    // The number of a colour in a palette says nothing by itself.
    let mut is_plain = attribute(tag, "Index").is_none() || attribute(tag, "Value").is_some();
    while let Some(event) = xml.next()? {
        match event {
            Event::Close => break,
            Event::Open(_) => {
                is_plain = false;
                xml.skip()?;
            }
            Event::Text(_) => {}
        }
    }
    Ok(Color { value: value.filter(|_| is_plain), opacity })
}

/// Grey, red, green and blue, or four inks, each up to 255; `#` marks hexadecimal ones.
fn rgb(value: &str) -> Option<Rgb> {
    let part = |word: &str| match word.strip_prefix('#') {
        Some(word) => u16::from_str_radix(word, 16).ok().map(f32::from),
        None => number(word),
    };
    let parts: Vec<f32> = value
        .split_whitespace()
        .map(|word| part(word).map(|part| (part / 255.0).clamp(0.0, 1.0)))
        .collect::<Option<_>>()?;
    match parts[..] {
        [grey] => Some([grey; 3]),
        [red, green, blue] => Some([red, green, blue]),
        [cyan, magenta, yellow, black] => {
            Some([cyan, magenta, yellow].map(|ink| (1.0 - ink) * (1.0 - black)))
        }
        _ => None,
    }
}

impl Code {
    /// The characters, each with where its base line begins and how wide it is about.
    pub(super) fn positions<'t>(
        &'t self,
        text: &'t Text,
    ) -> impl Iterator<Item = (char, f32, f32, f32)> + 't {
        let (mut x, mut y) = (self.x, self.y);
        let (mut across, mut down) = (self.across.clone(), self.down.clone());
        let characters = self.text.chars().filter(|character| !matches!(character, '\r' | '\n'));
        characters.map(move |character| {
            let share = if character.is_ascii() { 0.5 } else { 1.0 };
            let advance = text.size * text.stretch.abs().max(0.01) * share;
            let here = (character, x, y, advance);
            let (right, drop) = match text.direction {
                90 => (0.0, text.size),
                180 => (-advance, 0.0),
                270 => (0.0, -text.size),
                _ => (advance, 0.0),
            };
            match (across.next(), down.next()) {
                (None, None) => (x, y) = (x + right, y + drop),
                (across, drop) => {
                    x += across.unwrap_or(0.0);
                    y += drop.unwrap_or(0.0);
                }
            }
            here
        })
    }

    /// Where a code does not say where it begins, it begins where the one before does.
    fn of(tag: &BytesStart<'_>, before: Option<&Code>) -> Code {
        let number = |name: &str| attribute(tag, name).and_then(|value| numbers(&value).first().copied());
        let deltas = |name: &str| Deltas::of(attribute(tag, name).as_deref().unwrap_or(""));
        Code {
            text: String::new(),
            x: number("X").or(before.map(|code| code.x)).unwrap_or(0.0),
            y: number("Y").or(before.map(|code| code.y)).unwrap_or(0.0),
            across: deltas("DeltaX"),
            down: deltas("DeltaY"),
        }
    }
}

/// Distances between characters: `3.2 3.2 g 5 3.2`, where `g` repeats.
#[derive(Clone)]
pub(super) struct Deltas {
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

    pub(super) fn next(&mut self) -> Option<f32> {
        let (count, distance) = self.runs.last_mut()?;
        let distance = *distance;
        *count -= 1;
        if *count == 0 {
            self.runs.pop();
        }
        Some(distance)
    }
}

/// The text inside the element that has just been opened.
pub(super) fn text(xml: &mut Xml<'_>) -> Result<String, ReadError> {
    let mut found = String::new();
    while let Some(event) = xml.next()? {
        match event {
            Event::Close => break,
            Event::Text(text) => found.push_str(&text),
            Event::Open(_) => xml.skip()?,
        }
    }
    Ok(found)
}

/// Width and height of a box, in millimetres.
pub(super) fn size(text: &str) -> Option<(f32, f32)> {
    let numbers = numbers(text);
    let is_sound = |length: &f32| (1.0..100_000.0).contains(length);
    match numbers[..] {
        [_, _, width, height] if is_sound(&width) && is_sound(&height) => Some((width, height)),
        _ => None,
    }
}

pub(super) fn numbers(text: &str) -> Vec<f32> {
    text.split_whitespace().filter_map(number).collect()
}

pub(super) fn number(word: &str) -> Option<f32> {
    word.parse::<f32>().ok().filter(|value| value.is_finite() && value.abs() < 1e6)
}
