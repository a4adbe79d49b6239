//! The findings of a review, their severities, judgements and verdict.

use crate::{CellId, Date, Decimal, Origin, Report, Year};

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Information: the agency need not act.
    Info,
    /// The agency should check it.
    Warning,
    /// The agency has to correct it.
    Error,
}

impl Severity {
    /// Every severity, the least first.
    pub const ALL: [Self; 3] = [Self::Info, Self::Warning, Self::Error];

    /// The name used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    /// The severity with this name in JSON.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.as_str() == name)
    }

    /// The official Chinese word.
    pub fn title(self) -> &'static str {
        match self {
            Self::Info => "提示",
            Self::Warning => "警告",
            Self::Error => "错误",
        }
    }
}

/// The judgement of a rule on a report. A rule that holds makes no finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Judgement {
    /// It does not hold.
    Fails,
    /// It cannot be judged, because a figure that it needs is missing.
    Unknown,
}

impl Judgement {
    /// Every judgement.
    pub const ALL: [Self; 2] = [Self::Fails, Self::Unknown];

    /// The name used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fails => "fails",
            Self::Unknown => "unknown",
        }
    }

    /// The judgement with this name in JSON.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|judgement| judgement.as_str() == name)
    }

    /// The official Chinese word.
    pub fn title(self) -> &'static str {
        match self {
            Self::Fails => "不符合",
            Self::Unknown => "无法判断",
        }
    }

    /// The one word that a list shows before a finding: its severity, or that it cannot be judged.
    pub fn label(self, severity: Severity) -> &'static str {
        match self {
            Self::Fails => severity.title(),
            Self::Unknown => self.title(),
        }
    }
}

/// One fault, as a reviewer writes it to the agency.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The rule, by its stable id.
    pub rule: String,
    /// How much it weighs.
    pub severity: Severity,
    /// Whether it fails or cannot be judged.
    pub judgement: Judgement,
    /// A Chinese sentence for the agency: what is wrong, and what to do.
    pub message: String,
    /// The cells it is about.
    pub cells: Vec<CellId>,
    /// The left side, or the first of the two figures.
    pub left: Option<Decimal>,
    /// The right side, or the second of the two figures.
    pub right: Option<Decimal>,
    /// The only cell whose change would make every equation hold, if there is one.
    pub repair: Option<Repair>,
    /// Where it stands in the narrative or the table, if it stands in one place.
    pub origin: Option<Origin>,
    /// The other report, if the finding compares two.
    pub against: Option<Against>,
    /// The waiver, if the office decided that the finding does not count.
    pub waiver: Option<Waiver>,
}

/// The other report of a finding that compares two.
#[derive(Debug, Clone, PartialEq)]
pub struct Against {
    /// Its agency.
    pub agency: Option<String>,
    /// Its year.
    pub year: Option<Year>,
    /// The place in its own document.
    pub origin: Option<Origin>,
}

/// The decision of the office that a finding does not count. It stays visible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiver {
    /// Who decided.
    pub who: String,
    /// Why.
    pub why: String,
    /// It holds for reports submitted until this day.
    pub until: Date,
}

/// A proposal which cell to change. The agency changes it, never this program.
#[derive(Debug, Clone, PartialEq)]
pub struct Repair {
    /// The cell.
    pub cell: CellId,
    /// The value with which every equation would hold.
    pub value: Decimal,
    /// Why, in Chinese.
    pub reason: String,
}

/// The verdict on a whole report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    /// No error and no warning fails, and no error is unknown.
    Pass,
    /// A warning fails, or an error cannot be judged.
    Warn,
    /// An error fails.
    Fail,
}

impl Verdict {
    /// Every verdict, the best first.
    pub const ALL: [Self; 3] = [Self::Pass, Self::Warn, Self::Fail];

    /// The name used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }

    /// The verdict with this name in JSON; none for any other word.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.as_str() == name)
    }

    /// The official Chinese word.
    pub fn title(self) -> &'static str {
        match self {
            Self::Pass => "通过",
            Self::Warn => "有警告",
            Self::Fail => "有错误",
        }
    }

    /// The official Chinese word for the verdict on a report; without a verdict, the report was not
    /// reviewed.
    pub fn title_of(verdict: Option<Self>) -> &'static str {
        verdict.map_or("未校核", Self::title)
    }

    /// The verdict that follows from the findings; those that were waived do not count.
    pub fn of(findings: &[Finding]) -> Self {
        let counted = findings.iter().filter(|finding| finding.waiver.is_none());
        Self::of_counted(counted.map(|finding| (finding.severity, finding.judgement)))
    }

    /// The verdict that follows from severity and judgement of each finding that was not waived.
    pub fn of_counted(findings: impl IntoIterator<Item = (Severity, Judgement)>) -> Self {
        findings
            .into_iter()
            .map(|weight| match weight {
                (Severity::Error, Judgement::Fails) => Self::Fail,
                (Severity::Error, Judgement::Unknown) | (Severity::Warning, Judgement::Fails) => Self::Warn,
                (Severity::Warning, Judgement::Unknown) | (Severity::Info, _) => Self::Pass,
            })
            .max()
            .unwrap_or(Self::Pass)
    }
}

/// A report with the findings of the rules.
#[derive(Debug, Clone, PartialEq)]
pub struct Review {
    /// The report as read.
    pub report: Report,
    /// The findings, errors first.
    pub findings: Vec<Finding>,
    /// Version of the rule pack that judged it.
    pub rules_version: String,
}

impl Review {
    /// The verdict on the report.
    pub fn verdict(&self) -> Verdict {
        Verdict::of(&self.findings)
    }
}
