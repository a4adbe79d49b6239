//! What a review found.

use report::{Against, Finding, Repair, Report, Review, Waiver};

use super::names::known;
use super::report::{date, year};
use super::{ConvertError, cell_id, decimal, each, filled, optional, optional_decimal, required, spelled};
use crate::v1;

/// The report of an event with what the rules found in it. The verdict is not read: it follows from
/// the findings.
impl TryFrom<&v1::ReportValidated> for Review {
    type Error = ConvertError;

    fn try_from(event: &v1::ReportValidated) -> Result<Self, ConvertError> {
        Ok(Self {
            report: required::<_, Report>("report", event.report.as_ref())?,
            findings: each("findings", &event.findings)?,
            rules_version: event.rules_version.clone(),
        })
    }
}

impl v1::ReportRejudged {
    /// The review of the reading with the findings as they stand now.
    ///
    /// # Errors
    /// If this program cannot read what another version of it wrote.
    pub fn review(&self, validated: &v1::ReportValidated) -> Result<Review, ConvertError> {
        Ok(Review {
            findings: each("findings", &self.findings)?,
            rules_version: self.rules_version.clone(),
            ..Review::try_from(validated)?
        })
    }
}

impl From<&Finding> for v1::Finding {
    fn from(finding: &Finding) -> Self {
        Self {
            rule: finding.rule.clone(),
            severity: v1::Severity::from(finding.severity).into(),
            judgement: v1::Judgement::from(finding.judgement).into(),
            message: finding.message.clone(),
            cells: finding.cells.iter().map(ToString::to_string).collect(),
            left: finding.left.map(spelled).unwrap_or_default(),
            right: finding.right.map(spelled).unwrap_or_default(),
            repair: finding.repair.as_ref().map(Into::into),
            origin: finding.origin.map(Into::into),
            against: finding.against.as_ref().map(Into::into),
            waiver: finding.waiver.as_ref().map(Into::into),
        }
    }
}

impl TryFrom<&v1::Finding> for Finding {
    type Error = ConvertError;

    fn try_from(finding: &v1::Finding) -> Result<Self, ConvertError> {
        let cells = finding.cells.iter().enumerate();
        Ok(Self {
            rule: finding.rule.clone(),
            severity: known::<v1::Severity, _>("severity", finding.severity)?,
            judgement: known::<v1::Judgement, _>("judgement", finding.judgement)?,
            message: finding.message.clone(),
            cells: cells
                .map(|(position, name)| cell_id(&format!("cells[{position}]"), name))
                .collect::<Result<_, _>>()?,
            left: optional_decimal("left", &finding.left)?,
            right: optional_decimal("right", &finding.right)?,
            repair: optional("repair", finding.repair.as_ref())?,
            origin: optional("origin", finding.origin.as_ref())?,
            against: optional("against", finding.against.as_ref())?,
            waiver: optional("waiver", finding.waiver.as_ref())?,
        })
    }
}

impl From<&Against> for v1::Against {
    fn from(against: &Against) -> Self {
        Self {
            agency: against.agency.clone().unwrap_or_default(),
            year: against.year.map_or(0, |year| year.get().into()),
            origin: against.origin.map(Into::into),
        }
    }
}

impl TryFrom<&v1::Against> for Against {
    type Error = ConvertError;

    fn try_from(against: &v1::Against) -> Result<Self, ConvertError> {
        Ok(Self {
            agency: filled(&against.agency),
            year: if against.year == 0 { None } else { Some(year(against.year)?) },
            origin: optional("origin", against.origin.as_ref())?,
        })
    }
}

impl From<&Waiver> for v1::Waiver {
    fn from(waiver: &Waiver) -> Self {
        Self { who: waiver.who.clone(), why: waiver.why.clone(), until: waiver.until.to_string() }
    }
}

impl TryFrom<&v1::Waiver> for Waiver {
    type Error = ConvertError;

    fn try_from(waiver: &v1::Waiver) -> Result<Self, ConvertError> {
        Ok(Self { who: waiver.who.clone(), why: waiver.why.clone(), until: date("until", &waiver.until)? })
    }
}

impl From<&Repair> for v1::Repair {
    fn from(repair: &Repair) -> Self {
        Self { cell: repair.cell.to_string(), value: spelled(repair.value), reason: repair.reason.clone() }
    }
}

impl TryFrom<&v1::Repair> for Repair {
    type Error = ConvertError;

    fn try_from(repair: &v1::Repair) -> Result<Self, ConvertError> {
        Ok(Self {
            cell: cell_id("cell", &repair.cell)?,
            value: decimal("value", &repair.value)?,
            reason: repair.reason.clone(),
        })
    }
}
