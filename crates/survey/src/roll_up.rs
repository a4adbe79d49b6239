//! The official form of a region, filled in from the reports of its agencies (汇总).

use std::collections::{BTreeMap, HashMap};

use report::{CellId, Decimal, Equation, Form, FormId, Region, Sums, Verdict, Year};

use crate::division::{is_within, significant};
use crate::forest::Forest;
use crate::name::Rank;
use crate::tally::Crosswalk;
use crate::walk::{Harvest, walk};
use crate::{Member, Roster, Scope};

/// The form of a region and a year as its agencies' reports add up.
///
/// Nobody is counted twice: of an agency whose report covers all below it, those below are left out.
#[derive(Debug, Clone, PartialEq)]
pub struct RollUp {
    /// The form of that year; reports in the other one are carried over where a cell means the same.
    pub form: FormId,
    /// The year.
    pub year: Year,
    /// The region.
    pub region: Region,
    /// Whether a roster told who should report. Without one nobody can say who is missing, and what is
    /// exact is so of those who reported.
    pub has_roster: bool,
    /// Every cell of the form, in the form's order.
    pub cells: Vec<Sum>,
    /// The reports that were added up, by region, then name.
    pub contributors: Vec<Contributor>,
    /// The agencies whose figures are missing from the sums.
    pub gaps: Vec<Gap>,
    /// What somebody should look at before signing.
    pub doubts: Vec<Doubt>,
    /// The equations of the form with the sums on either side, which are none unless every term is
    /// exact.
    pub balance: Vec<(&'static Equation, Sums)>,
    /// The report of the region's government, if there is one that covers the whole region: it is not
    /// part of the sums but stands beside them.
    pub whole: Option<Whole>,
    /// Reports of the year whose agency's region is not known, so that nobody can say whether they
    /// belong here.
    pub unplaced: usize,
}

/// One cell as it adds up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sum {
    /// The cell.
    pub id: CellId,
    /// The sum of what is known. None where nobody gave a figure, where the figures not known may be
    /// negative, and where it is beyond any number.
    pub sum: Option<Decimal>,
    /// Whether nobody's figure is missing; otherwise the sum is a lower bound.
    pub is_exact: bool,
    /// How many gave a figure.
    pub contributors: u32,
    /// How many did not: contributors without a figure in this cell, and agencies without a report.
    pub lacking: u32,
}

/// A report that was added up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contributor {
    /// The agency, by its name in the roster, else as it names itself.
    pub agency: String,
    /// The code of its division.
    pub region: Option<String>,
    /// Its report.
    pub key: String,
    /// The form of its report.
    pub form: FormId,
    /// Whom its figures cover, and what says so; none where nothing does.
    pub scope: Option<(Scope, ScopeSource)>,
    /// As what it was counted.
    pub how: How,
    /// The verdict on its report.
    pub verdict: Verdict,
}

/// What says whom the figures of a report cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ScopeSource {
    /// The roster.
    Roster,
    /// The words of the report.
    Report,
}

impl ScopeSource {
    /// Its name for those who review reports.
    pub fn title(self) -> &'static str {
        match self {
            Self::Roster => "机关名录",
            Self::Report => "报告正文",
        }
    }
}

/// As what a report was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum How {
    /// For itself: nobody is below it.
    Single,
    /// For its own office; those below were counted too.
    Own,
    /// For itself and all below it, who were not counted.
    Whole,
}

impl How {
    /// Its name for those who review reports.
    pub fn title(self) -> &'static str {
        match self {
            Self::Single => "本机关",
            Self::Own => "本机关，下级另计",
            Self::Whole => "含全部下级，下级不另计",
        }
    }
}

/// An agency whose figures are missing from the sums.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// Its name.
    pub agency: String,
    /// The code of its division.
    pub region: Option<String>,
    /// Its report, where there is one but without a table.
    pub key: Option<String>,
    /// How many agencies below it, at any depth, were counted in spite of that.
    pub counted_below: usize,
}

/// What somebody should look at before signing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// The agency it is about.
    pub agency: String,
    /// The code of its division.
    pub region: Option<String>,
    /// Its report.
    pub key: String,
    /// What.
    pub kind: DoubtKind,
}

/// The kinds of doubt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DoubtKind {
    /// Nothing says whom its figures cover. They are nowhere less than those of the agencies below it
    /// together, so they were taken to cover these.
    PresumedWhole,
    /// Nothing says whom its figures cover. They are somewhere less than those of the agencies below it
    /// together, or these have none, so they were taken to cover its own office.
    PresumedOwn,
    /// Its words say one thing and other words of it another.
    Contradictory,
    /// Its review found errors.
    Fails,
    /// Its review found something to look at.
    Warns,
    /// Its report is in the other form; this many cells could not be carried over.
    OtherForm(usize),
    /// It has this many reports with different originals for the year; the latest was taken.
    Repeated(usize),
    /// It covers the whole of its line of work, and agencies of that line below were counted too, this
    /// one among them.
    MayOverlap(String),
    /// It answers to its own line of work (垂直管理): it was counted where it lies, while a government's own
    /// report seldom counts it.
    Vertical,
    /// It is not on the roster and was not counted.
    NotOnRoster,
}

impl DoubtKind {
    /// What to look at, as a Chinese sentence.
    pub fn sentence(&self) -> String {
        match self {
            Self::PresumedWhole => {
                "未说明统计口径，各项数字均不小于下级合计，按含下级的汇总数计入，请核实。".to_owned()
            }
            Self::PresumedOwn => "未说明统计口径，按本机关数字计入，下级另行计入，请核实。".to_owned(),
            Self::Contradictory => "报告中对统计口径的说法不一致，按未说明口径处理，请核实。".to_owned(),
            Self::Fails => "报告校核结果为不通过，数字可能有误，请待更正后重新汇总。".to_owned(),
            Self::Warns => "报告校核发现需要核实的问题，请核实。".to_owned(),
            Self::OtherForm(cells) => {
                format!("报告使用了另一年度的格式，有{cells}格无法对应，未计入。")
            }
            Self::Repeated(reports) => {
                format!("同一年度有{reports}份内容不同的报告，按最后报送的一份计入，请核实。")
            }
            Self::MayOverlap(other) => {
                format!("统计口径为全系统，下级同类机关（如“{other}”）也已计入，可能重复，请核实。")
            }
            Self::Vertical => {
                "属垂直管理机关，按所在地区计入；本级政府的汇总数通常不含这类机关，请核实。".to_owned()
            }
            Self::NotOnRoster => "不在机关名录中，未计入汇总。".to_owned(),
        }
    }
}

/// The report of a region's government that covers the whole region, beside what the others add up to.
#[derive(Debug, Clone, PartialEq)]
pub struct Whole {
    /// The government.
    pub agency: String,
    /// Its report.
    pub key: String,
    /// Whether the roster or its words say that it covers the whole; otherwise it was presumed.
    pub scope: Option<(Scope, ScopeSource)>,
    /// Its figures, one for each cell of the roll-up.
    pub figures: Vec<Option<Decimal>>,
}

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
    let harvest = walk(&forest, &roots(&forest, root, region), form, &crosswalk, |branch| {
        let own = branch.own.filter(|_| branch.standing.scope == Scope::Whole);
        let is_root =
            root.and_then(|root| forest.nodes.get(root)).is_some_and(|root| std::ptr::eq(root, branch.node));
        if let Some((member, figures)) = own.filter(|_| is_root) {
            whole = Some(Whole {
                agency: branch.node.name.to_owned(),
                key: member.key.clone(),
                scope: branch.standing.source.map(|source| (branch.standing.scope, source)),
                figures: (0..Form::get(form).cells().len()).map(|at| crosswalk.at(figures, at)).collect(),
            });
        }
    });
    let Harvest { tally, mut contributors, mut gaps, mut doubts } = harvest;
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
        let code = contributor.region.as_deref().filter(|_| contributor.how == How::Single)?;
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
