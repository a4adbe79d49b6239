//! What a person sees of the figures of a DOCX, and what is stored: each trick beside its plain twin.

use std::io::{Cursor, Write};

use document::{Limits, read};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::draw;

const STYLES: &str = r#"<w:style w:type="paragraph" w:default="1" w:styleId="a"><w:name w:val="Normal"/></w:style>
    <w:style w:type="character" w:styleId="h"><w:name w:val="h"/><w:rPr><w:vanish/></w:rPr></w:style>
    <w:style w:type="character" w:styleId="w"><w:name w:val="w"/><w:rPr><w:color w:val="FFFFFF"/></w:rPr></w:style>
    <w:style w:type="table" w:styleId="t"><w:name w:val="t"/><w:rPr><w:vanish/></w:rPr></w:style>
    <w:style w:type="table" w:styleId="g"><w:name w:val="g"/><w:tblStylePr w:type="firstRow"><w:rPr><w:color w:val="FFFFFF"/></w:rPr><w:tcPr><w:shd w:val="clear" w:fill="4472C4"/></w:tcPr></w:tblStylePr></w:style>
    <w:style w:type="table" w:styleId="s"><w:name w:val="s"/><w:tblStylePr w:type="lastCol"><w:rPr><w:vanish/></w:rPr></w:tblStylePr></w:style>"#;

fn docx(defaults: &str, table: &str, cell: &str) -> Vec<u8> {
    let main = format!(
        "<w:document><w:body><w:tbl>{table}<w:tr><w:tc><w:p><w:r><w:t>甲</w:t></w:r></w:p></w:tc><w:tc>{cell}</w:tc></w:tr>\
         <w:tr><w:tc><w:p><w:r><w:t>乙</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>2</w:t></w:r></w:p></w:tc></w:tr></w:tbl></w:body></w:document>"
    );
    let parts = [
        ("_rels/.rels", "<Relationships><Relationship Id='1' Type='x/officeDocument' Target='word/document.xml'/></Relationships>".to_owned()),
        ("word/document.xml", main),
        (
            "word/_rels/document.xml.rels",
            "<Relationships><Relationship Id='1' Type='x/styles' Target='styles.xml'/><Relationship Id='2' Type='x/numbering' Target='numbering.xml'/><Relationship Id='3' Type='x/customXml' Target='../customXml/item1.xml'/></Relationships>".to_owned(),
        ),
        ("word/styles.xml", format!("<w:styles><w:docDefaults><w:rPrDefault><w:rPr>{defaults}</w:rPr></w:rPrDefault></w:docDefaults>{STYLES}</w:styles>")),
        (
            "word/numbering.xml",
            "<w:numbering><w:abstractNum w:abstractNumId='0'><w:lvl w:ilvl='0'><w:start w:val='7'/><w:suff w:val='nothing'/><w:lvlText w:val='%1'/><w:rPr><w:vanish/></w:rPr></w:lvl><w:lvl w:ilvl='1'><w:start w:val='7'/><w:suff w:val='nothing'/><w:lvlText w:val='%2'/><w:rPr><w:color w:val='FFFFFF'/></w:rPr></w:lvl></w:abstractNum><w:num w:numId='1'><w:abstractNumId w:val='0'/></w:num></w:numbering>".to_owned(),
        ),
        ("customXml/item1.xml", "<x><v>146</v></x>".to_owned()),
        (
            "customXml/_rels/item1.xml.rels",
            "<Relationships><Relationship Id='1' Type='x/customXmlProps' Target='itemProps1.xml'/></Relationships>".to_owned(),
        ),
        ("customXml/itemProps1.xml", "<ds:datastoreItem ds:itemID='{11}'/>".to_owned()),
    ];
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        writer.start_file(name, SimpleFileOptions::default()).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[track_caller]
fn check_cell(table: &str, cell: &str, expected: &str) {
    let document = read(&docx("", table, cell), &Limits::default()).unwrap();
    assert_eq!(draw::draw(&document), format!("Grid\n  甲¦{expected}\n  乙¦2"), "{table} {cell}");
}

/// A paragraph of runs in a cell.
#[track_caller]
fn check(runs: &str, expected: &str) {
    check_cell("", &format!("<w:p>{runs}</w:p>"), expected);
}

fn run(properties: &str, text: &str) -> String {
    format!("<w:r><w:rPr>{properties}</w:rPr><w:t>{text}</w:t></w:r>")
}

fn plain(text: &str) -> String {
    run("", text)
}

#[test]
fn hidden_runs_are_not_read() {
    for properties in ["<w:vanish/>", "<w:strike/>", "<w:dstrike/>", "<w:rStyle w:val='h'/>"] {
        check(&(run(properties, "7") + &plain("146")), "146");
    }
    check(&(run("<w:rStyle w:val='h'/><w:vanish w:val='0'/>", "1") + &plain("46")), "146");
}

#[test]
fn letters_that_cannot_be_seen_are_doubtful() {
    for (properties, doubt) in [
        ("<w:color w:val='FFFFFF'/>", "SameColour"),
        ("<w:color w:val='F8F8F8'/>", "SameColour"),
        ("<w:color w:val='000000' w:themeColor='background1'/>", "SameColour"),
        ("<w:rStyle w:val='w'/>", "SameColour"),
        ("<w:color w:val='000000'/><w:shd w:val='clear' w:fill='000000'/>", "SameColour"),
        ("<w:color w:val='FFFF00'/><w:highlight w:val='yellow'/>", "SameColour"),
        ("<w:sz w:val='1'/>", "Tiny"),
        ("<w:w w:val='1'/>", "Tiny"),
        ("<w:spacing w:val='-200'/>", "Overlapping"),
        ("<w:position w:val='-200'/>", "Clipped"),
        ("<w14:textFill><w14:noFill/></w14:textFill>", "Faint"),
        (
            "<w14:textFill><w14:solidFill><w14:srgbClr w14:val='FFFFFF'/></w14:solidFill></w14:textFill>",
            "SameColour",
        ),
        ("<w:webHidden/>", "Hidden"),
        ("<w:eastAsianLayout w:combine='1'/>", "Fraction"),
    ] {
        check(&(run(properties, "7") + &plain("146")), &format!("7146?{doubt}"));
    }
    for properties in [
        "<w:color w:val='FF0000'/>",
        "<w:color w:val='auto'/>",
        "<w:color w:val='FFFFFF'/><w:shd w:val='clear' w:fill='1F4E79'/>",
        "<w:color w:val='FFFFFF'/><w:highlight w:val='darkBlue'/>",
        "<w:sz w:val='15'/>",
        "<w:w w:val='80'/>",
        "<w:spacing w:val='-10'/>",
        "<w:position w:val='2'/>",
        "<w:rtl/>",
        "<w14:textOutline><w14:noFill/></w14:textOutline>",
        "<w14:textFill><w14:solidFill><w14:srgbClr w14:val='C00000'/></w14:solidFill></w14:textFill>",
    ] {
        check(&(run(properties, "1") + &plain("46")), "146");
    }
}

#[test]
fn letters_are_seen_on_the_ground_of_their_cell() {
    let white = format!("<w:p>{}</w:p>", run("<w:color w:val='FFFFFF'/>", "146"));
    let ground = "<w:tcPr><w:shd w:val='clear' w:fill='1F4E79'/></w:tcPr>";
    check_cell("", &format!("{ground}{white}"), "146");
    check_cell("", &white, "146?SameColour");
    check_cell("<w:tblPr><w:tblStyle w:val='g'/></w:tblPr>", &white, "146");
    check_cell("<w:tblPr><w:shd w:val='clear' w:fill='000080'/></w:tblPr>", &white, "146");
    let of_paragraph = format!(
        "<w:p><w:pPr><w:shd w:val='clear' w:fill='000080'/></w:pPr>{}</w:p>",
        run("<w:color w:val='FFFFFF'/>", "146")
    );
    check_cell("", &of_paragraph, "146");
}

#[test]
fn the_style_of_a_table_hides_too() {
    let hidden =
        docx("", "<w:tblPr><w:tblStyle w:val='t'/></w:tblPr>", "<w:p><w:r><w:t>146</w:t></w:r></w:p>");
    assert_eq!(draw::draw(&read(&hidden, &Limits::default()).unwrap()), "Grid\n  ¦\n  ¦");
    let somewhere =
        docx("", "<w:tblPr><w:tblStyle w:val='s'/></w:tblPr>", "<w:p><w:r><w:t>146</w:t></w:r></w:p>");
    let drawn = draw::draw(&read(&somewhere, &Limits::default()).unwrap());
    assert_eq!(drawn, "Grid\n  甲?Hidden¦146?Hidden\n  乙?Hidden¦2?Hidden");
    let small = docx("<w:sz w:val='1'/>", "", "<w:p><w:r><w:t>146</w:t></w:r></w:p>");
    assert!(draw::draw(&read(&small, &Limits::default()).unwrap()).contains("146?Tiny"));
}

#[test]
fn automatic_numbers_look_like_their_list() {
    let numbered = |level: u32| {
        format!(
            "<w:p><w:pPr><w:numPr><w:ilvl w:val='{level}'/><w:numId w:val='1'/></w:numPr></w:pPr>{}</w:p>",
            plain("146")
        )
    };
    check_cell("", &numbered(0), "146");
    check_cell("", &numbered(1), "7146?SameColour");
}

#[test]
fn another_order_or_arrangement_is_doubtful() {
    check(&format!("<w:bdo w:val='rtl'>{}</w:bdo>", plain("641")), "641?Reordered");
    check(&format!("<w:bdo w:val='ltr'>{}</w:bdo>", plain("146")), "146");
    let fraction = "<m:oMath><m:f><m:num><m:r><m:t>1</m:t></m:r></m:num><m:den><m:r><m:t>46</m:t></m:r></m:den></m:f></m:oMath>";
    check(fraction, "146?Fraction");
    check(
        "<m:oMath><m:sSup><m:e><m:r><m:t>14</m:t></m:r></m:e><m:sup><m:r><m:t>6</m:t></m:r></m:sup></m:sSup></m:oMath>",
        "146?Fraction",
    );
    check("<m:oMath><m:r><m:t>146</m:t></m:r></m:oMath>", "146");
    for shape in ["borderBox", "phant", "d", "acc", "bar", "groupChr"] {
        let drawn = format!("<m:oMath><m:{shape}><m:e><m:r><m:t>146</m:t></m:r></m:e></m:{shape}></m:oMath>");
        check(&drawn, "146?Fraction");
    }
    check(&(plain("14") + &run("<w:vertAlign w:val='subscript'/>", "6")), "146?Raised");
    check(&(plain("14") + &run("<w:position w:val='-12'/>", "6")), "146?Raised");
    check(&(plain("146") + &run("<w:vertAlign w:val='superscript'/>", "①")), "146");
    check(&(plain("146") + &run("<w:vertAlign w:val='superscript'/>", "1")), "146");
}

#[test]
fn symbols_are_the_letters_of_their_font() {
    check(&format!("<w:r><w:sym w:font='Arial' w:char='F031'/></w:r>{}", plain("46")), "146");
    check(&format!("<w:r><w:sym w:font='Nobody' w:char='F031'/></w:r>{}", plain("46")), "146?OtherShape");
    check(&format!("<w:r><w:sym w:font='Wingdings' w:char='F031'/></w:r>{}", plain("46")), "46?OtherShape");
}

#[test]
fn controls_show_their_data() {
    let control = |path: &str, text: &str| {
        format!(
            "<w:sdt><w:sdtPr><w:dataBinding w:xpath='{path}' w:storeItemID='{{11}}'/></w:sdtPr><w:sdtContent>{}</w:sdtContent></w:sdt>",
            plain(text)
        )
    };
    check(&control("/x/v", "741"), "741?Generated");
    check(&control("/x[1]/v[1]", "146"), "146");
    check(&control("/x/w", "741"), "741");
    let block = format!(
        "<w:sdt><w:sdtPr><w:dataBinding w:xpath='/x/v' w:storeItemID='{{11}}'/></w:sdtPr><w:sdtContent><w:p>{}</w:p></w:sdtContent></w:sdt>",
        plain("741")
    );
    check_cell("", &block, "741?Generated");
}

#[test]
fn fields_that_are_computed_again_are_doubtful() {
    let field = |begin: &str, code: &str, result: &str| {
        format!(
            "<w:r><w:fldChar w:fldCharType='begin' {begin}/></w:r><w:r><w:instrText>{code}</w:instrText></w:r>\
             <w:r><w:fldChar w:fldCharType='separate'/></w:r>{result}<w:r><w:fldChar w:fldCharType='end'/></w:r>"
        )
    };
    check(&field("", " =SUM(ABOVE) ", &plain("146")), "146");
    check(&field("w:dirty='true'", " =SUM(ABOVE) ", &plain("741")), "741?Generated");
    check(&field("", "FORMDROPDOWN", &plain("741")), "741?Generated");
    check(&field("", "MACROBUTTON Nothing 146", ""), "?Generated");
    check(&field("", r"EQ \f(1,46)", ""), "?Fraction");
    check(&format!("<w:fldSimple w:instr='=1' w:dirty='1'>{}</w:fldSimple>", plain("741")), "741?Generated");
    check(&format!("<w:fldSimple w:instr='=1'>{}</w:fldSimple>", plain("146")), "146");
}

#[test]
fn the_first_way_that_word_understands_is_read() {
    let ways = |requires: &str| {
        format!(
            "<mc:AlternateContent><mc:Choice Requires='{requires}'>{}</mc:Choice><mc:Fallback>{}</mc:Fallback></mc:AlternateContent>",
            plain("7"),
            plain("146")
        )
    };
    check(&ways("wps w14"), "7");
    check(&ways("wps zzz"), "146");
}

#[test]
fn what_lies_over_a_figure_makes_it_doubtful() {
    let text_box = |hidden: &str, text: &str| {
        format!(
            "<w:r><w:drawing><wp:anchor><wp:docPr id='1' {hidden}/><wps:txbx><w:txbxContent><w:p>{}</w:p></w:txbxContent></wps:txbx></wp:anchor></w:drawing></w:r>",
            plain(text)
        )
    };
    check(&(plain("741") + &text_box("", "146")), "741 146?Covered");
    check(&text_box("", "146"), "146");
    check(&(plain("146") + &text_box("hidden='1'", "7")), "146");
    check(
        &(plain("1") + "<w:r><w:drawing><wp:inline><pic:pic/></wp:inline></w:drawing></w:r>" + &plain("6")),
        "16?Covered",
    );
    let framed =
        |place: &str| format!("<w:p><w:pPr><w:framePr w:w='500' {place}/></w:pPr>{}</w:p>", plain("146"));
    check_cell("", &framed("w:x='4000' w:y='100'"), "146?Reordered");
    check_cell("", &framed(""), "146");
    let formatted = |properties: &str| format!("<w:p><w:pPr>{properties}</w:pPr>{}</w:p>", plain("146"));
    check_cell("", &formatted("<w:spacing w:line='1' w:lineRule='exact'/>"), "146?Clipped");
    check_cell("", &formatted("<w:spacing w:line='240' w:lineRule='exact'/>"), "146");
    check_cell("", &formatted("<w:spacing w:before='1' w:line='1' w:lineRule='auto'/>"), "146");
    check_cell("", &formatted("<w:ind w:left='-9000'/>"), "146?Clipped");
    check_cell("", &formatted("<w:ind w:left='420' w:hanging='420'/>"), "146");
}
