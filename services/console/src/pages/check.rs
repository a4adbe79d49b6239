//! `/check` 自查: an agency checks a file before it sends it. The form works without the script.

use std::collections::BTreeSet;

use access::Caller;
use axum::extract::{Request, State};
use check::{CheckedFile, Unreadable};
use maud::{Markup, html};
use render::form_layout::full_width_brackets;
use report::{Finding, Judgement, Report, Review, Severity};

use super::layout::{self, badge};
use super::{finding, navigation, official_tables};
use crate::app::App;
use crate::checks::{Checked, MAX_BYTES, Upload};
use crate::labels;
use crate::problem::Problem;

/// The title of the page.
pub(crate) const TITLE: &str = "自查";
/// The files that the page loads.
const ASSETS: &[&str] = &["send.css", "drop.js"];

pub(crate) async fn form(State(app): State<App>, caller: Caller) -> Markup {
    layout::page_with(&app, &caller, TITLE, "", ASSETS, html! { (ask(&caller)) (notes()) }).await
}

/// Checks what the form sent, and shows what was found.
pub(crate) async fn check(
    State(app): State<App>,
    caller: Caller,
    request: Request,
) -> Result<Markup, Problem> {
    let _permit = app.checks().admit(&caller).await?;
    let uploads = Upload::receive(request).await?;
    let policy = app.policy().await?.policy;
    let checked = app.checks().check(&policy, uploads).await?;
    let content = html! { (ask(&caller)) (results(&checked)) };
    Ok(layout::page_with(&app, &caller, TITLE, "", ASSETS, content).await)
}

fn ask(caller: &Caller) -> Markup {
    html! {
        h1 { "报送前自查" }
        form.card.drop #drop action="/check" method="post" enctype="multipart/form-data" {
            p.lead { label for="file" { "选择一份年度报告，或把文件拖到这里" } }
            p.choose {
                input #file type="file" name="file" required;
                button.primary { "检查" }
                span.quiet data-working hidden { "正在检查，请稍候……" }
            }
            p.quiet {
                "可以检查网页、Word、WPS、Excel、PDF、OFD、文本等格式和ZIP压缩包，单个文件不超过" (MAX_BYTES / 1_000_000) "MB。"
                "系统不保存文件，也不留下记录；检查通过后请到" (navigation::send(caller)) "正式报送。"
            }
        }
    }
}

fn notes() -> Markup {
    html! {
        section.card {
            h2 { "检查哪些内容" }
            ul {
                li { "三张表格是否齐全，逐格读取数字，空白、“/”和缺少的格分别列出；" }
                li { "表内、表间的勾稽关系是否成立，不成立时提示可能填错的格；" }
                li { "正文所述数字与表格是否一致，各部分内容是否齐全；" }
                li { "年度、机关名称、发布日期等是否写明并前后一致。" }
            }
            p.quiet { "与上一年度、下级机关和其他机关的比对，在正式报送后进行。每条规则的依据见" a href="/help" { "帮助" } "。" }
        }
    }
}

fn results(checked: &Checked) -> Markup {
    let is_single = checked.files.len() == 1;
    html! {
        @if checked.files.is_empty() { p.notice.warn role="alert" { "压缩包中没有文件。" } }
        @if !is_single { (overview(&checked.files)) }
        @for (index, file) in checked.files.iter().enumerate() { (result(index, file, is_single)) }
    }
}

/// The files of an archive, a line each.
fn overview(files: &[CheckedFile]) -> Markup {
    html! {
        section.card {
            h2 { "共检查 " (files.len()) " 个文件" }
            div.scroll tabindex="0" { table.plain.left {
                thead { tr { th scope="col" { "文件" } th scope="col" { "机关" } th scope="col" { "年度" } th scope="col" { "结论" } th scope="col" { "问题" } } }
                tbody {
                    @for (index, file) in files.iter().enumerate() {
                        @let review = file.outcome.as_ref().ok();
                        tr {
                            td { a href={ "#file-" (index + 1) } { (file.name) } }
                            td { (review.and_then(|review| review.report.agency.as_deref()).unwrap_or("—")) }
                            td { (year(review)) }
                            td { (verdict(file)) }
                            td { @if let Some(review) = review { (count(review)) } }
                        }
                    }
                }
            } }
        }
    }
}

fn result(index: usize, file: &CheckedFile, is_single: bool) -> Markup {
    html! {
        section.card.checked id={ "file-" (index + 1) } {
            h2 { (verdict(file)) " " span.file { (file.name) } }
            @match &file.outcome {
                Ok(review) => (reviewed(file, review, is_single)),
                Err(Unreadable { message, .. }) => p.notice.bad role="alert" { (message) },
            }
        }
    }
}

fn reviewed(file: &CheckedFile, review: &Review, is_single: bool) -> Markup {
    let report = &review.report;
    let unknown = "未写明";
    let problems = report::problems(&review.findings);
    html! {
        dl.facts {
            div { dt { "机关" } dd { (report.agency.as_deref().unwrap_or(unknown)) } }
            div { dt { "年度" } dd { (year(Some(review))) } }
            div { dt { "地区" } dd { (report.region.as_ref().map_or(unknown, |region| &region.name)) } }
            div { dt { "发布日期" } dd { @match report.published { Some(day) => (day), None => (unknown) } } }
            div { dt { "表格" } dd { (labels::form(report.form)) } }
            div { dt { "SHA-256" } dd { code { (file.sha256()) } } }
        }
        @if let Some(reason) = file.partial() { p.notice.warn { (reason) } }
        h3 { "校核结果" span.quiet { "　" (count(review)) } }
        @if problems.is_empty() { p.notice.good { "各项校核均未发现问题。" } }
        ol.findings { @for one in &problems { (problem(one, report)) } }
        @if is_single && let Some(tables) = official_tables::tables(review, &BTreeSet::new()) {
            h3 { "读到的表格" }
            p.quiet { "请逐格与原文核对；点到格上可看这一格的读取情况。" }
            (tables)
        }
        @if !is_single { p.quiet { "要查看读到的表格，请单独检查这份文件。" } }
    }
}

/// One problem: its finding, or the change that would settle several findings, with these below.
fn problem(problem: &report::Problem, report: &Report) -> Markup {
    let Some(summary) = render::problem_summary(problem) else {
        return html! { @for one in &problem.findings { (item(one, report, true)) } };
    };
    html! {
        li.problem data-severity=(problem.severity().as_str()) {
            p.what { span.severity { (problem.severity().title()) } b { (summary) } }
            @if let Some(repair) = problem.repair() { p.repair { span { "建议核实" } (full_width_brackets(&repair.reason)) } }
            ol.findings { @for one in &problem.findings { (item(one, report, false)) } }
        }
    }
}

fn item(one: &Finding, report: &Report, is_alone: bool) -> Markup {
    let repair = one.repair.as_ref().filter(|_| is_alone);
    html! {
        li.finding data-severity=(finding::class(one)) {
            (finding::heading(one))
            p.message { (full_width_brackets(&one.message)) }
            (finding::sides(one, report))
            @if !one.cells.is_empty() {
                p.cells { @for id in one.cells.iter().take(MAX_CELLS) { span { (labels::cell(*id)) } } @if one.cells.len() > MAX_CELLS { span.quiet { "等" (one.cells.len()) "格" } } }
            }
            @if let Some(repair) = repair { p.repair { span { "建议核实" } (full_width_brackets(&repair.reason)) } }
            @if let Some(words) = one.origin.and_then(|origin| labels::location(report, origin)) { p.quiet.place { (words) } }
            @if let Some(rule) = rules::rule(&one.rule) { p.quiet { "依据：" (rule.basis) } }
        }
    }
}

/// Limit of cells that one finding lists.
const MAX_CELLS: usize = 8;

fn verdict(file: &CheckedFile) -> Markup {
    match &file.outcome {
        Ok(review) => badge(review.verdict()),
        Err(_) => html! { span.badge.fail { "无法读取" } },
    }
}

fn year(review: Option<&Review>) -> String {
    let year = review.and_then(|review| review.report.year);
    year.map_or_else(|| "—".to_owned(), |year| format!("{year}年"))
}

/// How many problems a report has.
fn count(review: &Review) -> String {
    let hints = review.findings.iter().filter(|one| {
        one.severity == Severity::Info && one.judgement == Judgement::Fails && one.waiver.is_none()
    });
    match (report::count_problems(&review.findings), hints.count()) {
        (0, 0) => "无问题".to_owned(),
        (0, hints) => format!("提示{hints}项"),
        (problems, 0) => format!("问题{problems}项"),
        (problems, hints) => format!("问题{problems}项，提示{hints}项"),
    }
}
