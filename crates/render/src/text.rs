//! Characters, numerals and dates as an official letter prints them.

use report::{Date, Decimal};

/// The text on one line, without characters that HTML or XML forbid and without those that change the direction
/// of writing: the text of a report is not trusted.
pub(crate) fn clean(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for c in text.chars().map(|c| if c.is_whitespace() && c != '\u{3000}' { ' ' } else { c }) {
        let is_stray = c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}')
            || matches!(c, '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}');
        let is_second_space = c == ' ' && (clean.is_empty() || clean.ends_with(' '));
        if !is_stray && !is_second_space {
            clean.push(c);
        }
    }
    clean.truncate(clean.trim_end_matches(' ').len());
    clean
}

/// A number in Chinese numerals, as headings count: 一, 十二, 一百零五.
pub(crate) fn numeral(number: usize) -> String {
    const DIGITS: [&str; 10] = ["零", "一", "二", "三", "四", "五", "六", "七", "八", "九"];
    const UNITS: [(usize, &str); 5] = [(10_000, "万"), (1_000, "千"), (100, "百"), (10, "十"), (1, "")];
    if number >= 100_000 {
        return number.to_string();
    }
    let mut numeral = String::new();
    let mut skipped = false;
    for (unit, name) in UNITS {
        match number / unit % 10 {
            0 => skipped = !numeral.is_empty(),
            digit => {
                if skipped {
                    numeral.push_str(DIGITS[0]);
                }
                skipped = false;
                numeral.push_str(DIGITS[digit]);
                numeral.push_str(name);
            }
        }
    }
    match numeral.strip_prefix("一十") {
        Some(rest) => format!("十{rest}"),
        None if numeral.is_empty() => DIGITS[0].to_owned(),
        None => numeral,
    }
}

/// A day as a letter prints it, or blanks to be filled in by hand where there is none.
pub(crate) fn day(date: Option<Date>) -> String {
    match date {
        Some(date) => format!("{}年{}月{}日", date.year(), date.month(), date.day()),
        None => "____年__月__日".to_owned(),
    }
}

/// A title that is too long for one line, on two: a line must not break within a word.
pub(crate) fn title_lines(title: &str) -> Vec<String> {
    const LINE: usize = 20;
    const SHORTEST: usize = 5;
    const REPORT: &str = "年度报告";
    let is_good = |at: &usize| title.chars().count() > LINE && title[..*at].chars().count() >= SHORTEST;
    match title.find("政府信息公开").filter(is_good) {
        Some(at) => {
            let (agency, rest) = title.split_at(at);
            let mut lines = within_line(agency, LINE);
            // What follows the name of the report goes on a line of its own, where both are too long for one.
            let end = rest.find(REPORT).map(|at| at + REPORT.len()).filter(|_| rest.chars().count() > LINE);
            match end.filter(|end| !rest[*end..].starts_with('》')).map(|end| rest.split_at(end)) {
                Some((name, after)) => lines.extend([name.to_owned(), after.to_owned()]),
                None => lines.push(rest.to_owned()),
            }
            lines
        }
        None => vec![title.to_owned()],
    }
}

/// A text that is longer than a line on several, each broken after a division or between two names, so that the
/// name of an agency is not torn. A text without such a place stays whole.
fn within_line(text: &str, line: usize) -> Vec<String> {
    /// A line of fewer characters looks torn off.
    const SHORTEST: usize = 6;
    if text.chars().count() <= line {
        return vec![text.to_owned()];
    }
    let is_end = |c: char| "省市县区州盟旗镇乡、和）".contains(c);
    let ends = text.char_indices().enumerate().filter(|(_, (_, c))| is_end(*c));
    let fits = ends.filter(|(number, _)| (SHORTEST..line).contains(number));
    match fits.last() {
        Some((_, (at, c))) => {
            let (first, rest) = text.split_at(at + c.len_utf8());
            let mut lines = vec![first.to_owned()];
            lines.extend(within_line(rest, line));
            lines
        }
        None => vec![text.to_owned()],
    }
}

/// A number as an official letter prints it.
pub(crate) fn number(value: Decimal) -> String {
    value.normalize().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_documents_forbid_are_removed() {
        let check = |text: &str, expected: &str| assert_eq!(clean(text), expected, "{text:?}");
        check("收到\u{0}申请\u{8}9件\u{b}", "收到申请9件");
        check("  收到\r\n\t申请 9 件 ", "收到 申请 9 件");
        check("金额\u{202e}321\u{202c}\u{feff}\u{ffff}", "金额321");
        check("<b>&amp;]]>", "<b>&amp;]]>");
    }

    #[test]
    fn headings_count_in_chinese_numerals() {
        let check = |number: usize, expected: &str| assert_eq!(numeral(number), expected);
        check(1, "一");
        check(10, "十");
        check(12, "十二");
        check(20, "二十");
        check(105, "一百零五");
        check(110, "一百一十");
        check(1010, "一千零一十");
        check(10_000, "一万");
        check(10_001, "一万零一");
        check(99_999, "九万九千九百九十九");
        check(100_000, "100000");
    }
}
