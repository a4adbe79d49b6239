//! How far a report has come through the pipeline.

use crate::{Fact, v1};

/// How far a report has come, by the events about it. The order is that of progress: a refusal counts for more
/// than an event before it, and an indexed report was not refused in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ReportState {
    /// Accepted, and not parsed yet.
    Submitted,
    /// Parsed, and not validated yet.
    Parsed,
    /// Validated, and not indexed yet.
    Validated,
    /// Refused by a stage.
    Refused,
    /// Searchable.
    Indexed,
}

impl ReportState {
    /// Every state, the least progress first.
    pub const ALL: [Self; 5] = [Self::Submitted, Self::Parsed, Self::Validated, Self::Refused, Self::Indexed];

    /// The furthest state among events with these names; none where no event changes the state.
    pub fn furthest<'a>(events: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        events.into_iter().filter_map(Self::parse).max()
    }

    /// The state after the event with this name; see [`Fact::NAME`].
    pub fn parse(event: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == event)
    }

    /// The name of its event, which is its name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Submitted => v1::ReportSubmitted::NAME,
            Self::Parsed => v1::ReportParsed::NAME,
            Self::Validated => v1::ReportValidated::NAME,
            Self::Refused => v1::ReportRefused::NAME,
            Self::Indexed => v1::ReportIndexed::NAME,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_furthest_event_gives_the_state() {
        let check = |events: &[&str], expected: Option<ReportState>| {
            assert_eq!(ReportState::furthest(events.iter().copied()), expected, "{events:?}");
        };
        check(&[], None);
        check(&["audited"], None);
        check(&["submitted"], Some(ReportState::Submitted));
        check(&["submitted", "parsed", "validated"], Some(ReportState::Validated));
        check(&["refused", "submitted", "parsed"], Some(ReportState::Refused));
        check(&["submitted", "refused", "parsed", "validated", "indexed"], Some(ReportState::Indexed));
    }
}
