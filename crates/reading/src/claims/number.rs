//! The numbers of a sentence with their measure words, in digits or in Chinese numerals.

use std::ops::Range;
use std::sync::LazyLock;

use regex::{Captures, Regex};
use report::Decimal;

use crate::label;
use crate::pattern::pattern;

/// A number with its unit, within its sentence.
#[derive(Debug)]
pub(super) struct Number {
    /// From its first digit to the end of its unit.
    pub(super) range: Range<usize>,
    pub(super) value: Decimal,
    pub(super) unit: String,
    pub(super) exact: bool,
}

static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"(?P<digits>\d[\d,，]*(?:[.．]\d+)?|(?P<numeral>[一二两三四五六七八九十百千万零〇]+))",
        r"\s*(?P<scale>万|亿|千|百)?\s*(?P<more>余|多|来)?\s*",
        r"(?P<unit>%|％|件次|件|条次|条|人次|人|万元|亿元|元|次|份|个|项|家|场次|场|篇|期|宗|起|例|名|类|册|部|户|批|辆|只|张|平方米|公里|小时|分钟|天)(?P<above>以上|以内|左右|上下)?",
    ))
});

/// Words before a number that make it inexact.
const INEXACT: [&str; 10] = ["约", "近", "超", "超过", "逾", "不少于", "不足", "不低于", "突破", "至少"];

/// Words before a number that is no count: 第20条, 〔2019〕60号, 20-30件, 十2件, 1万3千件.
const NO_COUNT: [char; 23] = [
    '第', '-', '~', '～', '—', '〔', '［', '.', '/', '一', '二', '三', '四', '五', '六', '七', '八', '九',
    '十', '百', '千', '万', '亿',
];

/// The numbers of a sentence in their order.
pub(super) fn numbers(sentence: &str) -> Vec<Number> {
    NUMBER.captures_iter(sentence).filter_map(|found| number(sentence, &found)).collect()
}

fn number(sentence: &str, found: &Captures<'_>) -> Option<Number> {
    let whole = found.get(0)?;
    let digits = found.name("digits")?;
    let unit = &found["unit"];
    let before = sentence[..digits.start()].trim_end();
    let after = sentence[whole.end()..].trim_start();
    if before.ends_with(NO_COUNT) || is_time(unit, after) {
        return None;
    }
    let mut value = match found.name("numeral") {
        Some(numeral) if counts(before, numeral.as_str(), unit, after) => chinese(numeral.as_str())?,
        Some(_) => return None,
        None => arabic(digits.as_str())?,
    };
    let of_unit = unit.chars().next().filter(|_| matches!(unit, "万元" | "亿元"));
    let of_number = found.name("scale").and_then(|scale| scale.as_str().chars().next());
    for scale in of_number.into_iter().chain(of_unit) {
        value = value.checked_mul(Decimal::from(power(scale)?))?;
    }
    let is_share = matches!(unit, "%" | "％");
    if is_share {
        value = value.checked_div(Decimal::ONE_HUNDRED)?;
    }
    let exact = found.name("more").is_none()
        && found.name("above").is_none()
        && !INEXACT.iter().any(|word| before.ends_with(word));
    let unit = match unit {
        "％" => "%",
        "万元" | "亿元" => "元",
        unit => unit,
    };
    Some(Number {
        range: digits.start()..whole.end(),
        value: value.normalize(),
        unit: unit.to_owned(),
        exact,
    })
}

/// 3个月, 5个工作日, 2个百分点 are times and differences, not things counted.
fn is_time(unit: &str, after: &str) -> bool {
    unit == "个" && ["月", "工作日", "百分点", "自然日", "小时"].iter().any(|word| after.starts_with(word))
}

fn arabic(digits: &str) -> Option<Decimal> {
    let digits = digits.trim_end_matches([',', '，']);
    let digits: String = digits.chars().map(label::narrow).filter(|c| *c != ',').collect();
    let digits = digits.replace('．', ".");
    Decimal::from_str_exact(&digits).ok()
}

/// Whether a Chinese numeral counts something. 一件事, 一条龙, 一起, 每一件 and the like do not.
fn counts(before: &str, numeral: &str, unit: &str, after: &str) -> bool {
    let is_word = before.ends_with([
        '数', '几', '每', '同', '某', '任', '何', '这', '那', '哪', '逐', '单', '另', '上', '多', '余',
    ]) || after.starts_with(['事', '一', '龙', '不']);
    let is_counted = match unit {
        "件" | "件次" | "份" | "宗" | "例" | "人次" => true,
        "条" => before.ends_with("信息") || before.ends_with("申请"),
        "起" => {
            numeral != "一" || ["复议", "诉讼", "案件", "申请"].iter().any(|word| before.ends_with(word))
        }
        _ => false,
    };
    is_counted && !is_word
}

/// 十二, 三百二十, 一百零五, 一〇五, 两万; 三四 and 百 alone are no exact number.
fn chinese(numeral: &str) -> Option<Decimal> {
    let digit = |c: char| "零一二三四五六七八九".chars().position(|digit| digit == c);
    let digit = |c: char| match c {
        '〇' => Some(0),
        '两' => Some(2),
        c => digit(c).map(|digit| digit as u64),
    };
    let digits: Option<Vec<u64>> = numeral.chars().map(digit).collect();
    if let Some(digits) = digits {
        let is_number = match digits[..] {
            [digit] => digit > 0,
            [first, ..] => numeral.contains('〇') && digits.len() <= 6 && first > 0,
            [] => false,
        };
        return is_number.then(|| Decimal::from(digits.iter().fold(0, |value, digit| value * 10 + digit)));
    }
    let (mut total, mut section, mut open) = (0_u64, 0_u64, None);
    for c in numeral.chars() {
        match (digit(c), power(c)) {
            (Some(0), _) if open.is_none() => {}
            (Some(value), _) if open.is_none() => open = Some(value),
            (None, Some(10_000)) => {
                let tens = section.checked_add(open.take().unwrap_or(0)).filter(|value| *value > 0)?;
                total = total.checked_add(tens.checked_mul(10_000)?)?;
                section = 0;
            }
            (None, Some(power)) => {
                // 十二 begins with its power, 百二 is no number.
                let times = open.take().or((power == 10 && section == 0).then_some(1))?;
                section = section.checked_add(times.checked_mul(power as u64)?)?;
            }
            _ => return None,
        }
    }
    let value = total.checked_add(section)?.checked_add(open.unwrap_or(0))?;
    Some(Decimal::from(value))
}

fn power(scale: char) -> Option<i64> {
    Some(match scale {
        '十' => 10,
        '百' => 100,
        '千' => 1_000,
        '万' => 10_000,
        '亿' => 100_000_000,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Inexact numbers are drawn with ~.
    fn check(sentence: &str, expected: &str) {
        let drawn: Vec<String> = numbers(sentence)
            .iter()
            .map(|number| format!("{}{}{}", if number.exact { "" } else { "~" }, number.value, number.unit))
            .collect();
        assert_eq!(drawn.join(" "), expected, "{sentence}");
    }

    #[test]
    fn numbers_are_read_with_their_units() {
        check("评价总量为 37.4 万余件，好评率达 99.9%", "~374000件 0.999%");
        check("2024年3月5日印发第20条规定", "");
        check("拨打12345热线，回复咨询1,234件", "1234件");
        check("收到申请１２件，占３３．９％", "12件 0.339%");
        check("交易额802.2亿元，同比增长7.82%", "80220000000元 0.0782%");
        check("约30场，近40次，15个工作日内，2个百分点", "~30场 ~40次");
        check("关注数量突破5000人", "~5000人");
        check("受理20-30件，共1万3千件", "");
        check("申请总数1件，增至2件", "1件 2件");
    }

    #[test]
    fn chinese_numerals_are_read_where_they_count() {
        check("全年共收到依申请公开一件，完成答复两件", "1件 2件");
        check("办结十二件，收到三百二十件，公开一百零五件，发布一〇五件", "12件 320件 105件 105件");
        check("办件量两万件，其中一万二千件", "20000件 12000件");
        check("发生行政复议一起，公开信息三条", "1起 3条");
        check("一百余件，十多件，近三十件", "~100件 ~10件 ~30件");
        check("数十件，上百件，几百件，两三件，百余件", "");
        check("“高效办成一件事”，每一件申请，一条龙服务，一起推进，第一件，同一件", "");
        check("一是加强领导，一方面、统一、一个平台、一系列、十四五规划、一次办好、两个专区", "");
    }
}
