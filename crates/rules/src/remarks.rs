//! What the narrative says in words, as far as several rules ask for it.

use report::{Finding, Remark, RemarkKind, Report, SectionKind, Severity};

use crate::Rule;
use crate::place::quoted;

/// The first year whose reports state the fees for information.
pub(crate) const FIRST_YEAR_WITH_FEE: u16 = 2021;

pub(crate) fn remarks(report: &Report, kind: RemarkKind) -> impl Iterator<Item = &Remark> {
    report.remarks.iter().filter(move |remark| remark.kind == kind)
}

pub(crate) fn has(report: &Report, kind: RemarkKind, text: &str) -> bool {
    remarks(report, kind).any(|remark| remark.text == text)
}

pub(crate) fn is_from(report: &Report, year: u16) -> bool {
    report.year.is_some_and(|own| own.get() >= year)
}

/// What this copy has lost of the published report, as the reader found it; DOC-21 reports it. The rules on
/// what was lost cannot be judged.
pub(crate) fn has_lost(report: &Report, what: &str) -> bool {
    has(report, RemarkKind::Lost, what)
}

/// The breaks between headings, labels and figures.
pub(crate) const BREAKS: &str = "分行";

/// The line with the title.
pub(crate) const TITLE: &str = "标题";

/// A rule that cannot be judged because of a loss weighs no more than a warning: the fault is the copy's.
pub(crate) fn lost(rule: &Rule, report: &Report, message: &str) -> Finding {
    let finding = rule.unknown(report, Vec::new(), message);
    Finding { severity: finding.severity.min(Severity::Warning), ..finding }
}

/// Whether the part is there exactly once. DOC-07 reports the other cases.
pub(crate) fn has_one(report: &Report, kind: SectionKind) -> bool {
    report.sections.iter().filter(|section| section.kind == Some(kind)).count() == 1
}

pub(crate) fn empty(report: &Report, kind: SectionKind) -> Option<&Remark> {
    remarks(report, RemarkKind::Empty)
        .find(|remark| remark.section == Some(kind))
        .filter(|_| has_one(report, kind))
}

/// Makes one finding for all remarks of a kind, at the first of them.
pub(crate) fn listed(
    rule: &Rule,
    report: &Report,
    kind: RemarkKind,
    before: &str,
    behind: &str,
) -> Vec<Finding> {
    let places: Vec<&Remark> = remarks(report, kind).collect();
    let Some(first) = places.first() else { return Vec::new() };
    let words = quoted(places.iter().map(|remark| remark.text.as_str()), "处");
    vec![at(first, rule.fails(report, Vec::new(), format!("{before}{words}{behind}。")))]
}

pub(crate) fn at(remark: &Remark, finding: Finding) -> Finding {
    Finding { origin: Some(remark.origin), ..finding }
}
