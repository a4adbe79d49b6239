//! Finds the passages that two texts share.

use std::ops::Range;

use report::masked;

/// A passage that two texts share, as each of them prints it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passage<'a> {
    /// One sentence or several in a row, of the first text.
    pub one: &'a str,
    /// The same of the other text.
    pub other: &'a str,
}

/// The passages that two texts share, in the order of the first. Sentences are shared if they differ only
/// in figures, years, punctuation and a name. Shared sentences in a row make one passage.
///
/// `is_common` gets a sentence as [`report::masked`] returns it, and returns whether many reports have it,
/// such as words of the regulation, of the form, or of the province's template.
pub fn passages<'a>(one: &'a str, other: &'a str, is_common: impl Fn(&str) -> bool) -> Vec<Passage<'a>> {
    let (ones, others) = (sentences(one), sentences(other));
    // Each run of sentences by its bounds in both lists.
    let mut runs: Vec<(Range<usize>, Range<usize>)> = Vec::new();
    for (at, sentence) in ones.iter().enumerate() {
        if sentence.masked.chars().count() < TELLING || is_common(&sentence.masked) {
            continue;
        }
        // Try the next sentence of both first, so that a run is not split.
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

/// The sentences of a text that are long enough to be compared, as [`report::masked`] returns them.
pub fn telling_sentences(text: &str) -> impl Iterator<Item = String> {
    let masked = sentences(text).into_iter().map(|sentence| sentence.masked);
    masked.filter(|masked| masked.chars().count() >= TELLING)
}

/// A sentence of fewer characters is a common phrase and is not compared.
const TELLING: usize = 15;

/// A sentence, prepared for comparison.
struct Sentence {
    range: Range<usize>,
    masked: String,
    /// Its pairs of characters, sorted.
    pairs: Vec<(char, char)>,
}

/// The sentences of a text; 、 and ， do not end a sentence.
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
    /// Whether two sentences differ only in a name or a word: they share four fifths of their pairs of
    /// characters.
    fn is_copy(&self, other: &Self) -> bool {
        if self.masked == other.masked {
            return true;
        }
        let all = self.pairs.len() + other.pairs.len();
        // The shared pairs cannot be more than those of the shorter sentence.
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
