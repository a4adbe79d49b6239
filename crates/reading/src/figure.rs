//! The text of a cell to its figure. Nothing is repaired by guessing: text that is no number as it
//! stands is unreadable.

use report::{CellKind, CellState, Decimal};

use crate::label::{is_space, narrow};

/// The content of a cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Figure {
    pub(crate) state: CellState,
    /// In the unit of the form.
    pub(crate) value: Option<Decimal>,
}

impl Figure {
    pub(crate) fn is_number(self) -> bool {
        self.state == CellState::Read
    }

    pub(crate) fn is_blank(self) -> bool {
        self.state == CellState::Blank
    }

    /// Whether this can be in a cell for figures: a number, a blank, or a placeholder.
    pub(crate) fn is_value(self) -> bool {
        self.state != CellState::Unreadable
    }
}

/// Reads the text of a cell that takes figures of this kind.
pub(crate) fn parse(text: &str, kind: CellKind) -> Figure {
    if let Some(value) = plain_digits(text) {
        return Figure { state: CellState::Read, value: Some(value) };
    }
    let seen = text.trim_matches(is_space).chars().filter(|c| !is_invisible(*c));
    let trimmed: String = seen.map(narrow).collect();
    if trimmed.is_empty() {
        return Figure { state: CellState::Blank, value: None };
    }
    if is_placeholder(&trimmed) {
        return Figure { state: CellState::Placeholder, value: None };
    }
    if is_in_pieces(&trimmed) {
        return Figure { state: CellState::Doubtful, value: None };
    }
    match number(without_remark(without_emphasis(&trimmed)), kind) {
        Some(value) => Figure { state: CellState::Read, value: Some(value) },
        None => Figure { state: CellState::Unreadable, value: None },
    }
}

/// Most digits of a figure: no agency counts in quadrillions, so more are two numbers, a telephone or a file number.
const MOST_DIGITS: usize = 15;

/// The value of digits and nothing else, as in most cells.
fn plain_digits(text: &str) -> Option<Decimal> {
    let is_plain = (1..=MOST_DIGITS).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let value = |value: u64, digit| value * 10 + u64::from(digit - b'0');
    is_plain.then(|| Decimal::from(text.bytes().fold(0, value)))
}

/// The number that the pieces of a figure make together: `21 7` of a cell so narrow that 217 takes two lines.
pub(crate) fn joined(text: &str) -> Option<Decimal> {
    let seen: String = text.chars().filter(|c| !is_invisible(*c)).map(narrow).collect();
    let digits: String = seen.chars().filter(|c| !is_space(*c)).collect();
    Decimal::from_str_exact(&ungrouped(&digits)?).ok().filter(|_| is_in_pieces(seen.trim_matches(is_space)))
}

/// Whether digits have a space or a line break between them: two figures, or the pieces of one.
fn is_in_pieces(text: &str) -> bool {
    let digits = text.trim_end_matches(|c: char| c.is_alphabetic()).trim_end_matches(is_space);
    let is_part = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',');
    digits.contains(is_space)
        && digits.chars().all(|c| is_part(c) || is_space(c))
        && digits
            .split(is_space)
            .all(|piece| piece.is_empty() || piece.contains(|c: char| c.is_ascii_digit()))
        && !digits.contains(THIN_SPACES)
}

/// Spaces that are typed to part thousands and nothing else.
const THIN_SPACES: [char; 2] = ['\u{2009}', '\u{202f}'];

/// Whether a character shows nothing and takes no room.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' | '\u{ad}')
}

/// Reads a cell whose kind does not matter yet.
pub(crate) fn any(text: &str) -> Figure {
    parse(text, CellKind::Change)
}

/// Longest text that can be a misprinted figure.
const MISPRINT_CHARS: usize = 16;

/// Whether a word in running text with this figure stands where a figure does: a figure, a placeholder, or digits
/// with other characters that make no number.
pub(crate) fn is_like(word: &str, figure: Figure) -> bool {
    let is_word = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
    let is_bare_number = || word.trim_end_matches(['.', '、', ')', '）', '．']).len() < word.len();
    figure.is_value()
        || word.chars().count() <= MISPRINT_CHARS
            && word.starts_with(|c: char| c.is_ascii_digit())
            && !word.contains(is_word)
            && !is_bare_number()
}

fn is_placeholder(text: &str) -> bool {
    const WORDS: [&str; 8] = ["无", "不适用", "空", "未统计", "N/A", "n/a", "暂无", "没有"];
    let seen = || text.chars().filter(|c| !is_space(*c));
    WORDS.iter().any(|word| seen().eq(word.chars()))
        || seen().all(|c| matches!(c, '/' | '\\' | '-' | '—' | '–' | '―' | '─' | '－' | '*' | '_' | '~'))
}

/// A figure without the marks by which Markdown sets it bold or slanted: `**3**`, `_3_`.
fn without_emphasis(text: &str) -> &str {
    let within = |mark: &str| text.strip_prefix(mark)?.strip_suffix(mark).filter(|inner| !inner.is_empty());
    ["***", "**", "__", "*", "_"].into_iter().find_map(within).unwrap_or(text)
}

/// Units that may be glued to a figure, with the power of ten that leads to the unit of the form;
/// for money that unit is 万元.
const UNITS: [(&str, Option<i32>); 20] = [
    ("件次", None),
    ("人次", None),
    ("万元", Some(0)),
    ("亿元", Some(4)),
    ("元", Some(-4)),
    ("件", None),
    ("项", None),
    ("条", None),
    ("个", None),
    ("宗", None),
    ("份", None),
    ("起", None),
    ("例", None),
    ("次", None),
    ("人", None),
    ("部", None),
    ("家", None),
    ("笔", None),
    ("户", None),
    ("批", None),
];

/// A figure without what explains it: `12(其中网上5件)`, `3①`, `3*`, `3[1]`, `3(注1)`. A number in
/// brackets alone could be a second figure.
fn without_remark(text: &str) -> &str {
    let mark = |c: char| ('①'..='⑳').contains(&c) || matches!(c, '*' | '※' | '†');
    let text = text.trim_end_matches(is_space);
    let bare = text.trim_end_matches(mark);
    if bare.len() < text.len() {
        return bare.trim_end_matches(is_space);
    }
    let inside = |open: char, close: char| {
        let (before, inner) = text.strip_suffix(close)?.split_once(open)?;
        Some((before.trim_end_matches(is_space), inner.trim_matches(is_space)))
    };
    if let Some((before, inner)) = inside('(', ')')
        && ["其中", "注", "备注", "含", "包括"].iter().any(|word| inner.starts_with(word))
    {
        return before;
    }
    match inside('[', ']') {
        Some((before, inner)) if inner.len() <= 2 && inner.chars().all(|c| c.is_ascii_digit()) => before,
        _ => text,
    }
}

/// Whether a word is a unit that can follow a figure.
pub(crate) fn is_unit(word: &str) -> bool {
    UNITS.iter().any(|(unit, _)| word == *unit)
}

fn number(text: &str, kind: CellKind) -> Option<Decimal> {
    let (text, scale) = without_unit(text, kind)?;
    if matches!(text, "零" | "〇" | "○") {
        return Some(Decimal::ZERO);
    }
    let (text, negative) = without_sign(text)?;
    let digits = ungrouped(text)?;
    let mut value = Decimal::from_str_exact(&digits).ok()?;
    match scale {
        0 => {}
        1.. => value = value.checked_mul(Decimal::from(10_i64.pow(scale.unsigned_abs())))?,
        _ => value = value.checked_div(Decimal::from(10_i64.pow(scale.unsigned_abs())))?,
    }
    if negative {
        value.set_sign_negative(!value.is_zero());
    }
    Some(value.normalize())
}

fn without_unit(text: &str, kind: CellKind) -> Option<(&str, i32)> {
    for (unit, money) in UNITS {
        let Some(rest) = text.strip_suffix(unit) else { continue };
        return match (kind, money) {
            (CellKind::Amount, Some(scale)) => Some((rest.trim_end_matches(is_space), scale)),
            // A count in 元, or money in 件, is in the wrong cell.
            (CellKind::Amount, None) | (CellKind::Count | CellKind::Change, Some(_)) => None,
            (CellKind::Count | CellKind::Change, None) => Some((rest.trim_end_matches(is_space), 0)),
        };
    }
    Some((text, 0))
}

/// `-37`, `－37`, `+19`, `减4`, `增加2`.
fn without_sign(text: &str) -> Option<(&str, bool)> {
    const SIGNS: [(&str, bool); 11] = [
        ("减少", true),
        ("增加", false),
        ("减", true),
        ("负", true),
        ("增", false),
        ("+", false),
        ("-", true),
        ("—", true),
        ("–", true),
        ("−", true),
        ("", false),
    ];
    let (sign, negative) = SIGNS.into_iter().find(|(sign, _)| text.starts_with(sign))?;
    Some((text[sign.len()..].trim_matches(is_space), negative))
}

/// Digits with at most one point, without thousands separators; none for anything else, two numbers
/// in one cell among it.
fn ungrouped(text: &str) -> Option<String> {
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    let separator = |c: char| matches!(c, ',' | '，' | '\'') || THIN_SPACES.contains(&c);
    let mut groups = whole.split(separator);
    let first = groups.next()?;
    let mut digits = first.to_owned();
    for group in groups {
        // Separators are between groups of three.
        if first.len() > 3 || first.is_empty() || group.len() != 3 {
            return None;
        }
        digits.push_str(group);
    }
    if let Some(fraction) = fraction {
        if fraction.is_empty() || fraction.len() > 8 {
            return None;
        }
        digits.push('.');
        digits.push_str(fraction);
    }
    let valid = digits.split('.').next().is_some_and(|whole| whole.len() <= MOST_DIGITS)
        && digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.chars().all(|c| c.is_ascii_digit() || c == '.');
    valid.then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_as_they_stand() {
        use CellKind::{Amount, Change, Count};
        for (text, kind, expected) in [
            ("0", Count, "0"),
            ("45633 件", Count, "45633"),
            ("３，９８５，７５８", Count, "3985758"),
            ("1\u{2009}234", Count, "1234"),
            ("2\u{200b}1\u{ad}7", Count, "217"),
            ("-37", Change, "-37"),
            ("－37", Change, "-37"),
            ("减4", Change, "-4"),
            ("减少4", Change, "-4"),
            ("+19", Change, "19"),
            ("542.55 万元", Amount, "542.55"),
            ("251000元", Amount, "25.1"),
            ("1.5亿元", Amount, "15000"),
            ("52.15", Amount, "52.15"),
            ("0.00", Amount, "0"),
            ("12.5", Count, "12.5"),
            ("〇", Count, "0"),
            ("零件", Count, "0"),
            ("12（其中网上5件）", Count, "12"),
            ("3①", Count, "3"),
            ("3 *", Count, "3"),
            ("3[1]", Count, "3"),
            ("3（注1）", Count, "3"),
            ("**3**", Count, "3"),
            ("*0*", Count, "0"),
        ] {
            assert_eq!(parse(text, kind).value, Some(expected.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_not_made_one() {
        use CellState::{Blank, Doubtful, Placeholder, Unreadable};
        for (text, expected) in [
            ("", Blank),
            ("\u{3000} \u{a0}", Blank),
            ("/", Placeholder),
            ("——", Placeholder),
            ("无", Placeholder),
            ("2 0", Doubtful),
            ("1 234", Doubtful),
            ("12 345 件", Doubtful),
            ("1\u{3000}234", Doubtful),
            ("65 1.06", Doubtful),
            ("12,34", Unreadable),
            ("3.", Unreadable),
            ("O", Unreadable),
            ("约3", Unreadable),
            ("1.属于国家秘密", Unreadable),
            ("3元", Unreadable),
            ("99%", Unreadable),
            ("1.2.3", Unreadable),
            ("12（5）", Unreadable),
            ("①", Unreadable),
            ("[1]", Unreadable),
            ("1 2", Doubtful),
            ("1 / 2", Unreadable),
        ] {
            let figure = parse(text, CellKind::Count);
            assert_eq!((figure.state, figure.value), (expected, None), "{text:?}");
        }
    }
}
