//! `/audit`: who did what and who was refused what, the latest first.

use access::{Caller, Role};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use jiff::{Timestamp, ToSpan};
use maud::{Markup, html};
use proto::v1::ActionTaken;
use report::beijing;

use super::layout::{self, ErrorPage};
use crate::app::App;
use crate::audit::{ACTIONS, AuditFilter, Pages, action_title};
use crate::audit_detail::{detail, origin};
use crate::params::Params;
use crate::problem::Problem;

const TITLE: &str = "操作记录";
/// Entries on the page; the export has all of them.
const SHOWN: usize = 200;
/// Without a first day the page shows the entries of so many days.
const DAYS: i64 = 7;

/// `GET /audit`.
pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    params: Params,
) -> Result<Response, ErrorPage> {
    let today = beijing::day(Timestamp::now().as_millisecond());
    let week = today.and_then(|today| today.checked_sub(DAYS.days()).ok());
    let (filter, problem) = match AuditFilter::parse(&params) {
        Ok(filter) => (filter.or_from(week), None),
        Err(problem) => (AuditFilter::default().or_from(week), Some(problem)),
    };
    let mut latest = Vec::with_capacity(SHOWN);
    let mut count = 0_usize;
    let unavailable = |error: anyhow::Error| Problem::bus(&error);
    let mut pages = Pages::open(&app, &filter).await.map_err(unavailable)?;
    while let Some(page) = pages.next().await.map_err(unavailable)? {
        count += page.len();
        latest.extend(page);
        latest.drain(..latest.len().saturating_sub(SHOWN));
    }
    let content = html! {
        h1 { (TITLE) }
        @if let Some(problem) = &problem { p.notice.warn role="alert" { (problem.detail) @if let Some(hint) = problem.hint { (hint) } } }
        (form(&params, &filter))
        section.card {
            div.title-row {
                p { "共 " b { (count) } " 条" @if count > SHOWN { "，列出最近 " (SHOWN) " 条" } }
                p.quiet.screen { "导出：" a href=(export_address(&params, &filter)) { "CSV" } }
            }
            @if latest.is_empty() { p.quiet { "这段时间没有符合条件的记录。" } } @else { (table(latest.iter().rev())) }
        }
    };
    Ok(layout::page_with(&app, &caller, TITLE, "", &["account.css"], content).await.into_response())
}

/// The address of the export of the same entries.
fn export_address(params: &Params, filter: &AuditFilter) -> String {
    let from = filter.from().map(|day| day.to_string()).unwrap_or_default();
    params.with("from", &from).with("format", "csv").address("/api/v1/audit")
}

fn form(params: &Params, filter: &AuditFilter) -> Markup {
    let from = filter.from().map(|day| day.to_string());
    let action = params.get("action").unwrap_or_default();
    let known = action.is_empty() || ACTIONS.iter().any(|(name, _)| *name == action);
    html! {
        form.card.asking action="/audit" role="search" aria-label="筛选记录" {
            label { "何人 " input name="who" value=[params.get("who")] size="12" placeholder="登录名或密钥名"; }
            label { "操作 " select name="action" {
                option value="" selected[action.is_empty()] { "全部" }
                @if !known { option value=(action) selected { (action) } }
                @for (name, title) in ACTIONS { option value=(name) selected[*name == action] { (title) } }
            } }
            label { "对象 " input name="object" value=[params.get("object")] size="14" placeholder="编号或登录名"; }
            label { "自 " input type="date" name="from" value=[from]; }
            label { "至 " input type="date" name="to" value=[params.get("to")]; }
            label { input type="checkbox" name="refused" value="true" checked[params.get("refused") == Some("true")]; " 只看被拒绝的" }
            button.button { "筛选" }
        }
    }
}

fn table<'a>(entries: impl Iterator<Item = &'a ActionTaken>) -> Markup {
    html! {
        div.scroll tabindex="0" { table.plain.left.audit {
            thead { tr { th scope="col" { "时间" } th scope="col" { "何人" } th scope="col" { "角色" } th scope="col" { "操作" } th scope="col" { "对象" } th scope="col" { "结果" } th scope="col" { "说明" } th scope="col" { "来源" } } }
            tbody {
                @for entry in entries {
                    tr {
                        td.nowrap { (beijing::format_time(entry.at_ms)) }
                        td.actor { @if entry.who.is_empty() { span.quiet { "未登录" } } @else { (entry.who) } }
                        td.nowrap { (Role::parse(&entry.role).map_or(entry.role.as_str(), |role| role.title())) }
                        td.nowrap { (action_title(&entry.action)) }
                        td.object { (entry.object) }
                        td.nowrap { @if entry.allowed { "完成" } @else { span.badge.fail { "拒绝" } } }
                        td { (detail(entry)) }
                        td.nowrap { (origin(entry)) }
                    }
                }
            }
        } }
    }
}
