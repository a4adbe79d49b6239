//! Renders the roll-up as a workbook. The same roll-up gives the same bytes.

mod details;

use report::{Decimal, Form, Table};
use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Note, Workbook, Worksheet, XlsxError,
};
use survey::RollUp;

use super::lists::{self, Entry, List};
use super::{Shown, remarks, shown, title};
use crate::form_layout::{Content, PlacedCell, extent, heading, layout, widths};
use crate::text::number;

/// The number of the paper size A4 in spreadsheets.
const A4: u8 = 9;
/// Rows above a table: the title, the heading and an empty one.
const ABOVE: u32 = 3;
/// Longer text in a cell is truncated; a spreadsheet takes 32,767 characters.
const MAX_TEXT: usize = 2_000;

pub(super) fn workbook(roll_up: &RollUp) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let born = ExcelDateTime::from_ymd(2021, 9, 26)?;
    let properties = DocProperties::new().set_title(title(roll_up)).set_creation_datetime(&born);
    workbook.set_properties(&properties);
    let formats = Formats::new();
    for table in Table::ALL {
        official(workbook.add_worksheet(), &formats, roll_up, table)?;
    }
    let contributors = lists::contributors(roll_up);
    let sheet = listing(workbook.add_worksheet(), &formats, "填报单位", std::slice::from_ref(&contributors))?;
    sheet.set_freeze_panes(FIRST_ROW, 0)?.set_repeat_rows(FIRST_ROW - 1, FIRST_ROW - 1)?;
    details::sheet(workbook.add_worksheet(), &formats, roll_up)?;
    listing(workbook.add_worksheet(), &formats, "缺报与存疑", &lists::doubts(roll_up))?;
    workbook.save_to_buffer()
}

/// A table of the form with its title above and notes below.
fn official(
    sheet: &mut Worksheet,
    formats: &Formats,
    roll_up: &RollUp,
    table: Table,
) -> Result<(), XlsxError> {
    let layout = layout(Form::get(roll_up.form), table);
    let (last_row, last_column) = extent(&layout);
    set_up(sheet, table.short_title())?;
    match table {
        Table::Litigation => sheet.set_landscape().set_print_fit_to_pages(1, 1),
        Table::Active | Table::Requests => sheet.set_portrait().set_print_fit_to_pages(1, 1),
    };
    for (column, width) in (0..).zip(widths(&layout, table)) {
        sheet.set_column_width(column, f64::from(width))?;
    }
    sheet.merge_range(0, 0, 0, last_column, &cut(&title(roll_up)), &formats.title)?.set_row_height(0, 30)?;
    sheet.merge_range(1, 0, 1, last_column, heading(table), &formats.heading)?.set_row_height(1, 22)?;
    for placed in &layout {
        write_cell(sheet, formats, roll_up, placed)?;
    }
    for (row, lines) in (ABOVE..).zip(heights(table, &layout, last_row)) {
        sheet.set_row_height(row, lines * LINE)?;
    }
    for (row, remark) in (ABOVE + last_row + 2..).zip(remarks(roll_up)) {
        sheet.merge_range(row, 0, row, last_column, &cut(&remark), &formats.remark)?;
        sheet.set_row_height(row, 2.0 * LINE)?;
    }
    Ok(())
}

/// Height of a line, in points.
const LINE: f64 = 15.0;

/// The lines that each row of a table needs: those of the longest text that covers no other row.
fn heights(table: Table, layout: &[PlacedCell], last_row: u32) -> Vec<f64> {
    let widths = widths(layout, table);
    let lines = |placed: &PlacedCell| match &placed.content {
        Content::Head(text) | Content::Label(text) => {
            let columns = usize::from(placed.column)..usize::from(placed.column + placed.columns);
            let width: u16 = widths.get(columns).unwrap_or_default().iter().sum();
            (text.chars().count() as f64 * 2.0 / f64::from(width.max(1))).ceil()
        }
        Content::Figure(_) => 1.0,
    };
    let row = |row: u32| {
        let alone = layout.iter().filter(|placed| placed.row == row && placed.rows == 1);
        alone.map(lines).fold(1.2, f64::max)
    };
    (0..=last_row).map(row).collect()
}

fn write_cell(
    sheet: &mut Worksheet,
    formats: &Formats,
    roll_up: &RollUp,
    placed: &PlacedCell,
) -> Result<(), XlsxError> {
    let (row, column) = (placed.row + ABOVE, placed.column);
    match &placed.content {
        Content::Head(text) => merge(sheet, placed, text, &formats.head),
        Content::Label(text) => merge(sheet, placed, text, &formats.label),
        Content::Figure(id) => {
            let shown = shown(roll_up, *id);
            merge(sheet, placed, &shown.text(), &formats.figure)?;
            match &shown {
                Shown::Number(value) => write_number(sheet, row, column, *value, &formats.figure)?,
                Shown::AtLeast(value, _) if is_exact_in_a_spreadsheet(*value) => {
                    write_number(sheet, row, column, *value, &formats.at_least(*value))?;
                }
                Shown::AtLeast(..) | Shown::Nothing(_) => {}
            }
            if let Some(reason) = shown.reason() {
                sheet.insert_note(row, column, &Note::new(reason).add_author_prefix(false))?;
            }
            Ok(())
        }
    }
}

/// Writes text into the rows and columns that it covers.
fn merge(sheet: &mut Worksheet, placed: &PlacedCell, text: &str, format: &Format) -> Result<(), XlsxError> {
    let (row, column) = (placed.row + ABOVE, placed.column);
    match (placed.rows, placed.columns) {
        (1, 1) if text.is_empty() => sheet.write_blank(row, column, format)?,
        (1, 1) => sheet.write_string_with_format(row, column, text, format)?,
        (rows, columns) => {
            sheet.merge_range(row, column, row + rows - 1, column + columns - 1, text, format)?
        }
    };
    Ok(())
}

/// Writes a number, or its text where a spreadsheet would round it.
fn write_number(
    sheet: &mut Worksheet,
    row: u32,
    column: u16,
    value: Decimal,
    format: &Format,
) -> Result<(), XlsxError> {
    let text = number(value);
    match text.parse::<f64>() {
        Ok(float) if is_exact_in_a_spreadsheet(value) => {
            sheet.write_number_with_format(row, column, float, format)?
        }
        _ => sheet.write_string_with_format(row, column, &text, format)?,
    };
    Ok(())
}

/// Whether a spreadsheet, which keeps fifteen digits, shows the number as it is.
fn is_exact_in_a_spreadsheet(value: Decimal) -> bool {
    number(value).chars().filter(char::is_ascii_digit).count() <= 15
}

/// The row after the head of the first list.
const FIRST_ROW: u32 = 2;

/// Writes lists, one below the other.
fn listing<'a>(
    sheet: &'a mut Worksheet,
    formats: &Formats,
    name: &str,
    lists: &[List],
) -> Result<&'a mut Worksheet, XlsxError> {
    set_up(sheet, name)?;
    sheet.set_landscape().set_print_fit_to_pages(1, 0);
    let widths = lists.first().map_or(&[][..], |list| list.columns);
    for (column, (_, width)) in (0..).zip(widths) {
        sheet.set_column_width(column, f64::from(*width))?;
    }
    let mut row = 0;
    for list in lists {
        sheet.write_string_with_format(row, 0, list.title, &formats.list_title)?;
        row += 1;
        if list.rows.is_empty() {
            sheet.write_string(row, 0, list.empty)?;
            row += 2;
            continue;
        }
        for (column, (head, _)) in (0..).zip(list.columns) {
            sheet.write_string_with_format(row, column, *head, &formats.head)?;
        }
        for entries in &list.rows {
            row += 1;
            for (column, entry) in (0..).zip(entries) {
                match entry {
                    Entry::Number(value) => write_number(sheet, row, column, *value, &formats.figure)?,
                    // Text stays text, even where it looks like a formula.
                    Entry::Text(text) => {
                        sheet.write_string_with_format(row, column, cut(text), &formats.label)?;
                    }
                }
            }
        }
        row += 2;
    }
    Ok(sheet)
}

fn set_up(sheet: &mut Worksheet, name: &str) -> Result<(), XlsxError> {
    sheet.set_name(name)?;
    sheet.set_paper_size(A4).set_margins(0.6, 0.6, 0.8, 0.8, 0.3, 0.3);
    sheet.set_print_center_horizontally(true).set_footer("&C— &P —");
    Ok(())
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(MAX_TEXT) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// The formats of cells.
struct Formats {
    title: Format,
    heading: Format,
    list_title: Format,
    remark: Format,
    head: Format,
    label: Format,
    figure: Format,
}

impl Formats {
    fn new() -> Self {
        let middle = Format::new().set_align(FormatAlign::VerticalCenter);
        let centred = middle.clone().set_align(FormatAlign::Center);
        let plain = middle.set_font_name("宋体").set_font_size(10).set_text_wrap();
        let bordered = plain.clone().set_border(FormatBorder::Thin);
        Self {
            title: centred.clone().set_font_name("方正小标宋简体").set_font_size(16),
            heading: centred.set_font_name("黑体").set_font_size(12),
            list_title: Format::new().set_font_name("黑体").set_font_size(12),
            remark: plain,
            head: bordered.clone().set_align(FormatAlign::Center),
            label: bordered.clone().set_align(FormatAlign::Left),
            figure: bordered.set_align(FormatAlign::Center),
        }
    }

    /// The format of a lower bound: the cell holds the number, with which a spreadsheet calculates, and shows `≥`
    /// before it.
    fn at_least(&self, value: Decimal) -> Format {
        let digits = match value.normalize().scale() {
            0 => "0".to_owned(),
            scale => format!("0.{}", "0".repeat(scale as usize)),
        };
        self.figure.clone().set_num_format(format!("\"≥\"{digits}"))
    }
}
