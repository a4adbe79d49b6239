//! XY-06: pending resolved.

use report::{Finding, FormId, Line, Report, Severity, Table};

use crate::place::number;
use crate::years::Pair;
use crate::{BOTH, Case, Check, Rule};

/// XY-06: 上年尚未审结的案件在本年有着落.
pub static XY_06: Rule = Rule {
    id: "XY-06",
    name: "pending-resolved",
    severity: Severity::Info,
    forms: BOTH,
    basis: "国办公开办函〔2021〕30号、〔2019〕60号所附格式，表四",
    formula: "每组：total(本年) ≥ pending(上年)",
    requirement: "上年尚未审结的案件在本年有着落",
    problem: "上年尚未审结的案件没有着落",
    hint: "请核对上年尚未审结的案件是否计入本年的审结结果或者尚未审结，各地口径不同的无需改动。",
    since: "2026.13",
    check: Check::Years(check),
    cases: CASES,
};

/// Only a bound, since the form does not state whether a case of last year is counted again.
fn check(rule: &Rule, report: &Report, last: &Report) -> Vec<Finding> {
    let Some(pair) = Pair::of(report, last, Table::Litigation) else { return Vec::new() };
    let judge = |group: &Line| {
        let id = pair.form.litigation_cell(group.id, "total")?;
        let last_id = pair.last_form.litigation_cell(group.id, "pending")?;
        let (now, pending) = (pair.now(id)?, pair.before(last_id)?);
        if now >= pending {
            return None;
        }
        let what = format!(
            "{}表四“{}”尚未审结{}件，本年总计却只有{}件。",
            pair.last_report(),
            group.label,
            number(pending),
            number(now)
        );
        Some(pair.against(rule.fails(report, vec![id], what), &[last_id], Some(now), Some(pending)))
    };
    pair.form.litigation_groups.iter().filter_map(judge).collect()
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "review.total=1 last: review.pending=2"),
    Case::holds(FormId::F2021, "review.total=2 last: review.pending=2"),
];
