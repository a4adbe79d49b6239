//! T2-13: headings.

use report::{Finding, FormId, NoteKind, Report, Severity};

use crate::basis::TABLE_TWO_2021;
use crate::place::quoted;
use crate::{Case, Check, ONLY_2021, Rule};

/// T2-13: 表二表头与规定格式一致.
pub static T2_13: Rule = Rule {
    id: "T2-13",
    name: "headings",
    severity: Severity::Warning,
    forms: ONLY_2021,
    basis: TABLE_TWO_2021,
    formula: "各列表头 = 规定的表头",
    requirement: "表二表头与规定格式一致",
    problem: "表二表头与规定格式不一致",
    hint: "请按规定格式恢复表头，并核对各数字是否按规定口径填写。",
    since: "2026.13",
    check: Check::Report(check),
    cases: CASES,
};

fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    let altered = report.notes.iter().filter(|note| note.kind == NoteKind::HeadingAltered);
    let altered: Vec<_> = altered.filter(|note| has_other_words(&note.subject)).collect();
    let Some(first) = altered.first() else { return Vec::new() };
    let mut words: Vec<&str> = Vec::new();
    for note in &altered {
        if !words.contains(&note.subject.as_str()) {
            words.push(&note.subject);
        }
    }
    let headings = quoted(words, "处");
    let finding = rule.fails(report, Vec::new(), format!("表二的表头改动了规定的文字：{headings}。"));
    vec![Finding { origin: first.origin, ..finding }]
}

/// Whether a heading has words beside those of the form. A converter joins the words of neighbouring cells to
/// it, and figures of the row below.
fn has_other_words(heading: &str) -> bool {
    const WORDS: [&str; 14] = [
        "第二十条第",
        "信息内容",
        "本年制发件数",
        "本年废止件数",
        "现行有效件数",
        "本年处理决定数量",
        "本年收费金额",
        "行政规范性文件",
        "行政许可",
        "行政处罚",
        "行政强制",
        "行政事业性收费",
        "规章",
        "单位",
    ];
    let is_mark = |c: char| c.is_ascii_punctuation() || "（），、：．。".contains(c) || c.is_whitespace();
    let mut rest: String = heading.chars().filter(|c| !is_mark(*c)).collect();
    for word in WORDS {
        rest = rest.replace(word, " ");
    }
    let rest = rest.replace("万元", " ");
    rest.chars().any(|c| !c.is_ascii_digit() && !c.is_whitespace() && !"一五六八项".contains(c))
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "note=HeadingAltered:本年(2023)制发件数"),
    Case::holds(FormId::F2021, "note=LabelOutdated:normative_documents"),
    Case::holds(FormId::F2021, "note=HeadingAltered:信息内容本年处理决定数量"),
    Case::holds(FormId::F2021, "note=HeadingAltered:18本年收费金额(单位万元)651.06"),
    Case::fails(FormId::F2021, "note=HeadingAltered:现行有效件数(历史累计)"),
    Case::fails(
        FormId::F2021,
        "note=HeadingAltered:本年(2023)制发件数 note=HeadingAltered:本年(2023)制发件数",
    )
    .says("表二的表头改动了规定的文字：“本年(2023)制发件数”。请按规定格式恢复表头，并核对各数字是否按规定口径填写。"),
];
