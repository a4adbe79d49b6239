//! AGG-03, which `survey` judges: part within whole.

use report::{FormId, Severity};

use crate::basis::ACCURATE;
use crate::{BOTH, Case, Check, Rule};

/// AGG-03: 下级的数字不大于上级的汇总数.
pub static AGG_03: Rule = Rule {
    id: "AGG-03",
    name: "part-within-whole",
    severity: Severity::Warning,
    forms: BOTH,
    basis: ACCURATE,
    formula: "下级各格 ≤ 上级（汇总口径）同格",
    requirement: "下级的数字不大于上级的汇总数",
    problem: "下级的数字大于上级的汇总数",
    hint: "请与上级机关核对后，由数字有误的一方更正。",
    since: "2026.13",
    check: Check::Agencies,
    cases: CASES,
};

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "滕州市公安局 received=3 | 滕州市教育局 received=4 | 滕州市人民政府 says=全市 received=3").says("表三“一、本年新收政府信息公开申请数量”行“总计”列为4，大于上级“滕州市人民政府”汇总报告的3。请与上级机关核对后，由数字有误的一方更正。"),
    Case::holds(FormId::F2021, "滕州市公安局 received=3 | 滕州市教育局 received=4 | 滕州市人民政府 says=全市 received=4"),
];
