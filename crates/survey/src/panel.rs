//! Figures of many agencies over several years (panel data): an agency by year table of any cells, with differences
//! against the year before, shares, ranks, and totals that say of how many agencies they are.
//!
//! A figure that is not known is a gap with its reason and never zero. An agency is the same over the years if the
//! roster says so, or else if its name without its place and its region are the same.

use std::collections::HashMap;
use std::sync::Arc;

use report::{CellId, CellState, Decimal, Region, Year};

use crate::division::Level;
use crate::name;
use crate::roster::{Agency, Directory};
use crate::{Roster, peers};

/// One report with the figures that were asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// The report.
    pub key: String,
    /// The agency as it names itself.
    pub agency: Arc<str>,
    /// Its region, if it is known.
    pub region: Option<Arc<Region>>,
    /// The year it is about.
    pub year: Year,
    /// When it was submitted; of several reports of an agency and a year the last one counts.
    pub submitted_at_ms: i64,
    /// One figure for each of [`PanelQuestion::cells`], then that of [`Measure::Share`].
    pub figures: Vec<Observed>,
}

/// A figure of one report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Observed {
    /// The value that sums may use; none of a doubtful cell.
    pub value: Option<Decimal>,
    /// How the value is known, or why it is not; none where the form has no such cell.
    pub state: Option<CellState>,
}

/// What is shown of the figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// The figure itself.
    Value,
    /// The figure less that of the year before.
    Change,
    /// The change in percent of the figure of the year before.
    Rate,
    /// The figure in percent of that of another cell.
    Share(CellId),
}

impl Measure {
    /// The name used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::Change => "change",
            Self::Rate => "rate",
            Self::Share(_) => "share",
        }
    }

    /// Its name for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Value => "数值",
            Self::Change => "比上年增减",
            Self::Rate => "比上年增减率（%）",
            Self::Share(_) => "占比（%）",
        }
    }

    /// Whether the year before the first one is needed.
    pub fn looks_back(self) -> bool {
        matches!(self, Self::Change | Self::Rate)
    }

    /// Whether it is in percent, so that the values of agencies do not add up.
    pub fn is_ratio(self) -> bool {
        matches!(self, Self::Rate | Self::Share(_))
    }
}

/// What is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct PanelQuestion<'a> {
    /// The cells.
    pub cells: &'a [CellId],
    /// The years, in order and without holes.
    pub years: &'a [Year],
    /// What is shown of the figures.
    pub measure: Measure,
    /// Only agencies of this kind; see [`agency_kinds`].
    pub kind: Option<&'a str>,
    /// Only agencies of this rank.
    pub level: Option<Level>,
}

/// Agencies by years.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// The cells.
    pub cells: Vec<CellId>,
    /// The years.
    pub years: Vec<Year>,
    /// What the points are.
    pub measure: Measure,
    /// The agencies by region, then name: those of the roster, and those that reported.
    pub rows: Vec<PanelRow>,
    /// For each cell and year.
    pub totals: Vec<Vec<PanelTotal>>,
    /// Whether the roster lists the agencies.
    pub has_roster: bool,
}

/// One agency.
#[derive(Debug, Clone, PartialEq)]
pub struct PanelRow {
    /// Its name in the roster, or as its latest report names it.
    pub agency: String,
    /// The code of its region.
    pub region: Option<String>,
    /// Whether it is on the roster.
    pub is_on_roster: bool,
    /// Its report for each year.
    pub reports: Vec<Option<PanelReport>>,
    /// For each cell and year.
    pub points: Vec<Vec<Point>>,
    /// For each cell its place among the agencies with a figure in the last year, the greatest first.
    pub ranks: Vec<Option<usize>>,
}

/// A report that the figures are from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PanelReport {
    /// The report.
    pub key: String,
    /// How many reports there are of the agency and the year.
    pub reports: usize,
}

/// One figure of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    /// The value, or why there is none.
    pub value: Result<Decimal, Gap>,
    /// Whether a figure in it was not printed but derived from the equations.
    pub is_derived: bool,
}

/// Why there is no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Gap {
    /// The agency has no report for the year.
    NoReport,
    /// The form of the report has no such cell.
    NotInForm,
    /// The cell has no usable figure.
    Unknown(CellState),
    /// The figure of the year before, or the whole of the share, is not known.
    NoBase,
    /// The figure of the year before, or the whole of the share, is zero.
    ZeroBase,
    /// The value is past what a decimal holds.
    TooGreat,
}

impl Gap {
    /// The name used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoReport => "no-report",
            Self::NotInForm => "not-in-form",
            Self::Unknown(state) => state.as_str(),
            Self::NoBase => "no-base",
            Self::ZeroBase => "zero-base",
            Self::TooGreat => "too-great",
        }
    }

    /// The words for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::NoReport => "没有该年度的年度报告",
            Self::NotInForm => "该年度的表格没有这一格",
            Self::Unknown(state) => state.title(),
            Self::NoBase => "没有可比的数字",
            Self::ZeroBase => "比较的基数为0",
            Self::TooGreat => "数字过大",
        }
    }

    /// What the table shows in the place of a value.
    pub fn mark(self) -> &'static str {
        match self {
            Self::NoReport => "—",
            Self::NotInForm => "无此格",
            Self::Unknown(CellState::Blank) => "空",
            Self::Unknown(CellState::Placeholder) => "/",
            Self::Unknown(CellState::Unreadable) => "非数字",
            Self::Unknown(CellState::Doubtful) => "疑",
            Self::Unknown(_) => "缺",
            Self::NoBase | Self::ZeroBase => "无可比",
            Self::TooGreat => "过大",
        }
    }
}

/// What the agencies have together in one cell and year.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PanelTotal {
    /// Agencies with a value (n of N; N is the number of rows).
    pub known: usize,
    /// Their sum; of a ratio, the ratio of the sums of the same agencies.
    pub total: Option<Decimal>,
    /// The middle value, of an even number the lower one.
    pub median: Option<Decimal>,
    /// The least value.
    pub min: Option<Decimal>,
    /// The greatest value.
    pub max: Option<Decimal>,
    /// The sum or ratio of those agencies that have a value in every year, which alone can be compared over the years.
    pub comparable: Option<Decimal>,
    /// How many these are.
    pub comparable_agencies: usize,
}

/// The kinds of agency that have peers, as [`PanelQuestion::kind`] takes them.
pub fn agency_kinds() -> impl Iterator<Item = &'static str> {
    name::kinds()
}

/// The kind of an agency; none where its name does not tell.
pub fn agency_kind(agency: &str, region: Option<&Region>) -> Option<&'static str> {
    let folded = name::fold(agency);
    name::kind(&folded, &name::core(&folded, region))
}

/// Puts reports together. `is_asked` says which agencies of the roster belong to the selection, by name and region;
/// `place` is the name of the region with this code.
pub fn panel(
    question: &PanelQuestion<'_>,
    observations: &[Observation],
    roster: Option<&Roster>,
    is_asked: impl Fn(&Agency) -> bool,
    place: impl Fn(&str) -> Option<String>,
) -> Panel {
    let mut table = Table::new(question, roster, observations);
    if let Some(roster) = roster {
        roster.agencies().iter().enumerate().filter(|(_, agency)| is_asked(agency)).for_each(
            |(position, agency)| {
                table.add_expected(position, agency, &place);
            },
        );
    }
    observations.iter().for_each(|observation| table.add(observation));
    table.finish(roster.is_some())
}

/// How an agency is recognised over the years.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Identity {
    OnRoster(usize),
    Named(String, String),
}

struct Table<'a> {
    question: &'a PanelQuestion<'a>,
    roster: Option<&'a Roster>,
    directory: Option<Directory<'a>>,
    /// By name and region as reports write them; none where the kind or level is another.
    identities: HashMap<(Arc<str>, Option<String>), Option<usize>>,
    rows: HashMap<Identity, usize>,
    found: Vec<Found<'a>>,
}

/// An agency while its reports are collected.
struct Found<'a> {
    agency: String,
    region: Option<String>,
    is_on_roster: bool,
    /// By year, of all years that are needed.
    reports: HashMap<Year, (&'a Observation, usize)>,
}

impl<'a> Table<'a> {
    fn new(
        question: &'a PanelQuestion<'a>,
        roster: Option<&'a Roster>,
        observations: &'a [Observation],
    ) -> Self {
        let regions = || observations.iter().filter_map(|observation| observation.region.as_deref());
        Self {
            question,
            roster,
            directory: roster.map(|roster| Directory::new(roster, regions())),
            identities: HashMap::new(),
            rows: HashMap::new(),
            found: Vec::new(),
        }
    }

    fn is_wanted(&self, agency: &str, region: Option<&Region>, level: Option<Level>) -> bool {
        let level_of_code = || region.and_then(|region| Level::of_code(&region.code));
        self.question.level.is_none_or(|wanted| level.or_else(level_of_code) == Some(wanted))
            && self.question.kind.is_none_or(|wanted| agency_kind(agency, region) == Some(wanted))
    }

    fn add_expected(&mut self, position: usize, agency: &Agency, place: &impl Fn(&str) -> Option<String>) {
        let region = agency.region.as_ref().map(|code| {
            let name = if self.question.kind.is_some() { place(code) } else { None };
            Region { code: code.clone(), name: name.unwrap_or_default() }
        });
        if self.is_wanted(&agency.name, region.as_ref(), agency.level) {
            self.row(Identity::OnRoster(position), &agency.name, agency.region.as_deref(), true);
        }
    }

    fn add(&mut self, observation: &'a Observation) {
        let region = observation.region.as_deref();
        let written = (observation.agency.clone(), region.map(|region| region.code.clone()));
        let row = match self.identities.get(&written) {
            Some(row) => *row,
            None => {
                let row = self.row_of(&observation.agency, region);
                self.identities.insert(written, row);
                row
            }
        };
        let Some(found) = row.and_then(|row| self.found.get_mut(row)) else { return };
        let (shown, count) = found.reports.entry(observation.year).or_insert((observation, 0));
        *count += 1;
        let order = |one: &Observation| (one.submitted_at_ms, one.key.clone());
        if order(observation) > order(shown) {
            *shown = observation;
        }
    }

    /// The row of an agency as a report writes it.
    fn row_of(&mut self, agency: &str, region: Option<&Region>) -> Option<usize> {
        let position = self.directory.as_ref().and_then(|directory| directory.find(agency, region));
        let listed = position.zip(self.roster).and_then(|(position, roster)| roster.agencies().get(position));
        let level = listed.and_then(|agency| agency.level);
        if !self.is_wanted(agency, region, level) {
            return None;
        }
        let code = region.map(|region| region.code.as_str());
        Some(match (position, listed) {
            (Some(position), Some(listed)) => {
                let code = listed.region.as_deref().or(code);
                self.row(Identity::OnRoster(position), &listed.name, code, true)
            }
            _ => {
                let core = name::core(&name::fold(agency), region);
                let identity = Identity::Named(code.unwrap_or_default().to_owned(), core);
                self.row(identity, agency, code, false)
            }
        })
    }

    fn row(&mut self, identity: Identity, agency: &str, region: Option<&str>, is_on_roster: bool) -> usize {
        *self.rows.entry(identity).or_insert_with(|| {
            let region = region.map(ToOwned::to_owned);
            self.found.push(Found {
                agency: agency.to_owned(),
                region,
                is_on_roster,
                reports: HashMap::new(),
            });
            self.found.len() - 1
        })
    }

    fn finish(self, has_roster: bool) -> Panel {
        let question = self.question;
        let cells = question.cells.len();
        let mut found = self.found;
        // A row without a report in the years that are shown is there only if the roster asks for it.
        let is_shown = |found: &Found<'_>| {
            found.is_on_roster || question.years.iter().any(|year| found.reports.contains_key(year))
        };
        found.retain(is_shown);
        for found in &mut found {
            let latest = found.reports.values().max_by_key(|(report, _)| report.year);
            if let Some((report, _)) = latest.filter(|_| !found.is_on_roster) {
                found.agency = report.agency.to_string();
            }
        }
        found.sort_by(|one, other| (&one.region, &one.agency).cmp(&(&other.region, &other.agency)));
        let measured: Vec<Vec<Vec<Measured>>> = found
            .iter()
            .map(|found| (0..cells).map(|cell| measured(found, question, cell)).collect())
            .collect();
        let totals = (0..cells).map(|cell| totals(&measured, question, cell)).collect();
        let mut ranks: Vec<Vec<Option<usize>>> = (0..cells).map(|cell| ranks(&measured, cell)).collect();
        let rows = found.iter().zip(measured).enumerate().map(|(position, (found, measured))| PanelRow {
            agency: found.agency.clone(),
            region: found.region.clone(),
            is_on_roster: found.is_on_roster,
            reports: question
                .years
                .iter()
                .map(|year| {
                    found
                        .reports
                        .get(year)
                        .map(|(one, reports)| PanelReport { key: one.key.clone(), reports: *reports })
                })
                .collect(),
            points: measured
                .into_iter()
                .map(|years| years.into_iter().map(|one| one.point).collect())
                .collect(),
            ranks: ranks.iter_mut().map(|ranks| ranks.get(position).copied().flatten()).collect(),
        });
        Panel {
            cells: question.cells.to_vec(),
            years: question.years.to_vec(),
            measure: question.measure,
            rows: rows.collect(),
            totals,
            has_roster,
        }
    }
}

/// A point with what it was computed from.
#[derive(Debug, Clone, Copy)]
struct Measured {
    point: Point,
    /// The figure and what it is compared with, of a point with a value.
    parts: Option<(Decimal, Decimal)>,
}

/// The points of one agency and one cell, by year.
fn measured(found: &Found<'_>, question: &PanelQuestion<'_>, cell: usize) -> Vec<Measured> {
    let figure = |year: Year, cell: usize| -> Result<(Decimal, bool), Gap> {
        let (report, _) = found.reports.get(&year).ok_or(Gap::NoReport)?;
        let observed = report.figures.get(cell).copied();
        let Observed { value, state } = observed.unwrap_or(Observed { value: None, state: None });
        let state = state.ok_or(Gap::NotInForm)?;
        Ok((value.ok_or(Gap::Unknown(state))?, state == CellState::Derived))
    };
    let point = |year: Year| {
        let own = figure(year, cell);
        let base = match question.measure {
            Measure::Value => own.map(|_| (Decimal::ONE, false)),
            Measure::Change | Measure::Rate => {
                let before = Year::new(i64::from(year.get()) - 1).ok_or(Gap::NoBase);
                before.and_then(|before| figure(before, cell)).map_err(|_| Gap::NoBase)
            }
            Measure::Share(_) => figure(year, question.cells.len()).map_err(|_| Gap::NoBase),
        };
        let parts = own.and_then(|own| Ok((own, base?)));
        let value = parts.and_then(|((own, _), (base, _))| combine(question.measure, own, base));
        let is_derived = parts.is_ok_and(|((_, own), (_, base))| own || base);
        let parts = value.is_ok().then_some(parts.ok()).flatten().map(|((own, _), (base, _))| (own, base));
        Measured { point: Point { value, is_derived }, parts }
    };
    question.years.iter().map(|year| point(*year)).collect()
}

/// Decimal places of a percentage.
const PERCENT_PLACES: u32 = 1;

fn combine(measure: Measure, own: Decimal, base: Decimal) -> Result<Decimal, Gap> {
    let percent = |part: Decimal| {
        if base.is_zero() {
            return Err(Gap::ZeroBase);
        }
        let share = part.checked_mul(Decimal::ONE_HUNDRED).and_then(|part| part.checked_div(base));
        share.map(|share| share.round_dp(PERCENT_PLACES)).ok_or(Gap::TooGreat)
    };
    match measure {
        Measure::Value => Ok(own),
        Measure::Change => own.checked_sub(base).ok_or(Gap::TooGreat),
        Measure::Rate => own.checked_sub(base).ok_or(Gap::TooGreat).and_then(percent),
        Measure::Share(_) => percent(own),
    }
}

fn totals(measured: &[Vec<Vec<Measured>>], question: &PanelQuestion<'_>, cell: usize) -> Vec<PanelTotal> {
    let rows: Vec<&Vec<Measured>> = measured.iter().filter_map(|row| row.get(cell)).collect();
    let always: Vec<&Vec<Measured>> =
        rows.iter().copied().filter(|years| years.iter().all(|one| one.parts.is_some())).collect();
    let total_of = |rows: &[&Vec<Measured>], year: usize| {
        let parts: Vec<(Decimal, Decimal)> = rows.iter().filter_map(|years| years.get(year)?.parts).collect();
        let sum = |part: fn(&(Decimal, Decimal)) -> Decimal| {
            parts.iter().map(part).try_fold(Decimal::ZERO, Decimal::checked_add)
        };
        if parts.is_empty() {
            return None;
        }
        let (own, base) = (sum(|(own, _)| *own)?, sum(|(_, base)| *base)?);
        combine(question.measure, own, base).ok()
    };
    let total = |year: usize| {
        let values = rows.iter().filter_map(|years| years.get(year)?.point.value.ok());
        let mut values: Vec<Decimal> = values.collect();
        values.sort_unstable();
        PanelTotal {
            known: values.len(),
            total: total_of(&rows, year),
            median: peers::median(values.clone()),
            min: values.first().copied(),
            max: values.last().copied(),
            comparable: total_of(&always, year),
            comparable_agencies: always.len(),
        }
    };
    (0..question.years.len()).map(total).collect()
}

/// The place of each agency in the last year, the greatest first; equal values share a place.
fn ranks(measured: &[Vec<Vec<Measured>>], cell: usize) -> Vec<Option<usize>> {
    let last = |row: &Vec<Vec<Measured>>| row.get(cell)?.last()?.point.value.ok();
    let mut values: Vec<Decimal> = measured.iter().filter_map(last).collect();
    values.sort_unstable_by(|one, other| other.cmp(one));
    let rank = |value: Decimal| values.partition_point(|other| *other > value) + 1;
    measured.iter().map(|row| last(row).map(rank)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CELL: &str = "requests.received.total";

    fn observation(
        agency: &str,
        code: &str,
        place: &str,
        year: i64,
        value: Result<i64, Option<CellState>>,
    ) -> Observation {
        let observed = match value {
            Ok(value) => Observed { value: Some(Decimal::from(value)), state: Some(CellState::Read) },
            Err(state) => Observed { value: None, state },
        };
        let whole = Observed { value: Some(Decimal::from(200)), state: Some(CellState::Derived) };
        Observation {
            key: format!("{agency}-{year}"),
            agency: agency.into(),
            region: Some(Arc::new(Region { code: code.into(), name: place.into() })),
            year: Year::new(year).unwrap(),
            submitted_at_ms: year,
            figures: vec![observed, whole],
        }
    }

    fn ask(
        measure: Measure,
        kind: Option<&str>,
        roster: Option<&str>,
        observations: &[Observation],
    ) -> Vec<String> {
        let cells = [CellId::parse(CELL).unwrap()];
        let years: Vec<Year> = (2022..=2024).filter_map(Year::new).collect();
        let question = PanelQuestion { cells: &cells, years: &years, measure, kind, level: None };
        let roster = roster.map(|csv| Roster::parse(csv).unwrap());
        let panel = panel(&question, observations, roster.as_ref(), |_| true, |_| None);
        let point = |point: &Point| {
            let mark = if point.is_derived { "*" } else { "" };
            let value =
                point.value.map_or_else(|gap| gap.as_str().to_owned(), |value| value.normalize().to_string());
            format!("{value}{mark}")
        };
        let number =
            |value: Option<Decimal>| value.map_or("?".to_owned(), |value| value.normalize().to_string());
        let rows = panel.rows.iter().map(|row| {
            let points: Vec<String> = row.points[0].iter().map(point).collect();
            let rank = row.ranks[0].map_or("-".to_owned(), |rank| rank.to_string());
            format!("{}: {} #{rank}", row.agency, points.join(" "))
        });
        let totals = panel.totals[0].iter().map(|total| {
            let PanelTotal { known, total, median, comparable, comparable_agencies, .. } = total;
            format!(
                "{} of {known}/{}, median {}, {} of {comparable_agencies}",
                number(*total),
                panel.rows.len(),
                number(*median),
                number(*comparable)
            )
        });
        rows.chain(totals).collect()
    }

    fn three() -> Vec<Observation> {
        vec![
            observation("甲市公安局", "370100", "山东省甲市", 2022, Ok(100)),
            observation("山东省甲市公安局", "370100", "山东省甲市", 2023, Ok(110)),
            observation("甲市公安局", "370100", "山东省甲市", 2024, Ok(99)),
            observation("乙市公安局", "370200", "山东省乙市", 2022, Ok(0)),
            observation("乙市公安局", "370200", "山东省乙市", 2023, Ok(7)),
            observation("乙市公安局", "370200", "山东省乙市", 2024, Err(Some(CellState::Blank))),
            observation("丙市教育局", "370300", "山东省丙市", 2023, Err(None)),
            observation("丙市教育局", "370300", "山东省丙市", 2024, Ok(99)),
        ]
    }

    #[test]
    fn gaps_are_named_and_never_zero() {
        assert_eq!(
            ask(Measure::Value, None, None, &three()),
            [
                "甲市公安局: 100 110 99 #1",
                "乙市公安局: 0 7 blank #-",
                "丙市教育局: no-report not-in-form 99 #1",
                "100 of 2/3, median 0, 100 of 1",
                "117 of 2/3, median 7, 110 of 1",
                "198 of 2/3, median 99, 99 of 1",
            ]
        );
    }

    #[test]
    fn changes_and_shares_need_both_figures() {
        let [first, second, ..] = &ask(Measure::Change, None, None, &three())[..] else { unreachable!() };
        assert_eq!(
            (first.as_str(), second.as_str()),
            ("甲市公安局: no-base 10 -11 #1", "乙市公安局: no-base 7 blank #-")
        );
        let rates = ask(Measure::Rate, None, None, &three());
        assert_eq!(rates[..2], ["甲市公安局: no-base 10 -10 #1", "乙市公安局: no-base zero-base blank #-"]);
        let whole = CellId::parse("requests.concluded.total").unwrap();
        let shares = ask(Measure::Share(whole), None, None, &three());
        assert_eq!(shares[0], "甲市公安局: 50* 55* 49.5* #1");
        // 99 and 99 of 200 and 200.
        assert_eq!(shares[5], "49.5 of 2/3, median 49.5, 49.5 of 1");
    }

    #[test]
    fn the_roster_says_who_is_missing_and_who_is_the_same() {
        let roster = "机关名称,区划代码,别名\n甲市公安局,370100,\n丁市公安局,370400,\n丙市教育和体育局,370300,丙市教育局\n";
        let rows = ask(Measure::Value, None, Some(roster), &three());
        assert_eq!(
            rows[..4],
            [
                "甲市公安局: 100 110 99 #1",
                "乙市公安局: 0 7 blank #-",
                "丙市教育和体育局: no-report not-in-form 99 #1",
                "丁市公安局: no-report no-report no-report #-",
            ]
        );
        assert_eq!(rows[6], "198 of 2/4, median 99, 99 of 1");
    }

    #[test]
    fn peers_are_of_one_kind() {
        let rows = ask(Measure::Value, Some("教育部门"), None, &three());
        assert_eq!(rows[0], "丙市教育局: no-report not-in-form 99 #1");
        assert_eq!(rows.len(), 4);
    }

    #[test]
    fn of_two_reports_for_one_year_the_last_counts() {
        let mut again = observation("甲市公安局", "370100", "山东省甲市", 2024, Ok(5));
        again.submitted_at_ms = 9_999;
        again.key = "again".into();
        let mut observations = three();
        observations.insert(0, again);
        let rows = ask(Measure::Value, None, None, &observations);
        assert_eq!(rows[0], "甲市公安局: 100 110 5 #2");
    }
}
