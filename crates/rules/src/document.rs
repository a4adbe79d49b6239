//! The report as a whole: who and when, its six parts, its tables, its form.

use report::{Decimal, Finding, FormId, Report, SectionKind, Severity, Source, Stated, Table, Year};

use crate::place::is_absent;
use crate::{BOTH, Check, Rule};

const FORMAT: &str = "《条例》第五十条；国办公开办函〔2021〕30号、〔2019〕60号规定的格式";

/// The first year with an official form; earlier reports had other parts and other tables.
const FIRST_YEAR_WITH_FORM: u16 = 2019;

pub(crate) const RULES: &[Rule] = &[
    Rule {
        id: "DOC-01",
        severity: Severity::Error,
        forms: BOTH,
        title: "标题写明机关全称和年度",
        basis: FORMAT,
        hint: "请按“机关全称＋年度＋政府信息公开工作年度报告”补全标题。",
        formula: "",
        check: Check::Report(title_is_complete),
    },
    Rule {
        id: "DOC-02",
        severity: Severity::Error,
        forms: BOTH,
        title: "各处年份一致",
        basis: "《条例》第四十九条：年度报告报告上一年度的情况",
        hint: "请核对后改为同一年度。",
        formula: "",
        check: Check::Report(years_agree),
    },
    Rule {
        id: "DOC-07",
        severity: Severity::Error,
        forms: BOTH,
        title: "六个部分齐全、不重复、顺序正确",
        basis: FORMAT,
        hint: "请按规定的六个部分补齐并调整顺序。",
        formula: "",
        check: Check::Report(six_sections),
    },
    Rule {
        id: "DOC-10",
        severity: Severity::Error,
        forms: BOTH,
        title: "表二、表三、表四以文字表格公布",
        basis: FORMAT,
        hint: "请以可复制的文字表格补上后重新公布。",
        formula: "",
        check: Check::Report(tables_present),
    },
    Rule {
        id: "DOC-11",
        severity: Severity::Error,
        forms: BOTH,
        title: "表格格式与报告年度相符",
        basis: "国办公开办函〔2021〕30号自2021年度报告起施行，〔2019〕60号用于2019、2020年度报告",
        hint: "请改用该年度规定的格式重新填写。",
        formula: "",
        check: Check::Report(form_of_the_year),
    },
];

/// DOC-01.
fn title_is_complete(rule: &Rule, report: &Report) -> Vec<Finding> {
    let parts = [
        ("标题", report.title.is_none()),
        ("机关名称", report.agency.is_none()),
        ("报告年度", report.year.is_none()),
    ];
    let missing: Vec<&str> =
        parts.into_iter().filter(|(_, is_missing)| *is_missing).map(|(part, _)| part).collect();
    if missing.is_empty() {
        return Vec::new();
    }
    let title = report.title.as_ref().map_or(String::new(), |title| format!("（标题为“{title}”）"));
    vec![rule.fails(report, Vec::new(), format!("报告未能识别出{}{title}。", missing.join("、")))]
}

/// DOC-02. The narrative speaks of other years too and decides nothing; a file may bear the year in
/// which it was published.
fn years_agree(rule: &Rule, report: &Report) -> Vec<Finding> {
    let published = report.published.and_then(|date| Year::new(i64::from(date.year())));
    let is_decisive = |stated: &&Stated<Year>| match stated.source {
        Source::Title | Source::Period => true,
        Source::FileName => Some(stated.value) != published,
        Source::Narrative | Source::Signature | Source::Page => false,
    };
    let stated: Vec<&Stated<Year>> = report.stated_years.iter().filter(is_decisive).collect();
    let Some((first, other)) = stated
        .first()
        .and_then(|first| Some((first, stated.iter().find(|other| other.value != first.value)?)))
    else {
        return Vec::new();
    };
    let places: Vec<String> =
        stated.iter().map(|stated| format!("{}为{}年", stated.source.title(), stated.value)).collect();
    let what = format!("报告各处年份不一致：{}。", places.join("，"));
    vec![Finding {
        left: Some(Decimal::from(first.value.get())),
        right: Some(Decimal::from(other.value.get())),
        origin: other.origin.or(first.origin),
        ..rule.fails(report, Vec::new(), what)
    }]
}

/// DOC-07. Further headings are no fault by themselves.
fn six_sections(rule: &Rule, report: &Report) -> Vec<Finding> {
    if precedes_the_forms(report) {
        return Vec::new();
    }
    let found: Vec<SectionKind> = report.sections.iter().filter_map(|section| section.kind).collect();
    let count = |kind: SectionKind| found.iter().filter(|other| **other == kind).count();
    let with = |wanted: &dyn Fn(usize) -> bool| -> Vec<SectionKind> {
        SectionKind::ALL.into_iter().filter(|kind| wanted(count(*kind))).collect()
    };
    let (missing, doubled) = (with(&|count| count == 0), with(&|count| count > 1));
    let mut firsts: Vec<SectionKind> = Vec::new();
    for kind in &found {
        if !firsts.contains(kind) {
            firsts.push(*kind);
        }
    }
    let misplaced: Vec<SectionKind> =
        firsts.windows(2).filter(|pair| pair[1] < pair[0]).map(|pair| pair[1]).collect();
    let kinds = [("缺少", &missing), ("重复出现", &doubled), ("顺序颠倒", &misplaced)];
    let parts: Vec<String> = kinds
        .into_iter()
        .filter(|(_, kinds)| !kinds.is_empty())
        .map(|(what, kinds)| format!("{what}{}", headings(kinds)))
        .collect();
    if parts.is_empty() {
        return Vec::new();
    }
    let at_fault = |kind: Option<SectionKind>| {
        kind.is_some_and(|kind| doubled.contains(&kind) || misplaced.contains(&kind))
    };
    let origin = report.sections.iter().rfind(|section| at_fault(section.kind)).map(|section| section.origin);
    vec![Finding {
        origin,
        ..rule.fails(report, Vec::new(), format!("报告的六个部分不合规定：{}。", parts.join("；")))
    }]
}

fn headings(kinds: &[SectionKind]) -> String {
    crate::place::quoted(kinds.iter().map(|kind| kind.heading()), "个部分")
}

/// DOC-10, one finding for all tables that are not there.
fn tables_present(rule: &Rule, report: &Report) -> Vec<Finding> {
    if precedes_the_forms(report) {
        return Vec::new();
    }
    let absent: Vec<Table> = Table::ALL.into_iter().filter(|table| is_absent(report, *table)).collect();
    if absent.is_empty() {
        return Vec::new();
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
    vec![Finding {
        origin,
        ..rule.fails(report, Vec::new(), format!("报告中没有{}。{guess}", titles.join("、")))
    }]
}

fn section_of(table: Table) -> SectionKind {
    match table {
        Table::Active => SectionKind::Active,
        Table::Requests => SectionKind::Requests,
        Table::Litigation => SectionKind::Litigation,
    }
}

/// DOC-11. A report without a form or a year is the business of DOC-10 and DOC-01.
fn form_of_the_year(rule: &Rule, report: &Report) -> Vec<Finding> {
    let (Some(year), Some(form)) = (report.year, report.form) else { return Vec::new() };
    match FormId::of_year(year) {
        Some(required) if required != form => {
            let what = format!("{year}年度报告应当使用{}，实际使用的是{}。", notice(required), notice(form));
            vec![rule.fails(report, Vec::new(), what)]
        }
        _ => Vec::new(),
    }
}

fn notice(form: FormId) -> &'static str {
    match form {
        FormId::F2019 => "2019年格式（国办公开办函〔2019〕60号）",
        FormId::F2021 => "2021年格式（国办公开办函〔2021〕30号）",
    }
}

fn precedes_the_forms(report: &Report) -> bool {
    report.year.is_some_and(|year| year.get() < FIRST_YEAR_WITH_FORM)
}
