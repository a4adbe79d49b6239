//! `/reports/{id}/changes`: what changed between two versions of a report.

use access::Caller;
use axum::extract::State;
use maud::{Markup, html};
use report::{Finding, beijing};
use search::Version;

use super::layout::{self, badge};
use super::{finding, official_tables};
use crate::app::App;
use crate::labels;
use crate::params::{Id, Params};
use crate::problem::Problem;
use crate::report_changes::{self, CellChange, Changes};

pub(crate) async fn changes(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    params: Params,
) -> Result<Markup, Problem> {
    let changes = report_changes::load(&app, &caller, &id, &params).await?;
    let content = page(&changes);
    Ok(layout::page_with(&app, &caller, "版本比较", "", &["report.css"], content).await)
}

fn page(changes: &Changes) -> Markup {
    let Changes { before, after, cells, settled, new, kept } = changes;
    let title = after.review.report.title.as_deref().unwrap_or_default();
    html! {
        article.changes {
            header.card {
                h1 { "版本比较" }
                p { a href={ "/reports/" (after.version.id) } { (title) } }
                dl.counts {
                    div { dt { "变动的数据" } dd { (cells.len()) } }
                    div { dt { "已消除的问题" } dd { (settled.len()) } }
                    div { dt { "新出现的问题" } dd { (new.len()) } }
                    div { dt { "仍存在的问题" } dd { (kept) } }
                }
                p { "较早版本：" (version(before)) "　本版本：" (version(&after.version)) }
                (other_versions(changes))
            }
            section.card {
                h2 { "数据" }
                @if cells.is_empty() { p.quiet { "两个版本的三张表格数据相同。" } } @else { (table(cells, changes)) }
            }
            (list("已消除的问题", settled))
            (list("新出现的问题", new))
        }
    }
}

fn version(version: &Version) -> Markup {
    html! {
        a href={ "/reports/" (version.id) } { (beijing::format_time(version.submitted_at_ms)) " 报送" } " " (badge(version.verdict))
    }
}

/// Links that compare with the other versions.
fn other_versions(changes: &Changes) -> Markup {
    let own = &changes.after.version.id;
    let others =
        changes.after.versions.iter().filter(|version| version.id != *own && version.id != changes.before.id);
    let others: Vec<&Version> = others.collect();
    html! {
        @if !others.is_empty() {
            p.quiet {
                "改与其他版本比较："
                @for version in others {
                    a href={ "/reports/" (own) "/changes?since=" (version.id) } { (beijing::format_time(version.submitted_at_ms)) } "　"
                }
            }
        }
    }
}

fn table(cells: &[CellChange], changes: &Changes) -> Markup {
    let (before, after) = (&changes.before.id, &changes.after.version.id);
    html! {
        div.scroll tabindex="0" { table.plain {
            thead { tr { th scope="col" { "数据项" } th scope="col" { "较早版本" } th scope="col" { "本版本" } th scope="col" { "增减" } } }
            tbody {
                @for change in cells {
                    @let name = format!("cell-{}", change.id);
                    tr {
                        th scope="row" { (change.id.table().short_title()) "：" (labels::cell(change.id)) }
                        td { a.was href={ "/reports/" (before) "#" (name) } { (official_tables::shown(change.before.as_ref())) } }
                        td { a.now href={ "/reports/" (after) "#" (name) } { (official_tables::shown(change.after.as_ref())) } }
                        td { @match change.difference() { Some(difference) => (signed(difference)), None => "—" } }
                    }
                }
            }
        } }
    }
}

fn signed(difference: report::Decimal) -> String {
    let sign = if difference.is_sign_negative() || difference.is_zero() { "" } else { "+" };
    format!("{sign}{}", difference.normalize())
}

fn list(title: &str, findings: &[Finding]) -> Markup {
    html! {
        @if !findings.is_empty() {
            section.card {
                h2 { (title) }
                ol.findings {
                    @for one in findings {
                        li.finding data-severity=(finding::class(one)) {
                            (finding::heading(one))
                            p.message { (report::full_width_brackets(&one.message)) }
                        }
                    }
                }
            }
        }
    }
}
