//! AGG-01, which `survey` judges: whole is its parts.

use report::{FormId, Severity};

use crate::basis::REPORT_OF_A_GOVERNMENT;
use crate::{BOTH, Case, Check, Rule};

/// AGG-01: 汇总口径的数字与下级合计一致.
pub static AGG_01: Rule = Rule {
    id: "AGG-01",
    name: "whole-is-its-parts",
    severity: Severity::Warning,
    forms: BOTH,
    basis: REPORT_OF_A_GOVERNMENT,
    formula: "上级（汇总口径）各格 ≥ Σ下级同格；名录所列下级（含本级办公室）全部报送的，上级 = Σ下级",
    requirement: "汇总口径的数字与下级合计一致",
    problem: "汇总数与下级合计不一致",
    hint: "请与下级机关逐项核对后更正，或者更正统计口径的说明。",
    since: "2026.13",
    check: Check::Agencies,
    cases: CASES,
};

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "滕州市公安局 received=3 | 滕州市教育局 received=4 | 滕州市人民政府 says=全市 received=3").says("本报告统计口径为汇总，表三“一、本年新收政府信息公开申请数量”行“总计”列为3，而所属2个机关的报告合计已有7，汇总数少于下级合计。请与下级机关逐项核对后更正，或者更正统计口径的说明。"),
    Case::holds(FormId::F2021, "滕州市公安局 received=3 | 滕州市教育局 received=4 | 滕州市人民政府 says=全市 received=7"),
    Case::unknown(FormId::F2021, "roster 滕州市人民政府:汇总 滕州市人民政府办公室 滕州市公安局 滕州市教育局 | 滕州市公安局 received=3 | 滕州市人民政府 says=全市 received=9").says("本报告统计口径为汇总，所属机关中有“滕州市人民政府办公室”、“滕州市教育局”2个机关没有报告可供核对，无法核对汇总数是否等于下级合计（表三“一、本年新收政府信息公开申请数量”行“总计”列为9，已报合计3）。请待报齐后重新核对。"),
];
