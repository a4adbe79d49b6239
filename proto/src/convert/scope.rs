//! What a sender may send.

use crate::v1;

impl v1::Scope {
    /// Whether a report of this region and this agency may be sent. A report has to be in every list that is
    /// not empty, and a report without region or agency is in none.
    pub fn covers(&self, region: Option<&str>, agency: Option<&str>) -> bool {
        let in_regions = || {
            let code = region.filter(|code| !code.is_empty());
            code.is_some_and(|code| self.regions.iter().any(|wide| is_within(code, wide)))
        };
        let in_agencies = || agency.is_some_and(|name| self.agencies.iter().any(|own| same(own, name)));
        (self.regions.is_empty() || in_regions()) && (self.agencies.is_empty() || in_agencies())
    }
}

/// Whether the region with this code is the other region or below it.
fn is_within(code: &str, wide: &str) -> bool {
    let digits = match wide.len() {
        6 => wide.strip_suffix("0000").or(wide.strip_suffix("00")).unwrap_or(wide),
        _ => wide,
    };
    !digits.is_empty() && code.starts_with(digits)
}

/// Whether two names are equal after normalising width and white space.
fn same(one: &str, other: &str) -> bool {
    fn plain(name: &str) -> impl Iterator<Item = char> {
        let half_width = |letter| match letter {
            '！'..='～' => char::from_u32(u32::from(letter) - 0xfee0).unwrap_or(letter),
            _ => letter,
        };
        name.chars().filter(|letter| !letter.is_whitespace() && *letter != '\u{feff}').map(half_width)
    }
    plain(one).next().is_some() && plain(one).eq(plain(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_covers_what_is_in_every_list() {
        let check = |regions: &[&str], agencies: &[&str], region, agency, expected| {
            let own = |list: &[&str]| list.iter().map(|one| (*one).to_owned()).collect();
            let scope = v1::Scope { regions: own(regions), agencies: own(agencies) };
            assert_eq!(scope.covers(region, agency), expected, "{scope:?} {region:?} {agency:?}");
        };
        check(&["61"], &[], Some("610102"), None, true);
        check(&["610000"], &[], Some("610102"), None, true);
        check(&["610100"], &[], Some("610102003"), None, true);
        check(&["610100"], &[], Some("610200"), None, false);
        check(&["610102"], &[], Some("610100"), None, false);
        check(&["37", "61"], &[], Some("610100"), Some("某局"), true);
        check(&["61"], &[], None, Some("某局"), false);
        check(&["61"], &[], Some(""), None, false);
        check(&[""], &[], Some("610100"), None, false);
        check(&["000000"], &[], Some("610100"), None, false);
        check(&[], &["某市财政局"], None, Some(" 某市 财政局"), true);
        check(&[], &["某市财政局（本级）"], Some("61"), Some("某市财政局(本级)"), true);
        check(&[], &["某市财政局"], Some("61"), Some("某市财政局办公室"), false);
        check(&[], &["某市财政局"], Some("61"), None, false);
        check(&[], &[" "], Some("61"), Some(""), false);
        check(&["61"], &["新城区财政局"], Some("150102"), Some("新城区财政局"), false);
        check(&["61"], &["新城区财政局"], Some("610102"), Some("新城区财政局"), true);
        check(&[], &[], None, None, true);
    }
}
