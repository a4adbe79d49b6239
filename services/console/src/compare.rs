//! Figures of many agencies, or of the regions of a region, over several years: what `/compare` and
//! `GET /api/v1/compare` show.

use access::Caller;
use report::{CellId, Decimal, Region, Year};
use search::{Clause, Facet, IndexError, Named, Query, Reader, Record};
use survey::{
    Level, Measure, Member, Observation, Observed, Panel, PanelQuestion, RollUp, Roster, Sum, agency_kinds,
};

use crate::app::App;
use crate::params::Params;
use crate::problem::Problem;
use crate::{region_lookup, regional, search_query};

/// Cells of one comparison: a table with more is no table any more.
const MAX_CELLS: usize = 8;
/// Years of one comparison.
const MAX_YEARS: usize = 20;
/// Years that are shown where the request names none.
const DEFAULT_YEARS: usize = 5;
/// The cell that is compared where the request names none.
const DEFAULT_CELL: &str = "requests.received.total";

/// What the rows are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    Agency,
    Region,
}

impl By {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Agency => "agency",
            Self::Region => "region",
        }
    }
}

/// What a request asks to compare.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Asked {
    pub(crate) cells: Vec<CellId>,
    pub(crate) measure: Measure,
    pub(crate) by: By,
    pub(crate) region: Option<Region>,
    /// Names, or with `=` before them whole names.
    pub(crate) agencies: Vec<String>,
    pub(crate) kind: Option<&'static str>,
    pub(crate) level: Option<Level>,
    /// The years that were asked for; either end may be open.
    years: (Option<i64>, Option<i64>),
}

impl Asked {
    pub(crate) fn parse(params: &Params) -> Result<Self, Problem> {
        let mut cells = Vec::new();
        for name in params.all("cell") {
            let cell = cell_named("cell", name)?;
            if !cells.contains(&cell) {
                cells.push(cell);
            }
        }
        if cells.is_empty() {
            cells.extend(CellId::parse(DEFAULT_CELL));
        }
        if cells.len() > MAX_CELLS {
            let detail = format!("一次最多比较{MAX_CELLS}个数字，现有{}个。", cells.len());
            return Err(Problem::bad_parameter("cell", detail));
        }
        let by = by_of(params)?;
        let measure = measure_of(params)?;
        if by == By::Region && measure != Measure::Value {
            let problem = Problem::bad_parameter("measure", "按地区比较时只列合计数。".into());
            return Err(problem.hint("请去掉 measure，或改为按机关比较（by=agency）。"));
        }
        Ok(Self {
            cells,
            measure,
            by,
            region: params.get("region").map(|text| region_lookup::find(text.trim())).transpose()?,
            agencies: params.all("agency").flat_map(names).collect(),
            kind: kind_of(params)?,
            level: level_of(params)?,
            years: years_of(params)?,
        })
    }

    /// The years to show: those asked for, as far as there are reports, else the last ones.
    fn years(&self, reader: &Reader, query: &Query) -> Result<Vec<Year>, IndexError> {
        let counted = Query { facets: vec![Facet::Year], limit: 0, ..query.clone() };
        let facets = reader.search(&counted)?.facets;
        let known =
            facets.iter().flat_map(|facet| &facet.values).filter_map(|year| year.value.parse::<i64>().ok());
        let known: Vec<i64> = known.collect();
        let (Some(first), Some(last)) = (known.iter().min().copied(), known.iter().max().copied()) else {
            return Ok(Vec::new());
        };
        let from = match self.years {
            (Some(from), _) => from.max(first),
            (None, Some(_)) => first,
            (None, None) => first.max(last - DEFAULT_YEARS as i64 + 1),
        };
        let last = self.years.1.map_or(last, |asked| asked.min(last));
        Ok((from..=last)
            .rev()
            .take(MAX_YEARS)
            .filter_map(Year::new)
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
            .collect())
    }

    /// The filters on region and agencies.
    fn query(&self, caller: &Caller) -> Result<Query, Problem> {
        let mut filters = Vec::new();
        if let Some(region) = &self.region {
            filters.push(filter("region", &region.code)?);
        }
        if !self.agencies.is_empty() {
            let names = self.agencies.iter().map(|name| filter("agency", name));
            filters.push(Clause::Or(names.collect::<Result<_, _>>()?));
        }
        search_query::restrict_to_scope(Query { filters, ..Query::default() }, caller)
    }

    /// Whether an agency of the roster belongs to the selection of region and names.
    fn is_asked(&self, agency: &survey::Agency) -> bool {
        let is_within = |region: &Region| {
            agency.region.as_deref().is_some_and(|code| code.starts_with(regional::prefix(region)))
        };
        let is_named = |asked: &String| match asked.strip_prefix('=') {
            Some(whole) => agency.names().any(|name| name == whole),
            None => agency.names().any(|name| name.contains(asked.as_str())),
        };
        self.region.as_ref().is_none_or(is_within)
            && (self.agencies.is_empty() || self.agencies.iter().any(is_named))
    }
}

/// The cell with this id or this Chinese name.
pub(crate) fn cell_named(parameter: &str, name: &str) -> Result<CellId, Problem> {
    const HINT: &str = "写单元格的编号，例如 requests.received.total，或者中文名称，例如 新收 总计。";
    let id = name.trim();
    if let Ok(cell) = CellId::parse(id.strip_prefix("cell.").unwrap_or(id)) {
        return Ok(cell);
    }
    match search::cells_named(name) {
        Named::One(cell) => Ok(cell),
        Named::Nothing => {
            Err(Problem::bad_parameter(parameter, format!("表中没有名为“{name}”的数字。")).hint(HINT))
        }
        Named::Several(cells) => {
            let names: Vec<&str> =
                cells.iter().take(MAX_CELLS).map(|cell| search::short_name(*cell)).collect();
            let more = if cells.len() > names.len() { "等" } else { "" };
            let detail =
                format!("“{name}”可以指{}个数字：{}{more}。请写明是哪一个。", cells.len(), names.join("、"));
            Err(Problem::bad_parameter(parameter, detail).hint(HINT))
        }
    }
}

/// Names in one parameter, with `、` or a line between them. A whole name after `=` is one, whatever is in it.
fn names(value: &str) -> Vec<String> {
    if value.trim_start().starts_with('=') {
        return vec![value.trim().to_owned()];
    }
    let names = value.split(['、', '\n', ';', '；']).map(str::trim).filter(|name| !name.is_empty());
    names.map(ToOwned::to_owned).collect()
}

fn by_of(params: &Params) -> Result<By, Problem> {
    match params.get("by") {
        None | Some("agency") => Ok(By::Agency),
        Some("region") => Ok(By::Region),
        Some(other) => {
            let problem = Problem::bad_parameter("by", format!("不能按“{other}”比较。"));
            Err(problem.hint("可用 agency（机关）、region（地区）。"))
        }
    }
}

fn measure_of(params: &Params) -> Result<Measure, Problem> {
    match params.get("measure") {
        None | Some("value") => Ok(Measure::Value),
        Some("change") => Ok(Measure::Change),
        Some("rate") => Ok(Measure::Rate),
        Some("share") => {
            let of = params.get("of").ok_or_else(|| {
                let problem = Problem::bad_parameter("of", "占比要写明占哪个数字的比例。".into());
                problem.hint("用参数 of 写单元格的编号或中文名称，例如 of=requests.concluded.total。")
            })?;
            Ok(Measure::Share(cell_named("of", of)?))
        }
        Some(other) => {
            let problem = Problem::bad_parameter("measure", format!("没有名为“{other}”的指标。"));
            Err(problem.hint("可用 value（数值）、change（增减）、rate（增减率）、share（占比）。"))
        }
    }
}

fn kind_of(params: &Params) -> Result<Option<&'static str>, Problem> {
    let Some(name) = params.get("kind") else { return Ok(None) };
    let known = agency_kinds().find(|kind| *kind == name.trim());
    known.map(Some).ok_or_else(|| {
        let problem = Problem::bad_parameter("kind", format!("没有名为“{name}”的机关类型。"));
        problem.hint("可用的类型见 /compare 页面的选项，例如 公安机关、教育部门、政府。")
    })
}

fn level_of(params: &Params) -> Result<Option<Level>, Problem> {
    let Some(name) = params.get("level") else { return Ok(None) };
    let known = Level::ALL.into_iter().find(|level| [level.as_str(), level.title()].contains(&name.trim()));
    known.map(Some).ok_or_else(|| {
        let problem = Problem::bad_parameter("level", format!("没有名为“{name}”的级别。"));
        problem.hint("可用 nation、province、city、county、township。")
    })
}

fn years_of(params: &Params) -> Result<(Option<i64>, Option<i64>), Problem> {
    let Some(text) = params.get("year") else { return Ok((None, None)) };
    let bad = || {
        let problem = Problem::bad_parameter("year", format!("“{text}”不是年度或年度区间。"));
        problem.hint("写一个年度或区间，例如 2024、2021..2025。")
    };
    let year = |text: &str| {
        let text = text.trim().trim_end_matches('年');
        let year = text.parse::<i64>().ok().and_then(Year::new);
        if text.is_empty() { Ok(None) } else { year.map(|year| Some(i64::from(year.get()))).ok_or_else(bad) }
    };
    let separated = ["..", "—", "－", "至", "到", "-"].iter().find_map(|sign| text.split_once(sign));
    let (from, to) = match separated {
        Some((from, to)) => (year(from)?, year(to)?),
        None => (year(text)?, year(text)?),
    };
    match (from, to) {
        (None, None) => Err(bad()),
        (Some(from), Some(to)) => Ok((Some(from.min(to)), Some(from.max(to)))),
        open => Ok(open),
    }
}

fn filter(name: &str, value: &str) -> Result<Clause, Problem> {
    search::field(name, value).map_err(|error| Problem::bad_parameter(name, format!("{error}。")))
}

/// Agencies by years.
pub(crate) struct AgencyComparison {
    pub(crate) panel: Panel,
    /// Reports that name no agency.
    pub(crate) left_out: usize,
}

/// The figures of the agencies that are asked for, each only as far as the caller may see it.
pub(crate) async fn by_agency(
    app: &App,
    caller: &Caller,
    asked: &Asked,
) -> Result<AgencyComparison, Problem> {
    let roster = regional::roster(app).await?;
    let query = asked.query(caller)?;
    let (asked, caller) = (asked.clone(), caller.clone());
    app.read(move |reader| {
        let years = asked.years(reader, &query)?;
        let mut cells = asked.cells.clone();
        if let Measure::Share(of) = asked.measure {
            cells.push(of);
        }
        let records = records(reader, query, &years, asked.measure, &cells)?;
        let named = records.into_iter().map(observation);
        let mut left_out = 0;
        let observations: Vec<Observation> = named
            .filter_map(|observation| {
                observation.or_else(|| {
                    left_out += 1;
                    None
                })
            })
            .collect();
        let question = PanelQuestion {
            cells: &asked.cells,
            years: &years,
            measure: asked.measure,
            kind: asked.kind,
            level: asked.level,
        };
        let is_asked = |agency: &survey::Agency| {
            asked.is_asked(agency) && caller.may_see(agency.region.as_deref(), Some(&agency.name))
        };
        let panel = survey::panel(&question, &observations, roster.as_ref(), is_asked, |code| {
            region_lookup::name(code)
        });
        Ok(AgencyComparison { panel, left_out })
    })
    .await
}

/// What the columns know of the reports of these years, and of the year before where it is compared with.
fn records(
    reader: &Reader,
    mut query: Query,
    years: &[Year],
    measure: Measure,
    cells: &[CellId],
) -> Result<Vec<Record>, IndexError> {
    let (Some(first), Some(last)) = (years.first(), years.last()) else { return Ok(Vec::new()) };
    let first = i64::from(first.get()) - i64::from(measure.looks_back());
    let span = search::Span {
        lower: std::ops::Bound::Included(first),
        upper: std::ops::Bound::Included(i64::from(last.get())),
    };
    query.filters.push(Clause::Year(span));
    reader.records(&query, cells)
}

/// None where the report does not name its agency.
fn observation(record: Record) -> Option<Observation> {
    let figures = record.figures.iter();
    Some(Observation {
        agency: record.agency?,
        region: record.region,
        year: record.year?,
        submitted_at_ms: record.submitted_at_ms,
        figures: figures.map(|figure| Observed { value: figure.value, state: figure.state }).collect(),
        key: record.key,
    })
}

/// Regions by years.
pub(crate) struct RegionComparison {
    pub(crate) cells: Vec<CellId>,
    pub(crate) years: Vec<Year>,
    /// The divisions of the region, by code.
    pub(crate) rows: Vec<RegionRow>,
    /// The whole region, with the agencies of its own level.
    pub(crate) total: RegionRow,
    pub(crate) has_roster: bool,
}

/// One region.
pub(crate) struct RegionRow {
    pub(crate) region: Region,
    /// For each cell and year; none where the form of the year has no such cell.
    pub(crate) sums: Vec<Vec<Option<Sum>>>,
    /// For each cell, its place among the divisions in the last year, the greatest sum first; equal sums share one.
    pub(crate) ranks: Vec<Option<usize>>,
}

impl RegionRow {
    /// The sum of a cell in the last year.
    pub(crate) fn last(&self, cell: usize) -> Option<Decimal> {
        self.sums.get(cell)?.last()?.as_ref()?.sum
    }

    /// How much the sum of a cell differs from that of the year before; none where either is a lower bound.
    pub(crate) fn change(&self, cell: usize, year: usize) -> Option<Decimal> {
        let exact = |year: usize| self.sums.get(cell)?.get(year)?.filter(|sum| sum.is_exact)?.sum;
        exact(year)?.checked_sub(exact(year.checked_sub(1)?)?)
    }
}

/// The sums of the divisions of a region as a roll-up counts them: no agency twice, each with how many agencies gave a
/// figure and how many did not.
pub(crate) async fn by_region(
    app: &App,
    caller: &Caller,
    asked: &Asked,
) -> Result<RegionComparison, Problem> {
    let may_see_all = match &asked.region {
        Some(region) => caller.sees_all() || caller.may_see(Some(&region.code), None),
        None => caller.sees_all(),
    };
    if !may_see_all {
        let hint = "请选择本账号范围内的地区，或按机关比较。";
        return Err(Problem::bad_parameter("region", "本账号不能查看这个地区的汇总。".into()).hint(hint));
    }
    let roster = regional::roster(app).await?;
    let query = asked.query(caller)?;
    let asked = asked.clone();
    app.read(move |reader| {
        let years = asked.years(reader, &query)?;
        let mut rolled = Vec::new();
        for year in &years {
            let members = regional::members(reader, asked.region.as_ref(), *year)?;
            rolled.push(roll_up_divisions(roster.as_ref(), members, asked.region.as_ref(), *year));
        }
        Ok(table(&asked, years, rolled, roster.is_some()))
    })
    .await
}

/// The nation, of which every region is a part.
fn nation() -> Region {
    Region { code: "000000".into(), name: "全国".into() }
}

/// The roll-ups of one year: the whole region first, then each of its divisions.
fn roll_up_divisions(
    roster: Option<&Roster>,
    mut members: Vec<Member>,
    region: Option<&Region>,
    year: Year,
) -> Vec<RollUp> {
    let prefix = region.map_or("", regional::prefix);
    let division_of = |code: &str| division(code, prefix);
    let code_of = |member: &Member| member.region.as_ref().map(|region| region.code.clone());
    members.sort_by_key(code_of);
    let whole = region.cloned().unwrap_or_else(nation);
    let mut rolled: Vec<RollUp> = survey::roll_up(roster, &members, &whole, year).into_iter().collect();
    let of_roster = roster.into_iter().flat_map(Roster::agencies).filter_map(|agency| agency.region.clone());
    let mut divisions: Vec<String> = members
        .iter()
        .filter_map(code_of)
        .chain(of_roster)
        .filter(|code| code.starts_with(prefix))
        .filter_map(|code| division_of(&code))
        .collect();
    divisions.sort();
    divisions.dedup();
    for code in divisions {
        let Some(name) = region_lookup::name(&code) else { continue };
        let region = Region { code, name };
        let within = regional::prefix(&region);
        let is_in =
            |member: &&Member| member.region.as_ref().is_some_and(|region| region.code.starts_with(within));
        let members: Vec<Member> = members.iter().filter(is_in).cloned().collect();
        rolled.extend(survey::roll_up(roster, &members, &region, year));
    }
    rolled
}

/// The division right below a region, by the digits that codes in the region begin with, in which a code lies; none for
/// the code of the region itself.
fn division(code: &str, prefix: &str) -> Option<String> {
    let digits = match prefix.len() {
        0 => 2,
        2 => 4,
        4 => 6,
        6 => 9,
        _ => return None,
    };
    let division = code.get(..digits)?;
    let rest = division.get(prefix.len()..)?;
    (rest.bytes().any(|digit| digit != b'0')).then(|| format!("{division:0<6}"))
}

fn table(asked: &Asked, years: Vec<Year>, rolled: Vec<Vec<RollUp>>, has_roster: bool) -> RegionComparison {
    let whole = asked.region.clone().unwrap_or_else(nation);
    let mut regions: Vec<Region> = rolled
        .iter()
        .flatten()
        .map(|one| one.region.clone())
        .filter(|region| region.code != whole.code)
        .collect();
    regions.sort_by(|one, other| one.code.cmp(&other.code));
    regions.dedup_by(|one, other| one.code == other.code);
    let row = |region: Region| {
        let sum = |cell: CellId, year: usize| {
            let of_region = rolled.get(year)?.iter().find(|one| one.region.code == region.code)?;
            of_region.cells.iter().find(|sum| sum.id == cell).copied()
        };
        let sums =
            asked.cells.iter().map(|cell| (0..years.len()).map(|year| sum(*cell, year)).collect()).collect();
        RegionRow { sums, region, ranks: vec![None; asked.cells.len()] }
    };
    let mut rows: Vec<RegionRow> = regions.into_iter().map(row).collect();
    rank(&mut rows, asked.cells.len());
    RegionComparison { cells: asked.cells.clone(), rows, total: row(whole), years, has_roster }
}

/// Gives each division its place in each cell.
fn rank(rows: &mut [RegionRow], cells: usize) {
    for cell in 0..cells {
        let values: Vec<Decimal> = rows.iter().filter_map(|row| row.last(cell)).collect();
        for row in rows.iter_mut() {
            let place = row.last(cell).map(|own| 1 + values.iter().filter(|other| **other > own).count());
            if let Some(rank) = row.ranks.get_mut(cell) {
                *rank = place;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn divisions_are_ranked_by_the_last_year_and_equal_sums_share_a_place() {
        let sum = |value: Option<i64>, is_exact: bool| {
            Some(Sum {
                id: CellId::parse(DEFAULT_CELL).unwrap(),
                sum: value.map(Decimal::from),
                is_exact,
                contributors: 1,
                lacking: 0,
            })
        };
        let row = |before: Option<Sum>, last: Option<Sum>| RegionRow {
            region: nation(),
            sums: vec![vec![before, last]],
            ranks: vec![None],
        };
        let mut rows = [
            row(sum(Some(5), true), sum(Some(7), true)),
            row(sum(Some(9), false), sum(Some(9), true)),
            row(None, sum(Some(7), true)),
            row(None, None),
            row(None, sum(Some(1), true)),
        ];
        rank(&mut rows, 1);
        assert_eq!(rows.each_ref().map(|row| row.ranks[0]), [Some(2), Some(1), Some(2), None, Some(4)]);
        let changes = rows.each_ref().map(|row| row.change(0, 1));
        // A lower bound is no figure to compare with.
        assert_eq!(changes, [Some(Decimal::from(2)), None, None, None, None]);
        assert_eq!(rows[0].change(0, 0), None);
    }

    #[test]
    fn a_division_lies_right_below_its_region() {
        let check = |code: &str, prefix: &str, expected: Option<&str>| {
            assert_eq!(division(code, prefix).as_deref(), expected, "{code} in {prefix}");
        };
        check("370481", "", Some("370000"));
        check("370481", "37", Some("370400"));
        check("370400", "37", Some("370400"));
        check("370000", "37", None);
        check("370481", "3704", Some("370481"));
        check("370481001", "370481", Some("370481001"));
        check("370481", "370481", None);
    }

    #[test]
    fn parameters_become_a_question() {
        let asked = |query: &str| Asked::parse(&Params::parse(query));
        let plain = asked("").unwrap();
        assert_eq!(plain.cells, [CellId::parse(DEFAULT_CELL).unwrap()]);
        assert_eq!((plain.by, plain.measure, plain.years), (By::Agency, Measure::Value, (None, None)));
        let full = asked(
            "cell=新收 总计&cell=review.total&agency=甲局、乙局&agency==丙、丁局&year=2021..2024&kind=公安机关&level=city&region=3704&measure=share&of=concluded 总计",
        );
        assert_eq!(full.unwrap_err().field.as_deref(), Some("of"));
        let full = asked("cell=新收 总计&cell=review.total&agency=甲局、乙局&agency==丙、丁局&year=2021..2024&kind=公安机关&level=市级&region=3704").unwrap();
        assert_eq!(full.cells.len(), 2);
        assert_eq!(full.agencies, ["甲局", "乙局", "=丙、丁局"]);
        assert_eq!(
            (full.years, full.level, full.kind),
            ((Some(2021), Some(2024)), Some(Level::City), Some("公安机关"))
        );
        for (query, field) in [
            ("cell=新收", "cell"),
            ("cell=没有", "cell"),
            ("year=soon", "year"),
            ("year=..", "year"),
            ("kind=魔法部", "kind"),
            ("level=high", "level"),
            ("by=mood", "by"),
            ("measure=beauty", "measure"),
            ("measure=share", "of"),
            ("by=region&measure=rate", "measure"),
            ("region=9999", "region"),
        ] {
            assert_eq!(asked(query).unwrap_err().field.as_deref(), Some(field), "{query}");
        }
        let many: String = report::Form::get(report::FormId::F2021).cells()[..9]
            .iter()
            .map(|id| format!("&cell={id}"))
            .collect();
        assert_eq!(asked(&many).unwrap_err().field.as_deref(), Some("cell"));
    }
}
