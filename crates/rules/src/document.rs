//! The report as a whole: who and when, its six parts, its tables, its form.

use report::{
    Decimal, Finding, FormId, RemarkKind, Report, Section, SectionKind, Severity, Source, Stated, Table, Year,
};

use crate::place::{is_absent, number, quoted};
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
        formula: "标题中的机关名称、年度均可识别",
        check: Check::Report(title_is_complete),
    },
    Rule {
        id: "DOC-02",
        severity: Severity::Error,
        forms: BOTH,
        title: "各处年份一致",
        basis: "《条例》第四十九条：年度报告报告上一年度的情况",
        hint: "请核对后改为同一年度。",
        formula: "标题年度=统计期限年度（=文件名年度，文件名所记为公布年份的除外）",
        check: Check::Report(years_agree),
    },
    Rule {
        id: "DOC-07",
        severity: Severity::Error,
        forms: BOTH,
        title: "六个部分齐全、不重复、顺序正确",
        basis: FORMAT,
        hint: "请按规定的六个部分补齐并调整顺序。",
        formula: "六个部分各出现1次，且按一至六的顺序",
        check: Check::Report(six_sections),
    },
    Rule {
        id: "DOC-08",
        severity: Severity::Warning,
        forms: BOTH,
        title: "一级标题序号为一至六，不重排、不误写",
        basis: FORMAT,
        hint: "请按“一、二、三、四、五、六、”统一编号，部分内的小标题改用“（一）”。",
        formula: "六个部分的标题序号依次=一、二、三、四、五、六；部分内没有再用“一、”编号的小标题",
        check: Check::Report(numbering),
    },
    Rule {
        id: "DOC-09",
        severity: Severity::Warning,
        forms: BOTH,
        title: "引言所称的部分数与报告一致",
        basis: FORMAT,
        hint: "请按规定的六个部分更正。",
        formula: "引言所称的部分数=6=引言列出的部分数",
        check: Check::Report(parts_agree),
    },
    Rule {
        id: "DOC-10",
        severity: Severity::Error,
        forms: BOTH,
        title: "表二、表三、表四以文字表格公布",
        basis: FORMAT,
        hint: "请以可复制的文字表格补上后重新公布。",
        formula: "表二、表三、表四均有可读取的文字行",
        check: Check::Report(tables_present),
    },
    Rule {
        id: "DOC-11",
        severity: Severity::Error,
        forms: BOTH,
        title: "表格格式与报告年度相符",
        basis: "国办公开办函〔2021〕30号自2021年度报告起施行，〔2019〕60号用于2019、2020年度报告",
        hint: "请改用该年度规定的格式重新填写。",
        formula: "2019、2020年度用2019年格式；2021年度起用2021年格式",
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
    let found: Vec<SectionKind> = top_level(report).filter_map(|section| section.kind).collect();
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

/// The headings of the six parts. A small heading inside a part may bear a part's name (五、存在的主要
/// 问题及改进情况, under it 一、存在的主要问题): of those, the one with the part's own number is the part.
fn top_level(report: &Report) -> impl Iterator<Item = &Section> {
    let is_numbered = |section: &Section, kind: SectionKind| section.ordinal == Some(number_of(kind));
    let has_own =
        move |kind| report.sections.iter().any(|other| other.kind == Some(kind) && is_numbered(other, kind));
    report.sections.iter().filter(move |section| {
        section
            .kind
            .is_some_and(|kind| is_numbered(section, kind) || section.ordinal.is_none() || !has_own(kind))
    })
}

/// The number of a part in the form.
fn number_of(kind: SectionKind) -> u32 {
    kind as u32 + 1
}

/// DOC-08. Where a part is missing, doubled or misplaced, DOC-07 says so and the numbers follow from it.
fn numbering(rule: &Rule, report: &Report) -> Vec<Finding> {
    let parts: Vec<&Section> = top_level(report).collect();
    if precedes_the_forms(report) || !parts.iter().filter_map(|part| part.kind).eq(SectionKind::ALL) {
        return Vec::new();
    }
    let is_wrong = |part: &&&Section| {
        let is_dashed = part.heading.trim_start().starts_with(['—', '－', '―', '-']);
        is_dashed || part.ordinal.zip(part.kind).is_some_and(|(ordinal, kind)| ordinal != number_of(kind))
    };
    let wrong: Vec<&Section> = parts.iter().filter(is_wrong).copied().collect();
    let inner: Vec<&Section> = inner_headings(report);
    let names = |sections: &[&Section]| quoted(sections.iter().map(|section| section.heading.as_str()), "处");
    let mut what = Vec::new();
    if !wrong.is_empty() {
        what.push(format!("标题{}的序号有误", names(&wrong)));
    }
    if !inner.is_empty() {
        what.push(format!("部分之内的小标题{}又从头使用一级序号", names(&inner)));
    }
    let origin = wrong.iter().chain(&inner).map(|section| section.origin).next();
    let finding = |origin| Finding {
        origin: Some(origin),
        ..rule.fails(report, Vec::new(), format!("{}。", what.join("；")))
    };
    origin.map(finding).into_iter().collect()
}

/// Headings inside a part that are numbered like the parts. Rows of table three are numbered so too.
fn inner_headings(report: &Report) -> Vec<&Section> {
    const SHORTEST: usize = 5;
    let mut part = None;
    let mut inner = Vec::new();
    for section in &report.sections {
        let is_part =
            section.kind.is_some_and(|kind| section.ordinal.is_none_or(|ordinal| ordinal == number_of(kind)));
        if is_part {
            part = section.kind;
        } else if section.ordinal.is_some()
            && part.is_some_and(|part| !matches!(part, SectionKind::Requests | SectionKind::Other))
            && section.heading.chars().count() >= SHORTEST
        {
            inner.push(section);
        }
    }
    inner
}

/// What tells each of the six where a sentence lists them.
const LISTED: [(SectionKind, &[&str]); 6] = [
    (SectionKind::Overview, &["总体", "概述", "概况", "基本情况", "综述"]),
    (SectionKind::Active, &["主动公开"]),
    (
        SectionKind::Requests,
        &["收到和处理", "收到及处理", "依申请", "信息公开申请", "申请和处理", "申请情况", "处理政府信息"],
    ),
    (SectionKind::Litigation, &["复议", "诉讼"]),
    (SectionKind::Problems, &["问题", "改进"]),
    (SectionKind::Other, &["其他", "其它", "需要报告", "需要说明", "附"]),
];

/// DOC-09. A report that has another number of parts and says so is the business of DOC-07.
fn parts_agree(rule: &Rule, report: &Report) -> Vec<Finding> {
    let said = report.remarks.iter().find(|remark| remark.kind == RemarkKind::Parts);
    let Some((said, count)) = said.and_then(|said| Some((said, said.value?))) else { return Vec::new() };
    let six = Decimal::from(SectionKind::ALL.len());
    let has = Decimal::from(top_level(report).filter(|part| part.kind.is_some()).count());
    if precedes_the_forms(report) || count != six && (count == has || said.text.contains('附')) {
        return Vec::new();
    }
    let unlisted: Vec<SectionKind> = LISTED
        .iter()
        .filter(|(_, words)| !words.iter().any(|word| said.text.contains(word)))
        .map(|(kind, _)| *kind)
        .collect();
    let what = match unlisted[..] {
        _ if count != six => format!("报告称由{}个部分组成，规定的是六个部分。", number(count)),
        [one] => format!("报告称由六个部分组成，所列内容中没有“{}”。", one.heading()),
        _ => return Vec::new(),
    };
    vec![Finding {
        left: Some(count),
        right: Some(six),
        origin: Some(said.origin),
        ..rule.fails(report, Vec::new(), what)
    }]
}

fn headings(kinds: &[SectionKind]) -> String {
    quoted(kinds.iter().map(|kind| kind.heading()), "个部分")
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

/// Whether a report is of the time before there was a form for all.
pub(crate) fn precedes_the_forms(report: &Report) -> bool {
    report.year.is_some_and(|year| year.get() < FIRST_YEAR_WITH_FORM)
}
