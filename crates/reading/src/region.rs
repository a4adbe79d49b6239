//! Which administrative division (行政区划) a report proves.
//!
//! The agency's name says most: the chain of divisions in it is followed down as far as it goes. A
//! province, a city, or a county whose name exists once in the country needs no more. A district or a
//! name that several places bear needs its province or city named as well, in the agency's name or in
//! the report; what is not named is not guessed. Only a district or an area whose name nothing else in the
//! country bears needs no parent. A township is looked for where the chain ends; where nothing is named
//! above it, its county or its city has to stand in the report.

mod alone;
mod divisions;
mod elsewhere;
mod mention;
#[cfg(test)]
mod tests;
mod townships;

use divisions::{Code, Sense, by_code, city_of, is_county, is_within, province_of, senses};
use document::Document;
use mention::mentions;
use report::Region;
use townships::Township;

use crate::identity::Identity;

/// The division with this code of two, four, six or nine digits; none where there is no such division.
pub fn division(code: &str) -> Option<Region> {
    if code.len() == 9 {
        return townships::by_code(code);
    }
    by_code(&format!("{code:0<6}")).filter(|_| matches!(code.len(), 2 | 4 | 6))
}

/// Whether this is the full name of a division, alone: 随县.
pub(crate) fn is_division(name: &str) -> bool {
    senses(name).iter().any(|sense| sense.full)
}

/// Whether a name is that of a division, or ends in one: 内蒙古自治区兴安盟.
pub(crate) fn ends_with_division(name: &str) -> bool {
    name.char_indices().any(|(at, _)| is_division(&name[at..]))
}

/// How many bytes the name of a division takes with which a name begins: those of 无为市 in 无为市教育局.
pub(crate) fn division_at_start(name: &str) -> usize {
    let ends = name.char_indices().map(|(at, c)| at + c.len_utf8()).take(LONGEST_NAME).skip(1);
    ends.filter(|end| name[..*end].ends_with(ENDINGS) && is_division(&name[..*end])).last().unwrap_or(0)
}

/// The division that a report proves: its agency's name alone, that name as another source has it in
/// full, or the name together with everything that stands on the page.
pub(crate) fn of(identity: &Identity, document: &Document, file_name: Option<&str>) -> Option<Region> {
    let agency = identity.agency.as_deref()?;
    let fuller = || {
        let names = identity.stated_agencies.iter().map(|stated| stated.value.as_str());
        names
            .filter(|name| name.len() > agency.len() && name.ends_with(agency))
            .find_map(|name| resolve(name, ""))
    };
    resolve(agency, "").or_else(fuller).or_else(|| {
        let mut context = document::plain_text(document);
        let metadata = document.metadata.iter().map(|(_, value)| value.as_str());
        let own_name = file_name.map(|name| name.rsplit(['/', '\\']).next().unwrap_or(name));
        for more in document.title.iter().map(|title| title.as_str()).chain(metadata).chain(own_name) {
            context.push_str(more);
            context.push('\n');
        }
        resolve(agency, &context).or_else(|| alone::resolve(agency, &context))
    })
}

/// The division that `agency`, with the report's text in `context`, proves.
///
/// Areas without a code of their own (开发区) and villages count as part of the division whose name
/// precedes theirs.
pub(crate) fn resolve(agency: &str, context: &str) -> Option<Region> {
    let agency: String = agency.split_whitespace().collect();
    let chain = Chain::read(&agency);
    let town = if chain.options.is_empty() {
        named_with_its_parent(&townships::anywhere(&agency), context)
    } else {
        chain.town(&agency, context)
    };
    if let Some(Township { county, own, name }) = town {
        let above = by_code(county)?;
        return Some(Region { code: format!("{county}{own}"), name: format!("{}{name}", above.name) });
    }
    let code = chain
        .proven()
        .or_else(|| chain.chosen_by(&agency))
        .or_else(|| chain.chosen_by(context))
        .or_else(|| elsewhere::resolve(&agency, context).filter(|_| chain.options.is_empty()))?;
    by_code(code)
}

/// The one township whose county, or else whose city, `context` names more often than the others'.
fn named_with_its_parent(towns: &[Township], context: &str) -> Option<Township> {
    if towns.is_empty() || context.is_empty() {
        return None;
    }
    let county = |town: &&Township| match divisions::names(town.county) {
        // 城区 and 和县 are part of other words.
        Some((name, _)) if name.chars().count() > 2 => context.matches(name).count(),
        _ => 0,
    };
    let city = |town: &&Township| {
        city_of(town.county).or(Some(province_of(town.county))).map_or(0, |city| mentions(context, city))
    };
    match towns {
        [only] => (county(&only) + city(&only) > 0).then_some(*only),
        several => {
            let by_county = clearly_ahead(several, |town| county(town));
            let in_city = |town: &Township| {
                several.iter().filter(|other| city_of(other.county) == city_of(town.county)).count()
            };
            by_county
                .or_else(|| clearly_ahead(several, |town| city(town)).filter(|town| in_city(town) == 1))
                .copied()
        }
    }
}

/// The deepest division an agency's name mentions: every division it may be, until one is proved.
#[derive(Default)]
struct Chain<'a> {
    options: Vec<Code>,
    /// The name as printed.
    name: &'a str,
    /// It is the full name, not a customary short one.
    full: bool,
    /// A province or city above it is named too.
    rooted: bool,
    /// Where it ends in the agency's name, in bytes.
    end: usize,
}

/// No name of a division is longer.
const LONGEST_NAME: usize = 16;

impl<'a> Chain<'a> {
    /// Follows the names from left to right, the longest first, keeping to one line of descent.
    fn read(agency: &'a str) -> Self {
        let mut chain = Self::default();
        let starts: Vec<usize> = agency.char_indices().map(|(at, _)| at).collect();
        let mut last_end = 0;
        let mut at = 0;
        while let Some(&start) = starts.get(at) {
            let mut passed = 1;
            for length in (2..=LONGEST_NAME.min(starts.len() - at)).rev() {
                let end = starts.get(at + length).copied().unwrap_or(agency.len());
                let name = &agency[start..end];
                // 和县 or 城区 inside other words is nothing; it must open the name or follow its parent.
                if !name.ends_with(ENDINGS) || (length == 2 && start != last_end) {
                    continue;
                }
                let senses = senses(name);
                if senses.is_empty() {
                    continue;
                }
                if chain.follow(name, senses) {
                    // 枣庄市中区 is how 枣庄市市中区 is often written: both names share the 市.
                    let shared = name.ends_with('市')
                        && ["中区", "北区", "南区"].iter().any(|rest| agency[end..].starts_with(rest));
                    passed = if shared { length - 1 } else { length };
                    last_end = starts.get(at + passed).copied().unwrap_or(agency.len());
                    chain.end = last_end;
                    break;
                }
                passed = passed.max(length);
            }
            at += passed;
        }
        chain
    }

    /// Takes `name` if it is above or below the divisions read before.
    fn follow(&mut self, name: &'a str, senses: &[Sense]) -> bool {
        let codes = || senses.iter().map(|sense| sense.code);
        let full = senses.iter().all(|sense| sense.full);
        if self.options.is_empty() {
            *self = Self { options: codes().collect(), name, full, rooted: false, end: 0 };
            return true;
        }
        let below: Vec<Code> =
            codes().filter(|code| self.options.iter().any(|option| is_within(code, option))).collect();
        if !below.is_empty() {
            *self = Self { options: below, name, full, rooted: true, end: 0 };
            return true;
        }
        let above: Vec<Code> = self
            .options
            .iter()
            .copied()
            .filter(|option| codes().any(|code| is_within(option, code)))
            .collect();
        if !above.is_empty() {
            self.options = above;
            self.rooted = true;
            return true;
        }
        false
    }

    /// The township named right behind the chain. A county of that name which has a township of that
    /// name is proved by both; several such counties need to be distinguished.
    fn town(&self, agency: &str, context: &str) -> Option<Township> {
        let rest = &agency[self.end..];
        let rest = rest.strip_prefix("人民政府").unwrap_or(rest);
        let significant = |code: Code| match code {
            _ if code.ends_with("0000") => &code[..2],
            _ if code.ends_with("00") => &code[..4],
            _ => code,
        };
        let found: Vec<Township> =
            self.options.iter().flat_map(|code| townships::beginning(rest, significant(code))).collect();
        match found[..] {
            [only] => Some(only),
            _ => named_with_its_parent(&found, context),
        }
    }

    /// The division, if the agency's name alone proves it.
    fn proven(&self) -> Option<Code> {
        let [code] = self.options[..] else { return None };
        let unmistakable = !is_county(code) || self.rooted || (self.full && !is_district(self.name));
        unmistakable.then_some(code)
    }

    /// The one option whose province and city `text` names clearly more often than the others'.
    fn chosen_by(&self, text: &str) -> Option<Code> {
        if self.options.is_empty() {
            return None;
        }
        let mut counted: Vec<Counted> = self
            .options
            .iter()
            .map(|code| Counted { code, city: city_of(code).map_or(0, |city| mentions(text, city)) })
            .collect();
        counted.sort_by_key(|option| option.code);
        let provinces = counted.chunk_by(|a, b| province_of(a.code) == province_of(b.code));
        let province = clearly_ahead(provinces, |options| {
            let cities: usize = options.iter().map(|option| option.city).sum();
            options.first().map_or(0, |option| mentions(text, province_of(option.code))) + cities
        })?;
        match province {
            // Any city could call its inner part 城区: the province is not enough.
            [only] if is_generic(self.name) => (only.city > 0).then_some(only.code),
            [only] => Some(only.code),
            several => clearly_ahead(several, |option| option.city).map(|option| option.code),
        }
    }
}

/// An option and how often the text names its city.
struct Counted {
    code: Code,
    city: usize,
}

/// The item counted at least once and at least twice as often as any other.
fn clearly_ahead<T>(items: impl IntoIterator<Item = T>, count: impl Fn(&T) -> usize) -> Option<T> {
    let mut counted: Vec<(usize, T)> = items.into_iter().map(|item| (count(&item), item)).collect();
    counted.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    let next = counted.get(1).map_or(0, |(count, _)| *count);
    let (count, first) = counted.into_iter().next()?;
    (count > 0 && count >= 2 * next).then_some(first)
}

/// How the name of a division ends: 省, 市, 自治区, 地区, 区, 县, 自治州, 盟, 旗.
const ENDINGS: [char; 7] = ['省', '市', '区', '县', '州', '盟', '旗'];

/// A district of a city, whose name any other city may use for a district or a quarter of its own.
fn is_district(name: &str) -> bool {
    // These two are 区 by name only.
    name.ends_with('区') && !name.ends_with("特区") && name != "神农架林区"
}

/// 城区, 郊区, 矿区, 东区, 西区.
fn is_generic(name: &str) -> bool {
    is_district(name) && name.chars().count() == 2
}
