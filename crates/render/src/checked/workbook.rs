//! The workbook of a check. The same files give the same bytes.

use report::Decimal;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, FormatAlign, Workbook, Worksheet, XlsxError};

use super::{CheckedReport, TITLE, Words, count, identity};
use crate::location;
use crate::text::clean;

/// A spreadsheet takes 32,767 characters in a cell; longer text is cut.
const MAX_TEXT: usize = 2_000;

pub(super) fn workbook(files: &[CheckedReport<'_>]) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let born = ExcelDateTime::from_ymd(2021, 9, 26)?;
    workbook.set_properties(&DocProperties::new().set_title(TITLE).set_creation_datetime(&born));
    overview(&mut workbook, files)?;
    findings(&mut workbook, files)?;
    cells(&mut workbook, files)?;
    workbook.save_to_buffer()
}

/// A sheet that is filled row by row.
struct Sheet<'a> {
    sheet: &'a mut Worksheet,
    wrapped: Format,
    row: u32,
}

/// A value of a row.
enum Entry {
    Text(String),
    Number(Option<Decimal>),
    Count(Option<u32>),
}

impl<'a> Sheet<'a> {
    /// A sheet with these heads, each with the width of its column in characters.
    fn new(workbook: &'a mut Workbook, name: &str, heads: &[(&str, f64)]) -> Result<Self, XlsxError> {
        let head = Format::new().set_bold();
        let sheet = workbook.add_worksheet().set_name(name)?;
        for (column, (title, width)) in (0..).zip(heads) {
            sheet.set_column_width(column, *width)?;
            sheet.write_with_format(0, column, *title, &head)?;
        }
        sheet.set_freeze_panes(1, 0)?;
        let wrapped = Format::new().set_text_wrap().set_align(FormatAlign::Top);
        Ok(Self { sheet, wrapped, row: 0 })
    }

    fn add(&mut self, entries: Vec<Entry>) -> Result<(), XlsxError> {
        self.row += 1;
        for (column, entry) in (0..).zip(entries) {
            match entry {
                Entry::Text(text) if text.is_empty() => {}
                Entry::Text(text) => {
                    let text: String = clean(&text).chars().take(MAX_TEXT).collect();
                    self.sheet.write_string_with_format(self.row, column, text, &self.wrapped)?;
                }
                Entry::Number(value) => {
                    if let Some(value) = value.and_then(|value| value.to_string().parse::<f64>().ok()) {
                        self.sheet.write_number_with_format(self.row, column, value, &self.wrapped)?;
                    }
                }
                Entry::Count(Some(count)) => {
                    self.sheet.write_number_with_format(self.row, column, count, &self.wrapped)?;
                }
                Entry::Count(None) => {}
            }
        }
        Ok(())
    }
}

fn text(text: impl Into<String>) -> Entry {
    Entry::Text(text.into())
}

fn overview(workbook: &mut Workbook, files: &[CheckedReport<'_>]) -> Result<(), XlsxError> {
    let heads = [
        ("文件", 40.0),
        ("机关", 32.0),
        ("年度", 8.0),
        ("地区", 24.0),
        ("发布日期", 12.0),
        ("结论", 10.0),
        ("问题", 24.0),
    ];
    let mut sheet = Sheet::new(workbook, "文件", &heads)?;
    for file in files {
        let mut row = vec![text(file.file_name)];
        match file.outcome {
            Ok(review) => {
                let report = &review.report;
                let (agency, year) = identity(report);
                let region = report.region.as_ref().map_or("", |region| &region.name);
                let day = report.published.map_or_else(String::new, |day| day.to_string());
                let verdict = review.verdict().title();
                row.extend([
                    text(agency),
                    text(year),
                    text(region),
                    text(day),
                    text(verdict),
                    text(count(review)),
                ]);
            }
            Err(reason) => {
                row.extend(["", "", "", "", "无法读取", reason].map(text));
            }
        }
        sheet.add(row)?;
    }
    Ok(())
}

fn findings(workbook: &mut Workbook, files: &[CheckedReport<'_>]) -> Result<(), XlsxError> {
    let heads = [
        ("文件", 30.0),
        ("机关", 28.0),
        ("年度", 8.0),
        ("级别", 10.0),
        ("规则", 9.0),
        ("校核发现", 60.0),
        ("数字", 36.0),
        ("位置", 36.0),
        ("建议核实", 40.0),
        ("依据", 40.0),
        ("豁免", 24.0),
    ];
    let mut sheet = Sheet::new(workbook, "校核发现", &heads)?;
    for (file, review) in files.iter().filter_map(|file| Some((file, file.outcome.ok()?))) {
        let (agency, year) = identity(&review.report);
        for finding in &review.findings {
            let words = Words::of(&review.report, finding, file.file_name);
            sheet.add(vec![
                text(file.file_name),
                text(agency.as_str()),
                text(year.as_str()),
                text(words.severity),
                text(finding.rule.as_str()),
                text(words.message),
                text(words.numbers),
                text(words.place),
                text(words.repair),
                text(words.basis),
                text(words.waiver),
            ])?;
        }
    }
    Ok(())
}

/// Each cell of each form; where there is no number the value stays empty, and the state says why.
fn cells(workbook: &mut Workbook, files: &[CheckedReport<'_>]) -> Result<(), XlsxError> {
    let heads = [
        ("文件", 30.0),
        ("机关", 28.0),
        ("年度", 8.0),
        ("单元格", 60.0),
        ("数值", 12.0),
        ("状态", 20.0),
        ("原文填写", 16.0),
        ("页", 6.0),
    ];
    let mut sheet = Sheet::new(workbook, "表格数据", &heads)?;
    for (file, review) in files.iter().filter_map(|file| Some((file, file.outcome.ok()?))) {
        let Some(form) = review.report.cells.form() else { continue };
        let (agency, year) = identity(&review.report);
        for (id, cell) in review.report.cells.iter() {
            sheet.add(vec![
                text(file.file_name),
                text(agency.as_str()),
                text(year.as_str()),
                text(location::of_cell(form, id)),
                Entry::Number(cell.known()),
                text(cell.state.title()),
                text(cell.text.as_deref().unwrap_or_default()),
                Entry::Count(cell.origin.and_then(|origin| origin.page)),
            ])?;
        }
    }
    Ok(())
}
