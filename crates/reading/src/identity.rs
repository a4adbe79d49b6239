//! The agency, the year and the publication date: from the title, the narrative, the signature, the
//! page and the file name. Every statement is kept, and the first one in a fixed order is used.

mod agency;
mod date;
mod page;
mod title;

use std::sync::LazyLock;

use document::{Block, Document, Text};
use regex::Regex;
use report::{Date, Decimal, Origin, Remark, RemarkKind, Report, Source, Stated, Year};
use title::Title;

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
    let page = page::read(document, outline.preamble(document));
    let stem = file_name.map(stem);
    let from_name = stem.and_then(|stem| title::title_of(stem, Origin::default()));
    let period = all.iter().find_map(|text| period(text));
    let name_year = from_name.as_ref().and_then(|name| name.year);
    let narrative: Vec<Stated<String>> =
        first_sentences(document, outline).find_map(agency::in_narrative).into_iter().collect();

    let signed = date::signature(&all, period.map(|period| period.value)).agency;
    let summed_up = first_sentences(document, outline).find_map(agency::year_summed_up);
    let of_narrative = narrative_year(document, outline);
    let years = [&period, &summed_up, &of_narrative].into_iter().flatten().map(|stated| stated.value);
    let witnesses = Witnesses {
        years: years.chain(name_year).collect(),
        agencies: signed.iter().chain(&page.agencies).chain(&narrative).map(|it| it.value.clone()).collect(),
    };
    let title = title_of_report(document, &preamble, &all, page.titles, &witnesses);

    let mut stated_years = Vec::new();
    if let Some((value, origin)) = title.as_ref().and_then(|title| Some((title.year?, title.origin))) {
        stated_years.push(Stated { source: Source::Title, value, origin: Some(origin) });
    }
    stated_years.extend(period);
    stated_years.extend(summed_up);
    stated_years.extend(of_narrative);
    stated_years.extend(name_year.map(|value| Stated { source: Source::FileName, value, origin: None }));
    let year = year_stated(&stated_years);

    let signature = date::signature(&all, year);
    let mut stated_agencies = Vec::new();
    if let Some((value, origin)) =
        title.as_ref().and_then(|title| Some((title.agency.clone()?, title.origin)))
    {
        stated_agencies.push(Stated { source: Source::Title, value, origin: Some(origin) });
    }
    stated_agencies.extend(narrative);
    stated_agencies.extend(signature.agency);
    stated_agencies.extend(page.agencies);
    stated_agencies.extend(agency_over_title(&preamble, title.as_ref()));
    if stated_agencies.is_empty() {
        stated_agencies.extend(all.iter().find_map(|text| agency::contact(text)));
    }
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

/// What the report says of its year and its agency in other places than its title.
#[derive(Debug, Default)]
struct Witnesses {
    years: Vec<Year>,
    agencies: Vec<String>,
}

impl Witnesses {
    /// How many of them bear a title out; those that contradict it count against it.
    fn support(&self, title: &Title) -> i32 {
        let years = self.years.iter().filter_map(|year| title.year.map(|own| own == *year));
        let agencies = self.agencies.iter().filter_map(|agency| {
            let own = title.agency.as_deref()?;
            Some(own.ends_with(agency.as_str()) || agency.ends_with(own) || agency.starts_with(own))
        });
        years.chain(agencies).map(|agrees| if agrees { 1 } else { -1 }).sum()
    }
}

/// The title: what the page's own metadata call the article, else the name of the page, else the line above
/// the report. A line in a list of links counts only where something else bears it out.
///
/// A name of the page that differs from the title on it, as files have that were made from last year's, loses
/// where the report bears out the other.
fn title_of_report(
    document: &Document,
    preamble: &[&Text],
    all: &[&Text],
    of_cells: Vec<Title>,
    witnesses: &Witnesses,
) -> Option<Title> {
    let entry = |wanted: &str| {
        let mut entries = document.metadata.iter();
        entries.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value)
    };
    let article = ARTICLE.into_iter().filter_map(entry).find_map(title::of_page);
    let (mut printed, mut listed) = title::apart(title::lines(preamble));
    printed.splice(0..0, of_cells);
    let is_named = |titles: &[Title]| titles.iter().any(|title| title.agency.is_some());
    if !is_named(&printed) && !is_named(&listed) {
        printed.extend(title::broken(preamble));
    }
    let page = document.title.as_ref().and_then(title::of_page);
    if printed.is_empty() && listed.is_empty() && article.is_none() && page.is_none() {
        let head = all.get(..LINES_OF_HEAD).unwrap_or(all);
        (printed, listed) = title::apart(title::lines(head));
        printed.extend(title::broken(head));
    }
    let first = printed.iter().position(|title| title.agency.is_some()).unwrap_or(0);
    let line = (first < printed.len()).then(|| printed.remove(first));

    let chosen = match (article.or(page), line) {
        (Some(named), Some(line)) if named.differs(&line) => {
            // Where nothing decides, the only title on the page is what its reader sees.
            let is_only = printed.is_empty() && listed.is_empty();
            let (of_line, of_named) = (witnesses.support(&line), witnesses.support(&named));
            let is_line = of_line > of_named || is_only && of_line == of_named;
            Some(if is_line { line } else { named })
        }
        // The same title: the line on the page is the one that a reader sees.
        (Some(named), Some(line)) if line.agency.is_some() || named.agency.is_none() => {
            Some(Title { year: line.year.or(named.year), ..line })
        }
        (Some(named), _) => Some(named),
        (None, line) => line,
    };
    let Some(chosen) = chosen else {
        let mention = preamble.iter().find_map(|text| title::mention(text));
        return mention.or_else(|| title_among_links(listed, witnesses));
    };
    let shown = printed
        .into_iter()
        .chain(listed)
        .find(|title| title.agency.is_some() && title.agency == chosen.agency && title.year == chosen.year);
    Some(match shown {
        Some(shown) if chosen.is_of_page => shown,
        _ => chosen,
    })
}

/// The entries of a page's metadata that name its article: the guide for government sites (政府网站发展指引) asks
/// for the first.
const ARTICLE: [&str; 2] = ["ArticleTitle", "og:title"];

/// Of the titles in a list of links the one that the report bears out more than the others, or what they have
/// in common.
fn title_among_links(listed: Vec<Title>, witnesses: &Witnesses) -> Option<Title> {
    let support: Vec<i32> = listed.iter().map(|title| witnesses.support(title)).collect();
    let best = support.iter().copied().max()?;
    let is_best = |title: &Title| witnesses.support(title) == best;
    let (best_ones, others): (Vec<Title>, Vec<Title>) = listed.into_iter().partition(is_best);
    if best > 0 || others.is_empty() { Title::common(best_ones) } else { None }
}

/// The agency in a line of its own before the report: the only one there, or the one next to the title.
/// Several are a menu.
fn agency_over_title(preamble: &[&Text], title: Option<&Title>) -> Option<Stated<String>> {
    let mut found: Vec<(usize, Stated<String>)> = Vec::new();
    for (at, text) in preamble.iter().enumerate() {
        let Some(value) = agency::agency_line(text.as_str()) else { continue };
        if found.iter().all(|(_, known)| known.value != value) {
            found.push((at, Stated { source: Source::Page, value, origin: Some(origin(text)) }));
        }
        if found.len() > LINES_OF_HEAD {
            break;
        }
    }
    if let [(_, only)] = &mut found[..] {
        return Some(only.clone());
    }
    let title = title?.origin;
    let line = preamble.iter().position(|text| origin(text) == title)?;
    found.into_iter().find(|(at, _)| at.abs_diff(line) == 1).map(|(_, stated)| stated)
}

/// Whether something at the head of a file names it as an annual report. Links to several reports do not.
pub(crate) fn is_titled(document: &Document, outline: &Outline) -> bool {
    let preamble = paragraphs(outline.preamble(document));
    let names = document.title.iter().chain(document.metadata.iter().map(|(_, value)| value));
    let (alone, listed) = title::apart(title::lines(&preamble));
    let broken = || title::broken(&preamble).filter(|_| alone.is_empty() && listed.is_empty());
    alone.iter().any(|title| title::is_of_report(&title.text))
        || names.filter_map(title::of_page).any(|title| title::is_of_report(&title.text))
        || broken().is_some_and(|title| title::is_of_report(&title.text))
        || preamble.iter().any(|text| title::is_without_year(text.as_str()) || title::mention(text).is_some())
}

/// The remark on the other report in a file of several: its title, or where the file has none, only that it
/// is there.
pub(crate) fn other_report(file: &Document, read: &Report) -> Remark {
    let is_other = |title: &Title| title.year != read.year || title.agency != read.agency;
    let titles = title::lines(&paragraphs(&file.blocks));
    let title = titles.into_iter().map(|line| line.title).find(is_other);
    let year = title.as_ref().and_then(|title| title.year);
    Remark {
        kind: RemarkKind::OtherReport,
        value: year.map(|year| Decimal::from(year.get())),
        section: None,
        origin: title.as_ref().map_or(Origin::default(), |title| title.origin),
        text: title.map_or(String::new(), |title| title.text),
    }
}

/// Whether a line can be part of a signature: an agency, a date, or both.
pub(crate) fn is_signature(line: &str) -> bool {
    agency::agency_line(line).is_some() || date::is_signed(line)
}

/// How many paragraphs are searched for what stands at the head of a report.
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
    before.chain(behind).filter(|text| text.as_str().chars().count() > 20 || text.as_str().contains("编制"))
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
