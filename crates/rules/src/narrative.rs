//! The narrative against the tables, and against itself. Inexact numbers never fail an equality.

use report::{Breakdown, CellId, Claim, Decimal, Finding, Relation, Report, Severity, Table};

use crate::place::{difference, is_absent, number};
use crate::{BOTH, Check, Rule};

const ACCURATE: &str = "国办公开办函〔2021〕30号（四）：内容不准确、不全面的，追究责任";

pub(crate) const RULES: &[Rule] = &[
    Rule {
        id: "NAR-01",
        severity: Severity::Error,
        forms: BOTH,
        title: "正文收到申请的件数与表三一致",
        basis: ACCURATE,
        hint: "请核对正文与表三，改为一致。",
        formula: "",
        check: Check::Report(received_agrees),
    },
    Rule {
        id: "NAR-02",
        severity: Severity::Error,
        forms: BOTH,
        title: "正文称未收到申请的，表三为0",
        basis: ACCURATE,
        hint: "请核对正文与表三，改为一致。",
        formula: "",
        check: Check::Report(none_received_agrees),
    },
    Rule {
        id: "NAR-05",
        severity: Severity::Warning,
        forms: BOTH,
        title: "正文分项之和与总数一致",
        basis: ACCURATE,
        hint: "请核对总数与各分项后更正。",
        formula: "",
        check: Check::Report(parts_add_up),
    },
];

/// The cells of table three that say how many requests there were.
struct Received {
    id: CellId,
    carried_in_id: CellId,
    new: Option<Decimal>,
    carried_in: Option<Decimal>,
}

fn received(report: &Report) -> Option<Received> {
    let form = report.cells.form().filter(|_| !is_absent(report, Table::Requests))?;
    let id = form.request_cell("received", "total")?;
    let carried_in_id = form.request_cell("carried_in", "total")?;
    let (new, carried_in) = (report.cells.value(id), report.cells.value(carried_in_id));
    Some(Received { id, carried_in_id, new, carried_in })
}

fn claims_about(report: &Report, id: CellId) -> impl Iterator<Item = &Claim> {
    report
        .claims
        .iter()
        .filter(move |claim| claim.exact && claim.relation == Relation::Is && claim.about == Some(id.into()))
}

/// NAR-01. 收到 may mean what is new or what was to be dealt with, so both readings are right.
fn received_agrees(rule: &Rule, report: &Report) -> Vec<Finding> {
    let Some(cells) = received(report) else { return Vec::new() };
    let claims = claims_about(report, cells.id).filter(|claim| !claim.value.is_zero());
    claims.filter_map(|claim| compare(rule, report, &cells, claim)).collect()
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

/// NAR-02.
fn none_received_agrees(rule: &Rule, report: &Report) -> Vec<Finding> {
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

/// NAR-05.
fn parts_add_up(rule: &Rule, report: &Report) -> Vec<Finding> {
    report.breakdowns.iter().filter_map(|breakdown| add_up(rule, report, breakdown)).collect()
}

/// An 其中 list may be partial, and parts of another unit or 余, 约 are no part of the sum: what falls
/// short is a fault only where the sentence says that the parts are all and each of them counts.
fn add_up(rule: &Rule, report: &Report, breakdown: &Breakdown) -> Option<Finding> {
    let whole = report.claims.get(breakdown.whole).filter(|whole| whole.exact && whole.unit != "%")?;
    let parts: Vec<&Claim> = breakdown.parts.iter().filter_map(|part| report.claims.get(*part)).collect();
    let is_same_unit = |part: &Claim| part.unit == whole.unit || part.unit.is_empty();
    let counted: Vec<&Claim> =
        parts.iter().copied().filter(|part| part.exact && is_same_unit(part)).collect();
    if counted.is_empty() {
        return None;
    }
    let sum = counted.iter().try_fold(Decimal::ZERO, |sum, part| sum.checked_add(part.value))?;
    let is_complete = breakdown.complete && counted.len() == parts.len();
    let unit = &whole.unit;
    let listed: Vec<String> = counted.iter().map(|part| number(part.value)).collect();
    let sides = format!(
        "正文称“{}”，所列各项{}={}{unit}，总数为{}{unit}，",
        whole.text,
        listed.join("+"),
        number(sum),
        number(whole.value)
    );
    let gap = difference(sum, whole.value);
    let finding = if sum == whole.value {
        return None;
    } else if sum > whole.value {
        rule.fails(report, Vec::new(), format!("{sides}各项之和多出{gap}{unit}。"))
    } else if is_complete {
        rule.fails(report, Vec::new(), format!("{sides}各项之和少{gap}{unit}。"))
    } else {
        let message = format!(
            "{sides}各项之和少{gap}{unit}，原文未说明是否列全，无法判断。请核对是否还有未列出的项目。"
        );
        rule.unknown(report, Vec::new(), message)
    };
    Some(Finding { left: Some(sum), right: Some(whole.value), origin: Some(whole.origin), ..finding })
}
