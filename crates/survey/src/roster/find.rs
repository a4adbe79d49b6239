//! Finds the agency of a report on the roster.

use std::collections::{BTreeSet, HashMap};

use report::Region;

use super::Roster;
use crate::division::is_within;
use crate::name;

/// A roster made ready for reports from these regions.
pub(crate) struct Directory<'a> {
    roster: &'a Roster,
    /// By code and name without its place; none where several agencies are called so.
    cores: HashMap<(&'a str, String), Option<usize>>,
}

impl<'a> Directory<'a> {
    pub(crate) fn new<'r>(roster: &'a Roster, regions: impl IntoIterator<Item = &'r Region>) -> Self {
        let regions: BTreeSet<(&str, &str)> =
            regions.into_iter().map(|region| (region.code.as_str(), region.name.as_str())).collect();
        let mut by_code: HashMap<&str, Vec<usize>> = HashMap::new();
        for (position, agency) in roster.agencies.iter().enumerate() {
            if let Some(code) = &agency.region {
                by_code.entry(code).or_default().push(position);
            }
        }
        let mut cores = HashMap::new();
        for (code, place) in regions {
            let Some((code, positions)) = by_code.get_key_value(code) else { continue };
            let region = Region { code: (*code).to_owned(), name: place.to_owned() };
            for position in positions {
                let Some(agency) = roster.agencies.get(*position) else { continue };
                for name in agency.names() {
                    let core = name::core(&name::fold(name), Some(&region));
                    let found = cores.entry((*code, core)).or_insert(Some(*position));
                    if *found != Some(*position) {
                        *found = None;
                    }
                }
            }
        }
        Self { roster, cores }
    }

    /// The position of the agency with this name in this region; none where it could be several.
    pub(crate) fn find(&self, name: &str, region: Option<&Region>) -> Option<usize> {
        let folded = name::fold(name);
        let named = self.roster.names.get(&folded).map_or(&[][..], Vec::as_slice);
        let Some(region) = region else { return only(named.iter().copied()) };
        let code_of = |position: &usize| self.roster.agencies.get(*position)?.region.as_deref();
        let here = || named.iter().copied().filter(|position| code_of(position) == Some(&region.code));
        if here().next().is_some() {
            return only(here());
        }
        let core = name::core(&folded, Some(region));
        if let Some(found) = self.cores.get(&(region.code.as_str(), core.clone())) {
            return *found;
        }
        // The full name with its place, filed under a division above or below, or under none.
        let is_near = |position: &usize| match code_of(position) {
            None => true,
            Some(code) => core != folded && (is_within(code, &region.code) || is_within(&region.code, code)),
        };
        only(named.iter().copied().filter(is_near))
    }
}

/// The only one, if there is just one.
fn only<T>(mut items: impl Iterator<Item = T>) -> Option<T> {
    items.next().filter(|_| items.next().is_none())
}
