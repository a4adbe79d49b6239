//! The sheet 分机关明细: a row for each agency that was added up, a column for each cell of the form.

use report::Form;
use rust_xlsxwriter::{Worksheet, XlsxError};
use survey::RollUp;

use super::{Formats, cut, set_up, write_number};
use crate::location;
use crate::text::clean;

/// Agencies in the sheet. Each has two hundred cells, which the writer keeps in memory until the file is written:
/// these take about 100 MB.
const MAX_AGENCIES: usize = 5_000;
/// Rows above the first agency: the title, and the head.
const FIRST_ROW: u32 = 2;
/// The columns before the figures, each with its width in characters.
const NAMES: [(&str, f64); 4] = [("序号", 6.0), ("机关名称", 36.0), ("区划代码", 12.0), ("计入方式", 24.0)];
/// Width of a column of figures, in characters.
const FIGURE_WIDTH: f64 = 12.0;
/// Height of the head, in points: the longest label of a cell, wrapped.
const HEAD_HEIGHT: f64 = 120.0;

/// Writes the sheet. A figure that the report does not have is an empty cell, never 0.
pub(super) fn sheet(sheet: &mut Worksheet, formats: &Formats, roll_up: &RollUp) -> Result<(), XlsxError> {
    set_up(sheet, "分机关明细")?;
    sheet.set_landscape().set_print_fit_to_pages(0, 0);
    sheet.write_string_with_format(0, 0, title(roll_up), &formats.list_title)?;
    head(sheet, formats, roll_up)?;
    let rows = (FIRST_ROW..).zip(1..).zip(roll_up.contributions().take(MAX_AGENCIES));
    for ((row, number), (contributor, figures)) in rows {
        sheet.write_number_with_format(row, 0, f64::from(number), &formats.figure)?;
        let region = contributor.region.as_deref().unwrap_or_default();
        for (column, text) in (1..).zip([&*contributor.agency, region, contributor.how.title()]) {
            // Text stays text, even where it looks like a formula.
            sheet.write_string_with_format(row, column, cut(&clean(text)), &formats.label)?;
        }
        for (column, figure) in (NAMES.len() as u16..).zip(figures) {
            match figure {
                Some(value) => write_number(sheet, row, column, value, &formats.figure)?,
                None => {
                    sheet.write_blank(row, column, &formats.figure)?;
                }
            }
        }
    }
    sheet.set_freeze_panes(FIRST_ROW, 2)?.set_repeat_rows(FIRST_ROW - 1, FIRST_ROW - 1)?;
    Ok(())
}

fn title(roll_up: &RollUp) -> String {
    let count = roll_up.contributors.len();
    match count > MAX_AGENCIES {
        true => format!("分机关明细（共{count}个机关，本表只列前{MAX_AGENCIES}个）"),
        false => "分机关明细（空格表示报告没有这一格的数字，不表示0）".to_owned(),
    }
}

fn head(sheet: &mut Worksheet, formats: &Formats, roll_up: &RollUp) -> Result<(), XlsxError> {
    const ROW: u32 = FIRST_ROW - 1;
    for (column, (name, width)) in (0..).zip(NAMES) {
        sheet.write_string_with_format(ROW, column, name, &formats.head)?.set_column_width(column, width)?;
    }
    let form = Form::get(roll_up.form);
    for (column, cell) in (NAMES.len() as u16..).zip(&roll_up.cells) {
        let label = location::of_cell(form, cell.id);
        sheet.write_string_with_format(ROW, column, label, &formats.head)?;
        sheet.set_column_width(column, FIGURE_WIDTH)?;
    }
    sheet.set_row_height(ROW, HEAD_HEIGHT)?;
    Ok(())
}
