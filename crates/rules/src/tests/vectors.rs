//! Every rule: where it holds, where it fails, where it cannot be judged.

use report::{FormId, Judgement, Severity, Verdict};

use super::case::{report, zeros};
use crate::{catalogue, review};

use Expected::{Fails, Holds, Unknown};
use FormId::{F2019, F2021};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Expected {
    Holds,
    Fails,
    Unknown,
}

#[rustfmt::skip]
const VECTORS: &[(&str, FormId, &str, Expected)] = &[
    ("T3-01", F2021, "requests.received.research=2 requests.carried_in.research=1 requests.concluded.research=3", Holds),
    ("T3-01", F2021, "requests.received.research=2 requests.concluded.research=1", Fails),
    ("T3-01", F2019, "requests.carried_out.total=1", Fails),
    ("T3-01", F2021, "requests.received.research=blank", Unknown),
    ("T3-01", F2021, "requests.received.research=blank requests.concluded.research=3", Unknown),
    ("T3-01", F2021, "requests.received.research=blank requests.carried_in.research=3", Fails),
    ("T3-01", F2021, "requests.received.research=missing", Unknown),
    ("T3-01", F2021, "requests.received.research=3|4", Holds),
    ("T3-01", F2021, "requests.*=missing note=TableAbsent:requests", Holds),
    ("T3-01", F2021, "requests.received.total=79228162514264337593543950335 requests.carried_in.total=79228162514264337593543950335", Fails),
    ("T3-02", F2021, "requests.granted.enterprise=2 requests.other.misc.enterprise=1 requests.concluded.enterprise=3", Holds),
    ("T3-02", F2021, "requests.granted.enterprise=2 requests.concluded.enterprise=3", Fails),
    ("T3-02", F2021, "requests.granted.enterprise=/", Unknown),
    ("T3-02", F2021, "requests.granted.enterprise=/ requests.partial.enterprise=1", Fails),
    ("T3-02", F2021, "requests.other.*=missing note=ForeignRow:other note=RowAbsent:other.misc", Holds),
    ("T3-02", F2019, "requests.granted.enterprise=2", Holds),
    ("T3-02b", F2019, "requests.other.enterprise=2 requests.concluded.enterprise=2", Holds),
    ("T3-02b", F2019, "requests.other.enterprise=2 requests.concluded.enterprise=1", Fails),
    ("T3-02b", F2019, "requests.other.enterprise=missing", Unknown),
    ("T3-02b", F2019, "requests.other.*=missing note=RowWithoutFigures:other", Holds),
    ("T3-03", F2021, "requests.granted.enterprise=2 requests.granted.other_org=1 requests.granted.total=3", Holds),
    ("T3-03", F2021, "requests.granted.enterprise=2 requests.granted.total=1", Fails),
    ("T3-03", F2019, "requests.refused.process.total=1", Fails),
    ("T3-03", F2021, "requests.granted.enterprise=blank", Unknown),
    ("T3-03", F2021, "requests.granted.enterprise=blank requests.granted.research=2 requests.granted.total=1", Fails),
    ("T3-03", F2021, "requests.granted.enterprise=proved:2 requests.granted.total=2", Holds),
    ("T3-03", F2021, "requests.*.total=derived:0 note=ColumnAbsent:total", Holds),
    ("T3-03", F2021, "requests.*.total=missing note=ColumnAbsent:total", Holds),
    ("T3-05", F2021, "requests.*.total=derived:0 note=ColumnAbsent:total note=RowCut:other.misc", Fails),
    ("T3-05", F2021, "requests.*.total=missing", Fails),
    ("T3-05", F2021, "requests.*.total=blank", Holds),
    ("T3-05", F2021, "requests.granted.total=derived:0", Holds),
    ("T3-05", F2021, "requests.*=missing", Holds),
    ("T3-05", F2021, "requests.*=missing note=RowWithoutFigures:received", Holds),
    ("T3-08", F2019, "requests.unprocessed.reissue.*=derived:0 note=RowWithoutFigures:unprocessed.reissue", Fails),
    ("T3-08", F2021, "requests.partial.*=missing note=RowAbsent:partial", Fails),
    ("T3-08", F2021, "requests.partial.*=blank", Fails),
    ("T3-08", F2021, "requests.partial.total=derived:0 note=RowCut:partial", Fails),
    ("T3-08", F2021, "requests.*.total=derived:0 note=ColumnAbsent:total note=RowCut:partial", Holds),
    ("T3-08", F2021, "requests.partial.*=/", Holds),
    ("T3-08", F2021, "requests.other.*=missing note=ForeignRow:other note=RowAbsent:other.misc", Holds),
    ("T3-08", F2021, "requests.*=missing", Holds),
    ("T3-09", F2021, "note=RowShifted:other.misc note=RowShifted:concluded", Fails),
    ("T3-09", F2021, "note=RowShifted:licensing", Fails),
    ("T3-09", F2021, "note=AlignmentChosen:concluded", Holds),
    ("T3-16", F2021, "note=ForeignRow:other", Fails),
    ("T3-16", F2019, "note=ForeignRow:other.no_correction note=ForeignRow:other.misc", Fails),
    ("T3-16", F2021, "note=RowAbsent:other.misc", Holds),
    ("T4-01", F2021, "review.upheld=2 review.pending=1 review.total=3", Holds),
    ("T4-01", F2021, "review.upheld=2 review.pending=1 review.total=2", Fails),
    ("T4-01", F2021, "review.upheld=blank", Unknown),
    ("T4-01", F2021, "review.upheld=2 review.other=/ review.total=1", Fails),
    ("T4-01", F2021, "review.*=missing note=FigureCount:litigation:10", Holds),
    ("T4-01", F2021, "review.upheld=2 note=FigureCount:litigation:16", Holds),
    ("T4-01", F2021, "review.upheld=2 note=FigureCount:direct_litigation:6", Fails),
    ("T4-02", F2021, "direct_litigation.corrected=1 direct_litigation.total=1", Holds),
    ("T4-02", F2021, "direct_litigation.total=1", Fails),
    ("T4-02", F2021, "direct_litigation.total=blank", Unknown),
    ("T4-03", F2019, "litigation_after_review.other=1 litigation_after_review.total=1", Holds),
    ("T4-03", F2019, "litigation_after_review.other=1", Fails),
    ("T4-03", F2019, "litigation_after_review.other=-", Unknown),
    ("T4-04", F2021, "review.total=missing note=FigureCount:litigation:14", Unknown),
    ("T4-04", F2021, "note=FigureCount:litigation:16", Unknown),
    ("T4-04", F2021, "review.total=missing", Unknown),
    ("T4-04", F2021, "review.*=blank litigation_*=blank direct_*=blank", Unknown),
    ("T4-04", F2021, "review.total=blank", Holds),
    ("T4-04", F2021, "review.*=missing litigation_*=missing direct_*=missing", Holds),
    ("T2-01", F2021, "active.fees.amount=316441.25", Holds),
    ("T2-01", F2021, "active.licensing.decisions=blank", Fails),
    ("T2-01", F2021, "active.regulations.*=/", Fails),
    ("T2-01", F2021, "active.regulations.issued=missing", Fails),
    ("T2-01", F2019, "active.procurement.amount=见附表", Fails),
    ("T2-01", F2021, "active.*=missing note=TableAbsent:active", Holds),
    ("T2-02", F2019, "active.licensing.items_change=-37", Holds),
    ("T2-02", F2019, "active.licensing.decisions=-37", Fails),
    ("T2-02", F2021, "active.penalty.decisions=3.5", Fails),
    ("T2-02", F2021, "active.fees.amount=-1", Fails),
    ("T2-02", F2021, "active.fees.amount=1.5", Holds),
    ("T2-02", F2021, "active.penalty.decisions=blank", Holds),
    ("T2-10", F2021, "active.licensing.decisions=45633件", Fails),
    ("T2-10", F2019, "active.procurement.amount=542.55万元", Holds),
    ("T2-10", F2021, "active.licensing.decisions=无", Holds),
    ("NAR-01", F2021, "claim=9件@requests.received.total requests.received.total=9", Holds),
    ("NAR-01", F2021, "claim=9件@requests.received.total requests.received.total=8 requests.carried_in.total=1", Holds),
    ("NAR-01", F2021, "claim=2件@requests.received.total requests.received.total=3", Fails),
    ("NAR-01", F2021, "claim=2件@requests.received.total", Fails),
    ("NAR-01", F2021, "claim=~2件@requests.received.total requests.received.total=3", Holds),
    ("NAR-01", F2021, "claim=2件 requests.received.total=3", Holds),
    ("NAR-01", F2021, "claim=2件@requests.received.total requests.received.total=blank", Unknown),
    ("NAR-01", F2021, "claim=2件@requests.received.total requests.received.total=1 requests.carried_in.total=blank", Unknown),
    ("NAR-01", F2021, "claim=2件@requests.received.total requests.received.total=3 requests.carried_in.total=blank", Fails),
    ("NAR-01", F2021, "claim=2件@requests.received.total requests.*=missing", Holds),
    ("NAR-02", F2021, "claim=0件@requests.received.total", Holds),
    ("NAR-02", F2021, "claim=0件@requests.received.total requests.carried_in.total=1", Holds),
    ("NAR-02", F2021, "claim=0件@requests.received.total requests.received.total=3", Fails),
    ("NAR-02", F2021, "claim=0件@requests.received.total requests.received.total=/", Unknown),
    ("NAR-05", F2021, "parts=475条:159条+10条+6条+170条+130条", Holds),
    ("NAR-05", F2019, "parts=93项:60项+33项", Holds),
    ("NAR-05", F2021, "parts=326条:15条+235条+12条+42条+32条", Fails),
    ("NAR-05", F2021, "parts=382条:35条+80条+243条", Unknown),
    ("NAR-05", F2021, "parts!=382条:35条+80条+243条", Fails),
    ("NAR-05", F2021, "parts!=382条:35条+80条+~243条", Unknown),
    ("NAR-05", F2021, "parts=~300条:15条+335条", Holds),
    ("NAR-05", F2021, "parts=30条:15条+~335条", Unknown),
    ("NAR-05", F2021, "parts=30条:335次", Holds),
    ("NAR-05", F2021, "parts=90%:60%+40%", Holds),
    ("DOC-01", F2021, "year=2024", Holds),
    ("DOC-01", F2021, "title=", Fails),
    ("DOC-01", F2021, "agency=", Fails),
    ("DOC-01", F2021, "year=", Fails),
    ("DOC-02", F2021, "says=Period:2024 says=FileName:2024", Holds),
    ("DOC-02", F2021, "says=Period:2023", Fails),
    ("DOC-02", F2021, "says=FileName:2023", Fails),
    ("DOC-02", F2021, "says=FileName:2025 published=2025-01-17", Holds),
    ("DOC-02", F2021, "says=Narrative:2023", Holds),
    ("DOC-04", F2021, "called=Signature:枣庄市审批服务局 called=Narrative:市行政审批服务局", Holds),
    ("DOC-04", F2021, "called=Page:枣庄市人民政府办公室 called=FileName:某局", Holds),
    ("DOC-04", F2021, "called=Signature:枣庄市信访局", Fails),
    ("DOC-04", F2021, "called=Narrative:薛城区教育局", Fails),
    ("DOC-07", F2021, "sections=1,2,3,4,5,6,0", Holds),
    ("DOC-07", F2021, "sections=1,2,3,4,5", Fails),
    ("DOC-07", F2021, "sections=1,2,3,3,4,5,6", Fails),
    ("DOC-07", F2021, "sections=1,2,4,3,5,6", Fails),
    ("DOC-07", F2021, "sections=", Fails),
    ("DOC-07", F2021, "sections= year=2014 form=", Holds),
    ("DOC-10", F2021, "requests.*=missing note=TableAbsent:requests bare=3", Fails),
    ("DOC-10", F2021, "active.*=missing", Fails),
    ("DOC-10", F2021, "form=", Fails),
    ("DOC-10", F2021, "form= year=2014", Holds),
    ("DOC-10", F2021, "requests.*=missing note=RowWithoutFigures:received", Holds),
    ("DOC-11", F2021, "year=2021", Holds),
    ("DOC-11", F2019, "year=2020", Holds),
    ("DOC-11", F2019, "year=2023", Fails),
    ("DOC-11", F2021, "year=2020", Fails),
    ("DOC-11", F2021, "form=", Holds),
    ("CEL-01", F2021, "requests.received.total=/", Fails),
    ("CEL-01", F2021, "active.regulations.issued=无", Fails),
    ("CEL-01", F2021, "review.total=blank", Holds),
    ("CEL-02", F2021, "requests.received.total=blank", Fails),
    ("CEL-02", F2021, "requests.received.total=proved:0", Fails),
    ("CEL-02", F2021, "requests.received.total=derived:0", Holds),
    ("CEL-02", F2021, "requests.received.*=blank", Holds),
    ("CEL-02", F2021, "review.*=blank", Fails),
    ("CEL-05", F2021, "requests.received.total=3|4", Fails),
    ("CEL-05", F2021, "requests.received.total=/", Holds),
    ("CEL-06", F2021, "requests.received.total=1.5", Fails),
    ("CEL-06", F2021, "active.fees.amount=1.5", Holds),
    ("CEL-06", F2021, "requests.received.total=blank", Holds),
];

#[test]
fn each_case_is_judged_as_expected() {
    for (rule, form, changes, expected) in VECTORS {
        let findings = review(report(*form, changes)).findings;
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
    for rule in catalogue() {
        // With too few or too many figures T4-04 can say no more than that nothing can be judged.
        let speaks = if rule.id == "T4-04" { Unknown } else { Fails };
        let has_case = VECTORS.iter().any(|(id, _, _, expected)| *id == rule.id && *expected == speaks);
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
                     note=RowShifted:other note=RowShifted:concluded active.licensing.items_change=-37 \
                     active.procurement.amount=542.55万元 parts=93项:60项+33项";
    let shifted = "note=RowShifted:other.fee_unpaid note=RowShifted:other.misc note=RowShifted:concluded \
                   requests.received.natural_person=2 requests.received.total=2 \
                   requests.unavailable.not_held.natural_person=2 requests.unavailable.not_held.total=2 \
                   requests.concluded.natural_person=2 requests.concluded.total=2 claim=2件@requests.received.total";
    let unequal_parts = "parts=326条:15条+235条+12条+42条+32条 claim=0@requests.received.total";
    let in_order = "parts=475条:159+10+6+170+130";
    for (form, changes, expected) in [
        (F2021, total_cut, &["T3-05", "T2-10"][..]),
        (F2019, empty_row, &["T3-08", "T3-09"]),
        (F2021, shifted, &["T3-09"]),
        (F2021, unequal_parts, &["NAR-05"]),
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
