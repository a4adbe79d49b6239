//! T2-04: in force not zero.

use report::{Finding, FormId, Report, Severity};

use super::t2_03_in_force_enough::documents_in_force;
use crate::basis::TABLE_TWO_2021;
use crate::{Case, Check, ONLY_2021, Rule};

/// T2-04: 本年制发的文件未全部废止的，有现行有效件数.
pub static T2_04: Rule = Rule {
    id: "T2-04",
    name: "in-force-not-zero",
    severity: Severity::Warning,
    forms: ONLY_2021,
    basis: TABLE_TWO_2021,
    formula: "issued > repealed ⇒ in_force > 0（规章、行政规范性文件各行）",
    requirement: "本年制发的文件未全部废止的，有现行有效件数",
    problem: "有制发件数而现行有效件数为0",
    hint: "请核对后补填现行有效件数，包括以往年度制发、目前仍然有效的文件。",
    since: "2026.13",
    check: Check::Report(check),
    cases: CASES,
};

fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    documents_in_force(rule, report, true)
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "active.normative_documents.issued=3"),
    Case::holds(FormId::F2021, "active.normative_documents.issued=3 active.normative_documents.repealed=3"),
    Case::holds(FormId::F2021, "active.normative_documents.issued=5 active.normative_documents.in_force=2"),
];
