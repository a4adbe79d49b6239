//! A document to a report: its sections, its form, every cell with its proof, and its claims.
//!
//! Knows reports and nothing of formats. Rows are found by their labels, never by counting numbers;
//! where a row can be laid against the columns in several ways, the equations of the form choose, and
//! what they force is derived. What a report says never makes reading fail: odd things become
//! [`report::Note`]s, and what cannot be known stays unknown.

mod active;
mod align;
mod claims;
mod figure;
mod fingerprint;
mod grid;
mod identity;
mod label;
mod litigation;
mod normalise;
mod origin;
mod outline;
mod prove;
mod region;
mod remarks;
mod requests;
mod tables;

pub use region::division;

use std::cell::OnceCell;

use document::Document;
use outline::Outline;
use report::{Cells, Form, FormId, Note, NoteKind, Report, Table};
use tables::Tables;

/// Version of this reader; facts carry it, so that a newer one can read again.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Reads a report. `file_name` is a hint for agency and year where the document itself is silent.
///
/// Where several reports stand in one file, this is the first that has its tables, with the headings of
/// all of them.
pub fn read(document: &Document, file_name: Option<&str>) -> Report {
    let outline = outline::outline(document);
    match tables::first_report(document, &outline) {
        Some(first) => {
            let own = outline::outline(&first);
            Report { sections: outline.sections, ..read_one(&first, own, file_name) }
        }
        None => read_one(document, outline, file_name),
    }
}

fn read_one(document: &Document, outline: Outline, file_name: Option<&str>) -> Report {
    let pieces = OnceCell::new();
    let Tables { requests, active, litigation } = tables::find(document, &pieces, &outline);
    let identity = identity::identify(document, &outline, file_name);

    let form = form_of(&requests, &active, litigation.is_some(), identity.year);
    let mut cells = form.map(Cells::missing).unwrap_or_default();
    let mut notes = Vec::new();
    if let Some(form) = form.map(Form::get) {
        requests.fill(form, &mut cells, &mut notes);
        active.fill(form, &mut cells, &mut notes);
        match litigation {
            Some(litigation) => litigation.fill(form, &mut cells, &mut notes),
            None => notes.push(Note::new(NoteKind::TableAbsent, Table::Litigation.as_str(), None)),
        }
        prove::derive(form, &mut cells);
    } else {
        notes.extend(Table::ALL.map(|table| Note::new(NoteKind::TableAbsent, table.as_str(), None)));
    }

    let reporter = claims::Reporter { year: identity.year, agency: identity.agency.as_deref() };
    let narrative = claims::extract(document, &outline, reporter);
    let region = region::of(&identity, document, file_name);
    let unfolded = normalise::normalise(document, &outline);
    let unfolded = unfolded.as_ref().map(|unfolded| (unfolded, outline::outline(unfolded)));
    let (prose, headings) =
        unfolded.as_ref().map_or((document, &outline), |(prose, outline)| (*prose, outline));
    let remarks = remarks::extract(prose, headings, identity.agency.as_deref(), identity.year);
    let fingerprints = fingerprint::of(prose, headings, identity.agency.as_deref(), region.as_ref());
    Report {
        remarks,
        fingerprints,
        title: identity.title,
        agency: identity.agency,
        region,
        year: identity.year,
        stated_agencies: identity.stated_agencies,
        stated_years: identity.stated_years,
        stated_dates: identity.stated_dates,
        form,
        published: identity.published,
        cells,
        claims: narrative.claims,
        breakdowns: narrative.breakdowns,
        shares: narrative.shares,
        sections: outline.sections,
        notes,
    }
}

/// The form by the headers and rows that are there; the year decides only where what is there stands
/// in both forms alike.
fn form_of(
    requests: &requests::Found<'_>,
    active: &active::Found<'_>,
    has_litigation: bool,
    year: Option<report::Year>,
) -> Option<FormId> {
    let evidence = requests.evidence() + active.evidence();
    match evidence {
        1.. => Some(FormId::F2021),
        ..=-1 => Some(FormId::F2019),
        0 if requests.is_empty() && active.is_empty() && !has_litigation => None,
        0 => year.and_then(FormId::of_year),
    }
}
