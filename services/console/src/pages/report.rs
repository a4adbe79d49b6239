//! `/reports/{id}`: one report with its findings, its tables and its text.

mod findings;
mod text;
mod years;

use access::Caller;
use axum::extract::State;
use maud::{Markup, html};
use proto::v1::ReportRefused;
use report::{Review, Table, Year, beijing};
use search::Version;

use self::text::Line;
use self::years::OtherYears;
use super::layout::{self, BUS_TIMEOUT, ErrorPage, badge};
use super::{official_tables, review_panel};
use crate::app::App;
use crate::download::base_name;
use crate::labels;
use crate::params::{Id, Params};
use crate::problem::Problem;
use crate::report_history::ReportHistory;
use crate::report_lookup::{self, LoadedReport};

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
            let page = Page { loaded: &loaded, other_years: &other_years, lines: &lines };
            (title(&loaded).to_owned(), page.show(history.as_ref(), &query))
        }
        (None, Some(history)) => ("尚未入库的文件".to_owned(), not_indexed(&id, &history)),
        (None, None) => return Err(Problem::no_such_report(&id).into()),
    };
    let content = html! { (content) @if let Some(panel) = panel { (panel) } };
    Ok(layout::page_with(&app, &caller, &title, &query, &["review.css"], content).await)
}

fn title(loaded: &LoadedReport) -> &str {
    let title = loaded.report.review.report.title.as_deref().unwrap_or_default();
    if title.is_empty() { base_name(&loaded.report.version.file_name) } else { title }
}

/// A report and what the page shows beside it.
struct Page<'a> {
    loaded: &'a LoadedReport,
    other_years: &'a OtherYears,
    lines: &'a [Line],
}

impl Page<'_> {
    fn review(&self) -> &Review {
        &self.loaded.report.review
    }

    /// Whether this version is the statement that withdraws the report.
    fn is_withdrawal(&self) -> bool {
        self.loaded.report.withdrawal.is_some()
    }

    fn show(&self, history: Option<&ReportHistory>, query: &str) -> Markup {
        html! {
            article.report {
                (self.header())
                @if !self.is_withdrawal() { (self.content(query)) }
                (processing(history))
                @if !self.is_withdrawal() { (signatures()) }
            }
            div #proof.proof role="status" aria-live="polite" hidden {}
        }
    }

    fn content(&self, query: &str) -> Markup {
        let tables = official_tables::tables(self.review());
        html! {
            nav.contents aria-label="本页内容" {
                a href="#findings" { "校核结果" }
                @if tables.is_some() {
                    @for table in Table::ALL { a href={ "#" (official_tables::anchor(table)) } { (table.short_title()) } }
                }
                a href="#text" { "正文" }
                a href="#life" { "处理经过" }
            }
            (findings::findings(self.review(), self.other_years, self.lines))
            section #tables {
                h2 { "表格" }
                @match tables {
                    Some(tables) => {
                        p.quiet.screen { "点选任一格，可看它在原件中的位置；也可用方向键在格间移动。" }
                        (tables)
                    }
                    None => p.notice.warn { "没有在文件中找到可识别的三张表格。" }
                }
            }
            (text::text(self.lines, query))
        }
    }

    fn header(&self) -> Markup {
        let report = &self.review().report;
        let badge = (!self.is_withdrawal()).then(|| badge(self.review().verdict()));
        html! {
            header.head {
                (status(self.loaded))
                h1 { (title(self.loaded)) @if let Some(badge) = badge { " " (badge) } }
                (self.properties())
                (self.actions())
                (self.other_years.show(report))
                (versions(self.loaded))
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
                (property("文件", &withdrawn.unwrap_or(version).file_name))
                (property(if is_withdrawal { "撤回时间" } else { "提交时间" }, &beijing::format_time(version.submitted_at_ms)))
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
                @if withdrawn.is_some() { a.button href={ "/reports/" (id) } { "查看撤回前的年报" } }
                a.button href={ "/api/v1/reports/" (id) "/source" } { "下载原件" }
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

fn property(name: &str, value: &str) -> Markup {
    html! { div { dt { (name) } dd { (value) } } }
}

/// Says where this version does not count: the report is withdrawn, or the version superseded or not indexed.
fn status(loaded: &LoadedReport) -> Markup {
    html! {
        @if let Some(withdrawal) = &loaded.withdrawal {
            p.notice.bad role="status" {
                "这份年报已由 " b { (withdrawal.who) } " 撤回，检索和汇总不再计入。撤回原因：" (withdrawal.why)
            }
        } @else if !loaded.is_current() {
            p.notice.warn {
                @match &loaded.indexed_key {
                    Some(key) => { "这是较早提交的版本，已被新的提交取代。" a href={ "/reports/" (key) } { "查看最新版本" } },
                    None => "这份年报已经校核，正在入库，稍后即可检索。",
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
                            " " (version.file_name)
                            @if !withdraws { " " (badge(version.verdict)) }
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
fn not_indexed(id: &str, history: &ReportHistory) -> Markup {
    html! {
        article.report {
            header.head {
                h1 { @if history.refusal.is_some() { "文件已退回" } @else { "正在处理" } }
                @match &history.refusal {
                    Some(refusal) => (refused(refusal)),
                    None => p.notice { "目前" (labels::state(history.state)) "，处理完就能看到结果，请稍后刷新本页。" }
                }
                p.actions { a.button href={ "/api/v1/reports/" (id) "/source" } { "下载原件" } }
            }
            (processing(Some(history)))
        }
    }
}

fn refused(refusal: &ReportRefused) -> Markup {
    let file_name = refusal.submitted.as_ref().map_or("", |submitted| &submitted.file_name);
    html! {
        @if !file_name.is_empty() { p { "文件：" (file_name) } }
        p.notice.bad { (refusal.message) }
        p.quiet { "退回环节：" (labels::stage(&refusal.stage)) "　原因类别：" code { (refusal.class) } }
    }
}
