//! What reviewers did to the reports of the index.
//!
//! An act is an event of its own and may arrive before the report that it is about: while an index catches up, or
//! where the report has moved to another key. The writer keeps such acts aside until the report is there, so that
//! the end state is the same in any order.

use std::collections::BTreeMap;

use report::workflow::{Act, CurrentVersion, Workflow};

use crate::Version;

/// What a reviewer did to one report, as the log has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportAct {
    /// The report; see [`crate::Entry::key`].
    pub key: String,
    /// Position of the event on the log.
    pub sequence: u64,
    /// What was done.
    pub act: Act,
}

/// The acts on one report, by their numbers, with the positions of their events on the log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Acts(pub(crate) BTreeMap<u32, (u64, Act)>);

impl Acts {
    /// Adds an act. False where it is there already: of two with one number, the first on the log counts.
    pub(crate) fn add(&mut self, sequence: u64, act: Act) -> bool {
        let known = self.0.get(&act.number);
        if known.is_some_and(|(earlier, known)| *known == act || *earlier <= sequence) {
            return false;
        }
        self.0.insert(act.number, (sequence, act));
        true
    }

    pub(crate) fn first_sequence(&self) -> Option<u64> {
        self.0.values().map(|(sequence, _)| *sequence).min()
    }

    /// The state of a report with this current version.
    pub(crate) fn workflow(&self, current: &Version) -> Workflow {
        let acts: Vec<Act> = self.0.values().map(|(_, act)| act.clone()).collect();
        let Version { id, number, submitted_at_ms, .. } = current;
        Workflow::of(&acts, CurrentVersion { id, number: *number, submitted_at_ms: *submitted_at_ms })
    }
}
