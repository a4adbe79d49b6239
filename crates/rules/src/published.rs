//! What became of a report on the web site where it was published.

use report::{Date, Finding, Report, Review};

use crate::{Check, rule};

/// What is known of a report on the web site where it was published.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Published<'a> {
    /// The report as it was first seen there, and on which day; none while it is the first.
    pub first: Option<(&'a Report, Date)>,
    /// The day on which this one was seen.
    pub seen: Option<Date>,
    /// Set where it is no longer there.
    pub gone: Option<Gone>,
}

/// A report that is no longer where it was published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gone {
    /// What the site answers: 404, 410, or 200 where the page has something else.
    pub status: u16,
    /// The first day on which it was missing.
    pub since: Date,
}

/// The findings that rest on what a site showed at that time: they cannot be found again, and stay when a report is
/// judged under another policy. As their rules made them, before the policy.
pub(crate) fn findings_of(review: &Review) -> Vec<Finding> {
    let made_by = |finding: &Finding| {
        let rule = rule(&finding.rule)?;
        matches!(rule.check, Check::Published(_)).then_some(rule.severity)
    };
    let kept = review.findings.iter().filter_map(|finding| {
        let severity = made_by(finding)?;
        Some(Finding { severity, waiver: None, ..finding.clone() })
    });
    kept.collect()
}
