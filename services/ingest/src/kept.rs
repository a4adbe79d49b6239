//! What the originals know of what was sent: the facts of a submission, from its manifest, and of a
//! withdrawal, from its statement. From these a lost log comes back.

use proto::ReportId;
use proto::v1::{Blob, Region, ReportSubmitted, Scope, Withdrawal};

use crate::accept::Manifest;
use crate::withdraw::Kept;

/// The facts that an act of sending put on the log, if these bytes are one.
///
/// `sha256` is their own, `stored_at_ms` when they were stored. The time of sending is told where the sender
/// gave no key of his own; else it is that.
pub fn facts_of(sha256: &str, bytes: &[u8], stored_at_ms: i64) -> Option<Sent> {
    if let Ok(manifest) = serde_json::from_slice::<Manifest>(bytes) {
        return Some(of_manifest(sha256, manifest, stored_at_ms));
    }
    let statement: Kept = serde_json::from_slice(bytes).ok()?;
    Some(of_statement(sha256, bytes.len() as u64, statement))
}

/// One act of sending.
#[derive(Debug, Clone, PartialEq)]
pub struct Sent {
    /// When, milliseconds since 1970-01-01 UTC.
    pub at_ms: i64,
    /// Whether bytes that were sent before count as sent anew.
    pub again: bool,
    /// One fact a report, all as their first generation.
    pub facts: Vec<ReportSubmitted>,
}

fn of_manifest(sha256: &str, manifest: Manifest, stored_at_ms: i64) -> Sent {
    let at_ms = manifest.key.parse().ok().filter(|ms| PLAUSIBLE.contains(ms)).unwrap_or(stored_at_ms);
    let terms = manifest.terms;
    let unlimited = terms.regions.is_empty() && terms.agencies.is_empty();
    let scope = (!unlimited).then_some(Scope { regions: terms.regions, agencies: terms.agencies });
    let fact = |file: crate::accept::Stored| {
        Some(ReportSubmitted {
            id: ReportId::of(&file.original, 0).ok()?.to_string(),
            submission: sha256.to_owned(),
            original: Some(Blob {
                sha256: file.original,
                size_bytes: file.size_bytes,
                media_type: file.media_type,
            }),
            file_name: file.file_name,
            submitted_at_ms: at_ms,
            generation: 0,
            door: terms.door.clone(),
            withdraws: None,
            sender: terms.sender.clone(),
            replays: String::new(),
            scope: scope.clone(),
        })
    };
    Sent { at_ms, again: terms.again, facts: manifest.files.into_iter().filter_map(fact).collect() }
}

/// A key that is a time in milliseconds: 2020 to 2100.
const PLAUSIBLE: std::ops::Range<i64> = 1_577_836_800_000..4_102_444_800_000;

fn of_statement(sha256: &str, size_bytes: u64, statement: Kept) -> Sent {
    let Kept { report, who, why, at_ms, title, agency, year, region, region_name, sender, .. } = statement;
    let fact = ReportId::of(sha256, 0).ok().map(|id| ReportSubmitted {
        id: id.to_string(),
        submission: sha256.to_owned(),
        original: Some(Blob { sha256: sha256.to_owned(), size_bytes, media_type: "application/json".into() }),
        file_name: "撤回说明.json".into(),
        submitted_at_ms: at_ms,
        generation: 0,
        door: "http".into(),
        withdraws: Some(Withdrawal {
            report,
            who,
            why,
            title,
            agency,
            year,
            region: (!region.is_empty()).then_some(Region { code: region, name: region_name }),
        }),
        sender,
        replays: String::new(),
        scope: None,
    });
    Sent { at_ms, again: false, facts: fact.into_iter().collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA256: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

    #[test]
    fn a_manifest_of_any_version_tells_what_was_sent() {
        let files = format!(
            r#"[{{"file_name":"a.html","original":"{SHA256}","size_bytes":7,"media_type":"text/html"}}]"#
        );
        let old = format!(r#"{{"key":"1736000000000","files":{files},"refused":[]}}"#);
        let sent = facts_of(SHA256, old.as_bytes(), 5).unwrap();
        assert_eq!((sent.at_ms, sent.again, sent.facts.len()), (1_736_000_000_000, false, 1));
        assert_eq!(sent.facts[0].id, "9f86d081884c7d659a2feaa0c55ad015-g0");
        let new = format!(
            r#"{{"key":"mine","files":{files},"refused":[],"terms":{{"door":"http","again":true,"sender":"x","regions":["61"]}}}}"#
        );
        let sent = facts_of(SHA256, new.as_bytes(), 5).unwrap();
        assert_eq!((sent.at_ms, sent.again, sent.facts[0].sender.as_str()), (5, true, "x"));
        assert_eq!(sent.facts[0].scope.as_ref().unwrap().regions, ["61"]);
    }

    #[test]
    fn a_statement_tells_what_was_taken_back() {
        let statement = r#"{"withdraws":"x-g0","report":"key","who":"甲","why":"乙","at_ms":9,"agency":"丙","year":2024,"region":"610103"}"#;
        let sent = facts_of(SHA256, statement.as_bytes(), 5).unwrap();
        let withdrawal = sent.facts[0].withdraws.as_ref().unwrap();
        assert_eq!((sent.at_ms, withdrawal.report.as_str(), withdrawal.year), (9, "key", 2024));
        assert_eq!(facts_of(SHA256, b"<html>", 5), None);
        assert_eq!(facts_of(SHA256, br#"{"some":"json"}"#, 5), None);
    }
}
