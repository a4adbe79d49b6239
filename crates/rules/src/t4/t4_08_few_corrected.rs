//! T4-08: few corrected.

use report::{Decimal, Finding, FormId, Report, Severity};

use crate::place::number;
use crate::{BOTH, Case, Check, Rule};

/// T4-08: 行政复议纠正率不过半.
pub static T4_08: Rule = Rule {
    id: "T4-08",
    name: "few-corrected",
    severity: Severity::Info,
    forms: BOTH,
    basis: "《条例》第五十一条：公民、法人或者其他组织可以依法申请行政复议",
    formula: "review.corrected ÷ (review.total − review.pending) ≤ 50%，审结3件以上的",
    requirement: "行政复议纠正率不过半",
    problem: "行政复议纠正率过半",
    hint: "请分析被纠正的原因，在“五、存在的主要问题及改进情况”中说明改进措施。",
    since: "2026.13",
    check: Check::Report(check),
    cases: CASES,
};

/// A share of fewer closed cases says nothing.
const CLOSED_ENOUGH: u32 = 3;

/// A high share is a sign of risk and no fault of the report.
fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    let Some(form) = report.cells.form() else { return Vec::new() };
    let cell =
        |column| form.litigation_cell("review", column).and_then(|id| Some((id, report.cells.value(id)?)));
    let (Some((id, corrected)), Some((pending_id, pending)), Some((total_id, total))) =
        (cell("corrected"), cell("pending"), cell("total"))
    else {
        return Vec::new();
    };
    let closed = total.saturating_sub(pending);
    let is_few = closed < Decimal::from(CLOSED_ENOUGH) || corrected > closed;
    if is_few || corrected.saturating_add(corrected) <= closed {
        return Vec::new();
    }
    let what =
        format!("表四行政复议审结{}件，其中结果纠正{}件，超过一半。", number(closed), number(corrected));
    let (left, right) = (Some(corrected), Some(closed));
    vec![Finding { left, right, ..rule.fails(report, vec![id, pending_id, total_id], what) }]
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "review.corrected=3 review.total=5"),
    Case::holds(FormId::F2021, "review.corrected=3 review.pending=3 review.total=9"),
    Case::fails(FormId::F2021, "review.corrected=3 review.pending=4 review.total=9"),
    Case::holds(FormId::F2021, "review.corrected=3 review.total=blank"),
    Case::holds(FormId::F2021, "review.corrected=2 review.total=2"),
    Case::fails(FormId::F2021, "review.corrected=2 review.upheld=1 review.total=3"),
    Case::holds(FormId::F2021, "review.corrected=4 review.total=3"),
    Case::holds(FormId::F2021, "review.corrected=2 review.upheld=2 review.total=4"),
];
