//! DOC-14: problems and measures.

use report::{Finding, FormId, RemarkKind, Report, SectionKind, Severity};

use crate::remarks::{at, empty, remarks};
use crate::sections::precedes_the_forms;
use crate::{BOTH, Case, Check, Rule};

/// DOC-14: 存在的主要问题及改进情况言之有物.
pub static DOC_14: Rule = Rule {
    id: "DOC-14",
    name: "problems-and-measures",
    severity: Severity::Warning,
    forms: BOTH,
    basis: "《条例》第五十条（四）：政府信息公开工作存在的主要问题及改进情况",
    formula: "第五部分≥10字，且写到问题的也写到措施",
    requirement: "存在的主要问题及改进情况言之有物",
    problem: "存在的问题及改进情况过于简略",
    hint: "请写明本年度存在的具体问题和改进措施。",
    since: "2026.13",
    check: Check::Report(check),
    cases: CASES,
};

fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    if precedes_the_forms(report) {
        return Vec::new();
    }
    if let Some(empty) = empty(report, SectionKind::Problems) {
        let what = match empty.text.as_str() {
            "" => "第五部分没有文字。".to_owned(),
            text => format!("第五部分只有“{}”，过于简略。", text.trim_end_matches('。')),
        };
        return vec![at(empty, rule.fails(report, Vec::new(), what))];
    }
    let remedy = |text: &str| remarks(report, RemarkKind::Remedy).find(|remark| remark.text == text);
    match (remedy("问题"), remedy("措施")) {
        (Some(problem), None) => {
            vec![at(problem, rule.fails(report, Vec::new(), "第五部分写了问题，没有写改进措施。"))]
        }
        _ => Vec::new(),
    }
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "remark=Remedy:问题"),
    Case::holds(FormId::F2021, "remark=Remedy:问题 remark=Remedy:措施"),
    Case::holds(FormId::F2021, "remark=Remedy:措施"),
    Case::fails(FormId::F2021, "remark=Empty:无。::5"),
    Case::holds(FormId::F2021, "remark=Empty:无。::6"),
    Case::holds(FormId::F2021, "form= year=2015 remark=Empty:无。::5"),
];
