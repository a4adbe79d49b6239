//! The review of a report by people: what reviewers did, and the state that follows from it.
//!
//! An [`Act`] is one thing that a reviewer did. [`Workflow::of`] folds all acts on a report, in whatever order
//! they come, together with its current version. The result depends on nothing else, so a replay of the log gives
//! the same states; only whether a deadline is over is asked with the day of today.

use crate::{CellId, Date, Decimal, Finding, Severity, beijing};

#[cfg(test)]
mod tests;

/// Where a report stands with its reviewers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ReviewState {
    /// Nobody has decided on its current version.
    Pending,
    /// The agency has to correct it and send it again.
    Returned,
    /// A corrected version arrived after it was returned.
    Resent,
    /// A reviewer accepted the current version.
    Accepted,
}

impl ReviewState {
    /// Every state, in the order in which a report passes them.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Returned, Self::Resent, Self::Accepted];

    /// The name used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Returned => "returned",
            Self::Resent => "resent",
            Self::Accepted => "accepted",
        }
    }

    /// The state with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// The official Chinese word.
    pub fn title(self) -> &'static str {
        match self {
            Self::Pending => "待审核",
            Self::Returned => "退回修改",
            Self::Resent => "已重报",
            Self::Accepted => "已通过",
        }
    }
}

/// One thing that a reviewer did to a report or to some of its findings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// 1 for the first act on the report, then without gaps.
    pub number: u32,
    /// Id of the version that the reviewer saw.
    pub version: String,
    /// The number that orders that version among those of the report.
    pub version_number: u64,
    /// When, milliseconds since 1970-01-01 UTC.
    pub at_ms: i64,
    /// Name of the reviewer; empty where callers are anonymous.
    pub who: String,
    /// The findings that it is about; none where it is about the whole report.
    pub findings: Vec<FindingReference>,
    /// What was done.
    pub kind: ActKind,
}

/// What a reviewer did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActKind {
    /// The findings are right.
    Confirmed,
    /// The findings do not count.
    Dismissed {
        /// Why.
        why: String,
    },
    /// The findings do not count in versions that are submitted until a day.
    Waived {
        /// Why.
        why: String,
        /// The last day on which a version may be submitted that it holds for.
        until: Date,
    },
    /// The agency has to correct the report and send it again.
    Returned {
        /// The last day for that.
        deadline: Option<Date>,
        /// What the agency reads.
        note: String,
        /// The number of the letter (文号); may be empty.
        letter: String,
    },
    /// The report is in order.
    Accepted {
        /// A remark; may be empty.
        note: String,
    },
    /// A remark among reviewers.
    Commented {
        /// The remark.
        text: String,
    },
    /// Somebody is responsible for the report now.
    Assigned {
        /// Who; none where it was taken from everybody.
        to: Option<String>,
    },
    /// An earlier decision is taken back: on these findings, or on the whole report.
    Reopened {
        /// Why; may be empty.
        why: String,
    },
}

impl ActKind {
    /// The name used in every output.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Dismissed { .. } => "dismissed",
            Self::Waived { .. } => "waived",
            Self::Returned { .. } => "returned",
            Self::Accepted { .. } => "accepted",
            Self::Commented { .. } => "commented",
            Self::Assigned { .. } => "assigned",
            Self::Reopened { .. } => "reopened",
        }
    }

    /// The official Chinese word.
    pub fn title(&self) -> &'static str {
        match self {
            Self::Confirmed => "确认问题",
            Self::Dismissed { .. } => "不作为问题",
            Self::Waived { .. } => "豁免",
            Self::Returned { .. } => "退回修改",
            Self::Accepted { .. } => "通过",
            Self::Commented { .. } => "备注",
            Self::Assigned { to: Some(_) } => "分派",
            Self::Assigned { to: None } => "取消分派",
            Self::Reopened { .. } => "撤销处理",
        }
    }

    /// Whether the agency sees it: what was decided on its report, not what reviewers say among themselves.
    pub fn concerns_agency(&self) -> bool {
        matches!(self, Self::Returned { .. } | Self::Accepted { .. })
    }
}

/// A finding as it is recognised in another version of the report: the same rule speaks of the same cells with the
/// same figures.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FindingReference {
    /// The rule.
    pub rule: String,
    /// Its cells, in the order of their ids.
    pub cells: Vec<CellId>,
    /// The left side.
    pub left: Option<Decimal>,
    /// The right side.
    pub right: Option<Decimal>,
    /// The sentence of the finding, where it has neither cells nor figures; else empty.
    pub message: String,
}

impl FindingReference {
    /// The reference of a finding.
    pub fn of(finding: &Finding) -> Self {
        let mut cells = finding.cells.clone();
        cells.sort_unstable_by_key(|cell| cell.as_str());
        let has_place = !cells.is_empty() || finding.left.is_some() || finding.right.is_some();
        Self {
            rule: finding.rule.clone(),
            cells,
            left: finding.left.map(|value| value.normalize()),
            right: finding.right.map(|value| value.normalize()),
            message: if has_place { String::new() } else { finding.message.clone() },
        }
    }
}

/// The version of a report that searches show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CurrentVersion<'a> {
    /// Its id, `<digits of the original>-g<generation>`.
    pub id: &'a str,
    /// The number that orders it among the versions of the report.
    pub number: u64,
    /// When it was submitted, milliseconds since 1970-01-01 UTC.
    pub submitted_at_ms: i64,
}

/// The decision on one finding that holds now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The finding.
    pub finding: FindingReference,
    /// What was decided: confirmed, dismissed or waived.
    pub kind: ActKind,
    /// Who decided; empty where callers are anonymous.
    pub who: String,
    /// When, milliseconds since 1970-01-01 UTC.
    pub at_ms: i64,
}

/// The state of a report for its reviewers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workflow {
    /// The state.
    pub state: ReviewState,
    /// Since when, milliseconds since 1970-01-01 UTC.
    pub since_ms: i64,
    /// The last day to send a corrected version, while the report is returned.
    pub due: Option<Date>,
    /// Who is responsible for it.
    pub assignee: Option<String>,
    /// An earlier version was accepted, and the agency has sent another one since.
    pub acceptance_lapsed: bool,
    /// The decisions on findings that hold.
    pub decisions: Vec<Decision>,
    /// The day on which the current version was submitted, which waivers are measured by.
    submitted: Option<Date>,
}

impl Workflow {
    /// The state that follows from these acts, in any order and however often each, for this current version.
    pub fn of(acts: &[Act], current: CurrentVersion<'_>) -> Self {
        let mut ordered: Vec<&Act> = acts.iter().collect();
        ordered.sort_by_key(|act| act.number);
        ordered.dedup_by_key(|act| act.number);
        let mut workflow = Self {
            state: ReviewState::Pending,
            since_ms: current.submitted_at_ms,
            due: None,
            assignee: None,
            acceptance_lapsed: false,
            decisions: Vec::new(),
            submitted: beijing::day(current.submitted_at_ms),
        };
        for act in ordered {
            workflow.apply(act, current);
        }
        workflow
    }

    fn apply(&mut self, act: &Act, current: CurrentVersion<'_>) {
        // What was decided on an earlier version holds as long as the agency has sent no other one.
        let is_superseded =
            current.number > act.version_number && original(current.id) != original(&act.version);
        match &act.kind {
            ActKind::Returned { deadline, .. } => {
                self.acceptance_lapsed = false;
                if is_superseded {
                    self.enter(ReviewState::Resent, current.submitted_at_ms, None);
                } else {
                    self.enter(ReviewState::Returned, act.at_ms, *deadline);
                }
            }
            ActKind::Accepted { .. } => {
                self.acceptance_lapsed = is_superseded;
                if is_superseded {
                    self.enter(ReviewState::Pending, current.submitted_at_ms, None);
                } else {
                    self.enter(ReviewState::Accepted, act.at_ms, None);
                }
            }
            ActKind::Reopened { .. } if act.findings.is_empty() => {
                self.acceptance_lapsed = false;
                self.enter(ReviewState::Pending, act.at_ms.max(current.submitted_at_ms), None);
            }
            ActKind::Assigned { to } => self.assignee.clone_from(to),
            ActKind::Commented { .. } => {}
            ActKind::Confirmed | ActKind::Dismissed { .. } | ActKind::Waived { .. } => {
                self.decisions.retain(|decision| !act.findings.contains(&decision.finding));
                let decided = act.findings.iter().map(|finding| Decision {
                    finding: finding.clone(),
                    kind: act.kind.clone(),
                    who: act.who.clone(),
                    at_ms: act.at_ms,
                });
                self.decisions.extend(decided);
            }
            ActKind::Reopened { .. } => {
                self.decisions.retain(|decision| !act.findings.contains(&decision.finding));
            }
        }
    }

    fn enter(&mut self, state: ReviewState, since_ms: i64, due: Option<Date>) {
        (self.state, self.since_ms, self.due) = (state, since_ms, due);
    }

    /// The decision on a finding that holds for the current version, if there is one.
    pub fn decision(&self, finding: &Finding) -> Option<&Decision> {
        let reference = FindingReference::of(finding);
        let decision = self.decisions.iter().find(|decision| decision.finding == reference)?;
        let holds = match decision.kind {
            ActKind::Waived { until, .. } => self.submitted.is_some_and(|submitted| submitted <= until),
            _ => true,
        };
        holds.then_some(decision)
    }

    /// Whether the agency still has to deal with a finding: no rule policy waived it, and no reviewer dismissed or
    /// waived it.
    pub fn is_open(&self, finding: &Finding) -> bool {
        let is_decided = |decision: &Decision| decision.kind != ActKind::Confirmed;
        finding.waiver.is_none() && !self.decision(finding).is_some_and(is_decided)
    }

    /// The findings that the agency still has to deal with.
    pub fn open<'a>(&self, findings: &'a [Finding]) -> Vec<&'a Finding> {
        findings.iter().filter(|finding| self.is_open(finding)).collect()
    }

    /// Removes what reviewers dismissed or waived, so that the agency does not see it. What the rule policy waived
    /// stays, with its waiver.
    pub fn remove_settled(&self, findings: &mut Vec<Finding>) {
        findings.retain(|finding| finding.waiver.is_some() || self.is_open(finding));
    }

    /// How many open findings of this severity there are; those that cannot be judged count as well.
    pub fn count_open(&self, findings: &[Finding], severity: Severity) -> usize {
        findings.iter().filter(|finding| finding.severity == severity && self.is_open(finding)).count()
    }

    /// Whether the deadline of a return is over, and no other version has arrived.
    pub fn is_overdue(&self, today: Date) -> bool {
        self.state == ReviewState::Returned && self.due.is_some_and(|due| due < today)
    }
}

/// The original of a version, whichever reading of it the id names.
fn original(id: &str) -> &str {
    id.rsplit_once("-g").map_or(id, |(original, _)| original)
}
