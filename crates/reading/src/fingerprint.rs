//! Fingerprints of the parts that are written freely, with the agency's own names set aside.

use document::Document;
use report::{Fingerprint, Region, SectionKind, masked};

use crate::outline::Outline;

/// The parts that an agency writes in its own words.
const FREE: [SectionKind; 3] = [SectionKind::Overview, SectionKind::Problems, SectionKind::Other];

/// The signatures of the overview, the problems and the other matters.
pub(crate) fn of(
    document: &Document,
    outline: &Outline,
    agency: Option<&str>,
    region: Option<&Region>,
) -> Vec<Fingerprint> {
    let names = names(agency.into_iter().chain(region.map(|region| region.name.as_str())));
    let of_section = |kind| {
        let paragraphs = outline.paragraphs(document).filter(|(section, _)| *section == Some(kind));
        let text: String = paragraphs.map(|(_, text)| masked(text.as_str())).collect();
        Fingerprint::of(kind, &without(&text, &names))
    };
    FREE.into_iter().filter_map(of_section).collect()
}

/// The names that a copyist changes: each name in full, its places with and without 市, 县, 镇 …, and
/// the rest behind them, longest first.
fn names<'a>(full: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut names = Vec::new();
    for name in full.map(masked) {
        let mut place = String::new();
        let mut rest = name.chars();
        while let Some(c) = rest.next() {
            place.push(c);
            // 市中区 and 乡村振兴局 begin with such a character and 平乡县 has one inside.
            let is_end = PLACES.contains(&c) && !rest.as_str().starts_with(['县', '区']);
            if is_end && place.chars().count() > 1 {
                let stem = place.strip_suffix(c).unwrap_or_default().to_owned();
                names.extend([std::mem::take(&mut place), stem]);
            }
        }
        names.extend([place, name]);
    }
    names.retain(|name| name.chars().count() > 1);
    names.sort_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
    names.dedup();
    names
}

/// What names of places end in.
const PLACES: [char; 9] = ['省', '市', '县', '区', '旗', '州', '盟', '镇', '乡'];

/// A text without these names, which are longest first.
fn without(text: &str, names: &[String]) -> String {
    let begins: Vec<char> = names.iter().filter_map(|name| name.chars().next()).collect();
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let begins = begins.contains(&c);
        let name = names.iter().filter(|_| begins).find(|name| rest.starts_with(name.as_str()));
        let step = name.map_or(c.len_utf8(), String::len);
        if name.is_none() {
            kept.push(c);
        }
        rest = &rest[step..];
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_names_are_set_aside() {
        let names = names(["枣庄市行政审批服务局", "山东省枣庄市"].into_iter());
        let expected =
            ["枣庄市行政审批服务局", "行政审批服务局", "山东省枣庄市", "山东省", "枣庄市", "山东", "枣庄"];
        assert_eq!(names, expected);
        assert_eq!(without("枣庄市行政审批服务局公开山东枣庄行政审批事项", &names), "公开行政审批事项");
        assert_eq!(without("我局", &[]), "我局");
        assert_eq!(
            super::names(["平乡县寻召乡"].into_iter()),
            ["平乡县寻召乡", "寻召乡", "平乡县", "寻召", "平乡"]
        );
    }
}
