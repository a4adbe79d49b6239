//! Comparisons as tables: a row for each agency or region, year and cell, as CSV, workbook and JSON lines.

use std::borrow::Cow;

use export::{Column, ExportError, Format, Kind, Names, Value};
use report::{CellId, Year};
use survey::PanelRow;

use crate::compare::{AgencyComparison, RegionComparison, RegionRow};
use crate::{labels, region_lookup};

/// The title of a table.
const TITLE: &str = "比较分析";

type Row<'a> = Vec<Value<'a>>;

/// Agencies by years in this format.
///
/// # Errors
/// If the table cannot be written.
pub(crate) fn agencies(comparison: &AgencyComparison, format: Format) -> Result<Vec<u8>, ExportError> {
    let columns = vec![
        Column::new("agency", "机关", Kind::Text, "名录中的名称，名录外的为年度报告所署名称。"),
        Column::new("region", "区划代码", Kind::Text, "所在行政区划。"),
        Column::new("region_name", "地区", Kind::Text, "行政区划的名称。"),
        Column::new("year", "年度", Kind::Integer, "年度报告的年度。"),
        Column::new("cell", "单元格", Kind::Text, "单元格的编号。"),
        Column::new("label", "数字", Kind::Text, "单元格的名称。"),
        Column::new("measure", "指标", Kind::Text, "数值、比上年增减、增减率（%）或占比（%）。"),
        Column::new("value", "数值", Kind::Decimal, "空为没有可用的数字，原因见后。"),
        Column::new("gap", "没有数字的原因", Kind::Text, "空为有数字。"),
        Column::new("derived", "推算", Kind::Text, "是：含由勾稽关系推得、原文没有印的数字。"),
        Column::new("rank", "最近年度位次", Kind::Integer, "由多到少。"),
        Column::new("report", "年度报告", Kind::Text, "年度报告的编号，空为没有。"),
    ];
    let panel = &comparison.panel;
    let mut rows = Vec::new();
    for row in &panel.rows {
        for (position, cell) in panel.cells.iter().enumerate() {
            for (year, of_year) in panel.years.iter().enumerate() {
                rows.extend(agency_row(comparison, row, (position, *cell), (year, *of_year), format));
            }
        }
    }
    let mut out = Vec::new();
    export::write_table(TITLE, columns, names(format), format, rows, &mut out)?;
    Ok(out)
}

fn agency_row<'a>(
    comparison: &AgencyComparison,
    row: &'a PanelRow,
    (position, cell): (usize, CellId),
    (year, of_year): (usize, Year),
    format: Format,
) -> Option<Row<'a>> {
    let point = row.points.get(position)?.get(year)?;
    let report = row.reports.get(year)?.as_ref();
    let measure = comparison.panel.measure;
    let (is_people, gap) = (names(format) == Names::Zh, point.value.err());
    let rank = row.ranks.get(position).copied().flatten();
    Some(vec![
        text(row.agency.as_str()),
        text(row.region.as_deref().unwrap_or_default()),
        text(region_name(row.region.as_deref())),
        Value::Integer(i64::from(of_year.get())),
        text(cell.as_str()),
        text(labels::cell(cell)),
        text(if is_people { measure.title() } else { measure.as_str() }),
        point.value.map_or(Value::Empty, |value| Value::Decimal(value.normalize())),
        text(gap.map_or("", |gap| if is_people { gap.title() } else { gap.as_str() })),
        text(yes(point.is_derived && gap.is_none(), format)),
        rank.map_or(Value::Empty, |rank| Value::Integer(i64::try_from(rank).unwrap_or(i64::MAX))),
        text(report.map_or("", |report| report.key.as_str())),
    ])
}

/// Regions by years in this format.
///
/// # Errors
/// If the table cannot be written.
pub(crate) fn regions(comparison: &RegionComparison, format: Format) -> Result<Vec<u8>, ExportError> {
    let columns = vec![
        Column::new("region", "区划代码", Kind::Text, "行政区划。"),
        Column::new("region_name", "地区", Kind::Text, "行政区划的名称。"),
        Column::new("year", "年度", Kind::Integer, "年度报告的年度。"),
        Column::new("cell", "单元格", Kind::Text, "单元格的编号。"),
        Column::new("label", "数字", Kind::Text, "单元格的名称。"),
        Column::new("value", "合计", Kind::Decimal, "空为没有可以相加的数字。"),
        Column::new("exact", "完整", Kind::Text, "是：没有机关缺报或缺数字；否则合计不少于此数。"),
        Column::new("known", "有数字的机关", Kind::Integer, "计入合计的机关。"),
        Column::new("of", "应计入的机关", Kind::Integer, "计入的和缺的机关。"),
        Column::new("change", "比上年增减", Kind::Decimal, "两年的合计都完整才有。"),
        Column::new("rank", "最近年度位次", Kind::Integer, "由多到少，全地区没有位次。"),
    ];
    let mut rows = Vec::new();
    for row in std::iter::once(&comparison.total).chain(&comparison.rows) {
        for (position, cell) in comparison.cells.iter().enumerate() {
            for (year, of_year) in comparison.years.iter().enumerate() {
                rows.extend(region_row(row, (position, *cell), (year, *of_year), format));
            }
        }
    }
    let mut out = Vec::new();
    export::write_table(TITLE, columns, names(format), format, rows, &mut out)?;
    Ok(out)
}

fn region_row(
    row: &RegionRow,
    (position, cell): (usize, CellId),
    (year, of_year): (usize, Year),
    format: Format,
) -> Option<Row<'_>> {
    let sum = row.sums.get(position)?.get(year)?.as_ref();
    let count = |count: Option<u32>| count.map_or(Value::Empty, |count| Value::Integer(i64::from(count)));
    Some(vec![
        text(row.region.code.as_str()),
        text(row.region.name.as_str()),
        Value::Integer(i64::from(of_year.get())),
        text(cell.as_str()),
        text(labels::cell(cell)),
        sum.and_then(|sum| sum.sum).map_or(Value::Empty, |value| Value::Decimal(value.normalize())),
        text(yes(sum.is_some_and(|sum| sum.is_exact), format)),
        count(sum.map(|sum| sum.contributors)),
        count(sum.map(|sum| sum.contributors + sum.lacking)),
        row.change(position, year).map_or(Value::Empty, |change| Value::Decimal(change.normalize())),
        count(row.ranks.get(position).copied().flatten().and_then(|rank| u32::try_from(rank).ok())),
    ])
}

/// People read CSV and workbooks in their spreadsheet, and programs read JSON lines.
pub(crate) fn names(format: Format) -> Names {
    if format == Format::Jsonl { Names::Id } else { Names::Zh }
}

fn yes(is_so: bool, format: Format) -> &'static str {
    match (is_so, names(format)) {
        (true, Names::Zh) => "是",
        (true, Names::Id) => "yes",
        (false, _) => "",
    }
}

fn region_name(code: Option<&str>) -> String {
    code.and_then(region_lookup::name).unwrap_or_default()
}

fn text<'a>(text: impl Into<Cow<'a, str>>) -> Value<'a> {
    let text = text.into();
    if text.is_empty() { Value::Empty } else { Value::Text(text) }
}
