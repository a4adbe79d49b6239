//! The findings of the comparison of the reports of a region with each other.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use maud::{Markup, html};
use render::form_layout::full_width_brackets;
use report::{Against, Finding, Judgement, Severity, Year};
use rules::doc::DOC_04;
use rules::sim::SIM_02;
use survey::Member;

use super::lists::{MAX_ROWS, counts};
use super::selection::Selection;
use crate::labels;
use crate::pages::finding;
use crate::pages::layout::badge;
use crate::params::Params;
use crate::regional::Comparison;

pub(super) fn comparison(comparison: Option<&Comparison>, selection: &Selection) -> Markup {
    html! {
        section.card #survey {
            h2 { "机关之间的比对" }
            @match comparison {
                None => {
                    p { "对照本地区各机关的报告：上下级数字、相同的文字和文件、与同类机关相差悬殊的数字、历年走势。" }
                    p.actions { a.button href={ (selection.address("/regions", &[("survey", "true")])) "#survey" } { "开始比对" } }
                }
                Some(comparison) => (results(comparison, selection)),
            }
        }
    }
}

/// A report with those of its findings that are shown, the most important first.
struct Compared<'a> {
    member: &'a Member,
    findings: Vec<&'a Finding>,
}

impl Compared<'_> {
    fn importance(&self) -> Importance {
        self.findings.first().map_or(Importance::Waived, |finding| Importance::of(finding))
    }
}

/// How much attention a finding needs, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Importance {
    Waived,
    /// Worth knowing, or cannot be judged.
    Hint,
    Warning,
    Error,
}

impl Importance {
    fn of(finding: &Finding) -> Self {
        match (finding.waiver.is_some(), finding.judgement, finding.severity) {
            (true, ..) => Self::Waived,
            (_, Judgement::Unknown, _) | (_, _, Severity::Info) => Self::Hint,
            (_, _, Severity::Warning) => Self::Warning,
            (_, _, Severity::Error) => Self::Error,
        }
    }
}

fn results(comparison: &Comparison, selection: &Selection) -> Markup {
    let of_year = |member: &&Member| member.year == Some(selection.year);
    let members: Vec<&Member> = comparison.members.iter().filter(of_year).collect();
    let compared = compared(comparison, &members, selection);
    let (serious, hints) =
        compared.split_at(compared.partition_point(|one| one.importance() > Importance::Hint));
    let keys = Keys::of(&comparison.members);
    let all = selection.address("/api/v1/survey", &[]);
    html! {
        (counts(&[("比对的年度报告", members.len()), ("有错误或警告", serious.len()), ("只有提示", hints.len())]))
        (rules_found(comparison, &members, selection))
        (reports(serious, &keys, &all))
        @if !hints.is_empty() {
            details.list open[serious.is_empty() && selection.rule.is_some()] {
                summary { "只有提示的年度报告 " b { (hints.len()) } }
                (reports(hints, &keys, &all))
            }
        }
    }
}

/// The reports with findings of the selected rule, or of any, the most important first.
fn compared<'a>(
    comparison: &'a Comparison,
    members: &[&'a Member],
    selection: &Selection,
) -> Vec<Compared<'a>> {
    let is_selected = |finding: &&Finding| selection.rule.as_ref().is_none_or(|rule| *rule == finding.rule);
    let mut compared: Vec<Compared> = Vec::new();
    for member in members {
        let findings = comparison.findings.get(&member.key).into_iter().flatten();
        let mut findings: Vec<&Finding> = findings.filter(is_selected).collect();
        findings.sort_by_key(|finding| Reverse(Importance::of(finding)));
        if !findings.is_empty() {
            compared.push(Compared { member, findings });
        }
    }
    compared.sort_by_cached_key(|one| {
        let region = one.member.region.as_ref().map(|region| region.code.clone());
        (Reverse(one.importance()), region, one.member.agency.clone(), one.member.key.clone())
    });
    compared
}

/// The rules with findings and the number of reports of each; a rule selects its findings.
fn rules_found(comparison: &Comparison, members: &[&Member], selection: &Selection) -> Markup {
    let mut by_rule: BTreeMap<&str, usize> = BTreeMap::new();
    for member in members {
        let findings = comparison.findings.get(&member.key).into_iter().flatten();
        let rules: BTreeSet<&str> = findings.map(|finding| finding.rule.as_str()).collect();
        rules.into_iter().for_each(|rule| *by_rule.entry(rule).or_default() += 1);
    }
    html! {
        @if by_rule.is_empty() {
            p.notice.good { "没有发现机关之间的问题。" }
        } @else {
            ul.rules aria-label="按规则查看" {
                @for (rule, count) in &by_rule {
                    @let is_on = selection.rule.as_deref() == Some(*rule);
                    @let more = [("survey", "true"), ("rule", *rule)];
                    li { a href={ (selection.address("/regions", if is_on { &more[..1] } else { &more })) "#survey" } aria-current=[is_on.then_some("true")] {
                        code { (rule) } " " (labels::problem(rule).unwrap_or_default()) " " b { (count) }
                    } }
                }
            }
        }
    }
}

fn reports(compared: &[Compared], keys: &Keys, all: &str) -> Markup {
    html! {
        ol.compared {
            @for Compared { member, findings } in compared.iter().take(MAX_ROWS) {
                li {
                    h3 {
                        a href={ "/reports/" (member.key) } { (member.agency.as_deref().unwrap_or("未写明机关")) }
                        " " (badge(member.verdict))
                        span.quiet { "　" (member.region.as_ref().map_or("地区未确定", |region| &region.name)) }
                        a.letter.screen href={ "/api/v1/reports/" (member.key) "/letter?across=true" } { "整改意见" }
                    }
                    ul.findings { @for finding in findings { (item(member, finding, keys)) } }
                }
            }
        }
        @if compared.len() > MAX_ROWS { p.quiet { "只列出前" (MAX_ROWS) "份，" a href=(all) { "全部数据" } "可从接口取得。" } }
    }
}

fn item(member: &Member, one: &Finding, keys: &Keys) -> Markup {
    html! {
        li.finding.waived[one.waiver.is_some()] data-severity=(finding::class(one)) data-cells="" {
            (finding::heading(one))
            p.message { (full_width_brackets(&one.message)) }
            @if let Some(other) = &one.against { (against(member, one, other, keys)) }
            @if let Some(waiver) = &one.waiver { (finding::waiver(waiver)) }
        }
    }
}

/// Links to the other report and, where both share a passage, to the passage in each.
fn against(member: &Member, finding: &Finding, other: &Against, keys: &Keys) -> Markup {
    let agency = other.agency.as_deref().unwrap_or_default();
    let year = other.year.map(|year| format!("{year}年度报告")).unwrap_or_default();
    let key = keys.get(agency, other.year);
    let passage = passage(&finding.message).filter(|_| SIM_02.made(finding) || DOC_04.made(finding));
    let search = |passage: &str| Params::default().with("q", &format!("\"{passage}\""));
    let address = |key: &str, passage: &str| search(passage).address(&format!("/reports/{key}"));
    html! {
        p.quiet { "对照：" @match key { Some(key) => a href={ "/reports/" (key) } { (agency) (year) }, None => { (agency) (year) } } }
        @if let (Some(key), Some(passage)) = (key, passage) {
            dl.beside {
                div { dt { a href={ (address(&member.key, passage)) "#text" } { "在本报告中查看" } } dd { mark { (passage) } } }
                div { dt { a href={ (address(key, passage)) "#text" } { "在对照的报告中查看" } } dd { mark { (passage) } } }
            }
        }
    }
}

/// The key of the report of an agency for a year; none where several reports share both.
struct Keys<'a>(HashMap<(&'a str, Option<Year>), Option<&'a str>>);

impl<'a> Keys<'a> {
    fn of(members: &'a [Member]) -> Self {
        let mut keys = HashMap::new();
        for member in members {
            let Some(agency) = member.agency.as_deref() else { continue };
            let key = keys.entry((agency, member.year)).or_insert(Some(member.key.as_str()));
            if *key != Some(&member.key) {
                *key = None;
            }
        }
        Self(keys)
    }

    fn get(&self, agency: &str, year: Option<Year>) -> Option<&'a str> {
        self.0.get(&(agency, year)).copied().flatten()
    }
}

/// The last quotation of a message, without the dots that say that it goes on.
fn passage(message: &str) -> Option<&str> {
    let (before, _) = message.rsplit_once('”')?;
    let (_, quoted) = before.rsplit_once('“')?;
    Some(quoted.trim_end_matches('…')).filter(|quoted| !quoted.is_empty() && !quoted.contains('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_passage_is_the_last_quotation() {
        let check =
            |message: &str, expected: Option<&str>| assert_eq!(passage(message), expected, "{message}");
        check(
            "正文约80%的文字与“甲市财政局”同年度报告相同，如“坚持公开为常态……”。请补充。",
            Some("坚持公开为常态"),
        );
        check("相同的文字中留有“甲市财政局”的名称：“甲市财政局高度重视。”。", Some("甲市财政局高度重视。"));
        check("没有引文。", None);
        check("如“……”。", None);
        check("”倒着写“", None);
    }
}
