//! Slips: repeated words, artefacts of converters, lines that
//! were torn.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use document::Text;
use report::{RemarkKind, SectionKind};

use super::{Remarks, has_any};
use crate::pattern::words;

/// Reads one paragraph.
pub(super) fn read(remarks: &mut Remarks, section: Option<SectionKind>, text: &Text) {
    doubled(remarks, section, text);
    artefacts(remarks, section, text);
}

/// Longest run of characters that was seen twice on end, with room to spare.
const LONGEST: usize = 16;

/// Two characters that make no sense twice on end; all others may: 人民政府政府信息公开, 建设建设用地.
const NEVER_TWICE: [&str; 31] = [
    "进行", "开展", "认真", "加强", "严格", "坚持", "根据", "按照", "通过", "对于", "以及", "积极", "及时",
    "主动", "落实", "推进", "完善", "提高", "提升", "做好", "强化", "确保", "依法", "我局", "我镇", "我委",
    "我县", "我区", "并且", "因此", "我市",
];

/// Beginnings of what is said twice on purpose: 一件一件, 逐条逐条, 每月每月.
const ON_PURPOSE: [char; 6] = ['一', '逐', '每', '层', '项', '步'];

/// Words that stand twice on end. Chinese doubles much on purpose and many words meet their like by
/// chance, so only runs of three characters and more, and a few of two, are slips for certain.
fn doubled(remarks: &mut Remarks, section: Option<SectionKind>, text: &Text) {
    let line = text.as_str();
    // Lines without marks are lists and menus.
    if !has_any(line, &["，", "。", ",", "；"]) {
        return;
    }
    let characters: Vec<(usize, char)> = line.char_indices().collect();
    let is_han = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
    let han: Vec<Option<char>> = characters.iter().map(|(_, c)| Some(*c).filter(|c| is_han(*c))).collect();
    let mut from = 0;
    while let Some((at, length)) = first_doubled(&han, from) {
        let byte = |at: usize| characters.get(at).map_or(line.len(), |(byte, _)| *byte);
        let (start, end) = (byte(at), byte(at + 2 * length));
        let (before, word) = (&line[..start], &line[start..byte(at + length)]);
        if is_slip(before, word, &line[end..]) {
            remarks.add(RemarkKind::Doubled, &line[start..end], None, section, (text, start..end));
        }
        from = at + 2 * length;
    }
}

/// The first run of Chinese characters that is followed by itself, the longest one there, and its length.
fn first_doubled(han: &[Option<char>], from: usize) -> Option<(usize, usize)> {
    (from..han.len()).find_map(|start| {
        let rest = han.get(start..).unwrap_or_default();
        let first = rest.first().copied().flatten()?;
        let length_of_doubled = |length: &usize| {
            // Few characters come again so soon, so one comparison is mostly enough.
            rest.get(*length) == Some(&Some(first))
                && rest
                    .get(..*length)
                    .zip(rest.get(*length..2 * length))
                    .is_some_and(|(one, next)| one == next && one.iter().all(Option::is_some))
        };
        (2..=LONGEST).rev().find(length_of_doubled).map(|length| (start, length))
    })
}

fn is_slip(before: &str, word: &str, behind: &str) -> bool {
    let length = word.chars().count();
    if length == 2 {
        // 县政府政府网站 is right, 公开政府政府 is not.
        let of_nobody =
            word == "政府" && has_end(before, &["公开", "发布", "推进", "完善"]) && !behind.starts_with("网");
        return of_nobody || NEVER_TWICE.contains(&word) || word == "信息" && behind.starts_with("公开");
    }
    // 县政府办公室办公室主任, 信息公开信息公开栏: one name ends and the next begins.
    let meets_by_chance = word.ends_with(['室', '会', '局', '委']) || word == "信息公开";
    // A lead-in in another type, and the sentence that takes it up: （二）依申请公开依申请公开渠道….
    let is_lead = before.is_empty() || before.ends_with(['）', ')', '、', '.', '．']);
    !word.starts_with(ON_PURPOSE) && !meets_by_chance && !is_lead
}

fn has_end(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.ends_with(word))
}

/// What converters, editors and websites leave behind in a text.
const ARTEFACTS: [&str; 19] = [
    "[bookmark",
    "_GoBack",
    "&nbsp",
    "&ldquo;",
    "&rdquo;",
    "&mdash;",
    "&quot;",
    "&amp;",
    "&lt;",
    "锟斤拷",
    "烫烫烫",
    "\u{fffd}",
    "错误!未",
    "错误！未",
    "HYPERLINK",
    "MERGEFORMAT",
    "文件已失效",
    "<span",
    "</p>",
];

static ANY_ARTEFACT: LazyLock<AhoCorasick> = LazyLock::new(|| words(&ARTEFACTS));

fn artefacts(remarks: &mut Remarks, section: Option<SectionKind>, text: &Text) {
    let line = text.as_str();
    // The first of the list, where it stands first.
    let found = ANY_ARTEFACT.find_overlapping_iter(line).min_by_key(|found| (found.pattern(), found.start()));
    let found = found.map(|found| found.range());
    let is_page_number = || {
        let digits = line.trim_matches(|c: char| c.is_whitespace() || matches!(c, '-' | '—' | '－' | '–'));
        // Pages have their numbers; where there are no pages, they were copied.
        text.place().page.is_none()
            && digits.len() < line.len()
            && (1..=3).contains(&digits.len())
            && line.starts_with(['-', '—', '－', '–'])
            && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    if let Some(found) = found.or_else(|| is_page_number().then_some(0..line.len())) {
        let words = around(line, found.start, found.end);
        remarks.add(RemarkKind::Artefact, words, None, section, (text, found));
    }
}

/// A mark with the few characters round it by which it is found again.
fn around(line: &str, start: usize, end: usize) -> &str {
    let before = line[..start].char_indices().rev().nth(3).map_or(0, |(at, _)| at);
    let behind = line[end..].char_indices().nth(8).map_or(line.len(), |(at, _)| end + at);
    &line[before..behind]
}

/// Words that were cut in two: what ends with the first half goes on in the next line.
const CUT: [&str; 24] = [
    "公开", "信息", "政府", "政务", "申请", "情况", "工作", "管理", "服务", "监督", "制度", "落实", "推进",
    "群众", "网站", "措施", "进行", "部门", "机关", "条例", "报告", "答复", "规范", "培训",
];

/// Fewer characters than this are a heading, not a line that was broken.
const LINE: usize = 15;

/// Paragraphs that end in the middle of a word. The lines of pages are put together by their readers.
pub(super) fn torn(remarks: &mut Remarks, body: &[(Option<SectionKind>, &Text)]) {
    for pair in body.windows(2) {
        let [(section, text), (next_section, next)] = pair else { continue };
        let (line, following) = (text.as_str(), next.as_str());
        let is_line = section == next_section
            && line.chars().count() >= LINE
            && text.place().page.is_none()
            && has_any(line, &["，", "。", "；", "、"]);
        if !is_line {
            continue;
        }
        let cut = CUT.iter().any(|word| {
            let half = word.chars().next().map_or(0, char::len_utf8);
            line.ends_with(&word[..half]) && following.starts_with(&word[half..])
        });
        if cut {
            let tail = line.char_indices().rev().nth(5).map_or(0, |(at, _)| at);
            let head: String = following.chars().take(6).collect();
            let words = format!("{}/{head}", &line[tail..]);
            remarks.add(RemarkKind::Torn, words, None, *section, (text, tail..line.len()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;

    #[test]
    fn words_that_stand_twice_are_slips_only_where_nothing_else_is_possible() {
        let said =
            |sentence: &str, expected: &[&str]| check("", &format!("一、总体情况\n{sentence}"), expected);
        said("一年来，让政务新媒体让政务新媒体更有温度。", &["doubled 让政务新媒体让政务新媒体"]);
        said("镇里主动公开政府政府情况，及时更新。", &["doubled 政府政府"]);
        said("我局认真认真落实，进一步进一步完善机制。", &["doubled 认真认真", "doubled 进一步进一步"]);
        said("县人民政府政府信息公开指南，区政府政府网站，区政府办公室办公室主任，城乡建设建设用地。", &[]);
        said("一件一件抓落实，逐条逐条过，一步一个脚印一步一个脚印地走，层层落实，人人有责，方方面面。", &[]);
        said("推进公开公开再公开、服务服务再服务，2024年年度报告，30303030件。", &[]);
        said("（二）依申请公开依申请公开渠道畅通，无申请。", &[]);
        said("工作动态工作动态", &[]);
    }

    #[test]
    fn leftovers_are_distinguished_from_text() {
        let said =
            |sentence: &str, expected: &[&str]| check("", &format!("一、总体情况\n{sentence}"), expected);
        said("严格按照[bookmark: _GoBack]规定执行。", &["artefact 严格按照[bookmark: _GoBac"]);
        said("公开&ldquo;三公&rdquo;经费。", &["artefact 公开&ldquo;三公&rdquo"]);
        said("- 4 -", &["artefact - 4 -"]);
        said("4", &[]);
    }

    #[test]
    fn lines_torn_in_a_word_are_distinguished_from_paragraphs() {
        check(
            "",
            "一、总体情况\n全面贯彻落实条例要求，积极做好政府信息公\n开工作，取得成效。",
            &["torn 好政府信息公/开工作，取得"],
        );
        check("", "一、总体情况\n全面贯彻落实条例要求，做好政府信息公开工作\n开展培训3次。", &[]);
    }
}
