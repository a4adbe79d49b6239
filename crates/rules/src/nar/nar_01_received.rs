//! NAR-01: received.

use report::{Claim, Decimal, Finding, FormId, Judgement, Report, Severity};

use super::agreement::{self, Topic};
use super::received::{Received, claims_about, received};
use crate::basis::ACCURATE;
use crate::place::{difference, number};
use crate::{BOTH, Case, Check, Rule};

/// NAR-01: 正文收到申请的件数与表三一致.
pub static NAR_01: Rule = Rule {
    id: "NAR-01",
    name: "received",
    severity: Severity::Error,
    forms: BOTH,
    basis: ACCURATE,
    formula: "正文收到N件：N=新收总计，或者N=新收总计+上年结转总计；分申请人的件数对应该列",
    requirement: "正文收到申请的件数与表三一致",
    problem: "正文收到申请的件数与表三不一致",
    hint: "请核对正文与表三，改为一致。",
    since: "2026.11",
    check: Check::Report(check),
    cases: CASES,
};

/// 收到 may mean new requests, or new requests with those carried in: both readings are accepted.
fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    let Some(cells) = received(report) else { return Vec::new() };
    let claims: Vec<&Claim> = claims_about(report, cells.id).filter(|claim| !claim.value.is_zero()).collect();
    let judged: Vec<Option<Finding>> =
        claims.iter().map(|claim| compare(rule, report, &cells, claim)).collect();
    let mut findings = agreement::check(rule, report, Topic::Received);
    // Counts of several parts of the year or the area may add up to the figure.
    let sum = claims.iter().map(|claim| claim.value).fold(Decimal::ZERO, Decimal::saturating_add);
    let all = cells.new.zip(cells.carried_in).map(|(new, carried_in)| new.saturating_add(carried_in));
    if claims.len() > 1 && (cells.new == Some(sum) || all == Some(sum)) {
        return findings;
    }
    // Where one of several claims agrees, another may count something narrower.
    let severity = if judged.contains(&None) { Severity::Warning } else { rule.severity };
    // What has no figure to be held against is no error: the rules on cells report why it has none.
    let weigh = |finding: Finding| match finding.judgement {
        Judgement::Fails => Finding { severity, ..finding },
        Judgement::Unknown => Finding { severity: severity.min(Severity::Warning), ..finding },
    };
    findings.extend(judged.into_iter().flatten().map(weigh));
    findings.dedup_by(|left, right| left.left == right.left && left.cells == right.cells);
    findings
}

fn compare(rule: &Rule, report: &Report, cells: &Received, claim: &Claim) -> Option<Finding> {
    let ids = vec![cells.id, cells.carried_in_id];
    let sides = |finding| Finding {
        left: Some(claim.value),
        right: cells.new,
        origin: Some(claim.origin),
        ..finding
    };
    let Some(new) = cells.new else {
        let message = format!(
            "正文称“{}”，而表三新收申请总计没有可用的数字，无法核对。请补填表三后重新核对。",
            claim.text
        );
        return Some(sides(rule.unknown(report, vec![cells.id], message)));
    };
    let all = cells.carried_in.map(|carried_in| new.saturating_add(carried_in));
    if claim.value == new || all == Some(claim.value) {
        return None;
    }
    if all.is_none() && claim.value > new {
        let message = format!(
            "正文称“{}”，表三新收申请总计为{}件，上年结转没有可用的数字，无法核对。请补填表三后重新核对。",
            claim.text,
            number(new)
        );
        return Some(sides(rule.unknown(report, ids, message)));
    }
    let with_carried_in = cells.carried_in.filter(|value| !value.is_zero()).zip(all);
    let with_carried_in = with_carried_in.map_or(String::new(), |(carried_in, all)| {
        format!("（加上年结转{}件为{}件）", number(carried_in), number(all))
    });
    let what = format!(
        "正文称“{}”，表三新收申请总计为{}件{with_carried_in}，相差{}件。",
        claim.text,
        number(new),
        difference(claim.value, new)
    );
    Some(sides(rule.fails(report, ids, what)))
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(
        FormId::F2021,
        "claim=2件@requests.received.total requests.received.total=3 requests.carried_in.total=2",
    )
    .says(
        "正文称“正文2件”，表三新收申请总计为3件（加上年结转2件为5件），相差1件。请核对正文与表三，改为一致。",
    ),
    Case::holds(FormId::F2021, "claim=9件@requests.received.total requests.received.total=9"),
    Case::holds(
        FormId::F2021,
        "claim=9件@requests.received.total requests.received.total=8 requests.carried_in.total=1",
    ),
    Case::fails(FormId::F2021, "claim=2件@requests.received.total requests.received.total=3"),
    Case::fails(FormId::F2021, "claim=2件@requests.received.total"),
    Case::holds(FormId::F2021, "claim=~2件@requests.received.total requests.received.total=3"),
    Case::holds(FormId::F2021, "claim=2件 requests.received.total=3"),
    Case::unknown(FormId::F2021, "claim=2件@requests.received.total requests.received.total=blank"),
    Case::unknown(
        FormId::F2021,
        "claim=2件@requests.received.total requests.received.total=1 requests.carried_in.total=blank",
    ),
    Case::fails(
        FormId::F2021,
        "claim=2件@requests.received.total requests.received.total=3 requests.carried_in.total=blank",
    ),
    Case::holds(FormId::F2021, "claim=2件@requests.received.total requests.*=missing"),
    Case::holds(
        FormId::F2021,
        "claim=5件@requests.received.total claim=4件@requests.received.total requests.received.total=9",
    ),
    Case::fails(
        FormId::F2021,
        "claim=5件@requests.received.total claim=9件@requests.received.total requests.received.total=9",
    ),
    Case::holds(
        FormId::F2021,
        "claim=2件@requests.received.natural_person requests.received.natural_person=2",
    ),
    Case::holds(
        FormId::F2021,
        "claim=2件@requests.received.legal_person requests.received.enterprise=1 requests.carried_in.other_org=1",
    ),
    Case::fails(FormId::F2021, "claim=2件@requests.received.legal_person requests.received.enterprise=1"),
];
