//! XY-04: documents recounted.

use report::{Finding, FormId, Report, Severity};

use crate::place::{number, row_label};
use crate::years::{DOCUMENTS, Pair};
use crate::{Case, Check, ONLY_2021, Rule};

/// XY-04: 现行有效件数不沿用对外公开总数量.
pub static XY_04: Rule = Rule {
    id: "XY-04",
    name: "documents-recounted",
    severity: Severity::Info,
    forms: ONLY_2021,
    basis: "国办公开办函〔2021〕30号与〔2019〕60号所附格式，表二：两种格式口径不同",
    formula: "上年为2019年格式：in_force(本年) ∉ {public_total(上年)，public_total(上年) + issued − repealed}，均为0的除外",
    requirement: "现行有效件数不沿用对外公开总数量",
    problem: "现行有效件数疑似沿用对外公开总数量",
    hint: "请核对现行有效件数是否按2021年格式的口径统计。",
    since: "2026.13",
    check: Check::Years(check),
    cases: CASES,
};

/// The number published over all years is not the number in force.
fn check(rule: &Rule, report: &Report, last: &Report) -> Vec<Finding> {
    let Some(pair) = Pair::of_forms(report, last, FormId::F2021, FormId::F2019) else { return Vec::new() };
    let judge = |row: &str| {
        let id = pair.form.active_cell(row, "in_force")?;
        let last_id = pair.last_form.active_cell(row, "public_total")?;
        let (now, before) = (pair.now(id)?, pair.before(last_id)?);
        let change = |column| pair.now(pair.form.active_cell(row, column)?);
        let grown = change("issued").zip(change("repealed"));
        let grown = grown.map(|(issued, repealed)| before.saturating_add(issued).saturating_sub(repealed));
        if now.is_zero() || before.is_zero() || now != before && Some(now) != grown {
            return None;
        }
        let what = format!(
            "表二“{}”行现行有效{}件，与{}的对外公开总数量{}件衔接，而两者口径不同。",
            row_label(pair.form, id),
            number(now),
            pair.last_report(),
            number(before)
        );
        Some(pair.against(rule.fails(report, vec![id], what), &[last_id], Some(now), Some(before)))
    };
    DOCUMENTS.into_iter().filter_map(judge).collect()
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(
        FormId::F2021,
        "year=2021 active.normative_documents.in_force=30 last-2019: active.normative_documents.public_total=30",
    ),
    Case::fails(
        FormId::F2021,
        "year=2021 active.normative_documents.issued=2 active.normative_documents.in_force=32 last-2019: active.normative_documents.public_total=30",
    ),
    Case::holds(
        FormId::F2021,
        "year=2021 active.normative_documents.in_force=12 last-2019: active.normative_documents.public_total=30",
    ),
    Case::holds(FormId::F2021, "year=2021 last-2019:"),
];
