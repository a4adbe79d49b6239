//! NAR-06: shares.

use report::{Claim, Decimal, Finding, FormId, Report, Severity, Share};

use crate::basis::ACCURATE;
use crate::place::number;
use crate::{BOTH, Case, Check, Rule};

/// NAR-06: 正文占比与件数一致.
pub static NAR_06: Rule = Rule {
    id: "NAR-06",
    name: "shares",
    severity: Severity::Warning,
    forms: BOTH,
    basis: ACCURATE,
    formula: "占比=分项÷总数，允许相差0.1个百分点以及末位舍入",
    requirement: "正文占比与件数一致",
    problem: "正文占比与件数不一致",
    hint: "请核对件数与占比后更正。",
    since: "2026.13",
    check: Check::Report(check),
    cases: CASES,
};

/// Finds each percentage that does not follow from any admitted whole.
fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    report.shares.iter().filter_map(|share| judge(rule, report, *share)).collect()
}

fn judge(rule: &Rule, report: &Report, share: Share) -> Option<Finding> {
    let claim = |position: usize| report.claims.get(position).filter(|claim| claim.exact);
    let (said, part, whole) = (claim(share.share)?, claim(share.part)?, claim(share.whole)?);
    let mut wholes = vec![whole.value];
    wholes.extend(of_tables(report, whole));
    let shares = wholes.iter().filter_map(|whole| part.value.checked_div(*whole));
    if shares.clone().any(|share| is_near(said.value, share)) {
        return None;
    }
    let right = shares.into_iter().next()?;
    // Two digits, one more than reports usually print.
    let percent = |share: Decimal| number(share.saturating_mul(Decimal::ONE_HUNDRED).round_dp(2));
    let what = format!(
        "正文称“{}”占{}%，按总数{}计算为{}%，相差{}个百分点。",
        part.text,
        percent(said.value),
        number(whole.value),
        percent(right),
        percent(said.value.saturating_sub(right).abs())
    );
    let finding = rule.fails(report, Vec::new(), what);
    Some(Finding {
        left: Some(said.value),
        right: Some(right.round_dp(6)),
        origin: Some(said.origin),
        ..finding
    })
}

/// Further wholes that may be meant where requests are counted: those received by the tables, these with
/// those carried in, and those concluded.
fn of_tables(report: &Report, whole: &Claim) -> Vec<Decimal> {
    let counts_requests = whole.about.is_some_and(|about| about.as_str().starts_with("requests."));
    let Some(form) = report.cells.form().filter(|_| counts_requests) else { return Vec::new() };
    let value = |row: &str| report.cells.value(form.request_cell(row, "total")?);
    let (received, carried_in, concluded) = (value("received"), value("carried_in"), value("concluded"));
    let all = received.zip(carried_in).map(|(received, carried_in)| received.saturating_add(carried_in));
    [received, all, concluded].into_iter().flatten().collect()
}

/// Whether the gap is at most a tenth of a percentage point, or less than one unit of the last printed
/// digit, as after rounding or truncation.
fn is_near(said: Decimal, right: Decimal) -> bool {
    let gap = said.saturating_sub(right).abs();
    let last_digit = Decimal::new(1, said.normalize().scale().clamp(2, 9));
    gap <= Decimal::new(1, 3) || gap < last_digit
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "share=0.339%:258件:805件")
        .says("正文称“正文258件”占33.9%，按总数805计算为32.05%，相差1.85个百分点。请核对件数与占比后更正。"),
    Case::fails(FormId::F2019, "share=0.339%:258件:805件"),
    Case::holds(FormId::F2021, "share=0.32%:258件:805件"),
    Case::holds(FormId::F2021, "share=0.007%:1件:130件"),
    Case::holds(FormId::F2021, "share=~0.339%:258件:805件"),
    Case::holds(
        FormId::F2021,
        "share=0.5%:5件:9件@requests.received.total requests.received.total=9 requests.carried_in.total=1",
    ),
    Case::holds(FormId::F2021, "share=0.5%:5件:0件"),
];
