//! What the styles of a DOCX say: outline level, automatic number, and how letters look.

use std::collections::HashMap;

use quick_xml::events::BytesStart;

use crate::error::ReadError;
use crate::letters::{self, BLACK, Ground, Letters, Rgb, WHITE};
use crate::model::Doubt;
use crate::xml::{self, Event, Xml};

/// Styles that are based on each other, at most; Word allows ten.
const LONGEST_CHAIN: usize = 16;
/// Grounds of one table style; it has at most thirteen kinds of cells.
const MOST_GROUNDS: usize = 32;

/// All styles by their ids.
#[derive(Default)]
pub(super) struct Styles {
    styles: HashMap<String, Style>,
    /// The style of paragraphs that name none.
    default: Option<String>,
    /// How letters look in all styles.
    base: Look,
}

#[derive(Default)]
struct Style {
    name: String,
    based_on: Option<String>,
    format: Format,
    look: Look,
    /// Of a table: what is behind it, and how letters look in some of its cells.
    grounds: Vec<Rgb>,
    somewhere: Look,
}

/// The character formats that matter for reading.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Look {
    hidden: Option<bool>,
    /// Struck out by hand is deleted.
    struck: Option<bool>,
    shift: Option<Shift>,
    pub(super) letters: Letters,
    /// Hidden by two styles, which hide and show in turn.
    is_hidden_twice: bool,
    /// The letters are not filled.
    is_clear: Option<bool>,
    /// Two lines in one, or characters in one place.
    is_combined: Option<bool>,
    /// Whether the filling of the letters is being read.
    in_filling: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shift {
    None,
    Up,
    Down,
}

impl Look {
    /// Reads a tag of character properties.
    pub(super) fn read(&mut self, tag: &BytesStart) {
        let value = xml::attribute(tag, "val");
        let on = Some(value.as_deref().is_none_or(is_on));
        let number = || value.as_deref().and_then(|value| value.trim_end_matches('%').parse::<i32>().ok());
        match xml::name(tag) {
            "vanish" => self.hidden = on,
            "webHidden" => self.letters.is_hidden_on_web = on,
            "strike" | "dstrike" => self.struck = on,
            "vertAlign" => {
                self.shift = Some(match value.as_deref() {
                    Some("superscript") => Shift::Up,
                    Some("subscript") => Shift::Down,
                    _ => Shift::None,
                });
            }
            "color" => self.letters.colour = Some(colour(tag)),
            "shd" => self.letters.ground = Some(fill(tag)),
            "highlight" => self.letters.ground = Some(value.as_deref().and_then(letters::named)),
            "sz" => self.letters.size = number().and_then(|size| size.try_into().ok()),
            "spacing" => self.letters.spacing = number().or(self.letters.spacing),
            "w" => self.letters.width = number().and_then(|width| width.try_into().ok()),
            "position" => self.letters.raised_by = number(),
            "eastAsianLayout" => {
                self.is_combined = Some(xml::attribute(tag, "combine").is_some_and(|value| is_on(&value)));
            }
            "textFill" => self.in_filling = true,
            "textOutline" | "glow" | "shadow" | "reflection" => self.in_filling = false,
            "noFill" if self.in_filling => self.is_clear = Some(true),
            "srgbClr" if self.in_filling => {
                self.letters.colour = Some(value.as_deref().and_then(letters::hex));
            }
            "schemeClr" if self.in_filling && value.as_deref() == Some("bg1") => {
                self.letters.colour = Some(Some(WHITE));
            }
            // How much of the filling is left out, in thousandths of a per cent.
            "alpha" if self.in_filling => self.is_clear = number().map(|part| part > 75_000),
            _ => {}
        }
    }

    /// Overrides the formats that `over` sets.
    pub(super) fn change(&mut self, over: Look) {
        self.is_hidden_twice |= over.is_hidden_twice;
        self.hidden = over.hidden.or(self.hidden);
        self.struck = over.struck.or(self.struck);
        self.shift = over.shift.or(self.shift);
        self.is_clear = over.is_clear.or(self.is_clear);
        self.is_combined = over.is_combined.or(self.is_combined);
        self.letters.change(over.letters);
    }

    /// Overrides them with those of a style of characters, which hides where the paragraph's style shows.
    pub(super) fn change_by_style(&mut self, style: Look) {
        self.is_hidden_twice |= self.hidden == Some(true) && style.hidden == Some(true);
        self.change(style);
    }

    /// Makes the text superscript, as note marks are in every style.
    pub(super) fn raise(&mut self) {
        self.shift = Some(Shift::Up);
    }

    pub(super) fn is_shown(self) -> bool {
        (self.hidden != Some(true) || self.is_hidden_twice) && self.struck != Some(true)
    }

    /// Whether it is off its line: `true` for below.
    pub(super) fn is_low(self) -> Option<bool> {
        match self.shift {
            Some(Shift::Up) => Some(false),
            Some(Shift::Down) => Some(true),
            _ => self.letters.is_low(),
        }
    }

    /// Why what is seen of it may differ from what is stored.
    pub(super) fn doubt(self, ground: Ground) -> Option<Doubt> {
        let hidden = (self.is_hidden_twice && self.hidden == Some(true)).then_some(Doubt::Hidden);
        let clear = (self.is_clear == Some(true)).then_some(Doubt::Faint);
        let combined = (self.is_combined == Some(true)).then_some(Doubt::Fraction);
        hidden.or(clear).or(self.letters.doubt(ground)).or(combined)
    }
}

/// The colour in a tag; none for the automatic one.
fn colour(tag: &BytesStart) -> Option<Rgb> {
    let theme = xml::attribute(tag, "themeColor");
    let is_plain = xml::attribute(tag, "themeShade").is_none() && xml::attribute(tag, "themeTint").is_none();
    match theme.as_deref() {
        Some("background1" | "light1") if is_plain => Some(WHITE),
        Some("text1" | "dark1") if is_plain => Some(BLACK),
        _ => xml::attribute(tag, "val").and_then(|value| letters::hex(&value)),
    }
}

/// The colour of the page in `w:background`.
pub(super) fn colour_of_page(tag: &BytesStart) -> Option<Rgb> {
    xml::attribute(tag, "color").and_then(|colour| letters::hex(&colour))
}

/// The colour with which a tag fills; none if it does not.
pub(super) fn fill(tag: &BytesStart) -> Option<Rgb> {
    let value = |name| xml::attribute(tag, name);
    if value("val").as_deref() == Some("solid") {
        // Wholly in the colour of its pattern.
        return value("color").and_then(|colour| letters::hex(&colour)).or(Some(BLACK));
    }
    match value("themeFill").as_deref() {
        Some("background1" | "light1") if value("themeFillShade").is_none() => Some(WHITE),
        Some("text1" | "dark1") if value("themeFillTint").is_none() => Some(BLACK),
        _ => value("fill").and_then(|fill| letters::hex(&fill)),
    }
}

/// What a style, or a paragraph itself, asks for.
#[derive(Debug, Default, Clone)]
pub(super) struct Format {
    /// From 0; 9 means running text.
    pub(super) outline: Option<u8>,
    /// Which numbering; "0" for none.
    pub(super) number: Option<String>,
    /// Its level, from 0.
    pub(super) number_level: Option<usize>,
    /// The heading level in the name of the style.
    pub(super) named: Option<u8>,
    /// An entry of a table of contents.
    pub(super) contents: bool,
    /// What is painted behind the paragraph.
    pub(super) ground: Option<Rgb>,
}

impl Styles {
    pub(super) fn read(mut xml: Xml) -> Result<Styles, ReadError> {
        let mut styles = Styles::default();
        while let Some(event) = xml.next()? {
            let Event::Open(tag) = event else { continue };
            if xml::name(&tag) == "rPrDefault" {
                xml.within(|tag, _| {
                    styles.base.read(tag);
                    Ok(())
                })?;
            }
            if xml::name(&tag) != "style" {
                continue;
            }
            let id = xml::attribute(&tag, "styleId").unwrap_or_default().into_owned();
            let is_paragraph = xml::attribute(&tag, "type").is_none_or(|kind| kind == "paragraph");
            if is_paragraph && xml::attribute(&tag, "default").is_some_and(|value| is_on(&value)) {
                styles.default = Some(id.clone());
            }
            let mut style = Style::default();
            let mut part = String::new();
            xml.within(|tag, depth| {
                let value = || xml::attribute(tag, "val").unwrap_or_default();
                if depth == 1 {
                    xml::name(tag).clone_into(&mut part);
                }
                match (xml::name(tag), part.as_str()) {
                    ("name", _) => style.name = value().trim().to_lowercase(),
                    ("basedOn", _) => style.based_on = Some(value().into_owned()),
                    ("shd", "pPr") => style.format.ground = fill(tag),
                    ("shd", "tcPr" | "tblPr" | "tblStylePr") if style.grounds.len() < MOST_GROUNDS => {
                        style.grounds.extend(fill(tag));
                    }
                    (_, "rPr") => style.look.read(tag),
                    (_, "tblStylePr") => style.somewhere.read(tag),
                    (name, _) => style.format.read(name, &value()),
                }
                Ok(())
            })?;
            style.format.named = heading(&style.name);
            style.format.contents = contents(&style.name);
            styles.styles.insert(id, style);
            xml.no_more_than_kept(styles.styles.len(), "styles")?;
        }
        Ok(styles)
    }

    /// What a style asks for, together with those it is based on.
    pub(super) fn format(&self, style: Option<&str>) -> Format {
        let mut format = Format::default();
        let mut next = style.or(self.default.as_deref());
        for _ in 0..LONGEST_CHAIN {
            let Some(style) = next.and_then(|id| self.styles.get(id)) else { break };
            format.inherit(&style.format);
            next = style.based_on.as_deref();
        }
        format
    }

    /// How characters look in a paragraph of a style, in a table of a style.
    pub(super) fn paragraph_look(&self, style: Option<&str>, table: Option<&str>) -> Look {
        let mut look = self.base;
        if let Some(table) = table {
            // Its colours depend on its grounds, which depend on the place in the table.
            let mut of_table = self.look(Some(table));
            (of_table.letters.colour, of_table.letters.ground) = (None, None);
            look.change(of_table);
        }
        look.change(self.look(style.or(self.default.as_deref())));
        look
    }

    /// Whether the style of a table hides letters in some of its cells.
    pub(super) fn hides_somewhere(&self, table: &str) -> bool {
        self.chain(table).any(|style| {
            let look = style.somewhere;
            !look.is_shown() || look.letters.doubt(None).is_some()
        })
    }

    /// What the style of a table paints behind some of its cells.
    pub(super) fn grounds(&self, table: &str) -> impl Iterator<Item = Rgb> {
        self.chain(table).flat_map(|style| style.grounds.iter().copied())
    }

    fn chain<'s>(&'s self, style: &str) -> impl Iterator<Item = &'s Style> {
        let based_on = |style: &&'s Style| self.styles.get(style.based_on.as_deref()?);
        std::iter::successors(self.styles.get(style), based_on).take(LONGEST_CHAIN)
    }

    /// How a style makes characters look.
    pub(super) fn look(&self, style: Option<&str>) -> Look {
        let mut look = Look::default();
        let mut next = style;
        for _ in 0..LONGEST_CHAIN {
            let Some(style) = next.and_then(|id| self.styles.get(id)) else { break };
            let mut base = style.look;
            base.change(look);
            look = base;
            next = style.based_on.as_deref();
        }
        look
    }
}

impl Format {
    /// Reads a tag of paragraph properties.
    pub(super) fn read(&mut self, name: &str, value: &str) {
        match name {
            "outlineLvl" => self.outline = value.parse().ok(),
            "numId" => self.number = Some(value.to_owned()),
            "ilvl" => self.number_level = value.parse().ok(),
            _ => {}
        }
    }

    /// Takes the formats that are not set from `base`.
    pub(super) fn inherit(&mut self, base: &Format) {
        self.outline = self.outline.or(base.outline);
        self.number_level = self.number_level.or(base.number_level);
        self.named = self.named.or(base.named);
        self.contents |= base.contents;
        self.ground = self.ground.or(base.ground);
        if self.number.is_none() {
            self.number.clone_from(&base.number);
        }
    }

    /// Level of a heading, 1 to 6.
    pub(super) fn level(&self) -> Option<u8> {
        match self.outline {
            Some(outline @ 0..9) => Some((outline + 1).min(6)),
            Some(_) => None,
            None => self.named,
        }
    }
}

/// Whether a switch is on; without a value it is.
pub(super) fn is_on(value: &str) -> bool {
    !matches!(value, "0" | "false" | "off" | "none")
}

/// `heading 2`, `标题 2`; the title of the document counts as a heading of the first level.
fn heading(name: &str) -> Option<u8> {
    if matches!(name, "title" | "标题") {
        return Some(1);
    }
    let rest = name.strip_prefix("heading").or_else(|| name.strip_prefix("标题"))?;
    let level: u8 = rest.trim().parse().ok()?;
    (1..=9).contains(&level).then(|| level.min(6))
}

/// `toc 1`, `目录 1`.
fn contents(name: &str) -> bool {
    let rest = name.strip_prefix("toc ").or_else(|| name.strip_prefix("目录 "));
    rest.is_some_and(|level| level.trim().parse::<u8>().is_ok())
}
