//! How a report fills the fields of an index, whichever engine has them.
//!
//! A document is made from what the index stores of a report, so that a report can be written again
//! when an earlier version of it arrives late.

use std::collections::{BTreeMap, BTreeSet};

use proto::Message as _;
use proto::v1::ReportValidated;
use report::{Cell, CellId, CellState, Date, Finding, Region, RemarkKind, Verdict};

use crate::damage::DamageError;
use crate::millionths::{is_exact, millionths};
use crate::region;
use crate::reviews::Acts;
use crate::stored::{Handling, History, Packer, Part, StoredActs, card};
use crate::versions::{IndexedReport, Judged};

/// The one value of the field of that name.
pub(crate) const WITHDRAWN: &str = "yes";

/// Stands between the code and the name of a region in its column.
pub(crate) const PLACE_SEPARATOR: char = '\u{1f}';

/// A field of the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Key,
    /// The ids of all versions.
    Id,
    Version,
    Submitted,
    Year,
    Published,
    Province,
    City,
    County,
    /// The region itself, by the significant digits of its code.
    Region,
    RegionName,
    Agency,
    AgencyName,
    Verdict,
    Form,
    Rule,
    /// A rule with its severity or judgement: `T3-01/error`.
    Finding,
    Severity,
    /// Set on a report that was withdrawn, which no search finds.
    Withdrawn,
    /// Where it stands with its reviewers.
    Review,
    Assignee,
    /// The deadline of a return, as the number `yyyymmdd`.
    Due,
    /// Since when it is in that state.
    Since,
    /// How much is open: errors weigh more than any number of warnings.
    Open,
    /// The rules and severities of the open findings: `T3-01`, `T3-01/error`, `error`.
    OpenFinding,
    Title,
    Text,
    /// A column for each cell.
    Cells,
    /// A column for each cell whose value is not simply read: a mark says how it is known, or why not.
    Marks,
    /// SHA-256 of the original of the current version.
    Original,
    /// The id of the current version.
    Current,
    /// Set where the column of a cell holds its value rounded or cut off.
    Rounded,
    /// Code and name of the region.
    Place,
    Scope,
}

impl Field {
    /// The name in every engine.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Id => "id",
            Self::Version => "version",
            Self::Submitted => "submitted_at_ms",
            Self::Year => "year",
            Self::Published => "published",
            Self::Province => "province",
            Self::City => "city",
            Self::County => "county",
            Self::Region => "region",
            Self::RegionName => "region_name",
            Self::Agency => "agency",
            Self::AgencyName => "agency_name",
            Self::Verdict => "verdict",
            Self::Form => "form",
            Self::Rule => "rule",
            Self::Finding => "finding",
            Self::Severity => "severity",
            Self::Withdrawn => "withdrawn",
            Self::Review => "review",
            Self::Assignee => "assignee",
            Self::Due => "due",
            Self::Since => "since_ms",
            Self::Open => "open",
            Self::OpenFinding => "open_finding",
            Self::Title => "title",
            Self::Text => "text",
            Self::Cells => "cells",
            Self::Marks => "marks",
            Self::Original => "original",
            Self::Current => "current",
            Self::Rounded => "rounded",
            Self::Place => "place",
            Self::Scope => "scope",
        }
    }
}

/// The document of an engine while it is filled.
pub(crate) trait Document {
    /// Adds a value to a field of texts.
    fn text(&mut self, field: Field, value: &str);
    /// Adds a value to a field of numbers.
    fn number(&mut self, field: Field, value: i64);
    /// Sets the columns of cells.
    fn cells(&mut self, field: Field, values: impl Iterator<Item = (CellId, i64)>);
    /// Stores a part as it is.
    fn part(&mut self, part: Part, packed: &[u8]);
}

/// The mark of a cell; none where the source has a number or no such cell.
fn mark_of(cell: &Cell) -> Option<i64> {
    let is_plain = matches!(cell.state, CellState::Read | CellState::Missing);
    let state = CellState::ALL.iter().position(|state| *state == cell.state)?;
    (!is_plain).then_some(state as i64)
}

/// The state that a mark stands for.
pub(crate) fn state_of_mark(mark: i64) -> Option<CellState> {
    CellState::ALL.get(usize::try_from(mark).ok()?).copied()
}

/// Fills the document of a report.
///
/// # Errors
/// If the stored fact does not decode.
pub(crate) fn fill(
    document: &mut impl Document,
    indexed: &IndexedReport,
    acts: &Acts,
    packer: &mut Packer,
) -> Result<(), DamageError> {
    let review = indexed.review()?;
    let report = &review.report;
    let findings = indexed.compared.as_ref().map_or(&review.findings, |judged| &judged.findings);
    let verdict = Verdict::of(findings);
    document.text(Field::Key, &indexed.key);
    for id in indexed.versions.keys() {
        document.text(Field::Id, id);
    }
    document.number(Field::Version, i64::try_from(indexed.current.number).unwrap_or(i64::MAX));
    document.number(Field::Submitted, indexed.current.submitted_at_ms);
    if let Some(year) = report.year {
        document.number(Field::Year, year.get().into());
    }
    if let Some(day) = report.published {
        document.number(Field::Published, number_of(day));
    }
    if let Some(region) = &report.region {
        add_region(document, region);
    }
    let agency = report.agency.as_deref().unwrap_or_default();
    if !agency.is_empty() {
        document.text(Field::Agency, agency);
        document.text(Field::AgencyName, agency);
    }
    document.text(Field::Verdict, verdict.as_str());
    if indexed.withdrawal.is_some() {
        document.text(Field::Withdrawn, WITHDRAWN);
    }
    if let Some(form) = report.form {
        document.text(Field::Form, form.as_str());
    }
    let handling = Handling::of(acts, &indexed.current, findings);
    add_findings(document, findings);
    add_handling(document, &handling);
    let title = report.title.as_deref().unwrap_or_default();
    // A title that leaves the agency out is still found by it.
    if title.contains(agency) {
        document.text(Field::Title, title);
    } else {
        document.text(Field::Title, &format!("{agency}␟{title}"));
    }
    document.text(Field::Text, &indexed.text);
    let cells = report.cells.iter();
    document.cells(Field::Cells, cells.filter_map(|(id, cell)| Some((id, millionths(cell.known()?)))));
    let marks = report.cells.iter();
    document.cells(Field::Marks, marks.filter_map(|(id, cell)| Some((id, mark_of(cell)?))));
    if report.cells.iter().filter_map(|(_, cell)| cell.known()).any(|value| !is_exact(value)) {
        document.number(Field::Rounded, 1);
    }
    document.text(Field::Original, &indexed.current.original);
    document.text(Field::Current, &indexed.current.id);
    for remark in report.remarks.iter().filter(|remark| remark.kind == RemarkKind::Scope) {
        document.text(Field::Scope, &remark.text);
    }
    document.part(Part::Card, &card(indexed, review, verdict, &handling));
    add_stored(document, indexed, packer)?;
    if !acts.0.is_empty() {
        document.part(Part::Acts, &packer.pack(&StoredActs::from(acts).encode_to_vec())?);
    }
    Ok(())
}

fn add_stored(
    document: &mut impl Document,
    indexed: &IndexedReport,
    packer: &mut Packer,
) -> Result<(), DamageError> {
    document.part(Part::History, &packer.pack(&History::from(indexed).encode_to_vec())?);
    document.part(Part::Fact, &packer.pack(&indexed.fact)?);
    if let Some(Judged { findings, rules_version }) = &indexed.compared {
        let findings = findings.iter().map(Into::into).collect();
        let rules_version = rules_version.clone();
        let judged = ReportValidated { findings, rules_version, ..ReportValidated::default() };
        document.part(Part::Compared, &packer.pack(&judged.encode_to_vec())?);
    }
    match &indexed.packed_text {
        packed if packed.is_empty() => document.part(Part::Text, &packer.pack(indexed.text.as_bytes())?),
        packed => document.part(Part::Text, packed),
    }
    Ok(())
}

fn add_region(document: &mut impl Document, region: &Region) {
    document.text(Field::RegionName, &region.name);
    document.text(Field::Place, &format!("{}{PLACE_SEPARATOR}{}", region.code, region.name));
    let Some(prefix) = region::prefix(&region.code) else { return };
    document.text(Field::Region, prefix);
    for (length, field) in [(2, Field::Province), (4, Field::City), (6, Field::County)] {
        if let Some(code) = prefix.get(..length) {
            document.text(field, code);
        }
    }
}

fn add_findings(document: &mut impl Document, findings: &[Finding]) {
    let mut terms = BTreeMap::new();
    for finding in findings {
        let (rule, severity) = (&finding.rule, finding.severity.as_str());
        terms.insert(format!("{rule}/{severity}"), Field::Finding);
        terms.insert(format!("{rule}/{}", finding.judgement.as_str()), Field::Finding);
        terms.insert(severity.to_owned(), Field::Severity);
        terms.insert(rule.clone(), Field::Rule);
    }
    for (term, field) in terms {
        document.text(field, &term);
    }
}

fn add_handling(document: &mut impl Document, handling: &Handling<'_>) {
    let Handling { workflow, open, .. } = handling;
    document.text(Field::Review, workflow.state.as_str());
    document.number(Field::Since, workflow.since_ms);
    if let Some(assignee) = &workflow.assignee {
        document.text(Field::Assignee, assignee);
    }
    if let Some(due) = workflow.due {
        document.number(Field::Due, number_of(due));
    }
    document.number(Field::Open, handling.weight());
    let terms = open.iter().flat_map(|finding| {
        let (rule, severity) = (&finding.rule, finding.severity.as_str());
        [rule.clone(), format!("{rule}/{severity}"), severity.to_owned()]
    });
    for term in terms.collect::<BTreeSet<_>>() {
        document.text(Field::OpenFinding, &term);
    }
}

/// The day of a number `yyyymmdd`.
pub(crate) fn date_of(number: i64) -> Option<Date> {
    let part = |divisor: i64, modulus: i64| number / divisor % modulus;
    let (year, month, day) = (part(10_000, 10_000), part(100, 100), part(1, 100));
    Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// A day as the number `yyyymmdd`.
fn number_of(day: Date) -> i64 {
    i64::from(day.year()) * 10_000 + i64::from(day.month()) * 100 + i64::from(day.day())
}
