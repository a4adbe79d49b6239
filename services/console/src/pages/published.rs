//! `/published`: the web pages on which reports were found, when each was seen first and last, and what changed there.

use std::borrow::Cow;

use access::Caller;
use axum::extract::State;
use axum::response::Response;
use export::{Column, Format, Kind, Names, Value};
use maud::{Markup, html};
use report::beijing;

use super::layout::{self, ErrorPage};
use crate::app::App;
use crate::download::{bad_format, download};
use crate::params::Params;
use crate::problem::Problem;
use crate::published_pages::{LedgerEntry, LedgerFilter, PageState, ledger};
use crate::{compare_export, region_lookup};

const TITLE: &str = "已发布网页";
/// Rows of the list on one page; the file that is downloaded has all of them.
const ROWS: usize = 200;

/// `GET /published`.
pub(crate) async fn published(
    State(app): State<App>,
    caller: Caller,
    params: Params,
) -> Result<Markup, ErrorPage> {
    let (filter, problem) = match LedgerFilter::parse(&caller, &params) {
        Ok(filter) => (filter, None),
        Err(problem) => (LedgerFilter::default(), Some(problem)),
    };
    let entries = ledger(&app, &caller).await?;
    let content = html! {
        h1 { (TITLE) }
        @if let Some(problem) = &problem { p.notice.warn role="alert" { (problem.detail) @if let Some(hint) = problem.hint { (hint) } } }
        (asking(&params))
        (list(&entries, &filter, &params))
    };
    Ok(layout::page_with(&app, &caller, TITLE, "", &["office.css"], content).await)
}

/// `GET /published/export`: every page that the filter finds, as a file.
pub(crate) async fn published_export(
    State(app): State<App>,
    caller: Caller,
    params: Params,
) -> Result<Response, Problem> {
    let wanted = params.get("format").unwrap_or("xlsx");
    let format = Format::parse(wanted).filter(|format| *format != Format::Parquet);
    let format = format.ok_or_else(|| bad_format(wanted, "可用 csv、xlsx、jsonl。"))?;
    let filter = LedgerFilter::parse(&caller, &params)?;
    let entries = ledger(&app, &caller).await?;
    let bytes = file(entries.iter().filter(|entry| filter.matches(entry)), format);
    let bytes = bytes.map_err(|error| Problem::internal(&error.into()))?;
    Ok(download(bytes, format.media_type(), &format!("{TITLE}.{}", format.as_str())))
}

fn asking(params: &Params) -> Markup {
    html! {
        form.card.asking action="/published" role="search" aria-label="筛选网页" {
            label { "关键字 " input name="q" value=[params.get("q")] placeholder="网址、机关、标题中的字"; }
            label { "地区 " input name="region" value=[params.get("region")] placeholder="区划代码或名称"; }
            label { "年度 " input name="year" value=[params.get("year")] inputmode="numeric" pattern="[0-9]{4}" size="6" title="四位数的年度"; }
            label { "访问结果 " select name="state" {
                option value="" { "全部" }
                @for state in PageState::ALL {
                    option value=(state.as_str()) selected[params.get("state") == Some(state.as_str())] { (state.title()) }
                }
            } }
            label { input type="checkbox" name="changed" value="true" checked[params.get("changed") == Some("true")]; " 只看发布后有变动的" }
            button.button { "查看" }
        }
    }
}

fn list(entries: &[LedgerEntry], filter: &LedgerFilter, params: &Params) -> Markup {
    let from = params.get("from").and_then(|from| from.parse().ok()).unwrap_or(0_usize);
    let found: Vec<&LedgerEntry> = entries.iter().filter(|entry| filter.matches_but_state(entry)).collect();
    let shown: Vec<&LedgerEntry> = found.iter().copied().filter(|entry| filter.matches(entry)).collect();
    let count = |state: PageState| found.iter().filter(|entry| entry.record.state == state).count();
    let changed = found.iter().filter(|entry| !entry.changes.is_empty()).count();
    let to = |name: &str, value: &str| params.without("from").with(name, value).address("/published");
    let export =
        |format: Format| params.without("from").with("format", format.as_str()).address("/published/export");
    let more = |from: usize| params.with("from", &from.to_string()).address("/published");
    let last = (from + ROWS).min(shown.len());
    html! {
        section.card #pages {
            dl.counts {
                div { dt { "网址" } dd { (found.len()) } }
                @for state in PageState::ALL {
                    div { dt { a href=(to("state", state.as_str())) { (state.title()) } } dd { (count(state)) } }
                }
                div { dt { a href=(to("changed", "true")) { "发布后有变动" } } dd { (changed) } }
            }
            @if entries.is_empty() {
                p { "还没有登记网址。可以用 " code { "gouji fetch 网址" } " 登记要访问的网页、列表页或名录中的网址。" }
            } @else if from >= shown.len() {
                p { "没有符合条件的网页。" }
            } @else {
                p.above {
                    span { "第" (from + 1) "至" (last) "个，共" (shown.len()) "个网址" }
                    span { "导出本表：" a href=(export(Format::Xlsx)) download { "Excel" } "　" a href=(export(Format::Csv)) download { "CSV" } }
                }
                (table(&shown[from..last]))
                nav.paging aria-label="翻页" {
                    @if from > 0 { a href=(more(from.saturating_sub(ROWS))) rel="prev" { "上一页" } }
                    @if last < shown.len() { a.next href=(more(last)) rel="next" { "下一页" } }
                }
            }
            p.quiet { "“访问结果”是最近一次访问与此前一次相比；“发布后变动”是与首次抓取相比，以最新一次抓取的快照为准：数据有改动的逐处列出；间隔一段时间两次访问都找不到报告的，才认定为无法访问。" }
        }
    }
}

fn table(shown: &[&LedgerEntry]) -> Markup {
    html! {
        div.scroll tabindex="0" { table.plain.left.board.published {
            thead { tr {
                th scope="col" { "机关与网址" } th scope="col" { "地区" } th scope="col" { "年度" }
                th scope="col" { "首次抓取" } th scope="col" { "最近访问" } th scope="col" { "访问结果" }
                th scope="col" { "发布后变动" } th scope="col" { "年度报告" }
            } }
            tbody { @for entry in shown { (row(entry)) } }
        } }
    }
}

fn row(entry: &LedgerEntry) -> Markup {
    let record = &entry.record;
    let name = [entry.agency(), &record.title].into_iter().find(|name| !name.is_empty());
    html! {
        tr data-state=(record.state.as_str()) {
            td {
                @if let Some(name) = name { (name) br; }
                a.address href=(record.address) rel="noreferrer noopener" { (record.address) }
            }
            td { (region_name(entry.region())) }
            td { @match entry.year() { Some(year) => (year), None => "—" } }
            td { (moment(entry.first().map_or(0, |first| first.fetched_at_ms))) }
            td { (moment(record.checked_at_ms)) }
            td { (state(entry)) }
            td {
                @if entry.changes.is_empty() { "—" }
                @else { ul.plain-list { @for finding in &entry.changes { li { (finding.message) } } } }
            }
            td.nowrap { @match entry.report() { Some(report) => a href={ "/reports/" (report) } { "查看报告" }, None => "—" } }
        }
    }
}

/// Day and time, which may stand in two lines.
fn moment(ms: i64) -> Markup {
    let text = beijing::format_time(ms);
    let (day, time) = text.split_once(' ').unwrap_or((&text, ""));
    html! { @if ms == 0 { "—" } @else { span.nowrap { (day) } " " span.quiet.nowrap { (time) } } }
}

fn state(entry: &LedgerEntry) -> Markup {
    let record = &entry.record;
    html! {
        span.state.(record.state.as_str()) { (record.state.title()) }
        @if record.state == PageState::List { " " span.quiet.nowrap { (record.listed) "份" } }
        @if let Some(missing) = &record.missing { div.quiet { "自" (beijing::format_time(missing.since_ms)) "起" } }
        @if let Some(problem) = &record.problem { div.quiet { (problem.zh) } }
    }
}

fn region_name(code: &str) -> String {
    region_lookup::name(code)
        .unwrap_or_else(|| if code.is_empty() { "—".to_owned() } else { code.to_owned() })
}

/// The pages in this format.
fn file<'a>(
    entries: impl Iterator<Item = &'a LedgerEntry>,
    format: Format,
) -> Result<Vec<u8>, export::ExportError> {
    let columns = vec![
        Column::new("address", "网址", Kind::Text, "登记的网页。"),
        Column::new("agency", "机关", Kind::Text, "报告中的名称；还没有报告的，为登记的名称。"),
        Column::new("region", "区划代码", Kind::Text, "所在行政区划，空为未确定。"),
        Column::new("region_name", "地区", Kind::Text, "行政区划的名称。"),
        Column::new("year", "年度", Kind::Integer, "年度报告的年度。"),
        Column::new("title", "标题", Kind::Text, "列表中的标题。"),
        Column::new("found_in", "来源列表", Kind::Text, "从哪个列表页找到，空为直接登记。"),
        Column::new("state", "访问结果", Kind::Text, "最近一次访问的结果。"),
        Column::new("first_fetched_at", "首次抓取", Kind::Time, "第一次抓取到报告的时间。"),
        Column::new("checked_at", "最近访问", Kind::Time, "空为还没有访问。"),
        Column::new("gone_since", "无法访问自", Kind::Time, "空为可以访问。"),
        Column::new("problem", "未成功的原因", Kind::Text, "空为没有。"),
        Column::new("changes", "发布后变动", Kind::Text, "空为没有。"),
        Column::new("document", "文件网址", Kind::Text, "报告所在的文件，可能是网页的附件。"),
        Column::new("sha256", "快照", Kind::Text, "最新快照的SHA-256。"),
        Column::new("report", "年度报告", Kind::Text, "报告的编号，空为没有。"),
    ];
    let names = compare_export::names(format);
    let rows = entries.map(|entry| {
        let record = &entry.record;
        let state = if names == Names::Zh { record.state.title() } else { record.state.as_str() };
        let standing = record.standing.as_ref().or(record.pending.as_ref());
        let changes: Vec<&str> = entry.changes.iter().map(|finding| finding.message.as_str()).collect();
        let region = entry.region();
        vec![
            text(record.address.as_str()),
            text(entry.agency()),
            text(region),
            text(region_lookup::name(region).unwrap_or_default()),
            entry.year().map_or(Value::Empty, |year| Value::Integer(year.into())),
            text(record.title.as_str()),
            text(record.found_in.as_str()),
            text(state),
            time(entry.first().map_or(0, |first| first.fetched_at_ms)),
            time(record.checked_at_ms),
            time(record.missing.as_ref().map_or(0, |missing| missing.since_ms)),
            text(record.problem.as_ref().map_or("", |problem| problem.zh.as_str())),
            text(changes.join("；")),
            text(standing.map_or("", |standing| standing.document.as_str())),
            text(standing.map_or("", |standing| standing.original.as_str())),
            text(entry.report().unwrap_or_default()),
        ]
    });
    let mut bytes = Vec::new();
    export::write_table(TITLE, columns, names, format, rows, &mut bytes)?;
    Ok(bytes)
}

fn time<'a>(ms: i64) -> Value<'a> {
    if ms == 0 { Value::Empty } else { Value::Time(ms) }
}

/// A text; nothing where it is empty.
fn text<'a>(text: impl Into<Cow<'a, str>>) -> Value<'a> {
    let text = text.into();
    if text.is_empty() { Value::Empty } else { Value::Text(text) }
}
