//! Pictures and shapes that lie over the cells of a sheet.

use super::{Merge, Sheet};
use crate::error::ReadError;
use crate::kind::Kind;
use crate::limits::Limits;
use crate::model::Doubt;
use crate::package::Part;
use crate::xml::{self, Event, Xml};

/// Cells that are looked at under all drawings of a sheet. The seals and charts of a yearbook cover some thousand.
const MOST_COVERED: usize = 2_000_000;
/// The usual size of a cell, in the units of drawings.
const WIDTH: u64 = 609_600;
const HEIGHT: u64 = 190_500;

/// A drawing that is being read.
#[derive(Default)]
struct Drawing {
    from: Corner,
    to: Option<Corner>,
    extent: Option<(u64, u64)>,
    is_hidden: bool,
    is_line: bool,
    is_clear: bool,
    has_text: bool,
}

#[derive(Default, Clone, Copy)]
struct Corner {
    column: u32,
    right_of_it: u64,
    row: u32,
    below_it: u64,
}

/// Marks the figures that a drawing lies over.
pub(super) fn mark(sheet: &mut Sheet, part: &Part, limits: &Limits) -> Result<(), ReadError> {
    let mut xml = Xml::new(part, Kind::Xlsx, limits);
    let mut open: Vec<String> = Vec::new();
    let mut drawing: Option<Drawing> = None;
    let mut count = 0;
    while let Some(event) = xml.next()? {
        match event {
            Event::Open(tag) => {
                let name = xml::name(&tag).to_owned();
                match (name.as_str(), &mut drawing) {
                    ("twoCellAnchor" | "oneCellAnchor", _) => drawing = Some(Drawing::default()),
                    ("to", Some(drawing)) => drawing.to = Some(Corner::default()),
                    ("ext", Some(drawing))
                        if open.last().is_some_and(|around| around.ends_with("Anchor")) =>
                    {
                        let size = |name| xml::attribute(&tag, name).and_then(|size| size.parse().ok());
                        drawing.extent = size("cx").zip(size("cy"));
                    }
                    ("cxnSp", Some(drawing)) => drawing.is_line = true,
                    ("cNvPr", Some(drawing)) => {
                        drawing.is_hidden |=
                            matches!(xml::attribute(&tag, "hidden").as_deref(), Some("1" | "true"));
                    }
                    ("noFill", Some(drawing)) if open.last().is_some_and(|around| around == "spPr") => {
                        drawing.is_clear = true;
                    }
                    _ => {}
                }
                open.push(name);
            }
            Event::Text(text) => {
                let mut around = open.iter().rev().map(String::as_str);
                let (Some(name), Some(corner), Some(drawing)) = (around.next(), around.next(), &mut drawing)
                else {
                    continue;
                };
                drawing.has_text |= name == "t" && !text.trim().is_empty();
                let corner = match corner {
                    "from" => &mut drawing.from,
                    "to" => drawing.to.get_or_insert_default(),
                    _ => continue,
                };
                let number = text.trim().parse::<u64>().unwrap_or(0);
                let place = u32::try_from(number).unwrap_or(u32::MAX);
                match name {
                    "col" => corner.column = place,
                    "colOff" => corner.right_of_it = number,
                    "row" => corner.row = place,
                    "rowOff" => corner.below_it = number,
                    _ => {}
                }
            }
            Event::Close => {
                if open.pop().is_some_and(|name| name.ends_with("CellAnchor"))
                    && let Some(range) = drawing.take().and_then(|drawing| drawing.covers())
                {
                    let rows = (range.top, 0)..=(range.bottom, u32::MAX);
                    count += 1 + sheet.cells.range(rows).take(MOST_COVERED).count();
                    if count > MOST_COVERED {
                        let all = Merge { top: 0, left: 0, bottom: u32::MAX, right: u32::MAX };
                        sheet.doubt(all, |_| Some(Doubt::Covered));
                        return Ok(());
                    }
                    let has_digit = |text: &str| text.contains(|c: char| c.is_ascii_digit());
                    sheet.doubt(range, |text| has_digit(text).then_some(Doubt::Covered));
                }
            }
        }
    }
    Ok(())
}

impl Drawing {
    /// The cells that it lies over by more than a third.
    fn covers(&self) -> Option<Merge> {
        let is_frame = self.is_clear && !self.has_text;
        if self.is_hidden || self.is_line || is_frame {
            return None;
        }
        let from = self.from;
        let to = self.to.or_else(|| {
            let (width, height) = self.extent?;
            let (right, below) = (from.right_of_it + width.min(1 << 40), from.below_it + height.min(1 << 40));
            let cells = |length: u64, size: u64| u32::try_from(length / size).unwrap_or(u32::MAX);
            Some(Corner {
                column: from.column.saturating_add(cells(right, WIDTH)),
                right_of_it: right % WIDTH,
                row: from.row.saturating_add(cells(below, HEIGHT)),
                below_it: below % HEIGHT,
            })
        })?;
        let begins = |at: u32, offset: u64, size: u64| at.saturating_add(u32::from(offset * 3 > size * 2));
        let ends = |at: u32, offset: u64, size: u64| {
            if offset * 3 < size { at.checked_sub(1) } else { Some(at) }
        };
        let (left, top) =
            (begins(from.column, from.right_of_it, WIDTH), begins(from.row, from.below_it, HEIGHT));
        let (right, bottom) = (ends(to.column, to.right_of_it, WIDTH)?, ends(to.row, to.below_it, HEIGHT)?);
        (left <= right && top <= bottom).then_some(Merge { top, left, bottom, right })
    }
}
