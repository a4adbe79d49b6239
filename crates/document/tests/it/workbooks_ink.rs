//! What a person sees of the figures of a workbook, and what is stored: each trick beside its plain twin.

use std::io::{Cursor, Write};

use document::{Limits, read};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::draw;

/// The styles: a format and a font and a fill for each number.
const STYLES: &str = r#"<numFmts><numFmt numFmtId="170" formatCode="[&gt;100]&quot;146&quot;;General"/><numFmt numFmtId="171" formatCode="[White]0"/><numFmt numFmtId="172" formatCode="0E+00"/><numFmt numFmtId="173" formatCode=";;;"/></numFmts>
    <fonts><font><color rgb="FF000000"/></font><font><color rgb="FFFFFFFF"/></font><font><color theme="0"/></font><font><color indexed="9"/></font><font><strike/></font><font><sz val="1"/></font><font><color rgb="FFFF0000"/></font><font><color indexed="64"/></font><font><color indexed="65"/></font></fonts>
    <fills><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill><fill><patternFill patternType="solid"><fgColor rgb="FF1F4E79"/></patternFill></fill><fill><patternFill patternType="solid"><fgColor indexed="64"/></patternFill></fill></fills>
    <cellXfs><xf/><xf fontId="1"/><xf fontId="2"/><xf fontId="3"/><xf fontId="4"/><xf fontId="5"/><xf fontId="6"/><xf fontId="1" fillId="2"/><xf numFmtId="170"/><xf numFmtId="171"/><xf numFmtId="172"/><xf numFmtId="173"/><xf><alignment horizontal="fill"/></xf><xf fillId="2"/><xf fontId="7"/><xf fontId="7" fillId="3"/><xf fontId="8"/></cellXfs>
    <dxfs><dxf><numFmt numFmtId="180" formatCode="&quot;7&quot;"/></dxf><dxf><font><color rgb="FFFFFFFF"/></font></dxf><dxf><font><color rgb="FF9C0006"/></font><fill><patternFill><bgColor rgb="FFFFC7CE"/></patternFill></fill></dxf></dxfs>"#;

fn workbook(head: &str, cell: &str, tail: &str, calculation: &str, drawing: &str) -> Vec<u8> {
    let sheet = format!(
        "<worksheet>{head}<sheetData><row r='1'><c r='A1' t='inlineStr'><is><t>甲</t></is></c>{cell}</row>\
         <row r='2'><c r='A2' t='inlineStr'><is><t>乙</t></is></c><c r='B2'><v>2</v></c></row></sheetData>{tail}</worksheet>"
    );
    let parts = [
        ("[Content_Types].xml", "<Types/>".to_owned()),
        ("xl/workbook.xml", format!("<workbook><sheets><sheet name='一' sheetId='1' r:id='a'/></sheets>{calculation}</workbook>")),
        (
            "xl/_rels/workbook.xml.rels",
            "<Relationships><Relationship Id='a' Type='x/worksheet' Target='worksheets/sheet1.xml'/><Relationship Id='b' Type='x/styles' Target='styles.xml'/></Relationships>".to_owned(),
        ),
        ("xl/styles.xml", format!("<styleSheet>{STYLES}</styleSheet>")),
        ("xl/worksheets/sheet1.xml", sheet),
        (
            "xl/worksheets/_rels/sheet1.xml.rels",
            "<Relationships><Relationship Id='d' Type='x/drawing' Target='../drawings/drawing1.xml'/></Relationships>".to_owned(),
        ),
        ("xl/drawings/drawing1.xml", format!("<xdr:wsDr>{drawing}</xdr:wsDr>")),
    ];
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        writer.start_file(name, SimpleFileOptions::default()).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[track_caller]
fn check_book(book: &[u8], expected: &str) {
    let document = read(book, &Limits::default()).unwrap();
    assert_eq!(draw::draw(&document), format!("Grid\n  甲¦{expected}\n  乙¦2"));
}

/// A row with nothing beside its label is no row of a table.
#[track_caller]
fn check_blank(book: &[u8]) {
    let document = read(book, &Limits::default()).unwrap();
    assert_eq!(draw::draw(&document), "¶ 甲\nGrid\n  乙¦2");
}

/// A number in a cell format.
#[track_caller]
fn check_style(style: usize, value: &str, expected: &str) {
    check_book(&workbook("", &format!("<c r='B1' s='{style}'><v>{value}</v></c>"), "", "", ""), expected);
}

#[test]
fn fonts_and_grounds_are_compared() {
    check_style(0, "146", "146");
    check_style(1, "146", "146?SameColour");
    check_style(2, "146", "146?SameColour");
    check_style(3, "146", "146?SameColour");
    check_style(4, "146", "146?Struck");
    check_style(5, "146", "146?Tiny");
    check_style(6, "146", "146");
    check_style(7, "146", "146");
    check_style(12, "7", "7?Generated");
    check_style(13, "146", "146");
    check_style(14, "146", "146");
    check_style(15, "146", "146?SameColour");
    check_style(16, "146", "146?SameColour");
}

#[test]
fn formats_are_computed_or_doubtful() {
    check_style(8, "741", "146");
    check_style(8, "7", "7");
    check_style(9, "741", "741?SameColour");
    check_style(10, "146", "146?Formatted");
    check_blank(&workbook("", "<c r='B1' s='11'><v>146</v></c>", "", "", ""));
}

#[test]
fn pieces_of_text_have_fonts_of_their_own() {
    let rich = |properties: &str| {
        let cell = format!(
            "<c r='B1' t='inlineStr'><is><r><t>14</t></r><r><rPr>{properties}</rPr><t>6</t></r></is></c>"
        );
        workbook("", &cell, "", "", "")
    };
    check_book(&rich("<color rgb='FFFFFFFF'/>"), "146?SameColour");
    check_book(&rich("<sz val='1'/>"), "146?Tiny");
    check_book(&rich("<vertAlign val='subscript'/>"), "146?Raised");
    check_book(&rich("<vertAlign val='superscript'/>"), "14");
    check_book(&rich("<strike/>"), "14");
    check_book(&rich("<color rgb='FFFF0000'/><sz val='9'/>"), "146");
}

#[test]
fn conditions_may_change_what_is_seen() {
    let condition = |rule: &str| {
        let tail = format!("<conditionalFormatting sqref='B1'>{rule}</conditionalFormatting>");
        workbook("", "<c r='B1'><v>146</v></c>", &tail, "", "")
    };
    check_book(
        &condition("<cfRule type='expression' dxfId='0'><formula>TRUE</formula></cfRule>"),
        "146?Formatted",
    );
    check_book(
        &condition("<cfRule type='cellIs' operator='greaterThan' dxfId='1'><formula>100</formula></cfRule>"),
        "146?SameColour",
    );
    check_book(
        &condition("<cfRule type='cellIs' operator='lessThan' dxfId='1'><formula>100</formula></cfRule>"),
        "146",
    );
    check_book(&condition("<cfRule type='expression' dxfId='2'><formula>TRUE</formula></cfRule>"), "146");
    check_book(&condition("<cfRule type='dataBar'><dataBar showValue='0'/></cfRule>"), "146?Hidden");
    check_book(&condition("<cfRule type='dataBar'><dataBar/></cfRule>"), "146");
}

#[test]
fn formulas_that_are_computed_again_are_doubtful() {
    let formula = |cell: &str, calculation: &str| workbook("", cell, "", calculation, "");
    check_book(&formula("<c r='B1'><f>100+46</f><v>146</v></c>", ""), "146");
    check_book(&formula("<c r='B1'><f>100+46</f></c>", ""), "?Generated");
    check_book(&formula("<c r='B1'><f>RAND()*10</f><v>3</v></c>", ""), "3?Generated");
    check_book(
        &formula("<c r='B1'><f>100+46</f><v>741</v></c>", "<calcPr fullCalcOnLoad='1'/>"),
        "741?Generated",
    );
    check_book(&formula("<c r='B1'><v>146</v></c>", "<calcPr fullCalcOnLoad='1'/>"), "146");
}

#[test]
fn closed_rows_and_columns_are_hidden() {
    let zeros =
        workbook("<sheetViews><sheetView showZeros='0'/></sheetViews>", "<c r='B1'><v>0</v></c>", "", "", "");
    check_blank(&zeros);
    let cell = "<c r='B1'><v>1</v></c><c r='C1'><v>46</v></c>";
    let columns = |width: &str| {
        workbook(&format!("<cols><col min='3' max='3' width='{width}'/></cols>"), cell, "", "", "")
    };
    check_book(&columns("0"), "1");
    let document = read(&columns("0.2"), &Limits::default()).unwrap();
    assert_eq!(draw::draw(&document), "Grid\n  甲¦1¦46?Clipped\n  乙¦2¦");
    let cell = "<c r='B1'><v>1</v></c><c r='C1'><v>146</v></c>";
    let narrow = workbook("<cols><col min='3' max='3' width='1.5'/></cols>", cell, "", "", "");
    let document = read(&narrow, &Limits::default()).unwrap();
    assert_eq!(draw::draw(&document), "Grid\n  甲¦1¦146?Clipped\n  乙¦2¦");
    let document = read(&columns("9"), &Limits::default()).unwrap();
    assert_eq!(draw::draw(&document), "Grid\n  甲¦1¦46\n  乙¦2¦");
}

#[test]
fn pictures_lie_over_cells() {
    let drawing = |from: (u32, u32), to: (u32, u32), what: &str| {
        let corner = |(column, row): (u32, u32)| {
            format!(
                "<xdr:col>{column}</xdr:col><xdr:colOff>0</xdr:colOff><xdr:row>{row}</xdr:row><xdr:rowOff>0</xdr:rowOff>"
            )
        };
        let drawing = format!(
            "<xdr:twoCellAnchor><xdr:from>{}</xdr:from><xdr:to>{}</xdr:to>{what}</xdr:twoCellAnchor>",
            corner(from),
            corner(to)
        );
        workbook("", "<c r='B1'><v>741</v></c>", "", "", &drawing)
    };
    let text_box = "<xdr:sp><xdr:txBody><a:p><a:r><a:t>146</a:t></a:r></a:p></xdr:txBody></xdr:sp>";
    check_book(&drawing((1, 0), (2, 1), text_box), "741?Covered");
    check_book(&drawing((1, 0), (2, 1), "<xdr:pic/>"), "741?Covered");
    check_book(
        &drawing((1, 0), (2, 1), "<xdr:sp><xdr:nvSpPr><xdr:cNvPr hidden='1'/></xdr:nvSpPr></xdr:sp>"),
        "741",
    );
    check_book(&drawing((1, 0), (2, 1), "<xdr:sp><xdr:spPr><a:noFill/></xdr:spPr></xdr:sp>"), "741");
    check_book(&drawing((1, 0), (2, 1), "<xdr:cxnSp/>"), "741");
    check_book(&drawing((3, 5), (6, 9), "<xdr:pic/>"), "741");
}

#[test]
fn an_open_document_sheet_shows_its_values() {
    let sheet = |style: &str, cell: &str, text: &str| {
        format!(
            "<office:document office:mimetype=\"application/vnd.oasis.opendocument.spreadsheet\"><office:automatic-styles>\
             <style:style style:name='white'><style:text-properties fo:color='#ffffff'/></style:style>\
             <style:style style:name='dark'><style:table-cell-properties fo:background-color='#1f4e79'/><style:text-properties fo:color='#ffffff'/></style:style>\
             <style:style style:name='struck'><style:text-properties style:text-line-through-style='solid'/></style:style>\
             <style:style style:name='tiny'><style:text-properties fo:font-size='1pt'/></style:style>\
             <style:style style:name='if'><style:map style:condition='cell-content()&gt;1' style:apply-style-name='white'/></style:style>\
             </office:automatic-styles><office:body><office:spreadsheet><table:table><table:table-row><table:table-cell><text:p>甲</text:p></table:table-cell>\
             <table:table-cell table:style-name='{style}' {cell}><text:p>{text}</text:p></table:table-cell></table:table-row><table:table-row><table:table-cell>\
             <text:p>乙</text:p></table:table-cell><table:table-cell><text:p>2</text:p></table:table-cell></table:table-row></table:table>\
             </office:spreadsheet></office:body></office:document>"
        )
    };
    let check = |style: &str, cell: &str, text: &str, expected: &str| {
        check_book(sheet(style, cell, text).as_bytes(), expected)
    };
    check("", "office:value-type='float' office:value='146'", "146", "146");
    check("", "office:value-type='float' office:value='1234.5'", "1,234.50", "1,234.50");
    check("", "office:value-type='float' office:value='741'", "146", "146?Formatted");
    check("", "office:value-type='percentage' office:value='0.5'", "50%", "50%");
    check("white", "", "146", "146?SameColour");
    check("dark", "", "146", "146");
    check("struck", "", "146", "146?Struck");
    check("tiny", "", "146", "146?Tiny");
    check("if", "", "146", "146?SameColour");
}
