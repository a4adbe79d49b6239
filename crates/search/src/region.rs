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

/// The name of a city, cut from the full name of a region inside it: `陕西省西安市` of `陕西省西安市碑林区`.
pub(crate) fn city<'a>(code: &str, name: &'a str) -> Option<&'a str> {
    let province = province(code.get(..2)?)?;
    let rest = name.strip_prefix(province)?;
    let ends = ["市", "自治州", "盟", "地区"].into_iter();
    let end = ends.filter_map(|end| rest.find(end).map(|at| at + end.len())).min();
    match (code.len(), end) {
        (4, Some(end)) => Some(&name[..province.len() + end]),
        // A municipality is its own city.
        (4, None) if province.ends_with('市') => Some(&name[..province.len()]),
        _ => None,
    }
}

/// The significant digits of a region code: `370000` is `37`, `370400` is `3704`. None where it is no
/// code of two, four or six digits.
pub(crate) fn prefix(code: &str) -> Option<&str> {
    if !matches!(code.len(), 2 | 4 | 6) || !code.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut prefix = code;
    while prefix.len() > 2 && prefix.ends_with("00") {
        prefix = &prefix[..prefix.len() - 2];
    }
    Some(prefix)
}
