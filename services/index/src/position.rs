//! How far an index is complete.

use crate::rejudged::Pending;

/// The positions up to which an index is complete. Each commit stores them, so that the next process continues
/// from there, and an index that is empty, old or restored repairs itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Position {
    /// Every `ReportValidated` up to here was written.
    pub(crate) reports: Place,
    /// Every `ReportReviewed` up to here was written, or waits in memory for its report.
    pub(crate) reviews: Place,
    /// The sequence of the first `ReportReviewed` that waits; 0 where none does.
    pub(crate) waiting: u64,
    /// Which log; see [`bus::Extent`].
    pub(crate) log_made_at_ms: i64,
    /// The id of the change of the rule policy under which every report in the index was judged; empty where the
    /// log had none. A process that was killed while it judged reports again finds the one before, and begins again.
    pub(crate) policy: String,
    /// The reports that were judged again and that the log may not tell of yet.
    pub(crate) pending: Pending,
}

/// An event on the log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) sequence: u64,
    /// When the log stored it. It differs on a log that lost its end and grew again.
    pub(crate) at_ms: i64,
}

impl Position {
    /// Reads what the index stored.
    pub(crate) fn read(payload: &str) -> Option<Self> {
        let mut parts = payload.split('@');
        let position = Self {
            reports: Place::read(&mut parts)?,
            reviews: Place::read(&mut parts)?,
            waiting: parts.next()?.parse().ok()?,
            log_made_at_ms: parts.next()?.parse().ok()?,
            policy: parts.next()?.to_owned(),
            pending: parts.next().map_or_else(|| Some(Pending::default()), Pending::read)?,
        };
        parts.next().is_none().then_some(position)
    }
}

impl Place {
    fn read<'a>(parts: &mut impl Iterator<Item = &'a str>) -> Option<Self> {
        Some(Self { sequence: parts.next()?.parse().ok()?, at_ms: parts.next()?.parse().ok()? })
    }
}

/// The console reads the first two parts for the provenance of an export, and the seventh for the policy.
impl std::fmt::Display for Position {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { reports, reviews, waiting, log_made_at_ms, policy, pending } = self;
        let (report, review) = (reports.sequence, reviews.sequence);
        write!(
            formatter,
            "{report}@{}@{review}@{}@{waiting}@{log_made_at_ms}@{policy}@{pending}",
            reports.at_ms, reviews.at_ms
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_reads_back() {
        let position = Position {
            reports: Place { sequence: 17, at_ms: 1_764_000_000_017 },
            reviews: Place { sequence: 19, at_ms: 1_764_000_000_019 },
            waiting: 18,
            log_made_at_ms: 1_764_000_000_000,
            policy: String::new(),
            pending: Pending::default(),
        };
        for position in [Position { policy: "policy-3".into(), ..position.clone() }, position] {
            assert_eq!(Position::read(&position.to_string()), Some(position));
        }
        for other in [
            "",
            "17",
            "17@1@2",
            "x@1@2@3@4@5",
            "17@1@2@3@4",
            "17@1@2@3@4@@",
            "17@1@2@3@4@5",
            "17@1@2@3@4@5@6@7",
            "17@1@2@3@4@5@6@*@8",
        ] {
            assert_eq!(Position::read(other), None, "{other}");
        }
    }

    #[test]
    fn a_position_of_an_earlier_version_knows_nothing_of_what_was_judged_again() {
        let read = Position::read("17@1@2@3@4@5@policy-6").unwrap();
        assert_eq!((read.policy.as_str(), read.pending), ("policy-6", Pending::default()));
    }
}
