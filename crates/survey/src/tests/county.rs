//! A county of a few agencies.

use report::{CellId, Decimal, Form, Region, Verdict};

use super::province::{FORM, year};
use crate::{Figures, Member};

/// A report with this many requests received and concluded, zeros elsewhere.
pub(crate) fn member(name: &str, code: &str, place: &str, received: Option<u32>) -> Member {
    let form = Form::get(FORM);
    let filled = |id: &CellId| match id.as_str() {
        "requests.received.total" => received.map(Decimal::from),
        _ => Some(Decimal::ZERO),
    };
    Member {
        key: name.into(),
        id: format!("{name}-1"),
        original: name.into(),
        agency: Some(name.into()),
        region: Some(Region { code: code.into(), name: place.into() }),
        year: Some(year()),
        published: None,
        submitted: None,
        verdict: Verdict::Pass,
        figures: Some(Figures::new(form.id, form.cells().iter().map(filled))),
        scopes: Vec::new(),
        fingerprints: Vec::new(),
    }
}

/// Code and name of a county.
pub(crate) const COUNTY: (&str, &str) = ("370481", "山东省枣庄市滕州市");
