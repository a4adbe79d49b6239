//! Judges the cases that stand in the files of the rules.

use report::FormId::{F2019, F2021};
use report::{Date, Finding, FormId, Judgement, Report, Severity, Verdict};

use super::case::{report, years, zeros};
use crate::{
    Case, Check, Expected, Gone, Published, Rule, RulePolicy, as_published, catalogue, compare, review, under,
};

/// What a rule finds in a case.
pub(super) fn findings(rule: &Rule, case: &Case) -> Vec<Finding> {
    if let Check::Versions(check) = rule.check {
        let senders: Vec<&str> = case.changes.split('|').map(str::trim).collect();
        return check(rule, &zeros(case.form), &senders);
    }
    if let Check::Published(check) = rule.check {
        return published(rule, check, case);
    }
    let (report, last_year) = years(case.form, case.changes);
    let across = last_year.map(|last_year| compare(&report, &last_year)).unwrap_or_default();
    let mut findings = [review(report).findings, across].concat();
    findings.retain(|finding| rule.made(finding));
    findings
}

/// What a rule finds in what became of a report on its web site: `last:` stands before the report as it was first
/// seen, and `gone=404` says that the page is gone and what the site answers.
fn published(
    rule: &Rule,
    check: fn(&Rule, &Report, &Published<'_>) -> Vec<Finding>,
    case: &Case,
) -> Vec<Finding> {
    let (changes, gone) = case.changes.split_once("gone=").unwrap_or((case.changes, ""));
    let (report, first) = years(case.form, changes);
    let since = date(2025, 3, 2);
    let published = Published {
        first: first.as_ref().map(|first| (first, date(2025, 1, 20))),
        seen: Some(since),
        gone: gone.parse().ok().map(|status| Gone { status, since }),
    };
    check(rule, &report, &published)
}

/// The rules that `survey` judges have cases of several agencies, and `survey` judges these too.
fn judged_here() -> impl Iterator<Item = &'static Rule> {
    catalogue().iter().copied().filter(|rule| !matches!(rule.check, Check::Agencies))
}

#[test]
fn each_case_is_judged_as_expected() {
    for rule in judged_here() {
        for case in rule.cases {
            let findings = findings(rule, case);
            let judged = match findings.iter().map(|finding| finding.judgement).min() {
                None => Expected::Holds,
                Some(Judgement::Fails) => Expected::Fails,
                Some(Judgement::Unknown) => Expected::Unknown,
            };
            let Case { form, changes, .. } = case;
            assert_eq!(judged, case.expected, "{} on form {form} with `{changes}`: {findings:#?}", rule.id);
        }
    }
}

/// An official reads the message and the repair word for word.
#[test]
fn each_message_is_as_expected() {
    for rule in judged_here() {
        for case in rule.cases {
            let Some(expected) = case.message else { continue };
            let messages = findings(rule, case).into_iter().map(|finding| {
                finding.message + &finding.repair.map_or(String::new(), |repair| repair.reason)
            });
            assert_eq!(messages.collect::<Vec<_>>(), [expected], "{} with `{}`", rule.id, case.changes);
        }
    }
}

/// The console shows a finding at its origin, so a finding about printed cells has one.
#[test]
fn each_finding_about_cells_has_an_origin() {
    for rule in judged_here().filter(|rule| !matches!(rule.check, Check::Versions(_) | Check::Published(_))) {
        for case in rule.cases {
            let (report, _) = years(case.form, case.changes);
            for finding in findings(rule, case) {
                let first = finding.cells.iter().find_map(|id| report.cells.get(*id)?.origin);
                assert!(first.is_none() || finding.origin.is_some(), "{} with `{}`", rule.id, case.changes);
            }
        }
    }
}

#[test]
fn every_rule_begins_its_cases_with_one_in_which_it_speaks() {
    for rule in catalogue() {
        // With too few or too many figures T4-04 can say no more than that nothing can be judged.
        let speaks = if rule.id == "T4-04" { Expected::Unknown } else { Expected::Fails };
        assert_eq!(rule.cases.first().map(|case| case.expected), Some(speaks), "{}", rule.id);
    }
}

fn date(year: i16, month: i8, day: i8) -> Date {
    Date::new(year, month, day).unwrap()
}

/// What a site showed is not shown again, so another policy weighs the same findings.
#[test]
fn what_a_site_showed_is_kept_under_another_policy() {
    let gone = Some(Gone { status: 404, since: date(2025, 3, 2) });
    let published = Published { gone, ..Published::default() };
    let first = as_published(review(zeros(F2021)), &published, &RulePolicy::default(), None);
    assert_eq!(first.findings.len(), 1);
    let lower = RulePolicy::parse("[severity]\nWEB-02 = \"info\"\n").unwrap();
    let low = under(first.clone(), None, &lower, None);
    assert_eq!(low.findings.iter().map(|one| one.severity).collect::<Vec<_>>(), [Severity::Info]);
    assert_eq!(low.findings[0].message, first.findings[0].message);
    let off = RulePolicy::parse("off = [\"WEB-02\"]\n").unwrap();
    assert_eq!(under(low.clone(), None, &off, None).findings, []);
    let again = under(low, None, &RulePolicy::default(), None);
    assert_eq!(again.findings, first.findings);
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
