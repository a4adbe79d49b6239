//! From a document's places to a report's origins.

use document::{Place, Text};
use report::{Area, Origin};

/// Where a piece of text stands, outside any table.
pub(crate) fn origin(text: &Text) -> Origin {
    origin_of(text.place())
}

/// The same for a place.
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
