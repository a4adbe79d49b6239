//! From a document's places to a report's origins.

use document::{Place, Text};
use report::Origin;

/// Where a piece of text stands, outside any table.
pub(crate) fn origin(text: &Text) -> Origin {
    of_place(text.place())
}

/// The same for a place.
pub(crate) fn of_place(place: Place) -> Origin {
    Origin { page: place.page, line: place.line, start: place.start, end: place.end, ..Origin::default() }
}
