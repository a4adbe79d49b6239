//! How the versions of one report come together, and which of them is current.
//!
//! The greatest [`Version`] is the current one. An original stands for the report that its last reading
//! names, so an earlier reading that named another report is void; see [`reading`] and
//! [`crate::Reassignments`].

use std::cell::OnceCell;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use proto::Message as _;
use proto::v1::ReportValidated;
use report::{Finding, Review};

use crate::stored::DamageError;
use crate::{Entry, Version, Withdrawal};

/// An id taken apart: the digits of its original, and the generation of this reading.
pub(crate) fn reading(id: &str) -> Option<(&str, u32)> {
    let (digits, generation) = id.rsplit_once("-g")?;
    Some((digits, generation.parse().ok()?))
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
    /// The findings after the comparison with other reports, where they differ from those in `fact`.
    pub(crate) compared: Option<Vec<Finding>>,
    pub(crate) text: String,
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

    /// Replaces the findings by those of another review of the same report. True where they differ.
    ///
    /// # Errors
    /// If the stored fact does not decode.
    pub(crate) fn rejudge(&mut self, findings: &[Finding]) -> Result<bool, DamageError> {
        let alone = &self.review()?.findings;
        let compared = (findings != alone).then(|| findings.to_vec());
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
            review: OnceCell::from(Arc::new(entry.review)),
        }
    }
}
