//! The one JSON shape of a reviewed report, for the command line, the HTTP API and exports.

use serde_json::{Map, Value, json};

use crate::{
    Cell, CellState, Cells, Claim, Decimal, Finding, FormId, Origin, Remark, Repair, Report, Review, Stated,
    Witness,
};

/// The fields of a reviewed report: agency, year, form, cells, claims, remarks, findings, verdict.
pub fn review(review: &Review) -> Map<String, Value> {
    let mut fields = identity(&review.report);
    fields.insert("cells".into(), cells(&review.report.cells));
    fields.insert("claims".into(), review.report.claims.iter().map(claim).collect());
    fields.insert("remarks".into(), review.report.remarks.iter().map(remark).collect());
    fields.insert("findings".into(), review.findings.iter().map(finding).collect());
    fields.insert("verdict".into(), review.verdict().as_str().into());
    fields
}

/// How much of a report was read: `read` or `partial`, and why not all of it, in Chinese.
pub fn status(report: &Report) -> (&'static str, Option<String>) {
    match partial(report) {
        Some(reason) => ("partial", Some(reason)),
        None => ("read", None),
    }
}

/// Why only a part of the report was read, in Chinese; none if every cell is known or known to be empty.
pub fn partial(report: &Report) -> Option<String> {
    if report.form.is_none() {
        return Some(match report.year.filter(|year| FormId::of_year(*year).is_none()) {
            Some(year) => format!(
                "{year}年度报告早于2019年起施行的统一格式，本来就没有三张表格；已读取文字部分和正文中的数字。"
            ),
            None => "没有找到可识别的三张表格，只读取了文字部分。".into(),
        });
    }
    if let Some(scanned) = scanned(&report.cells) {
        return Some(scanned);
    }
    let counts = report.cells.count_by_state();
    let count = |state| counts.get(&state).copied().unwrap_or_default();
    let (missing, unreadable) = (count(CellState::Missing), count(CellState::Unreadable));
    (missing + unreadable > 0)
        .then(|| format!("有{missing}个单元格在文件中找不到，{unreadable}个单元格不是数字。"))
}

/// How much of a scan is confirmed, in Chinese; none if the file holds its characters.
fn scanned(cells: &Cells) -> Option<String> {
    let count = |is: fn(Witness) -> bool| cells.iter().filter(|(_, cell)| is(cell.witness)).count();
    let confirmed = count(|witness| matches!(witness, Witness::Confirmed1 | Witness::Confirmed2));
    let unconfirmed = count(|witness| witness == Witness::Unconfirmed);
    let counts = cells.count_by_state();
    let unread: usize = [CellState::Missing, CellState::Unreadable]
        .iter()
        .map(|state| counts.get(state).copied().unwrap_or_default())
        .sum();
    let all = confirmed + unconfirmed;
    (all > 0).then(|| {
        format!(
            "这是扫描件，待核：识别{all}格，勾稽关系或正文印证{confirmed}格，未印证{unconfirmed}格，未读出{unread}格。\
             未印证的数字没有参与计算，请对照原图核对。"
        )
    })
}

/// Agency, region, year, form and day of publication; an unknown one is null. `stated` lists what each source
/// states as agency, year and day of publication, even where they disagree.
pub fn identity(report: &Report) -> Map<String, Value> {
    let region = report.region.as_ref().map(|region| json!({"code": region.code, "name": region.name}));
    let fields = json!({
        "agency": report.agency,
        "region": region,
        "year": report.year.map(|year| year.get()),
        "form": report.form.map(|form| form.as_str()),
        "published": report.published.map(|date| date.to_string()),
        "published_source": report.published_source().map(|source| source.as_str()),
        "stated": stated(report),
    });
    let Value::Object(fields) = fields else { unreachable!("json! of braces is an object") };
    fields
}

fn stated(report: &Report) -> Vec<Value> {
    fn one<T: ToString>(what: &'static str) -> impl Fn(&Stated<T>) -> Value {
        move |stated| {
            json!({
                "what": what,
                "source": stated.source.as_str(),
                "value": stated.value.to_string(),
                "origin": stated.origin.map(origin),
            })
        }
    }
    let agencies = report.stated_agencies.iter().map(one("agency"));
    let years = report.stated_years.iter().map(one("year"));
    let dates = report.stated_dates.iter().map(one("published"));
    agencies.chain(years).chain(dates).collect()
}

/// Every cell by its id, in the order of the form.
pub fn cells(cells: &Cells) -> Value {
    cells.iter().map(|(id, value)| (id.as_str().to_owned(), cell(value))).collect::<Map<_, _>>().into()
}

/// One cell.
pub fn cell(cell: &Cell) -> Value {
    let mut value = json!({
        "value": cell.value.map(decimal),
        "state": cell.state.as_str(),
        "text": cell.text,
        "origin": cell.origin.map(origin),
    });
    if cell.witness != Witness::Printed {
        value["witness"] = cell.witness.as_str().into();
    }
    if let Some(doubt) = cell.doubt {
        value["doubt"] = doubt.as_str().into();
    }
    value
}

/// One claim of the narrative.
pub fn claim(claim: &Claim) -> Value {
    json!({
        "text": claim.text,
        "value": decimal(claim.value),
        "unit": claim.unit,
        "exact": claim.exact,
        "about": claim.about.map(|quantity| quantity.as_str()),
        "relation": claim.relation.as_str(),
        "origin": origin(claim.origin),
    })
}

/// One remark of the narrative.
pub fn remark(remark: &Remark) -> Value {
    json!({
        "kind": remark.kind.as_str(),
        "text": remark.text,
        "value": remark.value.map(decimal),
        "section": remark.section.map(|section| section.as_str()),
        "origin": origin(remark.origin),
    })
}

/// One finding.
pub fn finding(finding: &Finding) -> Value {
    json!({
        "rule": finding.rule,
        "severity": finding.severity.as_str(),
        "verdict": finding.judgement.as_str(),
        "message": finding.message,
        "cells": finding.cells.iter().map(|id| id.as_str()).collect::<Vec<_>>(),
        "left": finding.left.map(decimal),
        "right": finding.right.map(decimal),
        "repair": finding.repair.as_ref().map(repair),
        "origin": finding.origin.map(origin),
        "against": finding.against.as_ref().map(|other| json!({
            "agency": other.agency,
            "year": other.year.map(|year| year.get()),
            "origin": other.origin.map(origin),
        })),
        "waiver": finding.waiver.as_ref().map(|waiver| json!({
            "who": waiver.who,
            "why": waiver.why,
            "until": waiver.until.to_string(),
        })),
    })
}

/// The problems that findings make, each with the positions of its findings in their list: findings that one change
/// would settle are one problem.
pub fn problems(findings: &[Finding]) -> Value {
    let position = |one: &Finding| findings.iter().position(|other| std::ptr::eq(one, other));
    let problems = crate::problems(findings).into_iter().map(|problem| {
        let positions = problem.findings.iter().filter_map(|finding| position(finding));
        json!({
            "severity": problem.severity().as_str(),
            "findings": positions.collect::<Vec<_>>(),
            "repair": problem.repair().map(repair),
        })
    });
    problems.collect()
}

fn repair(repair: &Repair) -> Value {
    json!({"cell": repair.cell.as_str(), "value": decimal(repair.value), "reason": repair.reason})
}

/// A location in the source. `box` is left, top, right and bottom in points from the page's top left corner.
pub fn origin(origin: Origin) -> Value {
    json!({
        "page": origin.page,
        "line": origin.line,
        "start": origin.start,
        "end": origin.end,
        "table": origin.table,
        "row": origin.row,
        "column": origin.column,
        "box": origin.area.map(|area| [area.left, area.top, area.right, area.bottom]),
    })
}

/// The exact value without padding: `542.55`, `9`.
fn decimal(value: Decimal) -> String {
    value.normalize().to_string()
}
