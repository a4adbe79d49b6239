//! An empty roster to fill in.

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook};
use survey::Roster;

use crate::error::RenderError;

/// What stands in each column, for those who fill the list in.
const MEANINGS: [&str; 10] = [
    "机关全称（必填）",
    "六位区划代码，乡镇、街道为九位",
    "国家级、省级、市级、县级、乡级；空着时按区划代码推定",
    "上级机关的全称，须在名录中单列一行；空着时按区划代码和名称推定",
    "曾用名、简称，多个以分号隔开",
    "各年相同的截止日期，如1月31日；空着时按《条例》第四十九条",
    "年度报告的数字口径：汇总（含下级）或本机关",
    "不需要报送的年度，如2024，多个以分号隔开；一直不需要的写“全部”",
    "同意延期的日期，如2025-02-15",
    "免报、延期等情况的说明",
];

/// A workbook with the columns of a roster, and a sheet that says what stands in each.
///
/// # Errors
/// If the workbook cannot be written.
pub fn roster_template() -> Result<Vec<u8>, RenderError> {
    let mut workbook = Workbook::new();
    workbook
        .set_properties(&DocProperties::new().set_creation_datetime(&ExcelDateTime::from_ymd(2026, 1, 1)?));
    let head = Format::new().set_bold();
    // A code is no number: it keeps its zeros, and a spreadsheet does not round it.
    let text = Format::new().set_num_format("@");
    let sheet = workbook.add_worksheet().set_name("名录")?;
    for (column, name) in (0..).zip(Roster::columns()) {
        sheet.set_column_width(column, if column == 0 { 36 } else { 16 })?;
        sheet.set_column_format(column, &text)?;
        sheet.write_with_format(0, column, name, &head)?;
    }
    sheet.set_freeze_panes(1, 1)?;
    let sheet = workbook.add_worksheet().set_name("填写说明")?;
    sheet.set_column_width(0, 12)?;
    sheet.set_column_width(1, 80)?;
    for (row, (name, meaning)) in (0..).zip(Roster::columns().into_iter().zip(MEANINGS)) {
        sheet.write_with_format(row, 0, name, &head)?;
        sheet.write(row, 1, meaning)?;
    }
    Ok(workbook.save_to_buffer()?)
}
