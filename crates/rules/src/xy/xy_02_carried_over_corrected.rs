//! XY-02: carried over corrected.

use report::{Finding, FormId, Report, Severity, Table};

use super::carried::{carried, differing, is_correction};
use crate::basis::TABLE_THREE;
use crate::years::Pair;
use crate::{BOTH, Case, Check, Rule};

/// XY-02: 上年结转与上年度报告相差很小的，说明更正原因.
pub static XY_02: Rule = Rule {
    id: "XY-02",
    name: "carried-over-corrected",
    severity: Severity::Warning,
    forms: BOTH,
    basis: TABLE_THREE,
    formula: "carried_in(本年) ≠ carried_out(上年)，各列相差不超过上年总计的5%，且本年表三各列平衡",
    requirement: "上年结转与上年度报告相差很小的，说明更正原因",
    problem: "上年结转与上年度报告略有出入",
    hint: "请核对是否为事后更正，并说明原因。",
    since: "2026.13",
    check: Check::Years(check),
    cases: CASES,
};

fn check(rule: &Rule, report: &Report, last: &Report) -> Vec<Finding> {
    let Some(pair) = Pair::of(report, last, Table::Requests) else { return Vec::new() };
    let columns = carried(&pair);
    is_correction(&pair, &columns).then(|| differing(rule, &pair, &columns)).flatten().into_iter().collect()
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(
        FormId::F2021,
        "requests.carried_in.total=134 requests.carried_in.research=134 requests.concluded.research=134 requests.concluded.total=134 last: requests.carried_out.total=132 requests.carried_out.research=132",
    ),
    Case::holds(
        FormId::F2021,
        "requests.carried_in.total=134 requests.carried_in.research=134 requests.concluded.research=134 requests.concluded.total=134 last: requests.carried_out.total=120 requests.carried_out.research=120",
    ),
    Case::holds(
        FormId::F2021,
        "requests.carried_in.total=134 requests.carried_in.research=134 last: requests.carried_out.total=132 requests.carried_out.research=132",
    ),
    Case::fails(
        FormId::F2021,
        "requests.carried_in.total=105 requests.carried_in.research=105 requests.concluded.research=105 requests.concluded.total=105 last: requests.carried_out.total=100 requests.carried_out.research=100",
    ),
    Case::holds(
        FormId::F2021,
        "requests.carried_in.total=106 requests.carried_in.research=106 requests.concluded.research=106 requests.concluded.total=106 last: requests.carried_out.total=100 requests.carried_out.research=100",
    ),
];
