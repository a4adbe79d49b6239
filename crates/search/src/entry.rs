//! What is indexed: one reviewed report, and how the versions of one report come together.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use report::{Report, Review, Year};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::Error;

/// One reviewed report, ready to be indexed.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The report, the same for all its versions; see [`Entry::key_of`].
    pub key: String,
    /// Identity of this reading, `<32 hex digits of the original>-g<generation>`.
    pub id: String,
    /// Orders the versions of a report; see [`Entry::version_of`].
    pub version: u64,
    /// The act of sending.
    pub submission: String,
    /// SHA-256 of the bytes as submitted.
    pub original: String,
    /// Name of the file as sent.
    pub file_name: String,
    /// When it was accepted, milliseconds since 1970-01-01 UTC.
    pub submitted_at_ms: i64,
    /// The report with what was found in it by itself; see [`crate::Writer::rejudge`] for what others say.
    pub review: Review,
    /// The event it came from, for whoever asks the index for reports whole; the index does not look in.
    pub fact: Vec<u8>,
    /// Where this act of sending takes the report back: who did, and why. It is an act like any other and
    /// what was sent later stands; while it is the latest, no search finds the report.
    pub withdrawn: Option<Withdrawn>,
    /// The plain text of the document.
    pub text: String,
}

/// The act of taking a report back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawn {
    /// Who took it back.
    pub who: String,
    /// Why.
    pub why: String,
}

/// One version of a report, in short. Versions are ordered by their fields in this order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Version {
    /// See [`Entry::version_of`].
    pub version: u64,
    /// See [`Entry::id`].
    pub id: String,
    /// SHA-256 of the bytes.
    pub original: String,
    /// The act of sending.
    pub submission: String,
    /// When it was accepted, milliseconds since 1970-01-01 UTC.
    pub submitted_at_ms: i64,
    /// Name of the file as sent.
    pub file_name: String,
    /// `pass`, `warn` or `fail`.
    pub verdict: String,
}

impl Entry {
    /// The key of a report: the same for the same agency, year and region, however its name is
    /// written. A report that does not say whose or when it is stands for itself: its key is that of
    /// its original, so that a later reading of the same bytes replaces the earlier.
    pub fn key_of(report: &Report, id: &str) -> String {
        let (Some(agency), Some(year)) = (&report.agency, report.year) else {
            return id.rsplit_once("-g").map_or(id, |(original, _)| original).to_owned();
        };
        let region = report.region.as_ref().map_or("_", |region| &region.code);
        let agency = agency.chars().map(crate::analyzer::fold).filter(|char| !char.is_whitespace());
        let identity = format!("{region}\n{year}\nannual\n{}", agency.collect::<String>());
        Sha256::digest(identity)[..16].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The key of the report of the same agency for another year; none where the report does not say
    /// whose or when it is, or where that is no year of reports.
    pub fn key_of_neighbour(report: &Report, years: i64) -> Option<String> {
        let (agency, year) = (report.agency.clone()?, report.year?);
        let year = Some(Year::new(i64::from(year.get()) + years)?);
        let neighbour =
            Report { agency: Some(agency), year, region: report.region.clone(), ..Report::default() };
        Some(Self::key_of(&neighbour, ""))
    }

    /// The version number of a reading: later submissions first of all, then later generations.
    pub fn version_of(submitted_at_ms: i64, generation: u32) -> u64 {
        (submitted_at_ms.max(0) as u64) << 16 | u64::from(generation.min(u32::from(u16::MAX)))
    }

    /// The JSON record that a report page needs: identity, cells, claims, findings, verdict. The
    /// list of versions joins it when it is stored.
    fn record(&self) -> Map<String, Value> {
        let report = &self.review.report;
        let mut record = Map::new();
        record.insert("id".into(), self.id.as_str().into());
        record.insert("key".into(), self.key.as_str().into());
        record.insert("version".into(), self.version.into());
        record.insert("title".into(), json!(report.title));
        record.insert("submission".into(), self.submission.as_str().into());
        record.insert("original".into(), self.original.as_str().into());
        record.insert("file_name".into(), self.file_name.as_str().into());
        record.insert("submitted_at_ms".into(), self.submitted_at_ms.into());
        record.extend(report::json::review(&self.review));
        record.insert("rules_version".into(), self.review.rules_version.as_str().into());
        record.insert("withdrawn".into(), json!(self.withdrawn));
        record
    }
}

/// An id taken apart: the digits of its original, and which reading of it this is.
pub(crate) fn reading(id: &str) -> Option<(&str, u32)> {
    let (digits, generation) = id.rsplit_once("-g")?;
    Some((digits, generation.parse().ok()?))
}

/// Everything the index keeps of one report: its latest version whole, the others in short.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Kept {
    pub(crate) key: String,
    pub(crate) current: Version,
    /// The JSON record of the current version, without the list of versions.
    pub(crate) record: String,
    pub(crate) fact: Vec<u8>,
    pub(crate) text: String,
    /// Each version by its id.
    pub(crate) versions: BTreeMap<String, Version>,
}

impl Kept {
    /// Both together, and whether that is more than `self`. The order of joining makes no difference:
    /// the greatest version is the current one (of two that differ under one id and version, the one
    /// with the greater event), and each id stands once in the list, with its greatest version.
    pub(crate) fn join(self, other: Self) -> (Self, bool) {
        let mut changed = self.order(&other).is_lt();
        let (mut greater, lesser) = if changed { (other, self) } else { (self, other) };
        for (id, version) in lesser.versions {
            if greater.versions.get(&id).is_none_or(|known| *known < version) {
                greater.versions.insert(id, version);
                changed = true;
            }
        }
        (greater, changed)
    }

    /// The versions that are readings of the original with these digits: their ids and which reading each is.
    pub(crate) fn readings_of<'a>(&'a self, digits: &'a str) -> impl Iterator<Item = (&'a String, u32)> {
        self.versions.keys().filter_map(move |id| {
            let (original, generation) = reading(id)?;
            (original == digits).then_some((id, generation))
        })
    }

    /// Whether it was taken back.
    pub(crate) fn is_withdrawn(&self) -> Result<bool, Error> {
        #[derive(Deserialize)]
        struct Fate {
            withdrawn: Option<Withdrawn>,
        }
        let fate: Fate = serde_json::from_str(&self.record)
            .map_err(|source| Error::Record { key: self.key.clone(), source })?;
        Ok(fate.withdrawn.is_some())
    }

    /// The versions as they are stored, earliest first.
    pub(crate) fn stored_versions(&self) -> String {
        let mut versions: Vec<&Version> = self.versions.values().collect();
        versions.sort();
        json!(versions).to_string()
    }

    /// What was stored of a report.
    pub(crate) fn from_stored(
        record: String,
        versions: &str,
        fact: Vec<u8>,
        text: String,
    ) -> Result<Self, serde_json::Error> {
        #[derive(Deserialize)]
        struct Identity {
            key: String,
            id: String,
        }
        let Identity { key, id } = serde_json::from_str(&record)?;
        let versions: Vec<Version> = serde_json::from_str(versions)?;
        let current = versions.iter().find(|version| version.id == id).cloned();
        let current = current.ok_or_else(|| serde::de::Error::custom("the record does not list itself"))?;
        let versions = versions.into_iter().map(|version| (version.id.clone(), version)).collect();
        Ok(Self { key, current, record, fact, text, versions })
    }

    fn order(&self, other: &Self) -> Ordering {
        (&self.current, &self.fact, &self.text).cmp(&(&other.current, &other.fact, &other.text))
    }

    /// Puts another review of the same report in the place of the first; true where that changes anything.
    pub(crate) fn rejudge(&mut self, review: &Review) -> Result<bool, serde_json::Error> {
        let mut record: Map<String, Value> = serde_json::from_str(&self.record)?;
        record.extend(report::json::review(review));
        let record = Value::Object(record).to_string();
        let changes = record != self.record;
        self.record = record;
        Ok(changes)
    }
}

impl From<Entry> for Kept {
    fn from(entry: Entry) -> Self {
        let record = Value::Object(entry.record()).to_string();
        let current = Version {
            version: entry.version,
            id: entry.id.clone(),
            original: entry.original,
            submission: entry.submission,
            submitted_at_ms: entry.submitted_at_ms,
            file_name: entry.file_name,
            verdict: entry.review.verdict().as_str().to_owned(),
        };
        let versions = BTreeMap::from([(entry.id, current.clone())]);
        Self { key: entry.key, current, record, fact: entry.fact, text: entry.text, versions }
    }
}
