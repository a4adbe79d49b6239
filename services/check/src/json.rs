//! The JSON object of a file, as `gouji check --format json` prints it and `POST /api/v1/check` answers it.

use data_encoding::HEXLOWER;
use document::sniff;
use report::{CellState, FormId, Report, Review, json};
use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::CheckedFile;

impl CheckedFile {
    /// Everything about the file: what it is, what it reports, what the rules say of it.
    ///
    /// # Panics
    /// Never: its keys are strings, and it has no numbers that JSON lacks.
    pub fn to_json(&self) -> Value {
        serde_json::to_value(Line::of(self)).expect("a line has strings as keys only")
    }

    /// SHA-256 of its bytes, in lower-case hex digits.
    pub fn sha256(&self) -> String {
        HEXLOWER.encode(&Sha256::digest(&self.bytes))
    }

    /// Why only a part of the report was read, in Chinese; none if every cell is known or known to be empty, and if
    /// nothing was read at all.
    pub fn partial(&self) -> Option<String> {
        self.outcome.as_ref().ok().and_then(|review| partial(&review.report))
    }
}

/// The line of JSON for one file.
#[derive(Serialize)]
struct Line<'a> {
    file: &'a str,
    sha256: String,
    format: &'static str,
    status: Status,
    reason: Option<String>,
    /// Every field of a review; empty ones where the file cannot be read.
    #[serde(flatten)]
    review: Map<String, Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Read,
    Partial,
    Unreadable,
}

impl<'a> Line<'a> {
    fn of(checked: &'a CheckedFile) -> Self {
        let (status, reason, review) = match &checked.outcome {
            Ok(review) => {
                let reason = checked.partial();
                let status = if reason.is_some() { Status::Partial } else { Status::Read };
                (status, reason, json::review(review))
            }
            Err(unreadable) => {
                let reason = format!("{}（{}）", unreadable.message, unreadable.detail);
                (Status::Unreadable, Some(reason), no_review())
            }
        };
        Self {
            file: &checked.name,
            sha256: checked.sha256(),
            format: sniff(&checked.bytes).as_str(),
            status,
            reason,
            review,
        }
    }
}

/// The fields of a review without a report.
fn no_review() -> Map<String, Value> {
    let nothing = Review { report: Report::default(), findings: Vec::new(), rules_version: String::new() };
    let mut fields = json::review(&nothing);
    fields.insert("verdict".into(), Value::Null);
    fields
}

fn partial(report: &Report) -> Option<String> {
    if report.form.is_none() {
        return Some(match report.year.filter(|year| FormId::of_year(*year).is_none()) {
            Some(year) => format!(
                "{year}年度报告早于2019年起施行的统一格式，本来就没有三张表格；已读取文字部分和正文中的数字。"
            ),
            None => "没有找到可识别的三张表格，只读取了文字部分。".into(),
        });
    }
    let counts = report.cells.count_by_state();
    let count = |state| counts.get(&state).copied().unwrap_or_default();
    let (missing, unreadable) = (count(CellState::Missing), count(CellState::Unreadable));
    (missing + unreadable > 0)
        .then(|| format!("有{missing}个单元格在文件中找不到，{unreadable}个单元格不是数字。"))
}
