//! DOC-10: tables present.

use report::{Finding, FormId, Report, SectionKind, Severity, Table};

use crate::basis::REPORT_FORMAT;
use crate::place::is_absent;
use crate::remarks::{BREAKS, has_lost, lost};
use crate::sections::precedes_the_forms;
use crate::{BOTH, Case, Check, Rule};

/// DOC-10: 表二、表三、表四以文字表格公布.
pub static DOC_10: Rule = Rule {
    id: "DOC-10",
    name: "tables-present",
    severity: Severity::Error,
    forms: BOTH,
    basis: REPORT_FORMAT,
    formula: "表二、表三、表四均有可读取的文字行",
    requirement: "表二、表三、表四以文字表格公布",
    problem: "缺少文字表格",
    hint: "请以可复制的文字表格补上后重新公布。",
    since: "2026.11",
    check: Check::Report(check),
    cases: CASES,
};

/// Makes one finding for all tables that the report lacks, and one for those that the copy has lost.
fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    if precedes_the_forms(report) {
        return Vec::new();
    }
    let absent = Table::ALL.into_iter().filter(|table| is_absent(report, *table));
    let is_lost = |table: &Table| has_lost(report, BREAKS) || has_lost(report, table.short_title());
    let (lost_tables, absent): (Vec<Table>, Vec<Table>) = absent.partition(is_lost);
    let mut findings = Vec::new();
    if !lost_tables.is_empty() {
        let titles: Vec<&str> = lost_tables.iter().map(|table| table.short_title()).collect();
        let message = format!(
            "这份文件中{}的行列在复制或者转换时丢失，无法判断报告是否以文字表格公布。请以原文件核对。",
            titles.join("、")
        );
        findings.push(lost(rule, report, &message));
    }
    if absent.is_empty() {
        return findings;
    }
    let heading =
        |table: &Table| report.sections.iter().find(|section| section.kind == Some(section_of(*table)));
    let is_bare = absent.iter().filter_map(heading).any(|section| section.chars == 0);
    let guess = if is_bare {
        "标题之下没有文字，表格可能是图片、附件或由脚本载入。"
    } else {
        ""
    };
    let titles: Vec<&str> = absent.iter().map(|table| table.title()).collect();
    let origin = absent.iter().find_map(heading).map(|section| section.origin);
    findings.push(Finding {
        origin,
        ..rule.fails(report, Vec::new(), format!("报告中没有{}。{guess}", titles.join("、")))
    });
    findings
}

fn section_of(table: Table) -> SectionKind {
    match table {
        Table::Active => SectionKind::Active,
        Table::Requests => SectionKind::Requests,
        Table::Litigation => SectionKind::Litigation,
    }
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "requests.*=missing note=TableAbsent:requests bare=3"),
    Case::fails(FormId::F2021, "active.*=missing"),
    Case::fails(FormId::F2021, "form="),
    Case::unknown(FormId::F2021, "form= remark=Lost:分行"),
    Case::unknown(FormId::F2021, "requests.*=missing remark=Lost:表三"),
    Case::fails(FormId::F2021, "active.*=missing remark=Lost:表三"),
    Case::holds(FormId::F2021, "form= year=2014"),
    Case::holds(FormId::F2021, "requests.*=missing note=RowWithoutFigures:received"),
    Case::holds(FormId::F2021, "requests.*=missing note=FigureCount:received:9"),
    Case::fails(FormId::F2021, "requests.*=missing note=FigureCount:granted:1"),
    Case::holds(
        FormId::F2021,
        "review.*=missing litigation_*=missing direct_*=missing note=FigureCount:litigation:14",
    ),
    Case::fails(FormId::F2021, "review.*=missing litigation_*=missing direct_*=missing"),
];
