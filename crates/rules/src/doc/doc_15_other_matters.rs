//! DOC-15: other matters.

use report::{Finding, FormId, Remark, Report, SectionKind, Severity};

use crate::basis::FEE;
use crate::remarks::{FIRST_YEAR_WITH_FEE, at, empty, is_from};
use crate::sections::precedes_the_forms;
use crate::{BOTH, Case, Check, Rule};

/// DOC-15: 其他需要报告的事项不为空.
pub static DOC_15: Rule = Rule {
    id: "DOC-15",
    name: "other-matters",
    severity: Severity::Warning,
    forms: BOTH,
    basis: FEE,
    formula: "第六部分有文字；2021年度起不只写“无”",
    requirement: "其他需要报告的事项不为空",
    problem: "第六部分没有实际内容",
    hint: "请在第六部分说明收取信息处理费的情况，未收取的也应当说明。",
    since: "2026.13",
    check: Check::Report(check),
    cases: CASES,
};

/// Before 2021, 无 was a sufficient answer.
fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    let Some(empty) = empty(report, SectionKind::Other).filter(|_| !precedes_the_forms(report)) else {
        return Vec::new();
    };
    let what = match empty.text.as_str() {
        "" => "第六部分没有文字。".to_owned(),
        _ if !is_from(report, FIRST_YEAR_WITH_FEE) || speaks_of_fee(empty) => return Vec::new(),
        text => format!("第六部分只有“{}”，没有说明收取信息处理费的情况。", text.trim_end_matches('。')),
    };
    vec![at(empty, rule.fails(report, Vec::new(), what))]
}

fn speaks_of_fee(empty: &Remark) -> bool {
    empty.text.contains('费')
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "remark=Empty:无。::6"),
    Case::holds(FormId::F2021, "remark=Empty:未收处理费::6"),
    Case::holds(FormId::F2019, "remark=Empty:无。::6"),
    Case::fails(FormId::F2019, "remark=Empty:::6"),
];
