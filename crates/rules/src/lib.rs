//! Judges a report by the rules of the catalogue.
//!
//! A rule is a file: `<family>/<id>_<name>.rs` holds its entry, its check and its cases. A check is a
//! pure function over the report. It is three-valued: the rule holds and makes no finding, it fails, or
//! it cannot be judged. Where one rule explains a fault (a table that is not there, a column that is
//! missing), the others make no finding of it.
//!
//! The ids of rules never change. `docs/rules.md` prints every rule, and names the checks that make no
//! finding of their own.

mod agency;
pub mod agg;
mod balance;
mod basis;
mod body;
mod case;
pub mod cel;
pub mod copying;
mod dates;
pub mod doc;
pub mod dup;
pub mod nar;
mod place;
mod policy;
mod published;
mod remarks;
mod repair;
mod scanned;
mod sections;
pub mod sim;
pub mod t2;
pub mod t3;
pub mod t4;
#[cfg(test)]
mod tests;
pub mod web;
pub mod xy;
mod years;

use std::cmp::Reverse;
use std::sync::LazyLock;

pub use case::{Case, Expected};
pub use policy::{PolicyDifference, PolicyError, PolicyWaiver, RulePolicy, RuleSetting, Weights};
pub use published::{Gone, Published};
use report::{
    CellId, Date, Equation, EquationId, Finding, FormId, Judgement, Report, Review, Severity,
    full_width_brackets,
};

/// The version of this rule pack, which every review carries.
pub const VERSION: &str = "2026.17";

/// One rule of the catalogue.
#[derive(Debug)]
pub struct Rule {
    /// The stable id, e.g. `T3-01`.
    pub id: &'static str,
    /// The name for programmers, e.g. `columns-balance`.
    pub name: &'static str,
    /// How much it weighs when it fails.
    pub severity: Severity,
    /// The forms it applies to.
    pub forms: &'static [FormId],
    /// The article, notice or note of the form that demands it, in Chinese.
    pub basis: &'static str,
    /// What has to hold, as a formula or in exact words; ids of cells and short Chinese names.
    pub formula: &'static str,
    /// What it demands, in a few Chinese words.
    pub requirement: &'static str,
    /// What is wrong with a report that breaks it, in a few Chinese words.
    pub problem: &'static str,
    /// What the agency has to do, a Chinese sentence; the end of each message of a failure.
    pub hint: &'static str,
    /// The version of the rule pack that had it first.
    pub since: &'static str,
    /// What it looks at, and how it judges that.
    pub check: Check,
    /// Its cases. The first is the example in `docs/rules.md`.
    pub cases: &'static [Case],
}

/// What a rule looks at, and how it judges that.
#[derive(Debug, Clone, Copy)]
pub enum Check {
    /// One report by itself.
    Report(fn(&Rule, &Report) -> Vec<Finding>),
    /// A report beside that of the year before.
    Years(fn(&Rule, &Report, &Report) -> Vec<Finding>),
    /// A report and who sent each of its versions, the earliest first: a name of a key, empty if it is unknown.
    Versions(fn(&Rule, &Report, &[&str]) -> Vec<Finding>),
    /// A report beside what became of it on the web site where it was published.
    Published(fn(&Rule, &Report, &Published<'_>) -> Vec<Finding>),
    /// A report among those of other agencies; crate `survey` judges it.
    Agencies,
}

/// Judges a report by every rule that needs nothing but the report; errors first, then by rule and place.
pub fn review(report: Report) -> Review {
    review_as(report, None, &RulePolicy::default(), None)
}

/// Judges a report under a policy: by itself, and against last year's report of the same agency where
/// there is one. The policy's waivers hold by the day of submission, `submitted`.
pub fn review_as(
    report: Report,
    last_year: Option<&Report>,
    policy: &RulePolicy,
    submitted: Option<Date>,
) -> Review {
    let mut findings = judge(&report, |rule| match rule.check {
        Check::Report(check) => check(rule, &report),
        Check::Years(_) | Check::Versions(_) | Check::Published(_) | Check::Agencies => Vec::new(),
    });
    findings.extend(last_year.map(|last_year| compare(&report, last_year)).unwrap_or_default());
    let mut findings = policy.apply(&report, submitted, findings);
    sort(&mut findings);
    Review { report, findings, rules_version: policy.version() }
}

/// Adds to a review what the rules across years find against last year's report, under a policy.
pub fn beside(
    mut review: Review,
    last_year: &Report,
    policy: &RulePolicy,
    submitted: Option<Date>,
) -> Review {
    let found = compare(&review.report, last_year);
    review.findings.extend(policy.apply(&review.report, submitted, found));
    sort(&mut review.findings);
    review
}

/// The review of a report under the policy that is in force now, beside last year's report where there is one.
/// A review that was made under another policy is made again.
pub fn under(
    review: Review,
    last_year: Option<&Report>,
    policy: &RulePolicy,
    submitted: Option<Date>,
) -> Review {
    match (policy.made(&review.rules_version), last_year) {
        (false, _) => {
            let kept = published::findings_of(&review);
            let review = review_as(review.report, last_year, policy, submitted);
            with(review, kept, policy, submitted)
        }
        (true, Some(last_year)) => beside(review, last_year, policy, submitted),
        (true, None) => review,
    }
}

/// What the rules across years find in a report, given that of the same agency for the year before.
pub fn compare(report: &Report, last_year: &Report) -> Vec<Finding> {
    judge(report, |rule| match rule.check {
        Check::Years(check) => check(rule, report, last_year),
        Check::Report(_) | Check::Versions(_) | Check::Published(_) | Check::Agencies => Vec::new(),
    })
}

/// Adds to a review what the rules on versions find, under a policy. `senders` names who sent each version, the
/// earliest first; empty if it is unknown.
pub fn among_versions(
    review: Review,
    senders: &[&str],
    policy: &RulePolicy,
    submitted: Option<Date>,
) -> Review {
    let found = judge(&review.report, |rule| match rule.check {
        Check::Versions(check) => check(rule, &review.report, senders),
        Check::Report(_) | Check::Years(_) | Check::Published(_) | Check::Agencies => Vec::new(),
    });
    with(review, found, policy, submitted)
}

/// Adds to a review what the rules find in what became of the report on the web site where it was published.
pub fn as_published(
    review: Review,
    published: &Published<'_>,
    policy: &RulePolicy,
    submitted: Option<Date>,
) -> Review {
    let found = judge(&review.report, |rule| match rule.check {
        Check::Published(check) => check(rule, &review.report, published),
        Check::Report(_) | Check::Years(_) | Check::Versions(_) | Check::Agencies => Vec::new(),
    });
    with(review, found, policy, submitted)
}

/// Adds findings to a review, under a policy.
fn with(mut review: Review, found: Vec<Finding>, policy: &RulePolicy, submitted: Option<Date>) -> Review {
    if !found.is_empty() {
        review.findings.extend(policy.apply(&review.report, submitted, found));
        sort(&mut review.findings);
    }
    review
}

fn judge(report: &Report, check: impl Fn(&Rule) -> Vec<Finding>) -> Vec<Finding> {
    let applies = |rule: &&'static Rule| report.form.is_none_or(|form| rule.forms.contains(&form));
    let mut findings: Vec<Finding> = catalogue().iter().copied().filter(applies).flat_map(check).collect();
    sort(&mut findings);
    findings
}

/// Errors first, then by rule and place.
pub fn sort(findings: &mut [Finding]) {
    // A rule emits in the order of the form or the text, and the sort is stable: place is kept.
    findings.sort_by(|a, b| (Reverse(a.severity), &a.rule).cmp(&(Reverse(b.severity), &b.rule)));
}

/// The rule with this id.
pub fn rule(id: &str) -> Option<&'static Rule> {
    catalogue().iter().copied().find(|rule| rule.id.eq_ignore_ascii_case(id))
}

/// The rule that checks an equation.
pub fn of_equation(equation: &Equation) -> &'static Rule {
    match (equation.id, equation.form) {
        (EquationId::RequestsBalance, _) => &t3::T3_01,
        (EquationId::OutcomesAddUp, FormId::F2021) => &t3::T3_02,
        (EquationId::OutcomesAddUp, FormId::F2019) => &t3::T3_02B,
        (EquationId::ApplicantsAddUp, _) => &t3::T3_03,
        (EquationId::ReviewAddsUp, _) => &t4::T4_01,
        (EquationId::DirectLitigationAddsUp, _) => &t4::T4_02,
        (EquationId::LitigationAfterReviewAddsUp, _) => &t4::T4_03,
    }
}

/// Every rule: family by family, in each by id.
pub fn catalogue() -> &'static [&'static Rule] {
    static CATALOGUE: LazyLock<Vec<&Rule>> = LazyLock::new(|| {
        [
            doc::RULES,
            t2::RULES,
            t3::RULES,
            t4::RULES,
            cel::RULES,
            nar::RULES,
            xy::RULES,
            sim::RULES,
            agg::RULES,
            dup::RULES,
            web::RULES,
        ]
        .concat()
    });
    &CATALOGUE
}

const BOTH: &[FormId] = &FormId::ALL;
const ONLY_2019: &[FormId] = &[FormId::F2019];
const ONLY_2021: &[FormId] = &[FormId::F2021];

impl Rule {
    /// Whether this rule made the finding.
    pub fn made(&self, finding: &Finding) -> bool {
        finding.rule == self.id
    }

    /// The finding that these cells break the rule; the hint is appended to what is wrong.
    pub fn fails(&self, report: &Report, cells: Vec<CellId>, what: impl AsRef<str>) -> Finding {
        let message = format!("{}{}", what.as_ref(), self.hint);
        self.finding(report, Judgement::Fails, cells, message)
    }

    /// The finding that the rule cannot be judged, with the whole message.
    pub fn unknown(&self, report: &Report, cells: Vec<CellId>, message: impl Into<String>) -> Finding {
        self.finding(report, Judgement::Unknown, cells, message.into())
    }

    fn finding(&self, report: &Report, judgement: Judgement, cells: Vec<CellId>, message: String) -> Finding {
        let origin = cells.iter().find_map(|id| report.cells.get(*id)?.origin);
        Finding {
            rule: self.id.to_owned(),
            severity: self.severity,
            judgement,
            message: full_width_brackets(&message),
            cells,
            left: None,
            right: None,
            repair: None,
            origin,
            against: None,
            waiver: None,
        }
    }
}
