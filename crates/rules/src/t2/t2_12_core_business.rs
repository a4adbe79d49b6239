//! T2-12: core business.

use report::{Finding, FormId, Report, Severity};

use super::rows::filled;
use crate::body::{self};
use crate::{BOTH, Case, Check, Rule};

/// T2-12: 本职的行政行为不为0.
pub static T2_12: Rule = Rule {
    id: "T2-12",
    name: "core-business",
    severity: Severity::Warning,
    forms: BOTH,
    basis: "《条例》第二十条第（五）、（六）项：公开行政许可、行政处罚的结果",
    formula: "行政审批局：licensing.decisions > 0；公安、市场监管、城管执法、税务机关：penalty.decisions > 0",
    requirement: "本职的行政行为不为0",
    problem: "本职的行政行为为0",
    hint: "请核对是否漏填或者按其他口径统计；确未发生的，请在报送时说明。",
    since: "2026.13",
    check: Check::Report(check),
    cases: CASES,
};

fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    let Some((row_id, business)) = report.agency.as_deref().and_then(body::core_business) else {
        return Vec::new();
    };
    filled(report, ["decisions"])
        .filter(|(row, [decisions])| row.id == row_id && decisions.is_zero())
        .map(|(row, _)| {
            let cells = row.cells.iter().map(|(id, _)| *id).filter(|id| id.as_str().ends_with(".decisions"));
            let what = format!("{business}的“{}”处理决定数量为0。", row.label);
            rule.fails(report, cells.collect(), what)
        })
        .collect()
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "active.licensing.decisions=0"),
    Case::holds(FormId::F2021, "active.licensing.decisions=0 agency=枣庄市教育局"),
    Case::fails(FormId::F2019, "agency=某市公安局"),
    Case::holds(FormId::F2021, "active.penalty.decisions=9 agency=武汉市公安局青山分局"),
    Case::holds(FormId::F2021, "active.licensing.decisions=blank"),
];
