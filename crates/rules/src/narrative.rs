//! The narrative against the tables, and against itself. Inexact numbers never fail an equality.
//!
//! Four checks of the catalogue have no rule here. T4-05 is NAR-07. NAR-12 and NAR-13 are no faults of a
//! report: Chinese numerals are read as numbers, and 余, 约, 以上 keep a number from failing. NAR-10 and
//! NAR-11 judge words and stand with the prose.

mod agreement;
mod share;

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
        formula: "正文收到N件：N=新收总计，或者N=新收总计+上年结转总计；分申请人的件数对应该列",
        check: Check::Report(received_agrees),
    },
    Rule {
        id: "NAR-02",
        severity: Severity::Error,
        forms: BOTH,
        title: "正文称未收到申请的，表三为0",
        basis: ACCURATE,
        hint: "请核对正文与表三，改为一致。",
        formula: "正文未收到申请：新收总计=0",
        check: Check::Report(none_received_agrees),
    },
    Rule {
        id: "NAR-03",
        severity: Severity::Error,
        forms: BOTH,
        title: "正文办结、结转的件数与表三一致",
        basis: ACCURATE,
        hint: "请核对正文与表三，改为一致。",
        formula: "正文办结N件：N=(七)总计，或者不含上年结转；正文上年结转、结转下年度N件：N=上年结转、结转下年度总计",
        check: Check::Report(agreement::check),
    },
    Rule {
        id: "NAR-04",
        severity: Severity::Error,
        forms: BOTH,
        title: "正文各类办理结果与表三一致",
        basis: ACCURATE,
        hint: "请核对正文与表三，改为一致。",
        formula: "正文予以公开、部分公开、不予公开、无法提供、不予处理、其他处理N件：N=表三该类各行总计之和",
        check: Check::Report(agreement::check),
    },
    Rule {
        id: "NAR-05",
        severity: Severity::Warning,
        forms: BOTH,
        title: "正文分项之和与总数一致",
        basis: ACCURATE,
        hint: "请核对总数与各分项后更正。",
        formula: "Σ分项≤总数；原文说明列全的，Σ分项=总数",
        check: Check::Report(parts_add_up),
    },
    Rule {
        id: "NAR-06",
        severity: Severity::Warning,
        forms: BOTH,
        title: "正文占比与件数一致",
        basis: ACCURATE,
        hint: "请核对件数与占比后更正。",
        formula: "占比=分项÷总数，允许相差0.1个百分点以及末位舍入",
        check: Check::Report(share::check),
    },
    Rule {
        id: "NAR-07",
        severity: Severity::Error,
        forms: BOTH,
        title: "正文行政复议、行政诉讼的件数与表四一致",
        basis: ACCURATE,
        hint: "请核对正文与表四，改为一致。",
        formula: "正文行政复议、行政诉讼及其结果N件：N=表四该组该项；正文未发生的，该组总计=0",
        check: Check::Report(agreement::check),
    },
    Rule {
        id: "NAR-08",
        severity: Severity::Warning,
        forms: BOTH,
        title: "正文行政许可、行政处罚、行政强制的件数与表二一致",
        basis: ACCURATE,
        hint: "请核对正文与表二，口径不同的加以说明。",
        formula: "正文作出行政许可、行政处罚、行政强制N件：N=表二处理决定数量",
        check: Check::Report(agreement::check),
    },
    Rule {
        id: "NAR-09",
        severity: Severity::Warning,
        forms: BOTH,
        title: "正文规章、规范性文件的件数与表二一致",
        basis: ACCURATE,
        hint: "请核对正文与表二，口径不同的加以说明。",
        formula: "正文制发、废止、现行有效N件：N=表二制发件数（新制作数量）、废止件数、现行有效件数",
        check: Check::Report(agreement::check),
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
    let claims: Vec<&Claim> = claims_about(report, cells.id).filter(|claim| !claim.value.is_zero()).collect();
    let judged: Vec<Option<Finding>> =
        claims.iter().map(|claim| compare(rule, report, &cells, claim)).collect();
    let mut findings = agreement::check(rule, report);
    // Counts of several parts of the year or the area are right together.
    let sum = claims.iter().map(|claim| claim.value).fold(Decimal::ZERO, Decimal::saturating_add);
    let all = cells.new.zip(cells.carried_in).map(|(new, carried_in)| new.saturating_add(carried_in));
    if claims.len() > 1 && (cells.new == Some(sum) || all == Some(sum)) {
        return findings;
    }
    // Where one of several agrees, another may well count something narrower.
    let severity = if judged.contains(&None) { Severity::Warning } else { rule.severity };
    findings.extend(judged.into_iter().flatten().map(|finding| Finding { severity, ..finding }));
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
    let finding = if sum == whole.value || sum > whole.value && sum <= with_carried_in(report, whole) {
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

/// What the parts of a whole may add up to: outcomes of requests received are also those of requests
/// carried in.
fn with_carried_in(report: &Report, whole: &Claim) -> Decimal {
    let counts_requests = whole
        .about
        .is_some_and(|about| matches!(about.as_str(), "requests.received.total" | "requests.handled.total"));
    let cell = report.cells.form().and_then(|form| form.request_cell("carried_in", "total"));
    let carried_in = cell.filter(|_| counts_requests).and_then(|cell| report.cells.value(cell));
    whole.value.saturating_add(carried_in.unwrap_or_default())
}
