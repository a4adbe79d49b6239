//! Every rule: where it holds, where it fails, where it cannot be judged.

mod figures;
mod narrative;
mod prose;
mod years;

use report::{FormId, Judgement, Severity, Verdict};

use super::case::{report, years, zeros};
use crate::{catalogue, compare, review};

use Expected::{Fails, Holds, Unknown};
use FormId::{F2019, F2021};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Expected {
    Holds,
    Fails,
    Unknown,
}

/// Rule, form, what the report differs in from one of zeros, and what the rule says.
type Vector = (&'static str, FormId, &'static str, Expected);

fn vectors() -> impl Iterator<Item = &'static Vector> {
    [figures::VECTORS, narrative::VECTORS, prose::VECTORS, years::VECTORS].into_iter().flatten()
}

#[test]
fn each_case_is_judged_as_expected() {
    for (rule, form, changes, expected) in vectors() {
        let (report, last_year) = years(*form, changes);
        let across = last_year.map(|last_year| compare(&report, &last_year)).unwrap_or_default();
        let findings = [review(report).findings, across].concat();
        let of_rule: Vec<_> = findings.iter().filter(|finding| finding.rule == *rule).collect();
        let judged = match of_rule.iter().map(|finding| finding.judgement).min() {
            None => Holds,
            Some(Judgement::Fails) => Fails,
            Some(Judgement::Unknown) => Unknown,
        };
        assert_eq!(judged, *expected, "{rule} on form {form} with `{changes}`: {findings:#?}");
    }
}

#[test]
fn every_rule_has_a_case_in_which_it_speaks() {
    // Rules among agencies have their cases in crate `survey`.
    for rule in catalogue().iter().filter(|rule| !matches!(rule.check, crate::Check::Agencies)) {
        // With too few or too many figures T4-04 can say no more than that nothing can be judged.
        let speaks = if rule.id == "T4-04" { Unknown } else { Fails };
        let has_case = vectors().any(|(id, _, _, expected)| *id == rule.id && *expected == speaks);
        assert!(has_case, "{} has no case", rule.id);
    }
}

#[test]
fn the_ids_of_the_catalogue_are_unique_and_the_hints_are_sentences() {
    let mut ids: Vec<_> = catalogue().iter().map(|rule| rule.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), catalogue().len());
    for rule in catalogue() {
        assert!(rule.hint.starts_with('请') && rule.hint.ends_with('。'), "{}", rule.id);
    }
}

#[test]
fn a_balanced_report_has_nothing_to_find() {
    for form in FormId::ALL {
        let review = review(zeros(form));
        assert_eq!(review.findings, []);
        assert_eq!(review.verdict(), Verdict::Pass);
        assert_eq!(review.rules_version, crate::VERSION);
    }
}

#[test]
fn errors_come_first_then_the_rules_in_their_order() {
    let changes =
        "active.licensing.decisions=5件 requests.received.total=1 year=2020 note=RowShifted:other.misc";
    let findings = review(report(F2021, changes)).findings;
    let order: Vec<_> = findings.iter().map(|finding| (finding.severity, finding.rule.as_str())).collect();
    use Severity::{Error, Info, Warning};
    let expected =
        [(Error, "DOC-11"), (Error, "T3-01"), (Error, "T3-03"), (Warning, "T3-09"), (Info, "T2-10")];
    assert_eq!(order, expected);
}

/// The five real reports this product began with, by what is peculiar to each of them.
#[test]
fn reports_seen_in_the_field_are_judged_as_a_reviewer_would() {
    let total_cut = "requests.*.total=derived:0 requests.refused.*.other_org=derived:0 note=ColumnAbsent:total \
                     note=RowCut:refused.process active.licensing.decisions=45633件 published=2025-01-17";
    let empty_row = "requests.unprocessed.reissue.*=derived:0 note=RowWithoutFigures:unprocessed.reissue \
                     note=RowShifted:other note=RowShifted:concluded active.licensing.items_last_year=329 active.licensing.items_change=-37 \
                     active.procurement.count=11 \
                     active.procurement.amount=542.55万元 parts=93项:60项+33项";
    let shifted = "active.licensing.decisions=0 note=RowShifted:other.fee_unpaid note=RowShifted:other.misc note=RowShifted:concluded \
                   requests.received.natural_person=2 requests.received.total=2 \
                   requests.unavailable.not_held.natural_person=2 requests.unavailable.not_held.total=2 \
                   requests.concluded.natural_person=2 requests.concluded.total=2 claim=2件@requests.received.total";
    let unequal_parts = "note=LabelOutdated:normative_documents parts=326条:15条+235条+12条+42条+32条 claim=0@requests.received.total";
    let in_order = "parts=475条:159+10+6+170+130";
    for (form, changes, expected) in [
        (F2021, total_cut, &["T3-05", "T2-10"][..]),
        (F2019, empty_row, &["T3-08", "T3-09"]),
        (F2021, shifted, &["T2-12", "T3-09"]),
        (F2021, unequal_parts, &["NAR-05", "T2-14"]),
        (F2021, in_order, &[]),
    ] {
        let findings = review(report(form, changes)).findings;
        let rules: Vec<_> = findings.iter().map(|finding| finding.rule.as_str()).collect();
        assert_eq!(rules, expected, "{findings:#?}");
    }
}

#[test]
fn what_cannot_be_judged_for_one_reason_is_one_finding() {
    let cases = [
        ("requests.*.research=blank", "T3-03", Severity::Info),
        (
            "requests.*.research=blank requests.*.total=3 requests.concluded.total=69",
            "T3-03",
            Severity::Error,
        ),
        ("requests.received.*=blank requests.carried_in.*=blank", "T3-08", Severity::Warning),
    ];
    for (changes, rule, severity) in cases {
        let findings = review(report(F2021, changes)).findings;
        let of_rule: Vec<_> = findings.iter().filter(|finding| finding.rule == rule).collect();
        assert_eq!(of_rule.len(), 1, "{findings:#?}");
        assert_eq!(of_rule[0].severity, severity);
    }
}
