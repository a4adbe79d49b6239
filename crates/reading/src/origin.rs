//! Converts places and doubts of a document to those of a report.

use document::{Place, Text};
use report::{Area, Doubt, Origin};

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

/// The same reason in the terms of a report.
pub(crate) fn doubt(doubt: document::Doubt) -> Doubt {
    match doubt {
        document::Doubt::Covered => Doubt::Covered,
        document::Doubt::Overlapping => Doubt::Overlapping,
        document::Doubt::SameColour => Doubt::SameColour,
        document::Doubt::Faint => Doubt::Faint,
        document::Doubt::Tiny => Doubt::Tiny,
        document::Doubt::Clipped => Doubt::Clipped,
        document::Doubt::Struck => Doubt::Struck,
        document::Doubt::Hidden => Doubt::Hidden,
        document::Doubt::Raised => Doubt::Raised,
        document::Doubt::Fraction => Doubt::Fraction,
        document::Doubt::Reordered => Doubt::Reordered,
        document::Doubt::OtherShape => Doubt::OtherShape,
        document::Doubt::Generated => Doubt::Generated,
        document::Doubt::Formatted => Doubt::Formatted,
    }
}
