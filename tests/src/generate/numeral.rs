//! Numbers as people write them in a narrative.

/// `十二`, `三百二十`, `一千零五`; a two before a measure word is 两. For numbers below ten thousand.
pub(super) fn chinese(number: i64) -> String {
    const DIGITS: [&str; 10] = ["零", "一", "二", "三", "四", "五", "六", "七", "八", "九"];
    if number == 2 {
        return "两".to_owned();
    }
    let (mut text, mut skipped) = (String::new(), false);
    for (scale, name) in [(1000, "千"), (100, "百"), (10, "十"), (1, "")] {
        let digit = number / scale % 10;
        if digit == 0 {
            skipped = !text.is_empty();
            continue;
        }
        if std::mem::take(&mut skipped) {
            text += DIGITS[0];
        }
        // Twelve is 十二, and a hundred and twelve 一百一十二.
        if !(digit == 1 && scale == 10 && text.is_empty()) {
            text += DIGITS[digit as usize];
        }
        text += name;
    }
    if text.is_empty() { DIGITS[0].to_owned() } else { text }
}

/// `33.9` for 3390 hundredths: without padding.
pub(super) fn hundredths(number: i64) -> String {
    match number % 100 {
        0 => (number / 100).to_string(),
        cents if cents % 10 == 0 => format!("{}.{}", number / 100, cents / 10),
        cents => format!("{}.{cents:02}", number / 100),
    }
}

/// What `part` is of `whole` in hundredths of a percent, rounded half up, to so many decimals.
pub(super) fn percent(part: i64, whole: i64, decimals: u32) -> i64 {
    let step = 10_i64.pow(2 - decimals);
    (part * 10_000 / step * 2 + whole) / (2 * whole) * step
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_people_do() {
        let written = [0, 2, 10, 12, 20, 105, 112, 320, 1005, 1050].map(chinese);
        let expected = [
            "零",
            "两",
            "十",
            "十二",
            "二十",
            "一百零五",
            "一百一十二",
            "三百二十",
            "一千零五",
            "一千零五十",
        ];
        assert_eq!(written, expected);
        assert_eq!([3390, 3200, 705].map(hundredths), ["33.9", "32", "7.05"]);
        assert_eq!([percent(1, 3, 2), percent(2, 3, 1), percent(1, 8, 0)], [3333, 6670, 1300]);
    }
}
