//! What the pages of an OFD share: styles, composites and pictures.

use std::collections::HashMap;

use super::Budget;
use super::object::{self, Colors, Object};
use crate::error::ReadError;
use crate::kind::Kind;
use crate::limits::Limits;
use crate::package::Part;
use crate::xml::{Event, Xml, attribute, name};

/// Styles that refer to one another.
const MOST_STYLES: usize = 16;

/// All resources, by their number.
#[derive(Default)]
pub(super) struct Resources {
    styles: HashMap<String, Style>,
    composites: HashMap<String, Vec<Object>>,
    /// Whether a picture has no transparent parts, by its kind.
    pictures: HashMap<String, bool>,
}

/// Paints and lines that hold where an object has none of its own.
#[derive(Clone, Default)]
pub(super) struct Style {
    pub(super) colors: Colors,
    /// In millimetres.
    pub(super) width: Option<f32>,
    relative: Option<String>,
}

impl Resources {
    /// Adds the resources of a part.
    pub(super) fn read(
        &mut self,
        part: &Part,
        budget: &mut Budget,
        limits: &Limits,
    ) -> Result<(), ReadError> {
        let mut xml = Xml::new(part, Kind::Ofd, limits);
        let mut picture: Option<(String, String)> = None;
        while let Some(event) = xml.next()? {
            let Event::Open(tag) = event else { continue };
            let id = attribute(&tag, "ID").map(|id| id.into_owned());
            match (name(&tag), id) {
                ("DrawParam", Some(id)) => {
                    budget.spend(1)?;
                    let width = attribute(&tag, "LineWidth").and_then(|width| object::number(width.trim()));
                    let relative = attribute(&tag, "Relative").map(|id| id.into_owned());
                    let colors = colors(&mut xml)?;
                    self.styles.insert(id, Style { colors, width, relative });
                }
                ("CompositeGraphicUnit" | "CompositeGraphUnit", Some(id)) => {
                    let objects = object::children(&mut xml, budget)?;
                    self.composites.insert(id, objects);
                }
                ("MultiMedia", Some(id)) => {
                    budget.spend(1)?;
                    let format = attribute(&tag, "Format").map(|format| format.into_owned());
                    picture = Some((id, format.unwrap_or_default()));
                }
                ("MediaFile", _) => {
                    let file = object::text(&mut xml)?.trim().to_lowercase();
                    if let Some((id, format)) = picture.take() {
                        let is_opaque = ["jpg", "jpeg", "bmp"];
                        let is_opaque = is_opaque.iter().any(|kind| {
                            file.rsplit('.').next() == Some(kind)
                                && (format.is_empty()
                                    || format.eq_ignore_ascii_case(kind)
                                    || kind.starts_with('j'))
                        });
                        self.pictures.insert(id, is_opaque);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    pub(super) fn composite(&self, id: &str) -> Option<&[Object]> {
        self.composites.get(id).map(Vec::as_slice)
    }

    /// Whether there is a picture of this number, and whether it has no transparent parts.
    pub(super) fn picture(&self, id: &str) -> Option<bool> {
        self.pictures.get(id).copied()
    }

    /// A style with what it takes from others.
    pub(super) fn style(&self, id: Option<&str>) -> Style {
        let mut found = Style::default();
        let mut next = id;
        for _ in 0..MOST_STYLES {
            let Some(style) = next.and_then(|id| self.styles.get(id)) else { break };
            found = found.over(style);
            next = style.relative.as_deref();
        }
        found
    }
}

impl Style {
    /// This style, and where it says nothing, another.
    pub(super) fn over(&self, other: &Style) -> Style {
        Style { colors: self.colors.over(other.colors), width: self.width.or(other.width), relative: None }
    }
}

impl Colors {
    /// These colours, and where there is none, others.
    pub(super) fn over(self, other: Colors) -> Colors {
        Colors { fill: self.fill.or(other.fill), stroke: self.stroke.or(other.stroke) }
    }
}

/// The colours inside the element that has just been opened.
fn colors(xml: &mut Xml<'_>) -> Result<Colors, ReadError> {
    let mut colors = Colors::default();
    while let Some(event) = xml.next()? {
        match event {
            Event::Close => break,
            Event::Text(_) => {}
            Event::Open(tag) => match name(&tag) {
                "FillColor" => colors.fill = Some(object::color(&tag, xml)?),
                "StrokeColor" => colors.stroke = Some(object::color(&tag, xml)?),
                _ => xml.skip()?,
            },
        }
    }
    Ok(colors)
}
