//! Claims without a number: nothing received, no dispute, all upheld.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use report::{Claim, Decimal, Origin, Quantity, Relation};

use super::{Passage, received, scope};
use crate::label;
use crate::pattern::pattern;

static NO_DISPUTE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"(?:(?:未|没有|无|从未|尚未)(?:发生|出现|产生|引发|引起|收到|接到|被|涉及|存在)*|不存在)(?:过)?(?:任何)?(?:一起|一例|1起|1例)?",
        r"(?:因|由|与|涉及|针对)?(?:本[机关单位局办]+|我[局办镇]|依)?(?:政府|政务)?(?:信息)?(?:依?申请)?(?:公开)?(?:申请|工作|问题|事项|答复|办理|相关|有关|方面|类)*(?:而|所)?",
        r"(?:导致|引发|引起|产生|被|申请|提起|提出|发生|涉及)*(?:的)?(?:政府信息公开)?(?:相关|有关)?(?:被)?(?:申请|提起)?(?:的)?",
        r"(?P<what>行政复议(?:案件|申请)?(?:[、,和及与或]|以及|或者|(?:情况)?和)(?:被?提起|被?提出|引发)?(?:政府信息公开)?(?:行政)?诉讼|行政诉讼(?:[、和及与或]|以及|或者)行政复议|行政复议|行政诉讼)",
        r"(?:的?案件|的?情况|的?申请|的?事项|的?案例|的?情形)*",
    ))
});

/// Words behind such a statement that limit it.
static LESS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"^(?:中|后|结果|被|败诉|纠正|纠错|撤销|确认|责令|违法|的?(?:纠正|纠错|败诉|撤销)|超期|维持)")
});

static ALL_UPHELD: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?:均|全部|都)(?:已)?(?:获|被|予以|为|判决|裁定|得到)*(?:结果)?维持"));

/// Adds the claims that a sentence makes in words. The claims of its numbers begin at `first`.
pub(super) fn append(
    claims: &mut Vec<Claim>,
    first: usize,
    sentence: &str,
    passage: &Passage<'_>,
    origin: impl Fn(Range<usize>) -> Origin,
) {
    let plain = label::plain(sentence);
    let words = scope::relative(&plain, passage.reporter.year);
    let agency = passage.reporter.agency;
    let is_own = |found: &str| {
        let before = words.split(found).next().unwrap_or_default();
        !scope::is_of_another_time(before) && !scope::is_of_another_office(before, agency)
    };
    let mut zeros: Vec<(String, Quantity)> = Vec::new();
    if let Some(found) = received::nothing(&words).filter(|found| is_own(found)) {
        zeros.extend(Quantity::parse("requests.received.total").map(|about| (found.to_owned(), about)));
    }
    if let Some((found, name)) = no_dispute(&words, passage.is_disclosure).filter(|(found, _)| is_own(found))
    {
        zeros.extend(Quantity::parse(name).map(|about| (found.to_owned(), about)));
    }
    for (name, no) in NO_FIGURE.iter() {
        if let Some(found) = no.find(&words).filter(|found| is_own(found.as_str())) {
            zeros.extend(Quantity::parse(name).map(|about| (found.as_str().to_owned(), about)));
        }
    }
    let upheld = all_upheld(claims, first, sentence);
    claims.extend(zeros.into_iter().map(|(text, about)| Claim {
        text,
        value: Decimal::ZERO,
        unit: "件".to_owned(),
        exact: true,
        about: Some(about),
        relation: Relation::Is,
        origin: origin(0..sentence.len()),
    }));
    claims.extend(upheld);
}

/// Words that say that there is none of something in the tables.
static NO_FIGURE: LazyLock<[(&str, Regex); 3]> = LazyLock::new(|| {
    [
        (
            "requests.carried_out.total",
            pattern(r"(?:无|没有)(?:申请)?(?:结转(?:至|到)?(?:下一?年|次年)度?|(?:下一?年|次年)度?结转)"),
        ),
        (
            "active.normative_documents.issued",
            pattern(
                r"(?:未|没有)(?:制定|制发|出台|印发|新制发)(?:过)?(?:任何|相关|新的)?(?:规章(?:及|和|、|或))?(?:行政)?规范性文件",
            ),
        ),
        ("active.normative_documents.in_force", pattern(r"无现行有效(?:的)?(?:行政)?规范性文件")),
    ]
});

/// Words that say that there was no dispute, and which kind of dispute.
fn no_dispute(words: &str, is_disclosure: bool) -> Option<(&str, &'static str)> {
    let found = NO_DISPUTE.captures(words)?;
    let whole = found.get(0)?;
    let what = found.name("what")?.as_str();
    let name = match (what.contains("复议"), what.contains("诉讼")) {
        (true, true) => "disputes.total",
        (true, false) => "review.total",
        _ => "litigation.total",
    };
    (is_disclosure && !LESS.is_match(&words[whole.end()..])).then_some((whole.as_str(), name))
}

/// 行政复议7件、行政诉讼9件，均获维持: as many were upheld as there were.
fn all_upheld(claims: &[Claim], first: usize, sentence: &str) -> Vec<Claim> {
    let Some(found) = ALL_UPHELD.find(sentence) else { return Vec::new() };
    let disputes = claims.iter().skip(first).filter_map(|claim| {
        let group = claim.about?.as_str().strip_suffix(".total")?;
        let about = Quantity::parse(&format!("{group}.upheld"))?;
        let counts = claim.relation == Relation::Is && claim.exact && !claim.value.is_zero();
        counts.then(|| Claim {
            text: format!("{}……{}", claim.text, found.as_str()),
            about: Some(about),
            ..claim.clone()
        })
    });
    disputes.collect()
}
