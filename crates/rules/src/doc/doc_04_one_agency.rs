//! DOC-04: one agency.

use report::{Finding, FormId, Remark, RemarkKind, Report, Severity, Source, Stated};

use crate::agency::{Class, class, may_be_same};
use crate::place::quoted;
use crate::{BOTH, Case, Check, Rule};

/// DOC-04: 标题、正文、落款为同一机关.
pub static DOC_04: Rule = Rule {
    id: "DOC-04",
    name: "one-agency",
    severity: Severity::Warning,
    forms: BOTH,
    basis: "《条例》第四十九条：行政机关公布本机关的年度报告",
    formula: "标题、正文、落款所称机关为同一机关；正文没有以其他机关为主语或称其他行业“工作实际”的语句",
    requirement: "标题、正文、落款为同一机关",
    problem: "标题、正文、落款的机关不一致",
    hint: "请核对是否套用了其他机关的文字。",
    since: "2026.12",
    check: Check::Report(check),
    cases: CASES,
};

fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    let stated = stated_agree(rule, report);
    if stated.is_empty() { strangers(rule, report) } else { stated }
}

/// Compares the names that the report gives its agency. It ignores the page, which another agency may
/// publish, and the name of the file.
fn stated_agree(rule: &Rule, report: &Report) -> Vec<Finding> {
    let is_own = |stated: &&Stated<String>| {
        matches!(stated.source, Source::Title | Source::Narrative | Source::Signature)
    };
    let stated: Vec<&Stated<String>> = report.stated_agencies.iter().filter(is_own).collect();
    let Some(first) = stated.first().filter(|first| first.source == Source::Title) else { return Vec::new() };
    let Some(other) = stated.iter().find(|other| !may_be_same(&first.value, &other.value)) else {
        return Vec::new();
    };
    let places: Vec<String> =
        stated.iter().map(|stated| format!("{}为“{}”", stated.source.title(), stated.value)).collect();
    let what = format!("报告各处的机关名称不一致：{}。", places.join("，"));
    vec![Finding { origin: other.origin.or(first.origin), ..rule.fails(report, Vec::new(), what) }]
}

/// Finds names and trades of other agencies that were left in a copied text. It skips governments, which
/// write about all their departments.
fn strangers(rule: &Rule, report: &Report) -> Vec<Finding> {
    let Some(own) = report.agency.as_deref().filter(|own| class(own) != Class::Government) else {
        return Vec::new();
    };
    let is_stranger = |remark: &&Remark| {
        let is_trade = remark.text.ends_with("实际");
        remark.kind == RemarkKind::Stranger && (is_trade || !may_be_same(own, &remark.text))
    };
    let strangers: Vec<&Remark> = report.remarks.iter().filter(is_stranger).collect();
    let Some(first) = strangers.first() else { return Vec::new() };
    let mut names: Vec<&str> = strangers.iter().map(|remark| remark.text.as_str()).collect();
    names.dedup();
    let what = format!("“{own}”的报告正文出现了属于其他机关的文字：{}。", quoted(names, "处"));
    vec![Finding { origin: Some(first.origin), ..rule.fails(report, Vec::new(), what) }]
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "called=Signature:枣庄市信访局"),
    Case::holds(FormId::F2021, "called=Signature:枣庄市审批服务局 called=Narrative:市行政审批服务局"),
    Case::holds(FormId::F2021, "called=Page:枣庄市人民政府办公室 called=FileName:某局"),
    Case::fails(FormId::F2021, "called=Narrative:薛城区教育局"),
    Case::fails(FormId::F2021, "remark=Stranger:根据信访工作实际"),
    Case::fails(FormId::F2021, "remark=Stranger:薛城区人民政府办公室"),
    Case::holds(FormId::F2021, "remark=Stranger:山东省枣庄市行政审批服务局"),
    Case::holds(FormId::F2021, "agency=枣庄市人民政府 remark=Stranger:枣庄市教育局"),
];
