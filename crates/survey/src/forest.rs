//! The tree of agencies of a year, with the report of each.
//!
//! With a roster its agencies are the nodes, without one those that reported. Where the roster names no
//! parent, codes and names tell it: the government of a division, or its office where that has no
//! report of its own name, stands above the other agencies of the division and above the governments of
//! the divisions below.

use std::collections::{BTreeMap, HashMap};

use report::{Region, Year};

use crate::division::above;
use crate::name::{self, Rank};
use crate::roster::Directory;
use crate::{Member, Roster, Scope};

/// An agency with its report.
#[derive(Debug)]
pub(crate) struct Node<'a> {
    /// Its name in the roster, else as it names itself.
    pub(crate) name: &'a str,
    /// The code of its division.
    pub(crate) region: Option<&'a str>,
    /// Its rank among the agencies of its division.
    pub(crate) rank: Rank,
    /// Whether it is under vertical management (垂直管理), so that only a roster gives its parent.
    pub(crate) is_vertical: bool,
    /// Its kind, where it has peers.
    pub(crate) kind: Option<&'static str>,
    /// Which agencies its figures cover, by the roster.
    pub(crate) scope: Option<Scope>,
    /// Whether it need not report, by the roster.
    pub(crate) is_exempt: bool,
    /// Its report, the latest if there are several.
    pub(crate) member: Option<&'a Member>,
    /// How many reports with different originals it has.
    pub(crate) reports: usize,
    /// Its parent.
    pub(crate) parent: Option<usize>,
    /// Its children.
    pub(crate) children: Vec<usize>,
}

impl Node<'_> {
    /// Whether it is the office of a government.
    pub(crate) fn is_office_of(&self, government: &Self) -> bool {
        self.rank == Rank::Office && self.region == government.region
    }
}

/// The agencies of one year.
#[derive(Debug)]
pub(crate) struct Forest<'a> {
    pub(crate) nodes: Vec<Node<'a>>,
    /// Reports of agencies that are not on the roster.
    pub(crate) strangers: Vec<&'a Member>,
    /// How many reports have no known region and no agency on the roster.
    pub(crate) unplaced: usize,
    governments: HashMap<&'a str, usize>,
}

impl<'a> Forest<'a> {
    /// The agencies of a roster, or of the reports where there is none.
    pub(crate) fn grow(roster: Option<&'a Roster>, members: &'a [Member], year: Year) -> Self {
        let mut members: Vec<&Member> = members.iter().filter(|member| member.year == Some(year)).collect();
        members.sort_by(|one, other| place(one).cmp(&place(other)));
        let mut forest = match roster {
            Some(roster) => Self::of_roster(roster, &members, year),
            None => Self::of_reports(&members),
        };
        forest.find_governments();
        forest.infer_parents();
        for position in 0..forest.nodes.len() {
            let parent = forest.nodes.get(position).and_then(|node| node.parent);
            if let Some(parent) = parent.and_then(|parent| forest.nodes.get_mut(parent)) {
                parent.children.push(position);
            }
        }
        forest
    }

    fn of_roster(roster: &'a Roster, members: &[&'a Member], year: Year) -> Self {
        let places: BTreeMap<&str, &Region> =
            regions(members).map(|region| (region.code.as_str(), region)).collect();
        let node = |agency: &'a crate::Agency| {
            let region = agency.region.as_deref();
            let known = region.and_then(|code| places.get(code).copied());
            let folded = name::fold(&agency.name);
            let core = name::core(&folded, known);
            Node {
                name: &agency.name,
                region,
                rank: agency.rank(known),
                is_vertical: name::is_vertical(&core),
                kind: name::kind(&folded, &core),
                scope: agency.scope,
                is_exempt: agency.is_exempt(year),
                member: None,
                reports: 0,
                parent: agency.parent,
                children: Vec::new(),
            }
        };
        let mut forest = Self {
            nodes: roster.agencies().iter().map(node).collect(),
            strangers: Vec::new(),
            unplaced: 0,
            governments: HashMap::new(),
        };
        let directory = Directory::new(roster, regions(members));
        let mut reports: BTreeMap<usize, Vec<&Member>> = BTreeMap::new();
        for member in members {
            let found = member.agency.as_deref();
            match found.and_then(|agency| directory.find(agency, member.region.as_ref())) {
                Some(position) => reports.entry(position).or_default().push(member),
                None if member.region.is_none() => forest.unplaced += 1,
                None => forest.strangers.push(member),
            }
        }
        for (position, reports) in reports {
            if let Some(node) = forest.nodes.get_mut(position) {
                (node.member, node.reports) = (latest(&reports), originals(&reports));
            }
        }
        forest
    }

    fn of_reports(members: &[&'a Member]) -> Self {
        let mut agencies: BTreeMap<(&str, String), Vec<&'a Member>> = BTreeMap::new();
        let mut unplaced = 0;
        for member in members {
            let (Some(agency), Some(region)) = (member.agency.as_deref(), member.region.as_ref()) else {
                unplaced += 1;
                continue;
            };
            let core = name::core(&name::fold(agency), Some(region));
            agencies.entry((&region.code, core)).or_default().push(member);
        }
        let node = |((code, core), reports): ((&'a str, String), Vec<&'a Member>)| {
            let member = latest(&reports);
            let name = member.and_then(|member| member.agency.as_deref()).unwrap_or_default();
            Node {
                name,
                region: Some(code),
                rank: name::rank(&core),
                is_vertical: name::is_vertical(&core),
                kind: name::kind(&name::fold(name), &core),
                scope: None,
                is_exempt: false,
                member,
                reports: originals(&reports),
                parent: None,
                children: Vec::new(),
            }
        };
        let nodes = agencies.into_iter().map(node).collect();
        Self { nodes, strangers: Vec::new(), unplaced, governments: HashMap::new() }
    }

    /// The government of a division, or its office where only that is there.
    pub(crate) fn government(&self, code: &str) -> Option<usize> {
        self.governments.get(code).copied()
    }

    /// The agencies without a parent.
    pub(crate) fn tops(&self) -> Vec<usize> {
        (0..self.nodes.len())
            .filter(|at| self.nodes.get(*at).is_some_and(|node| node.parent.is_none()))
            .collect()
    }

    fn find_governments(&mut self) {
        let mut best: HashMap<&str, (Rank, usize)> = HashMap::new();
        for (position, node) in self.nodes.iter().enumerate() {
            let Some(code) = node.region.filter(|_| node.rank != Rank::Department) else { continue };
            let candidate = (node.rank, position);
            let found = best.entry(code).or_insert(candidate);
            *found = (*found).min(candidate);
        }
        self.governments = best.into_iter().map(|(code, (_, position))| (code, position)).collect();
    }

    fn infer_parents(&mut self) {
        let inferred: Vec<Option<usize>> =
            self.nodes.iter().enumerate().map(|(position, node)| self.parent_of(position, node)).collect();
        for (position, parent) in inferred.iter().enumerate() {
            // Parents by roster and parents by code may form a cycle. Then the roster is right.
            let Some(parent) = parent.filter(|parent| !self.stands_above(position, *parent)) else {
                continue;
            };
            if let Some(node) = self.nodes.get_mut(position) {
                node.parent = Some(parent);
            }
        }
    }

    fn parent_of(&self, position: usize, node: &Node) -> Option<usize> {
        let code = node.region.filter(|_| node.parent.is_none() && !node.is_vertical)?;
        let here = self.government(code).filter(|government| *government != position);
        here.or_else(|| above(code).find_map(|code| self.government(&code)))
    }

    /// Whether `position` is `other` or stands above it. Chains are short: the roster's are bounded, and
    /// each step by code leads to a division above.
    fn stands_above(&self, position: usize, other: usize) -> bool {
        let mut at = Some(other);
        while let Some(current) = at {
            if current == position {
                return true;
            }
            at = self.nodes.get(current).and_then(|node| node.parent);
        }
        false
    }
}

/// By what reports are ordered, whatever the order they come in.
fn place(member: &Member) -> impl Ord + '_ {
    let region = member.region.as_ref().map(|region| region.code.as_str());
    (region, member.agency.as_deref(), &member.key, &member.id)
}

fn regions<'a>(members: &[&'a Member]) -> impl Iterator<Item = &'a Region> {
    members.iter().filter_map(|member| member.region.as_ref())
}

/// The report that counts: the one submitted last.
pub(crate) fn latest<'a>(reports: &[&'a Member]) -> Option<&'a Member> {
    reports.iter().copied().max_by_key(|member| age(member))
}

/// Distinguishes a later report from an earlier one.
pub(crate) fn age(member: &Member) -> impl Ord + '_ {
    (member.submitted, member.published, member.id.as_str(), member.key.as_str())
}

/// How many different originals there are. Versions of one report are corrections and count once.
fn originals(reports: &[&Member]) -> usize {
    let mut keys: Vec<(&str, &str)> =
        reports.iter().map(|report| (report.key.as_str(), report.original.as_str())).collect();
    keys.sort_unstable();
    keys.dedup_by_key(|(key, _)| *key);
    let mut originals: Vec<&str> = keys.into_iter().map(|(_, original)| original).collect();
    originals.sort_unstable();
    originals.dedup();
    originals.len()
}
