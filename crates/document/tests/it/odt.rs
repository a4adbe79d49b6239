//! ODT files, drawn.

use std::io::{Cursor, Write};

use document::{Kind, Limits, read, sniff};
use proptest::prelude::*;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::draw;

const STYLES: &str = r#"<office:automatic-styles>
    <style:style style:name="T9"><style:text-properties text:display="none"/></style:style>
    <style:style style:name="C1"><style:table-column-properties style:column-width="2cm"/></style:style>
    <style:style style:name="C2"><style:table-column-properties style:column-width="0.5mm"/></style:style>
    <text:list-style style:name="L1">
    <text:list-level-style-number text:level="1" style:num-format="一, 二, 三, ..." style:num-suffix="、"/>
    <text:list-level-style-number text:level="2" style:num-format="一, 二, 三, ..." style:num-prefix="（" style:num-suffix="）"/>
    <text:list-level-style-number text:level="3" style:num-format="1" loext:num-list-format="%1%.%3%." text:display-levels="2"/>
    </text:list-style>
    <text:list-style style:name="L2"><text:list-level-style-bullet text:level="1" text:bullet-char="●"/></text:list-style>
    <text:outline-style><text:outline-level-style text:level="1" style:num-format=""/>
    <text:outline-level-style text:level="2" style:num-format="1" style:num-suffix="." text:start-value="3"/></text:outline-style>
    </office:automatic-styles>"#;

fn pack(content: &str, manifest: &str) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    writer.start_file("mimetype", stored).unwrap();
    writer.write_all(b"application/vnd.oasis.opendocument.text").unwrap();
    for (name, text) in [("content.xml", content), ("META-INF/manifest.xml", manifest)] {
        writer.start_file(name, SimpleFileOptions::default()).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn odt(body: &str) -> Vec<u8> {
    let content = format!(
        "<office:document-content>{STYLES}<office:body><office:text>{body}</office:text></office:body></office:document-content>"
    );
    pack(&content, "<manifest:manifest/>")
}

#[track_caller]
fn check(body: &str, expected: &str) {
    let bytes = odt(body);
    assert_eq!(sniff(&bytes), Kind::Odt);
    let document = read(&bytes, &Limits::default()).unwrap();
    assert_eq!(document.format, Kind::Odt);
    assert_eq!(draw::draw(&document), expected);
}

#[track_caller]
fn refuse(bytes: &[u8], class: &str) {
    let error = read(bytes, &Limits::default()).unwrap_err();
    assert_eq!(error.class(), class, "{error}");
}

/// A table: rows parted by `/`, cells by `|`; `=` covers two columns, `^` two rows, `~` is covered.
fn table(rows: &str) -> String {
    let cell = |cell: &str| {
        let text = cell.trim_start_matches(['=', '^', '~']);
        let mark = |mark: char| match mark {
            '=' => " table:number-columns-spanned='2'",
            _ => " table:number-rows-spanned='2'",
        };
        if cell.starts_with('~') {
            return "<table:covered-table-cell/>".to_owned();
        }
        let spans: String = cell[..cell.len() - text.len()].chars().map(mark).collect();
        format!("<table:table-cell{spans}><text:p>{text}</text:p></table:table-cell>")
    };
    let row = |row: &str| {
        format!("<table:table-row>{}</table:table-row>", row.split('|').map(cell).collect::<String>())
    };
    format!("<table:table>{}</table:table>", rows.split('/').map(row).collect::<String>())
}

#[test]
fn spans_make_paragraphs() {
    check("<text:p> 收到<text:span>申请</text:span>\n 12 &amp; 3</text:p><text:p/>", "¶ 收到申请 12 & 3");
    check("<text:p>甲<text:s text:c='2'/>乙<text:tab/>丙<text:line-break/>丁</text:p>", "¶ 甲  乙\t丙\n¶ 丁");
    check("<text:p>甲<text:span text:style-name='T9'>去</text:span>乙</text:p>", "¶ 甲乙");
    check(
        "<text:p>甲<text:note><text:p>去</text:p></text:note><office:annotation><text:p>去</text:p></office:annotation></text:p>",
        "¶ 甲",
    );
    check("<text:p>题<text:title>名</text:title></text:p>", "¶ 题名");
    check(
        "<text:p>甲<draw:frame><draw:text-box><text:p>框</text:p></draw:text-box><svg:title>去</svg:title></draw:frame>乙</text:p>",
        "¶ 甲乙\n¶ 框",
    );
}

#[test]
fn changes_are_accepted() {
    check(
        "<text:tracked-changes><text:changed-region><text:deletion><text:p>777</text:p></text:deletion></text:changed-region></text:tracked-changes><text:p><text:change-start/>9<text:change-end/><text:change/></text:p>",
        "¶ 9",
    );
}

#[test]
fn deleted_text_that_stays_in_its_place_is_gone() {
    let regions = "<text:tracked-changes><text:changed-region text:id='d'><text:deletion/></text:changed-region>\
        <text:changed-region xml:id='i'><text:insertion/></text:changed-region></text:tracked-changes>";
    let changed = |id: &str, text: &str| {
        format!("<text:change-start text:change-id='{id}'/>{text}<text:change-end text:change-id='{id}'/>")
    };
    let figure = format!("<text:p>收到{}{}件</text:p>", changed("d", "777"), changed("i", "9"));
    check(&format!("{regions}{figure}"), "¶ 收到9件");
    let over = changed("d", "去</text:p><text:p>去");
    check(&format!("{regions}<text:p>甲{over}</text:p><text:p>乙</text:p>"), "¶ 甲\n¶ 乙");
}

#[test]
fn marks_of_notes_are_no_digits() {
    let styles = "<style:style style:name='up'><style:text-properties style:text-position='super 58%'/></style:style>\
        <style:style style:name='gone'><style:text-properties style:text-line-through-style='solid'/></style:style>";
    let span = |style: &str, text: &str| format!("<text:span text:style-name='{style}'>{text}</text:span>");
    let body =
        format!("<text:p>12{}件{}8，100m{}</text:p>", span("up", "3"), span("gone", "77"), span("up", "2"));
    let content = format!(
        "<office:document-content><office:automatic-styles>{styles}</office:automatic-styles><office:body><office:text>{body}</office:text></office:body></office:document-content>"
    );
    let flat = content.replace("office:document-content", "office:document").replacen(
        "<office:document",
        "<office:document office:mimetype='application/vnd.oasis.opendocument.text'",
        1,
    );
    for bytes in [pack(&content, "<manifest:manifest/>"), format!("<?xml version='1.0'?>{flat}").into_bytes()]
    {
        let document = read(&bytes, &Limits::default()).unwrap();
        assert_eq!((document.format, draw::draw(&document)), (Kind::Odt, "¶ 12件8，100m2".into()));
    }
}

#[test]
fn headings_and_lists_have_their_numbers() {
    check(
        "<text:h text:outline-level='1'>一、总体情况</text:h><text:h text:outline-level='2'>甲</text:h>",
        "# 一、总体情况\n## 3. 甲",
    );
    let item = |text: &str| format!("<text:list-item><text:p>{text}</text:p></text:list-item>");
    let list = |more: &str, items: &str| format!("<text:list text:style-name='L1'{more}>{items}</text:list>");
    let inner = format!(
        "<text:list-item><text:p>甲</text:p><text:list>{}{}</text:list><text:p>续</text:p></text:list-item>",
        item("乙"),
        item("丙")
    );
    check(&list("", &(inner + &item("丁"))), "¶ 一、甲\n¶ （一）乙\n¶ （二）丙\n¶ 续\n¶ 二、丁");
    let first = list(" xml:id='a'", &item("甲"));
    check(&[first.clone(), list("", &item("乙"))].concat(), "¶ 一、甲\n¶ 一、乙");
    check(
        &[first.clone(), list(" text:continue-numbering='true'", &item("乙"))].concat(),
        "¶ 一、甲\n¶ 二、乙",
    );
    check(
        &[first.clone(), list("", &item("乙")), list(" text:continue-list='a'", &item("丙"))].concat(),
        "¶ 一、甲\n¶ 一、乙\n¶ 二、丙",
    );
    let deep = list(
        "",
        &format!(
            "<text:list-item><text:list><text:list-item><text:list>{}</text:list></text:list-item></text:list></text:list-item>",
            item("甲")
        ),
    );
    check(&deep, "¶ 一.1. 甲");
    check(
        &list("", &item("甲").replace("<text:list-item", "<text:list-item text:start-value='5'")),
        "¶ 五、甲",
    );
    check(&list("", &item("甲")).replace("L1", "L2"), "¶ 甲");
}

#[test]
fn spanned_cells_make_a_grid() {
    check(&table("^甲|=乙|~/~|丙|丁/1||3"), "Grid\n  甲⟨2×1⟩¦乙⟨1×2⟩\n  1:丙¦2:丁\n  1¦¦3");
    check(
        &table("甲|乙/丙|丁")
            .replace("<table:table-row>", "<table:table-header-rows><table:table-row>")
            .replace("</table:table-row>", "</table:table-row></table:table-header-rows>"),
        "Grid\n  甲¦乙\n  丙¦丁",
    );
    check(
        &table("甲|乙|丙/1|2").replace(
            "<table:table-cell><text:p>2</text:p>",
            "<table:table-cell table:number-columns-repeated='2'><text:p>2</text:p>",
        ),
        "Grid\n  甲¦乙¦丙\n  1¦2¦2",
    );
    let columns = "<table:table><table:table-column table:style-name='C1'/><table:table-column table:style-name='C2'/><table:table-column table:style-name='C1'/>";
    check(&table("甲|=乙|~/=丙|~|丁").replace("<table:table>", columns), "Grid\n  甲¦乙\n  丙¦丁");
    check(
        &table("甲|乙/丙|丁").replace("<text:p>甲", "<text:p>前</text:p><text:p>甲"),
        "Grid\n  前 甲¦乙\n  丙¦丁",
    );
    check(
        &table(&table("甲|乙/丙|丁").replace('/', "\u{1}")).replace('\u{1}', "/"),
        "Grid\n  甲¦乙\n  丙¦丁",
    );
}

#[test]
fn hostile_files_are_refused() {
    let whole = odt(&table("甲|乙/丙|丁").repeat(300));
    for end in (0..whole.len()).step_by(101) {
        assert!(read(&whole[..end], &Limits::default()).is_err(), "{end}");
    }
    refuse(&pack("<x/>", "<manifest:encryption-data/>"), "encrypted");
    refuse(&pack("<!DOCTYPE x []><x/>", ""), "broken-file");
    refuse(&pack("<x>", ""), "broken-file");
    refuse(&pack("<x/>", ""), "empty");
    refuse(&odt(&"<table:table><table:table-row><table:table-cell>".repeat(200)), "too-deep");
    let many = "<table:table-cell table:number-columns-repeated='4000000000'/>".repeat(1_000);
    refuse(
        &odt(&format!("<table:table><table:table-row>{many}</table:table-row></table:table>")),
        "too-many-cells",
    );
}

const SOUP: &[&str] = &[
    "<text:p>",
    "</text:p>",
    "甲",
    " 1 ",
    "<text:h text:outline-level='2'>",
    "</text:h>",
    "<text:list text:style-name='L1'>",
    "</text:list>",
    "<text:list-item>",
    "</text:list-item>",
    "<table:table>",
    "</table:table>",
    "<table:table-row>",
    "</table:table-row>",
    "<table:table-cell>",
    "</table:table-cell>",
    "<table:table-cell table:number-rows-spanned='9'>",
    "<table:covered-table-cell/>",
    "<draw:text-box>",
    "</draw:text-box>",
    "<text:span text:style-name='T9'>",
    "</text:span>",
    "<text:s text:c='9'/>",
    "<text:line-break/>",
    "<table:table-column table:style-name='C2'/>",
];

/// Closes what is open and drops what closes nothing, so that the soup is XML.
fn mend(pieces: &[&str]) -> String {
    let mut open: Vec<&str> = Vec::new();
    let mut text = String::new();
    for piece in pieces {
        if let Some(name) = piece.strip_prefix("</") {
            if open.last() != Some(&name.trim_end_matches('>')) {
                continue;
            }
            open.pop();
        } else if piece.starts_with('<') && !piece.contains("/>") {
            open.push(piece[1..].split([' ', '>']).next().unwrap());
        }
        text += piece;
    }
    open.iter().rev().for_each(|name| text += &format!("</{name}>"));
    text
}

proptest! {
    #[test]
    fn any_body(pieces in prop::collection::vec(prop::sample::select(SOUP), 0..80)) {
        let document = read(&odt(&mend(&pieces)), &Limits::default());
        prop_assert!(document.is_ok() || document.unwrap_err().class() == "empty");
    }
}
