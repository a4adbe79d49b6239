//! Rebuilds the facts of a submission from the blob store, for `gouji reconcile --rebuild`: those of an upload
//! from its manifest, that of a withdrawal from its statement.

use proto::v1::ReportSubmitted;

use crate::manifest::Manifest;
use crate::withdraw::Statement;

/// The facts of a submission, if these bytes are its manifest or its statement.
///
/// `sha256` is that of the bytes and `stored_at_ms` the time when they were stored. The time of the submission
/// is in the manifest unless the sender gave an Idempotency-Key; then it is `stored_at_ms`.
pub fn recover(sha256: &str, bytes: &[u8], stored_at_ms: i64) -> Option<Recovered> {
    if let Ok(manifest) = serde_json::from_slice::<Manifest>(bytes) {
        let key_ms = manifest.key.parse().ok().filter(|ms| PLAUSIBLE_MS.contains(ms));
        let at_ms = key_ms.unwrap_or(stored_at_ms);
        let again = manifest.terms.again;
        return Some(Recovered { at_ms, again, facts: manifest.facts(sha256, at_ms).flatten().collect() });
    }
    let statement: Statement = serde_json::from_slice(bytes).ok()?;
    let at_ms = statement.at_ms;
    let fact = statement.into_fact(sha256, bytes.len() as u64).ok();
    Some(Recovered { at_ms, again: false, facts: fact.into_iter().collect() })
}

/// A recovered submission.
#[derive(Debug, Clone, PartialEq)]
pub struct Recovered {
    /// When it was made, milliseconds since 1970-01-01 UTC.
    pub at_ms: i64,
    /// Whether files that were sent before are read again.
    pub again: bool,
    /// One fact for each report, all of the first generation.
    pub facts: Vec<ReportSubmitted>,
}

/// A key in this range is a time in milliseconds: 2020 to 2100.
const PLAUSIBLE_MS: std::ops::Range<i64> = 1_577_836_800_000..4_102_444_800_000;

#[cfg(test)]
mod tests {
    use super::*;

    const SHA256: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

    #[test]
    fn a_manifest_of_any_version_is_recovered() {
        let files = format!(
            r#"[{{"file_name":"a.html","original":"{SHA256}","size_bytes":7,"media_type":"text/html"}}]"#
        );
        let old = format!(r#"{{"key":"1736000000000","files":{files},"refused":[]}}"#);
        let sent = recover(SHA256, old.as_bytes(), 5).unwrap();
        assert_eq!((sent.at_ms, sent.again, sent.facts.len()), (1_736_000_000_000, false, 1));
        assert_eq!(sent.facts[0].id, "9f86d081884c7d659a2feaa0c55ad015-g0");
        let new = format!(
            r#"{{"key":"mine","files":{files},"refused":[],"terms":{{"door":"http","again":true,"sender":"x","regions":["61"]}}}}"#
        );
        let sent = recover(SHA256, new.as_bytes(), 5).unwrap();
        assert_eq!((sent.at_ms, sent.again, sent.facts[0].sender.as_str()), (5, true, "x"));
        assert_eq!(sent.facts[0].scope.as_ref().unwrap().regions, ["61"]);
    }

    #[test]
    fn a_statement_is_recovered() {
        let statement = r#"{"withdraws":"x-g0","report":"key","who":"甲","why":"乙","at_ms":9,"agency":"丙","year":2024,"region":"610103"}"#;
        let sent = recover(SHA256, statement.as_bytes(), 5).unwrap();
        let withdrawal = sent.facts[0].withdraws.as_ref().unwrap();
        assert_eq!((sent.at_ms, withdrawal.report.as_str(), withdrawal.year), (9, "key", 2024));
        assert_eq!((sent.facts[0].door.as_str(), &sent.facts[0].scope), ("http", &None));
        assert_eq!(recover(SHA256, b"<html>", 5), None);
        assert_eq!(recover(SHA256, br#"{"some":"json"}"#, 5), None);
    }
}
