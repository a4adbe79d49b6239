//! XY-09: comparisons hold.

use report::{CellId, Claim, Decimal, Finding, FormId, Relation, Report, Severity};

use crate::basis::ACCURATE;
use crate::place::number;
use crate::years::Pair;
use crate::{BOTH, Case, Check, Rule};

/// XY-09: 正文与上年的比较同两年的表格一致.
pub static XY_09: Rule = Rule {
    id: "XY-09",
    name: "comparisons-hold",
    severity: Severity::Warning,
    forms: BOTH,
    basis: ACCURATE,
    formula: "正文的增减件数 = 本年 − 上年；正文的增减百分比 = (本年 − 上年) ÷ 上年，允许四舍五入、截尾和0.1个百分点的误差",
    requirement: "正文与上年的比较同两年的表格一致",
    problem: "正文与上年的比较同两年的表格不一致",
    hint: "请核对正文的比较与两年的数字后更正。",
    since: "2026.13",
    check: Check::Years(check),
    cases: CASES,
};

fn check(rule: &Rule, report: &Report, last: &Report) -> Vec<Finding> {
    let compares = |claim: &&Claim| claim.exact && claim.relation != Relation::Is;
    let claims = report.claims.iter().filter(compares);
    claims.filter_map(|claim| comparison(rule, report, last, claim)).collect()
}

/// A comparison holds if it holds for one of the readings of its quantity.
fn comparison(rule: &Rule, report: &Report, last: &Report, claim: &Claim) -> Option<Finding> {
    let about = claim.about?;
    let stated = Stated::of(claim)?;
    let now = about.readings(report.cells.form()?);
    let before = about.readings(last.cells.form()?);
    let cells = now.first()?.clone();
    let last_cells = before.first()?.clone();
    let pair = Pair::of(report, last, cells.first()?.table())?;
    let sums = now.iter().zip(&before).map(|(now, before)| Some((sum(report, now)?, sum(last, before)?)));
    let sums: Vec<Option<(Decimal, Decimal)>> = sums.collect();
    if sums.iter().flatten().any(|(now, before)| stated.holds(*now, *before) != Some(false)) {
        return None;
    }
    let at = |finding| Finding { origin: Some(claim.origin), ..finding };
    let title = about.title(pair.form);
    if sums.iter().any(Option::is_none) {
        let message = format!(
            "正文称“{}”，而本年或者{}的“{title}”没有可用的数字，无法核对。请补填后重新核对，没有发生的填0。",
            claim.text,
            pair.last_report()
        );
        let finding = pair.against(rule.unknown(report, cells, message), &last_cells, None, None);
        return Some(at(finding));
    }
    let (now, before) = sums.into_iter().flatten().next()?;
    let what = format!(
        "正文称“{}”，“{title}”本年为{}、{}为{}，{}。",
        claim.text,
        number(now),
        pair.last_report(),
        number(before),
        stated.actual(now, before)
    );
    Some(at(pair.against(rule.fails(report, cells, what), &last_cells, Some(now), Some(before))))
}

fn sum(report: &Report, cells: &[CellId]) -> Option<Decimal> {
    cells.iter().try_fold(Decimal::ZERO, |sum, id| sum.checked_add(report.cells.value(*id)?))
}

/// A change as the narrative states it; negative for less.
enum Stated {
    Count(Decimal),
    /// The share, and the least step that the percentage was stated in.
    Share(Decimal, Decimal),
}

impl Stated {
    /// None for a unit that the figures cannot confirm: 倍, 个百分点.
    fn of(claim: &Claim) -> Option<Self> {
        const COUNTED: [&str; 10] = ["", "件", "宗", "条", "项", "个", "份", "起", "例", "次"];
        let value = if claim.relation == Relation::Below { -claim.value } else { claim.value };
        match claim.unit.as_str() {
            // `29%` is 0.29 and was stated to 0.01, `66.67%` to 0.0001.
            "%" => Some(Self::Share(value, Decimal::new(1, claim.value.scale().clamp(2, 10)))),
            unit => COUNTED.contains(&unit).then_some(Self::Count(value)),
        }
    }

    /// None if last year's figure is 0, from which there is no percentage.
    fn holds(&self, now: Decimal, before: Decimal) -> Option<bool> {
        let change = now.checked_sub(before)?;
        match self {
            Self::Count(stated) => Some(change == *stated),
            Self::Share(stated, _) if stated.is_zero() => Some(change.is_zero()),
            Self::Share(stated, step) => {
                let actual = change.checked_div(before)?;
                // Rounded, cut off after its last digit, or off by no more than 0.1 percentage points.
                let gap = actual.saturating_sub(*stated).abs();
                let is_rounded = gap <= (*step / Decimal::TWO).max(Decimal::new(1, 3));
                let is_same_way = actual.is_sign_negative() == stated.is_sign_negative();
                let is_cut = actual.abs() >= stated.abs() && gap < *step;
                Some(is_rounded || is_same_way && is_cut)
            }
        }
    }

    /// The actual change, in words.
    fn actual(&self, now: Decimal, before: Decimal) -> String {
        let change = now.saturating_sub(before);
        let way = if change.is_sign_negative() { "减少" } else { "增加" };
        let share =
            change.abs().checked_div(before).and_then(|share| share.checked_mul(Decimal::ONE_HUNDRED));
        match (self, share) {
            _ if change.is_zero() => "实际没有变化".to_owned(),
            (Self::Share(..), Some(share)) => format!("实际{way}{}%", number(share.round_dp(2))),
            _ => format!("实际{way}{}", number(change.abs())),
        }
    }
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "claim=-0.65%@requests.received.total requests.received.total=3 last: requests.received.total=9").says("正文称“正文0.65%”，“收到政府信息公开申请”本年为3、2023年度报告为9，实际减少66.67%。请核对正文的比较与两年的数字后更正。"),
    Case::holds(FormId::F2021, "claim=+1件@requests.received.total requests.received.total=9 last: requests.received.total=8"),
    Case::fails(FormId::F2021, "claim=+2件@requests.received.total requests.received.total=9 last: requests.received.total=8"),
    Case::holds(FormId::F2021, "claim=+2件@requests.received.total requests.received.total=9 requests.carried_in.total=1 last: requests.received.total=8"),
    Case::holds(FormId::F2021, "claim=~+2件@requests.received.total requests.received.total=9 last: requests.received.total=8"),
    Case::holds(FormId::F2021, "claim=-0.29%@requests.received.total requests.received.total=22 last: requests.received.total=31"),
    Case::fails(FormId::F2021, "claim=+0.29%@requests.received.total requests.received.total=22 last: requests.received.total=31"),
    Case::holds(FormId::F2021, "claim=-0.666%@requests.received.total requests.received.total=4 last: requests.received.total=12"),
    Case::holds(FormId::F2021, "claim=-0.6667%@requests.received.total requests.received.total=3 last: requests.received.total=9"),
    Case::holds(FormId::F2021, "claim=+1.00%@requests.received.total requests.received.total=3 last:"),
    Case::holds(FormId::F2021, "claim=+0@requests.received.total requests.received.total=3 last: requests.received.total=3"),
    Case::fails(FormId::F2021, "claim=+0@requests.received.total requests.received.total=3 last: requests.received.total=4"),
    Case::holds(FormId::F2021, "claim=+3倍@requests.received.total requests.received.total=3 last: requests.received.total=4"),
    Case::unknown(FormId::F2021, "claim=+1件@requests.received.total requests.received.total=3 last: requests.received.total=blank"),
    Case::holds(FormId::F2021, "claim=+1件@requests.received.total requests.received.total=3 last: requests.*=missing"),
];
