//! How text becomes terms.
//!
//! Characters are folded one to one (width, case, traditional to simplified), then the text is a row
//! of *glyphs*: each Han character, each symbol and each run of letters and digits is one. White space
//! is no glyph: `2024 年` and `2024年` are the same, and a line break inside a sentence does no harm.
//! The index holds every glyph and every pair of neighbouring Han characters at its position, so that
//! a phrase matches exactly where its glyphs follow each other.

use std::sync::LazyLock;

/// Runs of letters and digits are cut here: nobody searches for longer ones.
const MAX_WORD_CHARS: usize = 64;

/// One unit of matching.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Glyph {
    Han(char),
    Symbol(char),
    /// A run of letters and digits. The fraction of a number is a word of its own with its point, so
    /// that `37.4万` is found by `37.4万` and by `37`, and neither by `37万` nor by `4万`.
    Word(String),
}

/// A glyph and the byte range of the text that it came from.
#[derive(Debug, Clone)]
pub(crate) struct Located {
    pub(crate) glyph: Glyph,
    pub(crate) from: usize,
    pub(crate) to: usize,
}

impl Glyph {
    pub(crate) fn term(&self) -> String {
        match self {
            Self::Han(char) | Self::Symbol(char) => char.to_string(),
            Self::Word(word) => word.clone(),
        }
    }
}

/// The text as a row of glyphs.
pub(crate) fn glyphs(text: &str) -> Vec<Located> {
    let chars: Vec<(usize, char)> = text.char_indices().map(|(at, char)| (at, fold(char))).collect();
    let end_of = |index: usize| chars.get(index).map_or(text.len(), |(at, _)| *at);
    let mut glyphs = Vec::with_capacity(chars.len());
    let mut index = 0;
    while index < chars.len() {
        let (from, char) = chars[index];
        let mut next = index + 1;
        let glyph = match class(char) {
            Class::Space => {
                index = next;
                continue;
            }
            Class::Han => Glyph::Han(char),
            Class::Symbol if !is_point(&chars, index) => Glyph::Symbol(char),
            Class::Symbol | Class::Word => {
                let (word, after) = word(text, &chars, index);
                next = after;
                Glyph::Word(word)
            }
        };
        glyphs.push(Located { glyph, from, to: end_of(next) });
        index = next;
    }
    glyphs
}

/// Terms of a phrase with their positions: pairs where two Han characters meet, single glyphs
/// elsewhere. Together they cover every glyph, with as few terms as that takes.
pub(crate) fn phrase_terms(text: &str) -> Vec<(usize, String)> {
    let glyphs = glyphs(text);
    let mut terms = Vec::new();
    let mut index = 0;
    while index < glyphs.len() {
        let run = glyphs[index..].iter().map_while(|located| match located.glyph {
            Glyph::Han(char) => Some(char),
            _ => None,
        });
        let run: Vec<char> = run.collect();
        if run.len() < 2 {
            terms.push((index, glyphs[index].glyph.term()));
            index += 1;
            continue;
        }
        for pair in (0..run.len() - 1).step_by(2) {
            terms.push((index + pair, run[pair..pair + 2].iter().collect()));
        }
        if run.len() % 2 == 1 {
            terms.push((index + run.len() - 2, run[run.len() - 2..].iter().collect()));
        }
        index += run.len();
    }
    terms
}

/// Every overlapping pair of the Han characters and every other glyph: what a relaxed match counts.
pub(crate) fn pieces(text: &str) -> Vec<String> {
    let glyphs = glyphs(text);
    let mut pieces = Vec::new();
    for (index, located) in glyphs.iter().enumerate() {
        let before = index.checked_sub(1).map(|before| &glyphs[before].glyph);
        match (&located.glyph, glyphs.get(index + 1).map(|next| &next.glyph)) {
            (Glyph::Han(first), Some(Glyph::Han(second))) => pieces.push(format!("{first}{second}")),
            (Glyph::Han(_), _) if matches!(before, Some(Glyph::Han(_))) => {}
            (Glyph::Symbol(_), _) => {}
            (glyph, _) => pieces.push(glyph.term()),
        }
    }
    pieces.sort();
    pieces.dedup();
    pieces
}

/// Makes the table, so that no first search has to wait for it.
pub(crate) fn load() {
    LazyLock::force(&FOLDED);
}

/// A character as it is matched: half width, lower case, simplified.
pub(crate) fn fold(char: char) -> char {
    FOLDED.get(char as usize).copied().unwrap_or(char)
}

/// One entry for each character of the basic plane.
static FOLDED: LazyLock<Vec<char>> = LazyLock::new(|| {
    let folded = |code: u32| match char::from_u32(code) {
        Some('\u{3000}') => ' ',
        Some('“' | '”') => '"',
        Some('‘' | '’') => '\'',
        Some(char @ '\u{ff01}'..='\u{ff5e}') => {
            lower(char::from_u32(char as u32 - 0xfee0).expect("the half-width forms are ASCII"))
        }
        Some(char) if class(char) == Class::Han => report::simplified(char),
        Some(char) => lower(char),
        None => char::REPLACEMENT_CHARACTER,
    };
    (0..0x1_0000).map(folded).collect()
});

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Space,
    Han,
    Word,
    Symbol,
}

fn class(char: char) -> Class {
    match char {
        // Scripts written without spaces; 々 and 〇 count as Han characters.
        '\u{3005}' | '\u{3007}' | '\u{3040}'..='\u{312f}' | '\u{31f0}'..='\u{31ff}' => Class::Han,
        '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' => Class::Han,
        '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}' => Class::Han,
        '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' => Class::Space,
        _ if char.is_whitespace() || char.is_control() => Class::Space,
        _ if char.is_alphabetic() || char.is_ascii_digit() => Class::Word,
        _ => Class::Symbol,
    }
}

fn lower(char: char) -> char {
    let mut lower = char.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(lower), None) => lower,
        _ => char,
    }
}

/// Whether this character is a point between two digits.
fn is_point(chars: &[(usize, char)], index: usize) -> bool {
    let is_digit = |index: usize| chars.get(index).is_some_and(|(_, char)| char.is_ascii_digit());
    chars[index].1 == '.' && index.checked_sub(1).is_some_and(is_digit) && is_digit(index + 1)
}

/// The word that begins here, and where it ends. Thousands are joined: `1,391` is `1391`.
fn word(text: &str, chars: &[(usize, char)], start: usize) -> (String, usize) {
    let length =
        |from: usize| chars[from..].iter().take_while(|(_, char)| class(*char) == Class::Word).count();
    let are_digits = |from: usize, to: usize| chars[from..to].iter().all(|(_, char)| char.is_ascii_digit());
    // A full-width comma divides a sentence, never a number.
    let is_comma = |index: usize| chars.get(index).is_some_and(|(at, _)| text[*at..].starts_with(','));

    let first = if chars[start].1 == '.' { start + 1 } else { start };
    let mut end = first + length(first);
    if first == start && end - start <= 3 && are_digits(start, end) {
        while is_comma(end) && length(end + 1) == 3 && are_digits(end + 1, end + 4) {
            end += 4;
        }
    }
    let word = chars[start..end].iter().map(|(_, char)| *char).filter(|char| *char != ',');
    (word.take(MAX_WORD_CHARS).collect(), end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let drawn: Vec<String> = glyphs(text).iter().map(|located| located.glyph.term()).collect();
        assert_eq!(drawn.join(" "), expected, "{text}");
    }

    #[test]
    fn text_becomes_glyphs() {
        check("收到申请9件", "收 到 申 请 9 件");
        check("２０２４ 年\n度", "2024 年 度");
        check("政府信息公開申請", "政 府 信 息 公 开 申 请");
        check("VR 全景，“一业一证”", "vr 全 景 , \" 一 业 一 证 \"");
        check("1,391项", "1391 项");
        check("12,345,678.90元", "12345678 .90 元");
        check("37.4万", "37 .4 万");
        check("99.9%", "99 .9 %");
        check("2024.01.15", "2024 .01 .15");
        check("1.总体", "1 . 总 体");
        check("3,4,5号", "3 , 4 , 5 号");
        check("分别为3，456", "分 别 为 3 , 456");
        check("2023,2024", "2023 , 2024");
        check("v2.0版", "v2 .0 版");
        check("", "");
        check("甲\u{feff}乙\u{200b}", "甲 乙");
    }

    #[test]
    fn phrases_take_as_few_terms_as_cover_them() {
        let drawn = |text: &str| {
            let terms = phrase_terms(text).into_iter();
            terms.map(|(position, term)| format!("{term}@{position}")).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(drawn("税"), "税@0");
        assert_eq!(drawn("公开"), "公开@0");
        assert_eq!(drawn("公开年"), "公开@0 开年@1");
        assert_eq!(drawn("申请9件"), "申请@0 9@2 件@3");
        assert_eq!(drawn("37.4万余件"), "37@0 .4@1 万余@2 余件@3");
    }

    #[test]
    fn folding_keeps_the_number_of_characters() {
        for code in 0..0x1_1000 {
            if let Some(char) = char::from_u32(code) {
                assert_eq!(fold(fold(char)), fold(char), "{char:?}");
            }
        }
    }
}
