//! What leaves: the changes of reports, in the order of the log.

/// A place on the log. A sequence alone is none: a log that was made anew starts over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// When the log was made, milliseconds since 1970-01-01 UTC.
    pub log_made_at_ms: i64,
    /// The sequence of the last fact that was delivered; 0 before the first.
    pub sequence: u64,
}

/// The changes of a range of the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// When the log was made, milliseconds since 1970-01-01 UTC.
    pub log_made_at_ms: i64,
    /// The first sequence of the range, the one after the place of the outlet.
    pub from: u64,
    /// The last sequence of the range. Facts that lead to no change, e.g. of other regions, are in it too.
    pub to: u64,
    /// The changes, their sequences ascending within the range. Never empty.
    pub changes: Vec<Change>,
}

/// One message to the outside: what stands about a report since a fact.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The sequence of the fact on the log: the CloudEvents attribute `sequence`.
    pub sequence: u64,
    /// When the log stored it, milliseconds since 1970-01-01 UTC: the CloudEvents attribute `time`.
    pub at_ms: i64,
    /// `<report key>.<version>`, the same for whoever gets the message again: the CloudEvents attribute `id`.
    pub id: String,
    /// The key of the report: the CloudEvents attribute `subject`, the key on Kafka.
    pub report: String,
    /// What stands now.
    pub state: State,
    /// The payload: one JSON object as `proto/asyncapi.json` describes it.
    pub json: String,
}

/// What stands about a report.
#[derive(Debug, Clone, PartialEq)]
pub enum State {
    /// A current version: `cn.gouji.report.stands.v1`.
    Stands(Box<Standing>),
    /// It was taken back: `cn.gouji.report.gone.v1`.
    Gone {
        /// Code of the region; empty where it is not known.
        region: String,
        /// The year; 0 where it is not known.
        year: u16,
    },
}

impl State {
    /// The CloudEvents attribute `type`.
    pub fn event_type(&self) -> &'static str {
        match self {
            Self::Stands(_) => "cn.gouji.report.stands.v1",
            Self::Gone { .. } => "cn.gouji.report.gone.v1",
        }
    }
}

/// The current version of a report, as rows need it.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// The version: the id of the reading.
    pub version: String,
    /// Code of the region; empty where it is not known.
    pub region: String,
    /// Name of the region, e.g. `山东省枣庄市`; empty where it is not known.
    pub region_name: String,
    /// The agency as the report has it.
    pub agency: String,
    /// The year of the report; 0 where it is not known.
    pub year: u16,
    /// The form: `2021` or `2008`.
    pub form: String,
    /// ISO 8601 day of publication; empty where it is not known.
    pub published: String,
    /// `pass`, `warn` or `fail`.
    pub verdict: &'static str,
    /// Findings that are errors.
    pub errors: u32,
    /// Findings that are warnings.
    pub warnings: u32,
    /// Whether the index judged it anew beside another year's report.
    pub rejudged: bool,
    /// Every cell of the form in its order; empty unless the outlet carries figures.
    pub cells: Vec<CellRow>,
    /// Its findings; empty unless the outlet carries them.
    pub findings: Vec<FindingRow>,
}

/// A cell of a report.
#[derive(Debug, Clone, PartialEq)]
pub struct CellRow {
    /// Id of the cell, e.g. `requests.received.total`.
    pub cell: String,
    /// Its official name.
    pub label: String,
    /// The figure, an exact decimal; empty where none was read or proved.
    pub value: String,
    /// `read`, `doubtful`, `blank`, `placeholder`, `unreadable`, `missing` or `derived`.
    pub state: &'static str,
}

/// A finding on a report.
#[derive(Debug, Clone, PartialEq)]
pub struct FindingRow {
    /// The rule, e.g. `T3-01`.
    pub rule: String,
    /// `error`, `warning` or `info`.
    pub severity: &'static str,
    /// `fails` or `unknown`.
    pub verdict: &'static str,
    /// The sentence, Chinese.
    pub message: String,
    /// Ids of its cells.
    pub cells: Vec<String>,
}
