//! A tree of agencies from the leaves up: what each stands for, and what those below it add up to.

use report::{Decimal, FormId, Table};

use crate::forest::{Forest, Node};
use crate::member::Words;
use crate::roll_up::{Contributor, Doubt, DoubtKind, Gap, How, ScopeSource};
use crate::tally::{Crosswalk, Tally};
use crate::{Figures, Member, Scope};

/// What a tree adds up to.
#[derive(Debug)]
pub(crate) struct Harvest {
    pub(crate) tally: Tally,
    pub(crate) contributors: Vec<Contributor>,
    pub(crate) gaps: Vec<Gap>,
    pub(crate) doubts: Vec<Doubt>,
}

/// An agency that has others below it, and what these add up to.
pub(crate) struct Branch<'w, 'a> {
    pub(crate) node: &'w Node<'a>,
    /// Its report, if it has figures.
    pub(crate) own: Option<(&'a Member, &'a Figures)>,
    pub(crate) standing: Standing,
    /// Those below it, at every depth.
    pub(crate) below: &'w Tally,
    pub(crate) contributors: &'w [Contributor],
    pub(crate) gaps: &'w [Gap],
}

/// Whom the figures of an agency with others below it cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) scope: Scope,
    /// What says so; it is presumed where nothing does.
    pub(crate) source: Option<ScopeSource>,
    /// Its words contradict each other.
    pub(crate) is_contradictory: bool,
}

/// An agency half-way through.
struct Frame {
    position: usize,
    next: usize,
    tally: Tally,
    /// How long the lists of the harvest were before it.
    marks: (usize, usize, usize),
}

/// Walks a tree and shows every agency that has others below it, each after those.
///
/// The root is not added where its report covers the whole: what is below it is the point.
pub(crate) fn walk<'a>(
    forest: &Forest<'a>,
    roots: &[usize],
    form: FormId,
    crosswalk: &Crosswalk,
    mut show: impl FnMut(&Branch<'_, 'a>),
) -> Harvest {
    let mut harvest =
        Harvest { tally: Tally::new(form), contributors: Vec::new(), gaps: Vec::new(), doubts: Vec::new() };
    for root in roots {
        let mut path = vec![harvest.enter(*root, form)];
        while let Some(frame) = path.last_mut() {
            let Some(node) = forest.nodes.get(frame.position) else { break };
            let child = node.children.get(frame.next).copied();
            frame.next += 1;
            match child.and_then(|child| Some((child, forest.nodes.get(child)?))) {
                Some((_, child)) if child.children.is_empty() => {
                    harvest.add_leaf(&mut frame.tally, child, crosswalk);
                }
                Some((child, _)) => {
                    let frame = harvest.enter(child, form);
                    path.push(frame);
                }
                None => {
                    let Some(frame) = path.pop() else { break };
                    let is_root = path.is_empty();
                    let tally = harvest.leave(forest, frame, is_root, form, crosswalk, &mut show);
                    path.last_mut().map_or(&mut harvest.tally, |above| &mut above.tally).merge(&tally);
                }
            }
        }
    }
    harvest
}

impl Harvest {
    fn enter(&self, position: usize, form: FormId) -> Frame {
        let marks = (self.contributors.len(), self.gaps.len(), self.doubts.len());
        Frame { position, next: 0, tally: Tally::new(form), marks }
    }

    fn add_leaf(&mut self, tally: &mut Tally, node: &Node, crosswalk: &Crosswalk) {
        let Some((member, figures)) = figures(node) else { return self.miss(tally, node, 0) };
        tally.add(figures, crosswalk);
        let scope = node.scope.map(|scope| (scope, ScopeSource::Roster)).or(match member.words() {
            Words::Say(scope) => Some((scope, ScopeSource::Report)),
            Words::Silent | Words::Contradict => None,
        });
        self.count(node, member, figures, scope, How::Single, crosswalk);
    }

    fn leave<'a>(
        &mut self,
        forest: &Forest<'a>,
        frame: Frame,
        is_root: bool,
        form: FormId,
        crosswalk: &Crosswalk,
        show: &mut impl FnMut(&Branch<'_, 'a>),
    ) -> Tally {
        let Frame { position, mut tally, marks: (contributors, gaps, doubts), .. } = frame;
        let Some(node) = forest.nodes.get(position) else { return tally };
        if node.children.is_empty() {
            self.add_leaf(&mut tally, node, crosswalk);
            return tally;
        }
        let own = figures(node);
        let standing = standing(node, own, &tally, crosswalk);
        show(&Branch {
            node,
            own,
            standing,
            below: &tally,
            contributors: self.contributors.get(contributors..).unwrap_or_default(),
            gaps: self.gaps.get(gaps..).unwrap_or_default(),
        });
        let Some((member, figures)) = own else {
            // A region's own report is what a roll-up is made for, and the office speaks for itself.
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
        let scope = standing.source.map(|source| (standing.scope, source));
        match standing.scope {
            Scope::Whole if is_root => {}
            Scope::Whole => {
                self.contributors.truncate(contributors);
                self.gaps.truncate(gaps);
                self.doubts.truncate(doubts);
                tally = Tally::new(form);
                tally.add(figures, crosswalk);
                self.count(node, member, figures, scope, How::Whole, crosswalk);
            }
            Scope::Own => {
                tally.add(figures, crosswalk);
                self.count(node, member, figures, scope, How::Own, crosswalk);
            }
        }
        let presumed = match standing.scope {
            _ if standing.source.is_some() => None,
            Scope::Whole => Some(DoubtKind::PresumedWhole),
            Scope::Own => Some(DoubtKind::PresumedOwn),
        };
        let contradictory = standing.is_contradictory.then_some(DoubtKind::Contradictory);
        self.doubts.extend(contradictory.into_iter().chain(presumed).map(|kind| doubt(node, member, kind)));
        tally
    }

    fn miss(&mut self, tally: &mut Tally, node: &Node, counted_below: usize) {
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
        how: How,
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

fn standing(node: &Node, own: Option<(&Member, &Figures)>, below: &Tally, crosswalk: &Crosswalk) -> Standing {
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
    Standing { scope, source, is_contradictory }
}

/// Whether figures are nowhere less than what those below add up to, in tables three and four, and
/// somewhere these have anything to cover.
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
