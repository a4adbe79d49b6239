//! Who reports: the same agency wherever the report names it.

use report::{Finding, Report, Severity, Source, Stated};

use crate::{BOTH, Check, Rule};

pub(crate) const RULES: &[Rule] = &[Rule {
    id: "DOC-04",
    severity: Severity::Warning,
    forms: BOTH,
    title: "标题、正文、落款为同一机关",
    basis: "《条例》第四十九条：行政机关公布本机关的年度报告",
    hint: "请核对是否套用了其他机关的文字。",
    formula: "",
    check: Check::Report(agencies_agree),
}];

/// DOC-04. A page may be published by another agency than the one that reports, and a file may be
/// called anything: neither is asked.
fn agencies_agree(rule: &Rule, report: &Report) -> Vec<Finding> {
    let is_own = |stated: &&Stated<String>| {
        matches!(stated.source, Source::Title | Source::Narrative | Source::Signature)
    };
    let stated: Vec<&Stated<String>> = report.stated_agencies.iter().filter(is_own).collect();
    let Some(first) = stated.first().filter(|first| first.source == Source::Title) else { return Vec::new() };
    let Some(other) = stated.iter().find(|other| !may_be_same(&first.value, &other.value)) else {
        return Vec::new();
    };
    let places: Vec<String> =
        stated.iter().map(|stated| format!("{}为“{}”", stated.source.title(), stated.value)).collect();
    let what = format!("报告各处的机关名称不一致：{}。", places.join("，"));
    vec![Finding { origin: other.origin.or(first.origin), ..rule.fails(report, Vec::new(), what) }]
}

/// Whether two names can be of one agency, one of them without its place or shortened.
fn may_be_same(one: &str, other: &str) -> bool {
    let (one, other) = (bare(one), bare(other));
    match (is_place(&one), is_place(&other)) {
        // A town is not its county.
        (true, true) => one.ends_with(&other) || other.ends_with(&one),
        _ => is_within(&one, &other) || is_within(&other, &one),
    }
}

/// A name without what is said in one way here and in another there.
fn bare(name: &str) -> String {
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
    // 某局 and 某委 change into each other with each reform, and 某县办 is its government.
    bare.trim_end_matches(['局', '委', '厅', '办']).to_owned()
}

fn is_place(bare: &str) -> bool {
    bare.ends_with(['省', '市', '县', '区', '旗', '州', '盟', '镇', '乡'])
}

/// Whether the characters of `short` stand in `long` in their order: 市场监管 in 市场监督管理.
fn is_within(short: &str, long: &str) -> bool {
    let mut long = long.chars();
    short.chars().all(|c| long.any(|other| other == c))
}

#[cfg(test)]
mod tests {
    use super::may_be_same;

    #[test]
    fn names_of_one_agency_are_told_from_others() {
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
