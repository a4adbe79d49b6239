//! What the parts state in words: fees, that everything was answered, which report was published; and
//! the holes where a number was to be filled in.

use std::sync::LazyLock;

use document::Text;
use regex::Regex;
use report::{Decimal, RemarkKind, SectionKind, Year};

use super::{Remarks, has_any, sentences};
use crate::label;
use crate::pattern::pattern;

/// Reads one paragraph.
pub(super) fn read(remarks: &mut Remarks, section: Option<SectionKind>, text: &Text, year: Option<Year>) {
    let line = text.as_str();
    if line.contains("申请") && has_any(line, &["结", "复", "毕"]) {
        all_concluded(remarks, section, text, year);
    }
    if section == Some(SectionKind::Overview) && has_any(line, &["年度报告", "年报"]) {
        published(remarks, section, text);
    }
    holes(remarks, section, text);
    holes_in_lists(remarks, section, text);
}

static ALL: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:均|全部|都)(?:已|予以|得到|进行|完成|作出|做出|给予|了|依法|依规|、){0,4}(?:办结|答复|回复|办理完毕|处理完毕)|(?:办结|答复|办理|回复)率(?:均)?(?:达到|达|为|是)?\s*100\s*[%％]",
    )
});

/// Words that limit a sentence to other cases, to those that were due, or to the rest.
const NOT_ALL: [&str; 28] = [
    "热线",
    "12345",
    "工单",
    "信箱",
    "提案",
    "议案",
    "建议",
    "留言",
    "信访",
    "咨询",
    "投诉",
    "举报",
    "复议",
    "诉讼",
    "许可",
    "结转",
    "正在",
    "尚",
    "未到期",
    "顺延",
    "延期",
    "去年",
    "上年",
    "上一年",
    "办结的",
    "其中",
    "其余",
    "事项",
];

/// All requests were answered. What was answered in time is not all there is.
fn all_concluded(remarks: &mut Remarks, section: Option<SectionKind>, text: &Text, year: Option<Year>) {
    // The next sentence often mentions the remaining cases.
    if text.as_str().contains("结转") {
        return;
    }
    for (range, sentence) in sentences(text.as_str()) {
        let is_meant = has_any(sentence, &["公开申请", "依申请", "申请公开"])
            && !has_any(sentence, &NOT_ALL)
            && !names_another_year(sentence, year);
        let Some(found) = is_meant.then(|| ALL.find(sentence)).flatten() else { continue };
        // 按时答复率, 按期办结率: of those that were due.
        let before = sentence[..found.start()].trim_end();
        if has_any(found.as_str(), &["率"])
            && ["按时", "按期", "及时", "限时"].iter().any(|word| before.ends_with(word))
        {
            continue;
        }
        let words = label::squeeze(found.as_str());
        let found = range.start + found.start()..range.start + found.end();
        remarks.add(RemarkKind::AllConcluded, words, None, section, (text, found));
    }
}

static ANY_YEAR: LazyLock<Regex> = LazyLock::new(|| pattern(r"(20\d\d)\s*年"));

fn names_another_year(sentence: &str, year: Option<Year>) -> bool {
    year.is_some_and(|year| ANY_YEAR.captures_iter(sentence).any(|found| found[1].parse() != Ok(year.get())))
}

static PUBLISHED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:发布|公布|公开|编制)[^，,。；;]{0,30}?(?P<year>20\d\d)\s*年度?(?:政府|政务)?信息公开(?:工作)?(?:年度)?(?:工作)?(?:报告|年报)",
    )
});

/// Words with which a report presents itself.
const PRESENTS: [&str; 8] = ["现将", "现公布", "现向", "特向", "特编制", "本报告", "如下", "编制本"];

fn published(remarks: &mut Remarks, section: Option<SectionKind>, text: &Text) {
    for (range, sentence) in sentences(text.as_str()) {
        let Some(found) = PUBLISHED.captures(sentence).filter(|_| !has_any(sentence, &PRESENTS)) else {
            continue;
        };
        let Some(whole) = found.get(0) else { continue };
        // 关于做好2023年度政府信息公开工作年度报告编制发布工作的通知 is what it follows.
        if sentence[whole.end()..].chars().take(20).collect::<String>().contains("通知") {
            continue;
        }
        let value = found["year"].parse::<u16>().ok().map(Decimal::from);
        let found = range.start + whole.start()..range.start + whole.end();
        remarks.add(RemarkKind::Published, sentence.trim(), value, section, (text, found));
    }
}

static HOLE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        // 信息  条， 申请 件。 类信息条，
        r"(?:公开|发布|更新|类|各类|政府|政务)信息(?:共|共计|约|达|数量)?\s*(?:条|篇)(?:[，,。；;、]|$)",
        r"|(?:收到|受理|办结|答复|办理)[^，,。；;、\d]{0,12}?(?:申请|复议|诉讼)(?:共|共计)?\s*件(?:[，,。；;、]|$)",
        r"|(?:公开|发布|收到|受理|办结|答复|共计|累计|共)[^\S\n]+(?:条|件|篇|次)(?:[，,。；;、]|$)",
        // XX件, XX年XX月
        r"|[XxＸ×✕*＊]{2,}\s*(?:条|件|篇|次|份|人|年|月|日|%|万)",
        r"|(?:公开|发布|收到|受理|办结|答复|共|共计|累计)[^，,。；;、\d]{0,8}[NnＮ]\s*(?:条|件|篇|次)",
        // Lines to write on.
        r"|(?:_|＿){2,}",
    ))
});

/// Items of a list in one measure, each a name and its number.
static ITEM: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^\s*\p{Han}{2,16}?\s*(?:共|约|为)?\d[\d,.]*\s*(?P<measure>条|篇|件)\s*$"));

/// Words that end in a measure word and count nothing.
const MEASURES_IN_WORDS: [&str; 36] = [
    "头条",
    "信条",
    "线条",
    "链条",
    "教条",
    "逐条",
    "每条",
    "各条",
    "几条",
    "多条",
    "文件",
    "条件",
    "邮件",
    "软件",
    "案件",
    "附件",
    "证件",
    "事件",
    "要件",
    "稿件",
    "函件",
    "零件",
    "硬件",
    "部件",
    "信件",
    "来件",
    "办件",
    "申请件",
    "急件",
    "批件",
    "组件",
    "原件",
    "复印件",
    "逐件",
    "每件",
    "诗篇",
];

/// The item of a list that has lost its number while those beside it have theirs: 批准235条、核准企业资质条、公告42条.
fn holes_in_lists(remarks: &mut Remarks, section: Option<SectionKind>, text: &Text) {
    let line = text.as_str();
    let mut items: Vec<&str> = line.split(['，', ',', '、', '；', ';', '。', '：', ':']).collect();
    items.retain(|item| !item.trim().is_empty());
    for three in items.windows(3) {
        let [before, item, behind] = three else { continue };
        let is_measured = |item: &str| item.trim_end().ends_with(['条', '篇', '件']);
        let measure = |item: &str| {
            let found = is_measured(item).then(|| ITEM.captures(item)).flatten();
            found.map(|found| found["measure"].to_owned())
        };
        let Some(measure) = measure(before).filter(|one| measure(behind).as_ref() == Some(one)) else {
            continue;
        };
        let words = item.trim();
        let is_name = words.ends_with(&measure)
            && (3..=16).contains(&words.chars().count())
            && words.chars().all(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
            && !words.contains([
                '一', '二', '三', '四', '五', '六', '七', '八', '九', '十', '百', '两', '零', '余', '无',
            ])
            && !has_any(words, &MEASURES_IN_WORDS);
        if is_name {
            let start = words.as_ptr().addr() - line.as_ptr().addr();
            remarks.add(RemarkKind::Hole, words, None, section, (text, start..start + words.len()));
        }
    }
}

fn holes(remarks: &mut Remarks, section: Option<SectionKind>, text: &Text) {
    for found in HOLE.find_iter(text.as_str()) {
        let before = text.as_str()[..found.start()].chars().next_back();
        if before.is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '“' | '/' | '.')) {
            continue;
        }
        let words = found.as_str().trim_end_matches(['，', ',', '。', '；', ';', '、']);
        if is_nothing_or_a_noun(&text.as_str()[..found.start()], words) {
            continue;
        }
        remarks.add(
            RemarkKind::Hole,
            words,
            None,
            section,
            (text, found.start()..found.start() + words.len()),
        );
    }
}

/// 未收到政府信息公开申请件 says that there is nothing to count, and 依法办理政府信息公开申请件 counts nothing.
fn is_nothing_or_a_noun(before: &str, words: &str) -> bool {
    const NOTHING: [&str; 4] = ["未", "没有", "无", "未曾"];
    const COUNTING: [&str; 7] = ["共", "累计", "总计", "合计", "全年", "本年", "年度"];
    let clause = before.rsplit(['，', ',', '。', '；', ';', '、']).next().unwrap_or(before);
    let is_noun = words.ends_with("申请件") && !has_any(clause, &COUNTING) && !has_any(words, &COUNTING);
    is_noun || NOTHING.iter().any(|word| before.trim_end().ends_with(word))
}

/// Words for the fee; in the sixth part any charge is it.
const FEES: [&str; 4] = ["信息处理费", "信息公开处理费", "公开信息费", "处理费"];
const FEES_OF_OTHER: [&str; 5] = ["处理费", "收费", "收取", "费用", "费情况"];

/// Sentences on fees for information, also below a heading that names them.
pub(super) fn fees(remarks: &mut Remarks, body: &[(Option<SectionKind>, &Text)]) {
    let mut is_headed = false;
    for (section, text) in body {
        let words: &[&str] = if *section == Some(SectionKind::Other) { &FEES_OF_OTHER } else { &FEES };
        let mut stated = false;
        for (range, sentence) in sentences(text.as_str()) {
            if has_any(sentence, words) || is_headed {
                let value = fee(sentence);
                stated |= value.is_some();
                remarks.add(RemarkKind::Fee, sentence.trim(), value, *section, (text, range));
            }
            is_headed = false;
        }
        // （一）收取信息处理费情况, and what is said of it in the next line.
        let is_short = text.as_str().chars().count() <= HEADING_CHARS;
        is_headed = !stated && is_short && has_any(text.as_str(), words);
    }
}

const HEADING_CHARS: usize = 40;

static NO_FEE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"(?:未|没有|尚未|从未|无需|不)(?:存在|涉及|产生|发生|收取|征收|有|收)",
        r"|(?:未|没有|零)[^，,。；;]{0,20}?(?:收取|收费|产生|发生|涉及|征收|处理费)",
        r"|无(?:政府信息|信息公开|信息处理|依申请|申请|任何|相关|此类|收取|收费|费用)",
        r"|(?:收取|收费|费用?|情况|金额|总额|共计)[^，,。；;\d]{0,10}?(?:0(?:\.0+)?\s*(?:万?元|件|次|笔)|为零|为无|[：:]\s*无|[：:]\s*零)",
    ))
});

static AMOUNT: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?P<digits>\d[\d,，]*(?:\.\d+)?)\s*(?P<scale>万)?\s*元(?P<each>[/／每])?"));

/// The amount in 元; 0 where the sentence says that there was none, none where it says both or neither.
fn fee(sentence: &str) -> Option<Decimal> {
    let amounts = AMOUNT.captures_iter(sentence).filter(|found| found.name("each").is_none());
    let mut amounts = amounts.filter_map(|found| {
        let digits: String = found["digits"].chars().filter(|c| !matches!(c, ',' | '，')).collect();
        let scale = if found.name("scale").is_some() { 10_000_i64 } else { 1 };
        Decimal::from_str_exact(&digits).ok()?.checked_mul(Decimal::from(scale))
    });
    let none = NO_FEE.is_match(sentence);
    match (amounts.find(|amount| !amount.is_zero()), none) {
        (Some(_), true) => None,
        (Some(amount), false) => Some(amount.normalize()),
        (None, true) => Some(Decimal::ZERO),
        (None, false) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;
    use super::*;

    #[test]
    fn fees_are_distinguished_from_none_and_from_silence() {
        for (sentence, expected) in [
            ("2024年，本机关未收取信息处理费。", "0"),
            ("本年度未产生政府信息公开信息处理费。", "0"),
            ("我局未向有关信息申请人员收取信息处理费。", "0"),
            ("收取信息处理费情况：无。", "0"),
            ("2024年收取信息处理费0元。", "0"),
            ("本年度收取的信息处理费总金额为0元。", "0"),
            ("本年度没有收取信息处理费的情况。", "0"),
            ("不存在收取信息处理费情况", "0"),
            ("2025年全市实际收取信息处理费共计400元。", "400"),
            ("有 1 件政府信息公开申请案件收取信息处理费 380 元。", "380"),
            ("全市收取信息处理费0.394万元", "3940"),
            ("按件计收100元/件，本年度未收取信息处理费。", "0"),
            ("严格按照《政府信息公开信息处理费管理办法》执行。", "-"),
        ] {
            let drawn = fee(sentence).map_or("-".to_owned(), |fee| fee.to_string());
            assert_eq!(drawn, expected, "{sentence}");
        }
    }

    #[test]
    fn fees_may_stand_below_a_heading_and_in_other_parts() {
        check(
            "",
            "六、其他需要报告的事项\n（一）信息处理费收取情况\n本年度未收取。\n无其他事项。",
            &["fee （一）信息处理费收取情况", "fee 本年度未收取。 =0"],
        );
        check("", "一、总体情况\n全年收费3元。未收取信息处理费。", &["fee 未收取信息处理费。 =0"]);
        check("", "六、其他需要报告的事项\n本年度无收费情况。", &["fee 本年度无收费情况。 =0"]);
    }

    #[test]
    fn all_is_only_what_is_said_of_all() {
        let said =
            |sentence: &str, expected: &[&str]| check("", &format!("一、总体情况\n{sentence}"), expected);
        said(
            "2024年收到政府信息公开申请16件，均在法定时限内完成答复，答复率100%。",
            &["all_concluded 答复率100%"],
        );
        said("共受理依申请公开5件，全部办结。", &["all_concluded 全部办结"]);
        said("收到政府信息公开申请2件，均已答复。", &["all_concluded 均已答复"]);
        said("收到政府信息公开申请2件，均按时答复。", &[]);
        said("收到政府信息公开申请2件，按时答复率100%。", &[]);
        said("收到政府信息公开申请2件，已办结1件，结转1件；答复率100%。", &[]);
        said("办理12345便民服务热线工单3527件，按期回复率100%。", &[]);
        said("2023年收到的政府信息公开申请均已答复。", &[]);
        said("依申请公开9件，全部及时分发到责任科室予以办理。", &[]);
    }

    #[test]
    fn the_report_that_was_published_is_named_by_its_year() {
        let said =
            |sentence: &str, expected: &[&str]| check("", &format!("一、总体情况\n{sentence}"), expected);
        said(
            "按时发布2024年政府信息公开工作年度报告。",
            &["published 按时发布2024年政府信息公开工作年度报告。 =2024"],
        );
        said("现公布长安区砲里街道2024年政府信息公开工作年度报告。", &[]);
        said("发布政府信息公开工作年度报告1篇。", &[]);
        said("按照省政务公开办《关于做好2024年度政府信息公开工作年度报告编制工作的通知》要求开展工作。", &[]);
    }

    #[test]
    fn holes_are_places_without_their_number() {
        let said =
            |sentence: &str, expected: &[&str]| check("", &format!("一、总体情况\n{sentence}"), expected);
        said("全年主动公开信息  条，其中部门概况类信息条。", &["hole 公开信息  条", "hole 类信息条"]);
        said("收到政府信息公开申请 件。", &["hole 收到政府信息公开申请 件"]);
        said("共公开XX条信息，召开会议xx次。", &["hole XX条", "hole xx次"]);
        said("本年度受理申请N件。", &["hole 受理申请N件"]);
        said("培训____人次", &["hole ____"]);
        said("公开信息 12 条，每条信息条理清楚，政务信息一 条、XXX.docx，每件申请件件有回音。", &[]);
        said("全年共收到政府信息公开申请件。", &["hole 收到政府信息公开申请件"]);
        said("执行有关规定，依法办理政府信息公开申请件。本年度未收到政府信息公开申请件。", &[]);
        said("收到政府信息公开申请12件，公开政府信息百余条，“XX码”上线。", &[]);
        said("批准235条、核准企业资质条、公告42条。", &["hole 核准企业资质条"]);
        said(
            "动态15条，批准结果条，公告42条，中标结果条，其他3条。",
            &["hole 批准结果条", "hole 中标结果条"],
        );
        said("制发文件3件，修订文件，废止5件。", &[]);
        said("动态15条，今日头条，公告42条；转发两条，解读3条。", &[]);
        said("动态15条，规范性文件，公告42条，办理案件，答复3条。", &[]);
    }
}
