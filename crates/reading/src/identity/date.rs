//! The day of publication: from the signature, from the page around the report, from the
//! name of the file.

use std::sync::LazyLock;

use document::Text;
use regex::{Captures, Regex};
use report::{Date, Source, Stated, Year};

use super::agency::{agency_line, agency_of};
use super::{digit, year_of};
use crate::label;
use crate::origin::{origin, origin_of};
use crate::pattern::pattern;

/// The day of publication: the signature, else the page, else the file's name. No report is published
/// before its year is over: such a day is of something else.
pub(super) fn choose(stated: &[Stated<Date>], year: Option<Year>) -> Option<Date> {
    let first = year.map_or(i16::MIN, |year| year.get() as i16);
    [Source::Signature, Source::Page, Source::FileName].into_iter().find_map(|source| {
        let mut of_source = stated.iter().filter(|stated| stated.source == source).map(|stated| stated.value);
        of_source.find(|date| date.year() >= first)
    })
}

/// Whether a line is a day, alone or behind an agency.
pub(super) fn is_signed(line: &str) -> bool {
    SIGNED.captures(&label::squeeze(line)).is_some_and(|found| date_of(&found).is_some())
}

/// The end of a report: who signs, and when.
#[derive(Debug, Default)]
pub(super) struct Signature {
    pub(super) agency: Option<Stated<String>>,
    pub(super) date: Option<Stated<Date>>,
}

macro_rules! day {
    () => {
        r"(?P<year>20\d\d|二[〇○零O0][一二三四五六七八九〇○零]{2})[年./-](?P<month>[\d一二三四五六七八九十]{1,3})[月./-](?P<day>[\d一二三四五六七八九十]{1,3})日?"
    };
}

static SIGNED: LazyLock<Regex> =
    LazyLock::new(|| pattern(concat!(r"^[（(]?(?P<agency>[^\d:：]{0,45}?)", day!(), r"[)）]?$")));

/// Paragraphs at the end that can belong to the signature.
const LINES_OF_SIGNATURE: usize = 8;

/// Paragraphs at the end that are searched for a signature, because the page can continue below it.
const LINES_OF_FOOT: usize = 40;

/// The signature (落款): a line that is a date, with the agency on it or above it. A date before the
/// end of the report year is none. Further up, only an agency with a date under it is one.
pub(super) fn signature(lines: &[&Text], year: Option<Year>) -> Signature {
    let (_, foot) = lines.split_at(lines.len().saturating_sub(LINES_OF_FOOT));
    for (position, line) in foot.iter().enumerate().rev() {
        let squeezed = label::squeeze(line.as_str());
        let Some(found) = SIGNED.captures(&squeezed) else { continue };
        let Some(date) = date_of(&found) else { continue };
        if year.is_some_and(|year| date.year() < year.get() as i16) {
            continue;
        }
        let above = || {
            let above = *foot.get(position.checked_sub(1)?)?;
            Some((agency_line(above.as_str())?, above))
        };
        let agency = agency_of(&found["agency"]).map(|agency| (agency, *line)).or_else(above);
        if foot.len() - position > LINES_OF_SIGNATURE && agency.is_none() {
            continue;
        }
        let stated = |text: &Text| (Source::Signature, Some(origin(text)));
        let agency = agency.map(|(value, text)| {
            let (source, origin) = stated(text);
            Stated { source, value, origin }
        });
        let (source, origin) = stated(line);
        return Signature { agency, date: Some(Stated { source, value: date, origin }) };
    }
    Signature::default()
}

/// The date in a line of its own under the title.
pub(super) fn under_title(lines: &[&Text]) -> Option<Stated<Date>> {
    lines.iter().find_map(|line| {
        let squeezed = label::squeeze(line.as_str());
        let found = SIGNED.captures(&squeezed).filter(|found| found["agency"].is_empty())?;
        Some(Stated { source: Source::Signature, value: date_of(&found)?, origin: Some(origin(line)) })
    })
}

static ON_PAGE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?P<what>发\s*布|发\s*文|公\s*开|公\s*布|成\s*文|生\s*成|发\s*表|印\s*发|日\s*期|时\s*间)\s*(?:日\s*期|时\s*间)?\s*[:：|]?\s*(?P<year>20\d\d)\s*[-年/.]\s*(?P<month>\d{1,2})\s*[-月/.]\s*(?P<day>\d{1,2})",
    )
});

/// The date in a line of the page: 发布日期：2025-01-17.
pub(super) fn on_page(text: &Text) -> Option<Stated<Date>> {
    ON_PAGE.captures_iter(text.as_str()).find_map(|found| {
        let place = origin_of(text.place_of(found.name("year")?.start()..found.name("day")?.end()));
        Some(Stated { source: Source::Page, value: date_of(&found)?, origin: Some(place) })
    })
}

static PLAIN: LazyLock<Regex> = LazyLock::new(|| pattern(concat!("^", day!(), r"(?:\D|$)")));

/// A day at the beginning of a value: the `2025-01-17 09:30` of a page's metadata.
pub(super) fn leading(text: &str) -> Option<Date> {
    PLAIN.captures(text.trim()).and_then(|found| date_of(&found))
}

static IN_NAME: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:^|\D)(?P<year>20\d\d)(?:[-._年](?P<m>\d{1,2})[-._月](?P<d>\d{1,2})|(?P<month>[01]\d)(?P<day>[0-3]\d))(?:\D|$)",
    )
});

/// The day in the name of a file: `t20250120_1186525`, `2025-01-17某局`.
pub(super) fn in_name(stem: &str, year: Option<Year>) -> Option<Stated<Date>> {
    let found = IN_NAME.captures(stem)?;
    let part =
        |long: &str, short: &str| found.name(long).or_else(|| found.name(short))?.as_str().parse().ok();
    let date = Date::new(found["year"].parse().ok()?, part("month", "m")?, part("day", "d")?).ok()?;
    // Any other year is of something else: a day of collection, a serial number.
    let is_next = year.is_some_and(|year| date.year() == year.get() as i16 + 1);
    is_next.then_some(Stated { source: Source::FileName, value: date, origin: None })
}

fn date_of(found: &Captures<'_>) -> Option<Date> {
    let year = year_of(&found["year"])?.get() as i16;
    Date::new(year, small_number(&found["month"])?, small_number(&found["day"])?).ok()
}

/// 1 to 31, in digits or as 十七, 二十, 三十一.
fn small_number(text: &str) -> Option<i8> {
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    let value = |text: &str| {
        let mut characters = text.chars();
        let value = digit(characters.next()?)?.to_digit(10)? as i8;
        characters.next().is_none().then_some(value)
    };
    match text.split_once('十') {
        Some((tens, units)) => {
            let tens = if tens.is_empty() { 1 } else { value(tens)? };
            Some(tens * 10 + if units.is_empty() { 0 } else { value(units)? })
        }
        None => value(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(line: &str) -> Text {
        let mut text = Text::default();
        text.push(line, 1, 0..line.len() as u64, document::Width::Utf8);
        text
    }

    #[track_caller]
    fn check(date: Option<Date>, expected: &str, line: &str) {
        assert_eq!(date.map(|date| date.to_string()).as_deref().unwrap_or("none"), expected, "{line}");
    }

    #[test]
    fn dates_are_read_in_digits_and_in_words() {
        for (line, expected) in [
            ("2025年1月17日", "2025-01-17"),
            ("（2025年1月17日）", "2025-01-17"),
            ("2025-01-17", "2025-01-17"),
            ("2025/1/17", "2025-01-17"),
            ("2025.1.17", "2025-01-17"),
            ("某市教育局2025年01月07日", "2025-01-07"),
            ("二〇二五年一月十七日", "2025-01-17"),
            ("二〇二五年一月二十七日", "2025-01-27"),
            ("二○二五年十二月三十一日", "2025-12-31"),
            ("2025年2月30日", "none"),
            ("2025年13月1日", "none"),
            ("二〇二五年一月四十日", "none"),
            ("1999年1月1日", "none"),
            ("截至2024年12月31日止", "none"),
            ("统计期限:2024年1月1日", "none"),
        ] {
            let line = text(line);
            check(signature(&[&line], None).date.map(|date| date.value), expected, line.as_str());
        }
    }

    #[test]
    fn pages_say_when_they_were_published() {
        for (line, expected) in [
            ("发布日期：2025-01-16    文章来源：东风路街道", "2025-01-16"),
            ("来源：某局 发布时间：2015-02-02 浏览次数：12", "2015-02-02"),
            ("日期: 2019-01-31", "2019-01-31"),
            ("成 文 日 期：2025年1月9日", "2025-01-09"),
            ("发文日期|2025/01/09", "2025-01-09"),
            ("发布日期：2025-02-30", "none"),
            ("2025年1月17日", "none"),
        ] {
            check(on_page(&text(line)).map(|date| date.value), expected, line);
        }
        check(leading("2025-01-17 09:30:00"), "2025-01-17", "meta");
        check(leading("2025-01-171"), "none", "meta");
    }

    #[test]
    fn names_of_files_may_bear_the_day() {
        for (name, expected) in [
            ("t20250120_1186525", "2025-01-20"),
            ("某局2025-01-17", "2025-01-17"),
            ("某局2025年1月17日", "2025-01-17"),
            ("20261120_1", "none"),
            ("某局2024年报告", "none"),
            ("120250117", "none"),
            ("t20251340_1", "none"),
        ] {
            check(in_name(name, Year::new(2024)).map(|date| date.value), expected, name);
        }
    }
}
