//! The cell formats of a workbook since 2007: number formats, fonts, fills and borders, and what conditional formats
//! change.

use std::collections::HashMap;

use quick_xml::events::BytesStart;

use super::number;
use super::xlsx::{Node, attribute, is_true, number_of, walk};
use crate::error::ReadError;
use crate::letters::{BLACK, Ground, Letters, Rgb, WHITE, are_near, hex};
use crate::limits::Limits;
use crate::model::Doubt;
use crate::package::Part;
use crate::xml;

/// A cell format.
#[derive(Debug, Clone)]
pub(super) struct Style {
    /// Its number format.
    pub(super) code: String,
    /// Whether it draws lines round the cell.
    pub(super) framed: bool,
    pub(super) font: Font,
    /// What is painted behind the text.
    pub(super) ground: Ground,
    /// The text is repeated until it fills the cell.
    pub(super) repeats: bool,
}

impl Style {
    /// Why what is seen in a cell may differ from what is stored; `colour` is that of its number format.
    pub(super) fn doubt(&self, colour: Option<Rgb>) -> Option<Doubt> {
        let mut font = self.font;
        font.letters.colour = colour.map(Some).or(font.letters.colour);
        self.repeats.then_some(Doubt::Generated).or(font.doubt(self.ground))
    }
}

/// A font, as far as it decides what is seen.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Font {
    pub(super) letters: Letters,
    pub(super) is_struck: bool,
    /// Off its line; whether below it.
    pub(super) raised: Option<bool>,
}

impl Font {
    /// Reads a tag inside a font.
    pub(super) fn read(&mut self, element: &BytesStart, theme: &Theme) {
        let value = || attribute(element, "val");
        match xml::name(element) {
            "color" => self.letters.colour = Some(theme.colour(element).or_else(|| of_system(element))),
            "sz" => {
                self.letters.size =
                    value().and_then(|size| size.parse::<f32>().ok()).map(|size| (size * 2.0) as u32)
            }
            "strike" => self.is_struck = value().is_none_or(|value| is_true(Some(value))),
            "vertAlign" => {
                self.raised = match value().as_deref() {
                    Some("superscript") => Some(false),
                    Some("subscript") => Some(true),
                    _ => None,
                };
            }
            _ => {}
        }
    }

    /// Why what is seen of text in this font may differ from what is stored.
    pub(super) fn doubt(&self, ground: Ground) -> Option<Doubt> {
        self.is_struck.then_some(Doubt::Struck).or(self.letters.doubt(ground))
    }
}

/// What a conditional format changes.
#[derive(Debug, Default, Clone)]
pub(super) struct Change {
    pub(super) font: Font,
    pub(super) ground: Option<Rgb>,
    pub(super) code: Option<String>,
}

impl Change {
    /// Reads a tag inside it.
    pub(super) fn read(&mut self, element: &BytesStart, is_fill: bool, theme: &Theme) {
        match xml::name(element) {
            "numFmt" => self.code = attribute(element, "formatCode"),
            // The fill of a condition has its colour as the background, unlike that of a cell.
            "bgColor" => self.ground = theme.colour(element).or(self.ground),
            "fgColor" if self.ground.is_none() => self.ground = theme.colour(element),
            _ if is_fill => {}
            _ => self.font.read(element, theme),
        }
    }

    /// Why what is seen of a cell with this text may differ, where the condition holds.
    pub(super) fn doubt(&self, text: &str) -> Option<Doubt> {
        if let Some(code) = &self.code {
            let shown = text.trim().parse::<f64>().map(|value| number::shown(value, code, false));
            if !shown.is_ok_and(|shown| shown.text.trim() == text.trim() && !shown.is_unsure) {
                return Some(Doubt::Formatted);
            }
        }
        let ground = self.ground.unwrap_or(WHITE);
        let is_automatic = self.font.letters.colour.is_none();
        let is_dark = is_automatic && self.ground.is_some_and(|ground| are_near(ground, BLACK));
        self.font.doubt(Some(ground)).or(is_dark.then_some(Doubt::SameColour))
    }

    /// Whether it can make a cell look like something else at all.
    pub(super) fn matters(&self) -> bool {
        self.code.is_some() || self.doubt("0").is_some()
    }
}

/// The formats of a workbook.
#[derive(Default)]
pub(super) struct Formats {
    /// By the number that cells have.
    pub(super) styles: Vec<Style>,
    /// By the number that conditions have.
    pub(super) changes: Vec<Change>,
}

/// Reads the formats of a workbook.
pub(super) fn read(part: &Part, theme: &Theme, limits: &Limits) -> Result<Formats, ReadError> {
    let mut codes: HashMap<u32, String> = HashMap::new();
    let (mut borders, mut fonts, mut fills) = (Vec::<bool>::new(), Vec::<Font>::new(), Vec::<Ground>::new());
    let mut formats = Formats::default();
    let mut open = Open::default();
    walk(part, limits, |node| {
        match node {
            Node::Start(element) => match xml::name(element) {
                "dxf" => {
                    open.in_change = true;
                    formats.changes.push(Change::default());
                }
                "fill" => {
                    open.in_fill = true;
                    if open.in_fills {
                        fills.push(Some(WHITE));
                    }
                }
                _ if open.in_change => {
                    if let Some(change) = formats.changes.last_mut() {
                        change.read(element, open.in_fill, theme);
                    }
                }
                "numFmt" => {
                    if let (Some(id), Some(code)) =
                        (number_of(element, "numFmtId"), attribute(element, "formatCode"))
                    {
                        codes.insert(id, code);
                    }
                }
                "fonts" => open.in_fonts = true,
                "font" if open.in_fonts => fonts.push(Font::default()),
                "fills" => open.in_fills = true,
                "border" => {
                    borders.push(false);
                    open.in_border = true;
                }
                "left" | "right" | "start" | "end" | "top" | "bottom" if open.in_border => {
                    let is_drawn = attribute(element, "style").is_some_and(|style| style != "none");
                    if let Some(border) = borders.last_mut() {
                        *border |= is_drawn;
                    }
                }
                "cellXfs" => open.in_formats = true,
                "xf" if open.in_formats => {
                    let id = number_of(element, "numFmtId").unwrap_or(0);
                    let index = |name| number_of::<usize>(element, name).unwrap_or(0);
                    formats.styles.push(Style {
                        code: codes.get(&id).cloned().unwrap_or_else(|| number::builtin(id).into()),
                        framed: borders.get(index("borderId")) == Some(&true),
                        font: fonts.get(index("fontId")).copied().unwrap_or_default(),
                        ground: fills.get(index("fillId")).copied().unwrap_or(Some(WHITE)),
                        repeats: false,
                    });
                }
                "alignment" if open.in_formats => {
                    if let Some(style) = formats.styles.last_mut() {
                        style.repeats = attribute(element, "horizontal").as_deref() == Some("fill");
                    }
                }
                _ if open.in_fonts => fonts.last_mut().into_iter().for_each(|font| font.read(element, theme)),
                _ if open.in_fills => {
                    fills.last_mut().into_iter().for_each(|fill| read_fill(fill, element, theme))
                }
                _ => {}
            },
            Node::End("border") => open.in_border = false,
            Node::End("fonts") => open.in_fonts = false,
            Node::End("fills") => open.in_fills = false,
            Node::End("fill") => open.in_fill = false,
            Node::End("dxf") => open.in_change = false,
            Node::End("cellXfs") => open.in_formats = false,
            _ => {}
        }
        Ok(())
    })?;
    Ok(formats)
}

/// The elements that are open.
#[derive(Default)]
struct Open {
    in_fonts: bool,
    in_fills: bool,
    in_fill: bool,
    in_border: bool,
    in_formats: bool,
    in_change: bool,
}

/// Reads a tag inside a fill; patterns and gradients have no one colour.
fn read_fill(fill: &mut Ground, element: &BytesStart, theme: &Theme) {
    match xml::name(element) {
        "patternFill" => {
            *fill = match attribute(element, "patternType").as_deref() {
                None | Some("none") => Some(WHITE),
                Some("solid") => Some(BLACK),
                Some(_) => None,
            };
        }
        "gradientFill" => *fill = None,
        "fgColor" if *fill == Some(BLACK) => {
            *fill = theme.colour(element).or_else(|| of_system(element)).or(*fill);
        }
        _ => {}
    }
}

/// The colours that a workbook names by number.
#[derive(Debug, Default, Clone)]
pub(super) struct Theme {
    /// Light and dark ones first, in the order in which they are numbered.
    colours: Vec<Rgb>,
}

impl Theme {
    pub(super) fn read(part: &Part, limits: &Limits) -> Result<Theme, ReadError> {
        let mut colours: HashMap<String, Rgb> = HashMap::new();
        let (mut in_scheme, mut name) = (false, String::new());
        walk(part, limits, |node| {
            match node {
                Node::Start(element) => match xml::name(element) {
                    "clrScheme" => in_scheme = true,
                    "srgbClr" | "sysClr" if in_scheme => {
                        let value = attribute(element, "lastClr").or_else(|| attribute(element, "val"));
                        if let Some(colour) = value.and_then(|value| hex(&value)) {
                            colours.entry(name.clone()).or_insert(colour);
                        }
                    }
                    other if in_scheme => other.clone_into(&mut name),
                    _ => {}
                },
                Node::End("clrScheme") => in_scheme = false,
                _ => {}
            }
            Ok(())
        })?;
        const NAMES: [&str; 12] = [
            "lt1", "dk1", "lt2", "dk2", "accent1", "accent2", "accent3", "accent4", "accent5", "accent6",
            "hlink", "folHlink",
        ];
        let colour = |(at, name): (usize, &&str)| {
            colours.get(*name).copied().unwrap_or(if at % 2 == 0 && at < 4 { WHITE } else { BLACK })
        };
        Ok(Theme { colours: NAMES.iter().enumerate().map(colour).collect() })
    }

    /// The colour in a tag; none for the automatic one.
    pub(super) fn colour(&self, element: &BytesStart) -> Option<Rgb> {
        let tint: f32 = number_of(element, "tint").unwrap_or(0.0);
        if let Some(colour) = attribute(element, "rgb") {
            return hex(&colour).map(|colour| tinted(colour, tint));
        }
        if let Some(index) = number_of::<usize>(element, "theme") {
            let standard = match index {
                0 | 2 => WHITE,
                _ => BLACK,
            };
            return Some(tinted(self.colours.get(index).copied().unwrap_or(standard), tint));
        }
        number_of::<usize>(element, "indexed").and_then(indexed)
    }
}

/// The colours of text and of paper, which have numbers too.
fn of_system(element: &BytesStart) -> Option<Rgb> {
    match number_of::<usize>(element, "indexed") {
        Some(64) => Some(BLACK),
        Some(65) => Some(WHITE),
        _ => None,
    }
}

/// A colour made lighter or darker.
fn tinted(colour: Rgb, tint: f32) -> Rgb {
    colour.map(|part| {
        let part = f32::from(part);
        let part = if tint < 0.0 { part * (1.0 + tint) } else { part + (255.0 - part) * tint };
        part.clamp(0.0, 255.0) as u8
    })
}

/// One of the colours that Excel has numbered since its beginning; none for the automatic one.
pub(super) fn indexed(index: usize) -> Option<Rgb> {
    const COLOURS: [u32; 56] = [
        0x000000, 0xFFFFFF, 0xFF0000, 0x00FF00, 0x0000FF, 0xFFFF00, 0xFF00FF, 0x00FFFF, 0x800000, 0x008000,
        0x000080, 0x808000, 0x800080, 0x008080, 0xC0C0C0, 0x808080, 0x9999FF, 0x993366, 0xFFFFCC, 0xCCFFFF,
        0x660066, 0xFF8080, 0x0066CC, 0xCCCCFF, 0x000080, 0xFF00FF, 0xFFFF00, 0x00FFFF, 0x800080, 0x800000,
        0x008080, 0x0000FF, 0x00CCFF, 0xCCFFFF, 0xCCFFCC, 0xFFFF99, 0x99CCFF, 0xFF99CC, 0xCC99FF, 0xFFCC99,
        0x3366FF, 0x33CCCC, 0x99CC00, 0xFFCC00, 0xFF9900, 0xFF6600, 0x666699, 0x969696, 0x003366, 0x339966,
        0x003300, 0x333300, 0x993300, 0x993366, 0x333399, 0x333333,
    ];
    // The first eight are numbered twice.
    let number = COLOURS.get(if index < 8 { index } else { index - 8 })?;
    let [_, red, green, blue] = number.to_be_bytes();
    Some([red, green, blue])
}
