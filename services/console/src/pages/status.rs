//! `/status`: how many reports wait at each stage, and which were refused.

use access::{Caller, Role};
use axum::extract::State;
use maud::{Markup, html};
use report::beijing;

use super::layout::{self, BUS_TIMEOUT, ErrorPage};
use super::outlets;
use crate::app::App;
use crate::labels;
use crate::outlets::Outlet;
use crate::pipeline_status::{self, Refusal, Snapshot};

pub(crate) async fn status(State(app): State<App>, caller: Caller) -> Result<Markup, ErrorPage> {
    let reports = app.read(pipeline_status::searchable).await?;
    let snapshot = tokio::time::timeout(BUS_TIMEOUT, app.snapshot()).await;
    let snapshot = snapshot.ok().and_then(Result::ok);
    let mut refusals = app.monitor().refusals();
    refusals.retain(|one| {
        one.refused.submitted.as_ref().map_or(caller.sees_all(), |submitted| caller.may_follow(submitted))
    });
    // Where reports are carried to is no business of those who send them.
    let outlets = if caller.role == Some(Role::Submit) { Some(Vec::new()) } else { outlets_of(&app).await };
    let content = html! {
        h1 { "处理状态" }
        @if let Some(problem) = app.worker().problem() { p.notice.warn role="alert" { "本服务目前有困难：" code { (problem) } } }
        section.card {
            h2 { "各环节" }
            @match &snapshot {
                Some(snapshot) => (stages(snapshot)),
                None => p.notice.warn { "消息总线暂时没有应答；检索和已入库的年度报告不受影响。" },
            }
            p.quiet { "当前可检索 " b data-count="searchable" { (reports) } " 份年度报告（同一年度报告的多次报送只算一份，旧版本仍可查看）。" }
        }
        (outlets::section(outlets.as_deref()))
        section.card {
            h2 { "最近未接收的文件" }
            @if refusals.is_empty() { p.quiet { "没有未接收的文件。" } } @else { (refused(&refusals)) }
        }
    };
    Ok(layout::page(&app, &caller, "处理状态", "", content).await)
}

/// The outlets; none where the bus does not say.
async fn outlets_of(app: &App) -> Option<Vec<Outlet>> {
    let answered = tokio::time::timeout(BUS_TIMEOUT, crate::outlets::outlets(app)).await.ok()?;
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
