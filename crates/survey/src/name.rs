//! Names of agencies: what is left of a name without its place, and what kind of agency it tells.

use report::Region;

/// A name without white space, in half-width characters.
pub(crate) fn fold(name: &str) -> String {
    name.chars().filter(|c| !c.is_whitespace() && *c != '\u{feff}').map(half_width).collect()
}

fn half_width(c: char) -> char {
    match c {
        '！'..='～' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        _ => c,
    }
}

/// What an agency is called within its division: its folded name without the divisions in front of it,
/// `人民政府` shortened, and nothing at all for the government itself. `枣庄市行政审批服务局`,
/// `山东省枣庄市行政审批服务局` and `市行政审批服务局` of 枣庄市 are all `行政审批服务局`.
pub(crate) fn core(folded: &str, region: Option<&Region>) -> String {
    let mut rest = folded;
    while let Some(length) = region.and_then(|region| place_before(rest, &region.name)) {
        rest = rest.get(length..).unwrap_or_default();
    }
    let core = rest.replace("人民政府", "政府");
    if GOVERNMENTS.contains(&core.as_str()) { String::new() } else { core }
}

/// What a government is called within its division.
const GOVERNMENTS: [&str; 3] = ["政府", "办事处", "街道办事处"];

/// What the office of a government is called within its division.
const OFFICES: [&str; 5] = ["政府办公室", "政府办公厅", "办公室", "办公厅", "政府办"];

/// The characters and words that end the name of a division.
const PLACE_ENDINGS: [&str; 11] = ["省", "市", "区", "县", "州", "盟", "旗", "乡", "镇", "街道", "苏木"];

/// Words that begin like a division: 市场监督管理局, 乡村振兴局.
const NO_PLACES: [&str; 5] = ["市场", "市政", "市容", "乡村", "区域"];

/// The length in bytes of the longest division of `region` that `name` begins with, or of the mere 市 or
/// 县 before it.
fn place_before(name: &str, region: &str) -> Option<usize> {
    if NO_PLACES.iter().any(|word| name.starts_with(word)) {
        return None;
    }
    let ends = |text: &str| PLACE_ENDINGS.iter().any(|ending| text.ends_with(ending));
    let stands_in_region = |place: &str| {
        region.match_indices(place).any(|(at, _)| at == 0 || region.get(..at).is_some_and(ends))
    };
    let lengths = name.char_indices().map(|(at, c)| at + c.len_utf8());
    let is_place = |length: &usize| {
        name.get(..*length).is_some_and(|place| ends(place) && (*length == 3 || stands_in_region(place)))
    };
    lengths.take_while(|length| *length <= region.len().max(3)).filter(is_place).last()
}

/// The place of an agency among those of its division.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    /// The division's government.
    Government,
    /// Its office.
    Office,
    /// Any other.
    Department,
}

/// The place of an agency among those of its division.
pub(crate) fn rank(core: &str) -> Rank {
    match core {
        "" => Rank::Government,
        _ if OFFICES.contains(&core) => Rank::Office,
        _ => Rank::Department,
    }
}

/// Whether an agency answers to its own line of work above and not to the government of its division
/// (垂直管理), which does not count its figures as its own.
pub(crate) fn is_vertical(core: &str) -> bool {
    const LINES: [&str; 14] = [
        "税务",
        "海关",
        "海事",
        "气象",
        "烟草",
        "邮政管理",
        "消防救援",
        "国家安全",
        "调查队",
        "金融监督管理",
        "金融监管",
        "证券监督管理",
        "外汇管理",
        "人民银行",
    ];
    LINES.iter().any(|line| core.contains(line))
}

/// The kinds of agency that have peers, by what their names contain. The first that fits is it.
#[rustfmt::skip]
const KINDS: &[(&str, &[&str])] = &[
    ("公安机关", &["公安局", "公安厅", "公安分局"]),
    ("教育部门", &["教育局", "教育厅", "教育和体育局", "教育体育局", "教体局", "教育委员会", "教委"]),
    ("行政审批部门", &["行政审批", "审批服务局", "审批局", "政务服务"]),
    ("发展改革部门", &["发展和改革", "发展改革", "发改"]),
    ("自然资源部门", &["自然资源"]),
    ("生态环境部门", &["生态环境"]),
    ("住房城乡建设部门", &["住房和城乡建设", "住房城乡建设", "住建局"]),
    ("城市管理部门", &["城市管理", "综合行政执法", "城管"]),
    ("交通运输部门", &["交通运输"]),
    ("水行政部门", &["水利局", "水务局", "水利厅"]),
    ("农业农村部门", &["农业农村"]),
    ("林业部门", &["林业", "园林"]),
    ("商务部门", &["商务局", "商务厅"]),
    ("文化和旅游部门", &["文化和旅游", "文化广电", "文旅"]),
    ("卫生健康部门", &["卫生健康", "卫健"]),
    ("退役军人事务部门", &["退役军人"]),
    ("应急管理部门", &["应急管理"]),
    ("审计机关", &["审计"]),
    ("市场监督管理部门", &["市场监督", "市场监管", "市监"]),
    ("统计部门", &["统计局"]),
    ("医疗保障部门", &["医疗保障", "医保"]),
    ("信访部门", &["信访"]),
    ("税务机关", &["税务"]),
    ("人力资源社会保障部门", &["人力资源"]),
    ("民政部门", &["民政"]),
    ("财政部门", &["财政"]),
    ("司法行政部门", &["司法"]),
    ("工业和信息化部门", &["工业和信息化", "经济和信息化", "工信"]),
    ("科技部门", &["科学技术", "科技"]),
    ("街道办事处", &["街道办事处"]),
    ("镇政府", &["镇政府"]),
    ("乡政府", &["乡政府"]),
];

/// Every kind of agency that has peers.
pub(crate) fn kinds() -> impl Iterator<Item = &'static str> {
    std::iter::once("政府").chain(KINDS.iter().map(|(kind, _)| *kind))
}

/// The kind of an agency that has peers; none where its name does not tell.
pub(crate) fn kind(folded: &str, core: &str) -> Option<&'static str> {
    let is_government = rank(core) == Rank::Government;
    match folded.trim_end_matches("政府").trim_end_matches("人民") {
        place if is_government && place.ends_with('镇') => Some("镇政府"),
        place if is_government && place.ends_with('乡') => Some("乡政府"),
        place if is_government && (place.ends_with("街道") || place.ends_with("办事处")) => {
            Some("街道办事处")
        }
        _ if is_government => Some("政府"),
        _ => KINDS
            .iter()
            .find(|(_, words)| words.iter().any(|word| core.contains(word)))
            .map(|(kind, _)| *kind),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_taken_off() {
        let check = |name: &str, region: &str, expected: &str| {
            let region = Region { code: String::new(), name: region.to_owned() };
            assert_eq!(core(&fold(name), Some(&region)), expected, "{name}");
        };
        for name in [
            "枣庄市行政审批服务局",
            "山东省枣庄市行政审批服务局",
            "市行政审批服务局",
            "枣庄市 行政审批服务局",
        ] {
            check(name, "山东省枣庄市", "行政审批服务局");
        }
        check("枣庄市市场监督管理局", "山东省枣庄市", "市场监督管理局");
        check("市市场监督管理局", "山东省枣庄市", "市场监督管理局");
        check("宣城市城市管理局", "安徽省宣城市", "城市管理局");
        check("城市管理局", "安徽省宣城市", "城市管理局");
        check("枣庄市市中区教育局", "山东省枣庄市市中区", "教育局");
        check("市中区教育局", "山东省枣庄市市中区", "教育局");
        check("天河区教育局", "广东省广州市天河区", "教育局");
        check("广东省天河区教育局", "广东省广州市天河区", "教育局");
        check("枣庄市人民政府", "山东省枣庄市", "");
        check("枣庄市", "山东省枣庄市", "");
        check("平乡县寻召乡人民政府", "河北省邢台市平乡县寻召乡", "");
        check("平乡县寻召乡人民政府", "河北省邢台市平乡县", "寻召乡政府");
        check("东湖街道办事处", "湖北省武汉市武昌区东湖街道", "");
        check("薛城区人民政府办公室", "山东省枣庄市薛城区", "政府办公室");
        check("薛城区政府办公室", "山东省枣庄市薛城区", "政府办公室");
        check("滕州市乡村振兴局", "山东省枣庄市滕州市", "乡村振兴局");
    }

    #[test]
    fn kinds_are_recognised_by_name() {
        for (name, core, expected) in [
            ("枣庄市公安局", "公安局", Some("公安机关")),
            ("某市教育和体育局", "教育和体育局", Some("教育部门")),
            ("某市市场监督管理局", "市场监督管理局", Some("市场监督管理部门")),
            ("某县人民政府", "", Some("政府")),
            ("某县甲镇人民政府", "", Some("镇政府")),
            ("甲街道办事处", "", Some("街道办事处")),
            ("某市地震局", "地震局", None),
        ] {
            assert_eq!(kind(name, core), expected, "{name}");
        }
    }
}
