//! NAR-02: none received.

use report::{Finding, FormId, Report, Severity};

use super::received::{claims_about, received};
use crate::basis::ACCURATE;
use crate::place::number;
use crate::{BOTH, Case, Check, Rule};

/// NAR-02: 正文称未收到申请的，表三为0.
pub static NAR_02: Rule = Rule {
    id: "NAR-02",
    name: "none-received",
    severity: Severity::Error,
    forms: BOTH,
    basis: ACCURATE,
    formula: "正文未收到申请：新收总计=0",
    requirement: "正文称未收到申请的，表三为0",
    problem: "正文称未收到申请而表三不为0",
    hint: "请核对正文与表三，改为一致。",
    since: "2026.11",
    check: Check::Report(check),
    cases: CASES,
};

fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    let Some(cells) = received(report) else { return Vec::new() };
    let claims = claims_about(report, cells.id).filter(|claim| claim.value.is_zero());
    claims
        .filter_map(|claim| {
            let finding = match cells.new {
                Some(new) if new.is_zero() => return None,
                Some(new) => {
                    let what = format!("正文称“{}”，表三新收申请总计却为{}件。", claim.text, number(new));
                    rule.fails(report, vec![cells.id], what)
                }
                None => {
                    let message = format!(
                        "正文称“{}”，而表三新收申请总计没有可用的数字，无法核对。请补填表三，没有发生的填0。",
                        claim.text
                    );
                    rule.unknown(report, vec![cells.id], message)
                }
            };
            Some(Finding { left: Some(claim.value), right: cells.new, origin: Some(claim.origin), ..finding })
        })
        .collect()
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "claim=0件@requests.received.total requests.received.total=3"),
    Case::holds(FormId::F2021, "claim=0件@requests.received.total"),
    Case::holds(FormId::F2021, "claim=0件@requests.received.total requests.carried_in.total=1"),
    Case::unknown(FormId::F2021, "claim=0件@requests.received.total requests.received.total=/"),
];
