//! NAR-06: percentages against their part and their whole.

use report::{Claim, Decimal, Finding, Report, Share};

use crate::Rule;
use crate::place::number;

/// Each percentage that no admitted whole explains.
pub(super) fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
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
    // With one digit more than it was said.
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

/// Wholes that are meant as well where requests are counted: as the tables have them, with those carried
/// in, or concluded for received.
fn of_tables(report: &Report, whole: &Claim) -> Vec<Decimal> {
    let counts_requests = whole.about.is_some_and(|about| about.as_str().starts_with("requests."));
    let Some(form) = report.cells.form().filter(|_| counts_requests) else { return Vec::new() };
    let value = |row: &str| report.cells.value(form.request_cell(row, "total")?);
    let (received, carried_in, concluded) = (value("received"), value("carried_in"), value("concluded"));
    let all = received.zip(carried_in).map(|(received, carried_in)| received.saturating_add(carried_in));
    [received, all, concluded].into_iter().flatten().collect()
}

/// Within a tenth of a percentage point, or less than one unit of the last digit said away, as rounding
/// and cutting off leave it.
fn is_near(said: Decimal, right: Decimal) -> bool {
    let gap = said.saturating_sub(right).abs();
    let last_digit = Decimal::new(1, said.normalize().scale().clamp(2, 9));
    gap <= Decimal::new(1, 3) || gap < last_digit
}
