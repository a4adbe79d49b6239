//! DOC-21: copy whole.

use report::{Finding, FormId, Remark, RemarkKind, Report, Severity};

use crate::remarks::{BREAKS, TITLE, at, remarks};
use crate::{BOTH, Case, Check, Rule};

/// DOC-21: 报送的文件与公布的报告一样完整.
pub static DOC_21: Rule = Rule {
    id: "DOC-21",
    name: "copy-whole",
    severity: Severity::Warning,
    forms: BOTH,
    basis: "《条例》第四十九条：校核的对象是向社会公布的年度报告",
    formula: "文件中没有复制、转换造成的缺失：标题、分行、表格的行列",
    requirement: "报送的文件与公布的报告一样完整",
    problem: "文件在复制或者转换时丢失了内容",
    hint: "请报送公布时使用的原文件（Word、WPS、PDF、OFD）或者网页文件，不要报送复制出来的文字。",
    since: "2026.15",
    check: Check::Report(check),
    cases: CASES,
};

/// The loss is the copy's and no fault of the published report.
fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    let lost: Vec<&Remark> = remarks(report, RemarkKind::Lost).collect();
    let Some(first) = lost.first() else { return Vec::new() };
    let words: Vec<String> = lost.iter().map(|remark| in_words(&remark.text)).collect();
    let what = format!("这份文件在复制或者转换时丢失了{}，相应内容无法核对。", words.join("，"));
    vec![at(first, rule.fails(report, Vec::new(), what))]
}

fn in_words(lost: &str) -> String {
    match lost {
        TITLE => "标题".to_owned(),
        BREAKS => "分行（标题、表头和数字连成一段）".to_owned(),
        table => format!("{table}的行列（行名和数字不再对应）"),
    }
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "remark=Lost:分行").says(
        "这份文件在复制或者转换时丢失了分行（标题、表头和数字连成一段），相应内容无法核对。请报送公布时使用的原文件（Word、WPS、PDF、OFD）或者网页文件，不要报送复制出来的文字。",
    ),
    Case::holds(FormId::F2021, "year=2024"),
    Case::fails(FormId::F2021, "remark=Lost:表三 remark=Lost:标题"),
];
