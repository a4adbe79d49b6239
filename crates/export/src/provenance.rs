//! Where an export comes from.

use std::collections::BTreeSet;

use report::beijing;

use crate::Record;

/// Where an export comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Provenance {
    /// When it was made, milliseconds since 1970-01-01 UTC.
    pub made_at_ms: i64,
    /// Version of this program.
    pub program_version: String,
    /// The position of the log up to which the index had its facts, if it is known.
    pub position: Option<u64>,
    /// When that position of the log was indexed, milliseconds since 1970-01-01 UTC.
    pub position_at_ms: Option<i64>,
    /// The conditions that chose the reports, as in the address of the export; empty where all were chosen.
    pub filters: String,
    /// Reports that the conditions found.
    pub reports: u64,
    /// Rows without the header; 0 until all are written.
    pub rows: u64,
    /// Versions of the readers that read the reports; filled in while these are written.
    pub reader_versions: BTreeSet<String>,
    /// Versions of the rules that judged them; filled in while these are written.
    pub rules_versions: BTreeSet<String>,
}

impl Provenance {
    /// Notes the versions that a report was read and judged by.
    pub(crate) fn add(&mut self, record: &Record) {
        for (versions, version) in [
            (&mut self.reader_versions, &record.reader_version),
            (&mut self.rules_versions, &record.review.rules_version),
        ] {
            if !version.is_empty() && !versions.contains(version) {
                versions.insert(version.clone());
            }
        }
    }

    /// Each of its parts with its name for programs and for people.
    pub(crate) fn parts(&self) -> Vec<(&'static str, &'static str, String)> {
        let joined = |versions: &BTreeSet<String>| versions.iter().cloned().collect::<Vec<_>>().join(" ");
        let optional = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
        vec![
            ("made_at", "导出时间（北京时间）", beijing::format_time(self.made_at_ms)),
            ("program_version", "系统版本", self.program_version.clone()),
            ("position", "数据截至（消息日志位置）", optional(self.position)),
            (
                "position_at",
                "数据截至（北京时间）",
                self.position_at_ms.map(beijing::format_time).unwrap_or_default(),
            ),
            ("filters", "筛选条件", self.filters.clone()),
            ("reports", "年度报告份数", self.reports.to_string()),
            ("rows", "数据行数", self.rows.to_string()),
            ("reader_versions", "读取程序版本", joined(&self.reader_versions)),
            ("rules_versions", "校核规则版本", joined(&self.rules_versions)),
        ]
    }
}
