//! NAR-08: decisions.

use report::{Finding, FormId, Report, Severity};

use super::agreement::{self, Topic};
use crate::basis::ACCURATE;
use crate::{BOTH, Case, Check, Rule};

/// NAR-08: 正文行政许可、行政处罚、行政强制的件数与表二一致.
pub static NAR_08: Rule = Rule {
    id: "NAR-08",
    name: "decisions",
    severity: Severity::Warning,
    forms: BOTH,
    basis: ACCURATE,
    formula: "正文作出行政许可、行政处罚、行政强制N件：N=表二处理决定数量",
    requirement: "正文行政许可、行政处罚、行政强制的件数与表二一致",
    problem: "正文行政许可、行政处罚、行政强制的件数与表二不一致",
    hint: "请核对正文与表二，口径不同的加以说明。",
    since: "2026.13",
    check: Check::Report(check),
    cases: CASES,
};

fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    agreement::check(rule, report, Topic::Decisions)
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "claim=1件@active.penalty.decisions"),
    Case::holds(FormId::F2021, "claim=694件@active.licensing.decisions active.licensing.decisions=694"),
    Case::unknown(FormId::F2021, "claim=1件@active.coercion.decisions active.coercion.decisions=blank"),
    Case::unknown(FormId::F2021, "claim=7件@active.licensing.decisions active.licensing.decisions=blank").says("正文称“正文7件”，而表二“行政许可”行“本年处理决定数量”列没有可用的数字，无法核对。请补填表二后重新核对。"),
];
