//! What leaves: the changes of reports, in the order of the log.

use proto::Message as _;
use proto::bus::v1;

/// A place on the log. A sequence alone is none: a log that was made again starts over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// When the log was made, milliseconds since 1970-01-01 UTC.
    pub log_made_at_ms: i64,
    /// The sequence of the last fact that was delivered; 0 before the first.
    pub sequence: u64,
}

/// The changes of a range of the log.
///
/// A change that was set aside and is tried once more comes in a batch of its own: `from` is its sequence then, and
/// `to` is where the outlet stands, so that its place does not move back.
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
    /// `<report key>.<version>`, the same where the message is delivered again: the CloudEvents attribute `id`. Where
    /// the index judged the report again, the number of that judgement follows: `<report key>.<version>.<number>`.
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

impl Change {
    /// The payload as a message of `gouji.bus.v1`, for targets that ask for the binary form.
    pub fn protobuf(&self) -> Vec<u8> {
        match &self.state {
            State::Stands(standing) => standing.message(&self.report).encode_to_vec(),
            State::Gone { region, year } => v1::ReportGone {
                report: self.report.clone(),
                region: region_message(region, ""),
                year: (*year).into(),
            }
            .encode_to_vec(),
        }
    }
}

fn region_message(code: &str, name: &str) -> Option<v1::Region> {
    let region = v1::Region { code: code.to_owned(), name: name.to_owned() };
    (!code.is_empty()).then_some(region)
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
    /// SHA-256 of the original of the version, 64 lower-case hex digits.
    pub original: String,
    /// Code of the region; empty where it is not known.
    pub region: String,
    /// Name of the region, e.g. `山东省枣庄市`; empty where it is not known.
    pub region_name: String,
    /// The agency as the report has it.
    pub agency: String,
    /// The year of the report; 0 where it is not known.
    pub year: u16,
    /// The form: `2021` or `2019`; empty where it has none.
    pub form: String,
    /// ISO 8601 day of publication; empty where it is not known.
    pub published: String,
    /// `pass`, `warn` or `fail`.
    pub verdict: &'static str,
    /// Findings that are errors.
    pub errors: u32,
    /// Findings that are warnings.
    pub warnings: u32,
    /// Whether the index judged it again beside another year's report.
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
    /// The figure, an exact decimal; empty where none was read or proved, and where it is doubtful.
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

impl Standing {
    fn message(&self, report: &str) -> v1::ReportStands {
        v1::ReportStands {
            report: report.to_owned(),
            version: self.version.clone(),
            original: self.original.clone(),
            agency: self.agency.clone(),
            region: region_message(&self.region, &self.region_name),
            year: self.year.into(),
            form: self.form.clone(),
            published: self.published.clone(),
            verdict: match self.verdict {
                "pass" => v1::Verdict::Pass,
                "warn" => v1::Verdict::Warn,
                "fail" => v1::Verdict::Fail,
                _ => v1::Verdict::Unspecified,
            }
            .into(),
            errors: self.errors,
            warnings: self.warnings,
            rejudged: self.rejudged,
            cells: self.cells.iter().map(CellRow::message).collect(),
            findings: self.findings.iter().map(FindingRow::message).collect(),
        }
    }
}

impl CellRow {
    fn message(&self) -> v1::Cell {
        v1::Cell {
            id: self.cell.clone(),
            label: self.label.clone(),
            value: self.value.clone(),
            state: match self.state {
                "read" => v1::CellState::Read,
                "doubtful" => v1::CellState::Doubtful,
                "blank" => v1::CellState::Blank,
                "placeholder" => v1::CellState::Placeholder,
                "unreadable" => v1::CellState::Unreadable,
                "missing" => v1::CellState::Missing,
                "derived" => v1::CellState::Derived,
                _ => v1::CellState::Unspecified,
            }
            .into(),
        }
    }
}

impl FindingRow {
    fn message(&self) -> v1::Finding {
        v1::Finding {
            rule: self.rule.clone(),
            severity: match self.severity {
                "error" => v1::Severity::Error,
                "warning" => v1::Severity::Warning,
                "info" => v1::Severity::Info,
                _ => v1::Severity::Unspecified,
            }
            .into(),
            unknown: self.verdict == "unknown",
            message: self.message.clone(),
            cells: self.cells.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use report::{CellState, Severity, Verdict};

    use super::*;

    fn standing() -> Standing {
        Standing {
            version: "9f86d081884c7d659a2feaa0c55ad015-g0".into(),
            original: "9f".repeat(32),
            region: "370400".into(),
            region_name: "山东省枣庄市".into(),
            agency: "枣庄市行政审批服务局".into(),
            year: 2024,
            form: "2021".into(),
            published: "2025-01-17".into(),
            verdict: "pass",
            errors: 0,
            warnings: 2,
            rejudged: false,
            cells: Vec::new(),
            findings: Vec::new(),
        }
    }

    fn change(state: State) -> Change {
        Change {
            sequence: 42,
            at_ms: 1_764_000_000_123,
            id: "k.v".into(),
            report: "k".into(),
            state,
            json: "{}".into(),
        }
    }

    #[test]
    fn the_binary_form_says_every_word_that_rows_say() {
        for verdict in Verdict::ALL {
            let standing = Standing { verdict: verdict.as_str(), ..standing() };
            assert_ne!(standing.message("k").verdict, 0, "{verdict:?}");
        }
        for state in CellState::ALL {
            let row =
                CellRow { cell: "a".into(), label: "b".into(), value: String::new(), state: state.as_str() };
            assert_ne!(row.message().state, 0, "{state:?}");
        }
        for severity in Severity::ALL {
            let row = FindingRow {
                rule: "T3-01".into(),
                severity: severity.as_str(),
                verdict: "unknown",
                message: String::new(),
                cells: Vec::new(),
            };
            assert_ne!(row.message().severity, 0, "{severity:?}");
            assert!(row.message().unknown);
        }
        let gone = change(State::Gone { region: String::new(), year: 2024 }).protobuf();
        let gone = v1::ReportGone::decode(gone.as_slice()).unwrap();
        assert_eq!(gone, v1::ReportGone { report: "k".into(), region: None, year: 2024 });
    }
}
