//! The layout of every page: header, navigation, live counts, footer.

use std::time::Duration;

use access::{Caller, Requires};
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};
use proto::ReportState;
use report::Verdict;

use super::navigation;
use crate::app::App;
use crate::pipeline_status::Snapshot;
use crate::problem::Problem;
use crate::{assets, labels};

/// A page waits this long for the bus, and is then shown without the counts.
pub(crate) const BUS_TIMEOUT: Duration = Duration::from_secs(1);

/// A page with the live counts and with what this caller may open. `query` is the text in its search box.
pub(crate) async fn page(app: &App, caller: &Caller, title: &str, query: &str, content: Markup) -> Markup {
    page_with(app, caller, title, query, &[], content).await
}

/// A page with style sheets and scripts of its own, by their names in `assets.rs`.
pub(crate) async fn page_with(
    app: &App,
    caller: &Caller,
    title: &str,
    query: &str,
    files: &[&str],
    content: Markup,
) -> Markup {
    // The counts are those of the whole installation, which say nothing to who sees a part of it.
    if !caller.can(Requires::Key) || !caller.sees_all() {
        return document(caller, title, query, files, &html! {}, &content);
    }
    let snapshot = tokio::time::timeout(BUS_TIMEOUT, app.snapshot()).await;
    let snapshot = snapshot.ok().and_then(|snapshot| {
        snapshot.inspect_err(|error| tracing::warn!("counting events for a page: {error:#}")).ok()
    });
    document(caller, title, query, files, &pipeline(snapshot.as_ref()), &content)
}

fn document(
    caller: &Caller,
    title: &str,
    query: &str,
    files: &[&str],
    pipeline: &Markup,
    content: &Markup,
) -> Markup {
    let address = |name: &str| format!("/assets/{name}?v={}", *assets::VERSION);
    let ending = |end: &'static str| files.iter().filter(move |name| name.ends_with(end));
    html! {
        (DOCTYPE)
        html lang="zh-CN" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · 勾稽" }
                link rel="icon" type="image/svg+xml" href=(address("icon.svg"));
                link rel="stylesheet" href=(address("console.css"));
                @for name in ending(".css") { link rel="stylesheet" href=(address(name)); }
                script defer src=(address("console.js")) {}
                @for name in ending(".js") { script defer src=(address(name)) {} }
            }
            body {
                a.skip href="#content" { "跳到正文" }
                header.top {
                    div.bar {
                        a.brand href="/" { span.mark aria-hidden="true" { "勾" } span { "勾稽" } small { "政府信息公开年度报告校核与检索" } }
                        @if title != SEARCH_TITLE && caller.can(Requires::Key) {
                            form.quick action="/" role="search" {
                                input type="search" name="q" value=(query) placeholder="检索年度报告" aria-label="检索年度报告";
                                button { "检索" }
                            }
                        }
                        (who(caller))
                    }
                    (navigation::navigation(caller, title))
                    (pipeline)
                }
                main #content { (content) }
                footer.foot {
                    p { "每个数字都能回到原件中的位置；校核结论仅供审核参考，以机关发布的原件为准。" }
                }
            }
        }
    }
}

/// Who is signed in.
fn who(caller: &Caller) -> Markup {
    html! {
        p.who {
            @match (&caller.session, caller.role) {
                (Some(session), Some(role)) => {
                    a href="/account" title={ "我的账号，角色：" (role.title()) } { (session.display) }
                    form method="post" action="/logout" { button { "退出" } }
                }
                (None, Some(role)) => { span title={ "角色：" (role.title()) } { (caller.name) } }
                (_, None) if caller.is_signed_out => { a href="/login" { "登录" } }
                (_, None) => { span title="本系统没有设置密钥和账号，能打开页面的人都可以操作。" { "未设登录" } }
            }
        }
    }
}

/// A problem as a page. `routes::finish_response` makes the page, because it knows the caller.
pub(crate) struct ErrorPage(pub(crate) Problem);

impl From<Problem> for ErrorPage {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl IntoResponse for ErrorPage {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}

/// The page that shows a problem to this caller.
pub(crate) fn error_page(problem: Problem, caller: &Caller) -> Response {
    let Problem { status, title, detail, hint, .. } = problem;
    let content = html! {
        section.card.fault {
            h1 { (title) }
            p { (detail) }
            @if let Some(hint) = hint { p.quiet { (hint) } }
            @if caller.can(Requires::Key) { p { a href="/" { "回到检索" } } }
        }
    };
    (status, document(caller, title, "", &[], &html! {}, &content)).into_response()
}

/// The title of the search page, which has a search box in its content.
pub(crate) const SEARCH_TITLE: &str = "检索";

/// How many reports have passed each stage, and how many a search finds. The script of the page updates the counts.
fn pipeline(snapshot: Option<&Snapshot>) -> Markup {
    let counts = snapshot.map(|snapshot| snapshot.counts);
    let states = [
        (ReportState::Submitted, "submitted", counts.map(|counts| counts.submitted)),
        (ReportState::Parsed, "parsed", counts.map(|counts| counts.parsed)),
        (ReportState::Validated, "validated", counts.map(|counts| counts.validated)),
        (ReportState::Indexed, "searchable", snapshot.and_then(|snapshot| snapshot.searchable)),
        (ReportState::Refused, "refused", counts.map(|counts| counts.refused)),
    ];
    html! {
        div.pipeline role="status" aria-label="各环节累计数" {
            ol {
                @for (state, name, count) in states {
                    li.(state.as_str()) {
                        (labels::state(state)) " "
                        b data-count=(name) { @if let Some(count) = count { (count) } @else { "—" } }
                    }
                }
            }
            span.clock data-clock { @if counts.is_none() { "消息总线暂无应答" } }
        }
    }
}

/// A verdict as a badge.
pub(crate) fn badge(verdict: Verdict) -> Markup {
    html! { span.badge.(verdict.as_str()) { (verdict.title()) } }
}
