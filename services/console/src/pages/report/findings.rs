//! The findings of a report, each with its cells and its location in the text.

use std::collections::BTreeSet;

use maud::{Markup, html};
use render::form_layout::full_width_brackets;
use report::{Against, CellId, Finding, Problem, Repair, Report, Review};

use super::text::Line;
use super::years::OtherYears;
use crate::pages::{finding, official_tables, original_view};
use crate::{labels, original};

/// Limit of cells that one finding lists. The tables mark all of them.
const MAX_CELLS: usize = 8;

/// What a finding is shown with.
struct Beside<'a> {
    review: &'a Review,
    other_years: &'a OtherYears,
    lines: &'a [Line],
    /// The names of what has an element in the original.
    shown: &'a BTreeSet<String>,
}

pub(super) fn findings(
    review: &Review,
    other_years: &OtherYears,
    lines: &[Line],
    shown: &BTreeSet<String>,
) -> Markup {
    let beside = Beside { review, other_years, lines, shown };
    let problems = report::problems(&review.findings);
    let waived = review.findings.iter().filter(|finding| finding.waiver.is_some()).count();
    html! {
        section #findings {
            h2 { "校核结果" @if !problems.is_empty() { span.quiet { "　" (problems.len()) " 项" @if waived > 0 { "，其中已豁免 " (waived) " 项" } } } }
            @if problems.is_empty() { p.notice.good { "各项校核均未发现问题。" } }
            ol.findings { @for one in &problems { (beside.problem(one)) } }
        }
    }
}

impl Beside<'_> {
    /// One problem: its finding, or the change that would settle several findings with these below.
    fn problem(&self, problem: &Problem) -> Markup {
        let Some(summary) = render::problem_summary(problem) else {
            return html! { @for one in &problem.findings { (self.item(one, true)) } };
        };
        html! {
            li.problem data-severity=(problem.severity().as_str()) {
                p.what { span.severity { (problem.severity().title()) } b { (summary) } }
                @if let Some(repair) = problem.repair() { (suggested(repair)) }
                ol.findings { @for one in &problem.findings { (self.item(one, false)) } }
            }
        }
    }

    fn item(&self, one: &Finding, is_alone: bool) -> Markup {
        let report = &self.review.report;
        let ids: Vec<&str> = one.cells.iter().map(|id| id.as_str()).collect();
        let index = self.review.findings.iter().position(|other| std::ptr::eq(one, other));
        let name = index.map(original::finding_name);
        html! {
            li.finding.waived[one.waiver.is_some()] id=[name.as_deref()] data-severity=(finding::class(one))
                data-cells=(ids.join(" ")) {
                (finding::heading(one))
                p.message { (full_width_brackets(&one.message)) }
                (finding::sides(one, report))
                @if let Some(repair) = one.repair.as_ref().filter(|_| is_alone) { (suggested(repair)) }
                (cells(&one.cells, report))
                @if let Some(waiver) = &one.waiver { (finding::waiver(waiver)) }
                @if let Some(other) = &one.against { (against(other, report, self.other_years)) }
                (self.place(one, name.as_deref()))
            }
        }
    }

    /// Where the finding stands in the original, in words and as a link.
    fn place(&self, one: &Finding, name: Option<&str>) -> Markup {
        let words = one.origin.and_then(|origin| labels::location(&self.review.report, origin));
        let name = name.filter(|name| self.shown.contains(*name));
        let line = line_of(one, &self.review.report, self.lines).filter(|_| name.is_none());
        html! {
            @if words.is_some() || name.is_some() || line.is_some() {
                p.quiet.place {
                    @if let Some(words) = &words { (words) " " }
                    @if let Some(name) = name { a.screen href={ "#" (original_view::anchor(name)) } { "看原文" } }
                    @else if let Some(line) = line { a href={ "#L" (line) } { "看正文" } }
                }
            }
        }
    }
}

fn suggested(repair: &Repair) -> Markup {
    html! {
        p.repair {
            span { "建议核实" }
            a href={ "#cell-" (repair.cell) } { (labels::cell(repair.cell)) }
            " 是否应为 " b { (repair.value.normalize()) } "。" (full_width_brackets(&repair.reason))
        }
    }
}

/// The other report with which the finding compares this one.
fn against(other: &Against, report: &Report, other_years: &OtherYears) -> Markup {
    let agency = other.agency.as_deref().unwrap_or_default();
    let year = other.year.map(|year| format!("{year}年度报告")).unwrap_or_default();
    let is_own = report.agency.as_deref() == Some(agency);
    let link = other.year.filter(|_| is_own).and_then(|year| other_years.get(year));
    html! {
        p.quiet {
            "对照："
            @match link {
                Some(link) => a href={ "/reports/" (link.key) } { (agency) (year) },
                None => { (agency) (year) }
            }
            @if let Some(words) = other.origin.and_then(render::in_other_report) { "，原文" (words) }
        }
    }
}

/// Links to the cells, each with its value. A row or column that all share is named once.
fn cells(ids: &[CellId], report: &Report) -> Markup {
    let labels: Vec<String> = ids.iter().map(|id| labels::cell(*id)).collect();
    let labels: Vec<(&str, &str)> =
        labels.iter().map(|label| label.split_once(" / ").unwrap_or((label, ""))).collect();
    let rows: BTreeSet<&str> = labels.iter().map(|(row, _)| *row).collect();
    let columns: BTreeSet<&str> = labels.iter().map(|(_, column)| *column).collect();
    let has_row = ids.len() > 1 && rows.len() == 1;
    let has_column = ids.len() > 1 && columns.len() == 1 && !has_row;
    html! {
        @if let Some((row, column)) = labels.first() {
            p.cells {
                @if has_row { span.quiet { (row) "：" } } @else if has_column { span.quiet { (column) "：" } }
                @for (id, (row, column)) in ids.iter().zip(&labels).take(MAX_CELLS) {
                    a href={ "#cell-" (id) } {
                        @if has_row { (column) } @else if has_column { (row) } @else { (row) " / " (column) }
                        " " b { (official_tables::shown(report.cells.get(*id))) }
                    }
                }
                @if ids.len() > MAX_CELLS { span.quiet { "等 " (ids.len()) " 格" } }
            }
        }
    }
}

/// The line of the text with the claim at which the finding points.
fn line_of(finding: &Finding, report: &Report, lines: &[Line]) -> Option<usize> {
    let origin = finding.origin?;
    let range = origin.start..origin.end.max(origin.start + 1);
    let claim = report.claims.iter().find(|claim| range.contains(&claim.origin.start))?;
    let words = Some(&claim.text).filter(|words| !words.is_empty())?;
    lines.iter().position(|line| line.text().contains(words.as_str())).map(|index| index + 1)
}
