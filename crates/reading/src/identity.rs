//! The agency, the year and the publication date: from the title, the narrative, the signature, the
//! page and the file name. Every statement is kept, and the first one in a fixed order is used.

mod agency;
mod date;
mod page;
mod title;

use std::sync::LazyLock;

use document::{Block, Document, Text};
use regex::Regex;
use report::{Date, Origin, Source, Stated, Year};

use crate::origin::{origin, origin_of};
use crate::outline::Outline;
use crate::pattern::pattern;

/// The identity that a report states.
#[derive(Debug, Default)]
pub(crate) struct Identity {
    pub(crate) title: Option<String>,
    pub(crate) agency: Option<String>,
    pub(crate) stated_agencies: Vec<Stated<String>>,
    pub(crate) year: Option<Year>,
    pub(crate) stated_years: Vec<Stated<Year>>,
    pub(crate) published: Option<Date>,
    pub(crate) stated_dates: Vec<Stated<Date>>,
}

/// Reads title, agency, year and publication date.
pub(crate) fn identify(document: &Document, outline: &Outline, file_name: Option<&str>) -> Identity {
    let preamble = paragraphs(outline.preamble(document));
    let all = paragraphs(&document.blocks);
    let title = title::title_in(&preamble)
        .or_else(|| document.title.as_ref().and_then(|text| title::title_of(text.as_str(), origin(text))))
        .or_else(|| title::title_in(all.get(..LINES_OF_HEAD).unwrap_or(&all)))
        .or_else(|| preamble.iter().find_map(|text| title::mention(text)));
    let stem = file_name.map(stem);
    let from_name = stem.and_then(|stem| title::title_of(stem, Origin::default()));

    let mut stated_years = Vec::new();
    if let Some((value, origin)) = title.as_ref().and_then(|title| Some((title.year?, title.origin))) {
        stated_years.push(Stated { source: Source::Title, value, origin: Some(origin) });
    }
    stated_years.extend(all.iter().find_map(|text| period(text)));
    stated_years.extend(narrative_year(document, outline));
    let name_year = from_name.as_ref().and_then(|name| name.year);
    stated_years.extend(name_year.map(|value| Stated { source: Source::FileName, value, origin: None }));
    let year = year_stated(&stated_years);

    let signature = date::signature(&all, year);
    let page = page::read(document, outline.preamble(document));
    let mut stated_agencies = Vec::new();
    if let Some((value, origin)) =
        title.as_ref().and_then(|title| Some((title.agency.clone()?, title.origin)))
    {
        stated_agencies.push(Stated { source: Source::Title, value, origin: Some(origin) });
    }
    stated_agencies.extend(first_sentences(document, outline).find_map(agency::in_narrative));
    stated_agencies.extend(signature.agency);
    stated_agencies.extend(page.agencies);
    stated_agencies.extend(preamble.iter().find_map(|text| {
        let value = agency::agency_line(text.as_str())?;
        Some(Stated { source: Source::Page, value, origin: Some(origin(text)) })
    }));
    let name_agency = from_name.and_then(|name| name.agency);
    stated_agencies.extend(name_agency.map(|value| Stated { source: Source::FileName, value, origin: None }));

    let mut stated_dates = Vec::new();
    stated_dates.extend(signature.date.or_else(|| date::under_title(&preamble)));
    stated_dates.extend(page.dates);
    stated_dates.extend(stem.and_then(|stem| date::in_name(stem, year)));
    Identity {
        title: title.map(|title| title.text),
        agency: agency::choose(&stated_agencies),
        stated_agencies,
        year,
        stated_years,
        published: date::choose(&stated_dates, year),
        stated_dates,
    }
}

/// Whether a line can be part of a signature: an agency, a date, or both.
pub(crate) fn is_signature(line: &str) -> bool {
    agency::agency_line(line).is_some() || date::is_signed(line)
}

/// How many paragraphs are searched for a title where no heading ends the preamble.
const LINES_OF_HEAD: usize = 30;

/// The report's year: from the title, else the period of the statistics, the file name, the
/// narrative, which speaks of other years too.
fn year_stated(stated: &[Stated<Year>]) -> Option<Year> {
    [Source::Title, Source::Period, Source::FileName, Source::Narrative]
        .into_iter()
        .find_map(|source| stated.iter().find(|stated| stated.source == source))
        .map(|stated| stated.value)
}

fn paragraphs(blocks: &[Block]) -> Vec<&Text> {
    blocks.iter().filter_map(Block::paragraph_text).collect()
}

/// Paragraphs on either side of the first heading that can name the agency.
fn first_sentences<'d>(document: &'d Document, outline: &Outline) -> impl Iterator<Item = &'d Text> {
    let heading = outline.blocks.first().copied().unwrap_or(0);
    let before = outline.preamble(document).iter().filter_map(Block::paragraph_text).take(LINES_OF_HEAD);
    let behind = document.blocks.iter().skip(heading + 1).filter_map(Block::paragraph_text).take(2);
    before.chain(behind).filter(|text| text.as_str().chars().count() > 20)
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
fn period(text: &Text) -> Option<Stated<Year>> {
    let found = PERIOD.captures(text.as_str())?;
    let year = found.get(1)?;
    let place = origin_of(text.place_of(year.range()));
    Some(Stated { source: Source::Period, value: year_of(year.as_str())?, origin: Some(place) })
}

static YEAR: LazyLock<Regex> = LazyLock::new(|| pattern(r"(20\d\d)\s*年"));

/// The first year named below the first heading.
fn narrative_year(document: &Document, outline: &Outline) -> Option<Stated<Year>> {
    let from = outline.blocks.first()? + 1;
    let below = document.blocks.get(from..)?;
    paragraphs(below).iter().find_map(|text| {
        let year = YEAR.captures(text.as_str())?.get(1)?;
        let place = origin_of(text.place_of(year.range()));
        Some(Stated { source: Source::Narrative, value: year_of(year.as_str())?, origin: Some(place) })
    })
}

/// The name of a file without folders and ending.
fn stem(name: &str) -> &str {
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}
