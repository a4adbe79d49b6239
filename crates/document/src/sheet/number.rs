//! Numbers as a spreadsheet shows them: decimals, percentages, units and dates by format codes.
//!
//! What a code shows is computed where that is certain; where it is not, the number is shown as it is and the cell
//! is doubtful.

use crate::letters::{BLACK, Rgb, WHITE};

/// What a cell shows under a format code.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Shown {
    pub(super) text: String,
    /// The format may show something else.
    pub(super) is_unsure: bool,
    /// The colour that the format gives it.
    pub(super) colour: Option<Rgb>,
}

/// What a cell shows for a number under a format code.
pub(super) fn shown(value: f64, code: &str, from_1904: bool) -> Shown {
    if !value.is_finite() {
        return Shown { text: "#NUM!".into(), ..Shown::default() };
    }
    if code.len() > LONGEST {
        return Shown { text: general(value), is_unsure: true, colour: None };
    }
    let sections = sections(code);
    let Some((index, section)) = chosen(&sections, value) else {
        return Shown { text: general(value), is_unsure: true, colour: None };
    };
    let tokens = section.tokens.as_slice();
    // A section of its own for negative numbers brings its own sign or brackets.
    let is_negative_only = index == 1 && sections.iter().all(|section| section.condition.is_none());
    let value = if is_negative_only || section.drops_sign() { value.abs() } else { value };
    let colour = section.colour;
    if is_date(tokens) {
        return Shown { text: date(value, tokens, from_1904), is_unsure: false, colour };
    }
    match by_places(value, tokens) {
        Some(text) => Shown { text, is_unsure: section.is_unsure, colour },
        None => Shown { text: general(value), is_unsure: !is_general(tokens) || section.is_unsure, colour },
    }
}

/// What a cell shows for a text under a format code.
pub(super) fn shown_text(text: String, code: &str) -> Shown {
    if code.len() > LONGEST || !code.contains(['@', ';']) {
        return Shown { text, ..Shown::default() };
    }
    let sections = sections(code);
    let has_place = |section: &Section| section.tokens.contains(&Token::Sign('@'));
    let section = sections.get(3).or_else(|| sections.last().filter(|section| has_place(section)));
    let Some(section) = section else { return Shown { text, ..Shown::default() } };
    let mut shown = String::new();
    for token in &section.tokens {
        match token {
            Token::Sign('@') => shown.push_str(&text),
            Token::Literal(character) => shown.push(*character),
            // A format of numbers in the place for texts shows them as they are.
            Token::Sign(_) => return Shown { text, ..Shown::default() },
        }
    }
    Shown { text: shown, is_unsure: section.is_unsure, colour: section.colour }
}

/// The section for a number, and its place; none where its conditions leave none.
fn chosen(sections: &[Section], value: f64) -> Option<(usize, &Section)> {
    if sections.iter().all(|section| section.condition.is_none()) {
        let index = match sections.len() {
            0 | 1 => 0,
            2 => usize::from(value < 0.0),
            _ if value == 0.0 => 2,
            _ => usize::from(value < 0.0),
        };
        return sections.get(index).map(|section| (index, section));
    }
    // The fourth one is for texts.
    let mut sections = sections.iter().take(3).enumerate();
    sections.find(|(_, section)| section.condition.is_none_or(|condition| condition.holds(value)))
}

/// Excel takes no longer codes.
const LONGEST: usize = 1_024;

/// The format codes that files name by number only.
pub(super) fn builtin(id: u32) -> &'static str {
    match id {
        1 => "0",
        2 => "0.00",
        3 => "#,##0",
        4 => "#,##0.00",
        9 => "0%",
        10 => "0.00%",
        37 | 38 => "#,##0 ;(#,##0)",
        39 | 40 => "#,##0.00;(#,##0.00)",
        41 | 42 => "#,##0;-#,##0;\"-\"",
        43 | 44 => "#,##0.00;-#,##0.00;\"-\"",
        18..=21 | 32..=35 | 45..=47 | 55 | 56 => "h:mm",
        // Chinese Excel writes 2024年1月 for some of these, a whole date for the rest.
        14..=16 | 22 | 28..=31 | 36 | 50 | 51 | 53 | 54 | 58 => "yyyy-m-d",
        17 | 27 | 52 | 57 => "yyyy-m",
        _ => "General",
    }
}

/// A section of a format code.
#[derive(Debug, Default)]
struct Section {
    tokens: Vec<Token>,
    condition: Option<Condition>,
    colour: Option<Rgb>,
    /// It shows more than is computed here, such as a character repeated to fill the cell.
    is_unsure: bool,
}

impl Section {
    /// Whether the sign of the number is left out: only numbers of one sign meet the condition.
    fn drops_sign(&self) -> bool {
        self.condition
            .is_some_and(|Condition { sign, other, limit }| sign == '<' && other != Some('>') && limit <= 0.0)
    }
}

/// `[>=100]`
#[derive(Debug, Clone, Copy)]
struct Condition {
    sign: char,
    other: Option<char>,
    limit: f64,
}

impl Condition {
    fn read(inner: &str) -> Option<Condition> {
        let mut rest = inner.chars();
        let sign = rest.next()?;
        let other = rest.clone().next().filter(|other| matches!(other, '=' | '>'));
        if other.is_some() {
            rest.next();
        }
        Some(Condition { sign, other, limit: rest.as_str().trim().parse().ok()? })
    }

    fn holds(self, value: f64) -> bool {
        match (self.sign, self.other) {
            ('<', Some('>')) => value != self.limit,
            ('<', Some(_)) => value <= self.limit,
            ('<', None) => value < self.limit,
            ('>', Some(_)) => value >= self.limit,
            ('>', None) => value > self.limit,
            _ => value == self.limit,
        }
    }
}

/// A piece of a format code.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Token {
    /// A letter or sign with a meaning.
    Sign(char),
    /// A character that is printed as it is.
    Literal(char),
}

/// The sections of a code (positive, negative, zero), each as its pieces.
fn sections(code: &str) -> Vec<Section> {
    let mut sections = vec![Section::default()];
    let mut characters = code.chars();
    while let Some(character) = characters.next() {
        let section = sections.last_mut().expect("there is always one section");
        let tokens = &mut section.tokens;
        match character {
            ';' => sections.push(Section::default()),
            '"' => tokens.extend(characters.by_ref().take_while(|c| *c != '"').map(Token::Literal)),
            '\\' | '!' => tokens.extend(characters.next().map(Token::Literal)),
            // The width of a character.
            '_' => _ = characters.next(),
            // A character that fills the cell.
            '*' => section.is_unsure |= characters.next().is_some_and(char::is_alphanumeric),
            '[' => {
                let inner: String = characters.by_ref().take_while(|c| *c != ']').collect();
                match inner.chars().next() {
                    Some('<' | '>' | '=') => {
                        section.condition = Condition::read(&inner);
                        section.is_unsure |= section.condition.is_none();
                    }
                    // `[h]` counts hours.
                    Some('h' | 'm' | 's' | 'H' | 'M' | 'S') if inner.chars().all(|c| c.is_alphabetic()) => {
                        match colour(&inner) {
                            Some(colour) => section.colour = Some(colour),
                            None => section.tokens.push(Token::Sign('[')),
                        }
                    }
                    Some('$') => section.tokens.extend(currency(&inner).map(Token::Literal)),
                    _ => section.colour = colour(&inner).or(section.colour),
                }
            }
            '0' | '#' | '?' | '.' | ',' | '%' | '/' | '@' => tokens.push(Token::Sign(character)),
            letter if letter.is_ascii_alphabetic() => tokens.push(Token::Sign(letter.to_ascii_lowercase())),
            other => tokens.push(Token::Literal(other)),
        }
    }
    sections
}

/// The sign in `$￥-804`.
fn currency(inner: &str) -> impl Iterator<Item = char> {
    inner.chars().skip(1).take_while(|c| *c != '-')
}

/// The colour in brackets.
fn colour(inner: &str) -> Option<Rgb> {
    let name = inner.trim().to_lowercase();
    Some(match name.as_str() {
        "white" | "白色" | "color2" | "color 2" | "颜色2" => WHITE,
        "black" | "黑色" => BLACK,
        "red" | "红色" => [255, 0, 0],
        "blue" | "蓝色" => [0, 0, 255],
        "green" | "绿色" => [0, 255, 0],
        "yellow" | "黄色" => [255, 255, 0],
        "cyan" | "蓝绿色" | "青色" => [0, 255, 255],
        "magenta" | "洋红色" | "洋红" => [255, 0, 255],
        _ => return None,
    })
}

/// Whether a section shows a number as it is: `General`, `G/通用格式`, `@`, or nothing at all.
fn is_general(section: &[Token]) -> bool {
    let signs: String = section
        .iter()
        .map(|token| match token {
            Token::Sign(sign) | Token::Literal(sign) => *sign,
        })
        .collect();
    let signs = signs.trim();
    matches!(signs, "general" | "g/通用格式" | "@" | "")
}

/// The shortest number that is the same to fifteen digits, as Excel counts them.
fn general(value: f64) -> String {
    let rounded: f64 = format!("{value:.14e}").parse().unwrap_or(value);
    if rounded == 0.0 { "0".into() } else { rounded.to_string() }
}

/// A number by its places (`#,##0.00"万元"`); none where the code has none or does more than that.
/// Thousands separators are left out, so that numbers are easier to parse.
fn by_places(value: f64, section: &[Token]) -> Option<String> {
    let places = |token: &Token| matches!(token, Token::Sign('0' | '#' | '?' | '.' | ','));
    let known = |token: &Token| places(token) || matches!(token, Token::Sign('%') | Token::Literal(_));
    if let Some(text) = with_words(value, section) {
        return Some(text);
    }
    if !section.iter().all(known) {
        return None;
    }
    let Some(first) = section.iter().position(places) else {
        let text: String = section.iter().filter_map(literal).collect();
        // A code without places shows its words alone, a blank one nothing.
        return Some(text);
    };
    let last = section.iter().rposition(places)?;
    let (before, pattern) = section.split_at(first);
    let (pattern, behind) = pattern.split_at(last + 1 - first);
    if !pattern.iter().all(places) {
        return None;
    }
    let point = pattern.iter().position(|token| *token == Token::Sign('.')).unwrap_or(pattern.len());
    let digits = |tokens: &[Token], signs: &[char]| {
        tokens.iter().filter(|token| matches!(token, Token::Sign(sign) if signs.contains(sign))).count()
    };
    let (integers, decimals) = pattern.split_at(point);
    let (most, least) = (digits(decimals, &['0', '#', '?']).min(20), digits(decimals, &['0']));
    let thousands = pattern.iter().rev().take_while(|token| **token == Token::Sign(',')).count();
    let percents = digits(section, &['%']);
    let scaled = value * 100_f64.powi(percents as i32) / 1000_f64.powi(thousands as i32);
    let mut number = round(scaled.abs(), most);
    while number.contains('.') && number.len() - number.find('.')? - 1 > least && number.ends_with('0') {
        number.pop();
    }
    let number = number.trim_end_matches('.');
    let whole = digits(integers, &['0']).min(20);
    let missing = whole.saturating_sub(number.find('.').unwrap_or(number.len()));
    let is_zero = number.chars().all(|digit| matches!(digit, '0' | '.'));
    // A place that is filled only by digits shows no zero.
    let number =
        if is_zero && whole == 0 && least == 0 && digits(pattern, &['?']) == 0 { "" } else { number };
    let mut text = String::new();
    text.extend((scaled < 0.0 && !is_zero).then_some('-'));
    text.extend(before.iter().filter_map(literal));
    text.extend(std::iter::repeat_n('0', missing));
    text.push_str(number);
    text.extend(behind.iter().filter_map(|token| match token {
        Token::Sign('%') => Some('%'),
        token => literal(token),
    }));
    Some(text)
}

/// A number as it is among words: `"约"General"件"`, `@"件"`.
fn with_words(value: f64, section: &[Token]) -> Option<String> {
    let first = section.iter().position(|token| literal(token).is_none())?;
    let last = section.iter().rposition(|token| literal(token).is_none())?;
    let place = section.get(first..=last)?;
    if !is_general(place) || place.is_empty() || section.len() == place.len() {
        return None;
    }
    let words = |range: &[Token]| range.iter().filter_map(literal).collect::<String>();
    let (before, behind) = (words(section.get(..first)?), words(section.get(last + 1..)?));
    let sign = if value < 0.0 { "-" } else { "" };
    Some(format!("{sign}{before}{}{behind}", general(value.abs())))
}

fn literal(token: &Token) -> Option<char> {
    match token {
        Token::Literal(character) => Some(*character),
        Token::Sign(_) => None,
    }
}

/// Half up as a person rounds, without the noise of binary fractions: 1.005 is 1.01.
fn round(value: f64, decimals: usize) -> String {
    let clean: f64 = general(value).parse().unwrap_or(value);
    let exact = clean.to_string();
    let Some((whole, fraction)) = exact.split_once('.') else {
        return format!("{clean:.decimals$}");
    };
    if fraction.len() <= decimals || fraction.as_bytes().get(decimals) != Some(&b'5') {
        return format!("{clean:.decimals$}");
    }
    // Only a five in the next place can be misjudged; one unit is added by hand.
    let mut digits: Vec<u8> = whole.bytes().chain(fraction.bytes().take(decimals)).collect();
    let mut carry = true;
    for digit in digits.iter_mut().rev() {
        if carry {
            carry = *digit == b'9';
            *digit = if carry { b'0' } else { *digit + 1 };
        }
    }
    if carry {
        digits.insert(0, b'1');
    }
    let mut text: String = digits.into_iter().map(char::from).collect();
    if decimals > 0 {
        text.insert(text.len() - decimals, '.');
    }
    text
}

fn is_date(section: &[Token]) -> bool {
    let mut signs = section.iter().filter(|token| matches!(token, Token::Sign(_)));
    // `General` and `E+00` have letters of their own; `g` and `e` are years elsewhere only.
    let is_general = section.starts_with(&[Token::Sign('g'), Token::Sign('e'), Token::Sign('n')]);
    let has_places = section.iter().any(|token| matches!(token, Token::Sign('0' | '#' | '?' | '[')));
    !is_general && !has_places && signs.any(|token| matches!(token, Token::Sign('y' | 'm' | 'd' | 'h' | 's')))
}

/// `2025年1月17日`, `2025年1月`, or `9:30` where the code has no date.
fn date(value: f64, section: &[Token], from_1904: bool) -> String {
    let has = |sign: char| section.contains(&Token::Sign(sign));
    if !(0.0..2_958_466.0).contains(&value) {
        return general(value);
    }
    if !has('y') && !has('d') {
        let minutes = (value.fract() * 1440.0).round() as u64 % 1440;
        return format!("{}:{:02}", minutes / 60, minutes % 60);
    }
    let (year, month, day) = civil(value as i64 + if from_1904 { 1462 } else { 0 });
    match (has('y'), has('m'), has('d')) {
        (true, true, false) => format!("{year}年{month}月"),
        (true, false, false) => format!("{year}年"),
        (false, ..) => format!("{month}月{day}日"),
        _ => format!("{year}年{month}月{day}日"),
    }
}

/// The day with this number, where 1 is 1 January 1900 and 60 the 29 February that never was.
fn civil(serial: i64) -> (i64, i64, i64) {
    let serial = if serial < 60 { serial + 1 } else { serial };
    // Days since 1 March of the year 0, in eras of 400 years (Howard Hinnant's algorithm).
    let days = serial - 25_569 + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: f64, code: &str, expected: &str) {
        let shown = shown(value, code, false);
        assert_eq!((shown.text.as_str(), shown.is_unsure), (expected, false), "{value} under {code}");
    }

    #[test]
    fn numbers_are_shown_as_the_sheet_shows_them() {
        check(12.0, "General", "12");
        check(0.1 + 0.2, "General", "0.3");
        check(-0.0, "General", "0");
        check(123456789012.0, "General", "123456789012");
        check(4.35 * 100.0, "General", "435");
        check(3.5, "0.00", "3.50");
        check(1.005, "0.00", "1.01");
        check(2.675, "0.00_ ", "2.68");
        check(9.995, "0.00", "10.00");
        check(2.5, "0", "3");
        check(1234.5, "#,##0.00", "1234.50");
        check(0.1234, "0.00%", "12.34%");
        check(0.5, "0%", "50%");
        check(12.5, "0.00\"万元\"", "12.50万元");
        check(7.0, "0件", "7件");
        check(7.0, "[红色]0;[蓝色]-0", "7");
        check(-7.0, "0_ ;[Red]\\-0\\ ", "-7 ");
        check(-7.0, "#,##0;(#,##0)", "(7)");
        check(0.0, "#,##0;-#,##0;\"-\"", "-");
        check(5.0, ";;;", "");
        check(7.0, "000", "007");
        check(1.5, "0.0##", "1.5");
        check(1500.0, "0.0,", "1.5");
        check(-0.001, "0.00", "0.00");
        check(f64::NAN, "0", "#NUM!");
        check(8.0, "@", "8");
    }

    #[test]
    fn days_are_written_in_chinese() {
        check(45674.0, "yyyy-mm-dd", "2025年1月17日");
        check(45674.5, "yyyy\"年\"m\"月\"d\"日\";@", "2025年1月17日");
        check(45674.0, "yyyy\"年\"m\"月\"", "2025年1月");
        check(45674.0, "[$-804]m\"月\"d\"日\"", "1月17日");
        check(0.5, "h:mm", "12:00");
        check(1.0, "yyyy-m-d", "1900年1月1日");
        check(61.0, "yyyy-m-d", "1900年3月1日");
        check(-1.0, "yyyy-m-d", "-1");
        assert_eq!(shown(44212.0, "yyyy-m-d", true).text, "2025年1月17日");
    }

    #[test]
    fn conditions_choose_the_section() {
        check(741.0, "[>100]\"146\";General", "146");
        check(7.0, "[>100]\"146\";General", "7");
        check(741.0, "[>100]\"\";0", "");
        check(741.0, "[=741]\"146\";0", "146");
        check(5.0, "[<=5]\"少\";[>=10]\"多\";0", "少");
        check(7.0, "[<=5]\"少\";[>=10]\"多\";0\"件\"", "7件");
        check(12.0, "[DBNum1][$-804]General", "12");
        check(12.0, "[$￥-804]#,##0", "￥12");
        check(0.0, "#,###", "");
        check(146.0, "\"约\"General\"件\"", "约146件");
        check(146.0, "0\"7\"", "1467");
        check(12.0, "G/通用格式", "12");
    }

    #[test]
    fn what_is_not_computed_is_not_certain() {
        for (value, code) in [
            (146.0, "0E+00"),
            (0.5, "# ?/?"),
            (146.0, "0\".\"0"),
            (6.0833, "[h]"),
            (146.0, "*70"),
            (50.0, "[>100]0"),
            (146.0, "[>x]0"),
        ] {
            assert!(shown(value, code, false).is_unsure, "{value} under {code}");
        }
        assert!(!shown(146.0, "* 0", false).is_unsure);
    }

    #[test]
    fn colours_are_read() {
        assert_eq!(shown(7.0, "[White]0", false).colour, Some(WHITE));
        assert_eq!(shown(-7.0, "0;[Red]-0", false).colour, Some([255, 0, 0]));
        assert_eq!(shown(7.0, "[红色]0;[蓝色]-0", false).colour, Some([255, 0, 0]));
        assert_eq!(
            shown(7.0, "[Magenta]0", false),
            Shown { text: "7".into(), is_unsure: false, colour: Some([255, 0, 255]) }
        );
    }

    #[test]
    fn texts_have_a_section_too() {
        let text = |code| shown_text("146".into(), code).text;
        assert_eq!(text("@"), "146");
        assert_eq!(text("General"), "146");
        assert_eq!(text("0;0;0;"), "");
        assert_eq!(text(";;;"), "");
        assert_eq!(text("0;-0;0;\"约\"@"), "约146");
        assert_eq!(text("@\"件\""), "146件");
        assert_eq!(text("#,##0;(#,##0)"), "146");
    }
}
