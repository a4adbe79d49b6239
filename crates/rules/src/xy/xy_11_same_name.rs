//! XY-11, which `survey` judges: same name.

use report::{FormId, Severity};

use crate::basis::REPORT_OF_A_DEPARTMENT;
use crate::{BOTH, Case, Check, Rule};

/// XY-11: 机关更名、合并的，与更名前的报告衔接.
pub static XY_11: Rule = Rule {
    id: "XY-11",
    name: "same-name",
    severity: Severity::Info,
    forms: BOTH,
    basis: REPORT_OF_A_DEPARTMENT,
    formula: "同一机关两年的报告所署名称相同",
    requirement: "机关更名、合并的，与更名前的报告衔接",
    problem: "机关名称与以往年度不同",
    hint: "请确认上年结转等数字已与更名、合并前的报告衔接。",
    since: "2026.13",
    check: Check::Agencies,
    cases: CASES,
};

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "roster 滕州市教育和体育局::滕州市教育局 | 滕州市教育局 year=2021 | 滕州市教育和体育局 year=2022").says("本机关2021年度的报告所署名称为“滕州市教育局”，本年度为“滕州市教育和体育局”。请确认上年结转等数字已与更名、合并前的报告衔接。"),
    Case::holds(FormId::F2021, "roster 滕州市教育和体育局::滕州市教育局 | 滕州市教育和体育局 year=2021 | 滕州市教育和体育局 year=2022"),
];
