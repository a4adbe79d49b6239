//! NAR-03: concluded.

use report::{Finding, FormId, Report, Severity};

use super::agreement::{self, Topic};
use crate::basis::ACCURATE;
use crate::{BOTH, Case, Check, Rule};

/// NAR-03: 正文办结、结转的件数与表三一致.
pub static NAR_03: Rule = Rule {
    id: "NAR-03",
    name: "concluded",
    severity: Severity::Error,
    forms: BOTH,
    basis: ACCURATE,
    formula: "正文办结N件：N=(七)总计，或者不含上年结转；正文上年结转、结转下年度N件：N=上年结转、结转下年度总计",
    requirement: "正文办结、结转的件数与表三一致",
    problem: "正文办结、结转的件数与表三不一致",
    hint: "请核对正文与表三，改为一致。",
    since: "2026.13",
    check: Check::Report(check),
    cases: CASES,
};

fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    agreement::check(rule, report, Topic::Concluded)
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "claim=440件@requests.concluded.total requests.concluded.total=441")
        .says("正文称“正文440件”，表三“（七）总计”为441件，相差1件。请核对正文与表三，改为一致。"),
    Case::holds(FormId::F2021, "claim=441件@requests.concluded.total requests.concluded.total=441"),
    Case::holds(
        FormId::F2021,
        "claim=438件@requests.concluded.total requests.concluded.total=441 requests.carried_in.total=3",
    ),
    Case::unknown(FormId::F2021, "claim=440件@requests.concluded.total requests.concluded.total=blank"),
    Case::holds(FormId::F2021, "claim=~440件@requests.concluded.total requests.concluded.total=441"),
    Case::fails(FormId::F2021, "claim=3件@requests.carried_in.total requests.carried_in.total=2"),
    Case::fails(FormId::F2021, "claim=0件@requests.carried_out.total requests.carried_out.total=2"),
    Case::holds(
        FormId::F2021,
        "claim=74件@requests.carried.total requests.carried_in.total=74 requests.carried_out.total=80",
    ),
    Case::holds(FormId::F2021, "claim=+3件@requests.concluded.total"),
    Case::holds(FormId::F2021, "claim=3件@requests.concluded.total requests.*=missing"),
    Case::holds(
        FormId::F2021,
        "claim=1261件@requests.handled.total requests.received.total=1187 requests.carried_in.total=74",
    ),
    Case::holds(
        FormId::F2021,
        "claim=3件@requests.answered.total requests.concluded.total=4 requests.granted.total=3 requests.other.misc.total=1",
    ),
];
