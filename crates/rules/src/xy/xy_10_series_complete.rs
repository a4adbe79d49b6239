//! XY-10, which `survey` judges: series complete.

use report::{FormId, Severity};

use crate::{BOTH, Case, Check, Rule};

/// XY-10: 各年度报告连续，每年一份.
pub static XY_10: Rule = Rule {
    id: "XY-10",
    name: "series-complete",
    severity: Severity::Warning,
    forms: BOTH,
    basis: "《条例》第四十九条：每年提交并公布上一年度报告",
    formula: "首次报送以来的每一年度有且只有一份报告",
    requirement: "各年度报告连续，每年一份",
    problem: "缺少年度报告或者一年有多份",
    hint: "请补报缺少的年度，或者确认以哪一份为准。",
    since: "2026.13",
    check: Check::Agencies,
    cases: CASES,
};

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "滕州市公安局 year=2021 | 滕州市公安局 year=2024")
        .says("本机关此前年度的报告中缺少2022、2023年度的报告。请补报缺少的年度，或者确认以哪一份为准。"),
    Case::fails(FormId::F2021, "滕州市公安局 year=2021 | 山东省滕州市公安局 year=2021")
        .says("本机关2021年度有2份内容不同的报告。请补报缺少的年度，或者确认以哪一份为准。"),
    Case::holds(FormId::F2021, "滕州市公安局 year=2021 | 滕州市公安局 year=2022 | 市公安局 year=2023"),
];
