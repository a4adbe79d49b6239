//! XY-01: carried over.

use report::{Cell, CellId, CellState, Decimal, Finding, FormId, Report, Severity, Table};

use super::carried::{Carried, carried, differing, is_correction};
use crate::years::Pair;
use crate::{BOTH, Case, Check, Rule};

/// XY-01: 上年结转等于上年度报告的结转下年度.
pub static XY_01: Rule = Rule {
    id: "XY-01",
    name: "carried-over",
    severity: Severity::Error,
    forms: BOTH,
    basis: "国办公开办函〔2021〕30号、〔2019〕60号所附格式，表三：上年结转政府信息公开申请数量、结转下年度继续办理",
    formula: "每列：carried_in(本年) = carried_out(上年)",
    requirement: "上年结转等于上年度报告的结转下年度",
    problem: "上年结转与上年度报告的结转下年度不等",
    hint: "请与上年度报告核对后更正，确属上年数据有误的请说明。",
    since: "2026.13",
    check: Check::Years(check),
    cases: CASES,
};

fn check(rule: &Rule, report: &Report, last: &Report) -> Vec<Finding> {
    let Some(pair) = Pair::of(report, last, Table::Requests) else { return Vec::new() };
    let columns = carried(&pair);
    let differing = (!is_correction(&pair, &columns)).then(|| differing(rule, &pair, &columns)).flatten();
    differing.into_iter().chain(not_known(rule, &pair, &columns)).collect()
}

/// Columns in which one of the two figures is unknown; information only, if blank cells would be 0.
fn not_known(rule: &Rule, pair: &Pair<'_>, columns: &[Carried]) -> Option<Finding> {
    let open: Vec<&Carried> =
        columns.iter().filter(|column| column.now.is_none() || column.before.is_none()).collect();
    let is_zero = |value: Option<Decimal>, cell: Option<&Cell>| match value {
        Some(value) => value.is_zero(),
        None => cell.is_some_and(|cell| matches!(cell.state, CellState::Blank | CellState::Placeholder)),
    };
    let holds_with_zeros = open.iter().all(|column| {
        is_zero(column.now, pair.report.cells.get(column.id))
            && is_zero(column.before, pair.last.cells.get(column.last_id))
    });
    let main = open.last()?;
    let labels: Vec<String> = open.iter().map(|column| format!("“{}”", column.label)).collect();
    let zeros = if holds_with_zeros { "（空格按0计则一致）" } else { "" };
    let message = format!(
        "表三{}列的“上年结转”或者{}的“结转下年度继续办理”没有可用的数字，无法核对两年是否衔接{zeros}。\
         请补填后重新核对，没有发生的填0。",
        labels.join("、"),
        pair.last_report()
    );
    let severity = if holds_with_zeros { Severity::Info } else { rule.severity };
    let cells = open.iter().map(|column| column.id).collect();
    let last_cells: Vec<CellId> = open.iter().map(|column| column.last_id).collect();
    let finding = Finding { severity, ..rule.unknown(pair.report, cells, message) };
    Some(pair.against(finding, &last_cells, main.now, main.before))
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "requests.carried_in.natural_person=2 requests.carried_in.total=2 last: requests.carried_out.natural_person=3 requests.carried_out.total=3").says("表三“上年结转”与2023年度报告的“结转下年度继续办理”不一致：“自然人”列本年为2件、上年为3件，“总计”列本年为2件、上年为3件。请与上年度报告核对后更正，确属上年数据有误的请说明。"),
    Case::holds(FormId::F2021, "requests.carried_in.total=3 last: requests.carried_out.total=3"),
    Case::fails(FormId::F2021, "requests.carried_in.total=3 last: requests.carried_out.total=2"),
    Case::fails(FormId::F2021, "requests.carried_in.research=1 requests.carried_in.total=3 last: requests.carried_out.enterprise=1 requests.carried_out.total=3"),
    Case::fails(FormId::F2021, "year=2021 requests.carried_in.total=3 last-2019: requests.carried_out.total=2"),
    Case::holds(FormId::F2021, "requests.carried_in.total=3 last: year=2021 requests.carried_out.total=2"),
    Case::unknown(FormId::F2021, "requests.carried_in.total=3 last: requests.carried_out.total=blank"),
    Case::unknown(FormId::F2021, "last: requests.carried_out.total=blank"),
    Case::unknown(FormId::F2021, "requests.carried_in.total=missing last:"),
    Case::holds(FormId::F2021, "requests.carried_in.total=3 last: requests.*=missing note=TableAbsent:requests"),
    Case::fails(FormId::F2021, "requests.carried_in.*=134 requests.concluded.*=134 last: requests.carried_out.*=132"),
    Case::holds(FormId::F2021, "requests.carried_in.total=134 requests.carried_in.research=134 requests.concluded.research=134 requests.concluded.total=134 last: requests.carried_out.total=132 requests.carried_out.research=132"),
];
