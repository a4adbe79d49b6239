//! CEL-07: seen as stored.

use std::collections::BTreeSet;

use report::{CellState, Finding, FormId, Report, Severity, Table};

use super::tables::{a_finding_a_table, some, texts};
use crate::basis::FORMS;
use crate::place::{ids_where, quoted_cells};
use crate::{BOTH, Case, Check, Rule};

/// CEL-07: 所见的数字与所存的数字相同.
pub static CEL_07: Rule = Rule {
    id: "CEL-07",
    name: "seen-as-stored",
    severity: Severity::Warning,
    forms: BOTH,
    basis: FORMS,
    formula: "页面上看到的数字 = 文件中存储的数字",
    requirement: "看到的数字与文件中的数字相同",
    problem: "数字存疑，看到的与文件中的可能不同",
    hint: "请对照原文件核对；如有遮盖、删除线、隐藏、重叠，或一格填了几个数字，请改正后重新公布。",
    since: "2026.14",
    check: Check::Report(check),
    cases: CASES,
};

fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    a_finding_a_table(report, |table| of_table(rule, report, table))
}

fn of_table(rule: &Rule, report: &Report, table: Table) -> Option<Finding> {
    let ids = some(ids_where(report, table, |cell| cell.state == CellState::Doubtful))?;
    let doubts = ids.iter().filter_map(|id| report.cells.get(*id)?.doubt).collect::<BTreeSet<_>>();
    let reasons: Vec<&str> = doubts.into_iter().map(report::Doubt::title).collect();
    let what = format!(
        "{}有{}格的数字存疑：{}，文件中为{}。原因：{}。这些数字没有参与计算。",
        table.short_title(),
        ids.len(),
        quoted_cells(report, &ids),
        texts(report, &ids),
        reasons.join("；")
    );
    Some(rule.fails(report, ids, what))
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "requests.received.total=doubtful:covered:3"),
    Case::holds(FormId::F2021, "requests.received.total=3"),
    Case::holds(FormId::F2021, "requests.received.total=blank"),
];
