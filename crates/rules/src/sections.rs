//! The six parts of a report by their headings.

use report::{Report, Section, SectionKind};

/// The first year with an official form; earlier reports had other parts and other tables.
pub(crate) const FIRST_YEAR_WITH_FORM: u16 = 2019;

/// Whether a report is of a year before the first official form.
pub(crate) fn precedes_the_forms(report: &Report) -> bool {
    report.year.is_some_and(|year| year.get() < FIRST_YEAR_WITH_FORM)
}

/// The headings of the six parts. A heading inside a part may have the name of a part (一、存在的主要问题
/// under 五、存在的主要问题及改进情况); then the heading with the number of the part is taken.
pub(crate) fn top_level(report: &Report) -> impl Iterator<Item = &Section> {
    let is_numbered = |section: &Section, kind: SectionKind| section.ordinal == Some(number_of(kind));
    let has_own =
        move |kind| report.sections.iter().any(|other| other.kind == Some(kind) && is_numbered(other, kind));
    report.sections.iter().filter(move |section| {
        section
            .kind
            .is_some_and(|kind| is_numbered(section, kind) || section.ordinal.is_none() || !has_own(kind))
    })
}

/// The number of a part in the form.
pub(crate) fn number_of(kind: SectionKind) -> u32 {
    kind as u32 + 1
}
