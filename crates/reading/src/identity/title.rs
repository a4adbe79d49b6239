//! The title: one to three lines, or else the first sentence that names the report.

use std::sync::LazyLock;

use document::Text;
use regex::Regex;
use report::{Origin, Year};

use super::agency::{MENTION, agency_mentioned, agency_of, clean_agency, is_stop};
use super::{YEAR, year_of};
use crate::label;
use crate::origin::{origin, origin_of};
use crate::pattern::pattern;

/// The report named in its own first sentence, where no line is its title: 特编制某局2023年…年度报告.
pub(super) fn mention(text: &Text) -> Option<Title> {
    let squeezed = label::squeeze(text.as_str());
    let found = MENTION.captures(&squeezed)?;
    let agency = agency_mentioned(&squeezed)?;
    let year = year_of(&found["year"]);
    let text_of_title = found["title"].to_owned();
    Some(Title { text: text_of_title, agency: Some(agency), year, origin: origin(text), is_of_page: false })
}

/// The line that names the report.
#[derive(Debug)]
pub(super) struct Title {
    pub(super) text: String,
    pub(super) agency: Option<String>,
    pub(super) year: Option<Year>,
    pub(super) origin: Origin,
    /// It is the name that the page gives itself, which its reader may not see.
    pub(super) is_of_page: bool,
}

static LONG_NUMBER: LazyLock<Regex> = LazyLock::new(|| pattern(r"\d{6,}"));

macro_rules! report {
    () => {
        r"(?:政府|政务)?信息公开(?:工作)?(?:的)?(?:年度)?(?:工作)?(?:情况)?(?:的)?(?:年度)?(?:工作)?(?:情况)?(?:的)?(?:年度)?(?:总结)?(?:报告|年报)"
    };
}

/// A year has 年 behind it, so that 第二零一零教育局 keeps its name; digits right before 政府信息公开 need none.
static TITLE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"^(?:关于)?(?P<agency>.*?)(?:关于)?(?:公开|公布|发布|印发|编制)?",
        r"(?:(?P<year>20\d\d|二[〇○零O0][一二三四五六七八九〇○零]{2})年度?(?P<again>.{0,30}?)|(?P<bare>20\d\d)度?)",
        report!(),
    ))
});

/// The year at the beginning, without 年: 2022某局政府信息公开工作年度报告.
static YEAR_BEFORE: LazyLock<Regex> =
    LazyLock::new(|| pattern(concat!(r"^(?P<year>20\d\d)(?P<agency>[^\d年].{0,30}?)", report!())));

/// The year behind the words: 某局政府信息公开工作2022年度报告, 某局政府信息公开工作年度报告(2022年).
static YEAR_BEHIND: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?:关于)?(?P<agency>.*?)(?:政府|政务)?信息公开(?:工作)?(?:(?P<year>20\d\d)年度?(?:工作)?(?:报告|年报)|(?:工作)?(?:年度)?(?:工作)?(?:报告|年报)[(—-]*(?P<last>20\d\d)年?度?\)?$)",
    )
});

/// A title with the position of its line.
#[derive(Debug)]
pub(super) struct Line {
    at: usize,
    pub(super) title: Title,
}

/// Lines before the report that are searched for its title. Longer beginnings are menus.
const LINES: usize = 1_000;

/// Every line that is a title by itself.
pub(super) fn lines(lines: &[&Text]) -> Vec<Line> {
    let lines = lines.iter().take(LINES).enumerate();
    lines
        .filter_map(|(at, line)| Some(Line { at, title: title_of(first_word(line), origin(line))? }))
        .collect()
}

/// A whole report in one line begins with its title.
fn first_word(line: &Text) -> &str {
    match line.as_str() {
        text if is_long(text) => {
            text.split_whitespace().next().filter(|word| !is_long(word)).unwrap_or_default()
        }
        text => text,
    }
}

/// The title broken over two or three lines.
pub(super) fn broken(lines: &[&Text]) -> Option<Title> {
    let lines = lines.get(..LINES).unwrap_or(lines);
    let mut nameless = None;
    for count in 2..=3 {
        for window in lines.windows(count) {
            let joined: String = window.iter().map(|text| text.as_str()).collect();
            if is_long(&joined) {
                continue;
            }
            let (Some(first), Some(last)) = (window.first(), window.last()) else { continue };
            let place = Origin { end: origin(last).end, ..origin(first) };
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

/// Lines between two entries of a list of links: the day of each, an ornament.
const BETWEEN_ENTRIES: usize = 2;

/// Divides titles into those that stand alone and those in a list: near another one that names another
/// agency or another year. A list of links leads to other reports.
pub(super) fn apart(lines: Vec<Line>) -> (Vec<Title>, Vec<Title>) {
    let is_near_another = |position: usize| {
        let line = lines.get(position);
        let neighbours = [position.checked_sub(1), Some(position + 1)].into_iter().flatten();
        let others = neighbours.filter_map(|other| lines.get(other));
        line.is_some_and(|line| {
            let mut others = others.filter(|other| other.at.abs_diff(line.at) <= BETWEEN_ENTRIES);
            others.any(|other| other.title.differs(&line.title))
        })
    };
    let listed: Vec<bool> = (0..lines.len()).map(is_near_another).collect();
    let (listed, alone): (Vec<_>, Vec<_>) =
        lines.into_iter().zip(listed).partition(|(_, is_listed)| *is_listed);
    let titles = |lines: Vec<(Line, bool)>| lines.into_iter().map(|(line, _)| line.title).collect();
    (titles(alone), titles(listed))
}

/// The title in the name that the page gives itself, which often goes on with column and site:
/// `某局2024年…年度报告_年度报告_某县人民政府`.
pub(super) fn of_page(text: &Text) -> Option<Title> {
    let name = text.as_str();
    let parts = name.split(['_', '-', '|', '—', '–', '｜', '－', '>', '»', '·']);
    let titles = parts.filter_map(|part| {
        let start = part.as_ptr().addr() - name.as_ptr().addr();
        title_of(part, origin_of(text.place_of(start..start + part.len())))
    });
    let mut titles: Vec<Title> = titles.chain(title_of(name, origin(text))).collect();
    let named = titles.iter().position(|title| title.agency.is_some()).unwrap_or(0);
    (named < titles.len()).then(|| Title { is_of_page: true, ..titles.swap_remove(named) })
}

impl Title {
    /// Whether it names another agency or another year.
    pub(super) fn differs(&self, other: &Self) -> bool {
        let differ =
            |one: Option<&str>, other: Option<&str>| one.zip(other).is_some_and(|(one, other)| one != other);
        differ(self.agency.as_deref(), other.agency.as_deref())
            || self.year.zip(other.year).is_some_and(|(one, other)| one != other)
    }

    /// What all these titles have in common.
    pub(super) fn common(titles: Vec<Self>) -> Option<Self> {
        titles.into_iter().reduce(|mut one, other| {
            one.agency = one.agency.filter(|agency| other.agency.as_ref() == Some(agency));
            one.year = one.year.filter(|year| other.year == Some(*year));
            one
        })
    }
}

/// Whether a line is too long for a title.
fn is_long(line: &str) -> bool {
    line.chars().count() > 80
}

pub(super) fn title_of(text: &str, origin: Origin) -> Option<Title> {
    let text = text.trim_start_matches(['#', '*']);
    // 砲里街道 is no traditional spelling: names keep the characters that the rest of the report has.
    let plain = if label::is_traditional(text) { label::plain(text) } else { label::squeeze(text) };
    let plain =
        LABELS.iter().find_map(|label| plain.strip_prefix(label)?.strip_prefix(':')).unwrap_or(&plain);
    // 20250117某局2024年…, a name of a file: a day or a serial number is no year.
    let dated = LONG_NUMBER.replace_all(plain, "");
    let Some(found) = TITLE.captures(&dated) else {
        return year_before(text, &dated, origin).or_else(|| year_behind(text, &dated, origin));
    };
    // Only a remark may follow the title. A sentence that mentions the report is longer.
    let rest = dated[found.get(0)?.end()..].trim_start_matches('》');
    if rest.chars().count() > 20 || rest.contains(is_stop) {
        return None;
    }
    let before = clean_agency(&found["agency"]);
    if before.contains(is_stop) {
        return None;
    }
    // The year next to the word 政府信息公开 is the report's: 2025年公布某局2024年….
    let again = found.name("again").map_or("", |again| again.as_str());
    let nearest = YEAR.find_iter(again).last();
    let named = clean_agency(&again[..nearest.map_or(again.len(), |year| year.start())]);
    let agency = agency_of(&before).or_else(|| agency_of(&named));
    let nearest = nearest.and_then(|year| year_of(year.as_str().trim_end_matches('年')));
    let own = found.name("year").or(found.name("bare"));
    let year = nearest.or_else(|| year_of(own?.as_str()));
    Some(Title { text: label::squeeze(text), agency, year, origin, is_of_page: false })
}

/// What tables and lines at the head of a page call the title.
const LABELS: [&str; 8] =
    ["标题", "文章标题", "公文标题", "信息标题", "名称", "信息名称", "公文名称", "题目"];

/// Whether a cell with this label has the title in the cell behind it.
pub(super) fn is_label(label: &str) -> bool {
    LABELS.contains(&label)
}

/// What follows the word 报告 in the name of another document: 关于做好…年度报告编制工作的通知.
const OTHER_DOCUMENTS: [&str; 18] = [
    "通知", "编制", "报送", "格式", "方案", "要点", "模板", "解读", "事项", "培训", "会议", "名单", "汇总",
    "一览", "清单", "通报", "评估", "目录",
];

/// Whether a title is that of a report and of no document about reports. A notice that carries a report
/// gives its name in 《》.
pub(super) fn is_of_report(title: &str) -> bool {
    let behind = title.rfind("报告").or_else(|| title.rfind("年报")).map_or("", |at| &title[at..]);
    behind.contains('》') || !OTHER_DOCUMENTS.iter().any(|word| behind.contains(word))
}

static WITHOUT_YEAR: LazyLock<Regex> =
    LazyLock::new(|| pattern(concat!(r"^(?P<agency>.{2,40}?)(?:关于)?", report!(), r".{0,10}$")));

/// Whether a line names an agency's report and no year: 某市财政局政府信息公开工作年度报告.
pub(super) fn is_without_year(line: &str) -> bool {
    if is_long(line) {
        return false;
    }
    let squeezed = label::squeeze(line);
    let found = WITHOUT_YEAR.captures(&squeezed);
    found.is_some_and(|found| agency_of(&clean_agency(&found["agency"])).is_some() && is_of_report(&squeezed))
}

fn year_before(text: &str, dated: &str, origin: Origin) -> Option<Title> {
    let found = YEAR_BEFORE.captures(dated)?;
    let agency = clean_agency(&found["agency"]);
    let rest = &dated[found.get(0)?.end()..];
    if agency.contains(is_stop) || rest.chars().count() > 20 || rest.contains(is_stop) {
        return None;
    }
    Some(Title {
        text: label::squeeze(text),
        agency: agency_of(&agency),
        year: year_of(&found["year"]),
        origin,
        is_of_page: false,
    })
}

fn year_behind(text: &str, dated: &str, origin: Origin) -> Option<Title> {
    let found = YEAR_BEHIND.captures(dated)?;
    let agency = clean_agency(&found["agency"]);
    let year = found.name("year").or(found.name("last"))?;
    let rest = &dated[found.get(0)?.end()..];
    if agency.contains(is_stop) || rest.chars().count() > 20 || rest.contains(is_stop) {
        return None;
    }
    Some(Title {
        text: label::squeeze(text),
        agency: agency_of(&agency),
        year: year_of(year.as_str()),
        origin,
        is_of_page: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(line: &str) -> Text {
        let mut text = Text::default();
        text.push(line, 1, 0..line.len() as u64, document::Width::Utf8);
        text
    }

    #[test]
    fn the_name_of_a_page_goes_on_with_column_and_site() {
        let title = "某县财政局2024年政府信息公开工作年度报告";
        for name in [
            title.to_owned(),
            format!("{title}_年度报告_某县人民政府"),
            format!("{title} - 某县人民政府网站"),
            format!("{title}|政府信息公开年报|某县人民政府"),
            format!("政府信息公开年报-{title}-某县人民政府"),
            format!("{title}—某县人民政府门户网站"),
        ] {
            let found = of_page(&text(&name)).unwrap();
            assert_eq!((found.text.as_str(), found.agency.as_deref()), (title, Some("某县财政局")), "{name}");
            assert_eq!(found.year.map(Year::get), Some(2024));
        }
        assert!(of_page(&text("政府信息公开年报_某县人民政府")).is_none());
    }

    #[test]
    fn a_list_of_other_reports_is_no_title() {
        let check = |texts: &[&str], alone: &[&str], listed: usize| {
            let texts: Vec<Text> = texts.iter().map(|line| text(line)).collect();
            let (found, list) = apart(lines(&texts.iter().collect::<Vec<_>>()));
            let found: Vec<&str> = found.iter().map(|title| title.text.as_str()).collect();
            assert_eq!((&found[..], list.len()), (alone, listed));
        };
        let of = |agency: &str, year: u16| format!("{agency}{year}年政府信息公开工作年度报告");
        let (now, last, other) = (of("某县财政局", 2024), of("某县财政局", 2023), of("某县教育局", 2024));
        check(&[&now, "2025年1月17日"], &[&now], 0);
        check(&[&now, &now, "来源：某县"], &[&now, &now], 0);
        check(&[&last, &now, "首页", "信息公开", "正文", &now], &[&now], 2);
        check(&[&now, "2025-01-17", &other, "2025-01-16", "", "", &now], &[&now], 2);
    }

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
            ("20250117某市财政局2024年政府信息公开工作年度报告", "某市财政局 2024"),
            ("2025年公布某市财政局2024年政府信息公开工作年度报告", "某市财政局 2024"),
            ("北京市門頭溝區園林綠化局2023年政府信息公開工作年度報告", "北京市门头沟区园林绿化局 2023"),
            ("长安区砲里街道2022年政府信息公开工作年度报告", "长安区砲里街道 2022"),
            ("某县人民政府（县人民政府办公室）2023年政府信息公开工作年度报告", "某县人民政府 2023"),
            ("高新区（滨江）财政局2024年政府信息公开工作年度报告", "高新区(滨江)财政局 2024"),
            ("某市自然资源局政府信息公开工作2022年度报告", "某市自然资源局 2022"),
            ("某县人民政府政府信息公开工作年度报告（2022年度）", "某县人民政府 2022"),
            ("按某市财政局的要求，政府信息公开工作2022年度报告如下", "none"),
            ("某市财政局政府信息公开工作年度报告", "none"),
            ("某镇202111政府信息公开工作年度报告", "none"),
            ("第二零一零教育局2024年政府信息公开工作年度报告", "第二零一零教育局 2024"),
            ("某县二〇〇八教育局二〇二四年政府信息公开年度报告", "某县二〇〇八教育局 2024"),
            ("某县2049实验区管委会2024年政府信息公开工作年度报告", "某县2049实验区管委会 2024"),
            ("2022某县财政局政府信息公开工作年度报告", "某县财政局 2022"),
            ("某县财政局2022政府信息公开工作年度报告", "某县财政局 2022"),
            ("随县2023年政府信息公开工作年度报告", "随县 2023"),
            ("标题：某县财政局2022年政府信息公开工作年度报告", "某县财政局 2022"),
            ("新疆生产建设兵团第八师2024年政府信息公开工作年度报告", "新疆生产建设兵团第八师 2024"),
            ("上一篇：某县财政局2022年政府信息公开工作年度报告", "none"),
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
}
