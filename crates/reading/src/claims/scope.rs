//! Which time and which offices a sentence counts. A number of half a year, of other years or of
//! another office is about nothing that stands in the tables.

use std::sync::LazyLock;

use regex::Regex;
use report::Year;

use crate::pattern::pattern;

/// The agency and the year of the report.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Reporter<'a> {
    pub(crate) year: Option<Year>,
    pub(crate) agency: Option<&'a str>,
}

static YEAR: LazyLock<Regex> = LazyLock::new(|| pattern(r"(20\d\d)年度?"));

/// Periods and years that are named beside what is counted and do not narrow it.
static ASIDE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"(?:(?:自|从)?本年)?1月1日起?(?:至|到|-|—|–|~)(?:本年)?12月31日止?",
        r"|截[至止]到?(?:本年)?(?:12月(?:31日|底)|年底|年末|年终)",
        r"|(?:较|比|同|与|相比|相较于?)(?:上一?年|去年)度?(?:同期)?",
        r"|(?:含|含有|结转|转结|承接)(?:了|自)?(?:上一?年|去年)度?",
        r"|(?:上一?年|去年)度?(?:结转|转结|转入|遗留)",
        r"|(?:今年|本年度?|年初)以来",
        r"|(?:全年|本年度?|今年|年度|年内)(?:共|总)?累计",
        r"|(?:按|每|每个|逐|分)(?:季度|月份?)",
        r"|〔20\d\d〕",
    ))
});

static NARROWED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"上半年|下半年|季度|\d月|月份|个月|近[两二三四五\d]年|年来|历年|往年|以来|以后|上一?年|去年|累计|截[至止]",
        r"|第[一二三四]批|期间|\d{4}年",
    ))
});

/// Words with the years beside the report's own named by what they are to it: 上年, 本年, 下年.
pub(super) fn relative(words: &str, year: Option<Year>) -> String {
    let Some(year) = year.filter(|_| words.contains("20")) else { return words.to_owned() };
    let named = YEAR.replace_all(words, |found: &regex::Captures<'_>| {
        match found[1].parse::<i64>().map(|named| named - i64::from(year.get())) {
            Ok(0) => "本年".to_owned(),
            Ok(-1) => "上年".to_owned(),
            Ok(1) => "下年".to_owned(),
            _ => found[0].to_owned(),
        }
    });
    named.into_owned()
}

/// Whether the words of a sentence before a number narrow it to some other time than the report's year.
/// Years have to be relative.
pub(super) fn is_of_another_time(before: &str) -> bool {
    NARROWED.is_match(&ASIDE.replace_all(before, ""))
}

static WHOLE_AREA: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"全[省市区县州旗盟]|各级|各(?:县|区|乡|镇|街道|部门|单位|地)|系统"));

static PART_OF_OFFICE: LazyLock<Regex> = LazyLock::new(|| pattern(r"本级|市直|县直|区直|直属"));

static OFFICE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(\p{Han}+(?:局|委|委员会|办|办公室|厅|镇|乡|街道|政府|管委会|支队|大队|中心|处|院|所))(?:机关)?$",
    )
});

/// Whether the words of a sentence before a number say that it counts other offices than the report's
/// tables do. A government counts its whole area, any other agency counts itself.
pub(super) fn is_of_another_office(before: &str, agency: Option<&str>) -> bool {
    let is_government =
        agency.is_none_or(|agency| ["政府", "管委会", "管理委员会"].iter().any(|end| agency.ends_with(end)));
    PART_OF_OFFICE.is_match(before) || (!is_government && WHOLE_AREA.is_match(before))
}

/// Whether an office is named right here that is not the reporting agency. Abbreviations are its own:
/// 市行政审批局 for 西安市行政审批服务局.
pub(super) fn is_stranger(words: &str, agency: Option<&str>) -> bool {
    let (Some(agency), Some(found)) = (agency, OFFICE.captures(words)) else { return false };
    if found[1].starts_with(['我', '本']) {
        return false;
    }
    let name = found[1].trim_start_matches(|c| "全省市区县州旗盟镇乡".contains(c));
    let mut letters = agency.chars();
    !name.chars().all(|c| letters.any(|letter| letter == c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_times_differ_from_the_year_of_the_report() {
        for (words, expected) in [
            ("2024年，共收到", false),
            ("自2024年1月1日至2024年12月31日，共收到", false),
            ("截至2024年12月31日，共收到", false),
            ("今年以来，全年累计收到", false),
            ("较2023年增加1件，共收到", false),
            ("2023年结转2件，收到", false),
            ("按季度核对栏目，提醒", false),
            ("每个月份公开", false),
            ("2023年收到", true),
            ("第三季度收到", true),
            ("2024年上半年收到", true),
            ("截至6月底收到", true),
            ("近三年收到", true),
            ("累计收到", true),
            ("自2019年以来收到", true),
        ] {
            let words = relative(words, Year::new(2024));
            assert_eq!(is_of_another_time(&words), expected, "{words}");
        }
    }

    #[test]
    fn other_offices_differ_from_the_agency() {
        for (words, agency, expected) in [
            ("市行政审批局", "西安市行政审批服务局", false),
            ("区政府办公室", "汉阳区人民政府办公室", false),
            ("市政府办公室", "安阳市人民政府", true),
            ("我办", "西安市行政审批服务局", false),
            ("全镇", "新添镇人民政府", false),
            ("区住建局", "汉阳区人民政府", true),
            ("市审批服务局", "枣庄市行政审批服务局", false),
            ("向本机关", "枣庄市行政审批服务局", false),
        ] {
            assert_eq!(is_stranger(words, Some(agency)), expected, "{words}");
        }
        assert!(is_of_another_office("全市共", Some("安阳市公安局")));
        assert!(!is_of_another_office("全市共", Some("安阳市人民政府")));
        assert!(is_of_another_office("市政府本级", Some("安阳市人民政府")));
    }
}
