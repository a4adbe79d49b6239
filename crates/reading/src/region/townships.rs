//! The townships of China, searched where they lie: a line a county, sorted by its code.

use std::sync::LazyLock;

use report::Region;

use super::divisions::Code;

const TEXT: &str = include_str!("../townships.tsv");

/// A township by its county and its line there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Township {
    pub(super) county: Code,
    /// Three digits, which with the county's code make its own.
    pub(super) own: &'static str,
    /// Its present name.
    pub(super) name: &'static str,
}

/// The lines of counties, in the order of their codes.
static COUNTIES: LazyLock<Vec<&str>> =
    LazyLock::new(|| TEXT.lines().filter(|line| !line.starts_with('#')).collect());

/// The township with these nine digits, by its present name.
pub(super) fn by_code(code: &str) -> Option<Region> {
    let (county, own) = code.split_at_checked(6)?;
    let line = COUNTIES.binary_search_by_key(&county, |line| &line[..6]).ok()?;
    let Township { county, own, name } = township(COUNTIES.get(line)?, own)?;
    let above = super::by_code(county)?;
    Some(Region { code: format!("{county}{own}"), name: format!("{}{name}", above.name) })
}

/// The townships in a division (two, four or six digits of a code) whose name `text` begins with, the
/// longest name alone.
pub(super) fn beginning(text: &str, division: &str) -> Vec<Township> {
    if !KINDS.iter().chain(&["办事处", "街办"]).any(|kind| text.contains(kind)) {
        return Vec::new();
    }
    let from = COUNTIES.partition_point(|line| &line[..division.len()] < division);
    let counties = COUNTIES.iter().skip(from).take_while(|line| line.starts_with(division));
    let mut longest = 0;
    let mut found = Vec::new();
    for line in counties {
        for (own, name) in towns(line) {
            let Some(length) = length_of(name, text).filter(|length| *length >= longest) else { continue };
            if length > longest {
                found.clear();
                longest = length;
            }
            found.extend(township(line, own));
        }
    }
    found.dedup();
    found
}

/// Every township in the country whose name `text` begins with, the longest name alone.
pub(super) fn anywhere(text: &str) -> Vec<Township> {
    let named = |kind: &'static &'static str| {
        text.match_indices(*kind).map(|(at, kind)| text[..at + kind.len()].to_owned()).collect::<Vec<_>>()
    };
    let mut names: Vec<String> = KINDS.iter().flat_map(named).collect();
    // 东风路街办 and 东风路办事处 are 东风路街道.
    names.extend(
        ["街办", "办事处"].iter().filter_map(|kind| Some(format!("{}街道", text.split_once(kind)?.0))),
    );
    names.retain(|name| (7..=LONGEST).contains(&name.len()) || name.len() == 6 && !name.ends_with("街道"));
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    names.iter().map(|name| called(name)).find(|found| !found.is_empty()).unwrap_or_default()
}

fn called(name: &str) -> Vec<Township> {
    let is_whole = |at: &usize| {
        let before = at.checked_sub(1).and_then(|before| TEXT.as_bytes().get(before));
        let behind = TEXT.as_bytes().get(at + name.len());
        before.is_some_and(u8::is_ascii_digit) && matches!(behind, Some(b'\t' | b'\n'))
    };
    let places = TEXT.match_indices(name).map(|(at, _)| at).filter(is_whole);
    places
        .filter_map(|at| {
            let start = TEXT[..at].rfind('\n')? + 1;
            township(TEXT[start..].lines().next()?, TEXT.get(at - 3..at)?)
        })
        .collect()
}

/// What the names of townships end in.
const KINDS: [&str; 5] = ["街道", "地区", "镇", "乡", "苏木"];

/// Bytes of the longest name.
const LONGEST: usize = 45;

fn towns(line: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    line.split('\t').skip(1).filter_map(|town| town.split_at_checked(3))
}

/// The township of a number in a county's line, by its present name, which comes first.
fn township(line: &'static str, own: &str) -> Option<Township> {
    let (own, name) = towns(line).find(|(number, _)| *number == own)?;
    Some(Township { county: &line[..6], own, name })
}

/// How much of `text` a township's name takes: 文艺路街道 also stands as 文艺路街办 and 文艺路办事处.
fn length_of(name: &str, text: &str) -> Option<usize> {
    if text.starts_with(name) {
        return Some(name.len());
    }
    let stem = name.strip_suffix("街道").filter(|stem| stem.chars().count() > 1)?;
    let rest = text.strip_prefix(stem)?;
    (rest.starts_with("办事处") || rest.starts_with("街办")).then_some(stem.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_county_with_its_townships() {
        assert!(COUNTIES.is_sorted() && COUNTIES.len() > 2_800);
        for line in COUNTIES.iter() {
            assert!(line[..6].bytes().all(|byte| byte.is_ascii_digit()), "{line}");
            assert!(towns(line).all(|(own, name)| own.parse::<u16>().is_ok() && !name.is_empty()), "{line}");
        }
        assert!(COUNTIES.iter().map(|line| towns(line).count()).sum::<usize>() > 39_000);
    }
}
