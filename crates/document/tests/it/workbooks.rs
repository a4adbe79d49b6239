//! Excel workbooks of both ages, drawn.

use std::io::{Cursor, Write};

use document::{Limits, ReadError, read};
use proptest::prelude::*;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::{draw, laws};

const XLSX: &[u8] = include_bytes!("../samples/workbook.xlsx");
const XLS: &[u8] = include_bytes!("../samples/workbook.xls");

#[test]
fn both_ages_read_alike() {
    let expected = "\
¶ 某某局2024年统计表
¶ 一、数字
¶ 本节有两段。
Grid
  项目⟨2×1⟩¦数量⟨1×2⟩¦3:说明
  1:甲¦2:乙¦3:
  整数¦12¦3.5¦富文本
  小数¦0.3¦2.68¦两行 文字
  比例¦12.34%¦50%¦⟨2×1⟩
  日期¦2025年1月17日¦2025年1月
  公式¦15.5¦#DIV/0!¦整数甲
  金额¦12.50万元¦1234567¦TRUE
  空白¦¦¦
¶ 二、文字
Grid
  第二十条第（一）项⟨1×3⟩
  信息内容¦本年制发件数¦现行有效件数
  规章¦0¦3
Grid
  甲¦1
  乙¦-2";
    for bytes in [XLSX, XLS] {
        assert_eq!(draw::draw(&read(bytes, &Limits::default()).unwrap()), expected);
    }
}

/// The same report as three programs save it; in one of them a column is hidden and a figure has a note.
#[test]
fn all_formats_read_alike() {
    let sample = |name: &str| {
        let path = format!("{}/../../samples/reports/{name}", env!("CARGO_MANIFEST_DIR"));
        draw::draw(&read(&std::fs::read(path).unwrap(), &Limits::default()).unwrap())
    };
    let expected = sample("workbook-one-sheet.xlsx");
    assert_eq!(sample("workbook-open.ods"), expected);
    assert_eq!(sample("workbook-2003-xml.xls"), expected);
}

/// A workbook of one sheet, and the parts that it needs.
fn workbook(sheet: &str, strings: &str, styles: &str) -> Vec<u8> {
    let relation = |id: &str, kind: &str, target: &str| {
        format!("<Relationship Id='{id}' Type='http://x/relationships/{kind}' Target='{target}'/>")
    };
    let relations = [
        relation("a", "worksheet", "worksheets/sheet1.xml"),
        relation("b", "sharedStrings", "sharedStrings.xml"),
        relation("c", "styles", "/xl/styles.xml"),
    ];
    zip(&[
        ("xl/workbook.xml", "<workbook><sheets><sheet name='一' sheetId='1' r:id='a'/></sheets></workbook>"),
        ("xl/_rels/workbook.xml.rels", &format!("<Relationships>{}</Relationships>", relations.concat())),
        ("xl/sharedStrings.xml", &format!("<sst>{strings}</sst>")),
        ("xl/styles.xml", &format!("<styleSheet>{styles}</styleSheet>")),
        ("xl/worksheets/sheet1.xml", &format!("<worksheet>{sheet}</worksheet>")),
    ])
}

fn zip(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in [("[Content_Types].xml", "<Types/>")].iter().chain(parts) {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[track_caller]
fn check(sheet: &str, expected: &str) {
    let strings = "<si><t>甲</t></si><si><r><t>乙</t></r><r><t xml:space='preserve'> 丙</t></r>\
                   <rPh><t>読み</t></rPh></si><si/>";
    let document = read(&workbook(sheet, strings, ""), &Limits::default()).unwrap();
    assert_eq!(draw::draw(&document), expected);
}

#[test]
fn cells_are_read_by_their_type() {
    check("<sheetData><row><c t='s'><v>0</v></c><c t='s'><v>1</v></c></row></sheetData>", "Grid\n  甲¦乙 丙");
    check(
        "<sheetData><row><c t='inlineStr'><is><t>丁&amp;&#25105;</t></is></c><c><v>1E2</v></c></row></sheetData>",
        "Grid\n  丁&我¦100",
    );
    check(
        "<sheetData><row><c t='str'><f>A&amp;1</f><v>值</v></c><c t='e'><v>#REF!</v></c></row></sheetData>",
        "Grid\n  值¦#REF!",
    );
    check(
        "<sheetData><row><c t='b'><v>0</v></c><c t='d'><v>2025-01-07T00:00:00</v></c></row></sheetData>",
        "Grid\n  FALSE¦2025年1月7日",
    );
    check(
        "<sheetData><row><c t='str'><v>a_x000D_b_x</v></c><c><v>x</v></c></row></sheetData>",
        "Grid\n  a b_x¦x",
    );
    check(
        "<sheetData><row r='3'><c r='C3'><v>1</v></c><c r='B3'><v>2</v></c><c r='ZZZZ9'><v>3</v></c></row></sheetData>",
        "Grid\n  2¦3",
    );
}

#[test]
fn what_is_hidden_is_not_read() {
    let cells = |row: &str| {
        row.split('|').map(|cell| format!("<c t='inlineStr'><is><t>{cell}</t></is></c>")).collect::<String>()
    };
    let rows = ["甲|去|1", "去|去|去", "乙|去|2"].map(cells);
    let [first, second, third] = &rows;
    check(
        &format!(
            "<cols><col min='2' max='2' hidden='1'/></cols><sheetData><row>{first}</row><row hidden='1'>{second}</row><row>{third}</row></sheetData>"
        ),
        "Grid\n  甲¦1\n  乙¦2",
    );
}

#[test]
fn marks_of_notes_are_no_digits() {
    let run = |look: &str, text: &str| format!("<r><rPr>{look}</rPr><t>{text}</t></r>");
    let raised = "<vertAlign val='superscript'/>";
    let rich = [run("", "12"), run(raised, "1"), run("<strike/>", "9"), run("", "件")].concat();
    check(
        &format!(
            "<sheetData><row><c t='s'><v>0</v></c><c t='inlineStr'><is>{rich}</is></c></row></sheetData>"
        ),
        "Grid\n  甲¦12件",
    );
}

const SHEETS: &str = "<office:spreadsheet><table:table table:style-name='shown'>{rows}</table:table><table:table table:style-name='gone'><table:table-row><table:table-cell><text:p>去</text:p></table:table-cell></table:table-row></table:table></office:spreadsheet>";
const ODS_STYLES: &str = "<office:automatic-styles><style:style style:name='gone'><style:table-properties table:display='false'/></style:style><style:style style:name='up'><style:text-properties style:text-position='super 58%'/></style:style><style:style style:name='box'><style:table-cell-properties fo:border='0.06pt solid #000000'/></style:style></office:automatic-styles>";

/// Rows parted by `/`, cells by `|`.
fn open_sheet(rows: &str) -> Vec<String> {
    let content = format!("{ODS_STYLES}<office:body>{}</office:body>", SHEETS.replace("{rows}", rows));
    let kind = "application/vnd.oasis.opendocument.spreadsheet";
    vec![
        content.clone(),
        format!("<?xml version='1.0'?><office:document office:mimetype='{kind}'>{content}</office:document>"),
    ]
}

#[track_caller]
fn check_open(rows: &str, expected: &str) {
    let [content, flat] = open_sheet(rows).try_into().unwrap();
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let parts = [
        ("mimetype", "application/vnd.oasis.opendocument.spreadsheet".to_owned()),
        ("content.xml", format!("<office:document-content>{content}</office:document-content>")),
    ];
    for (name, text) in parts {
        writer
            .start_file(name, SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored))
            .unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    for bytes in [writer.finish().unwrap().into_inner(), flat.into_bytes()] {
        let document = read(&bytes, &Limits::default()).unwrap();
        assert_eq!(document.format, document::Kind::Ods);
        assert_eq!(draw::draw(&document), expected);
    }
}

#[test]
fn open_document_sheets_are_read() {
    let cell = |text: &str| format!("<table:table-cell><text:p>{text}</text:p></table:table-cell>");
    let row = |cells: &[&str]| {
        format!(
            "<table:table-row>{}</table:table-row>",
            cells.iter().map(|text| cell(text)).collect::<String>()
        )
    };
    check_open(
        &[
            row(&["一、甲"]),
            row(&["乙", "1"]),
            row(&["丙", "12<text:span text:style-name='up'>3</text:span>"]),
        ]
        .concat(),
        "¶ 一、甲\nGrid\n  乙¦1\n  丙¦12",
    );
    let merged = "<table:table-row><table:table-cell table:number-columns-spanned='2' table:number-rows-spanned='1'><text:p>甲</text:p></table:table-cell><table:covered-table-cell/><table:table-cell office:value-type='float' office:value='7'/><table:table-cell table:number-columns-repeated='16381'/></table:table-row>";
    check_open(&[merged, &row(&["1", "2", "3"])].concat(), "Grid\n  甲⟨1×2⟩¦2:7\n  1¦2¦3");
    let hidden =
        row(&["去", "去"]).replace("<table:table-row>", "<table:table-row table:visibility='collapse'>");
    check_open(&[row(&["甲", "1"]), hidden, row(&["乙", "2"])].concat(), "Grid\n  甲¦1\n  乙¦2");
    let column = "<table:table-column/><table:table-column table:visibility='collapse'/>";
    check_open(&[column, &row(&["甲", "去", "1"])].concat(), "Grid\n  甲¦1");
    let repeated = "<table:table-row table:number-rows-repeated='2'><table:table-cell table:number-columns-repeated='2'><text:p>0</text:p></table:table-cell></table:table-row>";
    check_open(repeated, "Grid\n  0¦0\n  0¦0");
    let framed = "<table:table-cell table:style-name='box'/>";
    check_open(
        &row(&["甲"]).replace("</table:table-row>", &format!("{framed}</table:table-row>")),
        "Grid\n  甲¦",
    );
    let noted = cell("1</text:p><office:annotation><text:p>去</text:p></office:annotation><text:p>件");
    check_open(&format!("<table:table-row>{}{noted}</table:table-row>", cell("甲")), "Grid\n  甲¦1 件");
    let bomb = "<table:table-row table:number-rows-repeated='1000000'><table:table-cell table:number-columns-repeated='16384'><text:p>0</text:p></table:table-cell></table:table-row>";
    refuse(open_sheet(bomb)[1].as_bytes(), "too-many-cells");
}

#[track_caller]
fn check_2003(sheets: &str, expected: &str) {
    let styles = "<Styles><Style ss:ID='p'><NumberFormat ss:Format='Percent'/></Style><Style ss:ID='b'><Borders><Border ss:Position='Top' ss:LineStyle='Continuous'/></Borders></Style></Styles>";
    let file = format!(
        "<?xml version='1.0'?>\n<?mso-application progid='Excel.Sheet'?>\n<Workbook xmlns='urn:schemas-microsoft-com:office:spreadsheet' xmlns:ss='urn:schemas-microsoft-com:office:spreadsheet'>{styles}{sheets}</Workbook>"
    );
    let document = read(file.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(document.format, document::Kind::ExcelXml);
    assert_eq!(draw::draw(&document), expected);
}

#[test]
fn excel_2003_is_read() {
    let sheet =
        |rows: &str, rest: &str| format!("<Worksheet ss:Name='一'><Table>{rows}</Table>{rest}</Worksheet>");
    let text = |text: &str| format!("<Cell><Data ss:Type='String'>{text}</Data></Cell>");
    let number = |number: &str| format!("<Cell ss:StyleID='p'><Data ss:Type='Number'>{number}</Data></Cell>");
    let row = |cells: &[String]| format!("<Row>{}</Row>", cells.concat());
    check_2003(
        &sheet(&[row(&[text("一、甲")]), row(&[text("乙"), number("0.5")])].concat(), ""),
        "¶ 一、甲\nGrid\n  乙¦50.00%",
    );
    let plain = number("7").replace("ss:StyleID='p'", "ss:StyleID='b'");
    check_2003(&sheet(&row(&[text("乙"), plain]), ""), "Grid\n  乙¦7");
    let rich = "<Cell><ss:Data ss:Type='String'><B>12</B><Sup>1</Sup><S>9</S></ss:Data><Comment><ss:Data>去</ss:Data></Comment></Cell>";
    check_2003(&sheet(&row(&[text("甲"), rich.into()]), ""), "Grid\n  甲¦12");
    let merged = "<Row><Cell ss:MergeDown='1'><Data ss:Type='String'>甲</Data></Cell><Cell ss:MergeAcross='1'><Data ss:Type='String'>乙</Data></Cell></Row><Row><Cell ss:Index='2'><Data ss:Type='String'>丙</Data></Cell><Cell><Data ss:Type='DateTime'>2025-01-17T00:00:00.000</Data></Cell></Row>";
    check_2003(&sheet(merged, ""), "Grid\n  甲⟨2×1⟩¦乙⟨1×2⟩\n  1:丙¦2:2025年1月17日");
    let hidden = format!(
        "<Column/><Column ss:Hidden='1'/>{}{}{}",
        row(&[text("甲"), text("去"), text("1")]),
        row(&[text("去")]).replace("<Row>", "<Row ss:Hidden='1'>"),
        row(&[text("乙"), text("去"), text("2")])
    );
    check_2003(&sheet(&hidden, ""), "Grid\n  甲¦1\n  乙¦2");
    let gone =
        sheet(&row(&[text("去")]), "<WorksheetOptions><Visible>SheetHidden</Visible></WorksheetOptions>");
    check_2003(
        &[gone, sheet(&row(&[text("甲"), "<Cell ss:StyleID='b'/>".into()]), "")].concat(),
        "Grid\n  甲¦",
    );
}

#[test]
fn headings_cut_tables_apart() {
    let row = |cells: &[&str]| {
        let cells: String =
            cells.iter().map(|cell| format!("<c t='inlineStr'><is><t>{cell}</t></is></c>")).collect();
        format!("<row>{cells}</row>")
    };
    let sheet = |rows: &[&[&str]], merges: &str| {
        let rows: String = rows.iter().map(|cells| row(cells)).collect();
        format!("<sheetData>{rows}</sheetData><mergeCells>{merges}</mergeCells>")
    };
    check(
        &sheet(&[&["标题"], &["甲", "1"], &["二、数"], &["乙", "2"]], ""),
        "¶ 标题\nGrid\n  甲¦1\n¶ 二、数\nGrid\n  乙¦2",
    );
    check(&sheet(&[&["甲", "1"], &[], &["乙", "2"]], ""), "Grid\n  甲¦1\nGrid\n  乙¦2");
    check(&sheet(&[&["甲", "1"], &["", "2"]], "<mergeCell ref='A1:A2'/>"), "Grid\n  甲⟨2×1⟩¦1\n  1:2");
    check(&sheet(&[&["第一条"], &["乙", "2"]], "<mergeCell ref='A1:XFD1'/>"), "Grid\n  第一条⟨1×2⟩\n  乙¦2");
    check(&sheet(&[&["甲", "1"], &["乙", "2"]], "<mergeCell ref='A1:B1'/>"), "¶ 甲\nGrid\n  乙¦2");
    check(&sheet(&[&["甲", "1"]], "<mergeCell ref='B1:A1'/><mergeCell ref='?'/>"), "Grid\n  甲¦1");
    check(
        &sheet(&[&["甲", "1", "2"], &["乙", "3", "4"]], "<mergeCell ref='A1:B2'/><mergeCell ref='B1:C1'/>"),
        "Grid\n  甲⟨2×2⟩¦2:2\n  2:4",
    );
}

#[track_caller]
fn refuse(bytes: &[u8], class: &str) {
    match read(bytes, &Limits::default()) {
        Ok(_) => assert_eq!("read", class),
        Err(error) => assert_eq!(error.class(), class, "{error}"),
    }
}

#[test]
fn bombs_are_refused() {
    let cells =
        |sheet: &str, strings: &str| workbook(&format!("<sheetData>{sheet}</sheetData>"), strings, "");
    refuse(&cells(&"<row><c><v>1</v></c></row>".repeat(300_000), ""), "too-many-cells");
    let clauses = "<row><c t='s'><v>0</v></c></row>".repeat(190_000) + "<row/><row><c><v>1</v></c></row>";
    refuse(&cells(&clauses, "<si><t>第一条</t></si>"), "read");
    let far = (1..=20).map(|row| format!("<row r='{row}'><c><v>1</v></c><c r='XFD{row}'><v>1</v></c></row>"));
    refuse(&cells(&far.collect::<String>(), ""), "too-many-cells");
    let long = format!("<si><t>{}</t></si>", "长".repeat(1_000_000));
    refuse(&cells(&"<row><c t='s'><v>0</v></c></row>".repeat(100), &long), "too-much-inflated");
    refuse(&cells(&" ".repeat(130_000_000), ""), "too-much-inflated");
    refuse(&cells(&"<a>".repeat(1_000), ""), "too-deep");
    refuse(&cells("<row><c t='s'><v>7</v></c></row>", ""), "broken-file");
    refuse(&cells("<row><c><v>&x;</v></c></row>", ""), "broken-file");
    refuse(&zip(&[("xl/workbook.xml", "<!DOCTYPE x [<!ENTITY x 'x'>]><workbook/>")]), "broken-file");
    refuse(&zip(&[("xl/workbook.xml", "<workbook/>")]), "empty");
    // A count that would reserve terabytes.
    let counted = zip(&[
        ("xl/workbook.xml", "<workbook><sheets/></workbook>"),
        ("xl/sharedStrings.xml", "<sst uniqueCount='99999999999'/>"),
    ]);
    refuse(&counted, "empty");
}

#[test]
fn old_and_encrypted_workbooks_are_refused_as_such() {
    let first = XLS.windows(6).position(|record| record == [0x09, 0x08, 0x10, 0, 0, 6]).unwrap();
    let mut old = XLS.to_vec();
    old[first + 5] = 5;
    refuse(&old, "outdated-version");
    // The record after the first one becomes FILEPASS.
    let mut locked = XLS.to_vec();
    locked[first + 20..first + 22].copy_from_slice(&[0x2F, 0]);
    assert!(matches!(read(&locked, &Limits::default()), Err(ReadError::Encrypted { .. })));
}

#[test]
fn every_cut_is_read_or_refused() {
    for bytes in [XLSX, XLS] {
        for length in (0..bytes.len()).step_by(64) {
            _ = laws::check(&bytes[..length]);
        }
    }
}

proptest! {
    #[test]
    fn any_damage_is_read_or_refused(
        places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
    ) {
        for bytes in [XLSX, XLS] {
            let mut bytes = bytes.to_vec();
            for (place, byte) in &places {
                let place = place.index(bytes.len());
                bytes[place] = *byte;
            }
            _ = laws::check(&bytes);
        }
    }

    #[test]
    fn any_parts_are_read_or_refused(sheet in "(<|>|/|c|row|sheetData|v|t| r='A1'|'| |=|mergeCell|ref='A1:B9'|&|;|9){0,60}") {
        _ = laws::check(&workbook(&sheet, &sheet, &sheet));
    }
}
