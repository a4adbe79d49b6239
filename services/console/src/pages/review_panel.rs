//! The review of one report: where it stands, what reviewers did, and the forms with which they do it.

use access::Caller;
use maud::{Markup, html};
use report::workflow::{Act, ActKind, FindingReference};
use report::{Finding, Verdict, beijing};

use crate::app::App;
use crate::labels;
use crate::office::today;
use crate::reviews::{Reviewed, name_of, required, token};

/// The deadline that the form of a return proposes, in days from today.
const DAYS_TO_CORRECT: i32 = 10;
/// Findings of an act that its line names; the others are counted.
const NAMED: usize = 3;

/// The panel of the report with this key. A sender of reports sees what concerns its report, and no forms.
pub(crate) async fn panel(app: &App, key: &str, caller: &Caller) -> Markup {
    match Reviewed::load(app, caller, key).await {
        Ok(reviewed) => show(&reviewed, caller),
        Err(problem) => html! {
            section #review.review-panel { h2 { "审核" } p.notice.warn { "暂时查不到审核情况。" (problem.detail) } }
        },
    }
}

fn show(reviewed: &Reviewed, caller: &Caller) -> Markup {
    let may_act = caller.is_reviewer() && reviewed.report.withdrawal.is_none();
    html! {
        section #review.review-panel {
            h2 { "审核 " (state_badge(reviewed)) }
            (standing(reviewed, caller))
            @if may_act { (forms(reviewed, caller)) }
            (history(reviewed, caller))
        }
    }
}

fn state_badge(reviewed: &Reviewed) -> Markup {
    let state = reviewed.workflow.state;
    html! { span.state.(state.as_str()) { (state.title()) } }
}

/// Since when, until when, and who.
fn standing(reviewed: &Reviewed, caller: &Caller) -> Markup {
    let workflow = &reviewed.workflow;
    let is_overdue = today().is_some_and(|today| workflow.is_overdue(today));
    // As the lists count: findings that one change would settle are one, and remarks are none.
    let weighs =
        |finding: &&Finding| Verdict::of_counted([(finding.severity, finding.judgement)]) != Verdict::Pass;
    let open = workflow.open(&reviewed.report.review.findings).into_iter().filter(weighs);
    let open = report::problems(open).len();
    html! {
        p.standing {
            span { "自 " (beijing::format_time(workflow.since_ms)) " 起" }
            @if let Some(due) = workflow.due {
                span { "整改期限 " (due) @if is_overdue { " " b.overdue { "已逾期" } } }
            }
            @if caller.is_reviewer() {
                span { "经办 " (workflow.assignee.as_deref().unwrap_or("未分派")) }
                span { "未处理问题 " b { (open) } " 项" }
            }
        }
        @if workflow.acceptance_lapsed {
            p.notice.warn { "此前的版本已通过审核，报送单位又报送了新的版本，需要重新审核。" }
        }
    }
}

/// What reviewers did, the latest first.
fn history(reviewed: &Reviewed, caller: &Caller) -> Markup {
    let acts: Vec<&Act> = reviewed.visible_acts(caller).collect();
    html! {
        @if !acts.is_empty() {
            h3 { "审核记录" }
            ol.acts reversed {
                @for act in acts.iter().rev() { li.(act.kind.as_str()) { (line(act, &reviewed.report.version.id)) } }
            }
        }
    }
}

fn line(act: &Act, current: &str) -> Markup {
    html! {
        p {
            b { (act.kind.title()) } " "
            span.quiet { (name_of(&act.who)) "　" (beijing::format_time(act.at_ms)) }
            @if act.version != current { " " a.quiet href={ "/reports/" (act.version) } { "针对较早的版本" } }
        }
        @if !act.findings.is_empty() { p.quiet { (about(&act.findings)) } }
        @match &act.kind {
            ActKind::Dismissed { why } | ActKind::Reopened { why } => (words(why)),
            ActKind::Waived { why, until } => { (words(why)) p.quiet { "对 " (until) " 及以前报送的版本有效" } },
            ActKind::Returned { deadline, note, letter } => {
                (words(note))
                @if let Some(deadline) = deadline { p.quiet { "整改期限 " (deadline) } }
                @if !letter.is_empty() { p.quiet { "文号 " (letter) } }
            },
            ActKind::Accepted { note } => (words(note)),
            ActKind::Commented { text } => (words(text)),
            ActKind::Assigned { to: Some(to) } => p { "由 " (to) " 办理" },
            ActKind::Assigned { to: None } | ActKind::Confirmed => {},
        }
    }
}

fn words(text: &str) -> Markup {
    html! { @if !text.is_empty() { p.words { (text) } } }
}

/// The findings that an act is about, each by its problem.
fn about(findings: &[FindingReference]) -> String {
    let name = |finding: &FindingReference| {
        let title = labels::problem(&finding.rule).unwrap_or_default();
        format!("{title}（{}）", finding.rule)
    };
    let named: Vec<String> = findings.iter().take(NAMED).map(name).collect();
    let rest = if findings.len() > NAMED { format!("等 {} 项", findings.len()) } else { String::new() };
    format!("{}{rest}", named.join("、"))
}

fn forms(reviewed: &Reviewed, caller: &Caller) -> Markup {
    let is_lead = caller.can(required(&ActKind::Accepted { note: String::new() }));
    let today = today();
    let proposed = today.and_then(|today| today.checked_add(jiff::Span::new().days(DAYS_TO_CORRECT)).ok());
    html! {
        @if !reviewed.report.review.findings.is_empty() { (findings_form(reviewed, is_lead)) }
        div.act-forms {
            details {
                summary { "退回修改" }
                (form(reviewed, &html! {
                    label { "整改期限 " input type="date" name="deadline" min=[today] value=[proposed]; }
                    label { "文号 " input name="letter" maxlength="100" placeholder="可不填"; }
                    label.wide { "告知报送单位 " textarea name="note" rows="2" maxlength="1000" {} }
                    button.button name="act" value="returned" { "退回修改" }
                }))
            }
            @if is_lead {
                details {
                    summary { "通过" }
                    (form(reviewed, &html! {
                        label.wide { "说明 " textarea name="note" rows="2" maxlength="1000" placeholder="可不填，报送单位可见" {} }
                        button.button name="act" value="accepted" { "通过" }
                    }))
                }
            }
            details {
                summary { "分派" }
                (form(reviewed, &html! {
                    label { "经办人 " input name="assignee" maxlength="100" value=[reviewed.workflow.assignee.as_deref().or(Some(caller.name.as_str()))]; }
                    button.button name="act" value="assigned" { "分派" }
                }))
            }
            details {
                summary { "备注" }
                (form(reviewed, &html! {
                    label.wide { "备注 " textarea name="text" rows="2" maxlength="1000" required placeholder="只有审核人员可见" {} }
                    button.button name="act" value="commented" { "添加备注" }
                }))
            }
            @if reviewed.acts.iter().any(|act| act.kind.concerns_agency()) {
                details {
                    summary { "撤销处理" }
                    (form(reviewed, &html! {
                        label.wide { "原因 " textarea name="why" rows="2" maxlength="1000" {} }
                        button.button name="act" value="reopened" { "撤销退回或通过" }
                    }))
                }
            }
        }
    }
}

/// The findings with what was decided on each, to be chosen.
fn findings_form(reviewed: &Reviewed, is_lead: bool) -> Markup {
    let fields = html! {
        input type="hidden" name="about" value="findings";
        ul.choose {
            @for finding in &reviewed.report.review.findings { (choice(reviewed, finding)) }
        }
        label.wide { "理由 " input name="why" maxlength="1000" placeholder="不作为问题或豁免时必填"; }
        @if is_lead { label { "豁免至 " input type="date" name="until"; } }
        p.buttons {
            button.button name="act" value="confirmed" { "确认问题" }
            button.button name="act" value="dismissed" { "不作为问题" }
            @if is_lead { button.button name="act" value="waived" { "豁免" } }
            button.button name="act" value="reopened" { "撤销处理" }
        }
    };
    html! { details.decide { summary { "处理问题" } (form(reviewed, &fields)) } }
}

fn choice(reviewed: &Reviewed, finding: &Finding) -> Markup {
    let decision = reviewed.workflow.decision(finding);
    let is_open = reviewed.workflow.is_open(finding);
    html! {
        li.settled[!is_open] {
            label {
                input type="checkbox" name="finding" value=(token(&FindingReference::of(finding)));
                span {
                    span.severity data-severity=(super::finding::class(finding)) { (finding.judgement.label(finding.severity)) } " "
                    (labels::problem(&finding.rule).unwrap_or_default()) " " code { (finding.rule) }
                    @if let Some(decision) = decision {
                        " " span.decision { (decision.kind.title()) } " " span.quiet { (name_of(&decision.who)) }
                    } @else if finding.waiver.is_some() { " " span.decision { "规则已豁免" } }
                    span.quiet.message { (report::full_width_brackets(&finding.message)) }
                }
            }
        }
    }
}

/// A form that does something to this report, as its reviewer sees it now.
fn form(reviewed: &Reviewed, fields: &Markup) -> Markup {
    let report = &reviewed.report;
    html! {
        form.act method="post" action={ "/reports/" (report.key) "/reviews" } {
            input type="hidden" name="seen" value=(reviewed.seen());
            input type="hidden" name="version" value=(report.version.id);
            (fields)
        }
    }
}
