//! Agencies by years: trend, ranking and table.

use std::cmp::Reverse;

use maud::{Markup, html};
use report::{CellId, Decimal, Year};
use survey::{Measure, Panel, PanelGap, PanelRow, PanelTotal, Point};

use super::chart::{self, Bar, Mark, Series};
use super::{PATH, downloads, heading, number, place, signed, span, unit};
use crate::compare::{AgencyComparison, Asked};
use crate::params::Params;
use crate::{labels, region_lookup};

/// Agencies with a line each; of more, the chart shows what they have together.
const MAX_LINES: usize = 6;
/// Bars of a ranking.
const MAX_BARS: usize = 15;
/// Agencies on one page of the table.
const ROWS_ON_A_PAGE: usize = 100;

pub(super) fn agencies(comparison: &AgencyComparison, asked: &Asked, params: &Params) -> Markup {
    let panel = &comparison.panel;
    if panel.rows.is_empty() || panel.years.is_empty() {
        return html! {
            div.card.nothing { h2 { "没有可以比较的年度报告" } p { "请放宽地区、机关、类型、级别或年度。" } }
        };
    }
    let page = Page { panel, params };
    html! {
        h2.region { (selection(asked)) " " span.quiet { (panel.rows.len()) "家机关　" (span(&panel.years)) } }
        @if !panel.has_roster { p.quiet { "没有机关名录，机关数按已入库的年度报告推算。" } }
        @if comparison.left_out > 0 { p.quiet { "另有" (comparison.left_out) "份年度报告不能确定机关，没有列入。" } }
        (downloads(params))
        (peers(panel, asked))
        @for (position, cell) in panel.cells.iter().enumerate() { (page.charts(position, *cell)) }
        (page.table())
        (legend(panel))
    }
}

/// The selection in words.
fn selection(asked: &Asked) -> String {
    let region = asked.region.as_ref().map(|region| region.name.clone());
    let level = asked.level.map(|level| level.title().to_owned());
    let kind = asked.kind.map(ToOwned::to_owned);
    let names = asked.agencies.iter().map(|name| name.trim_start_matches('=').to_owned());
    let parts: Vec<String> = region.into_iter().chain(level).chain(kind).chain(names).collect();
    if parts.is_empty() { "全部机关".to_owned() } else { parts.join(" · ") }
}

/// A link from one agency to those of its kind and level in its province.
fn peers(panel: &Panel, asked: &Asked) -> Markup {
    let link = || {
        let [row] = &panel.rows[..] else { return None };
        let region = region_of(row);
        let kind = survey::agency_kind(&row.agency, region.as_ref())?;
        let level = survey::Level::of_code(&region?.code)?;
        let province = row.region.as_ref()?.get(..2)?.to_owned();
        let mut pairs: Vec<(String, String)> =
            panel.cells.iter().map(|cell| ("cell".to_owned(), cell.to_string())).collect();
        let years = (panel.years.first()?, panel.years.last()?);
        let others = [
            ("region", province),
            ("kind", kind.to_owned()),
            ("level", level.as_str().to_owned()),
            ("year", format!("{}..{}", years.0, years.1)),
            ("order", "rank".to_owned()),
        ];
        pairs.extend(others.map(|(name, value)| (name.to_owned(), value)));
        Some((Params(pairs).address(PATH), format!("{}{kind}", level.title())))
    };
    html! {
        @if asked.kind.is_none() && let Some((address, peers)) = link() {
            p { a href=(address) { "与本省" (peers) "比较" } }
        }
    }
}

fn region_of(row: &PanelRow) -> Option<report::Region> {
    let code = row.region.clone()?;
    Some(report::Region { name: region_lookup::name(&code).unwrap_or_default(), code })
}

struct Page<'a> {
    panel: &'a Panel,
    params: &'a Params,
}

impl Page<'_> {
    fn charts(&self, cell: usize, id: CellId) -> Markup {
        let panel = self.panel;
        let title =
            format!("{}（{}），{}", heading(id, panel.measure), unit(id, panel.measure), span(&panel.years));
        let known: Vec<&PanelTotal> = panel.totals.get(cell).into_iter().flatten().collect();
        let notes: Vec<String> =
            known.iter().map(|total| format!("{}/{}家", total.known, panel.rows.len())).collect();
        let is_empty = known.iter().all(|total| total.known == 0);
        html! {
            section.card.compared-cell {
                h3 { (heading(id, panel.measure)) span.quiet { "　" (unit(id, panel.measure)) } }
                @if is_empty { p { "所选机关和年度没有可用的数字。" } }
                @else {
                    div.charts {
                        (chart::lines(&format!("trend-{cell}"), &title, &panel.years, &notes, &self.series(cell, id)))
                        (self.ranking(cell, id))
                    }
                    p.quiet { "横轴下方为有数字的机关数／全部机关数。没有数字的不计为0。" }
                }
            }
        }
    }

    fn series(&self, cell: usize, id: CellId) -> Vec<Series> {
        let panel = self.panel;
        if panel.rows.len() <= MAX_LINES {
            return panel.rows.iter().map(|row| self.line(row, cell, id)).collect();
        }
        let totals = panel.totals.get(cell).map_or(&[][..], Vec::as_slice);
        let line = |name: &str, of: fn(&PanelTotal) -> Option<Decimal>| {
            let point = |(year, total): (&Year, &PanelTotal)| {
                let value = of(total)?;
                let label =
                    format!("{name} {year}年 {}，{}/{}家", number(value), total.known, panel.rows.len());
                Some(Mark { value, label, address: self.year_address(*year), is_derived: false })
            };
            Series { name: name.to_owned(), points: panel.years.iter().zip(totals).map(point).collect() }
        };
        let lines = match panel.measure {
            measure if measure.is_ratio() => {
                vec![line("合计后的比率", |total| total.total), line("中位数", |total| total.median)]
            }
            _ => vec![
                line("合计", |total| total.total),
                line("各年均有数字的机关合计", |total| total.comparable),
            ],
        };
        // Of agencies that have every year there may be none.
        lines.into_iter().filter(|series| series.points.iter().any(Option::is_some)).collect()
    }

    fn line(&self, row: &PanelRow, cell: usize, id: CellId) -> Series {
        let points = row.points.get(cell).map_or(&[][..], Vec::as_slice);
        let point = |(position, (year, point)): (usize, (&Year, &Point))| {
            let value = point.value.ok()?;
            let report = row.reports.get(position)?.as_ref()?;
            let label = format!("{} {year}年 {}", row.agency, number(value));
            Some(Mark { value, label, address: place(&report.key, id), is_derived: point.is_derived })
        };
        let points = self.panel.years.iter().zip(points).enumerate().map(point).collect();
        Series { name: row.agency.clone(), points }
    }

    fn ranking(&self, cell: usize, id: CellId) -> Markup {
        let panel = self.panel;
        let Some(year) = panel.years.last() else { return html! {} };
        let mut ranked: Vec<(usize, &PanelRow)> = panel
            .rows
            .iter()
            .filter_map(|row| Some((row.ranks.get(cell).copied().flatten()?, row)))
            .collect();
        ranked.sort_by_key(|(rank, _)| *rank);
        let of = ranked.len();
        let bar = |(rank, row): &(usize, &PanelRow)| {
            let point = row.points.get(cell)?.last()?;
            let value = point.value.ok()?;
            let report = row.reports.last()?.as_ref()?;
            let label = format!("第{rank}位 {} {}", row.agency, number(value));
            let mark = Mark { value, label, address: place(&report.key, id), is_derived: point.is_derived };
            Some(Bar { name: row.agency.clone(), mark })
        };
        let bars: Vec<Bar> = ranked.iter().take(MAX_BARS).filter_map(bar).collect();
        html! {
            @if bars.len() > 1 {
                div {
                    p.quiet { (year) "年由多到少，" @if of > bars.len() { "前" (bars.len()) "家，" } "共" (of) "家有数字" }
                    (chart::bars(&format!("rank-{cell}"), &format!("{year}年{}由多到少", heading(id, panel.measure)), &bars))
                }
            }
        }
    }

    /// The same comparison for one year: the agencies behind a total.
    fn year_address(&self, year: Year) -> String {
        self.params.without("page").with("order", "rank").with("year", &year.to_string()).address(PATH)
    }

    fn table(&self) -> Markup {
        let panel = self.panel;
        let by_rank = self.params.get("order") == Some("rank");
        let mut rows: Vec<&PanelRow> = panel.rows.iter().collect();
        if by_rank {
            rows.sort_by_key(|row| {
                row.ranks.first().copied().flatten().map_or((true, 0), |rank| (false, rank))
            });
        }
        let pages = rows.len().div_ceil(ROWS_ON_A_PAGE);
        let page = self
            .params
            .get("page")
            .and_then(|page| page.parse::<usize>().ok())
            .unwrap_or(1)
            .clamp(1, pages.max(1));
        let shown: Vec<&PanelRow> =
            rows.into_iter().skip((page - 1) * ROWS_ON_A_PAGE).take(ROWS_ON_A_PAGE).collect();
        let shows_change = panel.measure == Measure::Value && panel.years.len() > 1;
        let columns = panel.years.len() + usize::from(shows_change);
        html! {
            section.card {
                h2 { "各机关各年度" }
                p.quiet {
                    "排列："
                    @if by_rank { a href=(self.params.without("order").without("page").address(PATH)) { "按地区和名称" } "　按最近年度由多到少" }
                    @else { "按地区和名称　" a href=(self.params.without("page").with("order", "rank").address(PATH)) { "按最近年度由多到少" } }
                }
                div.scroll.tall tabindex="0" { table.plain.panel {
                    thead {
                        @if panel.cells.len() > 1 {
                            tr {
                                th scope="col" colspan="2" {} th.place scope="col" {}
                                @for cell in &panel.cells { th.group scope="colgroup" colspan=(columns) { (heading(*cell, panel.measure)) } }
                            }
                        }
                        tr {
                            th scope="col" { "位次" } th.agency scope="col" { "机关" } th.place scope="col" { "地区" }
                            @for _ in &panel.cells {
                                @for year in &panel.years { th scope="col" { (year) "年" } }
                                @if shows_change { th scope="col" { "比上年" } }
                            }
                        }
                    }
                    tbody.totals {
                        (self.total("合计", "", shows_change, |total| total.total))
                        (self.known(shows_change))
                        (self.total("中位数", "", shows_change, |total| total.median))
                        (self.total("各年均有数字的机关合计", "可比口径", shows_change, |total| total.comparable))
                    }
                    tbody { @for row in &shown { (self.row(row, shows_change)) } }
                } }
                (self.pager(page, pages))
            }
        }
    }

    fn total(
        &self,
        title: &str,
        note: &str,
        shows_change: bool,
        of: fn(&PanelTotal) -> Option<Decimal>,
    ) -> Markup {
        let panel = self.panel;
        html! {
            tr {
                td {} th scope="row" { (title) } td.place { (note) }
                @for totals in &panel.totals {
                    @for (year, total) in panel.years.iter().zip(totals) {
                        td { @if let Some(value) = of(total) { a href=(self.year_address(*year)) { (number(value)) } } @else { span.gap { "—" } } }
                    }
                    @if shows_change { td {} }
                }
            }
        }
    }

    /// Of how many agencies each total is.
    fn known(&self, shows_change: bool) -> Markup {
        let panel = self.panel;
        html! {
            tr {
                td {} th scope="row" { "有数字的机关" } td.place {}
                @for totals in &panel.totals {
                    @for total in totals { td { (total.known) "/" (panel.rows.len()) } }
                    @if shows_change { td {} }
                }
            }
        }
    }

    fn row(&self, row: &PanelRow, shows_change: bool) -> Markup {
        let panel = self.panel;
        let own = self.params.without("page").without("region").without("kind").without("level");
        let own = own.with("agency", &format!("={}", row.agency)).address(PATH);
        html! {
            tr {
                td.rank { @if let Some(rank) = row.ranks.first().copied().flatten() { (rank) } }
                th scope="row" { a href=(own) { (row.agency) } @if panel.has_roster && !row.is_on_roster { " " span.quiet { "名录外" } } }
                td.place { @if let Some(code) = &row.region { (region_lookup::name(code).unwrap_or_else(|| code.clone())) } }
                @for (points, cell) in row.points.iter().zip(&panel.cells) {
                    @for ((point, report), year) in points.iter().zip(&row.reports).zip(&panel.years) {
                        @let key = report.as_ref().map(|report| report.key.as_str());
                        (self::point(point, key, *cell, *year, panel.measure))
                    }
                    @if shows_change { (change(points)) }
                }
            }
        }
    }

    fn pager(&self, page: usize, pages: usize) -> Markup {
        let to = |page: usize| self.params.with("page", &page.to_string()).address(PATH);
        html! {
            @if pages > 1 {
                nav.paging aria-label="翻页" {
                    @if page > 1 { a rel="prev" href=(to(page - 1)) { "上一页" } }
                    span.quiet { "第" (page) "页，共" (pages) "页" }
                    @if page < pages { a.next rel="next" href=(to(page + 1)) { "下一页" } }
                }
            }
        }
    }
}

/// One cell of the table: the value with a link to its place, or the reason of the gap.
fn point(point: &Point, key: Option<&str>, cell: CellId, year: Year, measure: Measure) -> Markup {
    let shown = match point.value {
        Ok(value) if measure == Measure::Value => number(value),
        Ok(value) => signed_if(measure, value),
        Err(gap) => gap.mark().to_owned(),
    };
    let title = match point.value {
        Ok(_) if point.is_derived => Some(format!("{year}年：由勾稽关系推得")),
        Ok(_) => None,
        Err(gap) => Some(format!("{year}年：{}", gap.title())),
    };
    html! {
        td.gap[point.value.is_err()] title=[title] {
            @match key {
                Some(key) => a href=(place(key, cell)) { (shown) },
                None => (shown),
            }
            @if point.is_derived && point.value.is_ok() { sup { "推" } }
        }
    }
}

fn signed_if(measure: Measure, value: Decimal) -> String {
    if measure.looks_back() { signed(value) } else { number(value) }
}

/// The last figure less the one before.
fn change(points: &[Point]) -> Markup {
    let [.., before, last] = points else { return html! { td {} } };
    let change = match (before.value, last.value) {
        (Ok(before), Ok(last)) => last.checked_sub(before),
        _ => None,
    };
    html! {
        @match change {
            Some(change) => td.change { (signed(change)) },
            None => td.change.gap title="没有可比的数字" { "—" },
        }
    }
}

/// The gaps that the table has, explained.
fn legend(panel: &Panel) -> Markup {
    let points = || panel.rows.iter().flat_map(|row| row.points.iter().flatten());
    let mut gaps: Vec<PanelGap> = points().filter_map(|point| point.value.err()).collect();
    gaps.sort_unstable_by_key(|gap| Reverse(*gap));
    gaps.dedup();
    gaps.reverse();
    html! {
        ul.legend aria-label="图例" {
            @for gap in &gaps { li { span.swatch.gap { (gap.mark()) } (gap.title()) } }
            @if points().any(|point| point.is_derived) { li { span.swatch { "9" sup { "推" } } "由勾稽关系推得，原文没有印" } }
            @if !gaps.is_empty() { li { (labels::GAPS_ARE_NOT_ZERO) } }
        }
    }
}
