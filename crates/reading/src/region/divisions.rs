//! The divisions of China by code and by name.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use report::Region;

/// Six digits: two of the province, two of the city, two of the county.
pub(super) type Code = &'static str;

/// A possible meaning of a name.
pub(super) struct Sense {
    pub(super) code: Code,
    /// The name is the division's full one (or a former full one), not a customary short one.
    pub(super) full: bool,
}

/// The division of a code, under the name it bears now.
pub(super) fn by_code(code: &str) -> Option<Region> {
    let own = find(code)?;
    let above = lineage(own.code).map(|division| division.name);
    Some(Region { code: own.code.to_owned(), name: above.chain([own.name]).collect() })
}

/// Everything called `name`.
pub(super) fn senses(name: &str) -> &'static [Sense] {
    TABLE.by_name.get(name).map_or(&[], Vec::as_slice)
}

/// The full and the customary name of a province or city: 西安市, 西安.
pub(super) fn names(code: Code) -> Option<(&'static str, &'static str)> {
    find(code).map(|division| (division.name, stem(division.name)))
}

/// Whether `name` is what a province or a city is customarily called.
pub(super) fn is_customary(name: &str) -> bool {
    TABLE.customary.contains_key(name)
}

/// The province or city customarily called so; the province where both are.
pub(super) fn customary(name: &str) -> Option<Code> {
    TABLE.customary.get(name).copied()
}

/// Whether a province and a city are both customarily called so: 吉林, 海南.
pub(super) fn is_shadowed(customary: &str) -> bool {
    TABLE.shadowed.contains(customary)
}

/// Whether some county is called so for short: 朝阳.
pub(super) fn bears_a_county(name: &str) -> bool {
    ["区", "县", "市"]
        .iter()
        .any(|kind| senses(&format!("{name}{kind}")).iter().any(|sense| is_county(sense.code)))
}

pub(super) fn is_county(code: &str) -> bool {
    !code.ends_with("00")
}

pub(super) fn province_of(code: &str) -> Code {
    // The table holds a province for every code in it.
    find(&format!("{}0000", &code[..2])).map_or("", |division| division.code)
}

pub(super) fn city_of(code: &str) -> Option<Code> {
    find(&format!("{}00", &code[..4])).map(|division| division.code).filter(|city| !city.ends_with("0000"))
}

/// Whether a division lies in another, above it.
pub(super) fn is_within(code: &str, above: &str) -> bool {
    if code == above {
        return false;
    }
    match above {
        // 塔城 and 阿勒泰 are 地区 of their own code under 伊犁哈萨克自治州.
        "654000" => ["6540", "6542", "6543"].contains(&&code[..4]),
        _ if above.ends_with("0000") => code[..2] == above[..2],
        _ if above.ends_with("00") => code[..4] == above[..4],
        _ => false,
    }
}

struct Division {
    code: Code,
    name: &'static str,
}

struct Table {
    /// By code; of one code the present name comes first.
    divisions: Vec<Division>,
    by_name: HashMap<String, Vec<Sense>>,
    /// Customary names of provinces and cities; where two share one, it is the province's.
    customary: HashMap<&'static str, Code>,
    /// Those that a province and a city share.
    shadowed: HashSet<&'static str>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let lines = include_str!("../divisions.tsv").lines().filter(|line| !line.starts_with('#'));
    let mut divisions: Vec<Division> =
        lines.filter_map(|line| line.split_once('\t')).map(|(code, name)| Division { code, name }).collect();
    divisions.sort_by_key(|division| division.code);

    let mut by_name: HashMap<String, Vec<Sense>> = HashMap::with_capacity(divisions.len());
    let mut customary = HashMap::new();
    let mut shadowed = HashSet::new();
    for &Division { code, name } in &divisions {
        by_name.entry(name.to_owned()).or_default().push(Sense { code, full: true });
        for short in shortened(name) {
            by_name.entry(short).or_default().push(Sense { code, full: !is_county(code) });
        }
    }
    for level in ["0000", "00"] {
        for &Division { code, name } in divisions.iter().filter(|division| division.code.ends_with(level)) {
            let first: &mut Code = customary.entry(stem(name)).or_insert(code);
            if *first != code {
                shadowed.insert(stem(name));
            }
        }
    }
    Table { divisions, by_name, customary, shadowed }
});

/// Every name in the table, with its code.
pub(super) fn every_code() -> impl Iterator<Item = (Code, &'static str)> {
    TABLE.divisions.iter().map(|division| (division.code, division.name))
}

fn find(code: &str) -> Option<&'static Division> {
    let at = TABLE.divisions.partition_point(|division| division.code < code);
    TABLE.divisions.get(at).filter(|division| division.code == code)
}

/// The province and the city above, the province first.
fn lineage(code: Code) -> impl Iterator<Item = &'static Division> {
    let province = Some(province_of(code));
    [province, city_of(code)].into_iter().flatten().filter(move |above| *above != code).filter_map(find)
}

/// How the autonomous ones are called for short: 海南州, 恩施自治州, 长阳县, 鄂温克旗.
fn shortened(name: &str) -> Vec<String> {
    let own = stem(name);
    ["自治州", "自治县", "自治旗"]
        .into_iter()
        .filter(|kind| name.ends_with(kind))
        .flat_map(|kind| [format!("{own}{kind}"), format!("{own}{}", &kind["自治".len()..])])
        .filter(|short| short != name)
        .collect()
}

/// A name without its kind and its peoples: 西安市 is 西安, 恩施土家族苗族自治州 is 恩施.
fn stem(name: &str) -> &str {
    const KINDS: [&str; 11] =
        ["自治区", "自治州", "自治县", "自治旗", "地区", "省", "市", "盟", "区", "县", "旗"];
    let Some(bare) = KINDS.iter().find_map(|kind| name.strip_suffix(kind)) else { return name };
    if !name.contains("自治") {
        return bare;
    }
    let mut own = bare;
    while let Some(shorter) = PEOPLES.split(' ').find_map(|people| own.strip_suffix(people)) {
        // 东乡族自治县 and 内蒙古自治区 are called after the people itself.
        if shorter.chars().count() < 2 {
            return own.strip_suffix('族').unwrap_or(own);
        }
        own = shorter;
    }
    own
}

/// The peoples that autonomous divisions are named after, as their names print them.
const PEOPLES: &str = "\
    各族 蒙古族 蒙古 回族 藏族 维吾尔 苗族 彝族 壮族 布依族 朝鲜族 满族 侗族 瑶族 \
    白族 土家族 哈尼族 哈萨克族 哈萨克 傣族 黎族 傈僳族 佤族 畲族 拉祜族 水族 东乡族 \
    纳西族 景颇族 柯尔克孜 土族 达斡尔族 仫佬族 羌族 布朗族 撒拉族 毛南族 仡佬族 锡伯 \
    普米族 塔吉克 怒族 鄂温克族 保安族 裕固族 独龙族 阿昌族 德昂族 基诺族 门巴族 \
    珞巴族 京族";
