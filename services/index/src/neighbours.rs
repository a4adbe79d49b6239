//! A report beside that of the year before: judged anew whenever one of the two changes.

use std::collections::BTreeSet;

use proto::Message as _;
use proto::v1::ReportValidated;
use report::Review;
use search::{Entry, Error, Writer};

/// Judges the reports under these keys, and those of the year after each, beside the year before. A
/// report whose findings stay as they are is not written again.
///
/// # Errors
/// If the index cannot be read.
pub(crate) fn rejudge(writer: &mut Writer, changed: BTreeSet<String>) -> Result<(), Error> {
    let mut keys = BTreeSet::new();
    for key in changed {
        if let Some(known) = Known::of(writer, &key)? {
            keys.extend(Entry::key_of_neighbour(&known.review.report, 1));
        }
        keys.insert(key);
    }
    for key in keys {
        let Some(own) = Known::of(writer, &key)?.filter(Known::stands) else { continue };
        let last_year = match Entry::key_of_neighbour(&own.review.report, -1) {
            Some(key) => Known::of(writer, &key)?.filter(Known::stands),
            None => None,
        };
        writer.rejudge(&key, &own.beside(last_year.as_ref()))?;
    }
    Ok(())
}

/// A report as it was judged by itself.
struct Known {
    review: Review,
    withdrawn: bool,
}

impl Known {
    /// None also where the event does not read back: another version wrote it, and says so in its fields.
    fn of(writer: &mut Writer, key: &str) -> Result<Option<Self>, Error> {
        let Some(known) = writer.known(key)? else { return Ok(None) };
        let fact = ReportValidated::decode(&*known.fact).ok();
        let review = fact.and_then(|fact| Review::try_from(&fact).ok());
        Ok(review.map(|review| Self { review, withdrawn: known.withdrawn }))
    }

    fn stands(&self) -> bool {
        !self.withdrawn
    }

    /// Its review with what the rules across years find.
    fn beside(self, last_year: Option<&Self>) -> Review {
        let mut review = self.review;
        if let Some(last_year) = last_year {
            review.findings.extend(rules::compare(&review.report, &last_year.review.report));
            rules::sort(&mut review.findings);
        }
        review
    }
}
