//! NAR-07: disputes.

use report::{Finding, FormId, Report, Severity};

use super::agreement::{self, Topic};
use crate::basis::ACCURATE;
use crate::{BOTH, Case, Check, Rule};

/// NAR-07: 正文行政复议、行政诉讼的件数与表四一致.
pub static NAR_07: Rule = Rule {
    id: "NAR-07",
    name: "disputes",
    severity: Severity::Error,
    forms: BOTH,
    basis: ACCURATE,
    formula: "正文行政复议、行政诉讼及其结果N件：N=表四该组该项；正文未发生的，该组总计=0",
    requirement: "正文行政复议、行政诉讼的件数与表四一致",
    problem: "正文行政复议、行政诉讼的件数与表四不一致",
    hint: "请核对正文与表四，改为一致。",
    since: "2026.13",
    check: Check::Report(check),
    cases: CASES,
};

fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    agreement::check(rule, report, Topic::Disputes)
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "claim=351件@review.total review.total=350"),
    Case::holds(FormId::F2021, "claim=351件@review.total review.total=351"),
    Case::holds(
        FormId::F2021,
        "claim=2件@litigation.total direct_litigation.total=1 litigation_after_review.total=1",
    ),
    Case::fails(FormId::F2021, "claim=7件@review.upheld review.upheld=5 review.pending=2 review.total=7"),
    Case::holds(FormId::F2021, "claim=0件@disputes.total"),
    Case::fails(FormId::F2021, "claim=0件@disputes.total review.total=1"),
    Case::unknown(FormId::F2021, "claim=1件@review.total review.total=/"),
    Case::holds(FormId::F2021, "claim=0件@disputes.total review.total=/ direct_litigation.total=blank"),
    Case::fails(FormId::F2021, "claim=0件@disputes.total review.total=/ direct_litigation.total=2"),
];
