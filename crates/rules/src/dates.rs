//! Days of publication: how they are written, and which of them is the signature.

use report::{Date, Report, Source, Stated, Year};

pub(crate) fn in_words(date: Date) -> String {
    format!("{}年{}月{}日", date.year(), date.month(), date.day())
}

/// A day of the year after the year of the report.
pub(crate) fn day(year: Year, month: i8, day: i8) -> Option<Date> {
    Date::new(i16::try_from(year.get()).ok()? + 1, month, day).ok()
}

pub(crate) fn first_day(year: Year) -> Date {
    day(year, 1, 1).unwrap_or(Date::MIN)
}

/// Whether a date is the signature below the report. A date under the title is often that of the page.
pub(crate) fn is_signature(report: &Report, stated: &Stated<Date>) -> bool {
    let heading = report.sections.first().map(|section| section.origin.start);
    let is_above = stated.origin.zip(heading).is_some_and(|(origin, heading)| origin.start < heading);
    stated.source == Source::Signature && !is_above
}
