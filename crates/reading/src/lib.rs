//! Reads a document as a report: sections, form, cells, claims and remarks.
//!
//! This crate knows reports and nothing about file formats. It finds rows by their labels and never by
//! counting numbers. Where the cells of a row can be aligned with the columns in several ways, the
//! equations of the form choose, and cells that the equations force are derived. The content of a
//! report never makes reading fail: anomalies become [`report::Note`]s, and a value that cannot be
//! known stays unknown.

#![warn(clippy::indexing_slicing)]

mod active;
mod align;
mod cell_text;
mod claims;
mod copy;
mod figure;
mod fingerprint;
mod grid;
mod identity;
mod label;
mod litigation;
mod normalise;
mod origin;
mod outline;
mod pattern;
mod prove;
mod recognition;
mod region;
mod remarks;
mod requests;
mod tables;
mod witness;

pub use recognition::{NotAReport, recognise};
pub use region::division;

use std::cell::OnceCell;

use document::Document;
use outline::Outline;
use report::{Cells, Form, FormId, Note, NoteKind, Report, Table};
use tables::Tables;

/// The version of the reader, which every fact carries, so that an operator can see which reports an older
/// reader read. `tests/it/version.rs` demands a new one when a sample is read differently.
pub const VERSION: &str = "2026.12";

/// Reads a report. `file_name` is a hint for the agency and the year where the document is silent.
///
/// Up to three documents are in play, each with its own outline, since an outline counts blocks:
///
/// 1. the *file*: everything that was sent;
/// 2. the *report*: the part of the file that is read where several reports stand in one file, which is
///    the first with the tables; otherwise the file itself;
/// 3. the *prose*: the report with a paragraph for each heading and in simplified characters, for the
///    readers that look for words; otherwise the report itself.
pub fn read(file: &Document, file_name: Option<&str>) -> Report {
    let file_outline = outline::outline(file);
    match tables::first_report(file, &file_outline) {
        Some(report) => {
            let outline = outline::outline(&report);
            let mut read = read_report(&report, outline, file_name);
            read.remarks.push(identity::other_report(file, &read));
            read
        }
        None => read_report(file, file_outline, file_name),
    }
}

fn read_report(report: &Document, outline: Outline, file_name: Option<&str>) -> Report {
    let (texts, pieces) = (grid::cell_texts(report), OnceCell::new());
    let Tables { requests, active, litigation } = tables::find(report, &texts, &pieces, &outline);
    let identity = identity::identify(report, &outline, file_name);

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
        prove::join(form, &mut cells);
        if let Some(scan) = &report.scan {
            let reporter = claims::Reporter { year: identity.year, agency: identity.agency.as_deref() };
            witness::judge(form, &mut cells, scan, &claims::extract(report, &outline, reporter).claims);
        }
        prove::derive(form, &mut cells, &requests.groups(form));
        prove::join(form, &mut cells);
    } else {
        notes.extend(Table::ALL.map(|table| Note::new(NoteKind::TableAbsent, table.as_str(), None)));
    }

    let agency = identity.agency.as_deref();
    let reporter = claims::Reporter { year: identity.year, agency };
    let narrative = claims::extract(report, &outline, reporter);
    let region = region::of(&identity, report, file_name);
    let normalised = normalise::normalise(report, &outline);
    let normalised = normalised.map(|prose| (outline::outline(&prose), prose));
    let (prose_outline, prose) = match &normalised {
        Some((prose_outline, prose)) => (prose_outline, prose),
        None => (&outline, report),
    };
    let mut remarks = remarks::extract(prose, prose_outline, agency, identity.year);
    let read = copy::Read { cells: &cells, has_title: identity.title.is_some() };
    remarks.extend(copy::losses(report, &outline, &read));
    remarks.extend(narrative.overlong);
    remarks.extend(outline.overlong());
    let fingerprints = fingerprint::of(prose, prose_outline, agency, region.as_ref());
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

/// The form, by its headers and rows. The year decides only where they are the same in both forms.
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
