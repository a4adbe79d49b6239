//! The page of a check: the files in short, then each with its findings and its three tables.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use report::{CellId, CellState, Form, Review, Table};

use super::{CheckedReport, TITLE, Words, count, identity, is_blamed};
use crate::form_layout::heading;
use crate::form_table::form_table;
use crate::location;
use crate::problem::problem_summary;
use crate::text::clean;

/// The layout of the roll-up, whose tables are the same, and what is the check's own.
const STYLE: &str = concat!(include_str!("../roll_up/roll_up.css"), include_str!("checked.css"));

pub(super) fn page(files: &[CheckedReport<'_>]) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="zh-CN" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (TITLE) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    h1 { (TITLE) }
                    @if files.len() > 1 { (overview(files)) }
                    @for (index, file) in files.iter().enumerate() { (section(index, file)) }
                }
            }
        }
    };
    page.into_string()
}

fn overview(files: &[CheckedReport<'_>]) -> Markup {
    html! {
        section {
            h2 { "共" (files.len()) "个文件" }
            table.list {
                thead { tr { @for head in ["文件", "机关", "年度", "结论", "问题"] { th scope="col" { (head) } } } }
                tbody {
                    @for (index, file) in files.iter().enumerate() {
                        tr {
                            td { a href={ "#file-" (index + 1) } { (clean(file.file_name)) } }
                            @match file.outcome {
                                Ok(review) => {
                                    @let (agency, year) = identity(&review.report);
                                    td { (agency) } td { (year) } td { (review.verdict().title()) } td { (count(review)) }
                                }
                                Err(reason) => { td {} td {} td { "无法读取" } td { (clean(reason)) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn section(index: usize, file: &CheckedReport<'_>) -> Markup {
    html! {
        section id={ "file-" (index + 1) } {
            h2 { (clean(file.file_name)) }
            @match file.outcome {
                Err(reason) => p { b { "无法读取：" } (clean(reason)) },
                Ok(review) => {
                    @let (agency, year) = identity(&review.report);
                    p { "机关：" (agency) "　年度：" (year) "　结论：" b { (review.verdict().title()) } "　" (count(review)) }
                    (findings(review, file.file_name))
                    @if let Some(form) = review.report.cells.form() {
                        @for table in Table::ALL { (official(review, form, table)) }
                        p.legend { "底色标出的是校核发现涉及的格；“推”为由勾稽关系推得、原文没有印的数字，“疑”为所见与所存可能不同的数字。" }
                    }
                }
            }
        }
    }
}

fn findings(review: &Review, file_name: &str) -> Markup {
    let problems = report::problems(&review.findings);
    html! {
        @if problems.is_empty() { p { "各项校核均未发现问题。" } }
        ol.findings {
            @for problem in &problems {
                @if let Some(summary) = problem_summary(problem) {
                    li { b { (problem.severity().title()) "　" (summary) } ol { @for finding in &problem.findings { (item(review, finding, file_name)) } } }
                } @else {
                    @for finding in &problem.findings { (item(review, finding, file_name)) }
                }
            }
        }
    }
}

fn item(review: &Review, finding: &report::Finding, file_name: &str) -> Markup {
    let words = Words::of(&review.report, finding, file_name);
    html! {
        li {
            p { b { (words.severity) } "　" (words.message) }
            @for (label, text) in [
                ("数字", &words.numbers), ("位置", &words.place), ("建议核实", &words.repair), ("豁免", &words.waiver), ("依据", &words.basis),
            ] {
                @if !text.is_empty() { p.detail { (label) "：" (text) } }
            }
        }
    }
}

fn official(review: &Review, form: &Form, table: Table) -> Markup {
    let figure = |id, columns: Option<u16>| {
        html! { td.open[is_blamed(review, id)] colspan=[columns] { (figure(review, id)) } }
    };
    html! {
        h3 { (heading(table)) }
        (form_table(form, table, figure))
    }
}

fn figure(review: &Review, id: CellId) -> Markup {
    let cell = review.report.cells.get(id);
    let content = cell.map(|cell| match cell.state {
        CellState::Derived => cell.value.map_or_else(String::new, crate::text::number),
        CellState::Blank => String::new(),
        _ => clean(&location::content(cell)),
    });
    html! {
        (content.unwrap_or_default())
        @match cell.map(|cell| cell.state) {
            Some(CellState::Derived) => sup { "推" },
            Some(CellState::Doubtful) => sup { "疑" },
            _ => {}
        }
    }
}
