//! Renders what a check of files found: a page to print or to send on, and a workbook.

mod page;
mod workbook;

use report::{CellId, Finding, Report, Review};

use crate::error::RenderError;
use crate::form_layout::full_width_brackets;
use crate::location;
use crate::text::{clean, number};

/// A file after its check.
#[derive(Debug, Clone, Copy)]
pub struct CheckedReport<'a> {
    /// The name of the file.
    pub file_name: &'a str,
    /// What the rules say of it, or in Chinese why it cannot be read.
    pub outcome: Result<&'a Review, &'a str>,
}

/// The files as one self-contained page of HTML.
pub fn checked_html(files: &[CheckedReport<'_>]) -> String {
    page::page(files)
}

/// The files as a workbook: a row for each file, for each finding and for each cell.
///
/// # Errors
/// If it exceeds what a workbook can hold.
pub fn checked_xlsx(files: &[CheckedReport<'_>]) -> Result<Vec<u8>, RenderError> {
    Ok(workbook::workbook(files)?)
}

const TITLE: &str = "政府信息公开工作年度报告校核结果";

/// The agency and the year of a report, where they are known.
fn identity(report: &Report) -> (String, String) {
    let agency = report.agency.as_deref().map_or_else(|| "未写明".to_owned(), clean);
    (agency, report.year.map_or_else(String::new, |year| year.to_string()))
}

/// How many problems a report has, in words.
fn count(review: &Review) -> String {
    match report::count_problems(&review.findings) {
        0 => "无问题".to_owned(),
        count => format!("问题{count}项"),
    }
}

/// A finding in the words of the page and of the workbook.
struct Words {
    /// 错误, 警告, 提示 or 无法判断.
    severity: &'static str,
    message: String,
    /// Both numbers by name: `新收与上年结转合计7，办理总计与结转下年度合计8，相差1`.
    numbers: String,
    /// The cells by row and column, or where the sentence stands.
    place: String,
    /// How it may be corrected.
    repair: String,
    basis: String,
    /// Who waived it and why.
    waiver: String,
}

impl Words {
    fn of(report: &Report, finding: &Finding, file_name: &str) -> Self {
        let repair = finding.repair.as_ref().map(|repair| full_width_brackets(&clean(&repair.reason)));
        let waiver = finding.waiver.as_ref().map(|waiver| {
            format!("{}同意豁免，有效期至{}：{}", clean(&waiver.who), waiver.until, clean(&waiver.why))
        });
        Self {
            severity: finding.judgement.label(finding.severity),
            message: full_width_brackets(&clean(&finding.message)),
            numbers: numbers(report, finding).unwrap_or_default(),
            place: place(report, finding, file_name).unwrap_or_default(),
            repair: repair.unwrap_or_default(),
            basis: rules::rule(&finding.rule).map_or_else(String::new, |rule| clean(rule.basis)),
            waiver: waiver.unwrap_or_default(),
        }
    }
}

fn numbers(report: &Report, finding: &Finding) -> Option<String> {
    let (left, right) = (finding.left?, finding.right?);
    let names = crate::sides(report, finding)?;
    let gap = number(left.saturating_sub(right).abs());
    Some(format!(
        "{}{}，{}{}，相差{gap}",
        clean(&names.left),
        number(left),
        clean(&names.right),
        number(right)
    ))
}

/// The one cell or the place in the text. Several cells are named by the message.
fn place(report: &Report, finding: &Finding, file_name: &str) -> Option<String> {
    let origin = finding.origin.and_then(|origin| location::location(report, origin, Some(file_name)));
    match (&finding.cells[..], report.cells.form()) {
        ([id], Some(form)) => {
            let page =
                report.cells.get(*id).and_then(|cell| location::in_file(cell.origin?, Some(file_name)));
            let page = page.map_or_else(String::new, |page| format!("，{page}"));
            Some(format!("{}{page}", location::of_cell(form, *id)))
        }
        _ => origin.map(|place| clean(&place)),
    }
}

/// Whether a finding that counts speaks of a cell.
fn is_blamed(review: &Review, id: CellId) -> bool {
    review.findings.iter().any(|finding| finding.waiver.is_none() && finding.cells.contains(&id))
}
