//! NAR-04: outcomes.

use report::{Finding, FormId, Report, Severity};

use super::agreement::{self, Topic};
use crate::basis::ACCURATE;
use crate::{BOTH, Case, Check, Rule};

/// NAR-04: 正文各类办理结果与表三一致.
pub static NAR_04: Rule = Rule {
    id: "NAR-04",
    name: "outcomes",
    severity: Severity::Error,
    forms: BOTH,
    basis: ACCURATE,
    formula: "正文予以公开、部分公开、不予公开、无法提供、不予处理、其他处理N件：N=表三该类各行总计之和",
    requirement: "正文各类办理结果与表三一致",
    problem: "正文办理结果的件数与表三不一致",
    hint: "请核对正文与表三，改为一致。",
    since: "2026.13",
    check: Check::Report(check),
    cases: CASES,
};

fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    agreement::check(rule, report, Topic::Outcomes)
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "claim=4件@requests.granted.total requests.granted.total=2"),
    Case::holds(FormId::F2021, "claim=2件@requests.granted.total requests.granted.total=2"),
    Case::holds(
        FormId::F2021,
        "claim=3件@requests.granted.total requests.granted.total=2 requests.partial.total=1",
    ),
    Case::fails(
        FormId::F2019,
        "claim=258件@requests.disclosed.total requests.granted.total=272 requests.partial.total=3",
    ),
    Case::fails(
        FormId::F2019,
        "claim=265件@requests.unavailable.total requests.unavailable.not_held.total=337",
    ),
    Case::holds(
        FormId::F2021,
        "claim=4件@requests.unavailable.total requests.unavailable.not_held.total=3 requests.unavailable.must_create.total=1",
    ),
    Case::holds(FormId::F2021, "claim=4件@requests.unprocessed.total requests.unprocessed.duplicate.total=4"),
    Case::unknown(FormId::F2021, "claim=2件@requests.refused.total requests.refused.process.total=blank"),
    Case::fails(
        FormId::F2021,
        "claim=2件@requests.refused.total requests.refused.process.total=3 requests.refused.third_party.total=blank",
    ),
    Case::fails(FormId::F2021, "claim=1件@requests.refused.process.total"),
    Case::holds(FormId::F2019, "claim=1件@requests.other.total requests.other.total=1"),
    Case::holds(FormId::F2021, "claim=1件@requests.other.total requests.other.misc.total=1"),
];
