//! Converts places of a document to origins of a report.

use document::{Place, Text};
use report::{Area, Origin};

/// The origin of a text outside any table.
pub(crate) fn origin(text: &Text) -> Origin {
    origin_of(text.place())
}

/// The origin of a place outside any table.
pub(crate) fn origin_of(place: Place) -> Origin {
    let area = place.area.map(|area| Area {
        left: area.left,
        top: area.top,
        right: area.right,
        bottom: area.bottom,
    });
    let Place { page, line, start, end, .. } = place;
    Origin { page, line, start, end, area, ..Origin::default() }
}
