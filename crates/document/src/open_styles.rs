//! How the styles of OpenDocument files make text look.

use std::collections::HashMap;

use quick_xml::events::BytesStart;

use crate::letters::{Ground, Letters, Rgb, WHITE, hex};
use crate::model::Doubt;
use crate::xml;

/// Styles based on styles.
const LONGEST_CHAIN: usize = 16;

/// A style as it is written.
#[derive(Debug, Default, Clone)]
pub(crate) struct TextStyle {
    parent: Option<String>,
    look: Look,
    /// A size in parts of that of its parent.
    scale: Option<f32>,
}

/// The formats that matter for reading.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Look {
    hidden: Option<bool>,
    /// Struck out by hand is deleted.
    struck: Option<bool>,
    /// Off its line: how far, in parts of its size.
    raised: Option<f32>,
    letters: Letters,
    /// Behind the paragraph, the cell or the row.
    ground: Option<Option<Rgb>>,
    /// Per cent of its colour.
    opacity: Option<u32>,
}

impl TextStyle {
    /// Begins a style with its own tag.
    pub(crate) fn begin(tag: &BytesStart) -> TextStyle {
        let parent = xml::attribute(tag, "parent-style-name").map(|parent| parent.into_owned());
        TextStyle { parent, ..TextStyle::default() }
    }

    /// Reads a tag of properties.
    pub(crate) fn read(&mut self, tag: &BytesStart) {
        let value = |name| xml::attribute(tag, name);
        let name = xml::name(tag);
        let look = &mut self.look;
        if let Some(ground) = value("background-color") {
            let ground = hex(&ground).filter(|_| ground.starts_with('#'));
            match name {
                "text-properties" => look.letters.ground = Some(ground),
                "paragraph-properties"
                | "table-cell-properties"
                | "table-row-properties"
                | "table-properties" => {
                    look.ground = Some(ground);
                }
                _ => {}
            }
        }
        if name != "text-properties" {
            return;
        }
        if let Some(display) = value("display") {
            look.hidden = Some(display == "none");
        }
        if let Some(style) = value("text-line-through-style").or_else(|| value("text-line-through-type")) {
            look.struck = Some(style != "none");
        }
        if let Some(position) = value("text-position") {
            look.raised = Some(raised(&position));
        }
        if let Some(colour) = value("color") {
            look.letters.colour = Some(hex(&colour));
        }
        if value("use-window-font-color").as_deref() == Some("true") {
            look.letters.colour = Some(None);
        }
        if let Some(size) = value("font-size") {
            match size.trim().strip_suffix('%') {
                Some(part) => self.scale = part.parse::<f32>().ok().map(|part| part / 100.0),
                None => look.letters.size = crate::odt::twips(&size).map(|twips| twips / 10),
            }
        }
        if let Some(spacing) = value("letter-spacing") {
            let is_negative = spacing.trim_start().starts_with('-');
            let twips = crate::odt::twips(spacing.trim_start().trim_start_matches('-')).unwrap_or(0) as i32;
            look.letters.spacing = Some(if is_negative { -twips } else { twips });
        }
        if let Some(scale) = value("text-scale") {
            look.letters.width = scale.trim_end_matches('%').parse().ok();
        }
        if let Some(opacity) = value("opacity") {
            look.opacity = opacity.trim_end_matches('%').parse().ok();
        }
    }
}

/// How a style makes text look, together with those it is based on.
pub(crate) fn look(styles: &HashMap<String, TextStyle>, style: &str) -> Look {
    let mut chain = Vec::new();
    let mut next = styles.get(style);
    while let Some(style) = next.filter(|_| chain.len() < LONGEST_CHAIN) {
        chain.push(style);
        next = style.parent.as_deref().and_then(|parent| styles.get(parent));
    }
    let mut look = Look::default();
    for style in chain.into_iter().rev() {
        look.change(style.look);
        if let (Some(scale), Some(size)) = (style.scale, look.letters.size) {
            look.letters.size = Some((size as f32 * scale) as u32);
        }
    }
    look
}

impl Look {
    /// Overrides the formats that `over` sets.
    pub(crate) fn change(&mut self, over: Look) {
        self.hidden = over.hidden.or(self.hidden);
        self.struck = over.struck.or(self.struck);
        self.raised = over.raised.or(self.raised);
        self.letters.change(over.letters);
        self.ground = over.ground.flatten().map(Some).or(self.ground);
        self.opacity = over.opacity.or(self.opacity);
    }

    pub(crate) fn is_shown(self) -> bool {
        self.hidden != Some(true) && self.struck != Some(true)
    }

    /// The same without its strike, for a whole cell: what is struck there is doubtful and not gone.
    pub(crate) fn is_struck(self) -> bool {
        self.struck == Some(true)
    }

    /// Whether it is off its line: `true` for below.
    pub(crate) fn is_low(self) -> Option<bool> {
        self.raised.filter(|raised| *raised != 0.0).map(|raised| raised < 0.0)
    }

    /// Why what is seen of it may differ from what is stored.
    pub(crate) fn doubt(self) -> Option<Doubt> {
        let ground: Ground = self.ground.flatten().or(Some(WHITE));
        let faint = self.opacity.is_some_and(|opacity| opacity < 25).then_some(Doubt::Faint);
        let away = self.raised.is_some_and(|raised| raised.abs() > 1.5).then_some(Doubt::Clipped);
        faint.or(away).or(self.letters.doubt(ground))
    }
}

/// How far `super 58%` or `33% 58%` is above the line.
fn raised(position: &str) -> f32 {
    match position.split_whitespace().next().unwrap_or_default() {
        "super" => 0.33,
        "sub" => -0.33,
        height => height.trim_end_matches('%').parse::<f32>().map_or(0.0, |height| height / 100.0),
    }
}
