//! SIM-01: not last years text.

use report::{Against, Finding, Fingerprint, FormId, Report, SectionKind, Severity};

use crate::{BOTH, Case, Check, Rule};

/// SIM-01: 总体情况、存在问题两部分不照抄上年.
pub static SIM_01: Rule = Rule {
    id: "SIM-01",
    name: "not-last-years-text",
    severity: Severity::Warning,
    forms: BOTH,
    basis: "国办公开办函〔2021〕30号（四）：内容雷同、敷衍塞责的，依照《条例》第四十七条追究责任",
    formula: "第一、五部分去掉数字、年份、标点和机关名称后，与上年同一部分的5字片段重合度＜80%；片段不足100个的不判断",
    requirement: "总体情况、存在问题两部分不照抄上年",
    problem: "文字照抄上年",
    hint: "请按本年度实际情况重写。",
    since: "2026.13",
    check: Check::Years(check),
    cases: CASES,
};

/// The parts that are compared. The sixth is mostly one sentence that the form demands.
const JUDGED: [SectionKind; 2] = [SectionKind::Overview, SectionKind::Problems];

/// A text of fewer different shingles, about two sentences, is too short to be called a copy.
const ENOUGH_SHINGLES: u32 = 100;

/// From this similarity on a text is a copy. At 0.8 the texts share nine tenths. A report that keeps its
/// outline and rewrites the rest reaches 0.6, and the estimate is mostly within 0.05.
const COPY: f64 = 0.8;

fn check(rule: &Rule, report: &Report, last_year: &Report) -> Vec<Finding> {
    JUDGED.into_iter().filter_map(|kind| compare(rule, report, last_year, kind)).collect()
}

fn compare(rule: &Rule, report: &Report, last_year: &Report, kind: SectionKind) -> Option<Finding> {
    let similarity = enough(report, kind)?.similarity(enough(last_year, kind)?);
    if similarity < COPY {
        return None;
    }
    let heading =
        |report: &Report| Some(report.sections.iter().find(|section| section.kind == Some(kind))?.origin);
    let year = last_year.year.map_or("上年".to_owned(), |year| format!("{year}年度"));
    let what = format!(
        "“{}”部分与{year}报告的同一部分去掉数字和名称后约{:.0}%相同，属于内容雷同。",
        kind.heading(),
        similarity * 100.0
    );
    let against =
        Against { agency: last_year.agency.clone(), year: last_year.year, origin: heading(last_year) };
    Some(Finding { origin: heading(report), against: Some(against), ..rule.fails(report, Vec::new(), what) })
}

/// The signature of a part, if it is long enough to be compared.
fn enough(report: &Report, kind: SectionKind) -> Option<&Fingerprint> {
    report.fingerprints.iter().find(|print| print.section == kind && print.shingles >= ENOUGH_SHINGLES)
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "print=1:0..400 last: print=1:0..400"),
    Case::fails(FormId::F2021, "print=5:0..400 last: print=5:0..390"),
    Case::holds(FormId::F2021, "print=5:0..400 last: print=5:150..550"),
    Case::holds(FormId::F2021, "print=1:0..400 last: print=5:0..400"),
    Case::holds(FormId::F2021, "print=6:0..400 last: print=6:0..400"),
    Case::holds(FormId::F2021, "print=5:0..90 last: print=5:0..90"),
    Case::holds(FormId::F2021, "print=5:0..400 last:"),
];
