//! Which agencies of the roster have reported, in time or late, and which have not.

use std::collections::BTreeSet;

use maud::{Markup, html};
use report::Year;
use survey::{Attendance, Attendee};

use super::lists::{counts, folded, region_name};
use super::selection::Selection;
use crate::pages::layout::badge;
use crate::regional::Punctuality;

pub(super) fn attendance(attendance: Option<&Attendance>, selection: &Selection) -> Markup {
    html! {
        section.card #attendance {
            h2 { "报送情况" }
            @match attendance {
                None => {
                    p { "还没有导入机关名录，无法知道谁应当报送而没有报送。" }
                    p.quiet { "请在" a href="/roster#import" { "报送名录" } "页面下载模板、填写后导入，或者在命令行运行 " code { "gouji roster import 名录.csv" } "。" }
                }
                Some(attendance) if attendance.agencies.is_empty() && attendance.strangers.is_empty() => {
                    p { "机关名录中没有这个地区的机关。" }
                }
                Some(attendance) => (agencies(attendance, selection)),
            }
        }
    }
}

fn agencies(attendance: &Attendance, selection: &Selection) -> Markup {
    let all = selection.address("/api/v1/roster", &[]);
    let Attendance { agencies, strangers, .. } = attendance;
    let with = |punctuality: Punctuality| {
        let with = agencies.iter().filter(|attendee| Punctuality::of(attendee) == punctuality);
        with.collect::<Vec<&Attendee>>()
    };
    let [missing, late, in_time] = [Punctuality::Missing, Punctuality::Late, Punctuality::InTime].map(with);
    html! {
        (counts(&[
            ("应报送", agencies.len()),
            ("按时报送", in_time.len()),
            ("迟报", late.len()),
            ("未报送", missing.len()),
            ("不在名录", strangers.len()),
        ]))
        (deadlines(agencies))
        (folded("未报送", &missing, &all, &["机关", "地区", "此前缺报的年度"], |attendee| html! {
            tr {
                td { (attendee.agency) }
                td { (region_name(attendee.region.as_deref())) }
                td { (earlier_missing_years(attendee, selection.year)) }
            }
        }))
        @for (title, list) in [("迟报", &late), ("按时报送", &in_time)] {
            (folded(title, list, &all, &["机关", "地区", "日期", "结论"], |attendee| row(attendee)))
        }
        (folded("不在名录，或与名录中的多个机关同名", strangers, &all, &["机关", "地区"], |stranger| html! {
            tr {
                td { a href={ "/reports/" (stranger.key) } { (stranger.agency.as_deref().unwrap_or("未写明机关")) } }
                td { (region_name(stranger.region.as_deref())) }
            }
        }))
    }
}

/// The deadlines, of which a roster may have several.
fn deadlines(agencies: &[Attendee]) -> Markup {
    let days: BTreeSet<String> =
        agencies.iter().filter_map(|attendee| attendee.deadline).map(|day| day.to_string()).collect();
    let days = days.into_iter().collect::<Vec<_>>().join("、");
    html! {
        p.quiet {
            @if !days.is_empty() { "截止日期：" (days) "。" }
            "报告写明公布日期的，以公布日期为准；没有写明的，以本系统收到的日期为准。"
        }
    }
}

/// An agency that has reported.
fn row(attendee: &Attendee) -> Markup {
    html! {
        tr {
            td {
                @match attendee.reports.first() {
                    Some(report) => a href={ "/reports/" (report.key) } { (attendee.agency) },
                    None => (attendee.agency),
                }
                @if attendee.is_repeated() { span.quiet { "　重复报送" } }
            }
            td { (region_name(attendee.region.as_deref())) }
            td.nowrap { @if let Some((day, source)) = attendee.first_day() { (day) " " span.quiet { (source.title()) } } @else { "—" } }
            td { @if let Some(report) = attendee.reports.first() { (badge(report.verdict)) } }
        }
    }
}

fn earlier_missing_years(attendee: &Attendee, year: Year) -> String {
    let earlier = attendee.missing_years.iter().filter(|missing| **missing != year);
    earlier.map(|year| format!("{year}年")).collect::<Vec<_>>().join("、")
}
