//! The official form of a region, filled in from the reports of its agencies (汇总).

use std::collections::{BTreeMap, HashMap};

use report::{CellId, Decimal, Equation, Form, FormId, Region, Sums, Year};

use crate::account::{Contributor, Counted, Doubt, DoubtKind, RollUp, Sum, Whole};
use crate::division::{is_within, significant};
use crate::forest::Forest;
use crate::name::Rank;
use crate::tally::Crosswalk;
use crate::walk::{Totals, walk};
use crate::{Member, Roster, Scope};

/// Adds up the reports of a region's agencies for a year, as the roster says who is below whom, else as
/// codes and names tell.
///
/// None for a year before there was a form.
pub fn roll_up(roster: Option<&Roster>, members: &[Member], region: &Region, year: Year) -> Option<RollUp> {
    let form = FormId::of_year(year)?;
    let forest = Forest::grow(roster, members, year);
    let crosswalk = Crosswalk::to(form);
    let root = forest.government(&region.code);
    let mut whole = None;
    let totals = walk(&forest, &roots(&forest, root, region), form, &crosswalk, |parent| {
        let own = parent.own.filter(|_| parent.coverage.scope == Scope::Whole);
        let is_root =
            root.and_then(|root| forest.nodes.get(root)).is_some_and(|root| std::ptr::eq(root, parent.node));
        if let Some((member, figures)) = own.filter(|_| is_root) {
            whole = Some(Whole {
                agency: parent.node.name.to_owned(),
                key: member.key.clone(),
                scope: parent.coverage.source.map(|source| (parent.coverage.scope, source)),
                figures: (0..Form::get(form).cells().len()).map(|at| crosswalk.at(figures, at)).collect(),
            });
        }
    });
    let Totals { tally, mut contributors, mut gaps, mut doubts } = totals;
    doubts.extend(overlaps(&forest, &contributors));
    doubts.extend(left_out(&forest, region));
    contributors.sort_by(|one, other| (&one.region, &one.agency).cmp(&(&other.region, &other.agency)));
    gaps.sort_by(|one, other| (&one.region, &one.agency).cmp(&(&other.region, &other.agency)));
    doubts.sort_by(|one, other| (&one.region, &one.agency).cmp(&(&other.region, &other.agency)));
    let cells: Vec<Sum> = tally.cells().collect();
    Some(RollUp {
        form,
        year,
        region: region.clone(),
        has_roster: roster.is_some(),
        balance: balance(form, &cells),
        cells,
        contributors,
        gaps,
        doubts,
        whole,
        unplaced: forest.unplaced,
    })
}

/// Reports of agencies of the region that were not counted, or counted beside what its governments count.
fn left_out<'a>(forest: &'a Forest, region: &'a Region) -> impl Iterator<Item = Doubt> + 'a {
    let vertical = forest.nodes.iter().filter(|node| node.is_vertical && node.parent.is_none());
    let vertical = vertical.filter_map(|node| Some((node.member?, DoubtKind::Vertical)));
    let strangers = forest.strangers.iter().map(|member| (*member, DoubtKind::NotOnRoster));
    vertical.chain(strangers).filter_map(|(member, kind)| {
        let code = &member.region.as_ref().filter(|own| is_within(&own.code, &region.code))?.code;
        let agency = member.agency.clone().unwrap_or_default();
        Some(Doubt { agency, region: Some(code.clone()), key: member.key.clone(), kind })
    })
}

/// The government of the region and who answers to nobody in it, else everyone in it below nobody in it.
fn roots(forest: &Forest, root: Option<usize>, region: &Region) -> Vec<usize> {
    let is_inside = |position: usize| {
        let code = forest.nodes.get(position).and_then(|node| node.region);
        code.is_some_and(|code| is_within(code, &region.code))
    };
    let is_top = |position: &usize| {
        let node = forest.nodes.get(*position);
        let parent = node.and_then(|node| node.parent);
        is_inside(*position) && !parent.is_some_and(is_inside)
    };
    let is_beside = |position: &usize| {
        let node = forest.nodes.get(*position);
        is_inside(*position) && node.is_some_and(|node| node.is_vertical && node.parent.is_none())
    };
    let everyone = 0..forest.nodes.len();
    match root {
        Some(root) => std::iter::once(root).chain(everyone.filter(is_beside)).collect(),
        None => everyone.filter(is_top).collect(),
    }
}

/// Departments whose figures are said to cover their whole line of work while agencies of the same kind
/// in divisions below were counted too.
fn overlaps(forest: &Forest, contributors: &[Contributor]) -> Vec<Doubt> {
    let kinds: HashMap<&str, &'static str> = forest
        .nodes
        .iter()
        .filter(|node| node.rank == Rank::Department)
        .filter_map(|node| Some((node.member?.key.as_str(), node.kind?)))
        .collect();
    let mut lines: BTreeMap<&str, BTreeMap<&str, &Contributor>> = BTreeMap::new();
    let kind_of = |contributor: &Contributor| kinds.get(contributor.key.as_str()).copied();
    for contributor in contributors {
        if let Some((kind, code)) = kind_of(contributor).zip(contributor.region.as_deref()) {
            lines.entry(kind).or_default().entry(code).or_insert(contributor);
        }
    }
    let overlap = |contributor: &Contributor| {
        let (Scope::Whole, _) = contributor.scope? else { return None };
        let code = contributor.region.as_deref().filter(|_| contributor.how == Counted::Alone)?;
        let line = lines.get(kind_of(contributor)?)?;
        let mut below = line.range(significant(code)..).take_while(|(other, _)| is_within(other, code));
        let (_, other) = below.find(|(other, _)| **other != code)?;
        Some(Doubt {
            agency: contributor.agency.clone(),
            region: contributor.region.clone(),
            key: contributor.key.clone(),
            kind: DoubtKind::MayOverlap(other.agency.clone()),
        })
    };
    contributors.iter().filter_map(overlap).collect()
}

/// Both sides of every equation of the form.
fn balance(form: FormId, cells: &[Sum]) -> Vec<(&'static Equation, Sums)> {
    let form = Form::get(form);
    let exact = |id: &CellId| cells.get(form.position(*id)?).filter(|sum| sum.is_exact)?.sum;
    let side = |terms: &[CellId]| terms.iter().try_fold(Decimal::ZERO, |sum, id| sum.checked_add(exact(id)?));
    let sums = |equation: &'static Equation| {
        (equation, Sums { left: side(&equation.left), right: side(&equation.right) })
    };
    form.equations().iter().map(sums).collect()
}
