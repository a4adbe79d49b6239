//! Regions by years: the sums of the divisions of a region, each with how many agencies gave a figure.

use maud::{Markup, html};
use report::{CellId, Decimal, Year};
use survey::{Measure, Sum};

use super::chart::{self, Bar, Mark, Series};
use super::{PATH, downloads, heading, number, span, unit};
use crate::compare::{Asked, RegionComparison, RegionRow};
use crate::params::Params;

pub(super) fn regions(comparison: &RegionComparison, asked: &Asked, params: &Params) -> Markup {
    if comparison.years.is_empty() {
        return html! { div.card.nothing { h2 { "没有可以比较的年度报告" } p { "请放宽地区或年度。" } } };
    }
    let whole = &comparison.total.region;
    html! {
        h2.region { (whole.name) " " span.quiet { (comparison.rows.len()) "个下级地区　" (span(&comparison.years)) } }
        p.quiet {
            "按汇总口径相加：报告已含下级数字的，下级不再重复计入；合计含本级机关。"
            @if !comparison.has_roster { "没有机关名录，缺报只能按已报送的机关推算。" }
            @if !asked.agencies.is_empty() || asked.kind.is_some() || asked.level.is_some() { "按地区比较时不看机关、类型和级别。" }
        }
        (downloads(params))
        @for (position, cell) in comparison.cells.iter().enumerate() { (charts(comparison, position, *cell, params)) }
        (table(comparison, params))
    }
}

fn charts(comparison: &RegionComparison, cell: usize, id: CellId, params: &Params) -> Markup {
    let title = format!(
        "{}（{}），{}",
        heading(id, Measure::Value),
        unit(id, Measure::Value),
        span(&comparison.years)
    );
    let sums = |row: &RegionRow| row.sums.get(cell).cloned().unwrap_or_default();
    let total = sums(&comparison.total);
    let notes: Vec<String> =
        total.iter().map(|sum| sum.map_or_else(String::new, |sum| of_all(&sum))).collect();
    let points = comparison
        .years
        .iter()
        .zip(&total)
        .map(|(year, sum)| mark(&comparison.total, *year, sum.as_ref(), params));
    let series = [Series { name: comparison.total.region.name.clone(), points: points.collect() }];
    let last = comparison.years.len().saturating_sub(1);
    let mut bars: Vec<Bar> = comparison
        .rows
        .iter()
        .filter_map(|row| {
            let year = comparison.years.get(last)?;
            let mark = mark(row, *year, sums(row).get(last)?.as_ref(), params)?;
            Some(Bar { name: row.region.name.clone(), mark })
        })
        .collect();
    bars.sort_by_key(|bar| std::cmp::Reverse(bar.mark.value));
    let trends = trends(comparison, cell, params);
    html! {
        section.card.compared-cell {
            h3 { (heading(id, Measure::Value)) span.quiet { "　" (unit(id, Measure::Value)) } }
            div.charts {
                (chart::lines(&format!("trend-{cell}"), &title, &comparison.years, &notes, &series))
                @if bars.len() > 1 { div {
                    p.quiet { @if let Some(year) = comparison.years.get(last) { (year) "年各地区，由多到少" } }
                    (chart::bars(&format!("rank-{cell}"), &format!("{title}，各地区"), &bars))
                } }
            }
            @if trends.len() > 1 && comparison.years.len() > 1 {
                @let first = if comparison.rows.len() > trends.len() { format!("最近年度最多的{}个地区", trends.len()) } else { "各地区".to_owned() };
                p.quiet { (first) "的走势" }
                (chart::lines(&format!("trends-{cell}"), &format!("{title}，{first}的走势"), &comparison.years, &[], &trends))
            }
            p.quiet { "横轴下方为有数字的机关数／应计入的机关数。" }
        }
    }
}

/// Lines of more divisions cannot be distinguished.
const LINES: usize = 6;

/// The divisions with the greatest sums in the last year, each with its sums over the years.
fn trends(comparison: &RegionComparison, cell: usize, params: &Params) -> Vec<Series> {
    let ranked = |row: &&RegionRow| row.ranks.get(cell).copied().flatten();
    let mut rows: Vec<&RegionRow> = comparison.rows.iter().filter(|row| ranked(row).is_some()).collect();
    rows.sort_by_key(ranked);
    let series = |row: &RegionRow| {
        let sums = row.sums.get(cell).into_iter().flatten();
        let points = comparison.years.iter().zip(sums);
        let points = points.map(|(year, sum)| mark(row, *year, sum.as_ref(), params));
        Series { name: row.region.name.clone(), points: points.collect() }
    };
    rows.into_iter().take(LINES).map(series).collect()
}

/// `5/7家`.
fn of_all(sum: &Sum) -> String {
    format!("{}/{}家", sum.contributors, sum.contributors + sum.lacking)
}

fn mark(row: &RegionRow, year: Year, sum: Option<&Sum>, params: &Params) -> Option<Mark> {
    let sum = sum?;
    let value = sum.sum?;
    let label = format!("{} {year}年 {}{}，{}", row.region.name, at_least(sum), number(value), of_all(sum));
    Some(Mark { value, label, address: agencies_of(row, year, params), is_derived: !sum.is_exact })
}

/// `比上年增加3`.
fn change(change: Decimal) -> String {
    match change {
        none if none.is_zero() => "与上年相同".to_owned(),
        less if less.is_sign_negative() => format!("比上年减少{}", number(less.abs())),
        more => format!("比上年增加{}", number(more)),
    }
}

fn at_least(sum: &Sum) -> &'static str {
    if sum.is_exact { "" } else { "≥" }
}

/// The agencies behind a sum.
fn agencies_of(row: &RegionRow, year: Year, params: &Params) -> String {
    let params = params.without("by").with("year", &year.to_string()).with("order", "rank");
    let params = if row.region.code == "000000" {
        params.without("region")
    } else {
        params.with("region", &row.region.code)
    };
    params.address(PATH)
}

fn table(comparison: &RegionComparison, params: &Params) -> Markup {
    let by_rank = params.get("order") == Some("rank");
    let mut rows: Vec<&RegionRow> = comparison.rows.iter().collect();
    if by_rank {
        rows.sort_by_key(|row| rank_of(row).unwrap_or(usize::MAX));
    }
    html! {
        section.card {
            h2 { "各地区各年度" }
            p.quiet {
                @if by_rank { a href=(params.without("order").address(PATH)) { "按区划代码" } "　按最近年度由多到少" }
                @else { "按区划代码　" a href=(params.with("order", "rank").address(PATH)) { "按最近年度由多到少" } }
            }
            div.scroll.tall tabindex="0" { table.plain.panel {
                thead {
                    @if comparison.cells.len() > 1 {
                        tr {
                            th scope="col" {} th scope="col" {}
                            @for cell in &comparison.cells { th.group scope="colgroup" colspan=(comparison.years.len()) { (heading(*cell, Measure::Value)) } }
                        }
                    }
                    tr {
                        th scope="col" { "地区" }
                        th scope="col" title="按第一个数字最近年度的合计由多到少；不完整的合计按已知部分" { "位次" }
                        @for _ in &comparison.cells { @for year in &comparison.years { th scope="col" { (year) "年" } } }
                    }
                }
                tbody.totals { (row(&comparison.total, comparison, params)) }
                tbody { @for one in rows { (row(one, comparison, params)) } }
            } }
            ul.legend aria-label="图例" {
                li { span.swatch { "≥9" } "有机关缺报或该格没有数字，合计不少于此数" }
                li { span.swatch.gap { "—" } "没有可以相加的数字" }
            }
        }
    }
}

/// The place by the first cell.
fn rank_of(row: &RegionRow) -> Option<usize> {
    row.ranks.first().copied().flatten()
}

fn row(row: &RegionRow, comparison: &RegionComparison, params: &Params) -> Markup {
    let inner = params.with("region", &row.region.code).address(PATH);
    let is_total = row.region.code == comparison.total.region.code;
    html! {
        tr {
            th scope="row" { @if is_total { (row.region.name) "合计" } @else { a href=(inner) { (row.region.name) } } }
            td { @if let Some(rank) = rank_of(row) { (rank) } }
            @for (cell, sums) in row.sums.iter().enumerate() {
                @for (position, (year, sum)) in comparison.years.iter().zip(sums).enumerate() {
                    @match sum.as_ref().and_then(|sum| Some((sum, sum.sum?))) {
                        Some((sum, value)) => td title=[row.change(cell, position).map(change)] {
                            a href=(agencies_of(row, *year, params)) { (at_least(sum)) (number(value)) }
                            " " span.quiet { (of_all(sum)) }
                        },
                        None => td.gap title="没有可以相加的数字" { "—" },
                    }
                }
            }
        }
    }
}
