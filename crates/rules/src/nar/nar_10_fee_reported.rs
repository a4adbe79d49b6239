//! NAR-10: fee reported.

use report::{Finding, FormId, Remark, RemarkKind, Report, SectionKind, Severity};

use crate::basis::FEE;
use crate::remarks::{FIRST_YEAR_WITH_FEE, at, empty, has_one, is_from, remarks};
use crate::{BOTH, Case, Check, Rule};

/// NAR-10: 报告收取信息处理费的情况.
pub static NAR_10: Rule = Rule {
    id: "NAR-10",
    name: "fee-reported",
    severity: Severity::Warning,
    forms: BOTH,
    basis: FEE,
    formula: "2021年度起，写明信息处理费的金额或者未收取，且前后一致",
    requirement: "报告收取信息处理费的情况",
    problem: "收取信息处理费的情况没有写明",
    hint: "请在第六部分写明收取的金额，未收取的写明未收取。",
    since: "2026.13",
    check: Check::Report(check),
    cases: CASES,
};

/// Accepts a statement in any part. DOC-15 reports an empty sixth part.
fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    let is_due = is_from(report, FIRST_YEAR_WITH_FEE)
        && has_one(report, SectionKind::Other)
        && empty(report, SectionKind::Other).is_none();
    if !is_due {
        return Vec::new();
    }
    let fees: Vec<&Remark> = remarks(report, RemarkKind::Fee).collect();
    let Some(first) = fees.first() else {
        let other = report.sections.iter().find(|section| section.kind == Some(SectionKind::Other));
        let what = "第六部分没有说明收取信息处理费的情况。";
        return vec![Finding {
            origin: other.map(|section| section.origin),
            ..rule.fails(report, Vec::new(), what)
        }];
    };
    // 未收取其他费用 and 减免 do not state the fee itself.
    let plain = |remark: &&&Remark| {
        remark.text.contains("处理费")
            && !["其他", "减免", "退"].iter().any(|word| remark.text.contains(word))
    };
    let charged = fees.iter().find(|fee| fee.value.is_some_and(|value| !value.is_zero()));
    let none = fees.iter().find(|fee| fee.value.is_some_and(|value| value.is_zero()));
    if let Some((charged, none)) = charged.filter(plain).zip(none.filter(plain)) {
        let what = format!("关于信息处理费，报告既称“{}”，又称“{}”。", charged.text, none.text);
        return vec![at(charged, rule.fails(report, Vec::new(), what))];
    }
    if charged.is_none() && none.is_none() {
        let message =
            format!("报告写到“{}”，未能识别出收取的金额或者未收取，无法判断。请核对是否写明。", first.text);
        return vec![at(first, rule.unknown(report, Vec::new(), message))];
    }
    Vec::new()
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "unsaid=Fee"),
    Case::holds(FormId::F2019, "unsaid=Fee"),
    Case::holds(FormId::F2021, "unsaid=Fee remark=Fee:收取400元:400:6"),
    Case::unknown(FormId::F2021, "unsaid=Fee remark=Fee:按办法执行"),
    Case::fails(FormId::F2021, "remark=Fee:收取信息处理费400元:400:6"),
    Case::holds(FormId::F2021, "unsaid=Fee remark=Empty:无。::6"),
];
