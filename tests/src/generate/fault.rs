//! What is wrong with a report, and how it is made wrong on purpose.

mod edits;

use report::{CellId, Form, FormId};

use super::agency::Agency;
use super::figures::Figures;
use super::layout::Layout;
use super::narrative::{Block, Slip};
use super::random::Random;
use super::table::Table;

/// Something that a review has to find.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The rule that finds it.
    pub rule: &'static str,
    /// What was done, for people.
    pub what: String,
    /// The cell that was changed, where one was.
    pub cell: Option<String>,
}

impl Fault {
    pub(super) fn new(rule: &'static str, what: impl Into<String>) -> Self {
        Self { rule, what: what.into(), cell: None }
    }
}

/// A way to make a report wrong.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// The rule that has to find it.
    pub rule: &'static str,
    /// What is done, for people; with the rule, its name.
    pub what: &'static str,
    /// Rules that may rightly speak of it as well.
    pub also: &'static [&'static str],
    /// Whether it takes last year's report to see it.
    pub beside: bool,
    pub(super) act: Act,
}

/// Where on the way from the year to the page it goes wrong.
#[derive(Debug, Clone, Copy)]
pub(super) enum Act {
    /// Changes the figures of the year, in words and tables alike. False if that is impossible.
    Year(fn(&mut Figures, &Scene<'_>, &mut Random) -> bool),
    /// The narrative misstates one of these.
    Says(&'static [&'static str]),
    /// Changes the narrative, if that makes it wrong for this year.
    Tells(Slip, fn(&Figures, u16) -> bool),
    /// One of these cells is typed wrong; every equation that it breaks has to be found.
    Cell(fn(&str) -> bool),
    /// The words as they were set.
    Words(fn(&mut Vec<Block>, &Scene<'_>) -> bool),
    /// The tables as they were set.
    Print(fn(&mut [Table; 3], &Scene<'_>, &mut Random) -> bool),
    /// The form of the other years.
    Form,
}

/// The report that is to be made wrong.
#[derive(Debug)]
pub(super) struct Scene<'a> {
    pub(super) agency: &'a Agency,
    pub(super) year: u16,
    pub(super) form: &'static Form,
    pub(super) figures: &'a Figures,
    /// Those of the year before, where there was a form.
    pub(super) last: Option<&'a Figures>,
}

impl Kind {
    /// Every way there is.
    pub fn all() -> &'static [Self] {
        edits::KINDS
    }

    /// The first way that this rule has to find.
    pub fn of(rule: &str) -> Option<&'static Self> {
        Self::all().iter().find(|kind| kind.rule == rule)
    }

    /// Those that leave every figure in its place and that the report alone gives away, of which a mixed
    /// batch has its faults: a wrong claim, parts that exceed their whole, or a wrong figure.
    pub(super) fn ordinary(layout: Layout, year: u16, random: &mut Random) -> &'static Self {
        let rule = match random.between(1, 3) {
            1 => "NAR-01",
            2 => "NAR-05",
            // Where table three is worn, its equations have to prove what is not printed.
            _ if !layout.is_whole() => "T4-01",
            _ if year < 2021 => *random.pick(&["T3-01", "T3-02b", "T4-01"]),
            _ => *random.pick(&["T3-01", "T3-02", "T4-01"]),
        };
        Self::of(rule).expect("each of these is planted")
    }

    /// Whether this form has the rule that would find it.
    pub(super) fn applies(&self, form: FormId) -> bool {
        rules::rule(self.rule).is_none_or(|rule| rule.forms.contains(&form))
    }

    /// Whether table three stays as it is.
    pub(super) fn spares_requests(&self) -> bool {
        !matches!(self.act, Act::Cell(which) if which("requests.received.natural_person") || which("requests.granted.enterprise") || which("requests.granted.total"))
    }

    /// The fault, where one rule finds it.
    pub(super) fn fault(&self) -> Fault {
        Fault::new(self.rule, self.what)
    }
}

/// Types a figure wrong, once the narrative has been written from the right ones.
pub(super) fn mistype(
    which: fn(&str) -> bool,
    figures: &mut Figures,
    form: &Form,
    random: &mut Random,
) -> Vec<Fault> {
    let candidates: Vec<CellId> = form.cells().iter().filter(|id| which(id.as_str())).copied().collect();
    if candidates.is_empty() {
        return Vec::new();
    }
    let (id, change) = (*random.pick(&candidates), random.between(1, 3));
    figures.set(id, figures.get(id.as_str()) + change);
    let what = format!("{}多了{change}", form.label(id));
    let fault = |rule| Fault { rule, what: what.clone(), cell: Some(id.as_str().to_owned()) };
    figures.broken_rules(form).into_iter().map(fault).collect()
}
