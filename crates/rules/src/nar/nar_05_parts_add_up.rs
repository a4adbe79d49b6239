//! NAR-05: parts add up.

use report::{Breakdown, Claim, Decimal, Finding, FormId, Relation, Report, Severity};

use crate::basis::ACCURATE;
use crate::place::{difference, number};
use crate::{BOTH, Case, Check, Rule};

/// NAR-05: 正文分项之和与总数一致.
pub static NAR_05: Rule = Rule {
    id: "NAR-05",
    name: "parts-add-up",
    severity: Severity::Warning,
    forms: BOTH,
    basis: ACCURATE,
    formula: "Σ分项≤总数；原文说明列全的，Σ分项=总数",
    requirement: "正文分项之和与总数一致",
    problem: "正文分项之和与总数不一致",
    hint: "请核对总数与各分项后更正。",
    since: "2026.11",
    check: Check::Report(check),
    cases: CASES,
};

fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    report.breakdowns.iter().filter_map(|breakdown| add_up(rule, report, breakdown)).collect()
}

/// A list after 其中 may be partial, and parts with another unit or with 余, 约 do not count. So a sum below
/// the whole is a fault only if the sentence states that the list is complete and every part counts.
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

/// The most that the parts of a whole may add up to: the outcomes of requests received include those of
/// requests carried in.
fn with_carried_in(report: &Report, whole: &Claim) -> Decimal {
    let counts_requests = whole
        .about
        .is_some_and(|about| matches!(about.as_str(), "requests.received.total" | "requests.handled.total"));
    if !counts_requests {
        return whole.value;
    }
    let cell = report.cells.form().and_then(|form| form.request_cell("carried_in", "total"));
    let in_table = cell.and_then(|cell| report.cells.value(cell));
    let is_carried_in = |claim: &&Claim| {
        claim.relation == Relation::Is
            && claim.about.is_some_and(|about| about.as_str() == "requests.carried_in.total")
    };
    let in_words = report.claims.iter().filter(is_carried_in).map(|claim| claim.value);
    whole.value.saturating_add(in_words.chain(in_table).max().unwrap_or_default())
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "parts=326条:15条+235条+12条+42条+32条"),
    Case::holds(
        FormId::F2021,
        "parts=9件@requests.received.total:5件+5件 requests.carried_in.total=1 requests.received.total=9",
    ),
    Case::holds(
        FormId::F2021,
        "parts=9件@requests.received.total:5件+5件 claim=1件@requests.carried_in.total",
    ),
    Case::fails(
        FormId::F2021,
        "parts=9件@requests.received.total:5件+6件 claim=1件@requests.carried_in.total",
    ),
    Case::holds(FormId::F2021, "parts=475条:159条+10条+6条+170条+130条"),
    Case::holds(FormId::F2019, "parts=93项:60项+33项"),
    Case::unknown(FormId::F2021, "parts=382条:35条+80条+243条"),
    Case::fails(FormId::F2021, "parts!=382条:35条+80条+243条"),
    Case::unknown(FormId::F2021, "parts!=382条:35条+80条+~243条"),
    Case::holds(FormId::F2021, "parts=~300条:15条+335条"),
    Case::unknown(FormId::F2021, "parts=30条:15条+~335条"),
    Case::holds(FormId::F2021, "parts=30条:335次"),
    Case::holds(FormId::F2021, "parts=90%:60%+40%"),
];
