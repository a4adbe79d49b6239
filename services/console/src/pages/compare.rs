//! `/compare`: figures of agencies or regions over the years, as chart and as table. Every number leads to its report.

mod agencies;
mod chart;
mod regions;

use access::Caller;
use axum::extract::State;
use maud::{Markup, html};
use report::{CellId, Decimal, Form, FormId, Table, Year};
use survey::{Level, Measure, agency_kinds};

use super::layout::{self, ErrorPage};
use crate::app::App;
use crate::compare::{self, Asked, By};
use crate::labels;
use crate::params::Params;
use crate::problem::Problem;

/// The title of the page.
const TITLE: &str = "比较分析";

/// The address of the page.
pub(super) const PATH: &str = "/compare";

/// The figures that reviewers compare first.
const MAIN_CELLS: [(&str, &str); 8] = [
    ("requests.received.total", "新收申请"),
    ("requests.concluded.total", "办理结果总计"),
    ("requests.carried_out.total", "结转下年度"),
    ("review.total", "行政复议"),
    ("review.corrected", "复议纠正"),
    ("direct_litigation.total", "直接起诉"),
    ("litigation_after_review.total", "复议后起诉"),
    ("active.normative_documents.in_force", "规范性文件"),
];

pub(crate) async fn compare(
    State(app): State<App>,
    caller: Caller,
    params: Params,
) -> Result<Markup, ErrorPage> {
    let (asked, main) = match Asked::parse(&params) {
        Ok(asked) => match results(&app, &caller, &asked, &params).await {
            Ok(results) => (Some(asked), results),
            Err(problem) if problem.status.is_client_error() => (Some(asked), warning(&problem)),
            Err(problem) => return Err(problem.into()),
        },
        Err(problem) => (None, warning(&problem)),
    };
    let content = html! {
        h1 { (TITLE) }
        (form(&params, asked.as_ref()))
        (main)
    };
    Ok(layout::page_with(&app, &caller, TITLE, "", &["compare.css", "complete.css", "complete.js"], content)
        .await)
}

async fn results(app: &App, caller: &Caller, asked: &Asked, params: &Params) -> Result<Markup, Problem> {
    Ok(match asked.by {
        By::Agency => agencies::agencies(&compare::by_agency(app, caller, asked).await?, asked, params),
        By::Region => regions::regions(&compare::by_region(app, caller, asked).await?, asked, params),
    })
}

fn form(params: &Params, asked: Option<&Asked>) -> Markup {
    let cells = asked.map_or(&[][..], |asked| &asked.cells);
    let agencies = params.all("agency").collect::<Vec<_>>().join("、");
    html! {
        form.card.comparing action=(PATH) {
            fieldset.wide {
                legend { "数字" }
                @for cell in cells {
                    span.chip {
                        (labels::short_cell(*cell))
                        input type="hidden" name="cell" value=(cell);
                        @if cells.len() > 1 {
                            " " a href=(without_cell(params, cells, *cell).address(PATH)) aria-label={ "去掉" (labels::short_cell(*cell)) } { "×" }
                        }
                    }
                }
                input name="cell" placeholder="再加一个数字，如 新收 自然人" aria-label="再加一个数字" data-complete="cell" size="24";
            }
            p.wide.quick-picks {
                span.quiet { "常用：" }
                @for (id, title) in MAIN_CELLS { a href=(params.with("cell", id).address(PATH)) { (title) } }
            }
            label { "比较 " (select("by", By::Agency.as_str(), params, &[("agency", "各机关"), ("region", "各地区合计")])) }
            label { "地区 " input name="region" value=[params.get("region")] placeholder="名称或区划代码" data-complete="region" size="16"; }
            label { "机关 " input name="agency" value=[(!agencies.is_empty()).then_some(agencies)] placeholder="名称或其中几个字，多个用顿号隔开" data-complete="agency" size="26"; }
            label { "类型 " (kinds(params)) }
            label { "级别 " (levels(params)) }
            label { "年度 " input name="year" value=[params.get("year")] placeholder="如 2021..2025" size="11"; }
            label { "指标 " (select("measure", "value", params, &[
                ("value", "数值"), ("change", "比上年增减"), ("rate", "比上年增减率"), ("share", "占比"),
            ])) }
            label { "占比的总数 " (wholes(params)) }
            button.button.primary { "比较" }
        }
    }
}

/// The parameters without one of the cells.
fn without_cell(params: &Params, cells: &[CellId], cell: CellId) -> Params {
    let mut params = params.without("cell");
    let others = cells.iter().filter(|other| **other != cell);
    params.0.extend(others.map(|other| ("cell".to_owned(), other.to_string())));
    params
}

fn select(name: &str, default: &str, params: &Params, options: &[(&str, &str)]) -> Markup {
    let current = params.get(name).unwrap_or(default);
    html! {
        select name=(name) { @for (value, title) in options { option value=(value) selected[*value == current] { (title) } } }
    }
}

fn kinds(params: &Params) -> Markup {
    html! {
        select name="kind" {
            option value="" { "不限" }
            @for kind in agency_kinds() { option value=(kind) selected[params.get("kind") == Some(kind)] { (kind) } }
        }
    }
}

fn levels(params: &Params) -> Markup {
    let is_on = |level: Level| {
        params.get("level").is_some_and(|name| [level.as_str(), level.title()].contains(&name))
    };
    html! {
        select name="level" {
            option value="" { "不限" }
            @for level in Level::ALL { option value=(level.as_str()) selected[is_on(level)] { (level.title()) } }
        }
    }
}

/// The totals of which a figure may be a share.
fn wholes(params: &Params) -> Markup {
    let totals = Form::get(FormId::F2021).cells().iter().filter(|cell| cell.as_str().ends_with(".total"));
    let main = [
        "requests.received.total",
        "requests.concluded.total",
        "review.total",
        "direct_litigation.total",
        "litigation_after_review.total",
    ];
    let totals = totals.filter(|cell| main.contains(&cell.as_str()));
    html! {
        select name="of" {
            option value="" { "不适用" }
            @for cell in totals { option value=(cell) selected[params.get("of") == Some(cell.as_str())] { (labels::short_cell(*cell)) } }
        }
    }
}

fn warning(problem: &Problem) -> Markup {
    html! { p.notice.warn role="alert" { (problem.detail) @if let Some(hint) = problem.hint { (hint) } } }
}

/// The address where a figure stands on the page of its report.
fn place(key: &str, cell: CellId) -> String {
    format!("/reports/{key}#cell-{cell}")
}

fn number(value: Decimal) -> String {
    value.normalize().to_string()
}

/// A number with its sign, as a difference is shown.
fn signed(value: Decimal) -> String {
    let sign = if value.is_sign_positive() && !value.is_zero() { "+" } else { "" };
    format!("{sign}{}", number(value))
}

/// What the values of a cell are counted in.
fn unit(cell: CellId, measure: Measure) -> &'static str {
    match (measure, cell.kind()) {
        (Measure::Rate | Measure::Share(_), _) => "%",
        (_, report::CellKind::Amount) => "万元",
        _ if cell.table() == Table::Active => "件（项）",
        _ => "件",
    }
}

/// Links to the same table as data.
fn downloads(params: &Params) -> Markup {
    // The order and the page are those of the page.
    let asked = params.without("order").without("page");
    let address = |format: &str| asked.with("format", format).address("/api/v1/compare");
    html! {
        p.actions {
            a.button href=(address("xlsx")) download { "导出（Excel）" }
            a.button href=(address("csv")) download { "导出（CSV）" }
            a.button href=(address("jsonl")) { "导出（JSON 行文本）" }
        }
    }
}

/// What is compared, in words.
fn heading(cell: CellId, measure: Measure) -> String {
    let name = labels::short_cell(cell);
    match measure {
        Measure::Value => name,
        Measure::Share(of) => format!("{name}占{}的比例（%）", labels::short_cell(of)),
        measure => format!("{name}：{}", measure.title()),
    }
}

/// The years as a span of words: `2021—2025年`.
fn span(years: &[Year]) -> String {
    match (years.first(), years.last()) {
        (Some(first), Some(last)) if first != last => format!("{first}—{last}年"),
        (Some(only), _) => format!("{only}年"),
        _ => String::new(),
    }
}
