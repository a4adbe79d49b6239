//! Statements of a report about itself, mostly before its first part: the notices it follows, the period it
//! covers, the parts it has, and whose figures they are.

use std::sync::LazyLock;

use document::Text;
use regex::Regex;
use report::{Date, Decimal, RemarkKind, SectionKind};

use super::{Remarks, has_any, sentences};
use crate::label;
use crate::pattern::pattern;

/// Reads one paragraph.
pub(super) fn read(remarks: &mut Remarks, section: Option<SectionKind>, text: &Text) {
    let line = text.as_str();
    if line.contains('号') || line.contains("有关事项的通知") {
        citations(remarks, section, text);
    }
    if has_any(line, &PERIODS) && !remarks.has(RemarkKind::Period) {
        period(remarks, section, text);
    }
    if has_any(line, &["部分", "方面", "内容"]) && !remarks.has(RemarkKind::Parts) {
        parts(remarks, section, text);
    }
    if line.contains('全') && line.contains("申请") {
        scope(remarks, section, text);
    }
}

static NUMBERED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?P<series>\p{Han}{2,14})\s*[〔\[（(［【]\s*(?P<year>20\d\d)\s*[〕\])）］】]\s*第?\s*(?P<number>\d{1,4})\s*号",
    )
});

static DECREE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"国务院(?:令)?\s*[（(]?\s*第?\s*(?P<number>\d{3})\s*号(?:令)?"));

/// The number right behind the name of a notice: 》（国办公开办函〔2021〕30号）.
static NUMBER_BEHIND: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^\s*[》〉]?\s*[（(]?\s*国办公开办函\s*[〔\[（(［【]\s*(?P<year>20\d\d)\s*[〕\])）］】]\s*第?\s*(?P<number>\d{1,4})\s*号",
    )
});

/// The notice of 2019 by its name, which many a report keeps beside the number of the newer one.
const NOTICE_OF_2019: &str = "关于政府信息公开工作年度报告有关事项的通知";

/// Words that can precede the series of a document.
const BEFORE_SERIES: [&str; 8] = ["根据", "按照", "依据", "依照", "依", "按", "照", "的"];

fn citations(remarks: &mut Remarks, section: Option<SectionKind>, text: &Text) {
    for found in NUMBERED.captures_iter(text.as_str()) {
        let Some(whole) = found.get(0) else { continue };
        let series = &found["series"];
        let from = series.find("国办").unwrap_or(0);
        let mut series = &series[from..];
        while let Some(rest) = BEFORE_SERIES.iter().find_map(|word| series.strip_prefix(word)) {
            series = rest;
        }
        let words = format!("{series}〔{}〕{}号", &found["year"], &found["number"]);
        remarks.add(RemarkKind::Citation, words, None, section, (text, whole.range()));
    }
    if let Some(at) = text.as_str().find(NOTICE_OF_2019) {
        // Provinces have notices of that name too.
        let is_of_state =
            ["国务院办公厅", "政务公开办公室", "国办"].iter().any(|name| text.as_str()[..at].ends_with(name));
        if is_of_state {
            let range = at..at + NOTICE_OF_2019.len();
            let behind = &text.as_str()[range.end..];
            let words = match NUMBER_BEHIND.captures(behind) {
                Some(found) => {
                    format!("{NOTICE_OF_2019}（国办公开办函〔{}〕{}号）", &found["year"], &found["number"])
                }
                None => NOTICE_OF_2019.to_owned(),
            };
            remarks.add(RemarkKind::Citation, words, None, section, (text, range));
        }
    }
    for found in DECREE.captures_iter(text.as_str()) {
        let Some(whole) = found.get(0) else { continue };
        let words = format!("国务院令第{}号", &found["number"]);
        let before = text.as_str()[..whole.start()].trim_end_matches(['》', '〉', '（', '(', ' ']);
        // Other decrees have other numbers; those of these regulations are two.
        let is_of_regulations = before.ends_with("政府信息公开条例");
        let words = match &found["number"] {
            "711" | "492" => words,
            _ if is_of_regulations => format!("政府信息公开条例（{words}）"),
            _ => words,
        };
        remarks.add(RemarkKind::Citation, words, None, section, (text, whole.range()));
    }
}

/// Words that name the period of the statistics.
const PERIODS: [&str; 9] =
    ["统计期", "统计时", "统计区间", "统计周期", "统计范围", "统计日期", "期限", "时限", "时间范围"];

macro_rules! named {
    () => {
        r"(?:统计期|统计时|统计区间|统计周期|统计范围|统计日期|期限|时限|时间范围)[^。；;，,\d]{0,15}?"
    };
}

static PERIOD: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        named!(),
        r"(?P<whole>(?P<from>20\d\d)\s*年\s*(?P<month>\d{1,2})\s*月\s*(?:(?P<day>\d{1,2})\s*日)?\s*起?\s*[，,]?\s*",
        r"(?:至|到|[-—－–~～]+)\s*(?:(?:当|同|该)年|(?P<to>20\d\d)\s*年)?\s*(?P<last_month>\d{1,2})\s*月\s*(?:(?P<last_day>\d{1,2})\s*日)?)",
    ))
});

/// The same with 年, 月 or 日 lost on the way through a website.
static DAMAGED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        named!(),
        r"(?P<whole>20\d\d[\d年月日\s]{0,9}起?\s*[，,]?\s*(?:至|到|[-—－–~～]+)\s*(?:当年|同年)?[\d年月日\s]{3,12})",
    ))
});

/// The first period named: those of single matters follow it.
fn period(remarks: &mut Remarks, section: Option<SectionKind>, text: &Text) {
    let line = text.as_str();
    if !has_any(line, &["报告", "年报", "统计"]) {
        return;
    }
    let Some(found) = PERIOD.captures(line) else {
        let damaged = DAMAGED.captures(line).and_then(|found| found.name("whole"));
        if let Some(whole) = damaged {
            let words = label::squeeze(whole.as_str());
            remarks.add(RemarkKind::Period, words, None, section, (text, whole.range()));
        }
        return;
    };
    let Some(whole) = found.name("whole") else { return };
    let part = |name: &str| found.name(name).and_then(|part| part.as_str().parse::<i16>().ok());
    let date = |year: Option<i16>, month: &str, day: Option<i16>| {
        let first = Date::new(year?, i8::try_from(part(month)?).ok()?, 1).ok()?;
        let day = day.map_or(Some(first), |day| first.with().day(i8::try_from(day).ok()?).build().ok())?;
        Some(day)
    };
    let from = date(part("from"), "month", part("day"));
    let to = date(part("to").or(part("from")), "last_month", part("last_day"));
    // 1月至12月: both months are meant whole.
    let to = if found.name("last_day").is_none() { to.map(Date::last_of_month) } else { to };
    let words = match from.zip(to) {
        Some((from, to)) => format!("{from}/{to}"),
        None => label::squeeze(whole.as_str()),
    };
    remarks.add(RemarkKind::Period, words, None, section, (text, whole.range()));
}

static PARTS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?P<count>[一二三四五六七八九十]|\d{1,2})\s*(?:个|大|项|方面|部分)\s*(?:组成)?\s*(?:部分|方面|内容)?",
    )
});

/// Of how many parts the report says that it is made: a sentence that lists several of the six.
fn parts(remarks: &mut Remarks, section: Option<SectionKind>, text: &Text) {
    for (range, sentence) in sentences(text.as_str()) {
        // One of the six may be what the list forgets.
        let named = [
            has_any(sentence, &["总体情况", "概述", "总体概况"]),
            has_any(sentence, &["收到和处理", "依申请公开"]),
            has_any(sentence, &["复议", "诉讼"]),
            has_any(sentence, &["问题"]),
            has_any(sentence, &["其他需要", "其他报告", "其他事项"]),
        ];
        let lists = sentence.contains("主动公开")
            && named.into_iter().filter(|named| *named).count() >= 3
            && has_any(sentence, &["部分", "方面", "内容"]);
        if !lists {
            continue;
        }
        let count = PARTS.captures_iter(sentence).find_map(|found| {
            let words = found.get(0)?.as_str();
            let behind = &sentence[found.get(0)?.end()..];
            let is_count =
                has_any(words, &["部分", "方面"]) || words.contains("内容") || behind.starts_with("内容");
            let count = found.name("count").filter(|_| is_count)?.as_str();
            let count = count.parse().ok().or_else(|| chinese(count))?;
            Some(Decimal::from(count))
        });
        if let Some(count) = count {
            remarks.add(RemarkKind::Parts, sentence.trim(), Some(count), section, (text, range));
            return;
        }
    }
}

fn chinese(digit: &str) -> Option<u32> {
    let at = "一二三四五六七八九十".chars().position(|other| digit.chars().eq([other]))?;
    u32::try_from(at + 1).ok()
}

static SCOPE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?P<area>全省|全市|全县|全区|全州|全盟|全旗|全镇|全乡|全街道|全系统)[^，,。；;\d]{0,16}(?:收到|受理|接收|办理|答复)[^，,。；;\d]{0,10}申请",
    )
});

fn scope(remarks: &mut Remarks, section: Option<SectionKind>, text: &Text) {
    let Some(found) = SCOPE.captures(text.as_str()) else { return };
    let Some(whole) = found.get(0) else { return };
    let area = &found["area"];
    let is_known = remarks.found.iter().any(|remark| remark.kind == RemarkKind::Scope && remark.text == area);
    if !is_known {
        remarks.add(RemarkKind::Scope, area, None, section, (text, whole.range()));
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;

    #[test]
    fn notices_are_cited_by_their_numbers() {
        check(
            "",
            "根据《条例》（国务院令第711号）和《格式》的通知（国办公开办函 [ 2021 ] 30 号）要求编制\n依照鲁政办发〔2023〕8号文件",
            &[
                "citation 国办公开办函〔2021〕30号",
                "citation 国务院令第711号",
                "citation 鲁政办发〔2023〕8号",
            ],
        );
        check(
            "",
            "依据《国务院办公厅政府信息与政务公开办公室关于政府信息公开工作年度报告有关事项的通知》编制\n依据《省政府办公厅关于政府信息公开工作年度报告有关事项的通知》",
            &["citation 关于政府信息公开工作年度报告有关事项的通知"],
        );
        check(
            "",
            "落实《中华人民共和国政府信息公开条例》（国务院令第771号），执行《生产安全事故应急条例》（国务院令第708号）",
            &["citation 政府信息公开条例（国务院令第771号）", "citation 国务院令第708号"],
        );
        check("", "原国务院第492号令，电话12345号，2021年第30号公告", &["citation 国务院令第492号"]);
    }

    #[test]
    fn the_period_is_read_in_all_its_spellings() {
        for (line, expected) in [
            ("所列数据的统计期限自2024年1月1日起至12月31日止。", "2024-01-01/2024-12-31"),
            ("统计期限为：2024年1月1日-2024年12月31日。", "2024-01-01/2024-12-31"),
            ("所列统计数据时间范围为 2024 年 1 月 1 日至 2024 年 12 月 31 日。", "2024-01-01/2024-12-31"),
            ("本报告数据统计时间为2024年1月至12月。", "2024-01-01/2024-12-31"),
            ("本报告中所列数据的统计期限自2022年1月1日起，至2022年12月31日止。", "2022-01-01/2022-12-31"),
            ("有关情况及数据统计期限为2023年1月1日至2023年12月31日。", "2023-01-01/2023-12-31"),
            ("本年报所列数据统计时限为2023年1月1日起至2023年12月31日止。", "2023-01-01/2023-12-31"),
            ("本报告中所列数据的统计期限自2020年1月1日起至2020年12月30日止", "2020-01-01/2020-12-30"),
            ("数据统计期限自202111日起至20211230日止", "202111日起至20211230日"),
        ] {
            check("", line, &[&format!("period {expected}")]);
        }
        check("", "办理时限由20个工作日压缩为5个。统计局2024年3月1日至6月30日开展调查", &[]);
        check("", "数据核定时间点为2022年12月31日", &[]);
    }

    #[test]
    fn the_parts_are_counted_where_the_sentence_lists_them() {
        let list = "总体情况、主动公开政府信息情况、收到和处理政府信息公开申请情况、政府信息公开行政复议、行政诉讼情况、存在的主要问题及改进情况、其他需要报告的事项";
        for (sentence, count) in [
            (format!("本报告由{list}等六个部分组成。"), "6"),
            (format!("全文包括{list}6个部分。"), "6"),
            (format!("主要从{list}等五个方面进行报告。"), "5"),
            (format!("全文包括六项内容：{list}。"), "6"),
            ("本报告由总体情况、主动公开政府信息情况、收到和处理政府信息公开申请情况、存在问题及改进情况、其他需要报告的事项等六部分组成。".to_owned(), "6"),
            ("由总体情况、主动公开政府信息情况、政府信息公开行政复议、行政诉讼情况、其他需要报告的事项等六部分组成。".to_owned(), "6"),
            (format!("报告包括{list}等7部分内容。"), "7"),
        ] {
            check("", &sentence, &[&format!("parts {sentence} ={count}")]);
        }
        check("", "从主动公开、依申请公开、监督保障等五个方面推进工作", &[]);
    }

    #[test]
    fn whose_figures_they_are() {
        check("", "2024年，全市各级行政机关共收到政府信息公开申请3119件", &["scope 全市"]);
        check("", "2024年，我局收到政府信息公开申请3件，服务全市企业", &[]);
    }
}
