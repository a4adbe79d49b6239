//! `/reports/{id}`: one report with its findings and tables on one side, and its original on the other.

mod findings;
mod text;
mod years;

use std::collections::BTreeSet;

use access::Caller;
use axum::extract::State;
use maud::{Markup, html};
use proto::v1::{Publication, ReportRefused};
use report::{Review, Table, Year, beijing};
use search::Version;

use self::text::Line;
use self::years::OtherYears;
use super::layout::{self, BUS_TIMEOUT, ErrorPage, badge};
use super::original_view::{self, Links};
use super::{official_tables, review_panel};
use crate::app::App;
use crate::download::base_name;
use crate::labels;
use crate::original_api;
use crate::params::{Id, Params};
use crate::problem::Problem;
use crate::report_history::ReportHistory;
use crate::report_lookup::{self, LoadedReport};

/// The style sheets and scripts of the page.
const FILES: &[&str] = &["review.css", "report.css", "report.js"];

pub(crate) async fn report(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    params: Params,
) -> Result<Markup, ErrorPage> {
    let query = params.get("q").unwrap_or_default().to_owned();
    let loaded = report_lookup::find(&app, &caller, &id).await?;
    let version = loaded.as_ref().map_or(id.as_str(), |loaded| &loaded.report.version.id).to_owned();
    let history = tokio::time::timeout(BUS_TIMEOUT, ReportHistory::load(&app, &caller, &version)).await;
    let history = history.ok().and_then(Result::ok).flatten();
    let key = loaded.as_ref().and_then(|loaded| loaded.indexed_key.clone());
    let panel = match key {
        Some(key) => Some(review_panel::panel(&app, &key, &caller).await),
        None => None,
    };
    let (title, content) = match (loaded, history) {
        (Some(loaded), history) => {
            let lines = text::lines(loaded.report.text.clone(), query.clone()).await?;
            let other_years = OtherYears::load(&app, &loaded.report.review.report).await?;
            let original = Original::of_report(&app, &loaded).await;
            let page =
                Page { loaded: &loaded, other_years: &other_years, lines: &lines, original: &original };
            (title(&loaded).to_owned(), page.show(history.as_ref(), &query, panel.as_ref()))
        }
        (None, Some(history)) => {
            let original = Original::of_file(&app, &caller, &id).await;
            ("尚未入库的文件".to_owned(), not_indexed(&id, &history, &original))
        }
        (None, None) => return Err(Problem::no_such_report(&id).into()),
    };
    Ok(layout::page_with(&app, &caller, &title, &query, FILES, content).await)
}

/// The original as the page shows it.
struct Original {
    markup: Markup,
    /// The names of the cells and findings that have an element in it.
    shown: BTreeSet<String>,
    pages: usize,
}

impl Original {
    async fn of_report(app: &App, loaded: &LoadedReport) -> Self {
        if loaded.withdrawal.is_some() {
            return Self { markup: html! {}, shown: BTreeSet::new(), pages: 0 };
        }
        match original_api::of_report(app, loaded).await {
            Ok((rendition, places)) => Self {
                markup: original_view::original(
                    &rendition,
                    &places,
                    &loaded.report.version.id,
                    Links::ToFigures,
                ),
                shown: original_view::shown(&rendition, &places),
                pages: rendition.sheets.len(),
            },
            Err(problem) => Self::refused(&problem),
        }
    }

    /// The original of a file that is no report.
    async fn of_file(app: &App, caller: &Caller, id: &str) -> Self {
        match original_api::of_file(app, caller, id).await {
            Ok(rendition) => Self {
                markup: original_view::original(&rendition, &[], id, Links::None),
                shown: BTreeSet::new(),
                pages: rendition.sheets.len(),
            },
            Err(problem) => Self::refused(&problem),
        }
    }

    fn refused(problem: &Problem) -> Self {
        let hint = problem.hint.unwrap_or_default();
        let markup = html! { p.notice.warn { (problem.detail) (hint) } };
        Self { markup, shown: BTreeSet::new(), pages: 0 }
    }

    /// The original with what leads through it.
    fn show(&self, id: &str, has_text: bool) -> Markup {
        html! {
            nav.tools.screen aria-label="原件" {
                b { "原件" }
                @if self.pages > 1 {
                    span.pages { @for page in 1..=self.pages.min(MAX_PAGE_LINKS) { a href={ "#page-" (page) } { (page) } } }
                    span.quiet { "共" (self.pages) "页" }
                }
                span.zoom data-zoom hidden {
                    button type="button" data-step="-1" aria-label="缩小" { "－" }
                    button type="button" data-step="1" aria-label="放大" { "＋" }
                }
                @if has_text { a href="#text" { "正文" } }
                a.download href={ "/api/v1/reports/" (id) "/source" } { "下载原件" }
            }
            section #original tabindex="0" aria-label="原件" { (self.markup) }
        }
    }
}

/// Pages that the original links to; further ones are scrolled to.
const MAX_PAGE_LINKS: usize = 20;

fn title(loaded: &LoadedReport) -> &str {
    let title = loaded.report.review.report.title.as_deref().unwrap_or_default();
    if title.is_empty() { base_name(&loaded.report.version.file_name) } else { title }
}

/// A report and what the page shows beside it.
struct Page<'a> {
    loaded: &'a LoadedReport,
    other_years: &'a OtherYears,
    lines: &'a [Line],
    original: &'a Original,
}

impl Page<'_> {
    fn review(&self) -> &Review {
        &self.loaded.report.review
    }

    /// Whether this version is the statement that withdraws the report.
    fn is_withdrawal(&self) -> bool {
        self.loaded.report.withdrawal.is_some()
    }

    /// `panel` is what reviewers do with the report.
    fn show(&self, history: Option<&ReportHistory>, query: &str, panel: Option<&Markup>) -> Markup {
        html! {
            article.report {
                (self.header(history))
                @if self.is_withdrawal() { @if let Some(panel) = panel { (panel) } } @else { (self.desk(query, panel)) }
            }
        }
    }

    /// Findings and tables on the left, the original on the right.
    fn desk(&self, query: &str, panel: Option<&Markup>) -> Markup {
        let tables = official_tables::tables(self.review(), &self.original.shown);
        html! {
            div.desk {
                div.pane.left #figures tabindex="-1" {
                    nav.tools.screen aria-label="本页内容" {
                        @if panel.is_some() { a href="#review" { "审核" } }
                        a href="#findings" { "校核结果" }
                        @if tables.is_some() {
                            @for table in Table::ALL { a href={ "#" (official_tables::anchor(table)) } { (table.short_title()) } }
                        }
                        span.quiet.keys data-keys hidden title="键盘：方向键在格间移动；n、p 下一项、上一项问题；Esc 取消" { "n 下一项　p 上一项　Esc 取消" }
                    }
                    @if let Some(panel) = panel { (panel) }
                    (findings::findings(self.review(), self.other_years, self.lines, &self.original.shown))
                    section #tables {
                        h2 { "表格" }
                        @match tables {
                            Some(tables) => (tables),
                            None => p.notice.warn { "没有在文件中找到可识别的三张表格。" }
                        }
                    }
                    (signatures())
                }
                div.pane.right.screen #evidence tabindex="-1" {
                    (self.original.show(&self.loaded.report.version.id, true))
                    (text::text(self.lines, query))
                }
            }
            div #proof.proof.screen role="status" aria-live="polite" hidden {}
        }
    }

    fn header(&self, history: Option<&ReportHistory>) -> Markup {
        let report = &self.review().report;
        let badge = (!self.is_withdrawal()).then(|| badge(self.review().verdict()));
        html! {
            header.head {
                (status(self.loaded))
                div.title {
                    h1 { (title(self.loaded)) @if let Some(badge) = badge { " " (badge) } }
                    (self.actions())
                }
                @if self.is_withdrawal() {
                    (self.properties())
                    (self.other_years.show(report))
                    (versions(self.loaded))
                    (processing(history))
                } @else {
                    details.more { summary { "基本情况、历年与版本、处理经过" } }
                    div.facts {
                        (self.properties())
                        (self.other_years.show(report))
                        (versions(self.loaded))
                        (processing(history))
                    }
                }
            }
        }
    }

    fn properties(&self) -> Markup {
        let (report, version) = (&self.review().report, &self.loaded.report.version);
        let or_unknown =
            |text: Option<String>| text.filter(|text| !text.is_empty()).unwrap_or("未写明".into());
        let year = report.year.map(|year: Year| format!("{year}年"));
        let region = report.region.as_ref().map(|region| region.name.clone());
        let published = report.published.map(|day| day.to_string());
        let is_withdrawal = self.is_withdrawal();
        // A withdrawal has a file of its own; the page shows that of the report.
        let withdrawn = self.withdrawn_version();
        html! {
            dl {
                (property("机关", &or_unknown(report.agency.clone())))
                (property("年度", &or_unknown(year)))
                (property("地区", &or_unknown(region)))
                (property("发布日期", &or_unknown(published)))
                @if !is_withdrawal { (property("表格格式", labels::form(report.form))) }
                (property("文件", base_name(&withdrawn.unwrap_or(version).file_name)))
                (property(if is_withdrawal { "撤回时间" } else { "报送时间" }, &beijing::format_time(version.submitted_at_ms)))
                @if let Some(publication) = &self.loaded.report.published { (published_at(publication)) }
                @if !is_withdrawal { (property("规则版本", &self.review().rules_version)) }
            }
        }
    }

    fn actions(&self) -> Markup {
        let version = &self.loaded.report.version;
        let withdrawn = self.withdrawn_version();
        let id = &withdrawn.unwrap_or(version).id;
        let has_letter = self.loaded.withdrawal.is_none()
            && self.review().findings.iter().any(|finding| finding.waiver.is_none());
        html! {
            p.actions {
                @if withdrawn.is_some() { a.button href={ "/reports/" (id) } { "查看撤回前的年度报告" } }
                @if self.is_withdrawal() { a.button href={ "/api/v1/reports/" (id) "/source" } { "下载原件" } }
                @if has_letter {
                    a.button href={ "/api/v1/reports/" (id) "/letter" } { "整改意见" }
                    a.button href={ "/api/v1/reports/" (id) "/letter?format=docx" } { "整改意见（Word）" }
                }
                a.button href={ "/api/v1/reports/" (version.id) } { "数据（JSON）" }
                button.button.screen type="button" data-print hidden { "打印" }
            }
        }
    }

    /// The version that was withdrawn, where this one withdraws it: the one before.
    fn withdrawn_version(&self) -> Option<&Version> {
        let report = &self.loaded.report;
        let mut before = report.versions.iter().rev().filter(|version| version.id != report.version.id);
        before.next().filter(|_| self.is_withdrawal())
    }
}

/// Where the printed page is signed.
fn signatures() -> Markup {
    html! { p.signatures aria-hidden="true" { span { "校核人：____________" } span { "复核人：____________" } span { "日期：______年____月____日" } } }
}

/// Where the report was published, the snapshot that is shown, and what became of the page.
fn published_at(publication: &Publication) -> Markup {
    let Publication { address, document, fetched_at_ms, first, first_fetched_at_ms, gone_since_ms, .. } =
        publication;
    html! {
        div { dt { "公布网址" } dd { a href=(address) rel="noreferrer noopener" { (address) } } }
        @if document != address { (property("附件网址", document)) }
        (property("抓取时间", &beijing::format_time(*fetched_at_ms)))
        @if !first.is_empty() {
            div {
                dt { "首次抓取" }
                dd { a href={ "/reports/" (first) } { "快照 " (beijing::format_time(*first_fetched_at_ms)) } }
            }
        }
        @if *gone_since_ms != 0 { (property("无法访问", &format!("自{}起", beijing::format_time(*gone_since_ms)))) }
    }
}

fn property(name: &str, value: &str) -> Markup {
    html! { div { dt { (name) } dd { (value) } } }
}

/// Says where this version does not count: the report is withdrawn, or the version superseded or not indexed.
fn status(loaded: &LoadedReport) -> Markup {
    html! {
        @if let Some(withdrawal) = &loaded.withdrawal {
            p.notice.bad role="status" {
                "这份年度报告已由 " b { (withdrawal.who) } " 撤回，检索和汇总不再计入。撤回原因：" (withdrawal.why)
            }
        } @else if !loaded.is_current() {
            p.notice.warn {
                @match &loaded.indexed_key {
                    Some(key) => { "这是较早报送的版本，已被新报送的取代。" a href={ "/reports/" (key) } { "查看最新版本" } },
                    None => "这份年度报告已经校核，正在入库，稍后即可检索。",
                }
            }
        }
    }
}

fn versions(loaded: &LoadedReport) -> Markup {
    let versions = &loaded.report.versions;
    html! {
        @if versions.len() > 1 {
            details.versions {
                summary { "共 " (versions.len()) " 个版本" }
                ol reversed {
                    @for version in versions.iter().rev() {
                        // A report is withdrawn where its latest version withdraws it.
                        @let withdraws = loaded.withdrawal.is_some() && versions.last() == Some(version);
                        li {
                            @if version.id == loaded.report.version.id { b { @if withdraws { "撤回" } @else { "本版本" } } }
                            @else { a href={ "/reports/" (version.id) } { "查看" } }
                            " " (beijing::format_time(version.submitted_at_ms))
                            " " (base_name(&version.file_name))
                            @if !withdraws { " " (badge(version.verdict)) }
                            @if version.id != loaded.report.version.id && loaded.withdrawal.is_none() {
                                " " a href={ "/reports/" (loaded.report.version.id) "/changes?since=" (version.id) } { "与本版本比较" }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn processing(history: Option<&ReportHistory>) -> Markup {
    html! {
        section #life {
            h2 { "处理经过" }
            @match history {
                Some(history) => ol.way {
                    @for event in &history.events {
                        li.(event.fact()) { b { (labels::event(event.fact())) } " " span.quiet { (beijing::format_time(event.at_ms)) } }
                    }
                },
                None => p.quiet { "暂时查不到处理经过。" }
            }
        }
    }
}

/// A file that was refused, or that no worker has read yet.
fn not_indexed(id: &str, history: &ReportHistory, original: &Original) -> Markup {
    html! {
        article.report {
            header.head {
                h1 { @if history.refusal.is_some() { "文件未接收" } @else { "正在处理" } }
                @match &history.refusal {
                    Some(refusal) => (refused(refusal)),
                    None => p.notice { "目前" (labels::state(history.state)) "，处理完就能看到结果，请稍后刷新本页。" }
                }
            }
            (processing(Some(history)))
            div.alone { (original.show(id, false)) }
        }
    }
}

fn refused(refusal: &ReportRefused) -> Markup {
    let file_name = refusal.submitted.as_ref().map_or("", |submitted| &submitted.file_name);
    html! {
        @if !file_name.is_empty() { p { "文件：" (base_name(file_name)) } }
        p.notice.bad { (refusal.message) }
        p.quiet { "退回环节：" (labels::stage(&refusal.stage)) "　原因类别：" code { (refusal.class) } }
    }
}
