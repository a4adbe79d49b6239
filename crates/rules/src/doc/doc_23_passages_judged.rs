//! DOC-23: passages judged.

use report::{Finding, FormId, Remark, RemarkKind, Report, Severity};

use crate::place::quoted;
use crate::remarks::{at, remarks};
use crate::{BOTH, Case, Check, Rule};

/// DOC-23: 正文在可以核对的范围之内.
pub static DOC_23: Rule = Rule {
    id: "DOC-23",
    name: "passages-judged",
    severity: Severity::Info,
    forms: BOTH,
    basis: "阅读程序的限度：一句话、一份报告的标题和数字各有上限",
    formula: "没有超过限度而未核对的段落",
    requirement: "正文在可以核对的范围之内",
    problem: "部分正文过长，没有核对",
    hint: "请分句分段，去掉与报告无关的内容后重新报送。",
    since: "2026.15",
    check: Check::Report(check),
    cases: CASES,
};

fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    let passages: Vec<&Remark> = remarks(report, RemarkKind::Overlong).collect();
    let Some(first) = passages.first() else { return Vec::new() };
    let mut reasons: Vec<&str> = passages.iter().map(|remark| remark.text.as_str()).collect();
    reasons.sort_unstable();
    reasons.dedup();
    let what = format!("有的正文超过限度，没有核对：{}。", quoted(reasons, "种"));
    vec![at(first, rule.fails(report, Vec::new(), what))]
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "remark=Overlong:一句话的数字和文字过多"),
    Case::holds(FormId::F2021, "year=2024"),
];
