//! Who reports, for which year, published when: from title, period, signature and file name.

use std::sync::LazyLock;

use document::{Block, Document, Text};
use regex::{Captures, Regex};
use report::{Date, Origin, StatedYear, Year, YearSource};

use crate::label;
use crate::outline::Outline;
use crate::place::{of_place, origin};

/// What the report says of itself.
#[derive(Debug, Default)]
pub(crate) struct Identity {
    pub(crate) title: Option<String>,
    pub(crate) agency: Option<String>,
    pub(crate) year: Option<Year>,
    pub(crate) stated_years: Vec<StatedYear>,
    pub(crate) published: Option<Date>,
}

/// Reads title, agency, year and publication date.
pub(crate) fn identify(document: &Document, outline: &Outline, file_name: Option<&str>) -> Identity {
    let preamble = paragraphs(outline.preamble(document));
    let all = paragraphs(&document.blocks);
    let title = title_in(&preamble)
        .or_else(|| document.title.as_ref().and_then(|text| title_of(text.as_str(), origin(text))))
        .or_else(|| title_in(&all[..all.len().min(LINES_OF_HEAD)]))
        .or_else(|| preamble.iter().find_map(|text| mention(text)));
    let from_name = file_name.and_then(|name| title_of(stem(name), Origin::default()));

    let mut stated_years = Vec::new();
    if let Some((year, origin)) = title.as_ref().and_then(|title| Some((title.year?, title.origin))) {
        stated_years.push(StatedYear { source: YearSource::Title, year, origin: Some(origin) });
    }
    stated_years.extend(all.iter().find_map(|text| period(text)));
    stated_years.extend(narrative_year(document, outline));
    let name_year = from_name.as_ref().and_then(|name| name.year);
    stated_years.extend(name_year.map(|year| StatedYear {
        source: YearSource::FileName,
        year,
        origin: None,
    }));

    let stated = |source| {
        stated_years.iter().find(|stated: &&StatedYear| stated.source == source).map(|stated| stated.year)
    };
    let year = stated(YearSource::Title)
        .or_else(|| stated(YearSource::Period))
        .or(name_year)
        .or_else(|| stated(YearSource::Narrative));
    let signature = signature(&all, year);
    let agency = title
        .as_ref()
        .and_then(|title| title.agency.clone())
        .or_else(|| signature.as_ref().and_then(|signature| signature.agency.clone()))
        .or_else(|| preamble.iter().find_map(|text| agency_line(text.as_str())))
        .or_else(|| from_name.and_then(|name| name.agency));
    Identity {
        title: title.map(|title| title.text),
        agency,
        year,
        published: signature.map(|signature| signature.date).or_else(|| metadata_date(&preamble)),
        stated_years,
    }
}

/// How many paragraphs are searched for a title where no heading ends the preamble.
const LINES_OF_HEAD: usize = 30;

fn paragraphs(blocks: &[Block]) -> Vec<&Text> {
    blocks
        .iter()
        .filter_map(|block| match block {
            Block::Paragraph(paragraph) => Some(&paragraph.text),
            Block::Table(_) => None,
        })
        .collect()
}

static MENTION: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:编制|编写|公布|发布|现将|形成)(?:了)?(?P<title>(?P<agency>[^。、《》,;:\s]{4,40}?)(?P<year>20\d\d)年度?(?:政府|政务)信息公开(?:工作)?(?:年度)?(?:工作)?报告)",
    )
});

/// The report named in its own first sentence, where no line is its title: 特编制某局2023年…年度报告.
fn mention(text: &Text) -> Option<Title> {
    let squeezed = label::squeeze(text.as_str());
    let found = MENTION.captures(&squeezed)?;
    // 区统计局, 我局: who that is, only the site knows on which it stands.
    let agency = agency_of(&found["agency"])
        .filter(|agency| !agency.starts_with(['我', '本', '区', '市', '县', '省', '镇', '乡']))?;
    let year = year_of(&found["year"]);
    Some(Title { text: found["title"].to_owned(), agency: Some(agency), year, origin: origin(text) })
}

#[derive(Debug)]
struct Title {
    text: String,
    agency: Option<String>,
    year: Option<Year>,
    origin: Origin,
}

static TITLE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?:关于)?(?P<agency>.*?)(?:关于)?(?:公开|公布|发布|印发|编制)?(?P<year>20\d\d|二[〇○零O0][一二三四五六七八九〇○零]{2})年?度?(?P<again>.{0,30}?)(?:政府|政务)?信息公开(?:工作)?(?:的)?(?:年度)?(?:工作)?(?:情况)?(?:的)?(?:年度)?(?:工作)?(?:情况)?(?:的)?(?:年度)?(?:总结)?(?:报告|年报)",
    )
});

/// The title in one line or broken over up to three.
fn title_in(lines: &[&Text]) -> Option<Title> {
    let mut nameless = None;
    for count in 1..=3 {
        for window in lines.windows(count) {
            if window.iter().any(|text| text.as_str().chars().count() > 80) {
                continue;
            }
            let joined: String = window.iter().map(|text| text.as_str()).collect();
            let place = Origin { end: origin(window[count - 1]).end, ..origin(window[0]) };
            match title_of(&joined, place) {
                Some(title) if title.agency.is_some() => return Some(title),
                Some(title) => {
                    nameless.get_or_insert(title);
                }
                None => {}
            }
        }
    }
    nameless
}

fn title_of(text: &str, origin: Origin) -> Option<Title> {
    let squeezed = label::squeeze(text.trim_start_matches('#'));
    let found = TITLE.captures(&squeezed)?;
    // Behind the title only a remark may stand; a sentence that mentions the report goes on.
    let rest = squeezed[found.get(0)?.end()..].trim_start_matches('》');
    if rest.chars().count() > 20 || rest.contains(is_stop) {
        return None;
    }
    let before = clean_agency(&found["agency"]);
    let agency = agency_of(&before).or_else(|| agency_of(&clean_agency(&found["again"])));
    if before.contains(is_stop) {
        return None;
    }
    Some(Title { text: squeezed.clone(), agency, year: year_of(&found["year"]), origin })
}

/// Marks that end a name or a clause; full-width ones are narrow by now.
fn is_stop(c: char) -> bool {
    matches!(c, ',' | ';' | ':' | '?' | '!' | '。' | '、' | '《' | '》' | '“' | '”' | '/' | '_')
}

/// Words that name agencies end so.
const AGENCY_ENDINGS: [&str; 40] = [
    "局",
    "委",
    "委员会",
    "办",
    "办公室",
    "厅",
    "府",
    "院",
    "所",
    "中心",
    "处",
    "部",
    "署",
    "总队",
    "支队",
    "大队",
    "站",
    "街道",
    "乡",
    "镇",
    "区",
    "县",
    "市",
    "旗",
    "省",
    "会",
    "馆",
    "社",
    "行",
    "团",
    "队",
    "公司",
    "学校",
    "大学",
    "医院",
    "园",
    "场",
    "办事处",
    "司",
    "科",
];

fn agency_of(text: &str) -> Option<String> {
    let length = text.chars().count();
    let is_name = (3..=45).contains(&length)
        && AGENCY_ENDINGS.iter().any(|ending| text.ends_with(ending))
        && !text.contains(|c: char| c.is_ascii_digit() || is_stop(c));
    is_name.then(|| text.to_owned())
}

/// Words that stand before an agency in a title and are not part of its name.
const BEFORE_AGENCY: [&str; 7] = ["关于", "公布", "发布", "印发", "公开", "报送", "转发"];

/// The agency without what a title puts around it; header lines often repeat it: `A局A局关于`.
fn clean_agency(text: &str) -> String {
    let edge = |c: char| matches!(c, '-' | '_' | '—' | '|' | ':' | '：' | '·');
    let text = text.rsplit('《').next().unwrap_or(text);
    let mut text = text.trim_end_matches("关于").trim_matches(edge);
    while let Some(rest) = BEFORE_AGENCY.iter().find_map(|word| text.strip_prefix(word)) {
        text = rest;
    }
    let half = text.len() / 2;
    if text.len().is_multiple_of(2) && text.is_char_boundary(half) && text[..half] == text[half..] {
        return text[..half].to_owned();
    }
    text.to_owned()
}

fn agency_line(line: &str) -> Option<String> {
    agency_of(&label::squeeze(line))
}

/// 2024 or 二〇二四.
fn year_of(text: &str) -> Option<Year> {
    let digits: String = text.chars().map(digit).collect::<Option<_>>()?;
    Year::new(digits.parse().ok()?)
}

fn digit(c: char) -> Option<char> {
    match c {
        '0'..='9' => Some(c),
        '〇' | '○' | '零' | 'O' => Some('0'),
        _ => "一二三四五六七八九"
            .chars()
            .position(|digit| digit == c)
            .and_then(|at| char::from_digit(at as u32 + 1, 10)),
    }
}

static PERIOD: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:统计)?(?:期限|时限|区间)(?:为|是|自|从|：|:|均|即|起止|时间)*\s*(20\d\d)\s*年\s*1\s*月\s*1\s*日",
    )
});

/// The period of the statistics: 统计期限自2024年1月1日….
fn period(text: &Text) -> Option<StatedYear> {
    let found = PERIOD.captures(text.as_str())?;
    let year = found.get(1)?;
    let place = of_place(text.place_of(year.range()));
    Some(StatedYear { source: YearSource::Period, year: year_of(year.as_str())?, origin: Some(place) })
}

static YEAR: LazyLock<Regex> = LazyLock::new(|| pattern(r"(20\d\d)\s*年"));

/// The first year named below the first heading.
fn narrative_year(document: &Document, outline: &Outline) -> Option<StatedYear> {
    let from = outline.blocks.first()? + 1;
    paragraphs(&document.blocks[from..]).iter().find_map(|text| {
        let year = YEAR.captures(text.as_str())?.get(1)?;
        let place = of_place(text.place_of(year.range()));
        Some(StatedYear { source: YearSource::Narrative, year: year_of(year.as_str())?, origin: Some(place) })
    })
}

struct Signature {
    agency: Option<String>,
    date: Date,
}

static DATE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?P<agency>\D{0,45}?)(?P<year>20\d\d|二[〇○零O0][一二三四五六七八九〇○零]{2})年(?P<month>[\d一二三四五六七八九十]{1,3})月(?P<day>[\d一二三四五六七八九十]{1,3})日$",
    )
});

/// Paragraphs at the end that can belong to the signature.
const LINES_OF_SIGNATURE: usize = 8;

/// The signature (落款): a line that is a date, with the agency on it or above it. A date before the
/// end of the report year is none.
fn signature(lines: &[&Text], year: Option<Year>) -> Option<Signature> {
    let tail = &lines[lines.len().saturating_sub(LINES_OF_SIGNATURE)..];
    for (position, line) in tail.iter().enumerate().rev() {
        let squeezed = label::squeeze(line.as_str());
        let Some(found) = DATE.captures(&squeezed) else { continue };
        let Some(date) = date_of(&found) else { continue };
        if year.is_some_and(|year| date.year() < year.get() as i16) {
            continue;
        }
        let above = position.checked_sub(1).and_then(|above| agency_line(tail[above].as_str()));
        return Some(Signature { agency: agency_of(&found["agency"]).or(above), date });
    }
    None
}

static METADATA: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:发布|发文|公开|公布|成文|生成)(?:时间|日期)[:：]?(?P<year>20\d\d)[-年/.](?P<month>\d{1,2})[-月/.](?P<day>\d{1,2})",
    )
});

fn metadata_date(lines: &[&Text]) -> Option<Date> {
    lines
        .iter()
        .find_map(|line| METADATA.captures(&label::squeeze(line.as_str())).and_then(|found| date_of(&found)))
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
    let value = |c: char| digit(c).and_then(|digit| digit.to_digit(10)).map(|digit| digit as i8);
    let (tens, units) = match text.split_once('十') {
        Some((tens, units)) => (if tens.is_empty() { 1 } else { value(tens.chars().next()?)? }, units),
        None => (0, text),
    };
    let units = if units.is_empty() { 0 } else { value(units.chars().next()?)? };
    Some(tens * 10 + units)
}

/// The name of a file without folders and ending.
fn stem(name: &str) -> &str {
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

fn pattern(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the pattern is a constant and a test compiles it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_name_agency_and_year() {
        for (line, expected) in [
            ("碑林区行政审批服务局 2024 年政府信息公开工作年度报告", "碑林区行政审批服务局 2024"),
            (
                "西安市行政审批服务局西安市行政审批服务局 关于 2019 年度政府信息公开工作的报告",
                "西安市行政审批服务局 2019",
            ),
            ("2022年度政府信息公开工作报告", "- 2022"),
            ("关于公布某市教育局2023年政府信息公开工作年度报告", "某市教育局 2023"),
            ("二〇二三年某县人民政府政府信息公开年度报告", "某县人民政府 2023"),
            ("2021年某镇人民政府政府信息公开工作年度报告（含附表）", "某镇人民政府 2021"),
            ("关于印发《某市水务局2022年政府信息公开工作年度报告》的通知", "某市水务局 2022"),
            ("某市财政局2020年政务公开工作总结", "none"),
            ("按照要求，编制某局2023年政府信息公开工作年度报告，内容如下", "none"),
        ] {
            let drawn = title_of(line, Origin::default()).map(|title| {
                let year = title.year.map_or("-".into(), |year| year.to_string());
                format!("{} {year}", title.agency.as_deref().unwrap_or("-"))
            });
            assert_eq!(drawn.as_deref().unwrap_or("none"), expected, "{line}");
        }
    }

    #[test]
    fn dates_are_read_in_digits_and_in_words() {
        for (text, expected) in [
            ("2025年1月17日", "2025-01-17"),
            ("某市教育局2025年01月07日", "2025-01-07"),
            ("二〇二五年一月二十七日", "2025-01-27"),
            ("二○二五年十二月三十一日", "2025-12-31"),
            ("2025年2月30日", "none"),
            ("截至2024年12月31日止", "none"),
        ] {
            let date = DATE.captures(text).and_then(|found| date_of(&found)).map(|date| date.to_string());
            assert_eq!(date.as_deref().unwrap_or("none"), expected, "{text}");
        }
    }
}
