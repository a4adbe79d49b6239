//! Provinces by the first two digits of a region code.

/// Code and name of the divisions of the first level.
const PROVINCES: [(&str, &str); 34] = [
    ("11", "北京市"),
    ("12", "天津市"),
    ("13", "河北省"),
    ("14", "山西省"),
    ("15", "内蒙古自治区"),
    ("21", "辽宁省"),
    ("22", "吉林省"),
    ("23", "黑龙江省"),
    ("31", "上海市"),
    ("32", "江苏省"),
    ("33", "浙江省"),
    ("34", "安徽省"),
    ("35", "福建省"),
    ("36", "江西省"),
    ("37", "山东省"),
    ("41", "河南省"),
    ("42", "湖北省"),
    ("43", "湖南省"),
    ("44", "广东省"),
    ("45", "广西壮族自治区"),
    ("46", "海南省"),
    ("50", "重庆市"),
    ("51", "四川省"),
    ("52", "贵州省"),
    ("53", "云南省"),
    ("54", "西藏自治区"),
    ("61", "陕西省"),
    ("62", "甘肃省"),
    ("63", "青海省"),
    ("64", "宁夏回族自治区"),
    ("65", "新疆维吾尔自治区"),
    ("71", "台湾省"),
    ("81", "香港特别行政区"),
    ("82", "澳门特别行政区"),
];

/// The name of a province by its two digits.
pub(crate) fn province(code: &str) -> Option<&'static str> {
    PROVINCES.iter().find(|(known, _)| *known == code).map(|(_, name)| *name)
}

/// The name of a division, cut from the full name of a region inside it: `陕西省西安市` and
/// `陕西省西安市碑林区` of `陕西省西安市碑林区文艺路街道`, by the significant digits of its code.
pub(crate) fn above<'a>(code: &str, name: &'a str) -> Option<&'a str> {
    let province = province(code.get(..2)?)?;
    let rest = name.strip_prefix(province)?;
    let ends = ["市", "自治州", "盟", "地区"].into_iter();
    let end = ends.filter_map(|end| rest.find(end).map(|at| at + end.len())).min();
    let end = end.filter(|_| !province.ends_with('市'));
    let city = match end {
        Some(end) => province.len() + end,
        // A municipality is its own city, and some counties have none above them.
        None => province.len(),
    };
    match code.len() {
        4 if end.is_some() || province.ends_with('市') => Some(&name[..city]),
        6 if code.ends_with("00") => Some(&name[..city]),
        // 仙桃市 has a county's code and a city's name.
        6 => Some(&name[..city + county(&name[city..]).map_or(0, str::len)]),
        _ => None,
    }
}

/// The county at the beginning of a name that goes on with a township.
fn county(name: &str) -> Option<&str> {
    const KINDS: [char; 4] = ['县', '区', '市', '旗'];
    let mut characters = name.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        // 新市区 and 津市市 go on.
        let goes_on = characters.peek().is_some_and(|(_, next)| KINDS.contains(next));
        if KINDS.contains(&character) && !goes_on {
            return name.get(..at + character.len_utf8());
        }
    }
    None
}

/// The significant digits of a region code: `370000` is `37`, `370400` is `3704`. None where it is no
/// code of two, four, six or nine digits.
pub(crate) fn prefix(code: &str) -> Option<&str> {
    if !matches!(code.len(), 2 | 4 | 6 | 9) || !code.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut prefix = code;
    while (3..=6).contains(&prefix.len()) && prefix.ends_with("00") {
        prefix = &prefix[..prefix.len() - 2];
    }
    Some(prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn divisions_above_are_cut_from_the_full_name() {
        let check = |code: &str, name: &str, expected: &str| {
            assert_eq!(above(code, name).unwrap_or("-"), expected, "{code} {name}");
        };
        check("6101", "陕西省西安市碑林区", "陕西省西安市");
        check("6101", "陕西省西安市碑林区文艺路街道", "陕西省西安市");
        check("1101", "北京市东城区", "北京市");
        check("610103", "陕西省西安市碑林区文艺路街道", "陕西省西安市碑林区");
        check("130532", "河北省邢台市平乡县寻召乡", "河北省邢台市平乡县");
        check("110101", "北京市东城区东华门街道", "北京市东城区");
        check("370402", "山东省枣庄市市中区中心街街道", "山东省枣庄市市中区");
        check("650104", "新疆维吾尔自治区乌鲁木齐市新市区二工街道", "新疆维吾尔自治区乌鲁木齐市新市区");
        check("430781", "湖南省常德市津市市新洲镇", "湖南省常德市津市市");
        check("429004", "湖北省仙桃市毛嘴镇", "湖北省仙桃市");
        check("441900", "广东省东莞市石龙镇", "广东省东莞市");
        check("442000", "广东省中山市东区街道", "广东省中山市");
    }

    #[test]
    fn codes_lose_what_says_nothing() {
        let check = |code: &str, expected: &str| assert_eq!(prefix(code).unwrap_or("-"), expected, "{code}");
        check("370000", "37");
        check("370400", "3704");
        check("370402", "370402");
        check("110101001", "110101001");
        check("441900100", "441900100");
        check("3704021", "-");
        check("37040a", "-");
    }
}
