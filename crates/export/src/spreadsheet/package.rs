//! The parts of a workbook around its rows (ECMA-376).

use std::fmt::Write as _;

use super::text;
use crate::column::{Column, Kind};

/// Positions in the list of cell formats of [`STYLES`].
pub(super) const GENERAL: u8 = 0;
pub(super) const HEADER: u8 = 1;
pub(super) const DATE: u8 = 2;
pub(super) const TIME: u8 = 3;
/// Stays text when somebody edits it, also where it begins like a formula.
pub(super) const TEXT: u8 = 4;

const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const RELATIONSHIPS: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const CONTENT_TYPE: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml";
const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";

pub(super) fn sheet_path(number: usize) -> String {
    format!("xl/worksheets/sheet{number}.xml")
}

/// What comes before the rows of a sheet: the header stays in sight, and the columns are wide enough.
pub(super) fn sheet_head(columns: &[Column]) -> String {
    let mut head = format!(
        "{DECLARATION}<worksheet xmlns=\"{MAIN}\"><sheetViews><sheetView workbookViewId=\"0\">\
         <pane ySplit=\"1\" topLeftCell=\"A2\" activePane=\"bottomLeft\" state=\"frozen\"/>\
         <selection pane=\"bottomLeft\" activeCell=\"A2\" sqref=\"A2\"/></sheetView></sheetViews>\
         <sheetFormatPr defaultRowHeight=\"15\"/><cols>"
    );
    for (number, column) in (1..).zip(columns) {
        let _ = write!(
            head,
            "<col min=\"{number}\" max=\"{number}\" width=\"{}\" customWidth=\"1\"/>",
            width(column)
        );
    }
    head.push_str("</cols><sheetData>");
    head
}

/// The width of a column in characters.
fn width(column: &Column) -> usize {
    match (&*column.id, column.kind) {
        ("agency" | "region" | "label" | "title" | "problem" | "name", _) => 28,
        ("message" | "meaning" | "cell_states" | "codes" | "value" | "item" | "address", Kind::Text) => 44,
        (_, Kind::Time) => 20,
        (_, Kind::Integer | Kind::Decimal | Kind::Date) => 12,
        (_, Kind::Text) => 16,
    }
}

/// The other parts of a workbook with these sheets, each with its path.
pub(super) fn parts(sheets: &[String]) -> [(&'static str, String); 5] {
    [
        ("xl/workbook.xml", workbook(sheets)),
        ("xl/_rels/workbook.xml.rels", workbook_relationships(sheets.len())),
        ("xl/styles.xml", format!("{DECLARATION}{STYLES}")),
        ("_rels/.rels", relationships()),
        ("[Content_Types].xml", content_types(sheets.len())),
    ]
}

fn workbook(sheets: &[String]) -> String {
    let mut workbook = format!("{DECLARATION}<workbook xmlns=\"{MAIN}\" xmlns:r=\"{OFFICE}\"><sheets>");
    for (number, name) in (1..).zip(sheets) {
        workbook.push_str("<sheet name=\"");
        text::push(&mut workbook, name);
        let _ = write!(workbook, "\" sheetId=\"{number}\" r:id=\"rId{number}\"/>");
    }
    workbook.push_str("</sheets></workbook>");
    workbook
}

fn workbook_relationships(sheets: usize) -> String {
    let mut all = format!("{DECLARATION}<Relationships xmlns=\"{RELATIONSHIPS}\">");
    for number in 1..=sheets {
        let _ = write!(
            all,
            "<Relationship Id=\"rId{number}\" Type=\"{OFFICE}/worksheet\" Target=\"worksheets/sheet{number}.xml\"/>"
        );
    }
    let styles = sheets + 1;
    let _ = write!(
        all,
        "<Relationship Id=\"rId{styles}\" Type=\"{OFFICE}/styles\" Target=\"styles.xml\"/></Relationships>"
    );
    all
}

fn relationships() -> String {
    format!(
        "{DECLARATION}<Relationships xmlns=\"{RELATIONSHIPS}\"><Relationship Id=\"rId1\" \
         Type=\"{OFFICE}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
    )
}

fn content_types(sheets: usize) -> String {
    let mut all = format!(
        "{DECLARATION}<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">\
         <Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
         <Default Extension=\"xml\" ContentType=\"application/xml\"/>\
         <Override PartName=\"/xl/workbook.xml\" ContentType=\"{CONTENT_TYPE}.sheet.main+xml\"/>\
         <Override PartName=\"/xl/styles.xml\" ContentType=\"{CONTENT_TYPE}.styles+xml\"/>"
    );
    for number in 1..=sheets {
        let _ = write!(
            all,
            "<Override PartName=\"/{}\" ContentType=\"{CONTENT_TYPE}.worksheet+xml\"/>",
            sheet_path(number)
        );
    }
    all.push_str("</Types>");
    all
}

/// The cell formats in the order of the constants above.
const STYLES: &str = concat!(
    "<styleSheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">",
    "<numFmts count=\"2\"><numFmt numFmtId=\"164\" formatCode=\"yyyy\\-mm\\-dd\"/>",
    "<numFmt numFmtId=\"165\" formatCode=\"yyyy\\-mm\\-dd\\ hh:mm:ss\"/></numFmts>",
    "<fonts count=\"2\"><font><sz val=\"11\"/><name val=\"宋体\"/><charset val=\"134\"/></font>",
    "<font><b/><sz val=\"11\"/><name val=\"宋体\"/><charset val=\"134\"/></font></fonts>",
    "<fills count=\"3\"><fill><patternFill patternType=\"none\"/></fill>",
    "<fill><patternFill patternType=\"gray125\"/></fill>",
    "<fill><patternFill patternType=\"solid\"><fgColor rgb=\"FFE7ECF3\"/><bgColor indexed=\"64\"/></patternFill></fill></fills>",
    "<borders count=\"1\"><border><left/><right/><top/><bottom/><diagonal/></border></borders>",
    "<cellStyleXfs count=\"1\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\"/></cellStyleXfs>",
    "<cellXfs count=\"5\">",
    "<xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\"/>",
    "<xf numFmtId=\"49\" fontId=\"1\" fillId=\"2\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\" applyFont=\"1\" ",
    "applyFill=\"1\" applyAlignment=\"1\"><alignment vertical=\"center\" wrapText=\"1\"/></xf>",
    "<xf numFmtId=\"164\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\"/>",
    "<xf numFmtId=\"165\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\"/>",
    "<xf numFmtId=\"49\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\"/>",
    "</cellXfs>",
    "<cellStyles count=\"1\"><cellStyle name=\"Normal\" xfId=\"0\" builtinId=\"0\"/></cellStyles>",
    "</styleSheet>",
);

#[cfg(test)]
mod tests {
    use super::super::letters;

    #[test]
    fn columns_have_letters() {
        let check = |index: usize, expected: &str| assert_eq!(letters(index), expected);
        check(0, "A");
        check(25, "Z");
        check(26, "AA");
        check(701, "ZZ");
        check(702, "AAA");
        check(16_383, "XFD");
    }
}
