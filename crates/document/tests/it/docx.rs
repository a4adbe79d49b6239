//! DOCX files, drawn.

use std::io::{Cursor, Write};

use document::{Block, Kind, Limits, read};
use proptest::prelude::*;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::{draw, laws};

const RELATIONS: &str = r#"<Relationships><Relationship Id="1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>"#;
const PARTS: &str = r#"<Relationships><Relationship Id="1" Type="x/styles" Target="styles.xml"/><Relationship Id="2" Type="x/numbering" Target="/word/numbering.xml"/></Relationships>"#;
const STYLES: &str = r#"<w:styles>
    <w:style w:type="paragraph" w:default="1" w:styleId="a"><w:name w:val="Normal"/></w:style>
    <w:style w:type="paragraph" w:styleId="1"><w:name w:val="heading 1"/><w:basedOn w:val="a"/></w:style>
    <w:style w:type="paragraph" w:styleId="2"><w:name w:val="小节"/><w:pPr><w:numPr><w:ilvl w:val="1"/><w:numId w:val="1"/></w:numPr><w:outlineLvl w:val="1"/></w:pPr></w:style>
    <w:style w:type="paragraph" w:styleId="3"><w:name w:val="下节"/><w:basedOn w:val="2"/></w:style>
    <w:style w:type="paragraph" w:styleId="a3"><w:name w:val="标题"/></w:style>
    <w:style w:type="paragraph" w:styleId="TOC1"><w:name w:val="toc 1"/></w:style>
    <w:style w:type="paragraph" w:styleId="r1"><w:name w:val="甲"/><w:basedOn w:val="r2"/></w:style>
    <w:style w:type="paragraph" w:styleId="r2"><w:name w:val="乙"/><w:basedOn w:val="r1"/></w:style>
    <w:style w:type="character" w:styleId="n"><w:name w:val="footnote reference"/><w:rPr><w:vertAlign w:val="superscript"/></w:rPr></w:style>
    <w:style w:type="character" w:styleId="n2"><w:name w:val="note"/><w:basedOn w:val="n"/></w:style>
    <w:style w:type="character" w:styleId="h"><w:name w:val="hidden"/><w:rPr><w:vanish/></w:rPr></w:style>
    </w:styles>"#;
const NUMBERING: &str = r#"<w:numbering>
    <w:abstractNum w:abstractNumId="0">
    <w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="chineseCountingThousand"/><w:lvlText w:val="%1、"/></w:lvl>
    <w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="chineseCounting"/><w:suff w:val="nothing"/><w:lvlText w:val="（%2）"/></w:lvl>
    <w:lvl w:ilvl="2"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%3."/></w:lvl>
    <w:lvl w:ilvl="3"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:isLgl/><w:lvlText w:val="%1.%4"/></w:lvl>
    </w:abstractNum>
    <w:abstractNum w:abstractNumId="5"><w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/><w:lvlText w:val="&#xF0B7;"/></w:lvl></w:abstractNum>
    <w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>
    <w:num w:numId="2"><w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="7"/></w:lvlOverride></w:num>
    <w:num w:numId="5"><w:abstractNumId w:val="5"/></w:num>
    </w:numbering>"#;

fn pack(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn docx(body: &str) -> Vec<u8> {
    let main = format!(r#"<?xml version="1.0"?><w:document><w:body>{body}<w:sectPr/></w:body></w:document>"#);
    pack(&[
        ("_rels/.rels", RELATIONS.as_bytes()),
        ("word/document.xml", main.as_bytes()),
        ("word/_rels/document.xml.rels", PARTS.as_bytes()),
        ("word/styles.xml", STYLES.as_bytes()),
        ("word/numbering.xml", NUMBERING.as_bytes()),
        ("word/header1.xml", "<w:hdr><w:p><w:r><w:t>页眉</w:t></w:r></w:p></w:hdr>".as_bytes()),
    ])
}

#[track_caller]
fn check(body: &str, expected: &str) {
    let document = read(&docx(body), &Limits::default()).unwrap();
    assert_eq!(document.format, Kind::Docx);
    assert_eq!(draw::draw(&document), expected);
}

#[track_caller]
fn refuse(bytes: &[u8], class: &str) {
    let error = read(bytes, &Limits::default()).unwrap_err();
    assert_eq!(error.class(), class, "{error}");
}

fn p(content: &str) -> String {
    format!("<w:p>{content}</w:p>")
}

fn r(text: &str) -> String {
    format!("<w:r><w:t>{text}</w:t></w:r>")
}

fn t(text: &str) -> String {
    p(&r(text))
}

fn numbered(number: u32, level: u32, text: &str) -> String {
    let properties = format!(r#"<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>"#);
    p(&format!("<w:pPr>{properties}</w:pPr>{}", r(text)))
}

fn styled(style: &str, text: &str) -> String {
    p(&format!(r#"<w:pPr><w:pStyle w:val="{style}"/></w:pPr>{}"#, r(text)))
}

/// A table: rows parted by `/`, cells by `|`; in front of the text of a cell stand its marks.
fn table(rows: &str) -> String {
    let cell = |cell: &str| {
        let (marks, text) =
            cell.split_at(cell.find(|c: char| !c.is_ascii_punctuation()).unwrap_or(cell.len()));
        let mark = |mark: char| match mark {
            '=' => r#"<w:gridSpan w:val="2"/>"#,
            '^' => r#"<w:vMerge w:val="restart"/>"#,
            '"' => "<w:vMerge/>",
            '<' => r#"<w:hMerge w:val="continue"/>"#,
            _ => "",
        };
        let properties: String = marks.chars().map(mark).collect();
        format!("<w:tc><w:tcPr>{properties}</w:tcPr>{}</w:tc>", t(text))
    };
    let row = |row: &str| format!("<w:tr>{}</w:tr>", row.split('|').map(cell).collect::<String>());
    format!("<w:tbl><w:tblPr/>{}</w:tbl>", rows.split('/').map(row).collect::<String>())
}

#[test]
fn runs_make_paragraphs() {
    check(&p(&[r("收到申请"), r("1"), r("2"), r("件")].concat()), "¶ 收到申请12件");
    check(
        &p("<w:r><w:t> a &amp;</w:t><w:t xml:space='preserve'> b </w:t><w:t>&#x4E59;</w:t></w:r>"),
        "¶ a & b 乙",
    );
    check(&p("<w:r><w:t>甲</w:t><w:tab/><w:t>乙</w:t><w:br/><w:t>丙</w:t></w:r>"), "¶ 甲\t乙\n¶ 丙");
    check(&[t(""), t("甲"), p("")].concat(), "¶ 甲");
    check(
        &p(
            "<w:hyperlink><w:r><w:t>甲</w:t></w:r></w:hyperlink><w:smartTag><w:smartTagPr><w:t>x</w:t></w:smartTagPr><w:r><w:t>乙</w:t></w:r></w:smartTag>",
        ),
        "¶ 甲乙",
    );
    check(&p("<w:r><w:rPr><w:vanish/></w:rPr><w:t>去</w:t></w:r><w:r><w:t>留</w:t></w:r>"), "¶ 留");
    check(
        &p(
            "<w:r><w:ruby><w:rt><w:r><w:t>guī</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>规</w:t></w:r></w:rubyBase></w:ruby></w:r>",
        ),
        "¶ 规",
    );
    check(
        &p(
            "<w:pPr><w:tabs><w:tab w:val='left'/></w:tabs></w:pPr><w:r><w:t>甲</w:t><w:noBreakHyphen/><w:sym w:font='x' w:char='F0FE'/></w:r>",
        ),
        "¶ 甲-?OtherShape",
    );
}

#[test]
fn marks_of_notes_are_no_digits() {
    let looking = |look: &str, text: &str| format!("<w:r><w:rPr>{look}</w:rPr><w:t>{text}</w:t></w:r>");
    let raised = |text: &str| looking("<w:vertAlign w:val='superscript'/>", text);
    check(&p(&[r("12"), raised("1")].concat()), "¶ 12");
    check(&p(&[raised("①"), r("12"), raised("["), raised("1]"), r("件")].concat()), "¶ 12件");
    check(&p(&[r("100m"), raised("2"), r("规章"), raised("①")].concat()), "¶ 100m2规章①");
    check(&p(&[r("12"), looking("<w:rStyle w:val='n2'/>", "3")].concat()), "¶ 12");
    let plain = looking("<w:rStyle w:val='n'/><w:vertAlign w:val='baseline'/>", "3");
    check(&p(&[r("12"), plain].concat()), "¶ 123");
    let own = "<w:r><w:footnoteReference w:customMarkFollows='1' w:id='2'/><w:t>2</w:t></w:r>";
    check(&p(&[&r("12"), own, &r("件")].concat()), "¶ 12件");
    let cell = p(&[r("12"), raised("1")].concat());
    check(&table("甲|乙/丙|丁").replacen(&t("乙"), &cell, 1), "Grid\n  甲¦12\n  丙¦丁");
    check(
        &p(&[looking("<w:rStyle w:val='h'/>", "去"), looking("<w:strike/>", "12"), r("13")].concat()),
        "¶ 13",
    );
    check(&p(&[looking("<w:rStyle w:val='h'/><w:vanish w:val='0'/>", "留"), r("1")].concat()), "¶ 留1");
}

/// A document that takes in a file of this name.
fn with_chunk(name: &str, bytes: &[u8]) -> Vec<u8> {
    let relations =
        format!("<Relationships><Relationship Id='c' Type='x/aFChunk' Target='{name}'/></Relationships>");
    let body = format!(
        "<w:document><w:body>{}<w:altChunk r:id='c'/><w:altChunk r:id='c'/>{}</w:body></w:document>",
        t("前"),
        t("后")
    );
    pack(&[
        ("_rels/.rels", RELATIONS.as_bytes()),
        ("word/document.xml", body.as_bytes()),
        ("word/_rels/document.xml.rels", relations.as_bytes()),
        (&format!("word/{name}"), bytes),
    ])
}

#[test]
fn documents_inside_are_read_once() {
    let check = |name: &str, bytes: &[u8], expected: &str| {
        let document = read(&with_chunk(name, bytes), &Limits::default()).unwrap();
        assert_eq!(draw::draw(&document), format!("¶ 前\n{expected}¶ 后"));
        let Block::Paragraph(last) = document.blocks.last().unwrap() else { panic!() };
        assert_eq!(
            last.text.place().line as usize,
            expected.lines().filter(|line| *line != "Grid").count() + 2
        );
    };
    let page = "<table><tr><td>甲<td>1<tr><td>乙<td>2</table>";
    check("a.html", page.as_bytes(), "Grid\n  甲¦1\n  乙¦2\n");
    check("a.docx", &docx(&t("中")), "¶ 中\n");
    check("a.rtf", br"{\rtf1 A\par}", "¶ A\n");
    check("a.txt", "\u{FEFF}".as_bytes(), "");
    check("a.docx", &with_chunk("b.txt", "深".as_bytes()), "¶ 前\n¶ 后\n");
}

#[test]
fn one_file_of_parts_is_read() {
    let part = |name: &str, content: &str| {
        format!(
            "<pkg:part pkg:name=\"/{name}\" pkg:contentType=\"x\"><pkg:xmlData>{content}</pkg:xmlData></pkg:part>"
        )
    };
    let body = format!("<w:document><w:body>{}{}</w:body></w:document>", styled("1", "甲"), table("1|2/3|4"));
    let parts = [
        part("_rels/.rels", RELATIONS),
        part("word/document.xml", &body),
        part("word/_rels/document.xml.rels", PARTS),
        part("word/styles.xml", STYLES),
    ];
    let file = format!(
        "<?xml version='1.0'?><?mso-application progid='Word.Document'?><pkg:package xmlns:pkg='http://schemas.microsoft.com/office/2006/xmlPackage' xmlns:w='http://schemas.openxmlformats.org/wordprocessingml/2006/main'>{}</pkg:package>",
        parts.concat()
    );
    let document = read(file.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(document.format, Kind::Docx);
    assert_eq!(draw::draw(&document), "# 甲\nGrid\n  1¦2\n  3¦4");
    for end in (0..file.len()).step_by(17) {
        if let Ok(file) = std::str::from_utf8(&file.as_bytes()[..end]) {
            _ = laws::check(file.as_bytes());
        }
    }
}

#[test]
fn word_2003_is_read() {
    let check = |body: &str, expected: &str| {
        let file = format!(
            "<?xml version='1.0' encoding='UTF-8'?><?mso-application progid='Word.Document'?>\
            <w:wordDocument xmlns:w='http://schemas.microsoft.com/office/word/2003/wordml'>\
            <o:DocumentProperties><o:Title>去</o:Title></o:DocumentProperties>{STYLES}\
            <w:body><wx:sect>{body}<w:sectPr><w:hdr><w:p><w:r><w:t>去</w:t></w:r></w:p></w:hdr></w:sectPr></wx:sect></w:body></w:wordDocument>"
        );
        let document = read(file.as_bytes(), &Limits::default()).unwrap();
        assert_eq!(document.format, Kind::WordXml);
        assert_eq!(draw::draw(&document), expected);
    };
    check(&[styled("1", "甲"), t("乙")].concat(), "# 甲\n¶ 乙");
    check(&table("^甲|=乙/\"|丙|丁").replace("vMerge", "vmerge"), "Grid\n  甲⟨2×1⟩¦乙⟨1×2⟩\n  1:丙¦2:丁");
    let change = |kind: &str, text: &str| {
        format!(
            "<aml:annotation w:type='Word.{kind}'><aml:content>{}</aml:content></aml:annotation>",
            r(text)
        )
    };
    check(&p(&[change("Deletion", "7"), change("Insertion", "8")].concat()), "¶ 8");
    let listed = |number: &str, font: &str| {
        p(&format!(
            "<w:pPr><w:listPr><wx:t wx:val='{number}'/><wx:font wx:val='{font}'/></w:listPr></w:pPr>{}",
            r("乙")
        ))
    };
    check(
        &[listed("（一）", "宋体"), listed("1.", "宋体"), listed("l", "Wingdings")].concat(),
        "¶ （一）乙\n¶ 1. 乙\n¶ 乙",
    );
    check(&p(&format!("{}<w:r><w:footnote>{}</w:footnote></w:r>", r("12"), t("注"))), "¶ 12");
    check(
        &table("甲|乙/丙|丁").replacen(
            "<w:tr>",
            "<w:tr><w:trPr><aml:annotation w:type='Word.Deletion'/></w:trPr>",
            1,
        ),
        "Grid\n  丙¦丁",
    );
}

#[test]
fn tracked_changes_are_accepted() {
    check(
        &p(
            "<w:ins><w:r><w:t>9</w:t></w:r></w:ins><w:del><w:r><w:delText>777</w:delText><w:t>777</w:t></w:r></w:del><w:moveFrom><w:r><w:t>去</w:t></w:r></w:moveFrom><w:moveTo><w:r><w:t>来</w:t></w:r></w:moveTo>",
        ),
        "¶ 9来",
    );
    let gone = "<w:p><w:pPr><w:rPr><w:del/></w:rPr></w:pPr><w:r><w:t>上</w:t></w:r></w:p>";
    check(&[gone, &styled("1", "下")].concat(), "# 上下");
    check(&[gone, &table("甲|乙/丙|丁")].concat(), "¶ 上\nGrid\n  甲¦乙\n  丙¦丁");
    let row = "<w:tr><w:trPr><w:del/></w:trPr><w:tc><w:p/></w:tc></w:tr>";
    check(
        &table("^甲|乙/\"|丁").replace("</w:tr><w:tr>", &format!("</w:tr>{row}<w:tr>")),
        "Grid\n  甲⟨2×1⟩¦乙\n  1:丁",
    );
    check(
        &table("=甲|乙/丙|丁|戊").replace(
            "<w:gridSpan",
            "<w:tcPrChange><w:tcPr><w:gridSpan w:val='3'/></w:tcPr></w:tcPrChange><w:gridSpan",
        ),
        "Grid\n  甲⟨1×2⟩¦2:乙\n  丙¦丁¦戊",
    );
}

#[test]
fn fields_show_their_results() {
    let field = |kind: &str| format!("<w:r><w:fldChar w:fldCharType='{kind}'/></w:r>");
    let (begin, separate, end) = (field("begin"), field("separate"), field("end"));
    let code = "<w:r><w:instrText>PAGE</w:instrText></w:r>";
    check(&p(&[&begin, code, &separate, &r("3"), &end, &r("页")].concat()), "¶ 3页");
    let inner = [&begin, code, &separate, &r("去"), &end].concat();
    check(&p(&[begin.as_str(), &inner, &separate, &r("留"), &end].concat()), "¶ 留");
    check(&[p(&[&begin, code].concat()), t("后")].concat(), "¶ 后");
    check(&p(&format!("<w:fldSimple w:instr='x'>{}</w:fldSimple>", r("4"))), "¶ 4");
}

#[test]
fn styles_and_outline_levels_make_headings() {
    check(&styled("1", "一、总体情况"), "# 一、总体情况");
    check(&styled("a3", "年度报告"), "# 年度报告");
    check(&p(&format!("<w:pPr><w:outlineLvl w:val='2'/></w:pPr>{}", r("甲"))), "### 甲");
    check(&p(&format!("<w:pPr><w:pStyle w:val='1'/><w:outlineLvl w:val='9'/></w:pPr>{}", r("甲"))), "¶ 甲");
    check(
        &[styled("TOC1", "一、总体情况\t1"), styled("r1", "甲"), styled("none", "乙")].concat(),
        "¶ 甲\n¶ 乙",
    );
}

#[test]
fn automatic_numbers_are_written_out() {
    let list = [numbered(1, 0, "总体情况"), numbered(1, 1, "主动公开"), numbered(1, 1, "依申请公开")];
    check(&list.concat(), "¶ 一、总体情况\n¶ （一）主动公开\n¶ （二）依申请公开");
    let list = [numbered(1, 0, "甲"), numbered(1, 2, "乙"), numbered(1, 0, "丙"), numbered(1, 2, "3件")];
    check(&list.concat(), "¶ 一、甲\n¶ 1. 乙\n¶ 二、丙\n¶ 1. 3件");
    check(
        &[numbered(1, 0, "甲"), numbered(2, 0, "乙"), numbered(2, 0, "丙")].concat(),
        "¶ 一、甲\n¶ 七、乙\n¶ 八、丙",
    );
    check(&[numbered(1, 0, "甲"), numbered(1, 3, "乙")].concat(), "¶ 一、甲\n¶ 1.1 乙");
    check(&[styled("2", "甲"), styled("3", "乙")].concat(), "## （一）甲\n## （二）乙");
    check(&[numbered(5, 0, "甲"), numbered(0, 0, "乙"), numbered(99, 0, "丙")].concat(), "¶ 甲\n¶ 乙\n¶ 丙");
    let rows = table("甲|1/乙|2").replace(
        "<w:p><w:r><w:t>乙",
        "<w:p><w:pPr><w:numPr><w:ilvl w:val='1'/><w:numId w:val='1'/></w:numPr></w:pPr><w:r><w:t>乙",
    );
    check(&rows, "Grid\n  甲¦1\n  （一）乙¦2");
}

#[test]
fn merged_cells_make_a_grid() {
    check(&table("^甲|=乙/\"|丙|丁/1||3"), "Grid\n  甲⟨2×1⟩¦乙⟨1×2⟩\n  1:丙¦2:丁\n  1¦¦3");
    check(&table("^=甲|乙/\"=|丁"), "Grid\n  甲⟨2×1⟩¦乙\n  1:丁");
    check(&table("\"甲|乙/\"|丁"), "Grid\n  甲⟨2×1⟩¦乙\n  1:丁");
    check(&table("甲|<|乙/丙|丁|戊"), "Grid\n  甲⟨1×2⟩¦2:乙\n  丙¦丁¦戊");
    check(&table("^甲|乙/丙|丁/\"戊|己"), "Grid\n  甲¦乙\n  丙¦丁\n  戊¦己");
    let shifted = table("甲|乙|丙/丁|戊").replacen(
        "</w:tr><w:tr>",
        "</w:tr><w:tr><w:trPr><w:gridBefore w:val='1'/></w:trPr>",
        1,
    );
    check(&shifted, "Grid\n  甲¦乙¦丙\n  1:丁¦2:戊");
    check(
        &table("甲|乙/丙|丁").replacen("</w:p></w:tc>", &format!("</w:p>{}</w:tc>", t("下")), 1),
        "Grid\n  甲 下¦乙\n  丙¦丁",
    );
}

#[test]
fn slivers_are_no_columns() {
    let grid = "<w:tblGrid><w:gridCol w:w='900'/><w:gridCol w:w='12'/><w:gridCol w:w='900'/></w:tblGrid>";
    let with_grid = |rows: &str| table(rows).replacen("<w:tblPr/>", grid, 1);
    check(&with_grid("甲|=乙/=丙|丁"), "Grid\n  甲¦乙\n  丙¦丁");
    check(&with_grid("甲|乙|丙/=丁|戊"), "Grid\n  甲¦乙¦丙\n  丁⟨1×2⟩¦2:戊");
}

#[test]
fn content_controls_hide_nothing() {
    let control = |content: &str| {
        format!(
            "<w:sdt><w:sdtPr><w:text/><w:t>x</w:t></w:sdtPr><w:sdtContent>{content}</w:sdtContent></w:sdt>"
        )
    };
    check(&control(&t("甲")), "¶ 甲");
    check(&p(&control(&r("甲"))), "¶ 甲");
    let rows = table("甲|乙/丙|丁");
    let wrapped = rows
        .replace("<w:tr>", "<w:sdt><w:sdtContent><w:tr>")
        .replace("</w:tr>", "</w:tr></w:sdtContent></w:sdt>");
    check(&wrapped, "Grid\n  甲¦乙\n  丙¦丁");
    let wrapped = rows
        .replace("<w:tc>", "<w:sdt><w:sdtContent><w:tc>")
        .replace("</w:tc>", "</w:tc></w:sdtContent></w:sdt>");
    check(&control(&wrapped), "Grid\n  甲¦乙\n  丙¦丁");
}

#[test]
fn text_boxes_are_read_once() {
    let text_box = |text: &str| format!("<w:txbxContent>{}</w:txbxContent>", t(text));
    let drawing = format!("<w:drawing><a:p><a:r><a:t>去</a:t></a:r></a:p>{}</w:drawing>", text_box("框"));
    let picture = format!("<w:pict><v:textbox>{}</v:textbox></w:pict>", text_box("框"));
    let both = format!(
        "<mc:AlternateContent><mc:Choice>{drawing}</mc:Choice><mc:Fallback>{picture}</mc:Fallback></mc:AlternateContent>"
    );
    check(&p(&format!("{}<w:r>{both}</w:r>{}", r("前"), r("后"))), "¶ 前后\n¶ 框");
    check(&p(&format!("<w:r>{picture}</w:r>")), "¶ 框");
    check(
        &p(&format!("<mc:AlternateContent><mc:Fallback>{picture}</mc:Fallback></mc:AlternateContent>")),
        "¶ 框",
    );
}

#[test]
fn tables_that_lay_out_the_page_are_read_as_text() {
    let inner = table("甲|乙/丙|丁");
    let outer = format!("<w:tbl><w:tr><w:tc>{}{inner}{}</w:tc></w:tr></w:tbl>", t("前"), t("后"));
    check(&outer, "¶ 前\nGrid\n  甲¦乙\n  丙¦丁\n¶ 后");
    check(&table("甲/"), "Grid\n  甲\n  ");
    check(&table("甲"), "¶ 甲");
    let row = "规章|0|0|0";
    let data = table(&format!("{row}/{row}/{row}")).replacen(&t("规章"), &table("甲|乙"), 1);
    check(&data, "Grid\n  甲 乙¦0¦0¦0\n  规章¦0¦0¦0\n  规章¦0¦0¦0");
}

#[test]
fn the_main_part_is_found_by_the_package() {
    let main = format!("<w:document><w:body>{}</w:body></w:document>", t("甲"));
    let relations = RELATIONS.replace("word/document.xml", "/word/document22.xml");
    let document = read(
        &pack(&[("_rels/.rels", relations.as_bytes()), ("word/document22.xml", main.as_bytes())]),
        &Limits::default(),
    )
    .unwrap();
    assert_eq!(draw::draw(&document), "¶ 甲");
    let types = r#"<Types><Override PartName="/Word/Main.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.template.main+xml"/></Types>"#;
    let wide: Vec<u8> =
        "\u{FEFF}".encode_utf16().chain(main.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let document = read(
        &pack(&[("[Content_Types].xml", types.as_bytes()), ("word/main.xml", &wide)]),
        &Limits::default(),
    )
    .unwrap();
    assert_eq!(draw::draw(&document), "¶ 甲");
}

#[test]
fn places_count_paragraphs_and_rows() {
    let body = [t("甲"), table("1|2/3|4"), t("乙")].concat();
    let bytes = docx(&body);
    let document = read(&bytes, &Limits::default()).unwrap();
    let mut lines = Vec::new();
    for block in &document.blocks {
        match block {
            Block::Paragraph(paragraph) => lines.push(paragraph.text.place()),
            Block::Table(table) => lines.extend(table.rows.iter().map(|row| row.cells[1].text.place())),
        }
    }
    assert_eq!(lines.iter().map(|place| place.line).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert!(
        lines
            .iter()
            .all(|place| place.start > 0 && place.start < place.end && place.end < bytes.len() as u64)
    );
}

#[test]
fn hostile_files_are_refused() {
    let whole = docx(&[t("甲"), table("甲|乙/丙|丁").repeat(300)].concat());
    for end in (0..whole.len()).step_by(101) {
        assert!(read(&whole[..end], &Limits::default()).is_err(), "{end}");
    }
    let main =
        |main: &str| pack(&[("_rels/.rels", RELATIONS.as_bytes()), ("word/document.xml", main.as_bytes())]);
    refuse(&main("<!DOCTYPE d [<!ENTITY a 'b'>]><d>&a;</d>"), "broken-file");
    refuse(&main("<d>&a;</d>"), "broken-file");
    refuse(&main("<w:p><w:r></w:p>"), "broken-file");
    refuse(&main("<w:p><w:r>"), "broken-file");
    refuse(&main("<d/>"), "empty");
    refuse(&main(&"<w:tbl><w:tr><w:tc>".repeat(50_000)), "too-deep");
    refuse(&docx(&"<w:tbl><w:tr><w:tc>".repeat(100)), "too-deep");
    refuse(&main(&" ".repeat(200_000_000)), "too-much-inflated");
    refuse(&pack(&[("_rels/.rels", b"<d/>"), ("word/x.xml", b"<d/>")]), "broken-file");
    let inside = docx(&t("甲"));
    assert_eq!(document::sniff(&pack(&[("年报.docx", &inside)])), document::Kind::Zip);
    let span = "<w:tc><w:tcPr><w:gridSpan w:val='4000000000'/></w:tcPr></w:tc>";
    refuse(&docx(&format!("<w:tbl><w:tr>{}</w:tr></w:tbl>", span.repeat(1_000))), "too-many-cells");
    refuse(&docx(&"<w:p/>".repeat(1_000_001)), "too-many-lines");
    let style = |id: u32| format!("<w:style w:styleId='{id}'/>");
    let styles = format!("<w:styles>{}</w:styles>", (0..20_001).map(style).collect::<String>());
    let parts = [("_rels/.rels", RELATIONS), ("word/document.xml", "<d/>"), ("word/styles.xml", &styles)];
    let with_styles = [&parts[..], &[("word/_rels/document.xml.rels", PARTS)]].concat();
    refuse(
        &pack(&with_styles.iter().map(|(name, text)| (*name, text.as_bytes())).collect::<Vec<_>>()),
        "broken-file",
    );
}

#[test]
fn a_password_is_reported() {
    let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new())).unwrap();
    file.create_stream("/EncryptionInfo").unwrap();
    file.create_stream("/EncryptedPackage").unwrap().write_all(&[7; 9_000]).unwrap();
    refuse(&file.into_inner().into_inner(), "encrypted");
}

const SOUP: &[&str] = &[
    "<w:p>",
    "</w:p>",
    "<w:r>",
    "</w:r>",
    "<w:t>甲</w:t>",
    "<w:t xml:space='preserve'> 1</w:t>",
    "<w:tbl>",
    "</w:tbl>",
    "<w:tr>",
    "</w:tr>",
    "<w:tc>",
    "</w:tc>",
    "<w:tcPr><w:vMerge/></w:tcPr>",
    "<w:tcPr><w:hMerge/></w:tcPr>",
    "<w:tcPr><w:gridSpan w:val='3'/><w:vMerge w:val='restart'/></w:tcPr>",
    "<w:trPr><w:gridBefore w:val='2'/></w:trPr>",
    "<w:txbxContent>",
    "</w:txbxContent>",
    "<w:pict>",
    "</w:pict>",
    "<w:sdt>",
    "</w:sdt>",
    "<w:br/>",
    "<w:tab/>",
    "<w:fldChar w:fldCharType='begin'/>",
    "<w:fldChar w:fldCharType='end'/>",
    "<w:trPr><w:del/></w:trPr>",
    "<w:pPr><w:rPr><w:del/></w:rPr></w:pPr>",
    "<w:pPr><w:pStyle w:val='2'/></w:pPr>",
    "<w:pPr><w:numPr><w:ilvl w:val='3'/><w:numId w:val='1'/></w:numPr></w:pPr>",
    "<w:tblGrid><w:gridCol w:w='5'/><w:gridCol w:w='900'/></w:tblGrid>",
    "<mc:AlternateContent>",
    "</mc:AlternateContent>",
    "<mc:Choice>",
    "</mc:Choice>",
    "<mc:Fallback>",
    "</mc:Fallback>",
    "&#10;",
    "&lt;",
];

/// Closes what is open and drops what closes nothing, so that the soup is XML.
fn mend(pieces: &[&str]) -> String {
    let mut open: Vec<&str> = Vec::new();
    let mut text = String::new();
    for piece in pieces {
        if let Some(name) = piece.strip_prefix("</") {
            if open.last() != Some(&name) {
                continue;
            }
            open.pop();
        } else if piece.starts_with('<') && !piece.contains("</") && !piece.contains("/>") {
            open.push(&piece[1..]);
        }
        text += piece;
    }
    open.iter().rev().for_each(|name| text += &format!("</{name}"));
    text
}

proptest! {
    #[test]
    fn any_body(pieces in prop::collection::vec(prop::sample::select(SOUP), 0..80)) {
        let document = read(&docx(&mend(&pieces)), &Limits::default());
        prop_assert!(document.is_ok() || document.unwrap_err().class() == "empty");
    }

    #[test]
    fn any_damage(at in 0..2_000usize, with in any::<u8>()) {
        let mut bytes = docx(&[t("甲"), table("甲|乙/丙|丁")].concat());
        let at = at % bytes.len();
        bytes[at] = with;
        _ = laws::check(&bytes);
    }
}
