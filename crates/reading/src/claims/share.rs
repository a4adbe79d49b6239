//! Percentages with their part and whole: 258件，占33.9%.

use std::sync::LazyLock;

use regex::Regex;
use report::{Breakdown, Claim, Decimal, Relation, Share};

use super::Sentence;
use crate::label;
use crate::pattern::pattern;

/// Words between a part and its share.
static SHARE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^[,、(]?(?:约|分别)?占(?:比)?(?:全部|所有|全年|总)?(?P<of>申请|收到|受理|办结|答复|办理|处理)?(?:的)?(?:政府信息公开)?(?:申请|答复|办理)?(?:总|件|数|量|率|比例|比重|比|的|为|约|:)*$",
    )
});

/// The shares of a sentence whose parts and wholes are certain. `outer` is the whole that was being
/// taken apart where the sentence begins.
pub(super) fn shares(
    sentence: &Sentence<'_>,
    lists: &[Breakdown],
    claims: &[Claim],
    outer: Option<usize>,
) -> Vec<Share> {
    let first = sentence.first;
    let pairs = sentence.numbers.iter().zip(sentence.numbers.iter().skip(1)).enumerate();
    pairs
        .filter_map(|(position, (part, share))| {
            let words = label::plain(sentence.between(Some(position), Some(position + 1)));
            let found = SHARE.captures(&words).filter(|_| share.unit == "%" && part.unit != "%")?;
            let (part, share) = (first + position, first + position + 1);
            let of = found.name("of").map_or("", |of| of.as_str());
            let whole = match of {
                "" => listed(lists, part)
                    .or_else(|| apart(claims, first, part, outer))
                    .or_else(|| introduced(sentence, position, claims.get(..=share)?)),
                _ => named(claims, part, of),
            };
            let whole = whole.filter(|whole| {
                claims.get(*whole).map(|claim| &claim.unit) == claims.get(part).map(|claim| &claim.unit)
            })?;
            Some(Share { share, part, whole })
        })
        .collect()
}

/// The whole whose list contains the part.
fn listed(lists: &[Breakdown], part: usize) -> Option<usize> {
    lists.iter().find(|list| list.parts.contains(&part)).map(|list| list.whole)
}

/// The whole of which 其中 names this one part: the only count before it in the sentence, and not one of
/// an earlier sentence that the share fits.
fn introduced(sentence: &Sentence<'_>, position: usize, claims: &[Claim]) -> Option<usize> {
    let numbers = &sentence.numbers;
    let before = position.checked_sub(1)?;
    let (whole, part) = (numbers.get(before)?, numbers.get(position)?);
    let between = label::plain(sentence.between(Some(before), Some(position)));
    let is_introduced = between.trim_start_matches([',', '、', '(']).starts_with("其中");
    let is_only =
        numbers.iter().filter(|number| number.unit == part.unit).take(2).map(|number| &number.range);
    let is_only =
        is_only.eq([&whole.range, &part.range]) && !sentence.text.get(..whole.range.end)?.contains("其中");
    let [earlier @ .., claimed_whole, claimed_part, share] = claims else { return None };
    let fits = |whole: &Claim| {
        let right = claimed_part.value.checked_div(whole.value);
        whole.unit == part.unit
            && right.is_some_and(|right| right.saturating_sub(share.value).abs() <= TOLERANCE)
    };
    (is_introduced && is_only && claimed_whole.relation == Relation::Is && !earlier.iter().any(fits))
        .then_some(earlier.len())
}

/// A tenth of a percentage point.
const TOLERANCE: Decimal = Decimal::from_parts(1, 0, 0, false, 3);

/// The last whole before the part that it can be a part of: outcomes are parts of what was concluded,
/// applicants of what was received.
fn apart(claims: &[Claim], first: usize, part: usize, outer: Option<usize>) -> Option<usize> {
    claims.get(part)?.about?;
    let here = (first..part).rev().find(|at| is_total(claims, *at));
    here.or(outer.filter(|at| is_total(claims, *at)))
}

fn is_total(claims: &[Claim], at: usize) -> bool {
    const TOTALS: [&str; 4] = [
        "requests.received.total",
        "requests.handled.total",
        "requests.concluded.total",
        "requests.answered.total",
    ];
    claims.get(at).is_some_and(|claim| {
        claim.relation == Relation::Is && claim.about.is_some_and(|about| TOTALS.contains(&about.as_str()))
    })
}

/// The last number before the part that counts what the words name: 占申请总数, 占办结总数.
fn named(claims: &[Claim], part: usize, of: &str) -> Option<usize> {
    let names: &[&str] = match of {
        "申请" | "收到" | "受理" => &["requests.received.total"],
        _ => &["requests.concluded.total", "requests.answered.total", "requests.handled.total"],
    };
    (0..part).rev().find(|at| {
        let about = claims.get(*at).and_then(|claim| claim.about);
        is_total(claims, *at) && about.is_some_and(|about| names.contains(&about.as_str()))
    })
}
