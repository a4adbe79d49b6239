//! The JSON of comparisons and completions.

use report::{CellId, Decimal, Region, Year};
use serde_json::{Map, Value, json};
use survey::{Panel, PanelRow, PanelTotal, Point, Sum};

use super::{decimal, region};
use crate::compare::{AgencyComparison, RegionComparison, RegionRow};
use crate::complete::Suggestion;
use crate::{labels, region_lookup};

/// Agencies by years.
pub(crate) fn agencies(comparison: &AgencyComparison) -> Value {
    let panel = &comparison.panel;
    json!({
        "by": "agency",
        "measure": panel.measure.as_str(),
        "cells": cells(&panel.cells),
        "years": years(&panel.years),
        "of": panel.rows.len(),
        "roster": panel.has_roster,
        "left_out": comparison.left_out,
        "rows": panel.rows.iter().map(|row| agency(panel, row)).collect::<Value>(),
        "totals": by_cell(&panel.cells, |cell| totals(panel, cell)),
    })
}

fn agency(panel: &Panel, row: &PanelRow) -> Value {
    let code = row.region.as_ref();
    let place =
        code.map(|code| Region { code: code.clone(), name: region_lookup::name(code).unwrap_or_default() });
    let reports = panel.years.iter().zip(&row.reports).filter_map(|(year, report)| {
        let report = report.as_ref()?;
        Some(json!({"year": year.get(), "key": report.key, "reports": report.reports}))
    });
    json!({
        "agency": row.agency,
        "region": place.as_ref().map(region),
        "on_roster": row.is_on_roster,
        "reports": reports.collect::<Value>(),
        "figures": by_cell(&panel.cells, |cell| {
            let points = row.points.get(cell).into_iter().flatten();
            panel.years.iter().zip(points).map(|(year, point)| figure(*year, *point)).collect()
        }),
        "rank": by_cell(&panel.cells, |cell| row.ranks.get(cell).copied().flatten().into()),
    })
}

fn figure(year: Year, point: Point) -> Value {
    json!({
        "year": year.get(),
        "value": point.value.ok().map(decimal),
        "gap": point.value.err().map(|gap| gap.as_str()),
        "derived": point.is_derived,
    })
}

fn totals(panel: &Panel, cell: usize) -> Value {
    let totals = panel.totals.get(cell).into_iter().flatten();
    let total = |(year, total): (&Year, &PanelTotal)| {
        json!({
            "year": year.get(),
            "known": total.known,
            "of": panel.rows.len(),
            "total": total.total.map(decimal),
            "median": total.median.map(decimal),
            "min": total.min.map(decimal),
            "max": total.max.map(decimal),
            "comparable": total.comparable.map(decimal),
            "comparable_agencies": total.comparable_agencies,
        })
    };
    panel.years.iter().zip(totals).map(total).collect()
}

/// Regions by years.
pub(crate) fn regions(comparison: &RegionComparison) -> Value {
    json!({
        "by": "region",
        "measure": "value",
        "cells": cells(&comparison.cells),
        "years": years(&comparison.years),
        "roster": comparison.has_roster,
        "rows": comparison.rows.iter().map(|row| region_row(comparison, row)).collect::<Value>(),
        "total": region_row(comparison, &comparison.total),
    })
}

fn region_row(comparison: &RegionComparison, row: &RegionRow) -> Value {
    let sum = |cell: usize, position: usize, (year, sum): (&Year, &Option<Sum>)| {
        json!({
            "year": year.get(),
            "change": row.change(cell, position).map(decimal),
            "value": sum.and_then(|sum| sum.sum).map(decimal),
            "exact": sum.is_some_and(|sum| sum.is_exact),
            "known": sum.map(|sum| sum.contributors),
            "of": sum.map(|sum| sum.contributors + sum.lacking),
        })
    };
    json!({
        "region": region(&row.region),
        "sums": by_cell(&comparison.cells, |cell| {
            let sums = comparison.years.iter().zip(row.sums.get(cell).into_iter().flatten());
            sums.enumerate().map(|(position, of_year)| sum(cell, position, of_year)).collect()
        }),
        "rank": by_cell(&comparison.cells, |cell| row.ranks.get(cell).copied().flatten().into()),
    })
}

fn cells(cells: &[CellId]) -> Value {
    cells.iter().map(|cell| json!({"id": cell.as_str(), "label": labels::cell(*cell)})).collect()
}

fn years(years: &[Year]) -> Value {
    years.iter().map(|year| year.get()).collect()
}

/// An object with a member for each cell.
fn by_cell(cells: &[CellId], of: impl Fn(usize) -> Value) -> Map<String, Value> {
    cells.iter().enumerate().map(|(position, cell)| (cell.as_str().to_owned(), of(position))).collect()
}

/// How the figures of a cell are distributed over the reports found.
pub(crate) fn distribution(found: &search::Distribution) -> Value {
    let bucket = |bucket: &search::Bucket| json!({"from": decimal(bucket.from), "to": decimal(bucket.to), "reports": bucket.reports});
    let buckets = |buckets: &[search::Bucket]| buckets.iter().map(bucket).collect::<Value>();
    let quartile =
        |of: fn(&search::Quartiles) -> Decimal| found.quartiles.as_ref().map(|all| decimal(of(all)));
    let unknown = found.unknown.iter().map(|(state, reports)| {
        (state.map_or("not-in-form", |state| state.as_str()).to_owned(), Value::from(*reports))
    });
    json!({
        "label": labels::cell(found.cell),
        "reports": found.reports,
        "unknown": unknown.collect::<Map<_, _>>(),
        "min": quartile(|all| all.min),
        "lower_quartile": quartile(|all| all.lower),
        "median": quartile(|all| all.median),
        "upper_quartile": quartile(|all| all.upper),
        "max": quartile(|all| all.max),
        "decades": buckets(&found.decades),
        "quarters": buckets(&found.quarters),
    })
}

/// A figure of a hit.
pub(crate) fn hit_figure(key: &str, figure: &search::Figure) -> Value {
    json!({
        "cell": figure.cell.as_str(),
        "label": labels::cell(figure.cell),
        "value": figure.value.map(decimal),
        "state": figure.state.map(|state| state.as_str()),
        "place": format!("/reports/{key}#cell-{}", figure.cell),
    })
}

/// A name that may mean several cells.
pub(crate) fn question(question: &search::Question) -> Value {
    let choices = question.choices.iter().map(
        |choice| json!({"cell": choice.cell.as_str(), "label": labels::cell(choice.cell), "q": choice.query}),
    );
    json!({"name": question.name, "choices": choices.collect::<Value>()})
}

/// What a text that is being typed may go on with.
pub(crate) fn suggestions(suggestions: &[Suggestion]) -> Value {
    let suggestions = suggestions.iter().map(|suggestion| {
        json!({
            "kind": suggestion.kind.as_str(),
            "value": suggestion.value,
            "detail": suggestion.detail,
            "q": suggestion.query,
        })
    });
    json!({"suggestions": suggestions.collect::<Value>()})
}
