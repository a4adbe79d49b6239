//! What reviewers do.

use report::workflow::{Act, ActKind, FindingReference};

use super::report::date;
use super::{ConvertError, cell_id, each, filled, optional_decimal, spelled};
use crate::v1::{self, ReviewAct};

/// The act of an event. Who published it for which report stays with the event.
impl TryFrom<&v1::ReportReviewed> for Act {
    type Error = ConvertError;

    fn try_from(event: &v1::ReportReviewed) -> Result<Self, ConvertError> {
        if event.number == 0 {
            return Err(ConvertError::malformed("number", event.number, "a number from 1"));
        }
        Ok(Self {
            number: event.number,
            version: event.version.clone(),
            version_number: event.version_number,
            at_ms: event.at_ms,
            who: event.who.clone(),
            findings: each("findings", &event.findings)?,
            kind: kind(event)?,
        })
    }
}

fn kind(event: &v1::ReportReviewed) -> Result<ActKind, ConvertError> {
    let act = ReviewAct::try_from(event.act).unwrap_or_default();
    let text = || event.text.clone();
    Ok(match act {
        ReviewAct::Unspecified => return Err(ConvertError::unknown("act", event.act)),
        ReviewAct::Confirmed => ActKind::Confirmed,
        ReviewAct::Dismissed => ActKind::Dismissed { why: text() },
        ReviewAct::Waived => ActKind::Waived { why: text(), until: date("until", &event.until)? },
        ReviewAct::Returned => ActKind::Returned {
            deadline: filled(&event.until).map(|day| date("until", &day)).transpose()?,
            note: text(),
            letter: event.letter.clone(),
        },
        ReviewAct::Accepted => ActKind::Accepted { note: text() },
        ReviewAct::Commented => ActKind::Commented { text: text() },
        ReviewAct::Assigned => ActKind::Assigned { to: filled(&event.assignee) },
        ReviewAct::Reopened => ActKind::Reopened { why: text() },
    })
}

/// The fields of an event that tell of an act. Those that tell of the report are left for its publisher.
impl From<&Act> for v1::ReportReviewed {
    fn from(act: &Act) -> Self {
        let event = Self {
            number: act.number,
            version: act.version.clone(),
            version_number: act.version_number,
            at_ms: act.at_ms,
            who: act.who.clone(),
            findings: act.findings.iter().map(Into::into).collect(),
            ..Self::default()
        };
        let with =
            |act: ReviewAct, text: &str| Self { act: act.into(), text: text.to_owned(), ..event.clone() };
        match &act.kind {
            ActKind::Confirmed => with(ReviewAct::Confirmed, ""),
            ActKind::Dismissed { why } => with(ReviewAct::Dismissed, why),
            ActKind::Waived { why, until } => {
                Self { until: until.to_string(), ..with(ReviewAct::Waived, why) }
            }
            ActKind::Returned { deadline, note, letter } => Self {
                until: deadline.map(|day| day.to_string()).unwrap_or_default(),
                letter: letter.clone(),
                ..with(ReviewAct::Returned, note)
            },
            ActKind::Accepted { note } => with(ReviewAct::Accepted, note),
            ActKind::Commented { text } => with(ReviewAct::Commented, text),
            ActKind::Assigned { to } => {
                Self { assignee: to.clone().unwrap_or_default(), ..with(ReviewAct::Assigned, "") }
            }
            ActKind::Reopened { why } => with(ReviewAct::Reopened, why),
        }
    }
}

impl From<&FindingReference> for v1::FindingReference {
    fn from(finding: &FindingReference) -> Self {
        Self {
            rule: finding.rule.clone(),
            cells: finding.cells.iter().map(ToString::to_string).collect(),
            left: finding.left.map(spelled).unwrap_or_default(),
            right: finding.right.map(spelled).unwrap_or_default(),
            message: finding.message.clone(),
        }
    }
}

impl TryFrom<&v1::FindingReference> for FindingReference {
    type Error = ConvertError;

    fn try_from(finding: &v1::FindingReference) -> Result<Self, ConvertError> {
        let cells = finding.cells.iter().enumerate();
        let cells = cells.map(|(position, name)| cell_id(&format!("cells[{position}]"), name));
        Ok(Self {
            rule: finding.rule.clone(),
            cells: cells.collect::<Result<_, _>>()?,
            left: optional_decimal("left", &finding.left)?,
            right: optional_decimal("right", &finding.right)?,
            message: finding.message.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use report::{CellId, Date};

    use super::*;

    #[test]
    fn every_act_survives_the_wire() {
        let until = Date::constant(2025, 3, 31);
        let text = || "理由".to_owned();
        for kind in [
            ActKind::Confirmed,
            ActKind::Dismissed { why: text() },
            ActKind::Waived { why: text(), until },
            ActKind::Returned {
                deadline: Some(until), note: text(), letter: "政办函〔2025〕3号".into()
            },
            ActKind::Returned { deadline: None, note: String::new(), letter: String::new() },
            ActKind::Accepted { note: text() },
            ActKind::Commented { text: text() },
            ActKind::Assigned { to: Some("甲".into()) },
            ActKind::Assigned { to: None },
            ActKind::Reopened { why: text() },
        ] {
            let finding = FindingReference {
                rule: "T3-01".into(),
                cells: vec![CellId::parse("requests.received.total").unwrap()],
                left: Some("12.5".parse().unwrap()),
                right: None,
                message: "一句话".into(),
            };
            let act = Act {
                number: 3,
                version: "9f86d081884c7d659a2feaa0c55ad015-g0".into(),
                version_number: 7,
                at_ms: 1_764_000_000_000,
                who: "甲".into(),
                findings: vec![finding],
                kind,
            };
            assert_eq!(Act::try_from(&v1::ReportReviewed::from(&act)), Ok(act));
        }
    }

    #[test]
    fn what_no_version_writes_is_refused() {
        let field = |event: v1::ReportReviewed| Act::try_from(&event).unwrap_err().field().to_owned();
        let event = |act: ReviewAct, until: &str| v1::ReportReviewed {
            number: 1,
            act: act.into(),
            until: until.into(),
            ..Default::default()
        };
        assert_eq!(field(v1::ReportReviewed { number: 0, ..event(ReviewAct::Confirmed, "") }), "number");
        assert_eq!(field(v1::ReportReviewed { act: 99, ..event(ReviewAct::Confirmed, "") }), "act");
        assert_eq!(field(event(ReviewAct::Waived, "")), "until");
        assert_eq!(field(event(ReviewAct::Returned, "2025-2-30")), "until");
    }
}
