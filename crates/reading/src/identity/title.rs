//! The title: one to three lines, or else the first sentence that names the report.

use std::sync::LazyLock;

use document::Text;
use regex::Regex;
use report::{Origin, Year};

use super::agency::{MENTION, agency_mentioned, agency_of, clean_agency, is_stop};
use super::{YEAR, year_of};
use crate::label;
use crate::origin::origin;
use crate::pattern::pattern;

/// The report named in its own first sentence, where no line is its title: 特编制某局2023年…年度报告.
pub(super) fn mention(text: &Text) -> Option<Title> {
    let squeezed = label::squeeze(text.as_str());
    let found = MENTION.captures(&squeezed)?;
    let agency = agency_mentioned(&squeezed)?;
    let year = year_of(&found["year"]);
    Some(Title { text: found["title"].to_owned(), agency: Some(agency), year, origin: origin(text) })
}

/// The line that names the report.
#[derive(Debug)]
pub(super) struct Title {
    pub(super) text: String,
    pub(super) agency: Option<String>,
    pub(super) year: Option<Year>,
    pub(super) origin: Origin,
}

static LONG_NUMBER: LazyLock<Regex> = LazyLock::new(|| pattern(r"\d{5,}"));

static TITLE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?:关于)?(?P<agency>.*?)(?:关于)?(?:公开|公布|发布|印发|编制)?(?P<year>20\d\d|二[〇○零O0][一二三四五六七八九〇○零]{2})年?度?(?P<again>.{0,30}?)(?:政府|政务)?信息公开(?:工作)?(?:的)?(?:年度)?(?:工作)?(?:情况)?(?:的)?(?:年度)?(?:工作)?(?:情况)?(?:的)?(?:年度)?(?:总结)?(?:报告|年报)",
    )
});

/// The year behind the words: 某局政府信息公开工作2022年度报告, 某局政府信息公开工作年度报告(2022年).
static YEAR_BEHIND: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?:关于)?(?P<agency>.*?)(?:政府|政务)?信息公开(?:工作)?(?:(?P<year>20\d\d)年度?(?:工作)?(?:报告|年报)|(?:工作)?(?:年度)?(?:工作)?(?:报告|年报)[(—-]*(?P<last>20\d\d)年?度?\)?$)",
    )
});

/// The title in one line or broken over up to three.
pub(super) fn title_in(lines: &[&Text]) -> Option<Title> {
    let mut nameless = None;
    for count in 1..=3 {
        for window in lines.windows(count) {
            let joined: String = match window {
                // A whole report in one line begins with its title.
                [text] if is_long(text.as_str()) => {
                    text.as_str().split_whitespace().next().unwrap_or_default().to_owned()
                }
                _ => window.iter().map(|text| text.as_str()).collect(),
            };
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

/// Whether a line is too long for a title.
fn is_long(line: &str) -> bool {
    line.chars().count() > 80
}

pub(super) fn title_of(text: &str, origin: Origin) -> Option<Title> {
    let text = text.trim_start_matches('#');
    // 砲里街道 is no traditional spelling: names keep the characters that the rest of the report has.
    let plain = if label::is_traditional(text) { label::plain(text) } else { label::squeeze(text) };
    // 20250117某局2024年…, a name of a file: a day or a serial number is no year.
    let dated = LONG_NUMBER.replace_all(&plain, "");
    let Some(found) = TITLE.captures(&dated) else { return year_behind(text, &dated, origin) };
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
    let again = &found["again"];
    let nearest = YEAR.find_iter(again).last();
    let named = clean_agency(&again[..nearest.map_or(again.len(), |year| year.start())]);
    let agency = agency_of(&before).or_else(|| agency_of(&named));
    let nearest = nearest.and_then(|year| year_of(year.as_str().trim_end_matches('年')));
    let year = nearest.or_else(|| year_of(&found["year"]));
    Some(Title { text: label::squeeze(text), agency, year, origin })
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
    })
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
