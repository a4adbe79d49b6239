//! The styles of an ODT, and the automatic numbers that its lists and headings have.

use std::collections::HashMap;

use quick_xml::events::BytesStart;

use crate::error::ReadError;
use crate::list_numbering;
use crate::open_styles::{Look, TextStyle};
use crate::xml::{self, Event, Xml};

/// Levels of a list.
pub(super) const LEVELS: usize = 10;
/// Characters of the pattern of a number. Real ones are shorter.
const LONGEST_PATTERN: usize = 60;

/// What the styles say.
#[derive(Default)]
pub(super) struct Styles {
    lists: HashMap<String, Levels>,
    /// The numbers of headings.
    outline: Levels,
    looks: HashMap<String, TextStyle>,
    /// Widths of columns in twips.
    widths: HashMap<String, u32>,
}

type Levels = HashMap<usize, Level>;

struct Level {
    start: u32,
    format: &'static str,
    prefix: String,
    suffix: String,
    /// `（%1%）`; in its place prefix, numbers and suffix one after another.
    pattern: Option<String>,
    /// How many levels are shown.
    shown: usize,
    /// Whether a gap follows.
    gap: bool,
    /// The style of its text.
    style: Option<String>,
}

/// How far a list has counted.
#[derive(Default, Clone)]
pub(super) struct Counts([Option<u32>; LEVELS]);

impl Styles {
    /// Adds the styles of a part.
    pub(super) fn read(&mut self, mut xml: Xml) -> Result<(), ReadError> {
        while let Some(event) = xml.next()? {
            let Event::Open(tag) = event else { continue };
            let id = xml::attribute(&tag, "name").unwrap_or_default().into_owned();
            match xml::name(&tag) {
                "list-style" => {
                    let levels = levels(&mut xml)?;
                    self.lists.insert(id, levels);
                    xml.no_more_than_kept(self.lists.len(), "lists")?;
                }
                "outline-style" => self.outline = levels(&mut xml)?,
                "style" | "default-style" => {
                    let mut style = TextStyle::begin(&tag);
                    xml.within(|tag, _| {
                        style.read(tag);
                        if let Some(width) =
                            xml::attribute(tag, "column-width").and_then(|width| twips(&width))
                        {
                            self.widths.insert(id.clone(), width);
                        }
                        Ok(())
                    })?;
                    self.looks.insert(id, style);
                    xml.no_more_than_kept(self.looks.len(), "styles")?;
                }
                "body" => break,
                _ => {}
            }
        }
        Ok(())
    }

    /// How a style makes text look, together with those it is based on.
    pub(super) fn look(&self, style: &str) -> Look {
        crate::open_styles::look(&self.looks, style)
    }

    pub(super) fn width(&self, style: &str) -> u32 {
        self.widths.get(style).copied().unwrap_or(0)
    }

    /// Counts a paragraph of a list; its number as it is printed, with the gap after it.
    pub(super) fn number(&self, list: &str, at: usize, start: Option<u32>, counts: &mut Counts) -> String {
        let Some(levels) = self.lists.get(list) else { return String::new() };
        let number = next(levels, at, start, counts);
        let style = levels.get(&at).and_then(|level| level.style.as_deref());
        if style.is_some_and(|style| !self.look(style).is_shown()) { String::new() } else { number }
    }

    /// The same for a heading.
    pub(super) fn heading(&self, at: usize, start: Option<u32>, counts: &mut Counts) -> String {
        next(&self.outline, at, start, counts)
    }
}

fn next(levels: &Levels, at: usize, start: Option<u32>, counts: &mut Counts) -> String {
    let Some(level) = levels.get(&at).filter(|_| at < LEVELS) else { return String::new() };
    let first = |at: usize| levels.get(&at).map_or(1, |level| level.start);
    if let Some((count, below)) = counts.0.get_mut(at..).and_then(|counts| counts.split_first_mut()) {
        let last = count.filter(|_| start.is_none());
        *count = Some(last.map_or_else(|| start.unwrap_or(first(at)), |last| last.saturating_add(1)));
        below.fill(None);
    }
    if level.format == "none" || level.format == "bullet" {
        return String::new();
    }
    let number = |at: usize| {
        let format = levels.get(&at).map_or("decimal", |level| level.format);
        list_numbering::write(counts.0.get(at).copied().flatten().unwrap_or_else(|| first(at)), format)
            .unwrap_or_default()
    };
    let mut text = match &level.pattern {
        Some(pattern) => {
            let mut text = pattern.clone();
            (0..=at).for_each(|at| text = text.replacen(&format!("%{}%", at + 1), &number(at), 1));
            text
        }
        None => {
            let numbers: Vec<String> = (at + 1 - level.shown.clamp(1, at + 1)..=at).map(number).collect();
            format!("{}{}{}", level.prefix, numbers.join("."), level.suffix)
        }
    };
    // A bracket or a stop of full width has its gap in itself.
    if level.gap && text.ends_with(|last: char| last.is_ascii() || last.is_alphanumeric()) {
        text.push(' ');
    }
    text
}

fn levels(xml: &mut Xml) -> Result<Levels, ReadError> {
    let mut levels = Levels::new();
    let mut at = LEVELS;
    xml.within(|tag, _| {
        let is_number = match xml::name(tag) {
            "list-level-style-number" | "outline-level-style" => true,
            "list-level-style-bullet" | "list-level-style-image" => false,
            "list-level-label-alignment" => {
                if let Some(level) = levels.get_mut(&at) {
                    let follows = xml::attribute(tag, "label-followed-by");
                    level.gap = follows.as_deref() != Some("nothing");
                }
                return Ok(());
            }
            _ => return Ok(()),
        };
        let number = |name| xml::attribute(tag, name).and_then(|value| value.parse::<u32>().ok());
        at = (number("level").unwrap_or(0) as usize).wrapping_sub(1);
        if at < LEVELS {
            let text = |name| short(tag, name).unwrap_or_default();
            let format = if is_number { format(&text("num-format")) } else { "bullet" };
            let (start, shown) = (number("start-value").unwrap_or(1), number("display-levels").unwrap_or(1));
            let (prefix, suffix) = (text("num-prefix"), text("num-suffix"));
            let pattern = short(tag, "num-list-format");
            let (shown, style) = (shown as usize, short(tag, "style-name"));
            let level = Level { start, format, prefix, suffix, pattern, shown, gap: true, style };
            levels.insert(at, level);
        }
        Ok(())
    })?;
    Ok(levels)
}

fn short(tag: &BytesStart, name: &str) -> Option<String> {
    xml::attribute(tag, name).map(|value| value.chars().take(LONGEST_PATTERN).collect())
}

/// Word's name for a number format. ODT gives an example of the number instead.
fn format(example: &str) -> &'static str {
    match example.chars().next() {
        None => "none",
        Some('一') => "chineseCountingThousand",
        Some('壹') => "chineseLegalSimplified",
        Some('甲') => "ideographTraditional",
        Some('子') => "ideographZodiac",
        Some('①') => "decimalEnclosedCircle",
        Some('⑴') => "decimalEnclosedParen",
        Some('⒈') => "decimalEnclosedFullstop",
        Some('１') => "decimalFullWidth",
        Some('a') => "lowerLetter",
        Some('A') => "upperLetter",
        Some('i') => "lowerRoman",
        Some('I') => "upperRoman",
        Some('0') => "decimalZero",
        Some(_) => "decimal",
    }
}

/// A length in twips, a twentieth of a point.
pub(crate) fn twips(length: &str) -> Option<u32> {
    let unit = length.find(|c: char| c.is_ascii_alphabetic())?;
    let number: f64 = length[..unit].parse().ok()?;
    let twips = match &length[unit..] {
        "cm" => 567.0,
        "mm" => 56.7,
        "in" => 1_440.0,
        "pt" => 20.0,
        "pc" => 240.0,
        "px" => 15.0,
        _ => return None,
    };
    // Out of range it is cut, and what is no number becomes 0.
    Some((number * twips) as u32)
}
