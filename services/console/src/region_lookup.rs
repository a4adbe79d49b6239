//! Finds a region by its code or its name.

use std::sync::LazyLock;

use report::Region;

use crate::problem::Problem;

/// Regions that the problem lists where a name is ambiguous.
const MAX_LISTED: usize = 5;

/// The one region with this code, or with this name: in full, or from any level down (西安市, 新城区).
pub(crate) fn find(text: &str) -> Result<Region, Problem> {
    const HINT: &str = "写两位、四位、六位或九位的区划代码，例如 6101，或者写全称，例如陕西省西安市。";
    let unknown = |detail: String| Problem::not_found(detail).field("region").hint(HINT);
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return reading::division(text).ok_or_else(|| unknown(format!("没有代码为“{text}”的行政区划。")));
    }
    let in_full: Vec<&Region> = DIVISIONS.iter().filter(|region| region.name == text).collect();
    let ending = || DIVISIONS.iter().filter(|region| region.name.ends_with(text)).collect();
    let found: Vec<&Region> = if in_full.is_empty() { ending() } else { in_full };
    match found.as_slice() {
        [] => Err(unknown(format!("没有名为“{text}”的行政区划。"))),
        [region] => Ok((*region).clone()),
        several => {
            let list = several.iter().take(MAX_LISTED);
            let list = list.map(|region| format!("{}（{}）", region.name, region.code));
            let list = list.collect::<Vec<_>>().join("、");
            let more = if several.len() > MAX_LISTED { "等" } else { "" };
            let detail = format!("名为“{text}”的行政区划有{}个：{list}{more}。", several.len());
            Err(Problem::bad_parameter("region", detail).hint(HINT))
        }
    }
}

/// Regions whose name contains this, the highest first, or whose code begins with it.
pub(crate) fn containing(text: &str, limit: usize) -> Vec<Region> {
    let is_meant = |region: &&Region| region.name.contains(text) || region.code.starts_with(text);
    let mut found: Vec<&Region> = DIVISIONS.iter().filter(is_meant).collect();
    // What ends with the text is meant rather than what lies inside it.
    found.sort_by_key(|region| (!region.name.ends_with(text), region.name.chars().count(), &region.code));
    found.into_iter().take(limit).cloned().collect()
}

/// The name of the region with this code.
pub(crate) fn name(code: &str) -> Option<String> {
    reading::division(code).map(|region| region.name)
}

/// Every division down to the county, under its present name.
static DIVISIONS: LazyLock<Vec<Region>> = LazyLock::new(|| {
    let provinces = (11..=82).filter_map(|province| reading::division(&format!("{province}")));
    let codes = provinces.flat_map(|province| {
        (0..10_000).map(move |rest| format!("{}{rest:04}", province.code.get(..2).unwrap_or_default()))
    });
    let mut divisions: Vec<Region> = codes.filter_map(|code| reading::division(&code)).collect();
    divisions.sort_by(|one, other| (&one.code, &one.name).cmp(&(&other.code, &other.name)));
    divisions.dedup();
    divisions
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_found_by_code_and_by_name() {
        let check = |text: &str, code: Option<&str>| {
            assert_eq!(find(text).ok().map(|region| region.code).as_deref(), code, "{text}");
        };
        check("61", Some("610000"));
        check("6101", Some("610100"));
        check("陕西省", Some("610000"));
        check("陕西省西安市", Some("610100"));
        check("枣庄市", Some("370400"));
        check("陕西省西安市新城区", Some("610102"));
        check("新城区", None);
        check("市", None);
        check("火星", None);
        check("", None);
        check("9999", None);
        check("６１", None);
    }

    #[test]
    fn an_ambiguous_name_lists_its_regions() {
        let problem = find("新城区").unwrap_err();
        assert!(problem.detail.contains("陕西省西安市新城区（610102）"), "{}", problem.detail);
        assert!(problem.detail.contains("呼和浩特市新城区（150102）"), "{}", problem.detail);
    }
}
