//! The parts as wholes: what the overview writes about, whether the fifth speaks of problems and of what
//! is done about them, and which part is as good as empty.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use document::{Block, Text};
use report::{RemarkKind, SectionKind, masked};

use super::{Part, Remarks};
use crate::identity;
use crate::pattern::words;

/// The themes of the overview (国办公开办函〔2021〕30号 一(一)) by the words that are written about each.
const THEMES: [(&str, &[&str]); 5] = [
    (
        "主动公开",
        &[
            "主动公开",
            "公开信息",
            "公开政府信息",
            "发布信息",
            "公开各类",
            "发布各类",
            "信息公开情况",
            "公布",
            "公示",
        ],
    ),
    (
        "依申请公开",
        &["依申请", "公开申请", "申请公开", "信息申请", "申请人", "受理政府信息公开", "受理信息公开"],
    ),
    (
        "政府信息管理",
        &[
            "信息管理",
            "审核",
            "审查",
            "保密",
            "规范性文件",
            "三审",
            "更新",
            "目录",
            "公开制度",
            "公开属性",
            "工作制度",
            "源头",
            "台账",
            "归档",
            "清理",
            "信息发布",
            "公开指南",
        ],
    ),
    (
        "平台建设",
        &[
            "平台",
            "网站",
            "专栏",
            "新媒体",
            "公众号",
            "微信",
            "专区",
            "公开栏",
            "公示栏",
            "宣传栏",
            "公报",
            "栏目",
            "微博",
            "渠道",
            "载体",
            "专窗",
        ],
    ),
    (
        "监督保障",
        &[
            "监督保障",
            "考核",
            "培训",
            "评议",
            "责任追究",
            "追责",
            "问责",
            "督查",
            "督促",
            "督导",
            "领导小组",
            "组织领导",
            "社会监督",
            "监督检查",
            "接受监督",
            "群众监督",
            "监督电话",
            "监督机制",
            "专人负责",
            "工作机构",
            "自查",
            "第三方评估",
            "保障机制",
            "工作保障",
            "组织保障",
            "强化保障",
            "加强监督",
            "强化监督",
            "责任制",
            "明确责任",
        ],
    ),
];

/// What the reports of governments also say (《条例》第五十条（四）).
const DUTIES: [(&str, &[&str]); 3] = [
    ("工作考核", &["考核", "考评"]),
    ("社会评议", &["评议", "测评", "满意度", "评估"]),
    ("责任追究", &["追究", "追责", "问责"]),
];

const PROBLEMS: [&str; 22] = [
    "问题",
    "不足",
    "不够",
    "不高",
    "不强",
    "不全",
    "不及时",
    "不到位",
    "不完善",
    "不规范",
    "有待",
    "差距",
    "薄弱",
    "欠缺",
    "短板",
    "滞后",
    "单一",
    "缺乏",
    "需要进一步",
    "还需",
    "仍需",
    "较少",
];

const MEASURES: [&str; 20] = [
    "改进",
    "下一步",
    "下步",
    "今后",
    "措施",
    "举措",
    "整改",
    "加强",
    "强化",
    "提升",
    "提高",
    "完善",
    "健全",
    "优化",
    "加大",
    "推进",
    "规范",
    "落实",
    "将",
    "继续",
];

/// Reads the parts.
pub(super) fn read(remarks: &mut Remarks, parts: &[Part<'_>]) {
    for part in parts {
        match part.kind {
            SectionKind::Overview => themes(remarks, part, &OF_OVERVIEW),
            SectionKind::Problems => {
                themes(remarks, part, &OF_PROBLEMS);
                empty(remarks, part);
            }
            SectionKind::Other => empty(remarks, part),
            SectionKind::Active | SectionKind::Requests | SectionKind::Litigation => {}
        }
        themes(remarks, part, &OF_DUTIES);
    }
}

/// Themes whose words are looked for together.
struct Themes {
    kind: RemarkKind,
    names: Vec<&'static str>,
    /// The words of all themes, and for each the position of its theme.
    words: AhoCorasick,
    theme_of_word: Vec<usize>,
}

impl Themes {
    fn new(kind: RemarkKind, themes: &[(&'static str, &[&str])]) -> Self {
        let of_word = |(theme, (_, words)): (usize, &(_, &[&str]))| vec![theme; words.len()];
        Self {
            kind,
            names: themes.iter().map(|(name, _)| *name).collect(),
            words: words(themes.iter().flat_map(|(_, words)| *words)),
            theme_of_word: themes.iter().enumerate().flat_map(of_word).collect(),
        }
    }
}

static OF_OVERVIEW: LazyLock<Themes> = LazyLock::new(|| Themes::new(RemarkKind::Theme, &THEMES));

static OF_PROBLEMS: LazyLock<Themes> =
    LazyLock::new(|| Themes::new(RemarkKind::Remedy, &[("问题", &PROBLEMS), ("措施", &MEASURES)]));

static OF_DUTIES: LazyLock<Themes> = LazyLock::new(|| Themes::new(RemarkKind::Theme, &DUTIES));

/// The themes that a part writes about, each where it is named first; of two words there the shorter.
fn themes(remarks: &mut Remarks, part: &Part<'_>, themes: &Themes) {
    let mut first: Vec<Option<(&Text, usize, usize)>> = vec![None; themes.names.len()];
    for text in part.blocks.iter().flat_map(|block| texts(block)) {
        for found in themes.words.find_overlapping_iter(text.as_str()) {
            let here = (text, found.start(), found.len());
            let theme = themes.theme_of_word.get(found.pattern().as_usize());
            match theme.and_then(|theme| first.get_mut(*theme)) {
                Some(first @ None) => *first = Some(here),
                Some(Some(first)) if std::ptr::eq(first.0, text) && (here.1, here.2) < (first.1, first.2) => {
                    *first = here;
                }
                _ => {}
            }
        }
        if first.iter().all(Option::is_some) {
            break;
        }
    }
    for (theme, first) in themes.names.iter().zip(first) {
        let is_theme = |remark: &report::Remark| remark.kind == themes.kind && remark.text == *theme;
        let is_known = remarks.found.iter().any(is_theme);
        if let Some((text, at, length)) = first.filter(|_| !is_known) {
            remarks.add(themes.kind, *theme, None, Some(part.kind), (text, at..at + length));
        }
    }
}

/// A section with fewer characters than this is empty: 无, 本年度无此情况.
const EMPTY_CHARS: usize = 10;

fn empty(remarks: &mut Remarks, part: &Part<'_>) {
    let lines: Vec<&str> = part.blocks.iter().flat_map(|block| texts(block)).map(Text::as_str).collect();
    // The signature below the last section is no content of it.
    let is_signature = |line: &&&str| line.trim().is_empty() || identity::is_signature(line);
    let signed = lines.iter().rev().take_while(is_signature).count();
    let text: String = lines.iter().take(lines.len() - signed).copied().collect();
    // 五、存在的主要问题及改进情况：无 has it in the heading.
    let behind = part.heading.as_str().rsplit_once(['：', ':']).map_or("", |(_, behind)| behind);
    if masked(&text).chars().count() < EMPTY_CHARS && masked(behind).chars().count() < EMPTY_CHARS {
        let words = if text.trim().is_empty() { behind } else { text.trim() };
        let whole = 0..part.heading.as_str().len();
        remarks.add(RemarkKind::Empty, words, None, Some(part.kind), (part.heading, whole));
    }
}

fn texts(block: &Block) -> impl Iterator<Item = &Text> {
    let (paragraph, table) = match block {
        Block::Paragraph(paragraph) => (Some(&paragraph.text), None),
        Block::Table(table) => (None, Some(table)),
    };
    let cells =
        table.into_iter().flat_map(|table| &table.rows).flat_map(|row| &row.cells).map(|cell| &cell.text);
    paragraph.into_iter().chain(cells)
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;

    #[test]
    fn sections_are_recognised_by_their_content() {
        check(
            "",
            "标题\n一、总体情况\n（一）主动公开。通过网站公开政府信息5条。\n（二）依申请公开。收到0件。\n五、存在的主要问题及改进情况\n信息更新不够及时，公开内容单一。\n六、其他需要报告的事项\n无。",
            &["theme 主动公开", "theme 依申请公开", "theme 平台建设", "remedy 问题", "empty 无。"],
        );
        check(
            "",
            "标题\n五、存在的主要问题及改进情况\n一、培训较少，下一步将加强\n二、社会评议和考核结果良好\n六、其他需要报告的事项：本机关无其他需要报告的事项",
            &["remedy 问题", "remedy 措施", "theme 工作考核", "theme 社会评议"],
        );
    }
    #[test]
    fn a_signature_fills_no_part() {
        for (below, expected) in [
            ("无。\n某县水利局\n2025年1月17日", &["empty 无。"][..]),
            ("无。\n某县水利局2025年1月17日\n", &["empty 无。"]),
            ("某县水利局\n2025年1月17日", &["empty "]),
            ("2024年没有需要报告的其他事项。\n某县水利局\n2025年1月17日", &[]),
            ("无。\n联系电话见本机关网站公布的公开指南\n2025年1月17日", &[]),
        ] {
            check("", &format!("标题\n六、其他需要报告的事项\n{below}"), expected);
        }
    }
}
