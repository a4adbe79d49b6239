//! What an import would change in a roster.

use std::collections::HashMap;

use super::{Agency, Roster};
use crate::name::fold;

/// What one roster has that another has not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RosterChanges {
    /// Agencies that are new, by name.
    pub added: Vec<String>,
    /// Agencies that are gone.
    pub removed: Vec<String>,
    /// Agencies with other values.
    pub changed: Vec<AgencyChange>,
    /// How many stay as they are.
    pub same: usize,
}

/// What changes about one agency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgencyChange {
    /// Its name.
    pub agency: String,
    /// The Chinese name of each column that changes, with the value before and after.
    pub columns: Vec<(&'static str, String, String)>,
}

impl RosterChanges {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }
}

impl Roster {
    /// What `after` changes in this roster. An agency is the same if its name and its region are, or if its name is
    /// and stands once in both.
    pub fn changes(&self, after: &Self) -> RosterChanges {
        let mut changes = RosterChanges::default();
        let (before, mut left) = (by_name(self), vec![true; self.agencies().len()]);
        let new_names = by_name(after);
        for agency in after.agencies() {
            let candidates = before.get(&fold(&agency.name)).map(Vec::as_slice).unwrap_or_default();
            let is_of_region =
                |at: &&usize| self.agencies().get(**at).is_some_and(|known| known.region == agency.region);
            let is_only = new_names.get(&fold(&agency.name)).is_some_and(|all| all.len() == 1);
            let found = candidates.iter().find(is_of_region).or(match candidates {
                [only] if is_only => Some(only),
                _ => None,
            });
            let known = found.and_then(|at| Some((*at, self.agencies().get(*at)?)));
            match known {
                None => changes.added.push(agency.name.clone()),
                Some((at, known)) => {
                    if let Some(left) = left.get_mut(at) {
                        *left = false;
                    }
                    changes.compare(self.row(known), after.row(agency), agency);
                }
            }
        }
        let removed = self.agencies().iter().zip(left).filter(|(_, left)| *left);
        changes.removed = removed.map(|(agency, _)| agency.name.clone()).collect();
        changes
    }
}

impl RosterChanges {
    fn compare(&mut self, before: [String; 11], after: [String; 11], agency: &Agency) {
        let pairs = Roster::columns().into_iter().zip(before.into_iter().zip(after));
        let columns: Vec<_> = pairs
            .filter(|(_, (before, after))| before != after)
            .map(|(column, (before, after))| (column, before, after))
            .collect();
        match columns.is_empty() {
            true => self.same += 1,
            false => self.changed.push(AgencyChange { agency: agency.name.clone(), columns }),
        }
    }
}

fn by_name(roster: &Roster) -> HashMap<String, Vec<usize>> {
    let mut positions: HashMap<String, Vec<usize>> = HashMap::new();
    for (position, agency) in roster.agencies().iter().enumerate() {
        positions.entry(fold(&agency.name)).or_default().push(position);
    }
    positions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_import_says_what_it_changes() {
        let before =
            Roster::parse("机关名称,区划代码,上级\n甲府,370400,\n乙局,370400,甲府\n丙局,370400,\n").unwrap();
        let after =
            Roster::parse("机关名称,区划代码,延期至\n甲府,370400,\n乙 局,370402,2025-02-15\n丁局,370400,\n")
                .unwrap();
        let changes = before.changes(&after);
        assert_eq!(
            (changes.added.as_slice(), changes.removed.as_slice()),
            (&["丁局".to_owned()][..], &["丙局".to_owned()][..])
        );
        let [changed] = &changes.changed[..] else { panic!("{changes:?}") };
        let columns: Vec<_> = changed.columns.iter().map(|(name, ..)| *name).collect();
        assert_eq!(columns, ["机关名称", "区划代码", "级别", "上级", "延期至"]);
        assert_eq!(changes.same, 1);
        assert!(before.changes(&before).is_empty());
    }
}
