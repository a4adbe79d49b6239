//! The report and what it is made of, but for its cells.

use report::{
    Area, Breakdown, Cells, Claim, Date, Fingerprint, FormId, Note, Origin, Quantity, Region, Relation,
    Remark, Report, Section, SectionKind, Share, Stated, Year,
};

use super::names::known;
use super::{ConvertError, decimal, each, filled, optional, optional_decimal, required, spelled};
use crate::convert::cells;
use crate::v1;

impl From<&Report> for v1::Report {
    fn from(report: &Report) -> Self {
        Self {
            title: report.title.clone().unwrap_or_default(),
            agency: report.agency.clone().unwrap_or_default(),
            region: report.region.as_ref().map(Into::into),
            year: report.year.map_or(0, |year| year.get().into()),
            form: report.form.map(|form| form.to_string()).unwrap_or_default(),
            published: report.published.map(|date| date.to_string()).unwrap_or_default(),
            rows: cells::rows(&report.cells),
            claims: report.claims.iter().map(Into::into).collect(),
            breakdowns: report.breakdowns.iter().map(Into::into).collect(),
            sections: report.sections.iter().map(Into::into).collect(),
            notes: report.notes.iter().map(Into::into).collect(),
            stated_years: report.stated_years.iter().map(Into::into).collect(),
            stated_agencies: report.stated_agencies.iter().map(Into::into).collect(),
            stated_dates: report.stated_dates.iter().map(Into::into).collect(),
            shares: report.shares.iter().map(Into::into).collect(),
            remarks: report.remarks.iter().map(Into::into).collect(),
            fingerprints: report.fingerprints.iter().map(Into::into).collect(),
        }
    }
}

impl TryFrom<&v1::Report> for Report {
    type Error = ConvertError;

    fn try_from(report: &v1::Report) -> Result<Self, ConvertError> {
        let form = match report.form.as_str() {
            "" => None,
            name => Some(FormId::parse(name).ok_or_else(|| ConvertError::unknown("form", name))?),
        };
        let cells = match (form, report.rows.first()) {
            (Some(form), _) => cells::cells(form, &report.rows)?,
            (None, None) => Cells::default(),
            (None, Some(row)) => {
                return Err(ConvertError::malformed("rows[0].id", &row.id, "a row of a form that is named"));
            }
        };
        let claims: Vec<Claim> = each("claims", &report.claims)?;
        check_positions(&report.breakdowns, &report.shares, claims.len())?;
        Ok(Self {
            title: filled(&report.title),
            agency: filled(&report.agency),
            region: region(report.region.as_ref())?,
            year: if report.year == 0 { None } else { Some(year(report.year)?) },
            stated_agencies: each("stated_agencies", &report.stated_agencies)?,
            stated_years: each("stated_years", &report.stated_years)?,
            stated_dates: each("stated_dates", &report.stated_dates)?,
            form,
            published: if report.published.is_empty() {
                None
            } else {
                Some(date("published", &report.published)?)
            },
            cells,
            claims,
            breakdowns: report.breakdowns.iter().map(Into::into).collect(),
            shares: report.shares.iter().map(Into::into).collect(),
            remarks: each("remarks", &report.remarks)?,
            fingerprints: each("fingerprints", &report.fingerprints)?,
            sections: each("sections", &report.sections)?,
            notes: each("notes", &report.notes)?,
        })
    }
}

impl v1::ReportSubmitted {
    /// The day of submission in Beijing, where reports and their deadlines are; none where that is no day.
    pub fn day(&self) -> Option<Date> {
        report::beijing::day(self.submitted_at_ms)
    }
}

/// The report of an event.
impl TryFrom<&v1::ReportParsed> for Report {
    type Error = ConvertError;

    fn try_from(event: &v1::ReportParsed) -> Result<Self, ConvertError> {
        required("report", event.report.as_ref())
    }
}

impl From<&Region> for v1::Region {
    fn from(region: &Region) -> Self {
        Self { code: region.code.clone(), name: region.name.clone() }
    }
}

/// A region with nothing in it is none.
fn region(region: Option<&v1::Region>) -> Result<Option<Region>, ConvertError> {
    match region {
        None => Ok(None),
        Some(region) if region.code.is_empty() && region.name.is_empty() => Ok(None),
        Some(v1::Region { code, .. })
            if ![6, 9].contains(&code.len()) || !code.bytes().all(|b| b.is_ascii_digit()) =>
        {
            Err(ConvertError::malformed("region.code", code, "six or nine digits"))
        }
        Some(v1::Region { code, name }) => Ok(Some(Region { code: code.clone(), name: name.clone() })),
    }
}

pub(super) fn year(year: u32) -> Result<Year, ConvertError> {
    Year::new(year.into()).ok_or_else(|| ConvertError::malformed("year", year, "a year from 2007 to 2099"))
}

/// A date has one spelling, though more are understood elsewhere.
pub(super) fn date(field: &str, text: &str) -> Result<Date, ConvertError> {
    let date: Option<Date> = text.parse().ok();
    date.filter(|date| date.to_string() == text)
        .ok_or_else(|| ConvertError::malformed(field, text, "a date (YYYY-MM-DD)"))
}

impl From<Origin> for v1::Origin {
    fn from(origin: Origin) -> Self {
        Self {
            page: origin.page.unwrap_or_default(),
            line: origin.line,
            start: origin.start,
            length: origin.end.saturating_sub(origin.start),
            table: origin.table,
            row: origin.row,
            column: origin.column,
            area: origin.area.map(Into::into),
        }
    }
}

impl TryFrom<&v1::Origin> for Origin {
    type Error = ConvertError;

    fn try_from(origin: &v1::Origin) -> Result<Self, ConvertError> {
        let end = origin.start.checked_add(origin.length);
        Ok(Self {
            page: (origin.page != 0).then_some(origin.page),
            line: origin.line,
            start: origin.start,
            end: end.ok_or_else(|| {
                ConvertError::malformed("length", origin.length, "the length of something in a file")
            })?,
            table: origin.table,
            row: origin.row,
            column: origin.column,
            area: optional("area", origin.area.as_ref())?,
        })
    }
}

impl From<Area> for v1::Area {
    fn from(Area { left, top, right, bottom }: Area) -> Self {
        Self { left: left.into(), top: top.into(), right: right.into(), bottom: bottom.into() }
    }
}

impl TryFrom<&v1::Area> for Area {
    type Error = ConvertError;

    fn try_from(area: &v1::Area) -> Result<Self, ConvertError> {
        let edge = |field, value: u32| {
            u16::try_from(value)
                .map_err(|_| ConvertError::malformed(field, value, "an edge up to 65535 points"))
        };
        Ok(Self {
            left: edge("left", area.left)?,
            top: edge("top", area.top)?,
            right: edge("right", area.right)?,
            bottom: edge("bottom", area.bottom)?,
        })
    }
}

impl From<&Claim> for v1::Claim {
    fn from(claim: &Claim) -> Self {
        Self {
            text: claim.text.clone(),
            value: spelled(claim.value),
            unit: claim.unit.clone(),
            exact: claim.exact,
            about: claim.about.map(|quantity| quantity.to_string()).unwrap_or_default(),
            relation: v1::Relation::from(claim.relation).into(),
            origin: Some(claim.origin.into()),
        }
    }
}

impl TryFrom<&v1::Claim> for Claim {
    type Error = ConvertError;

    fn try_from(claim: &v1::Claim) -> Result<Self, ConvertError> {
        Ok(Self {
            text: claim.text.clone(),
            value: decimal("value", &claim.value)?,
            unit: claim.unit.clone(),
            exact: claim.exact,
            about: match claim.about.as_str() {
                "" => None,
                name => Some(Quantity::parse(name).ok_or_else(|| ConvertError::unknown("about", name))?),
            },
            relation: match claim.relation() {
                v1::Relation::Unspecified if claim.relation == 0 => Relation::Is,
                _ => known::<v1::Relation, _>("relation", claim.relation)?,
            },
            origin: required("origin", claim.origin.as_ref())?,
        })
    }
}

impl From<&Breakdown> for v1::Breakdown {
    fn from(breakdown: &Breakdown) -> Self {
        // A position that does not fit is past every claim, and refused as such by who reads it.
        let position = |index: usize| u32::try_from(index).unwrap_or(u32::MAX);
        Self {
            whole: position(breakdown.whole),
            parts: breakdown.parts.iter().copied().map(position).collect(),
            complete: breakdown.complete,
        }
    }
}

/// Positions are checked where the claims are known.
impl From<&v1::Breakdown> for Breakdown {
    fn from(breakdown: &v1::Breakdown) -> Self {
        Self {
            whole: breakdown.whole as usize,
            parts: breakdown.parts.iter().map(|part| *part as usize).collect(),
            complete: breakdown.complete,
        }
    }
}

impl From<&Share> for v1::Share {
    fn from(share: &Share) -> Self {
        let position = |index: usize| u32::try_from(index).unwrap_or(u32::MAX);
        Self { share: position(share.share), part: position(share.part), whole: position(share.whole) }
    }
}

/// Positions are checked where the claims are known.
impl From<&v1::Share> for Share {
    fn from(share: &v1::Share) -> Self {
        Self { share: share.share as usize, part: share.part as usize, whole: share.whole as usize }
    }
}

impl From<&Remark> for v1::Remark {
    fn from(remark: &Remark) -> Self {
        Self {
            kind: v1::RemarkKind::from(remark.kind).into(),
            text: remark.text.clone(),
            value: remark.value.map(spelled).unwrap_or_default(),
            section: remark.section.map_or(v1::SectionKind::Unspecified, Into::into).into(),
            origin: Some(remark.origin.into()),
        }
    }
}

impl TryFrom<&v1::Remark> for Remark {
    type Error = ConvertError;

    fn try_from(remark: &v1::Remark) -> Result<Self, ConvertError> {
        Ok(Self {
            kind: known::<v1::RemarkKind, _>("kind", remark.kind)?,
            text: remark.text.clone(),
            value: optional_decimal("value", &remark.value)?,
            section: section_kind("section", remark.section)?,
            origin: required("origin", remark.origin.as_ref())?,
        })
    }
}

impl From<&Fingerprint> for v1::Fingerprint {
    fn from(fingerprint: &Fingerprint) -> Self {
        Self {
            section: v1::SectionKind::from(fingerprint.section).into(),
            shingles: fingerprint.shingles,
            minima: fingerprint.minima.iter().flat_map(|minimum| minimum.to_be_bytes()).collect(),
        }
    }
}

impl TryFrom<&v1::Fingerprint> for Fingerprint {
    type Error = ConvertError;

    fn try_from(fingerprint: &v1::Fingerprint) -> Result<Self, ConvertError> {
        let (minima, rest) = fingerprint.minima.as_chunks::<4>();
        let minima: Vec<u32> = minima.iter().map(|bytes| u32::from_be_bytes(*bytes)).collect();
        let minima = minima.try_into().ok().filter(|_| rest.is_empty());
        Ok(Self {
            section: known::<v1::SectionKind, _>("section", fingerprint.section)?,
            shingles: fingerprint.shingles,
            minima: minima.ok_or_else(|| {
                ConvertError::malformed("minima", fingerprint.minima.len(), "256, the length of 64 minima")
            })?,
        })
    }
}

/// The part of the report; unspecified is none of the six.
fn section_kind(field: &str, kind: i32) -> Result<Option<SectionKind>, ConvertError> {
    if kind == v1::SectionKind::Unspecified as i32 {
        return Ok(None);
    }
    known::<v1::SectionKind, _>(field, kind).map(Some)
}

fn check_positions(
    breakdowns: &[v1::Breakdown],
    shares: &[v1::Share],
    claims: usize,
) -> Result<(), ConvertError> {
    for (position, share) in shares.iter().enumerate() {
        for (field, index) in [("share", share.share), ("part", share.part), ("whole", share.whole)] {
            if index as usize >= claims {
                return Err(ConvertError::malformed(field, index, "the position of a claim")
                    .within(format_args!("shares[{position}]")));
            }
        }
    }
    for (position, breakdown) in breakdowns.iter().enumerate() {
        let past = |index: &u32| *index as usize >= claims;
        let error = |field, index: u32| {
            ConvertError::malformed(field, index, "the position of a claim")
                .within(format_args!("breakdowns[{position}]"))
        };
        if past(&breakdown.whole) {
            return Err(error("whole", breakdown.whole));
        }
        if let Some(part) = breakdown.parts.iter().copied().find(past) {
            return Err(error("parts", part));
        }
    }
    Ok(())
}

impl From<&Section> for v1::Section {
    fn from(section: &Section) -> Self {
        Self {
            kind: section.kind.map_or(v1::SectionKind::Unspecified, Into::into).into(),
            heading: section.heading.clone(),
            ordinal: section.ordinal.unwrap_or_default(),
            origin: Some(section.origin.into()),
            chars: section.chars,
        }
    }
}

impl TryFrom<&v1::Section> for Section {
    type Error = ConvertError;

    fn try_from(section: &v1::Section) -> Result<Self, ConvertError> {
        Ok(Self {
            kind: section_kind("kind", section.kind)?,
            heading: section.heading.clone(),
            ordinal: (section.ordinal != 0).then_some(section.ordinal),
            origin: required("origin", section.origin.as_ref())?,
            chars: section.chars,
        })
    }
}

impl From<&Note> for v1::Note {
    fn from(note: &Note) -> Self {
        Self {
            kind: v1::NoteKind::from(note.kind).into(),
            subject: note.subject.clone(),
            count: note.count,
            origin: note.origin.map(Into::into),
        }
    }
}

impl TryFrom<&v1::Note> for Note {
    type Error = ConvertError;

    fn try_from(note: &v1::Note) -> Result<Self, ConvertError> {
        Ok(Self {
            kind: known::<v1::NoteKind, _>("kind", note.kind)?,
            subject: note.subject.clone(),
            count: note.count,
            origin: optional("origin", note.origin.as_ref())?,
        })
    }
}

/// What a source says, of each of three things.
macro_rules! stated {
    ($wire:ident { $field:ident }, $model:ty, $outwards:expr, $inwards:expr) => {
        impl From<&Stated<$model>> for v1::$wire {
            fn from(stated: &Stated<$model>) -> Self {
                Self {
                    source: v1::YearSource::from(stated.source).into(),
                    $field: $outwards(&stated.value),
                    origin: stated.origin.map(Into::into),
                }
            }
        }

        impl TryFrom<&v1::$wire> for Stated<$model> {
            type Error = ConvertError;

            fn try_from(stated: &v1::$wire) -> Result<Self, ConvertError> {
                Ok(Self {
                    source: known::<v1::YearSource, _>("source", stated.source)?,
                    value: $inwards(&stated.$field)?,
                    origin: optional("origin", stated.origin.as_ref())?,
                })
            }
        }
    };
}

stated!(StatedYear { year }, Year, |value: &Year| value.get().into(), |value: &u32| year(*value));
stated!(StatedAgency { agency }, String, String::clone, |name: &String| Ok::<_, ConvertError>(name.clone()));
stated!(StatedDate { date }, Date, Date::to_string, |text: &String| date("date", text));
