//! The parts of a finding that the report page and the regional page share.

use maud::{Markup, html};
use report::{Decimal, Finding, Judgement, Report, Waiver};

use crate::labels;

/// The class of a finding in the style sheet: its severity, or `unknown` where it cannot be judged.
pub(super) fn class(finding: &Finding) -> &'static str {
    match finding.judgement {
        Judgement::Fails => finding.severity.as_str(),
        Judgement::Unknown => "unknown",
    }
}

/// The severity of a finding, and the rule that made it.
pub(super) fn heading(finding: &Finding) -> Markup {
    html! {
        p.what {
            span.severity { (finding.judgement.label(finding.severity)) }
            code { a href={ "/rules#" (rule_id(&finding.rule)) } title="规则说明" { (finding.rule) } }
            @if let Some(problem) = labels::problem(&finding.rule) { span.quiet { (problem) } }
            @if finding.waiver.is_some() { span.severity { "已豁免" } }
        }
    }
}

/// The rule without the part of the report that it looked at: `T3-01` of `T3-01/…`.
fn rule_id(rule: &str) -> &str {
    rule.split('/').next().unwrap_or(rule)
}

/// Why a finding was waived.
pub(super) fn waiver(waiver: &Waiver) -> Markup {
    html! {
        p.notice { "已由 " b { (waiver.who) } " 豁免，不计入结论：" (waiver.why) "（有效期至 " (waiver.until) "）" }
    }
}

/// Both numbers by name; nothing where it is uncertain what they are, as the message says them too.
pub(super) fn sides(one: &Finding, report: &Report) -> Markup {
    let number = |value: Decimal| value.normalize().to_string();
    let numbers = one.left.zip(one.right).zip(render::sides(report, one));
    html! {
        @if let Some(((left, right), names)) = numbers {
            p.sides {
                (names.left) " " b { (number(left)) } "，" (names.right) " " b { (number(right)) }
                @if let Some(difference) = left.checked_sub(right) { "，相差 " b { (number(difference.abs())) } }
            }
        }
    }
}
