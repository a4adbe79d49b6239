//! The result of a roll-up: sums, contributors, gaps and doubts.

use report::{CellId, Decimal, Equation, FormId, Region, Sums, Verdict, Year};

use crate::tally::Crosswalk;
use crate::{Figures, Scope};

/// The form of a region and a year as its agencies' reports add up.
///
/// No agency is counted twice: where a report covers all agencies below, these are left out.
#[derive(Debug, Clone, PartialEq)]
pub struct RollUp {
    /// The form of that year; reports in the other one are carried over where a cell means the same.
    pub form: FormId,
    /// The year.
    pub year: Year,
    /// The region.
    pub region: Region,
    /// Whether there was a roster. Without a roster no agency is known to be missing, and a sum is exact
    /// for the agencies that reported.
    pub has_roster: bool,
    /// Every cell of the form, in the form's order.
    pub cells: Vec<Sum>,
    /// The reports that were added up, by region, then name.
    pub contributors: Vec<Contributor>,
    /// The agencies whose figures are missing from the sums.
    pub gaps: Vec<Gap>,
    /// What an official should check before signing.
    pub doubts: Vec<Doubt>,
    /// The equations of the form with the sums on either side, which are none unless every term is
    /// exact.
    pub balance: Vec<(&'static Equation, Sums)>,
    /// The report of the region's government, if it covers the whole region. It is shown beside the sums
    /// and is not part of them.
    pub whole: Option<Whole>,
    /// How many reports of the year have an unknown region, so that they may belong here.
    pub unplaced: usize,
}

/// One cell as it adds up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sum {
    /// The cell.
    pub id: CellId,
    /// The sum of the known figures. None where there is no figure, where an unknown figure may be
    /// negative, and where the sum overflows.
    pub sum: Option<Decimal>,
    /// Whether no figure is missing. Otherwise the sum is a lower bound.
    pub is_exact: bool,
    /// How many agencies gave a figure.
    pub contributors: u32,
    /// How many agencies did not: contributors without a figure in this cell, and agencies without a report.
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
    /// Which agencies its figures cover, and the source of that, if known.
    pub scope: Option<(Scope, ScopeSource)>,
    /// How it was counted.
    pub how: Counted,
    /// The verdict on its report.
    pub verdict: Verdict,
    /// Its figures in the form of its own report.
    pub figures: Figures,
}

impl RollUp {
    /// Each contributor with the figures that were added up: one for each cell of the roll-up, none where the
    /// report has none that means the same.
    pub fn contributions(&self) -> impl Iterator<Item = (&Contributor, Vec<Option<Decimal>>)> {
        let crosswalk = Crosswalk::to(self.form);
        self.contributors.iter().map(move |contributor| {
            let figures = (0..self.cells.len()).map(|at| crosswalk.at(&contributor.figures, at));
            (contributor, figures.collect())
        })
    }
}

/// The source of a scope.
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

/// How a report was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Counted {
    /// As a single agency: it has no agency below it.
    Alone,
    /// As its own office. The agencies below it were counted too.
    OwnOffice,
    /// As itself with all agencies below it, which were not counted.
    WithBelow,
}

impl Counted {
    /// Its name for those who review reports.
    pub fn title(self) -> &'static str {
        match self {
            Self::Alone => "本机关",
            Self::OwnOffice => "本机关，下级另计",
            Self::WithBelow => "含全部下级，下级不另计",
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

/// What an official should check before signing.
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
