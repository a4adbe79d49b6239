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

/// A page: its title, the text in its search box, and the style sheets and scripts of its own.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Page<'a> {
    pub(crate) title: &'a str,
    pub(crate) query: &'a str,
    /// Names of files in `assets`, beside those that every page has.
    pub(crate) assets: &'a [&'a str],
}

/// A page without assets of its own.
pub(crate) async fn page(app: &App, caller: &Caller, title: &str, query: &str, content: Markup) -> Markup {
    Page { title, query, assets: &[] }.show(app, caller, content).await
}

impl Page<'_> {
    /// The page with the live counts and with what this caller may open.
    pub(crate) async fn show(&self, app: &App, caller: &Caller, content: Markup) -> Markup {
        let snapshot = match caller.can(Requires::Key) {
            true => tokio::time::timeout(BUS_TIMEOUT, app.snapshot()).await.ok(),
            false => return self.document(caller, &html! {}, &content),
        };
        let snapshot = snapshot.and_then(|snapshot| {
            snapshot.inspect_err(|error| tracing::warn!("counting events for a page: {error:#}")).ok()
        });
        self.document(caller, &pipeline(snapshot.as_ref()), &content)
    }

    fn document(&self, caller: &Caller, pipeline: &Markup, content: &Markup) -> Markup {
        let asset = |name: &str| format!("/assets/{name}?v={}", *assets::VERSION);
        let own = |ending: &'static str| self.assets.iter().filter(move |name| name.ends_with(ending));
        html! {
            (DOCTYPE)
            html lang="zh-CN" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (self.title) " · 勾稽" }
                    link rel="icon" type="image/svg+xml" href=(asset("icon.svg"));
                    link rel="stylesheet" href=(asset("console.css"));
                    @for name in own(".css") { link rel="stylesheet" href=(asset(name)); }
                    script defer src=(asset("console.js")) {}
                    @for name in own(".js") { script defer src=(asset(name)) {} }
                }
                body {
                    a.skip href="#content" { "跳到正文" }
                    header.top {
                        div.bar {
                            a.brand href="/" { span.mark aria-hidden="true" { "勾" } span { "勾稽" } small { "政府信息公开年报校核与检索" } }
                            @if self.title != SEARCH_TITLE && caller.can(Requires::Key) {
                                form.quick action="/" role="search" {
                                    input type="search" name="q" value=(self.query) placeholder="检索年报" aria-label="检索年报";
                                    button { "检索" }
                                }
                            }
                            (who(caller))
                        }
                        (navigation::navigation(caller, self.title))
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
}

/// Who is signed in.
fn who(caller: &Caller) -> Markup {
    html! {
        p.who {
            @match caller.role {
                Some(role) => { span title={ "角色：" (role.title()) } { (caller.name) } }
                None if caller.is_signed_out => { span.quiet { "未登录" } }
                None => { span title="本系统没有设置密钥和账号，能打开页面的人都可以操作。" { "未设登录" } }
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
    (status, Page { title, ..Page::default() }.document(caller, &html! {}, &content)).into_response()
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
