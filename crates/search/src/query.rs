//! The query model: queries and their results in terms of reports, not of an engine.

use std::ops::Bound;
use std::time::Duration;

use report::{CellId, Decimal};

use crate::{Card, Distribution, Figure, Question, Snippet, StoredReport};

/// Most hits on one page.
pub const MAX_LIMIT: usize = 200;

/// A condition that a report has to meet.
#[derive(Debug, Clone, PartialEq)]
pub enum Clause {
    /// Any report.
    All,
    /// The text or the title contains the characters in a row: an exact substring after width, case
    /// and traditional characters are folded and white space is left out, that begins and ends at
    /// the borders of words and numbers (`9件` does not match `19件`).
    Phrase {
        /// What to look for.
        text: String,
        /// Whether it was put in quotes; such a phrase is never relaxed.
        quoted: bool,
    },
    /// All of them.
    And(Vec<Clause>),
    /// At least one of them.
    Or(Vec<Clause>),
    /// Anything but that.
    Not(Box<Clause>),
    /// The year the report is about.
    Year(Span<i64>),
    /// The day of publication, as the number `yyyymmdd`.
    Published(Span<i64>),
    /// The region with this code of two, four, six or nine digits and every region in it.
    Region(String),
    /// The full name of the region contains the words.
    RegionName(String),
    /// The agency with exactly this name.
    Agency(String),
    /// The name of the agency contains the words.
    AgencyName(String),
    /// The verdict by its name: `pass`, `warn`, `fail`.
    Verdict(String),
    /// The form by its name: `2019`, `2021`.
    Form(String),
    /// The rule found something; `T3-01`, or more closely `T3-01/error`, `T3-01/fails`.
    Rule(String),
    /// Some finding has this severity: `error`, `warning`, `info`.
    Severity(String),
    /// The value of a cell is known and lies in the span.
    Cell(CellId, Span<Decimal>),
    /// Where it stands with its reviewers: `pending`, `returned`, `resent`, `accepted`.
    Review(String),
    /// The reviewer who is responsible for it, by the exact name.
    Assignee(String),
    /// The last day to send a corrected version, as the number `yyyymmdd`.
    Due(Span<i64>),
    /// Some finding that no reviewer dismissed or waived is of this rule (`T3-01`, `T3-01/error`) or severity.
    Open(String),
}

impl Clause {
    /// Whether it, or a part of it, asks for what only reviewers may know: who is responsible for a report, and what
    /// they dismissed.
    pub fn is_for_reviewers(&self) -> bool {
        match self {
            Self::Assignee(_) | Self::Open(_) => true,
            Self::And(parts) | Self::Or(parts) => parts.iter().any(Self::is_for_reviewers),
            Self::Not(part) => part.is_for_reviewers(),
            _ => false,
        }
    }
}

/// Two ends, each open, included or excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span<T> {
    /// The lower end.
    pub lower: Bound<T>,
    /// The upper end.
    pub upper: Bound<T>,
}

impl<T: Copy> Span<T> {
    /// Just this value.
    pub fn exactly(value: T) -> Self {
        Self { lower: Bound::Included(value), upper: Bound::Included(value) }
    }
}

/// A whole search.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Query {
    /// What was typed; see [`crate::parse`].
    pub text: String,
    /// Conditions in addition to the text; see [`crate::field`].
    pub filters: Vec<Clause>,
    /// The order of the hits.
    pub sort: Sort,
    /// The number of hits, at most [`MAX_LIMIT`]; 0 returns the total and the facets alone.
    pub limit: usize,
    /// [`Page::next_cursor`] of the page before.
    pub cursor: Option<String>,
    /// The facets to count.
    pub facets: Vec<Facet>,
    /// The cells whose figures are counted by range.
    pub ranges: Vec<CellId>,
    /// Whether to make snippets.
    pub highlight: bool,
    /// Whether each hit brings its whole report.
    pub reports: bool,
}

/// An order of hits. Reports without the value come last either way; the key breaks ties.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    /// By what.
    pub by: SortBy,
    /// Largest, latest or best first.
    pub descending: bool,
}

/// What hits are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortBy {
    /// How well the text fits; best first only makes sense.
    Relevance,
    /// The year the report is about.
    Year,
    /// The day of publication.
    Published,
    /// The time of submission.
    Submitted,
    /// The value of a cell.
    Cell(CellId),
    /// How much is open: first the number of errors that nobody dismissed, then that of warnings.
    Open,
    /// Since when the report is in its state of review.
    Since,
    /// The last day to send a corrected version.
    Due,
}

impl Default for Sort {
    fn default() -> Self {
        Self { by: SortBy::Relevance, descending: true }
    }
}

impl Sort {
    /// The order with this name: `relevance`, `year`, `published`, `submitted`, `open`, `since`, `due` or
    /// `cell.<id>`, with `-` before it for descending.
    pub fn parse(name: &str) -> Option<Self> {
        let (descending, name) = name.strip_prefix('-').map_or((false, name), |name| (true, name));
        let by = match name {
            "relevance" => return Some(Self::default()),
            "year" => SortBy::Year,
            "published" => SortBy::Published,
            "submitted" => SortBy::Submitted,
            "open" => SortBy::Open,
            "since" => SortBy::Since,
            "due" => SortBy::Due,
            _ => {
                let id = name.strip_prefix("cell.").or_else(|| name.strip_prefix("cells."))?;
                SortBy::Cell(CellId::parse(id).ok()?)
            }
        };
        Some(Self { by, descending })
    }
}

/// What reports can be counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Facet {
    /// Year, latest first.
    Year,
    /// Provinces; inside a province its cities, inside a city its counties.
    Region,
    /// Agency.
    Agency,
    /// Verdict.
    Verdict,
    /// Rules that found something.
    Rule,
    /// Form.
    Form,
    /// Where reports stand with their reviewers.
    Review,
    /// Who is responsible for them.
    Assignee,
}

impl Facet {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Year,
        Self::Region,
        Self::Agency,
        Self::Verdict,
        Self::Rule,
        Self::Form,
        Self::Review,
        Self::Assignee,
    ];

    /// The name used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Year => "year",
            Self::Region => "region",
            Self::Agency => "agency",
            Self::Verdict => "verdict",
            Self::Rule => "rule",
            Self::Form => "form",
            Self::Review => "review",
            Self::Assignee => "assignee",
        }
    }

    /// The facet with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|facet| facet.as_str() == name)
    }
}

/// The counts of one facet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FacetCounts {
    /// Of what.
    pub facet: Facet,
    /// The most frequent values; years in their order.
    pub values: Vec<FacetValue>,
}

/// One value of a facet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FacetValue {
    /// What to filter by: `field(facet.as_str(), value)`, with `=` before the name of an agency.
    pub value: String,
    /// What to show; the value itself where the index knows nothing better.
    pub label: String,
    /// Reports found that have it.
    pub count: u64,
}

/// One page of hits.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// Reports found, exactly.
    pub total: u64,
    /// How long it took.
    pub took: Duration,
    /// The hits of this page.
    pub hits: Vec<Hit>,
    /// The counts, in the order of [`Query::facets`].
    pub facets: Vec<FacetCounts>,
    /// How the figures are distributed, in the order of [`Query::ranges`].
    pub ranges: Vec<Distribution>,
    /// Where the next page begins; none on the last.
    pub next_cursor: Option<String>,
    /// Nothing matched exactly, and these match most of what was typed.
    pub relaxed: bool,
    /// What was typed and could not be understood, in Chinese.
    pub warnings: Vec<String>,
    /// The names that were typed and may mean several cells.
    pub questions: Vec<Question>,
}

/// A report that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// What to show of it.
    pub card: Card,
    /// How well the text fits; comparable within one search only.
    pub score: f32,
    /// The pieces of the text that contain the words.
    pub snippets: Vec<Snippet>,
    /// The figures that the query asks for, that it is sorted by, and that it is counted by.
    pub figures: Vec<Figure>,
    /// The whole report, where [`Query::reports`] is set.
    pub report: Option<StoredReport>,
}
