//! NAR-09: documents.

use report::{Finding, FormId, Report, Severity};

use super::agreement::{self, Topic};
use crate::basis::ACCURATE;
use crate::{BOTH, Case, Check, Rule};

/// NAR-09: 正文规章、规范性文件的件数与表二一致.
pub static NAR_09: Rule = Rule {
    id: "NAR-09",
    name: "documents",
    severity: Severity::Warning,
    forms: BOTH,
    basis: ACCURATE,
    formula: "正文制发、废止、现行有效N件：N=表二制发件数（新制作数量）、废止件数、现行有效件数",
    requirement: "正文规章、规范性文件的件数与表二一致",
    problem: "正文规章、规范性文件的件数与表二不一致",
    hint: "请核对正文与表二，口径不同的加以说明。",
    since: "2026.13",
    check: Check::Report(check),
    cases: CASES,
};

fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    agreement::check(rule, report, Topic::Documents)
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "claim=1份@active.normative_documents.repealed"),
    Case::holds(
        FormId::F2021,
        "claim=1件@active.normative_documents.in_force active.normative_documents.in_force=1",
    ),
    Case::holds(
        FormId::F2019,
        "claim=6件@active.normative_documents.issued active.normative_documents.made=6",
    ),
    Case::holds(FormId::F2019, "claim=6件@active.normative_documents.in_force"),
    Case::unknown(
        FormId::F2021,
        "claim=6件@active.normative_documents.issued active.normative_documents.issued=-",
    ),
];
