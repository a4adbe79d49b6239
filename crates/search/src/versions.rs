//! Which version of a report is current, and which reading of an original is void.
//!
//! An original stands for the report that its last reading names: an earlier reading that named another
//! report is void. Of the other readings of a report, the greatest [`Version`] is current.
//! [`current_readings`] says so of all readings at once; the rest of this module says so of an index that
//! gets one batch after the other, in any order.

use std::cell::OnceCell;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use proto::Message as _;
use proto::v1::ReportValidated;
use report::{Finding, Review};

use crate::damage::DamageError;
use crate::{Entry, Version, Withdrawal};

/// One reading of an original that was indexed, as the log tells of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexedReading<'a> {
    /// The first digits of the SHA-256 of the original, as in the id of the reading.
    pub original: &'a str,
    /// 0 for the first reading of the original.
    pub generation: u32,
    /// The report that it was indexed as; see [`Entry::key`].
    pub key: &'a str,
    /// When it was accepted, milliseconds since 1970-01-01 UTC.
    pub submitted_at_ms: i64,
}

impl<'a> IndexedReading<'a> {
    /// The order of [`Version`]s.
    fn order(&self) -> (u64, &'a str, u32) {
        (Version::number_of(self.submitted_at_ms, self.generation), self.original, self.generation)
    }
}

/// The current reading of each report, by the key of the report.
pub fn current_readings<'a>(
    readings: impl IntoIterator<Item = IndexedReading<'a>> + Clone,
) -> HashMap<&'a str, IndexedReading<'a>> {
    let mut last: HashMap<&str, (u32, &str)> = HashMap::new();
    for one in readings.clone() {
        let known = last.entry(one.original).or_insert((one.generation, one.key));
        *known = (*known).max((one.generation, one.key));
    }
    let mut current: HashMap<&str, IndexedReading<'a>> = HashMap::new();
    for one in readings {
        if last.get(one.original).is_some_and(|(_, key)| *key == one.key) {
            let known = current.entry(one.key).or_insert(one);
            if one.order() > known.order() {
                *known = one;
            }
        }
    }
    current
}

/// An id taken apart: the digits of its original, and the generation of this reading.
pub(crate) fn reading(id: &str) -> Option<(&str, u32)> {
    let (digits, generation) = id.rsplit_once("-g")?;
    Some((digits, generation.parse().ok()?))
}

/// Originals that entries assign to another report than the index does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reassignments {
    /// Ids of entries that a later reading of the same original has made void.
    void: BTreeSet<String>,
    /// By the key of the report that loses readings.
    departures: BTreeMap<String, Departure>,
}

/// What one report loses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Departure {
    /// Ids of the readings that leave it.
    removed: BTreeSet<String>,
    /// Id of the version that becomes current again, where the current one leaves.
    pub(crate) promoted: Option<String>,
    /// Id of the reading that assigned the original to another report.
    caused_by: String,
    /// Whether the current version leaves.
    replaces_current: bool,
}

impl Reassignments {
    /// Keys of the reports that lose readings, each with the id of the reading that assigned the original to another
    /// report.
    pub fn departed(&self) -> impl Iterator<Item = (&String, &String)> {
        self.departures.iter().map(|(key, departure)| (key, &departure.caused_by))
    }

    /// Of these, the reports that lose their current version: another becomes current, or none is left.
    pub fn replaced(&self) -> impl Iterator<Item = (&String, &String)> {
        let replaced = self.departures.iter().filter(|(_, departure)| departure.replaces_current);
        replaced.map(|(key, departure)| (key, &departure.caused_by))
    }

    /// Ids of the versions that become current again. The index has them in short only, so the caller has
    /// to fetch their entries.
    pub fn promoted(&self) -> impl Iterator<Item = &String> {
        self.departures.values().filter_map(|departure| departure.promoted.as_ref())
    }

    /// What the entries of one batch say of each other.
    pub(crate) fn within(entries: &[Entry]) -> Self {
        let mut latest: HashMap<&str, (u32, &str)> = HashMap::new();
        let readings = || entries.iter().filter_map(|entry| Some((entry, reading(&entry.version.id)?)));
        for (entry, (digits, generation)) in readings() {
            let known = latest.entry(digits).or_insert((generation, &entry.key));
            *known = (*known).max((generation, &entry.key));
        }
        let is_void = |entry: &Entry, digits: &str, generation: u32| {
            latest.get(digits).is_some_and(|(last, key)| *last > generation && *key != entry.key)
        };
        let void = readings().filter(|(entry, (digits, generation))| is_void(entry, digits, *generation));
        Self { void: void.map(|(entry, _)| entry.version.id.clone()).collect(), departures: BTreeMap::new() }
    }

    /// Adds what an entry and a report in the index say of each other.
    pub(crate) fn compare(&mut self, entry: &Entry, report: &IndexedReport) {
        let Some((digits, generation)) = reading(&entry.version.id) else { return };
        if report.key == entry.key {
            return;
        }
        let (later, earlier): (Vec<_>, Vec<_>) =
            report.readings_of(digits).partition(|(_, other)| *other > generation);
        if !later.is_empty() {
            self.void.insert(entry.version.id.clone());
        } else if !earlier.is_empty() {
            let removed = earlier.into_iter().map(|(id, _)| id.clone());
            let departure = self.departures.entry(report.key.clone()).or_default();
            departure.removed.extend(removed);
            departure.caused_by.clone_from(&entry.version.id);
        }
    }

    /// Finds the version that becomes current again, where the current one leaves.
    pub(crate) fn promote(&mut self, report: &IndexedReport) {
        let Some(departure) = self.departures.get_mut(&report.key) else { return };
        if departure.removed.contains(&report.current.id) {
            let stays = report.versions.values().filter(|version| !departure.removed.contains(&version.id));
            departure.promoted = stays.max().map(|version| version.id.clone());
            departure.replaces_current = true;
        }
    }

    /// Whether a later reading has made the entry with this id void.
    pub(crate) fn is_void(&self, id: &str) -> bool {
        self.void.contains(id)
    }

    pub(crate) fn departures(&self) -> impl Iterator<Item = (&String, &Departure)> {
        self.departures.iter()
    }
}

/// The findings of a report with the rules and the policy that made them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Judged {
    pub(crate) findings: Vec<Finding>,
    pub(crate) rules_version: String,
}

/// Everything the index has of one report: its current version in full, the others in short.
#[derive(Debug, Clone)]
pub(crate) struct IndexedReport {
    pub(crate) key: String,
    pub(crate) current: Version,
    /// Each version by its id.
    pub(crate) versions: BTreeMap<String, Version>,
    /// See [`Entry::withdrawal`]; of the current version.
    pub(crate) withdrawal: Option<Withdrawal>,
    /// See [`Entry::fact`]; of the current version.
    pub(crate) fact: Vec<u8>,
    /// What was found after the comparison with other reports or under another policy, where it differs from `fact`.
    pub(crate) compared: Option<Judged>,
    pub(crate) text: String,
    /// The text as it is stored; empty where it has to be compressed first.
    pub(crate) packed_text: Vec<u8>,
    /// What `fact` decodes to; decoded when it is first needed.
    pub(crate) review: OnceCell<Arc<Review>>,
}

impl IndexedReport {
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

    /// The report without the readings that leave it. None where the current one leaves and no other becomes
    /// current.
    pub(crate) fn without(mut self, departure: &Departure, promoted: Option<Self>) -> Option<Self> {
        self.versions.retain(|id, _| !departure.removed.contains(id));
        if !departure.removed.contains(&self.current.id) {
            return Some(self);
        }
        promoted.map(|promoted| Self { versions: self.versions, ..promoted })
    }

    fn order(&self, other: &Self) -> Ordering {
        (&self.current, &self.fact, &self.text).cmp(&(&other.current, &other.fact, &other.text))
    }

    /// The versions that are readings of the original with these digits: their ids and generations.
    pub(crate) fn readings_of<'a>(&'a self, digits: &'a str) -> impl Iterator<Item = (&'a String, u32)> {
        self.versions.keys().filter_map(move |id| {
            let (original, generation) = reading(id)?;
            (original == digits).then_some((id, generation))
        })
    }

    /// Who sent each version, the earliest first.
    pub(crate) fn senders(&self) -> Vec<String> {
        let mut versions: Vec<&Version> = self.versions.values().collect();
        versions.sort();
        versions.into_iter().map(|version| version.sender.clone()).collect()
    }

    /// The report with what the rules found in it alone.
    ///
    /// # Errors
    /// If the stored fact does not decode.
    pub(crate) fn review(&self) -> Result<&Arc<Review>, DamageError> {
        if let Some(review) = self.review.get() {
            return Ok(review);
        }
        let fact = ReportValidated::decode(&*self.fact)?;
        let review = Arc::new(Review::try_from(&fact)?);
        Ok(self.review.get_or_init(|| review))
    }

    /// Replaces the findings by those of another review of the same report. True where they, or the rules that made
    /// them, differ.
    ///
    /// # Errors
    /// If the stored fact does not decode.
    pub(crate) fn rejudge(&mut self, review: &Review) -> Result<bool, DamageError> {
        let alone = self.review()?;
        let is_same = review.findings == alone.findings && review.rules_version == alone.rules_version;
        let judged =
            || Judged { findings: review.findings.clone(), rules_version: review.rules_version.clone() };
        let compared = (!is_same).then(judged);
        let changes = compared != self.compared;
        self.compared = compared;
        Ok(changes)
    }
}

impl From<Entry> for IndexedReport {
    fn from(entry: Entry) -> Self {
        let versions = BTreeMap::from([(entry.version.id.clone(), entry.version.clone())]);
        Self {
            key: entry.key,
            current: entry.version,
            versions,
            withdrawal: entry.withdrawal,
            fact: entry.fact,
            compared: None,
            text: entry.text,
            packed_text: entry.text_zstd,
            review: OnceCell::from(Arc::new(entry.review)),
        }
    }
}
