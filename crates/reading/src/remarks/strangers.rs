//! Names of other agencies, and words of their trade, where the own would stand: what is left of a text
//! that was copied.

use std::sync::LazyLock;

use document::Text;
use regex::Regex;
use report::{RemarkKind, SectionKind};

use super::Remarks;
use crate::pattern::pattern;

static SUBJECT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"(?:^|[。；，,]|20\d\d\s*年(?:度|来|以来)?[，,]?)\s*(?:20\d\d\s*年(?:度|来|以来)?[，,]?\s*)?",
        r"(?P<agency>\p{Han}{2,8}[省市县区旗州盟]\p{Han}{1,20}?(?:人民政府办公室|政府办公室|人民政府|办事处|委员会|[局镇乡]))",
        r"(?:严格|认真|坚持|深入|高度重视|始终|切实|紧紧围绕|共收到|未收到|主动公开)",
    ))
});

static TRADE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:根据|结合|立足|围绕)(?:我局|本局|我委|全局)?(?P<trade>\p{Han}{2,6}?)(?:部门)?工作(?:的)?实际",
    )
});

/// Trades that have an agency of their own, as its name and as its work are called.
const TRADES: [(&str, &[&str]); 24] = [
    ("信访", &["信访"]),
    ("审计", &["审计"]),
    ("统计", &["统计"]),
    ("税务", &["税务", "税收"]),
    ("民政", &["民政"]),
    ("财政", &["财政"]),
    ("教育", &["教育"]),
    ("水利", &["水利", "水务"]),
    ("气象", &["气象"]),
    ("司法", &["司法"]),
    ("公安", &["公安", "警务"]),
    ("交通", &["交通"]),
    ("卫生", &["卫生", "卫健"]),
    ("医疗保障", &["医保", "医疗保障"]),
    ("应急", &["应急"]),
    ("商务", &["商务"]),
    ("体育", &["体育"]),
    ("林业", &["林业"]),
    ("退役军人", &["退役军人"]),
    ("市场监督", &["市场监管", "市场监督"]),
    ("自然资源", &["自然资源"]),
    ("生态环境", &["生态环境", "环保"]),
    ("农业农村", &["农业农村"]),
    ("行政审批", &["行政审批"]),
];

/// Reads one paragraph. Without the agency's own name, other names cannot be recognised.
pub(super) fn read(remarks: &mut Remarks, section: Option<SectionKind>, text: &Text, agency: Option<&str>) {
    let Some(own) = agency else { return };
    let line = text.as_str();
    for found in SUBJECT.captures_iter(line) {
        let Some(name) =
            found.name("agency").filter(|name| !own.contains(name.as_str()) && !name.as_str().contains(own))
        else {
            continue;
        };
        remarks.add(RemarkKind::Stranger, name.as_str(), None, section, (text, name.range()));
    }
    // Governments, towns and zones have every trade.
    let Some(own_trade) = TRADES.iter().find(|(name, _)| own.contains(name)) else { return };
    for found in TRADE.captures_iter(line) {
        let (Some(whole), Some(trade)) = (found.get(0), found.name("trade")) else { continue };
        let other = TRADES.iter().find(|(_, words)| words.contains(&trade.as_str()));
        let is_other = other.is_some_and(|other| other != own_trade && !own.contains(trade.as_str()));
        if is_other {
            remarks.add(RemarkKind::Stranger, whole.as_str(), None, section, (text, whole.range()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;

    #[test]
    fn other_names_and_trades_are_distinguished_from_the_own() {
        let said = |agency: &str, sentence: &str, expected: &[&str]| {
            check(agency, &format!("一、总体情况\n{sentence}"), expected);
        };
        said(
            "平乡县寻召乡人民政府",
            "2024年，平乡县人民政府办公室认真贯彻落实条例。",
            &["stranger 平乡县人民政府办公室"],
        );
        said("平乡县寻召乡人民政府", "2024年，平乡县寻召乡人民政府认真贯彻落实条例。", &[]);
        said("武汉市公安局青山区分局", "根据信访工作实际，完善制度。", &["stranger 根据信访工作实际"]);
        said("武汉市公安局青山区分局", "结合公安工作实际和信访工作要求，完善制度。", &[]);
        said("平乡县寻召乡人民政府", "结合民政工作实际，完善制度。", &[]);
        said("枣庄市教育局", "枣庄市人民政府办公室印发通知，我局认真落实。", &[]);
    }
}
