//! DOC-01: title complete.

use report::{Finding, FormId, Report, Severity};

use crate::basis::REPORT_FORMAT;
use crate::remarks::{BREAKS, TITLE, has_lost, lost};
use crate::{BOTH, Case, Check, Rule};

/// DOC-01: 标题写明机关全称和年度.
pub static DOC_01: Rule = Rule {
    id: "DOC-01",
    name: "title-complete",
    severity: Severity::Error,
    forms: BOTH,
    basis: REPORT_FORMAT,
    formula: "标题中的机关名称、年度均可识别",
    requirement: "标题写明机关全称和年度",
    problem: "标题、机关名称或者年度不全",
    hint: "请按“机关全称＋年度＋政府信息公开工作年度报告”补全标题。",
    since: "2026.11",
    check: Check::Report(check),
    cases: CASES,
};

fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    let parts = [
        ("标题", report.title.is_none()),
        ("机关名称", report.agency.is_none()),
        ("报告年度", report.year.is_none()),
    ];
    let missing: Vec<&str> =
        parts.into_iter().filter(|(_, is_missing)| *is_missing).map(|(part, _)| part).collect();
    if missing.is_empty() {
        return Vec::new();
    }
    if report.title.is_none() && (has_lost(report, TITLE) || has_lost(report, BREAKS)) {
        let message = format!(
            "未能识别出{}，这份文件在复制或者转换时可能丢失了标题，无法判断。请以原文件核对。",
            missing.join("、")
        );
        return vec![lost(rule, report, &message)];
    }
    let title = report.title.as_ref().map_or(String::new(), |title| format!("（标题为“{title}”）"));
    vec![rule.fails(report, Vec::new(), format!("报告未能识别出{}{title}。", missing.join("、")))]
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "title="),
    Case::holds(FormId::F2021, "year=2024"),
    Case::fails(FormId::F2021, "agency="),
    Case::fails(FormId::F2021, "year="),
    Case::unknown(FormId::F2021, "title= agency= remark=Lost:标题"),
    Case::unknown(FormId::F2021, "title= remark=Lost:分行"),
    Case::fails(FormId::F2021, "agency= remark=Lost:分行"),
];
