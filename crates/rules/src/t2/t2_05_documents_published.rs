//! T2-05: documents published.

use report::{Finding, FormId, Report, Severity};

use super::rows::filled;
use crate::basis::TABLE_TWO_2019;
use crate::place::number;
use crate::{Case, Check, ONLY_2019, Rule};

/// T2-05: 制作、公开数量与对外公开总数量相称.
pub static T2_05: Rule = Rule {
    id: "T2-05",
    name: "documents-published",
    severity: Severity::Info,
    forms: ONLY_2019,
    basis: TABLE_TWO_2019,
    formula: "published ≤ public_total，made ≤ public_total，made = published（规章、规范性文件各行）",
    requirement: "制作、公开数量与对外公开总数量相称",
    problem: "制作、公开数量与对外公开总数量不相称",
    hint: "请核对三个数量，确有原因的无需改动。",
    since: "2026.13",
    check: Check::Report(check),
    cases: CASES,
};

fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    filled(report, ["made", "published", "public_total"])
        .filter_map(|(row, [made, published, total])| {
            let odd = if published > total {
                "新公开多于对外公开总数量"
            } else if made > total {
                "新制作多于对外公开总数量"
            } else if made != published {
                "新制作与新公开不相等"
            } else {
                return None;
            };
            let what = format!(
                "表二“{}”行本年新制作{}件、新公开{}件，对外公开总数量{}件，{odd}。",
                row.label,
                number(made),
                number(published),
                number(total)
            );
            Some(rule.fails(report, row.ids().collect(), what))
        })
        .collect()
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(
        FormId::F2019,
        "active.normative_documents.made=2 active.normative_documents.published=3 active.normative_documents.public_total=3",
    ),
    Case::holds(
        FormId::F2019,
        "active.normative_documents.made=13 active.normative_documents.published=13 active.normative_documents.public_total=524",
    ),
    Case::fails(
        FormId::F2019,
        "active.normative_documents.made=3 active.normative_documents.published=3 active.normative_documents.public_total=1",
    ),
];
