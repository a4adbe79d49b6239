//! What the verbs read of the server's answers. `/openapi.json` describes all of each answer.

use std::collections::BTreeMap;
use std::fmt;

use report::{Judgement, Severity, Verdict};
use serde::de::{Error, IgnoredAny};
use serde::{Deserialize, Deserializer};

/// Why a request was refused (RFC 9457).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Problem {
    pub(crate) code: Option<String>,
    pub(crate) detail: String,
    pub(crate) field: Option<String>,
    pub(crate) hint: Option<String>,
}

/// `GET /api/v1/users`.
#[derive(Debug, Deserialize)]
pub(crate) struct Accounts {
    pub(crate) users: Vec<Account>,
}

/// An account.
#[derive(Debug, Deserialize)]
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) display: String,
    pub(crate) role: String,
    pub(crate) regions: Vec<String>,
    pub(crate) agencies: Vec<String>,
    pub(crate) must_change_password: bool,
    pub(crate) disabled: bool,
}

/// An account with the password that it was given.
#[derive(Debug, Deserialize)]
pub(crate) struct AccountWithPassword {
    pub(crate) user: Account,
    pub(crate) initial_password: Option<String>,
}

/// `POST /api/v1/reports`.
#[derive(Debug, Deserialize)]
pub(crate) struct Receipt {
    #[serde(default)]
    pub(crate) reports: Vec<Accepted>,
    #[serde(default)]
    pub(crate) refused: Vec<RefusedFile>,
}

/// A file that was accepted as a report.
#[derive(Debug, Deserialize)]
pub(crate) struct Accepted {
    pub(crate) id: String,
    pub(crate) file_name: String,
}

/// A file that was refused.
#[derive(Debug, Deserialize)]
pub(crate) struct RefusedFile {
    pub(crate) file_name: String,
    pub(crate) message: String,
}

/// How far a report is: the fact that was published last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    Submitted,
    Parsed,
    Validated,
    Indexed,
    Refused,
    Withdrawn,
    #[serde(other)]
    Unknown,
}

impl State {
    /// The name used in every output.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Submitted => "submitted",
            Self::Parsed => "parsed",
            Self::Validated => "validated",
            Self::Indexed => "indexed",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
            Self::Unknown => "unknown",
        }
    }
}

/// One entry of `POST /api/v1/states`.
#[derive(Debug, Deserialize)]
pub(crate) struct ReportState {
    pub(crate) state: State,
    pub(crate) message: Option<String>,
}

/// `GET /api/v1/reports`.
#[derive(Debug, Deserialize)]
pub(crate) struct Page {
    pub(crate) total: u64,
    pub(crate) hits: Vec<Hit>,
    pub(crate) relaxed: bool,
    pub(crate) warnings: Vec<String>,
}

/// One report of a page.
#[derive(Debug, Deserialize)]
pub(crate) struct Hit {
    pub(crate) id: String,
    pub(crate) title: Option<String>,
    #[serde(default, deserialize_with = "verdict")]
    pub(crate) verdict: Option<Verdict>,
    pub(crate) snippets: Vec<Snippet>,
}

/// A piece of text around what was found.
#[derive(Debug, Deserialize)]
pub(crate) struct Snippet {
    pub(crate) text: String,
}

/// `GET /api/v1/reports/{id}`.
#[derive(Debug, Deserialize)]
pub(crate) struct Record {
    pub(crate) title: Option<String>,
    #[serde(default, deserialize_with = "verdict")]
    pub(crate) verdict: Option<Verdict>,
    pub(crate) findings: Vec<Finding>,
    /// Empty where the index does not have the report yet.
    pub(crate) versions: Vec<IgnoredAny>,
}

/// One finding.
#[derive(Debug, Deserialize)]
pub(crate) struct Finding {
    pub(crate) rule: String,
    #[serde(deserialize_with = "severity")]
    pub(crate) severity: Severity,
    #[serde(rename = "verdict", deserialize_with = "judgement")]
    pub(crate) judgement: Judgement,
    pub(crate) message: String,
    #[serde(default)]
    pub(crate) cells: Vec<String>,
    #[serde(default)]
    pub(crate) waiver: Option<IgnoredAny>,
}

/// `GET /api/v1/status`.
#[derive(Debug, Deserialize)]
pub(crate) struct Status {
    pub(crate) counts: Counts,
    pub(crate) lag: Vec<Lag>,
    #[serde(default)]
    pub(crate) refused_by_class: BTreeMap<String, u64>,
    pub(crate) searchable_reports: Option<u64>,
    /// Absent for those who may not know it; null where no process leads.
    #[serde(default, deserialize_with = "present")]
    pub(crate) index_leader: Option<Option<Leader>>,
}

/// How many facts of each kind.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Counts {
    pub(crate) submitted: u64,
    pub(crate) parsed: u64,
    pub(crate) validated: u64,
    pub(crate) indexed: u64,
    pub(crate) refused: u64,
}

/// How far one stage is behind.
#[derive(Debug, Deserialize)]
pub(crate) struct Lag {
    pub(crate) stage: String,
    pub(crate) waiting: u64,
    pub(crate) in_flight: u64,
    pub(crate) redelivered: u64,
    #[serde(default)]
    pub(crate) oldest_ms: Option<i64>,
    pub(crate) paused_until_ms: Option<i64>,
}

/// The `gouji-index` that writes the index.
#[derive(Debug, Deserialize)]
pub(crate) struct Leader {
    pub(crate) holder: String,
    pub(crate) until_ms: i64,
}

/// A field that is there is `Some`, even if it is null.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<Leader>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// `GET /api/v1/status/{id}`: the facts about one reading.
#[derive(Debug, Deserialize)]
pub(crate) struct Life {
    pub(crate) id: String,
    pub(crate) state: State,
    pub(crate) facts: Vec<Fact>,
    #[serde(default)]
    pub(crate) refusal: Option<Refusal>,
    /// Who withdrew the report and why, where it is withdrawn now.
    #[serde(default)]
    pub(crate) withdrawn: Option<Reason>,
}

/// Why a report was withdrawn.
#[derive(Debug, Deserialize)]
pub(crate) struct Reason {
    pub(crate) who: String,
    pub(crate) why: String,
}

/// One fact.
#[derive(Debug, Deserialize)]
pub(crate) struct Fact {
    pub(crate) fact: String,
    pub(crate) at_ms: i64,
    pub(crate) trace_id: Option<String>,
}

/// Why a reading was refused.
#[derive(Debug, Deserialize)]
pub(crate) struct Refusal {
    pub(crate) stage: String,
    pub(crate) class: String,
    pub(crate) message: String,
}

/// `POST /api/v1/reports/{id}/withdrawal`.
#[derive(Debug, Deserialize)]
pub(crate) struct Withdrawal {
    /// Of the statement that withdraws it.
    pub(crate) id: String,
    /// The key of the report.
    pub(crate) report: String,
    #[serde(default)]
    pub(crate) agency: String,
    #[serde(default)]
    pub(crate) year: Option<u16>,
    /// Whether it was withdrawn before.
    #[serde(default)]
    pub(crate) already: bool,
}

/// `POST /api/v1/roster`.
#[derive(Debug, Deserialize)]
pub(crate) struct ImportedRoster {
    pub(crate) id: String,
    pub(crate) agencies: u64,
}

/// `GET /api/v1/roster`.
#[derive(Debug, Deserialize)]
pub(crate) struct Attendance {
    pub(crate) year: u16,
    pub(crate) expected: u64,
    pub(crate) in_time: u64,
    pub(crate) late: u64,
    pub(crate) missing: u64,
    pub(crate) strangers: Vec<Stranger>,
    pub(crate) agencies: Vec<Attendee>,
}

/// An agency that reported and is not in the roster.
#[derive(Debug, Deserialize)]
pub(crate) struct Stranger {
    pub(crate) agency: Option<String>,
}

/// An agency of the roster.
#[derive(Debug, Deserialize)]
pub(crate) struct Attendee {
    pub(crate) agency: String,
    pub(crate) deadline: Option<String>,
    pub(crate) state: Timeliness,
    pub(crate) day: Option<String>,
    pub(crate) day_source: Option<String>,
    pub(crate) missing_years: Vec<u16>,
}

/// Whether an agency reported in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Timeliness {
    InTime,
    Late,
    Missing,
    Exempt,
}

/// A region.
#[derive(Debug, Deserialize)]
pub(crate) struct Region {
    pub(crate) name: Option<String>,
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name.as_deref().unwrap_or_default())
    }
}

/// `GET /api/v1/survey`.
#[derive(Debug, Deserialize)]
pub(crate) struct Survey {
    pub(crate) region: Region,
    pub(crate) year: u16,
    pub(crate) reports: u64,
    pub(crate) found: Vec<SurveyedReport>,
}

/// A report in which the rules among agencies found something.
#[derive(Debug, Deserialize)]
pub(crate) struct SurveyedReport {
    pub(crate) id: String,
    pub(crate) agency: Option<String>,
    pub(crate) findings: Vec<Finding>,
}

/// `GET /api/v1/rollup`.
#[derive(Debug, Deserialize)]
pub(crate) struct RollUp {
    pub(crate) region: Region,
    pub(crate) year: u16,
    /// Whether a roster was imported.
    pub(crate) roster: bool,
    pub(crate) cells: BTreeMap<String, Sum>,
    pub(crate) contributors: Vec<IgnoredAny>,
    pub(crate) gaps: Vec<Gap>,
    pub(crate) doubts: Vec<Doubt>,
}

/// The sum of one cell.
#[derive(Debug, Deserialize)]
pub(crate) struct Sum {
    /// False where the sum is a lower bound.
    pub(crate) exact: bool,
}

/// An agency without a report.
#[derive(Debug, Deserialize)]
pub(crate) struct Gap {
    pub(crate) agency: Option<String>,
}

/// A figure that is in doubt.
#[derive(Debug, Deserialize)]
pub(crate) struct Doubt {
    pub(crate) agency: Option<String>,
    pub(crate) doubt: String,
}

/// The verdict of this name; none where the report was not reviewed.
fn verdict<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Verdict>, D::Error> {
    let name: Option<String> = Option::deserialize(deserializer)?;
    Ok(name.as_deref().and_then(Verdict::parse))
}

fn severity<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Severity, D::Error> {
    named(deserializer, Severity::parse)
}

fn judgement<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Judgement, D::Error> {
    named(deserializer, Judgement::parse)
}

/// The value of this name.
fn named<'de, D: Deserializer<'de>, T>(deserializer: D, parse: fn(&str) -> Option<T>) -> Result<T, D::Error> {
    let name = String::deserialize(deserializer)?;
    parse(&name).ok_or_else(|| D::Error::custom(format!("unknown name `{name}`")))
}

/// `GET /api/v1/published`.
#[derive(Debug, Deserialize)]
pub(crate) struct PublishedPages {
    pub(crate) pages: Vec<PublishedPage>,
}

/// An address that is visited.
#[derive(Debug, Deserialize)]
pub(crate) struct PublishedPage {
    pub(crate) address: String,
    pub(crate) agency: String,
    pub(crate) title: String,
    pub(crate) found_in: String,
    pub(crate) state: String,
    pub(crate) is_due: bool,
    pub(crate) problem: Option<VisitProblem>,
    pub(crate) gone_since: Option<String>,
    pub(crate) listed: usize,
}

/// Why an address could not be visited.
#[derive(Debug, Deserialize)]
pub(crate) struct VisitProblem {
    pub(crate) zh: String,
    pub(crate) en: String,
}
