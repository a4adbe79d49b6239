//! A report to findings, one file a rule family.
//!
//! A rule is an entry in its family's table and a pure function over the report. It is three-valued:
//! it holds and says nothing, it fails, or it cannot be judged. What one rule already explains (a table
//! that is not there, a column that is missing) the others do not say again.
//!
//! The rule ids are those of the catalogue of checks and never change; `docs/rules.md` prints them, and
//! says which checks make no finding of their own.

mod agencies;
mod agency;
mod balance;
mod cells;
pub mod copying;
mod dates;
mod document;
mod narrative;
mod office;
mod place;
mod print;
mod prose;
mod repair;
mod standing;
mod table2;
mod table3;
mod table4;
#[cfg(test)]
mod tests;
mod years;

use std::cmp::Reverse;
use std::sync::LazyLock;

pub use office::{Office, WrongOffice};
pub use print::catalogue_markdown;
use report::{CellId, Date, Finding, FormId, Judgement, Report, Review, Severity};

/// The version of this rule pack, which every review carries.
pub const VERSION: &str = "2026.13";

/// One check of the catalogue.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// The stable id, e.g. `T3-01`.
    pub id: &'static str,
    /// How much it weighs when it fails.
    pub severity: Severity,
    /// The forms it applies to.
    pub forms: &'static [FormId],
    /// What it demands, in a few Chinese words.
    pub title: &'static str,
    /// The article, notice or note of the form that demands it, in Chinese.
    pub basis: &'static str,
    /// What the agency has to do, a Chinese sentence; the end of each message of a failure.
    pub hint: &'static str,
    /// What has to hold, as a formula or in exact words; ids of cells and short Chinese names.
    pub formula: &'static str,
    check: Check,
}

/// What a rule looks at, and how it judges that.
#[derive(Debug, Clone, Copy)]
pub enum Check {
    /// One report by itself.
    Report(fn(&Rule, &Report) -> Vec<Finding>),
    /// A report beside that of the year before.
    Years(fn(&Rule, &Report, &Report) -> Vec<Finding>),
    /// A report among those of other agencies; crate `survey` judges it.
    Agencies,
}

/// Judges a report by every rule that needs nothing but the report; errors first, then by rule and place.
pub fn review(report: Report) -> Review {
    review_as(report, None, &Office::default(), None)
}

/// Judges a report as an office does: by itself, against that of the same agency for the year before
/// where there is one, and with the office's decisions on what counts. `submitted` is the day of its
/// submission, by which the waivers hold.
pub fn review_as(
    report: Report,
    last_year: Option<&Report>,
    office: &Office,
    submitted: Option<Date>,
) -> Review {
    let mut findings = judge(&report, |rule| match rule.check {
        Check::Report(check) => check(rule, &report),
        Check::Years(_) | Check::Agencies => Vec::new(),
    });
    findings.extend(last_year.map(|last_year| compare(&report, last_year)).unwrap_or_default());
    let mut findings = office.apply(&report, submitted, findings);
    sort(&mut findings);
    Review { report, findings, rules_version: office.version() }
}

/// The review of a report with what the rules across years find beside last year's, as the office weighs it.
pub fn beside(mut review: Review, last_year: &Report, office: &Office, submitted: Option<Date>) -> Review {
    let found = compare(&review.report, last_year);
    review.findings.extend(office.apply(&review.report, submitted, found));
    sort(&mut review.findings);
    review
}

/// What the rules across years find in a report, given that of the same agency for the year before.
pub fn compare(report: &Report, last_year: &Report) -> Vec<Finding> {
    judge(report, |rule| match rule.check {
        Check::Years(check) => check(rule, report, last_year),
        Check::Report(_) | Check::Agencies => Vec::new(),
    })
}

fn judge(report: &Report, check: impl Fn(&Rule) -> Vec<Finding>) -> Vec<Finding> {
    let applies = |rule: &&Rule| report.form.is_none_or(|form| rule.forms.contains(&form));
    let mut findings: Vec<Finding> = catalogue().iter().filter(applies).flat_map(check).collect();
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
    catalogue().iter().find(|rule| rule.id.eq_ignore_ascii_case(id))
}

/// Every rule, family by family.
pub fn catalogue() -> &'static [Rule] {
    static CATALOGUE: LazyLock<Vec<Rule>> = LazyLock::new(|| {
        [
            document::RULES,
            dates::RULES,
            agency::RULES,
            table2::RULES,
            table3::RULES,
            table4::RULES,
            cells::RULES,
            narrative::RULES,
            prose::RULES,
            years::RULES,
            copying::RULES,
            agencies::RULES,
        ]
        .concat()
    });
    &CATALOGUE
}

const BOTH: &[FormId] = &FormId::ALL;
const ONLY_2019: &[FormId] = &[FormId::F2019];
const ONLY_2021: &[FormId] = &[FormId::F2021];

impl Rule {
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
            message,
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
