//! Texts that are too alike: SIM-01 holds a report against its own last year's; [`passages`] lays two
//! texts side by side for those who compare agencies.

use std::ops::Range;

use report::{Against, Finding, Fingerprint, Report, SectionKind, Severity, masked};

use crate::{BOTH, Check, Rule};

pub(crate) const RULES: &[Rule] = &[Rule {
    id: "SIM-01",
    severity: Severity::Warning,
    forms: BOTH,
    title: "总体情况、存在问题两部分不照抄上年",
    basis: "国办公开办函〔2021〕30号（四）：内容雷同、敷衍塞责的，依照《条例》第四十七条追究责任",
    hint: "请按本年度实际情况重写。",
    formula: "第一、五部分去掉数字、年份、标点和机关名称后，与上年同一部分的5字片段重合度＜80%；片段不足100个的不判断",
    check: Check::Years(differs_from_last_year),
}];

/// The parts that report on the year. The sixth is mostly one sentence that the form demands.
const JUDGED: [SectionKind; 2] = [SectionKind::Overview, SectionKind::Problems];

/// Fewer different shingles than this, about two sentences, tell nothing: they can only be said in one way.
const ENOUGH_SHINGLES: u32 = 100;

/// Copies from here. At 0.8 nine tenths of either text are the other's; reports that keep their outline
/// and rewrite what is under it reach 0.6, and the estimate is off by 0.05 at most places.
const COPY: f64 = 0.8;

/// SIM-01.
fn differs_from_last_year(rule: &Rule, report: &Report, last_year: &Report) -> Vec<Finding> {
    JUDGED.into_iter().filter_map(|kind| compare(rule, report, last_year, kind)).collect()
}

fn compare(rule: &Rule, report: &Report, last_year: &Report, kind: SectionKind) -> Option<Finding> {
    let similarity = enough(report, kind)?.similarity(enough(last_year, kind)?);
    if similarity < COPY {
        return None;
    }
    let heading =
        |report: &Report| Some(report.sections.iter().find(|section| section.kind == Some(kind))?.origin);
    let year = last_year.year.map_or("上年".to_owned(), |year| format!("{year}年度"));
    let what = format!(
        "“{}”部分与{year}报告的同一部分去掉数字和名称后约{:.0}%相同，属于内容雷同。",
        kind.heading(),
        similarity * 100.0
    );
    let against =
        Against { agency: last_year.agency.clone(), year: last_year.year, origin: heading(last_year) };
    Some(Finding { origin: heading(report), against: Some(against), ..rule.fails(report, Vec::new(), what) })
}

/// The signature of a part, where it is long enough to be compared.
fn enough(report: &Report, kind: SectionKind) -> Option<&Fingerprint> {
    report.fingerprints.iter().find(|print| print.section == kind && print.shingles >= ENOUGH_SHINGLES)
}

/// A passage that stands in two texts, as each of them prints it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passage<'a> {
    /// One sentence or several in a row, of the first text.
    pub one: &'a str,
    /// The same of the other text.
    pub other: &'a str,
}

/// The passages that two texts share, in the order of the first: sentences that say the same but for
/// figures, years, punctuation and a name, and those that follow each other in both joined to one.
///
/// `is_common` is asked with a sentence as [`report::masked`] leaves it, and says whether so many reports
/// have it that it tells nothing: words of the regulation, of the form, of the province's template.
pub fn passages<'a>(one: &'a str, other: &'a str, is_common: impl Fn(&str) -> bool) -> Vec<Passage<'a>> {
    let (ones, others) = (sentences(one), sentences(other));
    // Each run of sentences by its bounds in both lists.
    let mut runs: Vec<(Range<usize>, Range<usize>)> = Vec::new();
    for (at, sentence) in ones.iter().enumerate() {
        if sentence.masked.chars().count() < TELLING || is_common(&sentence.masked) {
            continue;
        }
        // The next sentence of both is the likeliest, and keeps the run whole.
        let next = runs.last().filter(|(one, _)| one.end == at).map(|(_, other)| other.end);
        let followed = next.filter(|next| others.get(*next).is_some_and(|other| sentence.is_copy(other)));
        match (followed, runs.last_mut()) {
            (Some(_), Some((one, other))) => (one.end, other.end) = (one.end + 1, other.end + 1),
            _ => {
                let copy = others.iter().position(|other| sentence.is_copy(other));
                runs.extend(copy.map(|copy| (at..at + 1, copy..copy + 1)));
            }
        }
    }
    let text = |text: &'a str, sentences: &[Sentence], run: Range<usize>| -> Option<&'a str> {
        let run = sentences.get(run)?;
        text.get(run.first()?.range.start..run.last()?.range.end)
    };
    runs.into_iter()
        .filter_map(|(run, copy)| {
            Some(Passage { one: text(one, &ones, run)?, other: text(other, &others, copy)? })
        })
        .collect()
}

/// The sentences of a text that are long enough to tell something, as [`report::masked`] leaves them.
pub fn telling_sentences(text: &str) -> impl Iterator<Item = String> {
    let masked = sentences(text).into_iter().map(|sentence| sentence.masked);
    masked.filter(|masked| masked.chars().count() >= TELLING)
}

/// Characters that a sentence has at least to be told from a phrase that everybody uses.
const TELLING: usize = 15;

/// A sentence, as far as it is to be compared.
struct Sentence {
    range: Range<usize>,
    masked: String,
    /// Its pairs of characters, sorted.
    pairs: Vec<(char, char)>,
}

/// The sentences of a text; 、 and ， end none.
fn sentences(text: &str) -> Vec<Sentence> {
    let end = |c: char| matches!(c, '。' | '！' | '？' | '；' | ';' | '\n' | '\r');
    let pieces = text.split_inclusive(end).scan(0, |start, piece| {
        *start += piece.len();
        Some((*start - piece.len(), piece))
    });
    let sentence = |(start, piece): (usize, &str)| {
        let from = start + piece.len() - piece.trim_start().len();
        let masked = masked(piece);
        let mut pairs: Vec<(char, char)> = masked.chars().zip(masked.chars().skip(1)).collect();
        pairs.sort_unstable();
        Sentence { range: from..from + piece.trim().len(), masked, pairs }
    };
    pieces.map(sentence).filter(|sentence| !sentence.masked.is_empty()).collect()
}

impl Sentence {
    /// Whether two sentences are the same but for a name or a word: four fifths of their pairs of
    /// characters are.
    fn is_copy(&self, other: &Self) -> bool {
        if self.masked == other.masked {
            return true;
        }
        let all = self.pairs.len() + other.pairs.len();
        // No more than the shorter one can be shared.
        let is_enough = |shared: usize| shared * 5 >= all * 2;
        is_enough(self.pairs.len().min(other.pairs.len())) && is_enough(shared(&self.pairs, &other.pairs))
    }
}

/// How many elements two sorted lists have in common.
fn shared<T: Ord>(one: &[T], other: &[T]) -> usize {
    let (mut left, mut right, mut count) = (one.iter().peekable(), other.iter().peekable(), 0);
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        match a.cmp(b) {
            std::cmp::Ordering::Less => drop(left.next()),
            std::cmp::Ordering::Greater => drop(right.next()),
            std::cmp::Ordering::Equal => {
                left.next();
                right.next();
                count += 1;
            }
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(one: &str, other: &str, expected: &[(&str, &str)]) {
        let is_common = |sentence: &str| sentence.contains("条例");
        let passages = passages(one, other, is_common);
        let drawn: Vec<_> = passages.iter().map(|passage| (passage.one, passage.other)).collect();
        assert_eq!(drawn, expected);
    }

    #[test]
    fn copied_sentences_are_laid_side_by_side() {
        let one = "甲局根据《条例》认真做好政府信息公开各项工作。一是公开的主动性还不够强，信息更新不够及时；\
                   二是工作人员业务能力有待提高，培训覆盖面不足。2024年甲局举办培训3场，参训120人次，覆盖全部科室。";
        let other = "存在以下问题：\n一是公开的主动性还不够强，信息更新不够及时；二是工作人员业务能力有待提高,培训覆盖面不足。\n\
                     我局未举办培训。2024年乙镇举办培训5场，参训85人次，覆盖全部科室。甲局根据《条例》认真做好政府信息公开各项工作。";
        check(
            one,
            other,
            &[
                (
                    "一是公开的主动性还不够强，信息更新不够及时；二是工作人员业务能力有待提高，培训覆盖面不足。",
                    "一是公开的主动性还不够强，信息更新不够及时；二是工作人员业务能力有待提高,培训覆盖面不足。",
                ),
                (
                    "2024年甲局举办培训3场，参训120人次，覆盖全部科室。",
                    "2024年乙镇举办培训5场，参训85人次，覆盖全部科室。",
                ),
            ],
        );
    }

    #[test]
    fn phrases_and_other_sentences_are_no_copies() {
        check("我局认真做好公开工作。", "我局认真做好公开工作。", &[]);
        check(
            "一是公开的主动性还不够强，信息更新不够及时。",
            "一是公开的内容还不够丰富，解读形式较为单一。",
            &[],
        );
        check("", "", &[]);
    }
}
