//! DOC-05: published in time.

use report::{Date, Finding, FormId, Report, Severity, Year};

use crate::agency::{Class, class};
use crate::dates::{day, first_day, in_words, is_signature};
use crate::{BOTH, Case, Check, Rule};

/// DOC-05: 按期公布.
pub static DOC_05: Rule = Rule {
    id: "DOC-05",
    name: "published-in-time",
    severity: Severity::Error,
    forms: BOTH,
    basis: "《条例》第四十九条：部门于每年1月31日前、本级政府报告于每年3月31日前向社会公布",
    formula: "公布日期≤次年1月31日（县级以上政府≤次年3月31日；2018年度及以前均≤次年3月31日）",
    requirement: "按期公布",
    problem: "公布日期晚于期限",
    hint: "请核实公布日期，逾期的应当说明原因。",
    since: "2026.13",
    check: Check::Report(check),
    cases: CASES,
};

/// The last year under the regulation of 2007, by which every report was due at the end of March.
const LAST_OF_OLD_REGULATION: u16 = 2018;

/// Makes an error only where the signature itself is late and the class of the agency is certain. The
/// date on a page may be that of its last move to another website.
fn check(rule: &Rule, report: &Report) -> Vec<Finding> {
    let Some(year) = report.year else { return Vec::new() };
    let class = report.agency.as_deref().map_or(Class::Other, class);
    let Some((deadline, last)) = deadline(year, class).zip(day(year, 3, 31)) else { return Vec::new() };
    let dates = || report.stated_dates.iter().filter(|stated| stated.value >= first_day(year));
    let signed = dates().find(|stated| is_signature(report, stated));
    let shown = dates().filter(|stated| !is_signature(report, stated)).min_by_key(|stated| stated.value);
    let (stated, what) = match (signed, shown) {
        (Some(signed), _) if signed.value > deadline => {
            (signed, format!("报告落款日期为{}", in_words(signed.value)))
        }
        // A date on the page that is years later comes from a move of the page: the signature counts.
        (Some(signed), Some(shown)) if shown.value > deadline && shown.value.year() == deadline.year() => {
            let signed = in_words(signed.value);
            (shown, format!("报告落款日期为{signed}，而网页所示公布日期为{}", in_words(shown.value)))
        }
        (None, Some(shown)) if shown.value > deadline => {
            (shown, format!("{}所示公布日期为{}", shown.source.title(), in_words(shown.value)))
        }
        _ => return Vec::new(),
    };
    let is_certain = is_signature(report, stated) && (class != Class::Other || stated.value > last);
    let caveat = if is_signature(report, stated) {
        ""
    } else {
        "（如因网站改版迁移所致，以原公布日期为准）"
    };
    let severity = if is_certain { rule.severity } else { Severity::Warning };
    let what = format!("{what}，晚于{}的期限{caveat}。", in_words(deadline));
    vec![Finding { severity, origin: stated.origin, ..rule.fails(report, Vec::new(), what) }]
}

fn deadline(year: Year, class: Class) -> Option<Date> {
    match class {
        _ if year.get() <= LAST_OF_OLD_REGULATION => day(year, 3, 31),
        Class::Government => day(year, 3, 31),
        Class::Department | Class::Other => day(year, 1, 31),
    }
}

/// The first is the example in `docs/rules.md`.
const CASES: &[Case] = &[
    Case::fails(FormId::F2021, "dated=Signature:2025-02-18")
        .says("报告落款日期为2025年2月18日，晚于2025年1月31日的期限。请核实公布日期，逾期的应当说明原因。"),
    Case::holds(FormId::F2021, "dated=Signature:2025-01-31"),
    Case::fails(FormId::F2021, "dated=Page:2025-02-18"),
    Case::holds(FormId::F2021, "dated=Page:2025-02-18 dated=Page:2025-01-16"),
    Case::holds(FormId::F2021, "dated=Signature:2025-01-20 dated=Page:2027-09-01"),
    Case::fails(FormId::F2021, "dated=Signature:2025-01-20 dated=Page:2025-02-18"),
    Case::holds(FormId::F2021, "agency=枣庄市人民政府 dated=Signature:2025-03-31"),
    Case::fails(FormId::F2021, "agency=枣庄市人民政府 dated=Signature:2025-04-01"),
    Case::holds(FormId::F2021, "year=2016 form= dated=Signature:2017-03-20"),
    Case::holds(FormId::F2021, "year="),
];
