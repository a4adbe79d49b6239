//! AGG-02, which `survey` judges: scope stated.

use report::{FormId, Severity};

use crate::basis::REPORT_OF_A_GOVERNMENT;
use crate::{BOTH, Case, Check, Rule};

/// AGG-02: 有下级机关的，写明统计口径.
pub static AGG_02: Rule = Rule {
    id: "AGG-02",
    name: "scope-stated",
    severity: Severity::Info,
    forms: BOTH,
    basis: REPORT_OF_A_GOVERNMENT,
    formula: "有下级机关的报告写明“全市（县、区）”或“本机关”，各处说法一致，与机关名录一致",
    requirement: "有下级机关的，写明统计口径",
    problem: "统计口径没有写明或者说法不一",
    hint: "请在报告中写明数字是全部下级的汇总数，还是本机关的数字。",
    since: "2026.13",
    check: Check::Agencies,
    cases: CASES,
};

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(
        FormId::F2021,
        "滕州市公安局 received=3 | 滕州市教育局 received=4 | 滕州市人民政府 received=1",
    )
    .says("本机关有下级机关，报告未写明统计口径。请在报告中写明数字是全部下级的汇总数，还是本机关的数字。"),
    Case::holds(
        FormId::F2021,
        "滕州市公安局 received=3 | 滕州市教育局 received=4 | 滕州市人民政府 says=本机关 received=1",
    ),
];
