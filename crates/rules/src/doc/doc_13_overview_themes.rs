//! DOC-13: overview themes.

use report::{Finding, FormId, RemarkKind, Report, SectionKind, Severity};

use crate::agency::{Class, class};
use crate::place::quoted;
use crate::remarks::{FIRST_YEAR_WITH_FEE, has, has_one, is_from};
use crate::{Case, Check, ONLY_2021, Rule};

/// DOC-13: 总体情况写全五个方面.
pub static DOC_13: Rule = Rule {
    id: "DOC-13",
    name: "overview-themes",
    severity: Severity::Warning,
    forms: ONLY_2021,
    basis: "国办公开办函〔2021〕30号一（一）：总体情况包括主动公开、依申请公开、政府信息管理、平台建设、监督保障；《条例》第五十条（四）",
    formula: "第一部分写到主动公开、依申请公开、政府信息管理、平台建设、监督保障；各级人民政府的报告另有工作考核、社会评议、责任追究之一",
    requirement: "总体情况写全五个方面",
    problem: "总体情况未写全规定的方面",
    hint: "请在第一部分补写，没有发生的也应当说明。",
    since: "2026.13",
    check: Check::Report(check),
    cases: CASES,
};

const THEMES: [&str; 5] = ["主动公开", "依申请公开", "政府信息管理", "平台建设", "监督保障"];

const DUTIES: [&str; 3] = ["工作考核", "社会评议", "责任追究"];

/// A shorter overview may be the beginning of a text of which the rest was lost.
const WHOLE_OVERVIEW: u32 = 100;

/// Checks nothing where the first three parts are absent or doubled, since DOC-07 reports that.
fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    let overview = report.sections.iter().find(|section| section.kind == Some(SectionKind::Overview));
    let is_readable = is_from(report, FIRST_YEAR_WITH_FEE)
        && has_one(report, SectionKind::Overview)
        && has_one(report, SectionKind::Active)
        && has_one(report, SectionKind::Requests);
    let Some(overview) = overview.filter(|_| is_readable) else { return Vec::new() };
    let missing: Vec<&str> =
        THEMES.into_iter().filter(|theme| !has(report, RemarkKind::Theme, theme)).collect();
    let is_government = report.agency.as_deref().is_some_and(|agency| {
        class(agency) == Class::Government && !agency.ends_with("委员会") && !agency.ends_with("管委会")
            || agency.ends_with("人民政府")
    });
    let lacks_duties = is_government && !DUTIES.iter().any(|duty| has(report, RemarkKind::Theme, duty));
    let mut what = Vec::new();
    if !missing.is_empty() {
        what.push(format!("总体情况没有写到{}", quoted(missing, "个方面")));
    }
    if lacks_duties {
        what.push("政府的报告没有写到工作考核、社会评议和责任追究结果".to_owned());
    }
    if what.is_empty() {
        return Vec::new();
    }
    let what = format!("{}。", what.join("；"));
    let finding = if overview.chars < WHOLE_OVERVIEW {
        let message = format!("第一部分只有{}字，{what}不能确定是否为全文，请核对后补写。", overview.chars);
        rule.unknown(report, Vec::new(), message)
    } else {
        rule.fails(report, Vec::new(), what)
    };
    vec![Finding { origin: Some(overview.origin), ..finding }]
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "unsaid=Theme:依申请公开 unsaid=Theme:监督保障")
        .says("总体情况没有写到“依申请公开”、“监督保障”。请在第一部分补写，没有发生的也应当说明。"),
    Case::fails(FormId::F2021, "unsaid=Theme:依申请公开"),
    Case::unknown(FormId::F2021, "unsaid=Theme:依申请公开 brief=1"),
    Case::holds(FormId::F2021, "unsaid=Theme sections=1,1,2,3,4,5,6"),
    Case::holds(FormId::F2019, "unsaid=Theme"),
    Case::fails(FormId::F2021, "agency=枣庄市人民政府"),
    Case::holds(FormId::F2021, "agency=枣庄市人民政府 remark=Theme:工作考核"),
    Case::unknown(FormId::F2021, "unsaid=Theme:平台建设 brief=1:99"),
    Case::fails(FormId::F2021, "unsaid=Theme:平台建设 brief=1:100"),
];
