//! T4-07: disputes follow requests.

use report::{CellId, Finding, FormId, Report, Severity, Table};

use crate::basis::FORMS;
use crate::place::number;
use crate::years::Pair;
use crate::{BOTH, Case, Check, Rule};

/// T4-07: 复议、诉讼不多于本年和上年办结的申请.
pub static T4_07: Rule = Rule {
    id: "T4-07",
    name: "disputes-follow-requests",
    severity: Severity::Warning,
    forms: BOTH,
    basis: FORMS,
    formula: "review.total + direct_litigation.total + litigation_after_review.total ≤ concluded.total(本年) + concluded.total(上年)；\
                  仅因复议后起诉而超过的，只作提示",
    requirement: "复议、诉讼不多于本年和上年办结的申请",
    problem: "复议、诉讼多于本年和上年办结的申请",
    hint: "请核对表四是否计入了与政府信息公开无关的案件。",
    since: "2026.13",
    check: Check::Years(check),
    cases: CASES,
};

/// Litigation after a review counts the same dispute twice, so an excess by it alone is only information.
fn check(rule: &Rule, report: &Report, last: &Report) -> Vec<Finding> {
    let judge = || {
        let pair = Pair::of(report, last, Table::Requests)?;
        let (concluded_id, now, before) = pair.both("requests.concluded.total")?;
        let groups: Vec<CellId> = pair
            .form
            .litigation_groups
            .iter()
            .filter_map(|group| pair.form.litigation_cell(group.id, "total"))
            .collect();
        let [review, direct, after] = groups[..] else { return None };
        let first = pair.now(review)?.saturating_add(pair.now(direct)?);
        let disputes = first.saturating_add(pair.now(after)?);
        let concluded = now.saturating_add(before);
        if disputes <= concluded {
            return None;
        }
        let what = format!(
            "表四行政复议、行政诉讼共{}件，多于本年办结的申请{}件与{}办结的{}件之和。",
            number(disputes),
            number(now),
            pair.last_report(),
            number(before)
        );
        let severity = if first > concluded { rule.severity } else { Severity::Info };
        let finding = rule.fails(report, vec![review, direct, after, concluded_id], what);
        let finding = Finding { severity, ..finding };
        Some(pair.against(finding, &[concluded_id], Some(disputes), Some(concluded)))
    };
    judge().into_iter().collect()
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "review.total=3 requests.concluded.total=1 last: requests.concluded.total=1"),
    Case::holds(FormId::F2021, "review.total=2 requests.concluded.total=1 last: requests.concluded.total=1"),
    Case::holds(
        FormId::F2021,
        "review.total=3 requests.concluded.total=1 last: requests.concluded.total=blank",
    ),
];
