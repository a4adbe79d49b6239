//! AGG-04, which `survey` judges: on the roster in time.

use report::{FormId, Severity};

use crate::basis::REPORT_OF_A_DEPARTMENT;
use crate::{BOTH, Case, Check, Rule};

/// AGG-04: 名录所列机关按时报送.
pub static AGG_04: Rule = Rule {
    id: "AGG-04",
    name: "on-the-roster-in-time",
    severity: Severity::Info,
    forms: BOTH,
    basis: REPORT_OF_A_DEPARTMENT,
    formula: "报送（公布）日期 ≤ 名录的截止日期；报送机关 ∈ 名录",
    requirement: "名录所列机关按时报送",
    problem: "没有按时报送或者不在机关名录",
    hint: "请核对报送日期和机关名录。",
    since: "2026.13",
    check: Check::Agencies,
    cases: CASES,
};

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "roster 滕州市公安局 | 滕州市公安局 published=2025-02-18")
        .says("报告于2025年2月18日公布，晚于截止日期2025年1月31日。请核对报送日期和机关名录。"),
    Case::fails(FormId::F2021, "roster 滕州市公安局 | 滕州市文旅局")
        .says("“滕州市文旅局”不在机关名录中，或者与名录中的多个机关同名。请核对报送日期和机关名录。"),
    Case::holds(FormId::F2021, "roster 滕州市公安局 | 滕州市公安局 published=2025-01-31"),
];
