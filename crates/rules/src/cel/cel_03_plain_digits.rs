//! CEL-03: plain digits.

use report::{CellState, Finding, FormId, Report, Severity, Table};

use super::tables::{a_finding_a_table, is_digit_word, is_odd_sign, some, texts};
use crate::basis::FORMS;
use crate::place::{ids_where, quoted_cells};
use crate::{BOTH, Case, Check, Rule};

/// CEL-03: 数字书写规范.
pub static CEL_03: Rule = Rule {
    id: "CEL-03",
    name: "plain-digits",
    severity: Severity::Info,
    forms: BOTH,
    basis: FORMS,
    formula: "各格的文字只有 0–9、小数点和负号“-”",
    requirement: "数字书写规范",
    problem: "数字书写不规范",
    hint: "请改为半角阿拉伯数字，不加分节号、空格，正数不加符号。",
    since: "2026.13",
    check: Check::Report(check),
    cases: CASES,
};

fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    a_finding_a_table(report, |table| of_table(rule, report, table))
}

/// The number is certain and was read.
fn of_table(rule: &Rule, report: &Report, table: Table) -> Option<Finding> {
    let is_odd = |text: &str| {
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            return false;
        }
        let number =
            text.trim().trim_end_matches(|c: char| c.is_alphabetic() && !is_digit_word(c)).trim_end();
        number.chars().any(|c| is_digit_word(c) || is_odd_sign(c) || c.is_whitespace())
    };
    let ids = some(ids_where(report, table, |cell| {
        cell.state == CellState::Read && cell.text.as_deref().is_some_and(is_odd)
    }))?;
    let what = format!(
        "{}有{}格的数字书写不规范：{}，填的是{}，已按数值读取。",
        table.short_title(),
        ids.len(),
        quoted_cells(report, &ids),
        texts(report, &ids)
    );
    Some(rule.fails(report, ids, what))
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "requests.received.total=as:0:０"),
    Case::fails(FormId::F2021, "active.licensing.decisions=as:45633:45,633"),
    Case::fails(FormId::F2019, "active.licensing.items_change=as:-4:减4"),
    Case::holds(FormId::F2019, "active.licensing.items_last_year=5 active.licensing.items_change=-4"),
    Case::holds(FormId::F2021, "active.penalty.decisions=5件"),
    Case::holds(FormId::F2021, "active.fees.amount=12.5"),
];
