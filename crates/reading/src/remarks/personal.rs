//! Personal data that must not be in a published report.

use std::sync::LazyLock;

use document::Text;
use regex::Regex;
use report::{RemarkKind, SectionKind};

use super::{Remarks, has_any};
use crate::pattern::pattern;

static DIGITS: LazyLock<Regex> = LazyLock::new(|| pattern(r"\d{17}[\dXx]|1[3-9]\d{9}"));

/// Who is named where a telephone number is that of a person and not of the office.
const PERSONS: [&str; 7] = ["申请人", "当事人", "举报人", "投诉人", "信访人", "身份证", "本人"];

/// Characters before a telephone number in which its owner is named.
const NEAR: usize = 30;

/// Reads one paragraph.
pub(super) fn read(remarks: &mut Remarks, section: Option<SectionKind>, text: &Text) {
    let line = text.as_str();
    for found in DIGITS.find_iter(line) {
        let is_digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        if is_digit(line[..found.start()].chars().next_back()) || is_digit(line[found.end()..].chars().next())
        {
            continue;
        }
        let number = found.as_str();
        let near = line[..found.start()].char_indices().rev().nth(NEAR).map_or(0, |(at, _)| at);
        let is_personal = match number.len() {
            18 => is_identity_number(number),
            _ => has_any(&line[near..found.start()], &PERSONS),
        };
        if is_personal {
            let hidden =
                format!("{}{}{}", &number[..3], "*".repeat(number.len() - 5), &number[number.len() - 2..]);
            remarks.add(RemarkKind::Personal, hidden, None, section, (text, found.range()));
        }
    }
}

/// Whether a number is that of an identity card by its day of birth and its check digit (GB 11643-1999).
fn is_identity_number(number: &str) -> bool {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const CHECKS: &str = "10X98765432";
    let part = |from: usize, to: usize| number.get(from..to).and_then(|part| part.parse::<u16>().ok());
    let is_birth = part(6, 10).is_some_and(|year| (1900..=2099).contains(&year))
        && part(10, 12).is_some_and(|month| (1..=12).contains(&month))
        && part(12, 14).is_some_and(|day| (1..=31).contains(&day));
    let sum: u32 = number
        .chars()
        .filter_map(|c| c.to_digit(10))
        .zip(WEIGHTS)
        .map(|(digit, weight)| digit * weight)
        .sum();
    let check = CHECKS.chars().nth((sum % 11) as usize);
    is_birth && check == number.chars().next_back().map(|c| c.to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;

    #[test]
    fn persons_differ_from_offices_and_other_numbers() {
        let said =
            |sentence: &str, expected: &[&str]| check("", &format!("六、其他事项\n{sentence}"), expected);
        said("申请人身份证号11010519491231002X。", &["personal 110*************2X"]);
        said("申请人张某（13812345678）要求公开。", &["personal 138******78"]);
        said("联系电话：13812345678，监督电话：0632-3312345。", &[]);
        said("编号110105194912310021，项目代码370400202401011234567。", &[]);
    }
}
