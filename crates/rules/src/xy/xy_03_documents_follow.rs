//! XY-03: documents follow.

use report::{Finding, FormId, Report, Severity};

use crate::basis::TABLE_TWO_2021;
use crate::place::{difference, number, row_label};
use crate::years::{DOCUMENTS, Pair};
use crate::{Case, Check, ONLY_2021, Rule};

/// XY-03: 现行有效件数与上年度报告衔接.
pub static XY_03: Rule = Rule {
    id: "XY-03",
    name: "documents-follow",
    severity: Severity::Warning,
    forms: ONLY_2021,
    basis: TABLE_TWO_2021,
    formula: "in_force(本年) = in_force(上年) + issued(本年) − repealed(本年)，两年均为2021年格式",
    requirement: "现行有效件数与上年度报告衔接",
    problem: "现行有效件数与上年度报告不衔接",
    hint: "请与上年度报告核对，因失效、清理或者统计口径变化的请说明。",
    since: "2026.13",
    check: Check::Years(check),
    cases: CASES,
};

fn check(rule: &Rule, report: &Report, last: &Report) -> Vec<Finding> {
    let Some(pair) = Pair::of_forms(report, last, FormId::F2021, FormId::F2021) else { return Vec::new() };
    let judge = |row: &str| {
        let cell = |column| pair.form.active_cell(row, column);
        let (issued_id, repealed_id, id) = (cell("issued")?, cell("repealed")?, cell("in_force")?);
        let (issued, repealed, now) = (pair.now(issued_id)?, pair.now(repealed_id)?, pair.now(id)?);
        let cells = vec![id, issued_id, repealed_id];
        let label = row_label(pair.form, id);
        let Some(before) = pair.before(id) else {
            let message = format!(
                "{}表二“{label}”行没有可用的现行有效件数，无法核对两年是否衔接。请补填后重新核对，没有发生的填0。",
                pair.last_report()
            );
            return Some(pair.against(rule.unknown(report, cells, message), &[id], Some(now), None));
        };
        let expected = before.saturating_add(issued).saturating_sub(repealed);
        if now == expected {
            return None;
        }
        let what = format!(
            "表二“{label}”行现行有效{}件，而{}现行有效{}件，加本年制发{}件、减本年废止{}件应为{}件，相差{}件。",
            number(now),
            pair.last_report(),
            number(before),
            number(issued),
            number(repealed),
            number(expected),
            difference(now, expected)
        );
        Some(pair.against(rule.fails(report, cells, what), &[id], Some(now), Some(expected)))
    };
    DOCUMENTS.into_iter().filter_map(judge).collect()
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(
        FormId::F2021,
        "active.normative_documents.issued=2 active.normative_documents.in_force=30 last: active.normative_documents.in_force=30",
    ),
    Case::holds(
        FormId::F2021,
        "active.normative_documents.issued=2 active.normative_documents.repealed=5 active.normative_documents.in_force=27 last: active.normative_documents.in_force=30",
    ),
    Case::unknown(
        FormId::F2021,
        "active.normative_documents.in_force=30 last: active.normative_documents.in_force=blank",
    ),
    Case::holds(
        FormId::F2021,
        "active.normative_documents.in_force=blank last: active.normative_documents.in_force=30",
    ),
    Case::holds(FormId::F2021, "active.normative_documents.in_force=30 last: active.*=missing"),
    Case::holds(
        FormId::F2021,
        "year=2021 active.normative_documents.in_force=30 last-2019: active.normative_documents.public_total=12",
    ),
];
