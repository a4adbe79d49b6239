//! AGG-01 to AGG-03: governments beside the agencies below them.

use report::{CellId, CellKind, Decimal, Finding, Form, FormId, Table, Year};
use rules::agg::{AGG_01, AGG_02, AGG_03};

use crate::account::{Gap, ScopeSource};
use crate::forest::{Forest, Node};
use crate::member::Words;
use crate::name::Rank;

use crate::tally::Crosswalk;
use crate::walk::{Parent, walk};
use crate::{Figures, Findings, Member, Roster, Scope, Sum, fails, unknown};

/// Compares every report that covers others with theirs, and asks for the scope if it is not stated.
///
/// Only what the roster or the report's own words say of its scope counts here.
pub fn compare_scopes(roster: Option<&Roster>, members: &[Member], year: Year) -> Findings {
    let mut findings = Findings::new();
    let Some(form) = FormId::of_year(year) else { return findings };
    let forest = Forest::grow(roster, members, year);
    let crosswalk = Crosswalk::to(form);
    let scene =
        Scene { forest: &forest, crosswalk: &crosswalk, form: Form::get(form), has_roster: roster.is_some() };
    walk(&forest, &forest.tops(), form, &crosswalk, |parent| {
        let Some((member, figures)) = parent.own else { return };
        let mut add = |key: &str, finding: Option<Finding>| {
            if let Some(finding) = finding {
                findings.entry(key.to_owned()).or_default().push(finding);
            }
        };
        add(&member.key, declared(parent, member));
        let source = parent.coverage.source.filter(|_| parent.coverage.scope == Scope::Whole);
        if let Some(source) = source {
            add(&member.key, scene.adds_up(parent, figures, source));
            for (below, finding) in scene.exceeding(parent, figures, source) {
                add(&below.key, Some(finding));
            }
        }
    });
    findings.values_mut().for_each(|findings| rules::sort(findings));
    findings
}

/// AGG-02.
fn declared(parent: &Parent, member: &Member) -> Option<Finding> {
    let what = match (parent.node.scope, member.words()) {
        (_, Words::Contradict) => "报告中对统计口径的说法不一致，既称汇总数，又称本机关数。".to_owned(),
        (Some(roster), Words::Say(words)) if roster != words => {
            format!("报告称统计口径为{}，机关名录登记为{}。", words.title(), roster.title())
        }
        // An office speaks for itself.
        (None, Words::Silent) if parent.node.rank != Rank::Office => {
            "本机关有下级机关，报告未写明统计口径。".to_owned()
        }
        _ => return None,
    };
    Some(fails(&AGG_02, Vec::new(), what))
}

struct Scene<'s, 'a> {
    forest: &'s Forest<'a>,
    crosswalk: &'s Crosswalk,
    form: &'static Form,
    has_roster: bool,
}

/// A cell in which a whole and its parts disagree.
struct Difference {
    id: CellId,
    whole: Decimal,
    parts: Decimal,
}

impl Scene<'_, '_> {
    /// AGG-01. That those below have more than the whole is certain even where some of them are missing;
    /// that they have less matters only if all of them reported, the government's own office included.
    fn adds_up(&self, parent: &Parent, figures: &Figures, source: ScopeSource) -> Option<Finding> {
        let (mut less, mut more, mut open) = (Vec::new(), Vec::new(), Vec::new());
        for (position, sum) in parent.below.cells().enumerate().filter(|(_, sum)| adds(sum.id, source)) {
            let Some((whole, parts)) = self.crosswalk.at(figures, position).zip(sum.sum) else { continue };
            let difference = Difference { id: sum.id, whole, parts };
            if whole + slack(&sum) < parts {
                less.push(difference);
            } else if whole > parts + slack(&sum) {
                if sum.is_exact { &mut more } else { &mut open }.push(difference);
            }
        }
        let reported = parent.contributors.len();
        if let Some(first) = less.first() {
            let what = format!(
                "本报告统计口径为汇总，{}{}，而所属{reported}个机关的报告合计已有{}，汇总数少于下级合计。",
                self.cell(first.id),
                first.whole.normalize(),
                first.parts.normalize(),
            );
            return self.finding(&less, fails(&AGG_01, ids(&less), what + &others(&less)));
        }
        // Without a roster nobody knows whether all are there.
        if !self.has_roster {
            return None;
        }
        if !parent.gaps.is_empty() {
            let first = open.first()?;
            let message = format!(
                "本报告统计口径为汇总，所属机关中有{}没有报告可供核对，无法核对汇总数是否等于下级合计（{}{}，已报合计{}）。\
                 请待报齐后重新核对。",
                listed(parent.gaps),
                self.cell(first.id),
                first.whole.normalize(),
                first.parts.normalize(),
            );
            return self.finding(&open, unknown(&AGG_01, ids(&open), message));
        }
        let first = more.first().filter(|_| self.office_reports(parent.node))?;
        let what = format!(
            "本报告统计口径为汇总，{}{}，而所属{reported}个机关（含本级办公室）已全部报送，合计为{}，两者不一致。",
            self.cell(first.id),
            first.whole.normalize(),
            first.parts.normalize(),
        );
        self.finding(&more, fails(&AGG_01, ids(&more), what + &others(&more)))
    }

    /// AGG-03, for each agency right below.
    fn exceeding<'m>(
        &'m self,
        parent: &'m Parent,
        figures: &'m Figures,
        source: ScopeSource,
    ) -> impl Iterator<Item = (&'m Member, Finding)> {
        let children = parent.node.children.iter().filter_map(|child| self.forest.nodes.get(*child));
        children.filter_map(move |child| {
            let member = child.member?;
            let own = member.figures.as_ref()?;
            let exceeds = |(position, id): (usize, &CellId)| {
                let whole = self.crosswalk.at(figures, position)?;
                let parts = self.crosswalk.at(own, position).filter(|own| *own > whole + slack_of(*id, 1))?;
                adds(*id, source).then_some(Difference { id: *id, whole, parts })
            };
            let exceeding: Vec<Difference> =
                self.form.cells().iter().enumerate().filter_map(exceeds).collect();
            let first = exceeding.first()?;
            let what = format!(
                "{}{}，大于上级“{}”汇总报告的{}。",
                self.cell(first.id),
                first.parts.normalize(),
                parent.node.name,
                first.whole.normalize(),
            );
            let finding = fails(&AGG_03, ids(&exceeding), what + &others(&exceeding));
            let finding = Finding {
                left: Some(first.parts),
                right: Some(first.whole),
                against: parent.own.map(|(above, _)| against(above)),
                ..finding
            };
            Some((member, finding))
        })
    }

    fn office_reports(&self, node: &Node) -> bool {
        let mut below = node.children.iter().filter_map(|child| self.forest.nodes.get(*child));
        below.any(|child| child.is_office_of(node) && child.member.is_some())
    }

    fn finding(&self, differences: &[Difference], finding: Finding) -> Option<Finding> {
        let first = differences.first()?;
        Some(Finding { left: Some(first.whole), right: Some(first.parts), ..finding })
    }

    fn cell(&self, id: CellId) -> String {
        let table = id.table().short_title();
        format!("{table}{}为", self.form.place(id))
    }
}

/// The report that another one is held against.
pub(crate) fn against(member: &Member) -> report::Against {
    report::Against { agency: member.agency.clone(), year: member.year, origin: None }
}

/// Whether the figures of a whole are the sum of those of its parts. A document made by several agencies
/// counts once, kinds of item are the same everywhere, and a case after review has two defendants.
fn adds(id: CellId, source: ScopeSource) -> bool {
    const DECISIONS: [&str; 4] = [
        "active.licensing.decisions",
        "active.penalty.decisions",
        "active.coercion.decisions",
        "active.fees.amount",
    ];
    match id.table() {
        Table::Requests => true,
        Table::Litigation => !id.as_str().starts_with("litigation_after_review."),
        // Words like 全市收到申请 say nothing of table two.
        Table::Active => source == ScopeSource::Roster && DECISIONS.contains(&id.as_str()),
    }
}

fn slack(sum: &Sum) -> Decimal {
    slack_of(sum.id, sum.contributors)
}

/// How far rounding may take a sum: every agency may have rounded to whole 万元.
fn slack_of(id: CellId, parts: u32) -> Decimal {
    match id.kind() {
        CellKind::Amount => Decimal::from(parts + 1) / Decimal::TWO,
        CellKind::Count | CellKind::Change => Decimal::ZERO,
    }
}

fn ids(differences: &[Difference]) -> Vec<CellId> {
    differences.iter().map(|difference| difference.id).collect()
}

fn others(differences: &[Difference]) -> String {
    match differences.len() {
        ..=1 => String::new(),
        many => format!("同类情形共{many}格。"),
    }
}

/// The first few agencies by name.
fn listed(gaps: &[Gap]) -> String {
    let names: Vec<String> = gaps.iter().take(3).map(|gap| format!("“{}”", gap.agency)).collect();
    let rest = if gaps.len() > 3 { "等" } else { "" };
    format!("{}{rest}{}个机关", names.join("、"), gaps.len())
}
