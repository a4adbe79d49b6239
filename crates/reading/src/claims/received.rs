//! Requests received: the sentence every report has, in its many forms.

use std::sync::LazyLock;

use regex::Regex;

use super::scope::is_stranger;
use crate::pattern::pattern;

/// Words between the verb and the application that do not narrow the count.
macro_rules! anybody {
    () => {
        r"(?:社会公众|公众|群众|社会各界|申请人|公民、法人(?:和|或|及|以及|或者)其他组织|公民)?(?:提出|提交|提起|申请)?(?:的|关于)?(?:各类|有效|书面)?"
    };
}

/// What is received.
macro_rules! application {
    () => {
        r"(?:依申请公开政府信息|依申请件|依申请公开信息|依申请公开请求|依申请信息|政府信息公开申请|信息公开申请|依申请公开申请|依申请公开|政府信息依申请公开|公开申请)"
    };
}

static RECEIVED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"^(?P<who>.*?)(?:收到|受理|接收|接到|收到并(?:处理|办理)|收到和处理|新收|新收到)(?:并(?:处理|办理|答复))?(?:了)?",
        anybody!(),
        application!(),
        r"(?:事项|件|数量|数|办件|工单|业务|申请|共|总数|共计|为|有|:)*$",
    ))
});

static VERB: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"^(?P<who>.*?)(?:收到|受理|接收|接到|新收|新收到|新受理|新接收)(?:共|了|各类)*$")
});

static BEHIND: LazyLock<Regex> =
    LazyLock::new(|| pattern(concat!(r"^(?:的)?(?:各类|有效|书面)?", application!())));

static NOTHING: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"(?:(?:未|没有|尚未|无)(?:收到|接到|受理|接收|发生|产生)+(?:过|到)?|无)(?:任何)?(?:形式)?(?:的)?",
        anybody!(),
        r"(?:依申请公开|政府信息公开申请|信息公开申请|公开申请|申请公开)(?:政府)?(?:信息)?(?:的?申请|事项|件)?",
    ))
});

/// Words behind such a statement that change its meaning.
static SOMETHING_ELSE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?:工作|的)?(?:所)?(?:引起|引发|产生|导致|被|相关|有关|行政|复议|诉讼|投诉|举报|收费|费用|超期|逾期|结转|积压|渠道|经验|材料|补正|回执|证明)",
    )
});

/// Words that narrow a count to a part of all applications.
const NARROWING: [&str; 16] = [
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
    "平台",
    "结转",
    "同比",
    "比",
    "共同",
];

/// Whether a number between these words counts the requests that this agency received.
pub(super) fn is_received(lead: &str, behind: &str, agency: Option<&str>) -> bool {
    let found = RECEIVED.captures(lead).or_else(|| VERB.captures(lead).filter(|_| BEHIND.is_match(behind)));
    found.is_some_and(|found| {
        !NARROWING.iter().any(|word| lead.contains(word)) && !is_stranger(who(&found["who"]), agency)
    })
}

/// Whether the words before a number have some other office receive it.
pub(super) fn is_of_stranger(lead: &str, agency: Option<&str>) -> bool {
    let found = RECEIVED.captures(lead).or_else(|| VERB.captures(lead));
    found.is_some_and(|found| is_stranger(who(&found["who"]), agency))
}

static PART: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?:收到|受理|接收|接到|新收).*申请|申请.*(?:收到|受理|接收|接到|新收)"));

/// Whether a number after these words counts only those of the requests that came in one way:
/// 受理线上申请65件，办结62件. 通过网络、信函等渠道收到 are all ways.
pub(super) fn is_of_one_way(lead: &str) -> bool {
    const WAYS: [&str; 9] = ["线上", "线下", "网上", "网络", "信函", "当面", "邮寄", "现场", "窗口"];
    PART.is_match(lead)
        && WAYS.iter().filter(|way| lead.contains(*way)).count() == 1
        && !lead.contains(['、', '等', '和', '及'])
}

/// The office in front of the verb, without the adverbs between them.
fn who(words: &str) -> &str {
    let mut who = words;
    while let Some(shorter) =
        ["本年度", "本年", "全年", "今年", "累计", "总共", "共计", "共", "依法", "新", "总", "度"]
            .iter()
            .find_map(|adverb| who.strip_suffix(adverb))
    {
        who = shorter;
    }
    who
}

/// Where words say that nothing was received, among words made plain.
pub(super) fn nothing(words: &str) -> Option<&str> {
    let found = NOTHING.find(words)?;
    // 1件因未收到申请公开的补正材料: why one of them went as it did.
    let clause = words[..found.start()].rsplit(',').next().unwrap_or_default();
    let is_a_reason = clause.contains('因') || clause.contains("由于");
    (!is_a_reason && !SOMETHING_ELSE.is_match(&words[found.end()..])).then_some(found.as_str())
}
