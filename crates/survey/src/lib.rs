//! Compares the reports of many agencies: missing reports, sums of a region, outliers among peers, and
//! copied texts.
//!
//! Pure functions. `console` reads the reports from the index and hands them in.

mod account;
mod attendance;
mod copies;
mod division;
mod figures;
mod forest;
mod member;
mod name;
mod panel;
mod peers;
mod roll_up;
mod roster;
mod scopes;
mod series;
mod tally;
#[cfg(test)]
mod tests;
mod walk;

pub use account::{Contributor, Counted, Doubt, DoubtKind, Gap, RollUp, ScopeSource, Sum, Whole};
pub use attendance::{Attendance, Attended, Attendee, DaySource, Stranger, attend};
pub use copies::{Candidate, Phrases, candidates, duplicates, judge};
pub use division::Level;
pub use figures::Figures;
pub use member::{Member, Scope};
pub use panel::{
    Gap as PanelGap, Measure, Observation, Observed, Panel, PanelQuestion, PanelReport, PanelRow, PanelTotal,
    Point, agency_kind, agency_kinds, panel,
};
pub use peers::stand_out;
pub use roll_up::roll_up;
pub use roster::{
    Agency, AgencyChange, Exemption, Fault, FaultKind, Roster, RosterChanges, WrongRoster, csv_of,
};
pub use scopes::compare_scopes;
pub use series::follow;

use std::collections::BTreeMap;

use report::{CellId, Finding, Report};
use rules::Rule;

/// Findings by the key of the report they are about.
pub type Findings = BTreeMap<String, Vec<Finding>>;

/// The finding that a report breaks a rule. It has no origin: the console looks its cells up in the report.
fn fails(rule: &Rule, cells: Vec<CellId>, what: impl AsRef<str>) -> Finding {
    rule.fails(&Report::default(), cells, what)
}

/// The finding that a rule cannot be judged, with the whole message.
fn unknown(rule: &Rule, cells: Vec<CellId>, message: String) -> Finding {
    rule.unknown(&Report::default(), cells, message)
}
