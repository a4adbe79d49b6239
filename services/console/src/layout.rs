//! The frame of every page: head, live counts, foot.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::LazyLock;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use bus::Counts;
use maud::{DOCTYPE, Markup, html};
use report::Verdict;

use crate::App;
use crate::problem::Problem;

/// A page waits this long for the bus, and is shown without what it did not say.
pub(crate) const PATIENCE: Duration = Duration::from_secs(1);

/// A page: its title, what was searched for, and its content.
pub(crate) async fn page(app: &App, title: &str, words: &str, content: Markup) -> Markup {
    let counts = tokio::time::timeout(PATIENCE, app.bus().counts()).await;
    let counts = counts.ok().and_then(|counts| counts.inspect_err(|error| tracing::warn!("{error:#}")).ok());
    frame(title, words, &pipeline(counts), &content)
}

/// A problem as a page.
pub(crate) struct Fault(pub(crate) Problem);

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl IntoResponse for Fault {
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
        (status, frame(title, "", &html! {}, &content)).into_response()
    }
}

/// Changes with the assets, so that a browser never mixes those of two versions.
static STAMP: LazyLock<String> = LazyLock::new(|| {
    let mut hasher = DefaultHasher::new();
    (include_str!("../assets/console.css"), include_str!("../assets/console.js")).hash(&mut hasher);
    format!("{:016x}", hasher.finish())
});

fn frame(title: &str, words: &str, pipeline: &Markup, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="zh-CN" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · 勾稽" }
                link rel="icon" type="image/svg+xml" href="/assets/icon.svg";
                link rel="stylesheet" href={ "/assets/console.css?v=" (*STAMP) };
                script defer src={ "/assets/console.js?v=" (*STAMP) } {}
            }
            body {
                a.skip href="#content" { "跳到正文" }
                header.top {
                    div.bar {
                        a.brand href="/" { span.mark aria-hidden="true" { "勾" } span { "勾稽" } small { "政府信息公开年报校核与检索" } }
                        @if title != SEARCH_TITLE {
                            form.quick action="/" role="search" {
                                input type="search" name="q" value=(words) placeholder="检索年报" aria-label="检索年报";
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

/// The title of the page that has a search box of its own.
pub(crate) const SEARCH_TITLE: &str = "检索";

/// The counts of each stage, kept current by the script of the page.
fn pipeline(counts: Option<Counts>) -> Markup {
    let Counts { submitted, parsed, validated, indexed, refused } = counts.unwrap_or_default();
    let steps = [
        ("submitted", "已接收", submitted),
        ("parsed", "已读取", parsed),
        ("validated", "已校核", validated),
        ("indexed", "可检索", indexed),
        ("refused", "已退回", refused),
    ];
    html! {
        div.pipeline role="status" aria-label="各环节累计数" {
            ol {
                @for (name, label, count) in steps {
                    li.(name) {
                        (label) " "
                        b data-count=(name) { @if counts.is_some() { (count) } @else { "—" } }
                    }
                }
            }
            span.clock data-clock { @if counts.is_none() { "消息总线暂无应答" } }
        }
    }
}

/// A verdict as a badge.
pub(crate) fn badge(verdict: &str) -> Markup {
    html! { span.badge.(verdict) { (Verdict::title_of(Verdict::parse(verdict))) } }
}
