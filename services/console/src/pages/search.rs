//! `/`: the search. Its address has the whole state, so that it can be bookmarked and shared.

use access::{Caller, Requires};
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use export::Shape;
use maud::{Markup, html};
use search::{Facet, FacetCounts, Hit, Page, Snippet};

use super::export::export_links;
use super::layout::{self, ErrorPage, badge};
use super::search_figures;
use crate::app::App;
use crate::params::Params;
use crate::{figure_form, labels, search_query};

/// Facets in the order of the page.
const FACETS: [Facet; 6] =
    [Facet::Verdict, Facet::Year, Facet::Region, Facet::Rule, Facet::Agency, Facet::Form];
/// Values of a facet that are shown before the reader asks for the rest.
const FIRST_VALUES: usize = 8;

const ORDERS: [(&str, &str); 7] = [
    ("relevance", "按相关程度"),
    ("-submitted", "最近报送在前"),
    ("-published", "最近发布在前"),
    ("-year", "年份从近到远"),
    ("year", "年份从远到近"),
    ("-cell.requests.received.total", "新收申请从多到少"),
    ("-cell.litigation_after_review.total", "复议后诉讼从多到少"),
];

const EXAMPLES: [(&str, &str, &str); 6] = [
    ("q=收到政府信息公开申请", "收到政府信息公开申请", "几个字连着写，就按原文连续查找"),
    ("q=\"行政许可\" 电子证照", "\"行政许可\" 电子证照", "引号内一字不差；空格隔开的词都要有"),
    ("q=不予公开 -信访", "不予公开 -信访", "减号排除"),
    ("q=表三 新收 总计>100", "表三 新收 总计>100", "按表中的数字找，也可写 大于、不少于、100..200"),
    ("verdict=fail", "有错误的年度报告", "勾稽关系不成立，需要退回修改"),
    ("finding=T3-01", "结转不平的年度报告", "新收加上年结转，不等于办理总计加结转下年度"),
];

pub(crate) async fn search(
    State(app): State<App>,
    caller: Caller,
    params: Params,
) -> Result<Response, ErrorPage> {
    let params = match figure_form::search(&params) {
        Some(Ok(asked)) => return Ok(Redirect::to(&asked.address("/")).into_response()),
        Some(Err(problem)) => return Err(problem.into()),
        None => params,
    };
    let (query, problems) = search_query::lenient(&params);
    let mut query = search_query::restrict_to_scope(query, &caller)?;
    query.highlight = true;
    query.facets = FACETS.to_vec();
    query.ranges.extend(query.asked_cells());
    let found = app.read(move |reader| Ok((reader.search(&query)?, reader.count()?))).await?;
    let (found, indexed) = found;
    let mut warnings: Vec<String> = problems.into_iter().map(|problem| problem.detail).collect();
    warnings.extend(found.warnings.iter().cloned());
    let is_start = params.0.is_empty();
    let content = html! {
        (search_box(&params, is_start))
        @for warning in &warnings { p.notice.warn role="alert" { (warning) } }
        @for question in &found.questions { (search_figures::question(question, &params)) }
        @if is_start { (examples(indexed, &caller)) }
        @if indexed > 0 { (results(&found, &params, &caller)) }
    };
    let files = ["complete.css", "complete.js"];
    Ok(layout::page_with(&app, &caller, layout::SEARCH_TITLE, "", &files, content).await.into_response())
}

fn search_box(params: &Params, is_start: bool) -> Markup {
    html! {
        form.search.start[is_start] action="/" role="search" {
            @if is_start { h1 { "检索政府信息公开工作年度报告" } } @else { h1.unseen { "检索结果" } }
            div.box {
                input #q type="search" name="q" value=[params.get("q")] autofocus[is_start]
                    placeholder="机关、事项、原文中的话，或 表三 新收 总计>100" aria-label="检索词" data-complete="";
                button { "检索" }
            }
            @for (name, value) in params.filters() { input type="hidden" name=(name) value=(value); }
            @if let Some(sort) = params.get("sort") { input type="hidden" name="sort" value=(sort); }
        }
        (search_figures::form(params))
    }
}

/// The start page: how to submit the first reports, or what can be searched for.
fn examples(indexed: u64, caller: &Caller) -> Markup {
    html! {
        section.card.newcomer {
            @if indexed == 0 {
                h2 { "库里还没有年度报告" }
                p {
                    @if caller.can(Requires::Submit) { "请在" a href="/send" { "报送" } "页面上传文件、文件夹或压缩包，" }
                    @else { "报送单位上传之后，" }
                    "一两秒后就能在这里检索。"
                }
                @if caller.can(Requires::Submit) {
                    p.quiet { "成批报送也可以用命令 " code { "gouji submit" } "，程序可以调用" a href="/api" { "接口" } "。" }
                }
            } @else {
                h2 { "可以这样找" }
            }
            ul.examples {
                @for (address, shown, meaning) in EXAMPLES {
                    @let (name, value) = address.split_once('=').unwrap_or_default();
                    li { a href=(Params::default().with(name, value).address("/")) { (shown) } span { (meaning) } }
                }
            }
        }
    }
}

fn results(found: &Page, params: &Params, caller: &Caller) -> Markup {
    html! {
        div.columns {
            details.facets open {
                summary { "筛选" }
                @for range in &found.ranges { (search_figures::distribution(range, params)) }
                @for counts in &found.facets { (facet(counts, params)) }
            }
            section.results aria-label="检索结果" {
                (active_filters(params))
                div.above {
                    p role="status" {
                        @if found.relaxed { "近似结果 " } @else { "共 " }
                        b { (found.total) } " 份"
                        span.quiet { "　用时 " (format!("{:.1}", found.took.as_secs_f64() * 1000.0)) " 毫秒" }
                    }
                    (order(params))
                }
                @if found.relaxed {
                    p.notice { "没有一份年度报告完整含有所输入的词，以下是含有其中大部分字词的年度报告。给词加上引号可以只看完全一致的结果。" }
                }
                @if found.hits.is_empty() { (no_hits(params, caller)) }
                @if !found.hits.is_empty() && !found.relaxed {
                    (export_links(params, Shape::Reports))
                    @if caller.is_reviewer() && is_narrowed(params) { p.quiet.screen { a href=(letters(params)) { "生成整改意见" } "　为本次检索到的年度报告，含其他页" } }
                }
                ol.hits { @for one in &found.hits { (hit(one, params)) } }
                nav.paging aria-label="翻页" {
                    @if params.get("cursor").is_some() { a href=(params.without("cursor").address("/")) { "回到第一页" } }
                    @if let Some(cursor) = &found.next_cursor {
                        a.next rel="next" href=(params.with("cursor", cursor).address("/")) { "下一页" }
                    }
                }
            }
        }
    }
}

/// Whether the list is not that of all reports.
fn is_narrowed(params: &Params) -> bool {
    params.get("q").is_some() || params.filters().next().is_some()
}

/// The page with the letters to the agencies of these reports.
fn letters(params: &Params) -> String {
    params.without("cursor").without("sort").with("kind", "letter").address("/documents")
}

/// The active filters; a click removes one.
fn active_filters(params: &Params) -> Markup {
    let without = |name: &str, value: &str| {
        let others =
            params.0.iter().filter(|(known, has)| !(known == name && has == value) && known != "cursor");
        Params(others.cloned().collect()).address("/")
    };
    html! {
        @if params.filters().next().is_some() {
            ul.chosen aria-label="已选条件" {
                @for (name, value) in params.filters() {
                    li { a href=(without(name, value)) title="去掉这个条件" { (labels::filter(name, value)) span aria-hidden="true" { " ×" } } }
                }
            }
        }
    }
}

fn facet(counts: &FacetCounts, params: &Params) -> Markup {
    let name = labels::facet_parameter(counts.facet);
    let one = |value: &search::FacetValue| {
        let exact =
            if counts.facet == Facet::Agency { format!("={}", value.value) } else { value.value.clone() };
        let is_on = params.has(name, &exact);
        let address = if is_on { params.without(name) } else { params.with(name, &exact) };
        html! {
            li {
                a href=(address.address("/")) aria-current=[is_on.then_some("true")] {
                    span {
                        @if counts.facet == Facet::Rule { code { (value.value) } " " (labels::problem(&value.value).unwrap_or_default()) }
                        @else { (labels::facet_value(counts.facet, value)) }
                    }
                    span.count { (value.count) }
                }
            }
        }
    };
    html! {
        @if !counts.values.is_empty() {
            section {
                h2 { (labels::facet(counts.facet)) }
                ul { @for value in counts.values.iter().take(FIRST_VALUES) { (one(value)) } }
                @if counts.values.len() > FIRST_VALUES {
                    details {
                        summary { "其余 " (counts.values.len() - FIRST_VALUES) " 项" }
                        ul { @for value in counts.values.iter().skip(FIRST_VALUES) { (one(value)) } }
                    }
                }
            }
        }
    }
}

fn order(params: &Params) -> Markup {
    let default = if params.get("q").is_some() { "relevance" } else { "-submitted" };
    let current = params.get("sort").unwrap_or(default);
    let known = ORDERS.iter().any(|(name, _)| *name == current);
    html! {
        form.order action="/" {
            @for (name, value) in params.without("sort").0 { input type="hidden" name=(name) value=(value); }
            label { "排序 " select name="sort" data-submit {
                @if !known { option value=(current) selected { (current) } }
                @for (name, label) in ORDERS { option value=(name) selected[name == current] { (label) } }
            } }
            noscript { button { "排序" } }
        }
    }
}

fn no_hits(params: &Params, caller: &Caller) -> Markup {
    html! {
        div.card.nothing {
            h2 { "没有找到" }
            ul {
                @if params.filters().next().is_some() {
                    li { "去掉上面的某个条件，或" a href=(Params::default().with("q", params.get("q").unwrap_or_default()).address("/")) { "去掉全部条件" } "再找。" }
                }
                li { "把长句拆成几个词，用空格隔开。" }
                li { "刚报送的年度报告要等一两秒才能检索到" @if caller.can(Requires::Review) { "，可看" a href="/status" { "处理状态" } } "。" }
            }
        }
    }
}

fn hit(hit: &Hit, params: &Params) -> Markup {
    let words = params.get("q").unwrap_or_default();
    let address = Params(if words.is_empty() { vec![] } else { vec![("q".into(), words.into())] });
    html! {
        li {
            article {
                h3 { a href=(address.address(&format!("/reports/{}", hit.card.key))) { (hit.card.title) } " " (badge(hit.card.verdict)) }
                p.meta {
                    @if let Some(agency) = &hit.card.agency { span { (agency) } }
                    @if let Some(year) = hit.card.year { span { (year) "年" } }
                    @if let Some(region) = &hit.card.region { span { (region.name) } }
                    @if let Some(published) = &hit.card.published { span { (published) " 发布" } }
                    @if let Some(form) = &hit.card.form { span { (form.as_str()) "年格式" } }
                    @if hit.card.versions > 1 { span { "共 " (hit.card.versions) " 个版本" } }
                }
                @if hit.card.handling.problems > 0 { p.wrong { (super::wrong(&hit.card)) } }
                (search_figures::of_hit(hit))
                @for snippet in &hit.snippets { p.snippet { (marked(snippet)) } }
            }
        }
    }
}

fn marked(snippet: &Snippet) -> Markup {
    let mut at = 0;
    html! {
        @for range in &snippet.highlights {
            (snippet.text[std::mem::replace(&mut at, range.end)..range.start])
            mark { (snippet.text[range.clone()]) }
        }
        (snippet.text[at..])
    }
}
