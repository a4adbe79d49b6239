//! Regular expressions and lists of words that are constants of this crate.

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use regex::Regex;

/// Digits of half and of full width. The digits of all scripts make an expression several times as large.
const DIGIT: &str = "[0-9０-９]";

/// Chinese characters. The script as Unicode has it is the same, cut into three times as many ranges.
const HAN: &str = r"[\u{2e80}-\u{2fd5}\u{3005}\u{3007}\u{3021}-\u{3029}\u{3038}-\u{303b}\u{3400}-\u{4dbf}\u{4e00}-\u{9fff}\u{f900}-\u{fad9}\u{20000}-\u{323af}]";

/// Compiles a constant, in which `\d` is a digit of half or full width and `\p{Han}` a Chinese character.
pub(crate) fn pattern(pattern: &str) -> Regex {
    // A class may stand inside another.
    let pattern = pattern.replace(r"\d", DIGIT).replace(r"\p{Han}", HAN);
    Regex::new(&pattern).expect("the pattern is a constant and a test compiles it")
}

/// An automaton that finds all these words in one pass. One of states that are built quickly: every process that
/// reads builds its own.
pub(crate) fn words<'w>(words: impl IntoIterator<Item = &'w &'w str>) -> AhoCorasick {
    let automaton = AhoCorasick::builder().kind(Some(AhoCorasickKind::ContiguousNFA)).build(words);
    automaton.expect("the words are constants and a test compiles them")
}
