//! CEL-04: no words.

use report::{CellState, Finding, FormId, Report, Severity, Table};

use super::tables::{a_finding_a_table, is_digit_word, is_odd_sign, some, texts};
use crate::basis::FORMS;
use crate::place::{ids_where, quoted_cells};
use crate::{BOTH, Case, Check, Rule};

/// CEL-04: 表三、表四各格只填数字.
pub static CEL_04: Rule = Rule {
    id: "CEL-04",
    name: "no-words",
    severity: Severity::Warning,
    forms: BOTH,
    basis: FORMS,
    formula: "表三、表四各格的数字之后没有 件、条 等单位或者说明（表二见 T2-10）",
    requirement: "表三、表四各格只填数字",
    problem: "数字之外写了文字",
    hint: "请删去单位和说明，只保留数字。",
    since: "2026.13",
    check: Check::Report(check),
    cases: CASES,
};

fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    a_finding_a_table(report, |table| of_table(rule, report, table))
}

fn of_table(rule: &Rule, report: &Report, table: Table) -> Option<Finding> {
    if table == Table::Active {
        return None;
    }
    let is_glued =
        |text: &str| text.chars().any(|c| c.is_alphabetic() && !is_digit_word(c) && !is_odd_sign(c));
    let ids = some(ids_where(report, table, |cell| {
        cell.state == CellState::Read && cell.text.as_deref().is_some_and(is_glued)
    }))?;
    let what = format!(
        "{}有{}格在数字之外写了文字：{}，填的是{}。",
        table.short_title(),
        ids.len(),
        quoted_cells(report, &ids),
        texts(report, &ids)
    );
    Some(rule.fails(report, ids, what))
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "requests.received.total=0件"),
    Case::fails(FormId::F2021, "review.total=0件"),
    Case::holds(FormId::F2021, "active.penalty.decisions=5件"),
    Case::holds(FormId::F2021, "requests.received.total=无"),
];
