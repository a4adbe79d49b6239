//! The names of agencies: which class a name belongs to, and whether two names can be of one agency.

/// The classes of agency by which the deadline of the report and its content differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// A government from the county up, or a committee with the duties of one.
    Government,
    /// A department of such a government.
    Department,
    /// A township, a street office, a government's office, or a name that leaves the class open.
    Other,
}

/// The class of an agency by its name.
pub(crate) fn class(agency: &str) -> Class {
    let name = agency.trim_end_matches("人民政府").trim_end_matches("政府");
    if name.ends_with(['镇', '乡']) || agency.contains("街道") || agency.contains("苏木") {
        Class::Other
    } else if is_place(name)
        || name.len() < agency.len()
        || agency.contains("管委会")
        || agency.contains("管理委员会")
    {
        Class::Government
    } else if agency.contains("办公室") || agency.contains("办公厅") {
        Class::Other
    } else if agency.ends_with(['局', '厅', '部', '署'])
        || agency.ends_with("委员会")
        || agency.ends_with("委")
    {
        Class::Department
    } else {
        Class::Other
    }
}

/// Whether two names can be of one agency: one may lack the region, or be an abbreviation.
pub(crate) fn may_be_same(one: &str, other: &str) -> bool {
    let (one, other) = (bare(one), bare(other));
    match (is_place(&one), is_place(&other)) {
        // A town is not its county.
        (true, true) => one.ends_with(&other) || other.ends_with(&one),
        _ => is_within(&one, &other) || is_within(&other, &one),
    }
}

/// A name without the words that vary from one mention to the next.
pub(crate) fn bare(name: &str) -> String {
    const VARIABLE: [&str; 16] = [
        "人民政府",
        "政府",
        "办事处",
        "办公室",
        "办公厅",
        "政务公开",
        "信息公开",
        "领导小组",
        "管委",
        "委员",
        "街道",
        "街办",
        "地区",
        "和",
        "与",
        "会",
    ];
    let mut bare: String = name.chars().filter(|c| !c.is_whitespace()).collect();
    for word in VARIABLE {
        bare = bare.replace(word, "");
    }
    // A reform may rename 某局 to 某委, and 某县办 is the office of the government of 某县.
    bare.trim_end_matches(['局', '委', '厅', '办']).to_owned()
}

pub(crate) fn is_place(bare: &str) -> bool {
    bare.ends_with(['省', '市', '县', '区', '旗', '州', '盟', '镇', '乡'])
}

/// Whether the characters of `short` stand in `long` in their order: 市场监管 in 市场监督管理.
pub(crate) fn is_within(short: &str, long: &str) -> bool {
    let mut long = long.chars();
    short.chars().all(|c| long.any(|other| other == c))
}

#[cfg(test)]
mod tests {
    use super::Class::{Department, Government, Other};
    use super::{class, may_be_same};

    #[test]
    fn the_name_tells_the_class() {
        for (name, expected) in [
            ("枣庄市人民政府", Government),
            ("枣庄市", Government),
            ("枣庄高新技术产业开发区管理委员会", Government),
            ("枣庄市教育局", Department),
            ("枣庄市卫生健康委员会", Department),
            ("国家税务总局枣庄市税务局", Department),
            ("平乡县寻召乡人民政府", Other),
            ("青山镇", Other),
            ("东风路街道办事处", Other),
            ("枣庄市人民政府办公室", Other),
            ("枣庄市行政审批服务中心", Other),
        ] {
            assert_eq!(class(name), expected, "{name}");
        }
    }

    #[test]
    fn names_of_one_agency_are_distinguished_from_others() {
        let check = |one: &str, other: &str, expected: bool| {
            assert_eq!(may_be_same(one, other), expected, "{one} | {other}");
            assert_eq!(may_be_same(other, one), expected, "{other} | {one}");
        };
        check("枣庄市行政审批服务局", "枣庄市行政审批服务局", true);
        check("碑林区行政审批服务局", "西安市碑林区行政审批服务局", true);
        check("枣庄市行政审批服务局", "市审批服务局", true);
        check("某市市场监督管理局", "某市市场监管局", true);
        check("某市卫生健康委员会", "某市卫健委", true);
        check("某县发展和改革局", "某县发展改革委员会", true);
        check("某县人民政府", "某县人民政府办公室", true);
        check("某县", "某县政务公开领导小组办公室", true);
        check("东风路街道", "某市东风路街道办事处", true);
        check("东风路街道办事处", "东风路街办", true);
        check("某县甲镇人民政府", "甲镇", true);
        check("平乡县寻召乡", "平乡县人民政府办公室", false);
        check("某县甲镇", "某县乙镇人民政府", false);
        check("某市公安局青山分局", "某市信访局", false);
        check("某市教育局", "某市体育局", false);
        check("某市民政局", "某市财政局", false);
    }
}
