//! `/news` 动态: what is new since the reader looked last.

use access::Caller;
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use export::{Column, Kind as Holds, Value};
use jiff::Timestamp;
use maud::{Markup, html};
use report::beijing;

use super::layout::{self, badge};
use crate::app::App;
use crate::list_export;
use crate::news::{Filter, Item, Kind, Mark};
use crate::params::Params;
use crate::problem::Problem;

/// The title of the page.
pub(crate) const TITLE: &str = "动态";
const ASSETS: &[&str] = &["news.css"];

/// The cookie with the mark of the reader.
const COOKIE: &str = "gouji_news";
/// Items on one page.
const PAGE: usize = 200;
/// A year, in seconds.
const COOKIE_SECONDS: u32 = 31_536_000;

pub(crate) async fn news(
    State(app): State<App>,
    caller: Caller,
    params: Params,
    headers: HeaderMap,
) -> Result<Markup, Problem> {
    let filter = Filter::parse(&params)?;
    let items = app.news().latest(&app, &caller, &filter).await?;
    let mark = app.news().known(read_mark(&headers).unwrap_or_default());
    let is_new = |item: &Item| match item.sequence {
        Some(sequence) => !mark.is_after(item.kind, sequence),
        None => item.at_ms > mark.looked_at_ms,
    };
    let new = items.iter().filter(|item| is_new(item)).count();
    let from: usize = params.get("from").and_then(|from| from.parse().ok()).unwrap_or(0);
    let shown = items.get(from..).unwrap_or_default();
    let shown = &shown[..shown.len().min(PAGE)];
    let content = html! {
        h1 { "动态" }
        (summary(new, items.len(), mark.looked_at_ms))
        (choose(&params))
        @if items.is_empty() { p.card.quiet { "没有符合条件的动态。" } }
        (list(shown, &is_new))
        nav.paging aria-label="翻页" {
            @if from > 0 { a href=(at(&params, from.saturating_sub(PAGE))) { "较新的" } }
            @if items.len() > from + PAGE { a.next href=(at(&params, from + PAGE)) { "较早的" } }
        }
        @if !items.is_empty() { p.quiet { (list_export::links("/news", &params)) } }
        p.quiet { "可用阅读器订阅：" a href=(params.without("from").address("/news.atom")) { "Atom订阅" } "；更早的报告请用" a href="/" { "检索" } "。" }
    };
    Ok(layout::page_with(&app, &caller, TITLE, "", ASSETS, content).await)
}

/// `GET /news.csv` and `GET /news.xlsx`: what the page lists with the same parameters, all of it.
pub(crate) async fn table(
    State(app): State<App>,
    caller: Caller,
    OriginalUri(address): OriginalUri,
    params: Params,
) -> Result<Response, Problem> {
    let format = list_export::format_of(&address)?;
    let items = app.news().latest(&app, &caller, &Filter::parse(&params)?).await?;
    let columns = vec![
        Column::new("time", "时间", Holds::Time, "发生的时间；逾期的，为截止日期的次日。"),
        Column::new("kind", "类别", Holds::Text, "新报送、更正、撤回、未接收或者逾期未报送。"),
        Column::new("agency", "机关", Holds::Text, "年度报告所署的机关，名录中的机关；空为不明。"),
        Column::new("region", "区划代码", Holds::Text, "所在行政区划。"),
        Column::new("region_name", "地区", Holds::Text, "行政区划的名称。"),
        Column::new("year", "年度", Holds::Integer, "年度报告的年度。"),
        Column::new("file", "文件", Holds::Text, "报送的文件。"),
        Column::new("verdict", "校核结论", Holds::Text, "系统校核的结论。"),
        Column::new("why", "说明", Holds::Text, "未接收、撤回的原因，截止日期。"),
        Column::new("report", "年度报告", Holds::Text, "年度报告的编号，空为没有。"),
    ];
    list_export::answer(TITLE, columns, items.into_iter().map(row).collect(), format).await
}

fn row(item: Item) -> Vec<Value<'static>> {
    let (code, name) = item.region.map_or_else(Default::default, |region| (region.code, region.name));
    vec![
        Value::Time(item.at_ms),
        Value::text(item.kind.title()),
        Value::text(item.agency.unwrap_or_default()),
        Value::text(code),
        Value::text(name),
        item.year.map_or(Value::Empty, |year| Value::Integer(year.into())),
        Value::text(item.file_name.unwrap_or_default()),
        Value::text(item.verdict.map_or("", |verdict| verdict.title())),
        Value::text(item.why.unwrap_or_default()),
        Value::text(item.report.unwrap_or_default()),
    ]
}

fn at(params: &Params, from: usize) -> String {
    params.with("from", &from.to_string()).address("/news")
}

fn summary(new: usize, all: usize, looked_at_ms: i64) -> Markup {
    html! {
        form.card.seen action="/news/seen" method="post" {
            p {
                @if looked_at_ms > 0 { "上次查看（" (beijing::format_time(looked_at_ms)) "）之后有" } @else { "尚未标记已看，" }
                b { (new) } "条新动态，共" (all) "条。"
            }
            button.button disabled[new == 0] { "全部标为已看" }
        }
    }
}

fn choose(params: &Params) -> Markup {
    html! {
        form.card.asking action="/news" {
            @for kind in Kind::ALL {
                label { input type="checkbox" name="kind" value=(kind.as_str()) checked[params.has("kind", kind.as_str())]; " " (kind.title()) }
            }
            label { "地区 " input name="region" value=[params.get("region")] placeholder="区划代码或名称" size="14"; }
            label { "机关 " input name="q" value=[params.get("q")] size="14"; }
            button.button { "筛选" }
        }
    }
}

/// The items, those of one day together.
fn list(items: &[Item], is_new: &dyn Fn(&Item) -> bool) -> Markup {
    let day = |item: &Item| beijing::day(item.at_ms);
    html! {
        @for of_day in items.chunk_by(|one, next| day(one) == day(next)) {
            section.card.day {
                @if let Some(day) = of_day.first().and_then(day) { h2 { (day) } }
                ol.news { @for item in of_day { (line(item, is_new(item))) } }
            }
        }
    }
}

fn line(item: &Item, is_new: bool) -> Markup {
    let time = beijing::format_time(item.at_ms);
    let time = time.split_once(' ').map_or("", |(_, time)| time);
    html! {
        li.new[is_new] {
            span.time { @if item.kind != Kind::Overdue { (time) } }
            span.kind.(item.kind.as_str()) { (item.kind.title()) }
            span.about {
                @match &item.report { Some(report) => a href={ "/reports/" (report) } { (item.title()) }, None => (item.title()) }
                @if let Some(region) = item.region.as_ref().filter(|region| !region.name.is_empty()) { span.quiet { "　" (region.name) } }
                @if let Some(verdict) = item.verdict { " " (badge(verdict)) }
                @if let Some(why) = &item.why { p { (why) } }
            }
            @if is_new { span.mark-new { "新" } }
        }
    }
}

/// Marks everything as read.
pub(crate) async fn seen(State(app): State<App>) -> impl IntoResponse {
    let mark = app.news().mark(Timestamp::now().as_millisecond());
    let cookie = format!("{COOKIE}={mark}; Path=/news; Max-Age={COOKIE_SECONDS}; SameSite=Lax; HttpOnly");
    let cookie = HeaderValue::try_from(cookie).expect("a mark is printable ASCII");
    (AppendHeaders([(header::SET_COOKIE, cookie)]), Redirect::to("/news"))
}

fn read_mark(headers: &HeaderMap) -> Option<Mark> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs =
        cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).and_then(|(_, mark)| mark.parse().ok())
}
