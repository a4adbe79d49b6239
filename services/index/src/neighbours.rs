//! A report beside that of the year before: judged anew whenever one of the two changes.

use std::collections::BTreeSet;

use proto::Message as _;
use proto::v1::{ReportSubmitted, ReportValidated};
use report::{Date, Review};
use rules::RulePolicy;
use search::{Entry, Error, Writer};

/// Judges the reports under these keys, whose current version was just applied, those of the year after
/// each, and those in `beside`, beside the year before. A report whose findings stay as they are is not
/// written again.
///
/// # Errors
/// If the index cannot be read.
pub(crate) fn rejudge(
    writer: &mut Writer,
    policy: &RulePolicy,
    changed: &BTreeSet<String>,
    beside: BTreeSet<String>,
) -> Result<(), Error> {
    let mut keys = beside;
    keys.extend(changed.iter().cloned());
    for key in changed {
        keys.extend(year_after(writer, key)?);
    }
    for key in keys {
        let Some(own) = Known::of(writer, &key)?.filter(Known::stands) else { continue };
        let last_year = match Entry::key_of_neighbour(&own.review.report, -1) {
            Some(key) => Known::of(writer, &key)?.filter(Known::stands),
            None => None,
        };
        // What was just applied stands as it was judged by itself.
        if last_year.is_some() || !changed.contains(&key) {
            writer.rejudge(&key, &own.beside(policy, last_year.as_ref()))?;
        }
    }
    Ok(())
}

/// The key of the report of the year after the one under this key.
///
/// # Errors
/// If the index cannot be read.
pub(crate) fn year_after(writer: &mut Writer, key: &str) -> Result<Option<String>, Error> {
    Ok(Known::of(writer, key)?.and_then(|known| Entry::key_of_neighbour(&known.review.report, 1)))
}

/// A report as it was judged by itself.
struct Known {
    review: Review,
    submitted: Option<Date>,
    withdrawn: bool,
}

impl Known {
    /// None also where the event does not read back: another version wrote it, and says so in its fields. A
    /// damaged neighbour keeps nobody out.
    fn of(writer: &mut Writer, key: &str) -> Result<Option<Self>, Error> {
        let known = match writer.known(key) {
            Ok(Some(known)) => known,
            Ok(None) | Err(Error::Record { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let fact = ReportValidated::decode(&*known.fact).unwrap_or_default();
        let submitted = fact.submitted.as_ref().and_then(ReportSubmitted::day);
        let review = Review::try_from(&fact).ok();
        Ok(review.map(|review| Self { review, submitted, withdrawn: known.withdrawn }))
    }

    fn stands(&self) -> bool {
        !self.withdrawn
    }

    /// Its review with what the rules across years find.
    fn beside(self, policy: &RulePolicy, last_year: Option<&Self>) -> Review {
        match last_year {
            Some(last_year) => rules::beside(self.review, &last_year.review.report, policy, self.submitted),
            None => self.review,
        }
    }
}
