//! How often a text names a province or a city.

use super::divisions::{Code, is_customary, is_shadowed, names};

/// Times that `text` names the division, in full (西安市) or as it is customarily called (西安).
pub(super) fn mentions(text: &str, code: Code) -> usize {
    let Some((full, customary)) = names(code) else { return 0 };
    let own_ending = &full[customary.len()..];
    let is_second = super::divisions::customary(customary) != Some(code);
    let bare_counts = !(is_everyday(customary) || is_second && is_shadowed(customary));
    text.match_indices(customary)
        .filter(|(at, _)| {
            let (before, after) = (&text[..*at], &text[at + customary.len()..]);
            let in_full =
                after.starts_with(own_ending) || (own_ending.ends_with('州') && after.starts_with('州'));
            in_full
                || (bare_counts
                    && !ELSEWHERE.iter().any(|word| after.starts_with(word))
                    && !is_cut(before, customary))
        })
        .count()
}

/// Whether everyday text has that name's characters too.
pub(super) fn is_everyday(customary: &str) -> bool {
    EVERYDAY.contains(&customary)
}

/// Customary names that everyday text makes as well, as a word of its own (长治久安, 文山会海) or across
/// two (确保定期, 创新乡村, 其中卫生, 加大理论): these count in full only.
const EVERYDAY: [&str; 45] = [
    "上海", "东营", "中卫", "中山", "保定", "信阳", "南阳", "四平", "固原", "大同", "大庆", "大理", "大连",
    "天水", "安康", "安阳", "安顺", "定西", "山南", "常德", "广安", "开封", "承德", "文山", "新乡", "日照",
    "来宾", "江门", "泰安", "海东", "海北", "海西", "玉树", "白山", "白银", "益阳", "衡水", "资阳", "通化",
    "长治", "阿里", "阜新", "三明", "和田", "红河",
];

/// What follows a customary name that names something else: 朝阳区, 中山路, 北京大学, 海南州.
const ELSEWHERE: [&str; 24] = [
    "区", "县", "镇", "乡", "村", "州", "藏族", "路", "街", "大道", "大街", "东路", "西路", "南路", "北路",
    "中路", "东街", "西街", "南街", "北街", "大学", "银行", "节", "岸",
];

/// Whether the name's first character belongs to another name: the 西安 in 陕西安全, the 江门 in 浙江门户.
fn is_cut(before: &str, customary: &str) -> bool {
    let Some(first) = customary.chars().next() else { return false };
    let mut starts = before.char_indices().rev().map(|(at, _)| at);
    starts.by_ref().take(2).any(|start| is_customary(&format!("{}{first}", &before[start..])))
}
