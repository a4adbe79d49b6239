//! `/status`: how many reports wait at each stage, and which were refused.

use access::{Caller, Requires, Role};
use axum::extract::State;
use maud::{Markup, html};
use report::beijing;
use search::Query;

use super::layout::{self, BUS_TIMEOUT, ErrorPage};
use super::outlets;
use crate::app::App;
use crate::outlets::Outlet;
use crate::pipeline_status::{Refusal, Snapshot};
use crate::{labels, search_query};

pub(crate) async fn status(State(app): State<App>, caller: Caller) -> Result<Markup, ErrorPage> {
    let own = search_query::restrict_to_scope(Query::default(), &caller)?;
    let reports = app.read(move |reader| Ok(reader.search(&own)?.total)).await?;
    let snapshot = tokio::time::timeout(BUS_TIMEOUT, app.snapshot()).await;
    let snapshot = snapshot.ok().and_then(Result::ok);
    let mut refusals = app.monitor().refusals();
    refusals.retain(|one| {
        one.refused.submitted.as_ref().map_or(caller.sees_all(), |submitted| caller.may_follow(submitted))
    });
    // Where reports are carried to is no business of those who send them.
    let outlets =
        if caller.role == Some(Role::Submit) { Some(Vec::new()) } else { outlets_of(&app, &caller).await };
    let is_operator = caller.can(Requires::Operate);
    let content = html! {
        h1 { "处理状态" }
        @if let Some(problem) = app.worker().problem() {
            p.notice.warn role="alert" {
                @if is_operator { "本服务目前有困难：" code lang="en" { (problem) } }
                @else { "本服务目前有困难，部分内容可能不是最新；原因由管理员查看。" }
            }
        }
        section.card {
            h2 { "各环节" @if !caller.sees_all() { " " span.quiet { "全系统合计" } } }
            @match &snapshot {
                Some(snapshot) => (stages(snapshot)),
                None => p.notice.warn { "消息总线暂时没有应答；检索和已入库的年度报告不受影响。" },
            }
            p.quiet {
                @if caller.sees_all() { "当前可检索 " b data-count="searchable" { (reports) } } @else { "您的范围内当前可检索 " b { (reports) } }
                " 份年度报告（同一年度报告的多次报送只算一份，旧版本仍可查看）。"
            }
        }
        (outlets::section(outlets.as_deref(), is_operator))
        section.card {
            h2 { "最近未接收的文件" }
            @if refusals.is_empty() { p.quiet { "没有未接收的文件。" } } @else { (refused(&refusals)) }
        }
    };
    Ok(layout::page(&app, &caller, "处理状态", "", content).await)
}

/// The outlets; none where the bus does not say.
async fn outlets_of(app: &App, caller: &Caller) -> Option<Vec<Outlet>> {
    let answered = tokio::time::timeout(BUS_TIMEOUT, crate::outlets::outlets(app, caller)).await.ok()?;
    answered.inspect_err(|error| tracing::warn!("looking up the outlets: {error:#}")).ok()
}

fn stages(snapshot: &Snapshot) -> Markup {
    let counts = snapshot.counts;
    html! {
        div.scroll tabindex="0" { table.plain {
            thead { tr { th scope="col" { "环节" } th scope="col" { "已完成" } th scope="col" { "等待处理" } th scope="col" { "正在处理" } } }
            tbody {
                tr { th scope="row" { "接收" } td data-count="submitted" { (counts.submitted) } td { "" } td { "" } }
                @for lag in &snapshot.lag {
                    @let done = match lag.stage {
                        "parse" => Some(("parsed", counts.parsed)),
                        "validate" => Some(("validated", counts.validated)),
                        "index" => Some(("indexed", counts.indexed)),
                        // What the bulk lane has done is among what its stage has done.
                        _ => None,
                    };
                    tr {
                        th scope="row" {
                            (labels::stage(lag.stage))
                            @if let Some(until) = lag.paused_until_ms { " " span.quiet { "已暂停，至 " (beijing::format_time(until)) } }
                        }
                        @if let Some((fact, done)) = done { td data-count=(fact) { (done) } } @else { td { "" } }
                        td data-waiting=(lag.stage) { (lag.waiting) }
                        td data-flight=(lag.stage) { (lag.in_flight) }
                    }
                }
                tr { th scope="row" { "未接收" } td data-count="refused" { (counts.refused) } td { "" } td { "" } }
            }
        } }
    }
}

fn refused(refusals: &[Refusal]) -> Markup {
    html! {
        div.scroll tabindex="0" { table.plain.left {
            thead { tr { th scope="col" { "时间" } th scope="col" { "文件" } th scope="col" { "环节" } th scope="col" { "原因" } } }
            tbody {
                @for one in refusals {
                    @let name = one.refused.submitted.as_ref().map(|submitted| submitted.file_name.as_str());
                    tr {
                        td.nowrap { (beijing::format_time(one.at_ms)) }
                        td { a href={ "/reports/" (one.id) } { (name.filter(|name| !name.is_empty()).unwrap_or(&one.id)) } }
                        td.nowrap { (labels::stage(&one.refused.stage)) }
                        td { (one.refused.message) " " code.quiet { (one.refused.class) } }
                    }
                }
            }
        } }
    }
}
