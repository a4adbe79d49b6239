//! Walks the tree of agencies from the leaves up and adds their figures.

use report::{Decimal, FormId, Table};

use crate::account::{Contributor, Counted, Doubt, DoubtKind, Gap, ScopeSource};
use crate::forest::{Forest, Node};
use crate::member::Words;
use crate::tally::{Crosswalk, Tally};
use crate::{Figures, Member, Scope};

/// What the agencies of a tree add up to.
#[derive(Debug)]
pub(crate) struct Totals {
    pub(crate) tally: Tally,
    pub(crate) contributors: Vec<Contributor>,
    pub(crate) gaps: Vec<Gap>,
    pub(crate) doubts: Vec<Doubt>,
}

/// An agency with others below it, and what these add up to.
pub(crate) struct Parent<'w, 'a> {
    pub(crate) node: &'w Node<'a>,
    /// Its report, if it has figures.
    pub(crate) own: Option<(&'a Member, &'a Figures)>,
    pub(crate) coverage: Coverage,
    /// Those below it, at every depth.
    pub(crate) below: &'w Tally,
    pub(crate) contributors: &'w [Contributor],
    pub(crate) gaps: &'w [Gap],
}

/// Which agencies the figures of a parent cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Coverage {
    pub(crate) scope: Scope,
    /// The source of the scope. Without a source the scope was presumed.
    pub(crate) source: Option<ScopeSource>,
    /// Whether the words of the report contradict each other.
    pub(crate) is_contradictory: bool,
}

/// An agency of which some children were visited.
struct Frame {
    position: usize,
    next: usize,
    tally: Tally,
    /// The lengths of the lists of contributors, gaps and doubts before it.
    lengths: (usize, usize, usize),
}

/// Walks the trees under these roots and calls `visit` with every parent, after its children.
///
/// A root whose report covers the whole tree is not added: the sums are those of the agencies below it.
pub(crate) fn walk<'a>(
    forest: &Forest<'a>,
    roots: &[usize],
    form: FormId,
    crosswalk: &Crosswalk,
    mut visit: impl FnMut(&Parent<'_, 'a>),
) -> Totals {
    let mut totals =
        Totals { tally: Tally::new(form), contributors: Vec::new(), gaps: Vec::new(), doubts: Vec::new() };
    for root in roots {
        let mut path = vec![totals.enter(*root, form)];
        while let Some(frame) = path.last_mut() {
            let Some(node) = forest.nodes.get(frame.position) else { break };
            let child = node.children.get(frame.next).copied();
            frame.next += 1;
            match child.and_then(|child| Some((child, forest.nodes.get(child)?))) {
                Some((_, child)) if child.children.is_empty() => {
                    totals.add_leaf(&mut frame.tally, child, crosswalk);
                }
                Some((child, _)) => {
                    let frame = totals.enter(child, form);
                    path.push(frame);
                }
                None => {
                    let Some(frame) = path.pop() else { break };
                    let is_root = path.is_empty();
                    let tally = totals.leave(forest, frame, is_root, form, crosswalk, &mut visit);
                    path.last_mut().map_or(&mut totals.tally, |above| &mut above.tally).merge(&tally);
                }
            }
        }
    }
    totals
}

impl Totals {
    fn enter(&self, position: usize, form: FormId) -> Frame {
        let lengths = (self.contributors.len(), self.gaps.len(), self.doubts.len());
        Frame { position, next: 0, tally: Tally::new(form), lengths }
    }

    fn add_leaf(&mut self, tally: &mut Tally, node: &Node, crosswalk: &Crosswalk) {
        let Some((member, figures)) = figures(node) else { return self.miss(tally, node, 0) };
        tally.add(figures, crosswalk);
        let scope = node.scope.map(|scope| (scope, ScopeSource::Roster)).or(match member.words() {
            Words::Say(scope) => Some((scope, ScopeSource::Report)),
            Words::Silent | Words::Contradict => None,
        });
        self.count(node, member, figures, scope, Counted::Alone, crosswalk);
    }

    fn leave<'a>(
        &mut self,
        forest: &Forest<'a>,
        frame: Frame,
        is_root: bool,
        form: FormId,
        crosswalk: &Crosswalk,
        visit: &mut impl FnMut(&Parent<'_, 'a>),
    ) -> Tally {
        let Frame { position, mut tally, lengths: (contributors, gaps, doubts), .. } = frame;
        let Some(node) = forest.nodes.get(position) else { return tally };
        if node.children.is_empty() {
            self.add_leaf(&mut tally, node, crosswalk);
            return tally;
        }
        let own = figures(node);
        let coverage = coverage(node, own, &tally, crosswalk);
        visit(&Parent {
            node,
            own,
            coverage,
            below: &tally,
            contributors: self.contributors.get(contributors..).unwrap_or_default(),
            gaps: self.gaps.get(gaps..).unwrap_or_default(),
        });
        let Some((member, figures)) = own else {
            // No report is due from the root, whose report the roll-up prepares, and none where the office of
            // the government reports itself.
            let office_reports = || {
                let mut below = node.children.iter().filter_map(|child| forest.nodes.get(*child));
                below.any(|child| child.is_office_of(node) && child.member.is_some())
            };
            let is_due = node.scope == Some(Scope::Own) || !(is_root || office_reports());
            if is_due || node.member.is_some() {
                let counted = self.contributors.len() - contributors;
                self.miss(&mut tally, node, counted);
            }
            return tally;
        };
        let scope = coverage.source.map(|source| (coverage.scope, source));
        match coverage.scope {
            Scope::Whole if is_root => {}
            Scope::Whole => {
                self.contributors.truncate(contributors);
                self.gaps.truncate(gaps);
                self.doubts.truncate(doubts);
                tally = Tally::new(form);
                tally.add(figures, crosswalk);
                self.count(node, member, figures, scope, Counted::WithBelow, crosswalk);
            }
            Scope::Own => {
                tally.add(figures, crosswalk);
                self.count(node, member, figures, scope, Counted::OwnOffice, crosswalk);
            }
        }
        let presumed = match coverage.scope {
            _ if coverage.source.is_some() => None,
            Scope::Whole => Some(DoubtKind::PresumedWhole),
            Scope::Own => Some(DoubtKind::PresumedOwn),
        };
        let contradictory = coverage.is_contradictory.then_some(DoubtKind::Contradictory);
        self.doubts.extend(contradictory.into_iter().chain(presumed).map(|kind| doubt(node, member, kind)));
        tally
    }

    fn miss(&mut self, tally: &mut Tally, node: &Node, counted_below: usize) {
        if node.is_exempt && node.member.is_none() {
            return;
        }
        tally.miss();
        self.gaps.push(Gap {
            agency: node.name.to_owned(),
            region: node.region.map(ToOwned::to_owned),
            key: node.member.map(|member| member.key.clone()),
            counted_below,
        });
    }

    fn count(
        &mut self,
        node: &Node,
        member: &Member,
        figures: &Figures,
        scope: Option<(Scope, ScopeSource)>,
        how: Counted,
        crosswalk: &Crosswalk,
    ) {
        self.contributors.push(Contributor {
            agency: node.name.to_owned(),
            region: node.region.map(ToOwned::to_owned),
            key: member.key.clone(),
            form: figures.form().id,
            scope,
            how,
            verdict: member.verdict,
            figures: figures.clone(),
        });
        let left_out = crosswalk.left_out(figures);
        let kinds = [
            (member.verdict == report::Verdict::Fail).then_some(DoubtKind::Fails),
            (member.verdict == report::Verdict::Warn).then_some(DoubtKind::Warns),
            (left_out > 0).then_some(DoubtKind::OtherForm(left_out)),
            (node.reports > 1).then_some(DoubtKind::Repeated(node.reports)),
        ];
        self.doubts.extend(kinds.into_iter().flatten().map(|kind| doubt(node, member, kind)));
    }
}

fn figures<'a>(node: &Node<'a>) -> Option<(&'a Member, &'a Figures)> {
    let member = node.member?;
    Some((member, member.figures.as_ref()?))
}

fn doubt(node: &Node, member: &Member, kind: DoubtKind) -> Doubt {
    Doubt {
        agency: node.name.to_owned(),
        region: node.region.map(ToOwned::to_owned),
        key: member.key.clone(),
        kind,
    }
}

fn coverage(node: &Node, own: Option<(&Member, &Figures)>, below: &Tally, crosswalk: &Crosswalk) -> Coverage {
    let words = own.map_or(Words::Silent, |(member, _)| member.words());
    let is_contradictory = words == Words::Contradict && node.scope.is_none();
    let (scope, source) = match (node.scope, words) {
        (Some(scope), _) => (scope, Some(ScopeSource::Roster)),
        (None, Words::Say(scope)) => (scope, Some(ScopeSource::Report)),
        (None, _) if own.is_some_and(|(_, figures)| may_cover(figures, below, crosswalk)) => {
            (Scope::Whole, None)
        }
        (None, _) => (Scope::Own, None),
    };
    Coverage { scope, source, is_contradictory }
}

/// Whether figures may cover the agencies below: in tables three and four, no figure is less than their
/// sum, and at least one sum is more than zero.
fn may_cover(figures: &Figures, below: &Tally, crosswalk: &Crosswalk) -> bool {
    let mut covers_any = false;
    for (position, sum) in below.cells().enumerate().filter(|(_, sum)| sum.id.table() != Table::Active) {
        let Some((own, sum)) = crosswalk.at(figures, position).zip(sum.sum) else { continue };
        if own < sum {
            return false;
        }
        covers_any |= sum > Decimal::ZERO;
    }
    covers_any
}
