//! The comparison of a report with that of the year before and with its own earlier versions, repeated whenever
//! one of them changes. A report that was judged under another rule policy than the one in force is judged again.

use std::collections::{BTreeMap, BTreeSet};

use policy::InForce;
use report::{Review, beijing};
use search::{CurrentReport, Entry, IndexError, Writer};

use crate::rejudged::Cause;

/// Compares with the year before and with their earlier versions: the reports with the keys in `changed`, whose
/// current version was just applied, the report of the year after each, and the reports in `others`, each with what
/// causes it. A report whose findings stay the same is not written again. Returns those whose findings changed.
///
/// # Errors
/// If the index cannot be read.
pub(crate) fn rejudge(
    writer: &mut Writer,
    policy: &InForce,
    changed: &BTreeSet<String>,
    others: &BTreeMap<String, Cause>,
) -> Result<BTreeMap<String, Cause>, IndexError> {
    let mut keys: BTreeMap<String, Option<Cause>> =
        others.iter().map(|(key, cause)| (key.clone(), Some(cause.clone()))).collect();
    for key in changed {
        keys.entry(key.clone()).or_default();
        if let Some((after, cause)) = year_after(writer, key)? {
            keys.entry(after).or_default().get_or_insert(cause);
        }
    }
    let mut rejudged = BTreeMap::new();
    for (key, cause) in keys {
        let Some(own) = current(writer, &key)?.filter(|own| !own.is_withdrawn) else { continue };
        let last_year = match Entry::key_of_neighbour(&own.review.report, -1) {
            Some(key) => current(writer, &key)?.filter(|last_year| !last_year.is_withdrawn),
            None => None,
        };
        // The only version of a report, just applied and judged, has its own findings only.
        let is_alone = changed.contains(&key)
            && !others.contains_key(&key)
            && own.senders.len() == 1
            && is_judged_under(policy, &own.review);
        let compares = last_year.is_some() || !is_alone;
        if compares && writer.rejudge(&key, &compared(&own, last_year.as_ref(), policy))? {
            let cause = cause.unwrap_or_else(|| cause_of_arrival(&own, last_year.as_ref(), policy));
            rejudged.insert(key, cause);
        }
    }
    Ok(rejudged)
}

/// Why a version that was just applied has other findings than by itself.
fn cause_of_arrival(own: &CurrentReport, last_year: Option<&CurrentReport>, policy: &InForce) -> Cause {
    match last_year {
        Some(last_year) => Cause::other_year(&last_year.version.id),
        None if is_judged_under(policy, &own.review) => Cause::other_version(&own.version.id),
        None => Cause::policy(policy.id()),
    }
}

/// The key of the report of the year after the one with this key, and the cause to judge it again.
///
/// # Errors
/// If the index cannot be read.
pub(crate) fn year_after(writer: &mut Writer, key: &str) -> Result<Option<(String, Cause)>, IndexError> {
    let Some(report) = current(writer, key)? else { return Ok(None) };
    let after = Entry::key_of_neighbour(&report.review.report, 1);
    Ok(after.map(|after| (after, Cause::other_year(&report.version.id))))
}

/// The current version of a report. None also where it cannot be decoded: another version of the program
/// wrote it, or it is damaged, and its neighbours are judged without it.
fn current(writer: &mut Writer, key: &str) -> Result<Option<CurrentReport>, IndexError> {
    match writer.current(key) {
        Err(IndexError::Damaged { .. }) => Ok(None),
        current => current,
    }
}

/// The review of a report with the findings of its comparison with the year before and its earlier versions.
fn compared(own: &CurrentReport, last_year: Option<&CurrentReport>, in_force: &InForce) -> Review {
    let submitted = beijing::day(own.version.submitted_at_ms);
    let senders: Vec<&str> = own.senders.iter().map(String::as_str).collect();
    let (policy, mut review) = (&in_force.policy, (*own.review).clone());
    if !is_judged_under(in_force, &own.review) {
        review = rules::under(review, None, policy, submitted);
    }
    let review = rules::among_versions(review, &senders, policy, submitted);
    match last_year {
        Some(last_year) => rules::beside(review, &last_year.review.report, policy, submitted),
        None => review,
    }
}

/// Whether the findings of a report by itself stand. Where the log has no change of the policy they do: the
/// processes of an installation may have been given different files.
pub(crate) fn is_judged_under(in_force: &InForce, review: &Review) -> bool {
    in_force.change.is_none() || in_force.policy.made(&review.rules_version)
}

#[cfg(test)]
mod tests {
    use proto::v1::{Report, ReportSubmitted, ReportValidated};
    use report::{Form, FormId, Year};
    use rules::RulePolicy;
    use search::Index;

    use super::*;

    /// A version of one report.
    fn version(number: u8, sender: &str) -> Entry {
        let form = Form::get(FormId::F2021);
        let report = report::Report {
            agency: Some("滕州市公安局".into()),
            year: Year::new(2024),
            form: Some(form.id),
            cells: report::Cells::missing(form.id),
            ..report::Report::default()
        };
        let submitted = ReportSubmitted {
            id: format!("{number:032x}-g0"),
            submitted_at_ms: number.into(),
            sender: sender.into(),
            ..ReportSubmitted::default()
        };
        let fact = ReportValidated {
            submitted: Some(submitted),
            report: Some(Report::from(&report)),
            rules_version: rules::VERSION.into(),
            verdict: proto::v1::Verdict::Pass.into(),
            ..ReportValidated::default()
        };
        Entry::of(&fact, String::new()).unwrap()
    }

    /// The rules that the index finds broken after it got these versions one after the other.
    fn found(versions: &[(u8, &str)]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = Index::open(folder.path()).unwrap().writer().unwrap();
        let mut key = String::new();
        for (number, sender) in versions {
            let entry = version(*number, sender);
            key.clone_from(&entry.key);
            let policy = InForce { policy: RulePolicy::default().into(), change: None };
            crate::state::apply(&mut writer, &policy, vec![entry]).unwrap();
        }
        let read = writer.index().reader().unwrap().get(&key).unwrap().unwrap();
        read.review.findings.into_iter().map(|finding| finding.rule).collect()
    }

    #[test]
    fn versions_of_several_senders_are_found_in_any_order() {
        assert_eq!(found(&[(1, "甲"), (2, "乙")]), ["DUP-02"]);
        assert_eq!(found(&[(2, "乙"), (1, "甲")]), ["DUP-02"]);
        assert_eq!(found(&[(1, "甲"), (3, "甲"), (2, "乙")]), ["DUP-02"]);
        assert_eq!(found(&[(2, "甲"), (1, "甲")]), [""; 0]);
        assert_eq!(found(&[(1, ""), (2, "甲")]), [""; 0]);
    }
}
