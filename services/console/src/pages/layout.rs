//! The layout of every page: header, live counts, footer.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::LazyLock;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use bus::Counts;
use maud::{DOCTYPE, Markup, html};
use proto::ReportState;
use report::Verdict;

use crate::app::App;
use crate::labels;
use crate::problem::Problem;

/// A page waits this long for the bus, and is then shown without the counts.
pub(crate) const BUS_TIMEOUT: Duration = Duration::from_secs(1);

/// A page with the live counts. `query` is the text in its search box.
pub(crate) async fn page(app: &App, title: &str, query: &str, content: Markup) -> Markup {
    let counts = tokio::time::timeout(BUS_TIMEOUT, app.bus().counts()).await;
    let counts = counts.ok().and_then(|counts| {
        counts.inspect_err(|error| tracing::warn!("counting events for a page: {error:#}")).ok()
    });
    document(title, query, &pipeline(counts), &content)
}

/// A problem as a page.
pub(crate) struct ErrorPage(pub(crate) Problem);

impl From<Problem> for ErrorPage {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl IntoResponse for ErrorPage {
    fn into_response(self) -> Response {
        let Problem { status, title, detail, hint, .. } = self.0;
        let content = html! {
            section.card.fault {
                h1 { (title) }
                p { (detail) }
                @if let Some(hint) = hint { p.quiet { (hint) } }
                p { a href="/" { "回到检索" } }
            }
        };
        (status, document(title, "", &html! {}, &content)).into_response()
    }
}

/// A hash of the assets in their addresses, so that a browser never mixes those of two versions.
static ASSETS_VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut hasher = DefaultHasher::new();
    (include_str!("../../assets/console.css"), include_str!("../../assets/console.js")).hash(&mut hasher);
    format!("{:016x}", hasher.finish())
});

fn document(title: &str, query: &str, pipeline: &Markup, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="zh-CN" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · 勾稽" }
                link rel="icon" type="image/svg+xml" href="/assets/icon.svg";
                link rel="stylesheet" href={ "/assets/console.css?v=" (*ASSETS_VERSION) };
                script defer src={ "/assets/console.js?v=" (*ASSETS_VERSION) } {}
            }
            body {
                a.skip href="#content" { "跳到正文" }
                header.top {
                    div.bar {
                        a.brand href="/" { span.mark aria-hidden="true" { "勾" } span { "勾稽" } small { "政府信息公开年报校核与检索" } }
                        @if title != SEARCH_TITLE {
                            form.quick action="/" role="search" {
                                input type="search" name="q" value=(query) placeholder="检索年报" aria-label="检索年报";
                                button { "检索" }
                            }
                        }
                        nav aria-label="主要页面" {
                            a href="/" { "检索" }
                            a href="/regions" { "汇总与比对" }
                            a href="/status" { "处理状态" }
                            a href="/openapi.json" { "接口" }
                        }
                    }
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

/// The title of the search page, which has a search box in its content.
pub(crate) const SEARCH_TITLE: &str = "检索";

/// How many reports have passed each stage. The script of the page updates the counts.
fn pipeline(counts: Option<Counts>) -> Markup {
    let Counts { submitted, parsed, validated, indexed, refused } = counts.unwrap_or_default();
    let states = [
        (ReportState::Submitted, submitted),
        (ReportState::Parsed, parsed),
        (ReportState::Validated, validated),
        (ReportState::Indexed, indexed),
        (ReportState::Refused, refused),
    ];
    html! {
        div.pipeline role="status" aria-label="各环节累计数" {
            ol {
                @for (state, count) in states {
                    li.(state.as_str()) {
                        (labels::state(state)) " "
                        b data-count=(state.as_str()) { @if counts.is_some() { (count) } @else { "—" } }
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
