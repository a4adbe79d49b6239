//! The outlets on the status page: where each stands, and what keeps it. What a target answered is for operators, in
//! the words of the program; reviewers read what it means for them.

use maud::{Markup, html};
use report::beijing;
use worker::outlets::TargetKind;

use crate::outlets::{Activity, Outlet};

/// A row an outlet; nothing where the installation has none.
pub(super) fn section(outlets: Option<&[Outlet]>, is_operator: bool) -> Markup {
    match outlets {
        Some([]) => html! {},
        Some(outlets) => html! {
            section.card #outlets { h2 { "数据总线" } (table(outlets, is_operator)) }
        },
        None => html! {
            section.card #outlets { h2 { "数据总线" } p.notice.warn { "消息总线暂时没有应答，各出口的情况未知。" } }
        },
    }
}

fn table(outlets: &[Outlet], is_operator: bool) -> Markup {
    html! {
        div.scroll tabindex="0" { table.plain.left {
            thead { tr {
                @for head in ["出口", "去向", "位置", "积压", "最早未送", "已送", "搁置", "情况", "最近错误"] { th scope="col" { (head) } }
            } }
            tbody { @for outlet in outlets { (row(outlet, is_operator)) } }
        } }
    }
}

fn row(outlet: &Outlet, is_operator: bool) -> Markup {
    let state = outlet.state.clone().unwrap_or_default();
    html! {
        tr data-outlet=(outlet.name) {
            th.nowrap scope="row" { (outlet.name) }
            td.nowrap { (outlet.to.map_or("", kind)) }
            td { @if outlet.state.is_some() { (state.position.sequence) } }
            td data-waiting=(outlet.name) { (outlet.lag.facts) }
            td.nowrap { @if let Some(oldest_ms) = outlet.lag.oldest_ms { (beijing::format_time(oldest_ms)) } @else { "无" } }
            td.nowrap {
                (state.delivered)
                @if state.delivered_at_ms != 0 { " " span.quiet { "最近 " (beijing::format_time(state.delivered_at_ms)) } }
            }
            td {
                (state.set_aside)
                @if state.set_aside > 0 && is_operator { " " span.quiet { "用 " code { "gouji outlet show " (outlet.name) } " 查看" } }
            }
            td.nowrap { (activity(outlet)) }
            td {
                @if state.problem.is_empty() { "无" } @else {
                    span lang=[is_operator.then_some("en")] { (state.problem) }
                    @if state.problem_since_ms != 0 { " " span.quiet.nowrap { "始于 " (beijing::format_time(state.problem_since_ms)) } }
                }
            }
        }
    }
}

fn kind(to: TargetKind) -> &'static str {
    match to.as_str() {
        "folder" => "交换文件夹",
        "table" => "交换库表",
        "kafka" => "Kafka 主题",
        "webhook" => "接口推送",
        "nats" => "NATS",
        other => other,
    }
}

fn activity(outlet: &Outlet) -> Markup {
    let (class, title) = match outlet.activity() {
        Activity::New => ("", "未运行"),
        Activity::Paused => ("warn", "暂停"),
        Activity::Blocked => ("fail", "受阻"),
        Activity::Delivers => ("pass", "正常"),
    };
    html! { span.badge.(class) { (title) } }
}
