//! The kind of body that an agency is, by its name and its region.

use report::Report;

/// The kinds of body by which the power to make 规章 differs (《立法法》第九十一条、第九十三条).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Body {
    /// The government of a province, or of a city or prefecture with districts or counties, or its office.
    HigherGovernment,
    /// The government of a county, town or subdistrict, or its office.
    LowerGovernment,
    /// A department of a local government, or an agency of the centre in a place.
    Department,
}

/// The kind of the agency; none if its name leaves it open.
pub(crate) fn of(report: &Report) -> Option<Body> {
    let code = report.region.as_ref().map(|region| region.code.as_str());
    of_name(report.agency.as_deref()?, code)
}

fn of_name(agency: &str, code: Option<&str>) -> Option<Body> {
    const DEPARTMENTS: [&str; 9] = ["局", "厅", "委员会", "中心", "支队", "大队", "分局", "管委会", "委"];
    let name: String = agency.chars().filter(|c| !c.is_whitespace()).collect();
    // The names of central agencies contain no place, although 市场 and 城乡 look like one.
    let is_central = ["国家", "中国", "中华", "国务院"].iter().any(|start| name.starts_with(start));
    let is_named_by_place = name.contains(['省', '市', '县', '区', '州', '旗', '盟', '镇', '乡']);
    let is_in_a_place = code.is_some() || is_named_by_place && !is_central;
    let office = name.trim_end_matches("办公厅").trim_end_matches("办公室").trim_end_matches("人民政府");
    let is_government =
        name.contains("人民政府") || office.ends_with("街道办事处") || name == office && is_place(office);
    if !is_government {
        let is_department = DEPARTMENTS.iter().any(|ending| office.ends_with(ending));
        return (is_department && is_in_a_place).then_some(Body::Department);
    }
    // 某县人民政府信访局 is a department.
    let place = name.split("人民政府").next().unwrap_or(office);
    let behind = name.get(place.len()..).unwrap_or_default();
    if !["", "人民政府", "人民政府办公室", "人民政府办公厅"].contains(&behind) {
        return (behind.ends_with('局') || behind.ends_with('委')).then_some(Body::Department);
    }
    if place.ends_with(['镇', '乡', '县', '旗']) || place.ends_with("街道办事处") || place.ends_with("街道")
    {
        return Some(Body::LowerGovernment);
    }
    if place.ends_with('省') || place.ends_with("自治区") || place.ends_with("自治州") {
        return Some(Body::HigherGovernment);
    }
    // A 市 can be a province, a city or a county, and so can a 区: only the code tells.
    match code?.as_bytes() {
        [_, _, _, _, b'0', b'0'] => Some(Body::HigherGovernment),
        code if code.len() >= 6 => Some(Body::LowerGovernment),
        _ => None,
    }
}

fn is_place(name: &str) -> bool {
    name.ends_with(['省', '市', '县', '区', '州', '旗', '镇', '乡']) || name.ends_with("街道")
}

/// The row of table two in which an agency of this name has the bulk of its business, and what to call it.
pub(crate) fn core_business(agency: &str) -> Option<(&'static str, &'static str)> {
    const LICENSING: (&str, &str) = ("licensing", "行政审批机关");
    /// A part of the name, its possible endings, and the business.
    const BUSINESSES: [(&str, &[&str], (&str, &str)); 6] = [
        ("行政审批", &["局"], LICENSING),
        ("公安", &["公安局", "分局"], ("penalty", "公安机关")),
        ("市场监督管理", &["局"], ("penalty", "市场监管机关")),
        ("城市管理", &["局"], ("penalty", "城市管理机关")),
        ("综合行政执法", &["局"], ("penalty", "综合行政执法机关")),
        ("税务局", &["局"], ("penalty", "税务机关")),
    ];
    let name: String = agency.chars().filter(|c| !c.is_whitespace()).collect();
    let is_meant = |(word, endings, _): &&(&str, &[&str], _)| {
        name.contains(word) && endings.iter().any(|ending| name.ends_with(ending))
    };
    BUSINESSES.iter().find(is_meant).map(|(_, _, business)| *business)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_recognised_by_name_and_region() {
        use Body::{Department, HigherGovernment, LowerGovernment};
        for (agency, code, expected) in [
            ("枣庄市行政审批服务局", Some("370400"), Some(Department)),
            ("湖南省人力资源和社会保障厅", Some("430000"), Some(Department)),
            ("国家税务总局某市税务局", Some("370400"), Some(Department)),
            ("国家税务总局某市税务局", None, None),
            ("国家市场监督管理总局", None, None),
            ("某经济技术开发区管理委员会", None, Some(Department)),
            ("国家统计局", None, None),
            ("生态环境部", None, None),
            ("江苏省人民政府", Some("320000"), Some(HigherGovernment)),
            ("江苏省人民政府办公厅", None, Some(HigherGovernment)),
            ("淮安市人民政府", Some("320800"), Some(HigherGovernment)),
            ("淮安市人民政府办公室", Some("320800"), Some(HigherGovernment)),
            ("淮安市", Some("320800"), Some(HigherGovernment)),
            ("某市人民政府", None, None),
            ("昆山市人民政府", Some("320583"), Some(LowerGovernment)),
            ("碑林区人民政府", Some("610103"), Some(LowerGovernment)),
            ("某区人民政府", None, None),
            ("岚皋县人民政府办公室", None, Some(LowerGovernment)),
            ("平乡县寻召乡", Some("130532"), Some(LowerGovernment)),
            ("某市某区东风路街道办事处", Some("320802"), Some(LowerGovernment)),
            ("延边朝鲜族自治州人民政府", None, Some(HigherGovernment)),
            ("内蒙古自治区人民政府", None, Some(HigherGovernment)),
            ("某市人民政府国有资产监督管理委员会", Some("320800"), None),
        ] {
            assert_eq!(of_name(agency, code), expected, "{agency}");
        }
    }

    #[test]
    fn an_agencys_business_is_recognised_by_its_name() {
        for (agency, expected) in [
            ("老城区行政审批和政务信息管理局", Some("licensing")),
            ("武汉市公安局青山分局", Some("penalty")),
            ("某县公安局", Some("penalty")),
            ("某市市场监督管理局", Some("penalty")),
            ("某区城市管理和综合执法局", Some("penalty")),
            ("国家税务总局某区税务局", Some("penalty")),
            ("某市教育局", None),
            ("某市公安局交通警察支队", None),
            ("某县政务服务中心", None),
        ] {
            assert_eq!(core_business(agency).map(|(row, _)| row), expected, "{agency}");
        }
    }
}
