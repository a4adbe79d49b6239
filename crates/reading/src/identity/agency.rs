//! Names of agencies: what looks like one, and which of the names that a report gives is taken.

use std::sync::LazyLock;

use document::Text;
use regex::Regex;
use report::{Source, Stated, Year};

use crate::origin::origin_of;
use crate::pattern::pattern;
use crate::{label, region};

/// The name of the agency: from the title, else the signature, the page, the narrative, the file name.
///
/// A signature that ends in the title's name has the whole of it. 市教育局 names no place: the same name
/// with its place is taken where one of the others has it.
pub(super) fn choose(stated: &[Stated<String>]) -> Option<String> {
    const ORDER: [Source; 5] =
        [Source::Title, Source::Signature, Source::Page, Source::Narrative, Source::FileName];
    let by = |source| stated.iter().filter(move |stated| stated.source == source);
    let mut ordered = ORDER.into_iter().flat_map(by).map(|stated| &stated.value);
    let first = ordered.clone().next()?;
    let is_fuller = |name: &&String| name.len() > first.len() && name.ends_with(first.as_str());
    let full = by(Source::Signature).map(|stated| &stated.value).find(is_fuller);
    let full = full.or_else(|| ordered.find(is_fuller).filter(|_| is_nameless(first)));
    Some(full.unwrap_or(first).clone())
}

static WRITTEN_BY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:(?:报告|年报)》?(?:是)?|^|,)由(?P<agency>[^。、，,;；:：《》（()）\s\d]{4,40}?)(?:负责)?(?:编制|编写|编撰|根据|依据|按照|依照)",
    )
});

static SUMMED_UP: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:总结|反映|汇总)(?:了)?(?P<agency>[^。、，,;；:：《》（()）\s\d]{3,40}?)(?P<year>20\d\d)年度?的?(?:政府|政务)?信息公开",
    )
});

static CONTACT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"请(?:直接)?(?:与|和|同|向|联系)(?P<agency>[^。、，,;；:：《》（()）\s\d]{3,40}?)(?:联系|咨询|反映|[(,。]|$)",
    )
});

static BEGINS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?:20\d\d年(?:度|来|以来)?,?)?(?P<agency>[^。、，,;；:：《》（()）\d]{4,40}?)(?:严格|认真|坚持|深入|按照|根据|依据|依照|贯彻|紧紧|高度重视|全面|积极|始终|持续|切实)",
    )
});

/// The agency in the first sentences: 本报告由某局编制, 2024年，某局认真贯彻…, 现公布某局2024年….
pub(super) fn in_narrative(text: &Text) -> Option<Stated<String>> {
    let squeezed = label::squeeze(text.as_str());
    let named = [&WRITTEN_BY, &BEGINS, &SUMMED_UP].into_iter().find_map(|pattern| {
        agency_of(reporting(&pattern.captures(&squeezed)?["agency"])).filter(|name| is_name(name))
    });
    stated(text, named.or_else(|| agency_mentioned(&squeezed).filter(|name| is_name(name)))?)
}

/// The year of the report in such a sentence: 全面总结某街道办事处2024年政府信息公开工作情况.
pub(super) fn year_summed_up(text: &Text) -> Option<Stated<Year>> {
    let squeezed = label::squeeze(text.as_str());
    let found = SUMMED_UP.captures(&squeezed)?;
    agency_of(reporting(&found["agency"])).filter(|name| is_name(name))?;
    let value = Year::new(found["year"].parse().ok()?)?;
    Some(Stated { source: Source::Narrative, value, origin: Some(origin_of(text.place())) })
}

/// The agency that readers of the report are asked to turn to: 请与铁佛镇人民政府联系. It may be another one
/// that answers for it, so it counts only where nothing else names the agency.
pub(super) fn contact(text: &Text) -> Option<Stated<String>> {
    if !text.as_str().contains('请') {
        return None;
    }
    let squeezed = label::squeeze(text.as_str());
    let name = agency_of(reporting(&CONTACT.captures(&squeezed)?["agency"])).filter(|name| is_name(name))?;
    stated(text, name)
}

fn stated(text: &Text, name: String) -> Option<Stated<String>> {
    let place = text.as_str().find(&name).map_or(text.place(), |at| text.place_of(at..at + name.len()));
    Some(Stated { source: Source::Narrative, value: name, origin: Some(origin_of(place)) })
}

/// The office of an agency is not the agency: 厚桥街道党政办公室综合科 reports for 厚桥街道, 某局办公室 for 某局.
fn reporting(name: &str) -> &str {
    const AGENCIES: [&str; 8] =
        ["街道办事处", "街道", "镇人民政府", "乡人民政府", "镇政府", "乡政府", "镇", "局"];
    const OFFICES: [&str; 5] = ["党政", "综合", "行政办公室", "办公室", "政务公开办"];
    let office = |agency: &&str| {
        let end = name.find(agency)? + agency.len();
        OFFICES.iter().any(|office| name[end..].starts_with(office)).then_some(end)
    };
    AGENCIES.iter().find_map(office).map_or(name, |end| &name[..end])
}

/// Whether words that look like a name name an agency with its place, and are no part of a sentence.
fn is_name(name: &str) -> bool {
    let own = &name[region::division_at_start(name)..];
    !is_nameless(name) && !own.contains(NOT_IN_NAMES)
}

/// A first sentence that names the report: 现公布某局2024年政府信息公开工作年度报告, 现发布《某局2024年…》.
pub(super) static MENTION: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:(?:编制|编写|公布|发布|现将|形成)(?:了)?《?|《)(?P<title>(?P<agency>[^。、《》,;:\s]{2,40}?)(?P<year>20\d\d)年度?(?:政府|政务)信息公开(?:工作)?(?:年度)?(?:工作)?(?:情况)?(?:报告|年报))",
    )
});

/// The agency in a sentence without spaces that names the report: 现公布某局2024年…年度报告.
pub(super) fn agency_mentioned(squeezed: &str) -> Option<String> {
    agency_of(&MENTION.captures(squeezed)?["agency"]).filter(|agency| !is_nameless(agency))
}

/// Characters that no name of an agency has, but the beginning of many a sentence.
const NOT_IN_NAMES: [char; 14] =
    ['的', '在', '我', '本', '各', '为', '是', '对', '以', '使', '把', '将', '由', '该'];

/// Whether a name lacks its division: 我局, 区统计局. Only the website knows which one is meant.
pub(super) fn is_nameless(agency: &str) -> bool {
    // 市中区 and 县级 bodies of that name have their own 市 and 县.
    let is_a_name = [
        "镇江", "镇平", "乡宁", "镇海", "镇原", "镇远", "镇雄", "镇康", "镇安", "镇巴", "镇沅", "镇坪",
        "镇宁", "镇赉", "区级",
    ];
    agency.starts_with(['我', '本', '全', '区', '市', '县', '省', '州', '旗', '镇', '乡'])
        && region::division_at_start(agency) == 0
        && !is_a_name.iter().any(|name| agency.starts_with(name))
}

/// Marks that end a name or a clause; full-width ones are narrow by now.
pub(super) fn is_stop(c: char) -> bool {
    matches!(c, ',' | ';' | ':' | '?' | '!' | '。' | '、' | '《' | '》' | '“' | '”' | '/' | '_')
}

/// Words that name agencies end so.
const AGENCY_ENDINGS: [&str; 43] = [
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
    "街办",
    "苏木",
    "政府",
    "司",
    "科",
];

pub(super) fn agency_of(text: &str) -> Option<String> {
    // 某县人民政府(县人民政府办公室): the remark behind the name is none of it.
    let text = text.strip_suffix(')').and_then(|text| text.rsplit_once('(')).map_or(text, |(name, _)| name);
    let length = text.chars().count();
    let is_long_enough = (3..=45).contains(&length) || length == 2 && region::is_division(text);
    let is_name = is_long_enough
        && (AGENCY_ENDINGS.iter().any(|ending| text.ends_with(ending))
            || is_corps(text)
            || text.ends_with(['州', '盟']) && region::ends_with_division(text))
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && !has_year_or_serial(text)
        && !text.contains(is_stop);
    is_name.then(|| text.to_owned())
}

/// A division of 新疆生产建设兵团: 新疆生产建设兵团第八师.
fn is_corps(name: &str) -> bool {
    name.ends_with("兵团") || name.contains("兵团") && name.ends_with('师')
}

/// Whether a name has a year (2024年) or a serial number in it. 第3街道, 12345热线 and 第2010教育局 have not.
fn has_year_or_serial(name: &str) -> bool {
    let mut rest = name;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let digits = &rest[at..];
        let length = digits.len() - digits.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        rest = &digits[length..];
        let is_century = digits.starts_with("19") || digits.starts_with("20");
        if length > 5 || length == 4 && is_century && rest.starts_with('年') {
            return true;
        }
    }
    false
}

/// Words before an agency in a title that are not part of its name.
const BEFORE_AGENCY: [&str; 7] = ["关于", "公布", "发布", "印发", "公开", "报送", "转发"];

/// The agency without the words around it in a title. Header lines often repeat it: `A局A局关于`.
pub(super) fn clean_agency(text: &str) -> String {
    let edge = |c: char| matches!(c, '-' | '_' | '—' | '|' | ':' | '：' | '·');
    let text = text.rsplit('《').next().unwrap_or(text);
    let mut text = text.trim_end_matches("关于").trim_matches(edge);
    // 【年报】 is the name of a list, not of an agency.
    if let Some((_, rest)) = text.strip_prefix('【').and_then(|text| text.split_once('】')) {
        text = rest.trim_matches(edge);
    }
    while let Some(rest) = BEFORE_AGENCY.iter().find_map(|word| text.strip_prefix(word)) {
        text = rest;
    }
    let half = text.len() / 2;
    if text.len().is_multiple_of(2) && text.is_char_boundary(half) && text[..half] == text[half..] {
        return text[..half].to_owned();
    }
    text.to_owned()
}

pub(super) fn agency_line(line: &str) -> Option<String> {
    agency_of(&label::squeeze(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_sentences_say_who_reports() {
        for (line, expected) in [
            ("2024 年，碑林区行政审批服务局按照《条例》有关规定，做好主动公开", "碑林区行政审批服务局"),
            ("本年度报告由某市教育局根据《条例》编制", "某市教育局"),
            ("本报告由高新区管理委员会办公室编制，全文包括总体情况", "高新区管理委员会办公室"),
            ("2024年，安镇街道积极响应并深入执行各级规定", "安镇街道"),
            ("根据《条例》规定，现公布岚皋县信访局2024年政府信息公开工作年度报告。", "岚皋县信访局"),
            ("现将某县水利局 2024 年度政府信息公开工作报告公布如下", "某县水利局"),
            ("根据市政府办公室关于做好2024年政府信息公开工作年度报告编制的通知", "-"),
            ("依照规定公布我局2024年政府信息公开工作年度报告", "-"),
            ("现将本机关2024年政府信息公开工作年度报告公布如下", "-"),
            ("现公布区住建局2024年政府信息公开工作年度报告", "-"),
            ("2024年，我局认真贯彻落实", "-"),
            ("2024年，市审批服务局认真落实《条例》要求", "-"),
            ("2024年，在区政府的领导下，小营街道办事处严格依照要求", "-"),
            ("根据《中华人民共和国政府信息公开条例》规定，现公布如下", "-"),
            ("2024年，全县各级行政机关坚持公开透明", "-"),
        ] {
            let mut text = Text::default();
            text.push(line, 1, 0..line.len() as u64, document::Width::Utf8);
            let found = in_narrative(&text).map(|stated| stated.value);
            assert_eq!(found.as_deref().unwrap_or("-"), expected, "{line}");
        }
    }

    #[test]
    fn a_number_may_stand_in_a_name() {
        for (text, expected) in [
            ("某县第3街道办事处", true),
            ("某市12345政务服务中心", true),
            ("3某县财政局", false),
            ("2025年公布某县财政局", false),
            ("某县2023年财政局", false),
            ("某县20250117财政局", false),
        ] {
            assert_eq!(agency_of(text).is_some(), expected, "{text}");
        }
    }

    #[test]
    fn the_title_goes_before_the_others() {
        let check = |stated: &[(Source, &str)], expected: &str| {
            let stated: Vec<_> = stated
                .iter()
                .map(|(source, name)| Stated { source: *source, value: (*name).to_owned(), origin: None })
                .collect();
            assert_eq!(choose(&stated).unwrap_or_default(), expected);
        };
        check(&[], "");
        check(&[(Source::FileName, "乙局"), (Source::Title, "甲局")], "甲局");
        check(&[(Source::Page, "乙局"), (Source::Signature, "甲局")], "甲局");
        check(&[(Source::Title, "市教育局"), (Source::Signature, "商洛市教育局")], "商洛市教育局");
        check(&[(Source::Title, "市教育局"), (Source::Signature, "商洛市体育局")], "市教育局");
    }
}
