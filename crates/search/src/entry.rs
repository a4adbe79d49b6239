//! What is indexed: one version of a report with its review.

use data_encoding::HEXLOWER;
use proto::v1::ReportValidated;
use proto::{ConvertError, Message as _};
use report::{Report, Review, Verdict, Year};
use sha2::{Digest, Sha256};

/// One version of a report, ready to be indexed.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The report, the same for all its versions; see [`Entry::key_of`].
    pub key: String,
    /// This version of it.
    pub version: Version,
    /// The report with what the rules found in it alone. [`crate::Writer::rejudge`] adds what they find when
    /// they compare it with other reports.
    pub review: Review,
    /// The encoded [`ReportValidated`] that `review` was decoded from. The index stores this and decodes it
    /// again when a report is read.
    pub fact: Vec<u8>,
    /// Set where this submission withdraws the report. A later submission puts the report back; while the
    /// withdrawal is the latest version, no search finds the report.
    pub withdrawal: Option<Withdrawal>,
    /// The plain text of the document.
    pub text: String,
    /// The text as it travelled in the fact, a frame of zstd that is stored as it is; empty where it did not.
    pub text_zstd: Vec<u8>,
}

/// Who withdrew a report, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawal {
    /// Who withdrew it.
    pub who: String,
    /// Why.
    pub why: String,
}

/// One version of a report. Versions are ordered by their fields in this order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// See [`Version::number_of`].
    pub number: u64,
    /// Identity of this reading, `<32 hex digits of the original>-g<generation>`.
    pub id: String,
    /// SHA-256 of the bytes as submitted.
    pub original: String,
    /// Id of the submission.
    pub submission: String,
    /// When it was accepted, milliseconds since 1970-01-01 UTC.
    pub submitted_at_ms: i64,
    /// Name of the file as sent.
    pub file_name: String,
    /// The verdict on this version alone.
    pub verdict: Verdict,
    /// Name of the key that sent it; empty if it is unknown, or if an operator replayed it.
    pub sender: String,
}

/// The encoded fact as the index stores it. The text is a part of its own there; in the fact it is the last field.
fn encoded_without_text(fact: &ReportValidated) -> Vec<u8> {
    let mut encoded = fact.encode_to_vec();
    if !fact.text_zstd.is_empty() {
        let text = ReportValidated { text_zstd: fact.text_zstd.clone(), ..ReportValidated::default() };
        encoded.truncate(encoded.len() - text.encoded_len());
    }
    encoded
}

impl Entry {
    /// The entry of a fact, with the plain text of its document: the text that travelled in the fact, where one did.
    ///
    /// # Errors
    /// If the fact holds no report that this version of the program understands.
    pub fn of(fact: &ReportValidated, text: String) -> Result<Self, ConvertError> {
        let review = Review::try_from(fact)?;
        let submitted = fact.submitted.clone().unwrap_or_default();
        let withdraws = submitted.withdraws;
        let key = match &withdraws {
            Some(withdrawal) => withdrawal.report.clone(),
            None => Self::key_of(&review.report, &submitted.id),
        };
        let version = Version {
            number: Version::number_of(submitted.submitted_at_ms, submitted.generation),
            id: submitted.id,
            original: submitted.original.map(|original| original.sha256).unwrap_or_default(),
            submission: submitted.submission,
            submitted_at_ms: submitted.submitted_at_ms,
            file_name: submitted.file_name,
            verdict: review.verdict(),
            sender: if submitted.replays.is_empty() { submitted.sender } else { String::new() },
        };
        let withdrawal = withdraws.map(|withdrawal| Withdrawal { who: withdrawal.who, why: withdrawal.why });
        let (fact, text_zstd) = (encoded_without_text(fact), fact.text_zstd.clone());
        Ok(Self { key, version, review, fact, withdrawal, text, text_zstd })
    }

    /// The key of a report: the same for the same agency, year and region, however the agency's name is
    /// written. A report that names no agency or no year gets the key of its original, so that a later
    /// reading of the same bytes replaces the earlier.
    pub fn key_of(report: &Report, id: &str) -> String {
        let (Some(agency), Some(year)) = (&report.agency, report.year) else {
            return id.rsplit_once("-g").map_or(id, |(original, _)| original).to_owned();
        };
        let region = report.region.as_ref().map_or("_", |region| &region.code);
        let agency = agency.chars().map(crate::analyzer::fold).filter(|char| !char.is_whitespace());
        let identity = format!("{region}\n{year}\nannual\n{}", agency.collect::<String>());
        HEXLOWER.encode(&Sha256::digest(identity)[..16])
    }

    /// The key of the report of the same agency for another year. None where the report names no agency or
    /// no year, or where no report can be about that year.
    pub fn key_of_neighbour(report: &Report, years: i64) -> Option<String> {
        let (agency, year) = (report.agency.clone()?, report.year?);
        let year = Some(Year::new(i64::from(year.get()) + years)?);
        let neighbour =
            Report { agency: Some(agency), year, region: report.region.clone(), ..Report::default() };
        Some(Self::key_of(&neighbour, ""))
    }
}

impl Version {
    /// The number that orders the versions of a report: by time of submission, then by generation.
    pub fn number_of(submitted_at_ms: i64, generation: u32) -> u64 {
        (submitted_at_ms.max(0) as u64) << 16 | u64::from(generation.min(u32::from(u16::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_is_stored_without_the_text_that_travelled_in_it() {
        let fact = ReportValidated { rules_version: "1".into(), verdict: 1, ..ReportValidated::default() };
        let travelling = ReportValidated { text_zstd: vec![7; 3_000], ..fact.clone() };
        assert_eq!(ReportValidated::decode(&*encoded_without_text(&travelling)).unwrap(), fact);
        assert_eq!(ReportValidated::decode(&*encoded_without_text(&fact)).unwrap(), fact);
    }
}
