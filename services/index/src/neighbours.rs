//! The comparison of a report with that of the year before, repeated whenever one of the two changes, and its
//! judgement under the rule policy in force, where it was made under another one.

use std::collections::BTreeSet;

use policy::InForce;
use report::{Review, beijing};
use search::{CurrentReport, Entry, IndexError, Writer};

/// Compares with the year before: the reports with these keys, whose current version was just applied, the
/// report of the year after each, and the reports in `others`. A report whose findings stay the same is not
/// written again.
///
/// # Errors
/// If the index cannot be read.
pub(crate) fn rejudge(
    writer: &mut Writer,
    policy: &InForce,
    changed: &BTreeSet<String>,
    others: BTreeSet<String>,
) -> Result<(), IndexError> {
    let mut keys = others;
    keys.extend(changed.iter().cloned());
    for key in changed {
        keys.extend(year_after(writer, key)?);
    }
    for key in keys {
        let Some(own) = current(writer, &key)?.filter(|own| !own.is_withdrawn) else { continue };
        let last_year = match Entry::key_of_neighbour(&own.review.report, -1) {
            Some(key) => current(writer, &key)?.filter(|last_year| !last_year.is_withdrawn),
            None => None,
        };
        match last_year {
            Some(last_year) => writer.rejudge(&key, &judged(&own, Some(&last_year), policy))?,
            // A version that was just applied has its own findings only.
            None if changed.contains(&key) && is_made_under(policy, &own) => continue,
            None => writer.rejudge(&key, &judged(&own, None, policy))?,
        };
    }
    Ok(())
}

/// The key of the report of the year after the one with this key.
///
/// # Errors
/// If the index cannot be read.
pub(crate) fn year_after(writer: &mut Writer, key: &str) -> Result<Option<String>, IndexError> {
    Ok(current(writer, key)?.and_then(|report| Entry::key_of_neighbour(&report.review.report, 1)))
}

/// The current version of a report. None also where it cannot be decoded: another version of the program
/// wrote it, or it is damaged, and its neighbours are judged without it.
fn current(writer: &mut Writer, key: &str) -> Result<Option<CurrentReport>, IndexError> {
    match writer.current(key) {
        Err(IndexError::Damaged { .. }) => Ok(None),
        current => current,
    }
}

/// The review of a report with the findings of its comparison with the year before.
fn judged(own: &CurrentReport, last_year: Option<&CurrentReport>, policy: &InForce) -> Review {
    let submitted = beijing::day(own.version.submitted_at_ms);
    let review = (*own.review).clone();
    match last_year.map(|last_year| &last_year.review.report) {
        last_year if !is_made_under(policy, own) => rules::under(review, last_year, &policy.policy, submitted),
        Some(last_year) => rules::beside(review, last_year, &policy.policy, submitted),
        None => review,
    }
}

/// Whether the findings of a report by itself stand. Where the log has no change of the policy they do: the
/// processes of an installation may have been given different files.
fn is_made_under(policy: &InForce, own: &CurrentReport) -> bool {
    policy.change.is_none() || policy.policy.made(&own.review.rules_version)
}
