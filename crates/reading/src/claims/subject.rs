//! What a number counts: the words around it against the names of the quantities of the tables.
//!
//! The words right before a number have to be such a name and nothing besides, but for words that add
//! nothing (共, 依法, 我局). Whatever else stands there narrows or widens what is counted, and then the
//! number is about nothing.

use std::sync::LazyLock;

use regex::Regex;
use report::Quantity;

use super::topic::Topic;
use crate::pattern::pattern;

/// What the passage has to be about for a name to mean its quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum In {
    /// In any context.
    Any,
    /// Requests for information.
    Requests,
    /// Requests received, by kind of applicant.
    Applicants,
    /// Disputes over the disclosure of information.
    Disputes,
    /// Not where something is published: 公示行政许可 N 条 counts what was published.
    Decisions,
}

/// A name of a quantity. In disputes `about` begins with a dot: the context gives the group.
struct Name {
    place: In,
    words: &'static str,
    about: &'static str,
}

const fn name(place: In, words: &'static str, about: &'static str) -> Name {
    Name { place, words, about }
}

/// The names, most of them the labels of the forms and their short forms.
#[rustfmt::skip]
const NAMES: &[Name] = &[
    name(In::Requests, r"(?:收到|受理|接收|接到|新收到?|新受理|新接收|新增)(?:并(?:处理|办理|答复))?(?:各类|有效|书面)?", "requests.received.total"),
    name(In::Requests, r"办理|处理|共办", "requests.handled.total"),
    name(In::Requests, r"办结|办理完毕|办理完成|完成办理|办理办结|审结", "requests.concluded.total"),
    name(In::Requests, r"(?:作出|予以|完成|办理)?(?:答复|回复)(?:办结)?|办结答复", "requests.answered.total"),
    name(In::Any, r"(?:含|含有|包含|包括|加上|接收|承接)?(?:上一?年|去年)度?(?:的)?(?:结转|转结|遗留)(?:至?本年|至?今年)?度?(?:继续)?", "requests.carried_in.total"),
    name(In::Any, r"(?:结转|承接)(?:自)?(?:上一?年|去年)度?", "requests.carried_in.total"),
    name(In::Any, r"(?:结转|转结|顺延|转入|延续)(?:至|到|入|于)?(?:下一?年|次年|明年)度?(?:继续)?", "requests.carried_out.total"),
    name(In::Requests, r"(?:含|含有|包含|包括)?结转", "requests.carried.total"),
    name(In::Requests, r"(?:予以|同意|依法|决定)?公开(?:和|及|或|或者|、|与|以及)(?:予以|同意|决定)?部分公开", "requests.disclosed.total"),
    name(In::Requests, r"(?:予以|同意|准予)公开", "requests.granted.total"),
    name(In::Requests, r"(?:予以|同意)?部分公开|区分处理", "requests.partial.total"),
    name(In::Requests, r"不(?:予|同意)公开", "requests.refused.total"),
    name(In::Requests, r"无法提供", "requests.unavailable.total"),
    name(In::Requests, r"不予处理", "requests.unprocessed.total"),
    name(In::Requests, r"其[他它]处理", "requests.other.total"),
    name(In::Requests, r"国家秘密", "requests.refused.state_secret.total"),
    name(In::Requests, r"其[他它]法律、?(?:行政)?法规禁止公开", "requests.refused.law_forbids.total"),
    name(In::Requests, r"危及[“”\x22]?三安全一稳定[“”\x22]?", "requests.refused.security_stability.total"),
    name(In::Requests, r"保护第三方合法权益", "requests.refused.third_party.total"),
    name(In::Requests, r"三类内部事务信息", "requests.refused.internal_affairs.total"),
    name(In::Requests, r"四类过程性信息", "requests.refused.process.total"),
    name(In::Requests, r"行政执法案卷", "requests.refused.enforcement_file.total"),
    name(In::Requests, r"行政查询事项", "requests.refused.inquiry_matter.total"),
    name(In::Requests, r"本(?:机关|单位|局|办|委|镇|街道)不掌握相关(?:政府)?信息", "requests.unavailable.not_held.total"),
    name(In::Requests, r"没有现成信息(?:、|,)?需要?另行制作", "requests.unavailable.must_create.total"),
    name(In::Requests, r"补正后申请内容仍不明确", "requests.unavailable.still_unclear.total"),
    name(In::Requests, r"信访、?举报、?投诉类", "requests.unprocessed.petition.total"),
    name(In::Requests, r"重复申请", "requests.unprocessed.duplicate.total"),
    name(In::Requests, r"要求提供公开出版物", "requests.unprocessed.publication.total"),
    name(In::Requests, r"无正当理由大量反复申请", "requests.unprocessed.excessive.total"),
    name(In::Requests, r"要求行政机关确认或重新出具已获取信息", "requests.unprocessed.reissue.total"),
    name(In::Applicants, r"自然人", "requests.received.natural_person"),
    name(In::Applicants, r"法人(?:和|或|或者|及|、|以及)其[他它]组织", "requests.received.legal_person"),
    name(In::Applicants, r"商业企业", "requests.received.enterprise"),
    name(In::Applicants, r"科研机构", "requests.received.research"),
    name(In::Applicants, r"社会公益组织", "requests.received.social_org"),
    name(In::Applicants, r"法律服务机构", "requests.received.legal_service"),
    name(In::Disputes, r"(?:行政)?复议(?:[、,和及与或]|以及)(?:被?提起)?(?:行政)?诉讼", "disputes.total"),
    name(In::Disputes, r"(?:未经复议)?直接(?:起诉|提起(?:行政)?诉讼)|(?:行政)?复议后(?:再)?(?:起诉|提起(?:行政)?诉讼)|行政复议|行政诉讼|复议|诉讼", ".total"),
    name(In::Disputes, r"(?:结果)?维持(?:原(?:行政)?行为|原?决定)?", ".upheld"),
    name(In::Disputes, r"(?:结果)?(?:被)?(?:纠正|纠错)", ".corrected"),
    name(In::Disputes, r"其[他它](?:结果)?", ".other"),
    name(In::Disputes, r"(?:尚未|未)审结|(?:尚在|正在)审理中?", ".pending"),
    name(In::Decisions, r"(?:作出|做出|办理|办结|审批|实施|准予)(?:各类)?行政许可(?:处理)?(?:决定|案件|事项)?|行政许可(?:处理)?决定", "active.licensing.decisions"),
    name(In::Decisions, r"(?:作出|做出|实施|下达|给予|办结)(?:各类)?行政处罚(?:处理)?(?:决定|案件)?书?|行政处罚(?:处理)?决定书?", "active.penalty.decisions"),
    name(In::Decisions, r"(?:作出|做出|实施|采取)(?:各类)?行政强制(?:处理)?(?:决定)?|行政强制(?:处理)?决定", "active.coercion.decisions"),
    name(In::Decisions, r"(?:作出|办理|办结)?其[他它]对外管理服务事项(?:处理决定)?", "active.other_services.decisions"),
    name(In::Decisions, r"(?:新?制发|印发|出台|新?制定|制定出台|制定印发|制定并?印发|制定发布|新出台)(?:了)?(?:行政)?规范性文件", "active.normative_documents.issued"),
    name(In::Decisions, r"(?:清理)?(?:废止|宣布失效|废止失效|宣布废止)(?:了)?(?:行政)?规范性文件|清理失效(?:规范性)?文件", "active.normative_documents.repealed"),
    name(In::Decisions, r"现行有效(?:的)?(?:行政)?规范性文件|(?:行政)?规范性文件现行有效", "active.normative_documents.in_force"),
    name(In::Decisions, r"(?:新?制定|出台|颁布|制发|新出台)(?:了)?(?:地方)?(?:政府)?规章", "active.regulations.issued"),
    name(In::Decisions, r"废止(?:了)?(?:地方)?(?:政府)?规章", "active.regulations.repealed"),
    name(In::Decisions, r"现行有效(?:的)?(?:地方)?(?:政府)?规章", "active.regulations.in_force"),
];

/// A second quantity named after its like without the verb: 作出行政许可694件、行政处罚1件.
#[rustfmt::skip]
const CONTINUED: [(&str, &str, &str); 5] = [
    (".decisions", "行政许可", "active.licensing.decisions"),
    (".decisions", "行政处罚", "active.penalty.decisions"),
    (".decisions", "行政强制", "active.coercion.decisions"),
    (".issued", "行政规范性文件", "active.normative_documents.issued"),
    (".issued", "规范性文件", "active.normative_documents.issued"),
];

/// What is said of the documents named before the number before, without their name: 制发规范性文件3件，
/// 废止5件，现行有效36件.
const OMITTED: [(&str, &str); 5] = [
    ("废止", "repealed"),
    ("宣布废止", "repealed"),
    ("宣布失效", "repealed"),
    ("现行有效", "in_force"),
    ("目前现行有效", "in_force"),
];

/// Words before a name that add nothing.
const BEFORE: &str = r"(?:其中|分别为|共计|共有|合计|总计|总共|全部|累计|按时|按期|依法|依规|依法依规|及时|严格|年内|全年|本年度?|当年度?|今年|同时|全[省市区县州旗盟镇局]|我[局办镇委乡院厅县市区旗处所会]|本(?:机关|单位|局|办|镇|委)|经审查|决定|答复|处理|办理|完成|结果为?|告知|给予|作出|做出|申请人为|政府信息|政府信息公开|依申请公开|公开申请|信息公开|申请|事项|属于|属|由|来自|除|另有|另外?|尚有|剩余|其余|共|均|已|对|的|了|有|为|是|,)*";

/// Words before a name of a dispute that add nothing.
const BEFORE_DISPUTE: &str = r"(?:其中|分别为|共计|共有|合计|总计|全年|本年度?|当年|今年|同时|全[省市区县]|我[局办镇委乡院厅县市区]|本(?:机关|单位|局)|发生|产生|引发|引起|导致|被申请|被提起|提起|申请|涉及|涉|因|由|政府信息公开|信息公开|依申请公开|工作|类|案件|结果|共|均|被|的|了|有|为|,)*";

/// Words between a name and its number that add nothing.
const BEHIND: &str = r"(?:政府信息公开申请|依申请公开|公开申请|信息公开|政府信息|信息|申请|答复|决定|处理|办理|情形|案件|事项|件数|数量|总数|提出|提交|工作|的|类|案|数|量|有|为|共计|共|合计|总计|是|了|:)*";

/// The names of one place in one expression, a group each.
struct Known {
    place: In,
    words: Regex,
    abouts: Vec<&'static str>,
}

static KNOWN: LazyLock<[Known; 5]> = LazyLock::new(|| {
    [In::Any, In::Requests, In::Applicants, In::Disputes, In::Decisions].map(|place| {
        let names: Vec<&Name> = NAMES.iter().filter(|name| name.place == place).collect();
        let words: Vec<String> = names.iter().map(|name| format!("({})", name.words)).collect();
        let before = if place == In::Disputes { BEFORE_DISPUTE } else { BEFORE };
        Known {
            place,
            words: pattern(&format!("^{before}(?:{}){BEHIND}$", words.join("|"))),
            abouts: names.iter().map(|name| name.about).collect(),
        }
    })
});

impl Known {
    /// What these words name, if they are a name and nothing besides.
    fn about(&self, lead: &str) -> Option<&'static str> {
        let found = self.words.captures(lead)?;
        let mut abouts = self.abouts.iter().enumerate();
        abouts.find(|(position, _)| found.get(position + 1).is_some()).map(|(_, about)| *about)
    }
}

/// Names that may stand behind the number, 制发2件规范性文件, and verbs that may, 2件结转下年度.
static BEHIND_NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"^(?:申请)?(?:按规定|依法|均|已)?(?:",
        r"(?P<object>(?:行政)?规范性文件|政府规章|规章|行政许可(?:决定)?|行政处罚(?:决定)?|行政复议|行政诉讼)",
        r"|(?P<verb>(?:结转|顺延|转结|转)(?:至|到|入)?(?:下一?年|次年|明年)度?|(?:予以|同意|部分)公开|不予公开|无法提供|不予处理|(?:结果)?维持|(?:被)?(?:纠正|纠错)))",
        r"(?:继续)?(?:办理|处理|答复)?(?:案件|申请)?外?(?:[,、()。]|$)",
    ))
});

/// The words around a number, plain and relative to the year of the report.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words<'a> {
    /// From the number before it, or from the begin of the sentence.
    pub(super) before: &'a str,
    /// Up to the next number, or to the end of the sentence.
    pub(super) behind: &'a str,
    /// What the passage speaks of, these words read.
    pub(super) topic: Topic,
    /// Whether the passage has spoken of the disclosure of information.
    pub(super) is_disclosure: bool,
    /// Whether the sentence has spoken of publishing.
    pub(super) is_publishing: bool,
    /// The quantity of the number before it.
    pub(super) last: Option<Quantity>,
    /// The whole that the passage is taking apart.
    pub(super) whole: Option<Quantity>,
}

/// What a number with these words around it is about, and where they leave any doubt nothing.
pub(super) fn subject(words: &Words<'_>) -> Option<Quantity> {
    let lead = lead(words.before);
    let name = named(&lead, words).or_else(|| {
        let found = BEHIND_NUMBER.captures(words.behind)?;
        let rest = found.name("object").or_else(|| found.name("verb"))?;
        // The words before a 、 belong to the previous number.
        let lead = lead.rsplit('、').next().unwrap_or(&lead);
        named(&format!("{lead}{}", rest.as_str()), words)
    })?;
    Quantity::parse(&name)
}

fn named(lead: &str, words: &Words<'_>) -> Option<String> {
    let known = KNOWN.iter().filter(|known| fits(known.place, words)).find_map(|known| known.about(lead));
    if let Some(about) = known {
        let group = if about.starts_with('.') { words.topic.dispute()? } else { "" };
        return Some(format!("{group}{about}"));
    }
    let last = words.last?.as_str();
    let continued = CONTINUED.iter().find(|(end, name, _)| {
        last.starts_with("active.") && last.ends_with(end) && lead.trim_start_matches(['和', '及']) == *name
    });
    let omitted = || {
        let (documents, _) = last.rsplit_once('.')?;
        let is_named = ["active.normative_documents", "active.regulations"].contains(&documents);
        let (_, column) = OMITTED.iter().find(|(words, _)| is_named && lead == *words)?;
        Some(format!("{documents}.{column}"))
    };
    continued.map(|(_, _, about)| (*about).to_owned()).or_else(omitted)
}

fn fits(place: In, words: &Words<'_>) -> bool {
    match place {
        In::Any => words.is_disclosure,
        In::Requests => words.topic == Topic::Requests,
        In::Applicants => {
            words.topic == Topic::Requests
                && words.whole.is_some_and(|whole| whole.as_str() == "requests.received.total")
        }
        In::Disputes => words.topic.dispute().is_some() && words.is_disclosure,
        In::Decisions => !words.is_publishing,
    }
}

/// The words that lead up to a number: behind the last comma, colon or bracket, without what stands in
/// closed brackets.
pub(super) fn lead(before: &str) -> String {
    let lead = unbracketed(before);
    // 5件及时答复,1件…: the words before a comma are about the previous number.
    let lead = lead.trim_end_matches(':');
    let lead = lead.rsplit([',', ':', '(', ')']).next().unwrap_or(lead);
    lead.trim_start_matches('、').to_owned()
}

/// Words without closed brackets and their content.
pub(super) fn unbracketed(words: &str) -> String {
    let mut kept = String::with_capacity(words.len());
    let mut opened = Vec::new();
    for c in words.chars() {
        match c {
            '(' | '（' => {
                opened.push(kept.len());
                kept.push(c);
            }
            ')' | '）' if !opened.is_empty() => kept.truncate(opened.pop().unwrap_or_default()),
            c => kept.push(c),
        }
    }
    kept
}
