//! Names that are proved without a parent: districts whose name exists once in the country, areas that are
//! no division of their own and lie in one (雄安新区), and zones of a county (昆山高新技术产业开发区).

use report::Region;

use super::divisions::{Code, by_code, city_of, every_code, is_county, is_customary, province_of, senses};
use super::elsewhere::is_zone;
use super::mention::{is_everyday, mentions};
use super::{Chain, is_district};

/// The division of an agency whose name needs no parent, unless the report speaks of other places only.
pub(super) fn resolve(agency: &str, context: &str) -> Option<Region> {
    let agency: String = agency.split_whitespace().collect();
    let code = area(&agency).or_else(|| district(&agency)).or_else(|| zone_of_county(&agency))?;
    if is_about_others(code, context) { None } else { by_code(code) }
}

/// Areas with a government of their own and no code of their own, each with the lowest division that holds
/// the whole of it.
#[rustfmt::skip]
const AREAS: [(&str, &str); 23] = [
    ("雄安新区", "130000"), ("曹妃甸新区", "130209"), ("北戴河新区", "130300"), ("渤海新区", "130900"),
    ("金普新区", "210200"), ("江北新区", "320100"), ("苏州工业园区", "320500"), ("舟山群岛新区", "330900"),
    ("平潭综合实验区", "350128"), ("赣江新区", "360000"), ("西海岸新区", "370200"), ("郑东新区", "410100"),
    ("郑州航空港", "410100"), ("湘江新区", "430000"), ("南沙新区", "440115"), ("大鹏新区", "440300"),
    ("横琴", "440400"), ("洋浦经济开发区", "460000"), ("天府新区", "510000"),
    ("贵安新区", "520000"), ("滇中新区", "530000"), ("西咸新区", "610000"),
    ("武汉东湖", "420100"),
];

fn area(agency: &str) -> Option<Code> {
    AREAS.iter().find(|(name, _)| agency.contains(name)).map(|(_, code)| *code)
}

/// The only district of that name that there is or was.
fn district(agency: &str) -> Option<Code> {
    let chain = Chain::read(agency);
    let [code] = chain.options[..] else { return None };
    (is_county(code) && chain.full && is_district(chain.name) && !is_common(chain.name)).then_some(code)
}

/// Words that any city may call a part of itself by: 老城区, 东城区, 新区.
fn is_common(district: &str) -> bool {
    const COMMON: &str = "东西南北中上下前后内外老新古旧城市区郊矿关厢开发高";
    district.chars().all(|c| COMMON.contains(c))
}

/// The county or city of county level whose name without its kind a zone bears.
fn zone_of_county(agency: &str) -> Option<Code> {
    agency.char_indices().skip(2).take(3).find_map(|(at, _)| {
        let (stem, rest) = agency.split_at(at);
        if !is_zone(rest) || is_everyday(stem) || is_customary(stem) {
            return None;
        }
        let kinds = ["县", "市", "区", "旗", "自治县", "自治旗"];
        let mut codes: Vec<Code> =
            kinds.iter().flat_map(|kind| senses(&format!("{stem}{kind}"))).map(|sense| sense.code).collect();
        codes.sort_unstable();
        codes.dedup();
        let is_whole = senses(&format!("{stem}区")).is_empty();
        match codes[..] {
            [only] if is_county(only) && is_whole => Some(only),
            _ => None,
        }
    })
}

/// Times that a report has to name another city or province before it speaks of other places.
const NAMED_OFTEN: usize = 2;

/// Whether a report names other cities or provinces in full, again and again, and never the one above this
/// division: then another place of the same name may be meant.
fn is_about_others(code: Code, context: &str) -> bool {
    let above = [city_of(code), Some(province_of(code))];
    let names_its_own = above.into_iter().flatten().any(|above| mentions(context, above) > 0);
    let is_named_often = |name: &str| context.matches(name).take(NAMED_OFTEN).count() == NAMED_OFTEN;
    !names_its_own
        && every_code().any(|(other, name)| {
            !is_county(other) && !above.contains(&Some(other)) && other != code && is_named_often(name)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(agency: &str, context: &str, expected: &str) {
        let found = resolve(agency, context).map_or_else(|| "-".to_owned(), |region| region.code);
        assert_eq!(found, expected, "{agency} | {context}");
    }

    #[test]
    fn a_district_that_exists_once_needs_no_parent() {
        check("海珠区人民政府", "", "440105");
        check("天河区教育局", "", "440106");
        check("香洲区财政局", "", "440402");
        check("霞山区人民政府", "", "440803");
        check("碑林区行政审批服务局", "", "610103");
        check("浦东新区人民政府", "", "310115");
        check("滨海新区教育体育局", "", "120116");
        // Several bear the name, or any city may have a part that is called so.
        for agency in ["鼓楼区财政局", "朝阳区教育局", "南沙区财政局", "老城区行政审批局", "东城区教育局"]
        {
            check(agency, "", "-");
        }
        check("高新区管理委员会", "", "-");
        check("新区管理委员会", "", "-");
        check("经济技术开发区管理委员会", "", "-");
    }

    #[test]
    fn an_area_lies_in_the_division_that_holds_it() {
        check("雄安新区管理委员会", "", "130000");
        check("两江新区管理委员会", "", "500157");
        check("平潭综合实验区管理委员会", "", "350128");
        check("平潭综合实验区经济发展局", "", "350128");
        check("西咸新区沣东新城管理委员会", "", "610000");
        check("昆山高新技术产业开发区管理委员会", "", "320583");
        check("义乌经济技术开发区管理委员会", "", "330782");
        // 长安 are two districts, 朝阳 a city and districts, 大理 any word.
        for agency in ["长安经济技术开发区", "朝阳高新技术产业开发区", "大理经济技术开发区"]
        {
            check(agency, "", "-");
        }
    }

    #[test]
    fn a_report_that_names_other_places_leaves_it_open() {
        check("滨湖区财政局", "合肥市 合肥市", "-");
        check("滨湖区财政局", "无锡市 合肥市 合肥市", "320211");
        check("滨湖区财政局", "学习合肥市的经验", "320211");
    }

    #[test]
    fn the_code_of_each_area_is_a_division() {
        for (name, code) in AREAS {
            assert!(by_code(code).is_some(), "{name} {code}");
        }
    }
}
