//! When: the period that the figures cover, and the day of publication.

use report::{Date, Finding, Remark, RemarkKind, Report, Severity, Source, Stated, Year};

use crate::agency::{Class, class};
use crate::document::precedes_the_forms;
use crate::{BOTH, Check, Rule};

pub(crate) const RULES: &[Rule] = &[
    Rule {
        id: "DOC-03",
        severity: Severity::Error,
        forms: BOTH,
        title: "统计期限为全年",
        basis: "《条例》第四十九条、第五十条：年度报告报告上一年度的情况",
        hint: "请改为报告年度的1月1日至12月31日，有特殊情况的在第六部分说明。",
        formula: "统计期限=报告年度1月1日至12月31日",
        check: Check::Report(whole_year),
    },
    Rule {
        id: "DOC-05",
        severity: Severity::Error,
        forms: BOTH,
        title: "按期公布",
        basis: "《条例》第四十九条：部门于每年1月31日前、本级政府报告于每年3月31日前向社会公布",
        hint: "请核实公布日期，逾期的应当说明原因。",
        formula: "公布日期≤次年1月31日（县级以上政府≤次年3月31日；2018年度及以前均≤次年3月31日）",
        check: Check::Report(published_in_time),
    },
    Rule {
        id: "DOC-06",
        severity: Severity::Warning,
        forms: BOTH,
        title: "落款日期在报告年度结束之后",
        basis: "《条例》第四十九条：年度报告报告上一年度的情况",
        hint: "请核对日期后更正。",
        formula: "落款日期≥次年1月1日",
        check: Check::Report(signed_after_the_year),
    },
];

/// DOC-03. Another year is the business of DOC-02.
fn whole_year(rule: &Rule, report: &Report) -> Vec<Finding> {
    let period = report.remarks.iter().find(|remark| remark.kind == RemarkKind::Period);
    let Some(period) = period.filter(|_| !precedes_the_forms(report)) else { return Vec::new() };
    let (what, severity) = match period.text.split_once('/') {
        Some((from, to)) if is_whole_year(from, to) => return Vec::new(),
        Some((from, to)) => {
            (format!("统计期限为{}至{}，不是完整的报告年度。", chinese(from), chinese(to)), rule.severity)
        }
        // What remains of the digits may still say the right days.
        None if is_whole_year_damaged(period) => {
            (format!("统计期限“{}”缺少“年”“月”等字样。", period.text), Severity::Warning)
        }
        None => (format!("统计期限“{}”缺少字样，且不是完整的报告年度。", period.text), rule.severity),
    };
    vec![Finding { severity, origin: Some(period.origin), ..rule.fails(report, Vec::new(), what) }]
}

fn is_whole_year(from: &str, to: &str) -> bool {
    let year = from.strip_suffix("-01-01");
    year.is_some() && year == to.strip_suffix("-12-31")
}

fn is_whole_year_damaged(period: &Remark) -> bool {
    let digits: String = period.text.chars().filter(char::is_ascii_digit).collect();
    let Some((year, days)) = digits.split_at_checked(4) else { return false };
    let (from, to) = match days.split_once(year) {
        Some(days) => days,
        None => days.split_at_checked(days.len().saturating_sub(4)).unwrap_or((days, "")),
    };
    matches!(from, "11" | "0101" | "101" | "011") && to == "1231"
}

/// `2024-01-01` as 2024年1月1日.
fn chinese(date: &str) -> String {
    date.parse().map_or_else(|_| date.to_owned(), in_words)
}

fn in_words(date: Date) -> String {
    format!("{}年{}月{}日", date.year(), date.month(), date.day())
}

/// The last year whose reports were due by the regulation of 2007, by the end of March all of them.
const LAST_OF_OLD_REGULATION: u16 = 2018;

/// DOC-05. The day on a page is that of its last move from one website to the next, and a town or a
/// government's own office is no department for certain: then it is worth a look and no more.
fn published_in_time(rule: &Rule, report: &Report) -> Vec<Finding> {
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
        // Years later the page was moved, and the signature counts.
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

/// A day of the year after the report's.
fn day(year: Year, month: i8, day: i8) -> Option<Date> {
    Date::new(i16::try_from(year.get()).ok()? + 1, month, day).ok()
}

fn first_day(year: Year) -> Date {
    day(year, 1, 1).unwrap_or(Date::MIN)
}

/// Whether a date stands below the report. The date under a title is as often the page's.
fn is_signature(report: &Report, stated: &Stated<Date>) -> bool {
    let heading = report.sections.first().map(|section| section.origin.start);
    let is_above = stated.origin.zip(heading).is_some_and(|(origin, heading)| origin.start < heading);
    stated.source == Source::Signature && !is_above
}

/// DOC-06. The dates of a page are of the page; where all of them are too early, one may be mistaken
/// for the report's.
fn signed_after_the_year(rule: &Rule, report: &Report) -> Vec<Finding> {
    let Some(year) = report.year else { return Vec::new() };
    let is_early = |stated: &&Stated<Date>| stated.value < first_day(year);
    let signed = report.stated_dates.iter().find(|stated| is_signature(report, stated));
    let (stated, severity) = match signed {
        Some(signed) if is_early(&signed) => (signed, rule.severity),
        None if report.stated_dates.iter().all(|stated| is_early(&stated)) => {
            match report.stated_dates.first() {
                Some(first) => (first, Severity::Info),
                None => return Vec::new(),
            }
        }
        _ => return Vec::new(),
    };
    let what = format!("{}日期为{}，早于{year}年度结束。", stated.source.title(), in_words(stated.value));
    vec![Finding { severity, origin: stated.origin, ..rule.fails(report, Vec::new(), what) }]
}
