//! `/news` 动态: what is new since the reader looked last.

use access::Caller;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect};
use jiff::Timestamp;
use maud::{Markup, html};
use report::beijing;

use super::layout::{self, badge};
use crate::app::App;
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
        p.quiet { "可用阅读器订阅：" a href=(params.without("from").address("/news.atom")) { "Atom订阅" } "；更早的报告请用" a href="/" { "检索" } "。" }
    };
    Ok(layout::page_with(&app, &caller, TITLE, "", ASSETS, content).await)
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
            label { "区划代码 " input name="region" value=[params.get("region")] inputmode="numeric" pattern="[0-9]{0,9}" size="9"; }
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
