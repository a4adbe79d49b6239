//! What the paragraph styles of a DOCX say: outline level and automatic number.

use std::collections::HashMap;

use quick_xml::events::BytesStart;

use crate::error::ReadError;
use crate::xml::{self, Event, Xml};

/// Styles that are based on each other, at most; Word allows ten.
const LONGEST_CHAIN: usize = 16;

/// All styles by their ids.
#[derive(Default)]
pub(super) struct Styles {
    styles: HashMap<String, Style>,
    /// The style of paragraphs that name none.
    default: Option<String>,
}

#[derive(Default)]
struct Style {
    name: String,
    based_on: Option<String>,
    format: Format,
    look: Look,
}

/// The character formats that matter for reading.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Look {
    hidden: Option<bool>,
    /// Struck out by hand is deleted.
    struck: Option<bool>,
    raised: Option<bool>,
}

impl Look {
    /// Reads a tag of character properties.
    pub(super) fn read(&mut self, tag: &BytesStart) {
        let value = xml::attribute(tag, "val");
        let on = Some(value.as_deref().is_none_or(is_on));
        match xml::name(tag) {
            "vanish" => self.hidden = on,
            "strike" | "dstrike" => self.struck = on,
            "vertAlign" => {
                self.raised = Some(matches!(value.as_deref(), Some("superscript" | "subscript")));
            }
            _ => {}
        }
    }

    /// Overrides the formats that `over` sets.
    pub(super) fn change(&mut self, over: Look) {
        self.hidden = over.hidden.or(self.hidden);
        self.struck = over.struck.or(self.struck);
        self.raised = over.raised.or(self.raised);
    }

    /// Makes the text superscript, as note marks are in every style.
    pub(super) fn raise(&mut self) {
        self.raised = Some(true);
    }

    pub(super) fn is_shown(self) -> bool {
        self.hidden != Some(true) && self.struck != Some(true)
    }

    pub(super) fn is_raised(self) -> bool {
        self.raised == Some(true)
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
}

impl Styles {
    pub(super) fn read(mut xml: Xml) -> Result<Styles, ReadError> {
        let mut styles = Styles::default();
        while let Some(event) = xml.next()? {
            let Event::Open(tag) = event else { continue };
            if xml::name(&tag) != "style" {
                continue;
            }
            let id = xml::attribute(&tag, "styleId").unwrap_or_default().into_owned();
            let is_paragraph = xml::attribute(&tag, "type").is_none_or(|kind| kind == "paragraph");
            if is_paragraph && xml::attribute(&tag, "default").is_some_and(|value| is_on(&value)) {
                styles.default = Some(id.clone());
            }
            let mut style = Style::default();
            xml.within(|tag, _| {
                let value = || xml::attribute(tag, "val").unwrap_or_default();
                match xml::name(tag) {
                    "name" => style.name = value().trim().to_lowercase(),
                    "basedOn" => style.based_on = Some(value().into_owned()),
                    "vanish" | "strike" | "dstrike" | "vertAlign" => style.look.read(tag),
                    name => style.format.read(name, &value()),
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
