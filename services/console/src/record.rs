//! The JSON record of a report, as `GET /api/v1/reports/{id}` returns it.

use search::{StoredReport, Version};
use serde_json::{Map, Value, json};

/// The record of a report in the index.
pub(crate) fn record(stored: &StoredReport) -> Value {
    let StoredReport { key, version, versions, withdrawal, review, .. } = stored;
    let mut record = Map::new();
    record.insert("id".into(), version.id.as_str().into());
    record.insert("key".into(), key.as_str().into());
    record.insert("version".into(), version.number.into());
    record.insert("title".into(), json!(review.report.title));
    record.insert("submission".into(), version.submission.as_str().into());
    record.insert("original".into(), version.original.as_str().into());
    record.insert("file_name".into(), version.file_name.as_str().into());
    record.insert("submitted_at_ms".into(), version.submitted_at_ms.into());
    record.extend(report::json::review(review));
    record.insert("rules_version".into(), review.rules_version.as_str().into());
    let withdrawal = withdrawal.as_ref();
    record.insert(
        "withdrawn".into(),
        withdrawal.map(|withdrawal| json!({"who": withdrawal.who, "why": withdrawal.why})).into(),
    );
    record.insert("versions".into(), versions.iter().map(version_record).collect());
    record.into()
}

fn version_record(version: &Version) -> Value {
    json!({
        "version": version.number,
        "id": version.id,
        "original": version.original,
        "submission": version.submission,
        "submitted_at_ms": version.submitted_at_ms,
        "file_name": version.file_name,
        "verdict": version.verdict.as_str(),
    })
}
