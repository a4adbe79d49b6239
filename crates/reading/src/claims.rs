//! Claims: the numbers of the narrative, what they are about, and which of them are parts of which.

use std::ops::Range;
use std::sync::LazyLock;

use document::{Block, Document, Text};
use regex::Regex;
use report::{Breakdown, Claim, Decimal, Quantity, Relation, Share, Year};

use crate::label;
use crate::outline::Outline;
use crate::place::of_place;

/// What the narrative says in numbers.
#[derive(Debug, Default)]
pub(crate) struct Narrative {
    pub(crate) claims: Vec<Claim>,
    pub(crate) breakdowns: Vec<Breakdown>,
    pub(crate) shares: Vec<Share>,
}

/// Claims kept of one report; real ones have some dozens.
const CLAIMS: usize = 2_000;

/// Reads every paragraph below the first heading.
pub(crate) fn extract(document: &Document, outline: &Outline, year: Option<Year>) -> Narrative {
    let mut narrative = Narrative::default();
    let from = outline.blocks.first().copied().unwrap_or_default();
    for (position, block) in document.blocks.iter().enumerate().skip(from) {
        let Block::Paragraph(paragraph) = block else { continue };
        if outline.blocks.contains(&position) || narrative.claims.len() >= CLAIMS {
            continue;
        }
        for sentence in sentences(paragraph.text.as_str()) {
            narrative.sentence(&paragraph.text, sentence, year);
        }
    }
    narrative
}

impl Narrative {
    fn sentence(&mut self, text: &Text, range: Range<usize>, year: Option<Year>) {
        let sentence = &text.as_str()[range.clone()];
        let first = self.claims.len();
        let numbers = numbers(sentence);
        for number in &numbers {
            let clause = clause(sentence, number.range.start);
            let words = &sentence[clause..number.range.end];
            self.claims.push(Claim {
                text: words.trim().to_owned(),
                value: number.value,
                unit: number.unit.clone(),
                exact: number.exact,
                about: about(sentence, clause, number, year),
                relation: Relation::Is,
                origin: of_place(
                    text.place_of(range.start + number.range.start..range.start + number.range.end),
                ),
            });
        }
        self.breakdowns.extend(breakdowns(sentence, &numbers, first));
        if let Some(silence) =
            NOTHING_RECEIVED.find(sentence).filter(|_| !speaks_of_another_year(sentence, year))
        {
            self.claims.push(Claim {
                text: silence.as_str().to_owned(),
                value: Decimal::ZERO,
                unit: "件".to_owned(),
                exact: true,
                about: Quantity::parse("requests.received.total"),
                relation: Relation::Is,
                origin: of_place(text.place_of(range.start + silence.start()..range.start + silence.end())),
            });
        }
    }
}

/// A number with its unit, within its sentence.
#[derive(Debug)]
struct Number {
    /// From its first digit to the end of its unit.
    range: Range<usize>,
    value: Decimal,
    unit: String,
    exact: bool,
}

static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"(?P<digits>\d[\d,，]*(?:\.\d+)?)\s*(?P<scale>万|亿|千|百)?\s*(?P<more>余|多|来)?\s*",
        r"(?P<unit>%|％|件次|件|条次|条|人次|人|万元|亿元|元|次|份|个|项|家|场次|场|篇|期|宗|起|例|名|类|册|部|户|批|辆|只|张|平方米|公里|小时|分钟|天)(?P<above>以上|以内|左右|上下)?",
    ))
});

/// Words before a number that make it inexact.
const INEXACT: [&str; 14] = [
    "约",
    "近",
    "超",
    "超过",
    "逾",
    "达到近",
    "大约",
    "将近",
    "不少于",
    "不足",
    "不低于",
    "突破",
    "高达近",
    "至少",
];

fn numbers(sentence: &str) -> Vec<Number> {
    NUMBER
        .captures_iter(sentence)
        .filter_map(|found| {
            let whole = found.get(0)?;
            let digits = found.name("digits")?;
            let before = sentence[..digits.start()].trim_end();
            let after = &sentence[whole.end()..];
            let unit = &found["unit"];
            // 第20条, 〔2019〕60号, 20-30件: not counts. 十几个 begins before the digits.
            if before.ends_with([
                '第', '-', '~', '～', '—', '〔', '［', '.', '/', '一', '二', '三', '四', '五', '六', '七',
                '八', '九', '十',
            ]) {
                return None;
            }
            // 3个月, 5个工作日, 2个百分点 are times and differences, not things counted.
            if unit == "个"
                && ["月", "工作日", "百分点", "自然日", "小时"]
                    .iter()
                    .any(|word| after.trim_start().starts_with(word))
            {
                return None;
            }
            let digits: String = digits
                .as_str()
                .trim_end_matches([',', '，'])
                .chars()
                .filter(|c| !matches!(c, ',' | '，'))
                .collect();
            let mut value = Decimal::from_str_exact(&digits).ok()?;
            let unit_scale = match unit {
                "万元" | "亿元" => unit.chars().next(),
                _ => None,
            };
            for scale in found
                .name("scale")
                .and_then(|scale| scale.as_str().chars().next())
                .into_iter()
                .chain(unit_scale)
            {
                let factor = match scale {
                    '亿' => 100_000_000_i64,
                    '万' => 10_000,
                    '千' => 1_000,
                    _ => 100,
                };
                value = value.checked_mul(Decimal::from(factor))?;
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
                range: digits_start(&found, whole.start())..whole.end(),
                value: value.normalize(),
                unit: unit.to_owned(),
                exact,
            })
        })
        .collect()
}

fn digits_start(found: &regex::Captures<'_>, fallback: usize) -> usize {
    found.name("digits").map_or(fallback, |digits| digits.start())
}

/// Sentences end at 。；！？; commas and enumeration commas do not end one.
fn sentences(text: &str) -> Vec<Range<usize>> {
    let mut sentences = Vec::new();
    let mut start = 0;
    for (at, c) in text.char_indices() {
        if matches!(c, '。' | '；' | ';' | '！' | '？') {
            sentences.push(start..at);
            start = at + c.len_utf8();
        }
    }
    sentences.push(start..text.len());
    sentences.retain(|range| !range.is_empty());
    sentences
}

/// Where the clause begins in which a number stands.
fn clause(sentence: &str, number: usize) -> usize {
    let is_break = |c: char| matches!(c, '，' | ',' | '、' | '：' | ':' | '（' | '(' | '）' | ')');
    sentence[..number].char_indices().rev().find(|(_, c)| is_break(*c)).map_or(0, |(at, c)| at + c.len_utf8())
}

/// Who may stand between the verb and the application without narrowing what is counted.
macro_rules! anybody {
    () => {
        r"(?:社会公众|公众|群众|社会各界|申请人|公民、法人(?:和|或|及|以及|或者)其他组织|公民)?(?:提出|提交|提起|申请)?(?:的|关于)?(?:各类|有效|书面)?"
    };
}

static RECEIVED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"(?:收到|受理|接收|接到|收到并(?:处理|办理)|收到和处理|新收|新收到)(?:并(?:处理|办理|答复))?(?:了)?",
        anybody!(),
        r"(?:依申请公开政府信息|依申请公开信息|政府信息公开申请|信息公开申请|依申请公开申请|依申请公开|政府信息依申请公开|公开申请)(?:事项|件|数量|数|办件|工单|业务|共|总数|共计|为|有|：|:|\s)*$",
    ))
});

static RECEIVED_BEHIND: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"^(?:的)?(?:各类|有效|书面)?",
        r"(?:依申请公开政府信息|依申请公开信息|政府信息公开申请|信息公开申请|依申请公开申请|依申请公开|政府信息依申请公开)",
    ))
});

static NOTHING_RECEIVED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"(?:未|没有|尚未|无)(?:收到|接到|受理|接收)(?:过|到)?(?:任何)?",
        anybody!(),
        r"(?:依申请公开|政府信息公开申请|信息公开申请|公开申请|申请公开)(?:政府)?(?:信息)?(?:的?申请|事项|件)?",
    ))
});

/// Words that narrow a count to a part of all applications, or widen it beyond this report.
const NARROWING: [&str; 22] = [
    "其中",
    "通过",
    "渠道",
    "网上",
    "信函",
    "当面",
    "邮寄",
    "邮件",
    "传真",
    "自然人",
    "企业",
    "上年",
    "去年",
    "上一年",
    "结转",
    "截至",
    "以来",
    "累计",
    "上半年",
    "季度",
    "同比",
    "比",
];

/// The cell a number speaks of, where its words leave no doubt.
fn about(sentence: &str, clause: usize, number: &Number, year: Option<Year>) -> Option<Quantity> {
    if !matches!(number.unit.as_str(), "件" | "条" | "份" | "宗" | "起" | "次" | "项" | "例" | "个" | "件次")
    {
        return None;
    }
    let before = label::squeeze(&sentence[clause..number.range.start]);
    let behind = label::squeeze(&sentence[number.range.end..]);
    let object_first = RECEIVED.is_match(&before);
    let object_behind = ["收到", "受理", "接收", "接到", "新收", "新收到", "共收到", "共受理"]
        .iter()
        .any(|verb| before.trim_end_matches(['共', '了', '各', '类']).ends_with(verb))
        && RECEIVED_BEHIND.is_match(&behind);
    if !object_first && !object_behind {
        return None;
    }
    let narrowed =
        NARROWING.iter().any(|word| before.contains(word)) || speaks_of_another_year(sentence, year);
    if narrowed {
        return None;
    }
    Quantity::parse("requests.received.total")
}

static ANY_YEAR: LazyLock<Regex> = LazyLock::new(|| pattern(r"(20\d\d)\s*年"));

fn speaks_of_another_year(sentence: &str, year: Option<Year>) -> bool {
    let Some(year) = year else { return false };
    ANY_YEAR.captures_iter(sentence).any(|found| found[1].parse() != Ok(year.get()))
}

/// Wholes with the parts that 其中 or 分别 lists for them.
fn breakdowns(sentence: &str, numbers: &[Number], first: usize) -> Vec<Breakdown> {
    let mut breakdowns = Vec::new();
    for (word, complete) in [("其中", false), ("包括", false), ("分别为", true), ("分别是", true)] {
        for (at, _) in sentence.match_indices(word) {
            let Some(whole) = numbers.iter().rposition(|number| number.range.end <= at) else { continue };
            // The whole stands right before the list, not somewhere in the sentence; 包括 introduces
            // many other things besides.
            let between = &sentence[numbers[whole].range.end..at];
            let allowed = if word == "包括" { 2 } else { 40 };
            if between.chars().count() > allowed || numbers[whole].unit == "%" {
                continue;
            }
            let parts = parts(sentence, numbers, whole, at + word.len());
            if parts.len() >= 2 {
                let parts = parts.into_iter().map(|part| first + part).collect();
                breakdowns.push(Breakdown { whole: first + whole, parts, complete });
            }
        }
    }
    breakdowns
}

/// Verbs that begin a statement of its own rather than another part of the list.
const NEW_STATEMENT: [&str; 22] = [
    "办理", "受理", "开展", "召开", "组织", "回应", "收到", "举办", "接待", "发放", "培训", "答复", "处理",
    "较", "比", "同比", "环比", "占", "增", "减", "累计", "平均",
];

/// The parts of a list: numbers of the whole's unit, until another unit, a statement of its own or the
/// next list begins. What stands behind a comma may be no part any more: parts that make up the whole
/// end the list there, and so does the comma behind parts that were listed with 、.
fn parts(sentence: &str, numbers: &[Number], whole: usize, from: usize) -> Vec<usize> {
    let until = sentence[from..].find("其中").map_or(sentence.len(), |at| from + at);
    let mut parts: Vec<usize> = Vec::new();
    let mut sum = Decimal::ZERO;
    let mut end = from;
    let mut separator = None;
    let mut turn = None;
    for (index, number) in numbers.iter().enumerate().skip(whole + 1) {
        // A number in brackets belongs to the part before it.
        if number.range.start < from || is_inside_brackets(&sentence[from..number.range.start]) {
            continue;
        }
        let gap = &sentence[end..number.range.start.max(end)];
        let words = gap.trim_start_matches(['，', ',', '、', ' ', '：', ':', '和', '及']);
        let states_anew = !parts.is_empty() && NEW_STATEMENT.iter().any(|verb| words.starts_with(verb));
        if number.range.start >= until || number.unit != numbers[whole].unit || states_anew {
            break;
        }
        if !parts.is_empty() {
            let here = gap.chars().find(|c| matches!(c, '，' | ',' | '、'));
            if here != Some('、') && sum == numbers[whole].value {
                return parts;
            }
            if separator == Some('、') && matches!(here, Some('，' | ',')) {
                turn.get_or_insert(parts.len());
            }
            separator = separator.or(here);
        }
        sum += number.value;
        parts.push(index);
        end = number.range.end;
    }
    if sum != numbers[whole].value {
        parts.truncate(turn.unwrap_or(parts.len()));
    }
    parts
}

fn is_inside_brackets(text: &str) -> bool {
    let opened = text.matches(['（', '(']).count();
    let closed = text.matches(['）', ')']).count();
    opened > closed
}

fn pattern(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the pattern is a constant and a test compiles it")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Draws what is found in one sentence: numbers (inexact ones with ~, those about a cell with !),
    /// then wholes with their parts.
    fn check(sentence: &str, expected: &str) {
        let year = Year::new(2024);
        let numbers = numbers(sentence);
        let drawn = numbers.iter().map(|number| {
            let about = about(sentence, clause(sentence, number.range.start), number, year);
            let (about, exact) =
                (if about.is_some() { "!" } else { "" }, if number.exact { "" } else { "~" });
            format!("{exact}{}{}{about}", number.value, number.unit)
        });
        let mut drawn: Vec<String> = drawn.collect();
        if NOTHING_RECEIVED.is_match(sentence) {
            drawn.push("0!".into());
        }
        for breakdown in breakdowns(sentence, &numbers, 0) {
            let parts: Vec<String> =
                breakdown.parts.iter().map(|part| numbers[*part].value.to_string()).collect();
            drawn.push(format!("{}={}", numbers[breakdown.whole].value, parts.join("+")));
        }
        assert_eq!(drawn.join(" "), expected, "{sentence}");
    }

    #[test]
    fn numbers_are_read_with_their_units() {
        check("评价总量为 37.4 万余件，好评率达 99.9%", "~374000件 0.999%");
        check("2024年3月5日印发第20条规定", "");
        check("拨打12345热线，回复咨询1,234件", "1234件");
        check("交易额802.2亿元，同比增长7.82%", "80220000000元 0.0782%");
        check("约30场，近40次，15个工作日内，2个百分点", "~30场 ~40次");
        check("关注数量突破5000人", "~5000人");
    }

    #[test]
    fn applications_received_are_told_from_other_numbers() {
        check("2024年，本单位收到政府信息公开申请 2 件，已全部办结", "2件!");
        check("共收到政府信息公开申请9件,较去年增加1件", "9件! 1件");
        check("全年受理依申请公开8件", "8件!");
        check("全年共收到8件政府信息公开申请", "8件!");
        check("收到公众提出的政府信息公开申请12件", "12件!");
        check("2024年我局未收到依申请公开信息", "0!");
        check("本年度没有收到政府信息公开申请", "0!");
        // Parts, other years and other things.
        check("其中通过网站收到政府信息公开申请3件", "3件");
        check("2023年收到政府信息公开申请7件", "7件");
        check("收到自然人政府信息公开申请4件", "4件");
        check("未收到政府信息公开举报", "");
        check("受理12345市民热线咨询投诉502件", "502件");
        check("收到政府信息公开行政复议申请3件", "3件");
    }

    #[test]
    fn parts_belong_to_their_whole() {
        check(
            "公开信息475条,其中动态159条、文件10条、会议6条、公示170条、其他130条",
            "475条 159条 10条 6条 170条 130条 475=159+10+6+170+130",
        );
        check(
            "公开326条，其中动态15条，批准235条，核准12条，公告42条，中标32条，办理热线工单3527件",
            "326条 15条 235条 12条 42条 32条 3527件 326=15+235+12+42+32",
        );
        check("推出93项服务事项，其中审批类60项、服务类33项", "93项 60项 33项 93=60+33");
        check("信息共计3437条，包括:人事信息12条，政务动态3425条", "3437条 12条 3425条 3437=12+3425");
        check("公开100条的内容包括文件80条、通知30条", "100条 80条 30条");
        // One part too many stays visible.
        check("公开193条，其中甲80条、乙16条、丙97条、丁3条", "193条 80条 16条 97条 3条 193=80+16+97+3");
        // What follows a full list is no part of it.
        check("公开100条，其中网站80条、微信20条，解读5条", "100条 80条 20条 5条 100=80+20");
        check("公开100条，其中网站70条、微信20条，解读5条", "100条 70条 20条 5条 100=70+20");
        check("公开100条，其中网站80条（含图解7条）、微信20条", "100条 80条 7条 20条 100=80+20");
        check("公开100条，其中网站80条，同比增加20条", "100条 80条 20条");
    }
}
