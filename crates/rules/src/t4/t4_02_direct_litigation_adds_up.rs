//! T4-02: direct litigation adds up.

use report::{EquationId, Finding, FormId, Report, Severity};

use super::t4_01_reviews_add_up::describe;
use crate::balance::{self};
use crate::basis::TABLE_FOUR;
use crate::{BOTH, Case, Check, Rule};

/// T4-02: 未经复议直接起诉各项之和等于总计.
pub static T4_02: Rule = Rule {
    id: "T4-02",
    name: "direct-litigation-adds-up",
    severity: Severity::Error,
    forms: BOTH,
    basis: TABLE_FOUR,
    formula: "direct_litigation.upheld + direct_litigation.corrected + direct_litigation.other + direct_litigation.pending = direct_litigation.total",
    requirement: "未经复议直接起诉各项之和等于总计",
    problem: "未经复议直接起诉各项之和与总计不等",
    hint: "请核对该组各项结果、尚未审结及总计后更正。",
    since: "2026.11",
    check: Check::Report(check),
    cases: CASES,
};

fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    balance::check(rule, report, EquationId::DirectLitigationAddsUp, describe)
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "direct_litigation.upheld=4 direct_litigation.other=4 direct_litigation.total=3").says("表四“行政诉讼/未经复议直接起诉”不平衡：结果维持4件+其他结果4件，合计8件；总计3件，相差5件。请核对该组各项结果、尚未审结及总计后更正。将表四“行政诉讼/未经复议直接起诉”组“总计”列由3改为8后，该表各组全部平衡。"),
    Case::holds(FormId::F2021, "direct_litigation.corrected=1 direct_litigation.total=1"),
    Case::fails(FormId::F2021, "direct_litigation.total=1"),
    Case::unknown(FormId::F2021, "direct_litigation.total=blank"),
    Case::fails(FormId::F2021, "direct_litigation.upheld=1.5 direct_litigation.total=2").says("表四“行政诉讼/未经复议直接起诉”不平衡：结果维持1.5件，合计1.5件；总计2件，相差0.5件。请核对该组各项结果、尚未审结及总计后更正。将表四“行政诉讼/未经复议直接起诉”组“结果维持”列由1.5改为2后，该表各组全部平衡。"),
];
