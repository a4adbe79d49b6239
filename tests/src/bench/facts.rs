//! The four facts of one report as they stand on the log.

use prost::Message as _;
use proto::v1::{self, Blob, IndexOutcome, ReportIndexed, ReportParsed, ReportSubmitted, ReportValidated};
use report::Review;
use search::Entry;

use super::mix::Sent;

/// The encoded facts about one report, in their order.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    pub(super) id: String,
    pub(super) payloads: [Vec<u8>; 4],
}

impl Facts {
    /// The facts that the pipeline would publish.
    pub(super) fn of(sent: &Sent, review: &Review, sha256: &str, text_bytes: usize) -> Self {
        let blob = |size_bytes: usize, media_type: &str| {
            Some(Blob { sha256: sha256.into(), size_bytes: size_bytes as u64, media_type: media_type.into() })
        };
        let id = format!("{}-g0", &sha256[..32]);
        let submitted = ReportSubmitted {
            id: id.clone(),
            submission: sha256.into(),
            original: blob(sent.bytes.len(), "text/html"),
            file_name: sent.file_name.clone(),
            submitted_at_ms: 1_800_000_000_000,
            generation: 0,
            door: "http".into(),
            withdraws: None,
            sender: String::new(),
            replays: String::new(),
            scope: None,
            bulk: false,
            published: None,
            known_refusal: None,
        };
        let report = v1::Report::from(&review.report);
        let parsed = ReportParsed {
            submitted: Some(submitted.clone()),
            report: Some(report.clone()),
            text: blob(text_bytes, "text/plain"),
            reader_version: reading::VERSION.into(),
            text_zstd: Vec::new(),
        };
        let validated = ReportValidated {
            submitted: Some(submitted.clone()),
            text: parsed.text.clone(),
            text_zstd: parsed.text_zstd.clone(),
            reader_version: reading::VERSION.into(),
            findings: review.findings.iter().map(v1::Finding::from).collect(),
            verdict: v1::Verdict::from(review.verdict()).into(),
            rules_version: review.rules_version.clone(),
            report: Some(report),
        };
        let indexed = ReportIndexed {
            report: Entry::key_of(&review.report, &id),
            outcome: IndexOutcome::Current.into(),
            agency: sent.truth.agency.clone(),
            year: sent.truth.year.into(),
            region: validated.report.as_ref().and_then(|report| report.region.clone()),
            verdict: validated.verdict,
            submitted: Some(submitted.clone()),
        };
        let payloads = [
            submitted.encode_to_vec(),
            parsed.encode_to_vec(),
            validated.encode_to_vec(),
            indexed.encode_to_vec(),
        ];
        Self { id, payloads }
    }

    /// Bytes of each fact, in the mean.
    pub(super) fn mean_sizes(facts: &[Self]) -> [f64; 4] {
        [0, 1, 2, 3].map(|fact| {
            let bytes: usize = facts.iter().map(|facts| facts.payloads[fact].len()).sum();
            bytes as f64 / facts.len().max(1) as f64
        })
    }
}
