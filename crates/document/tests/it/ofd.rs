//! OFD files, drawn.

use std::io::{Cursor, Write};

use document::{Block, Document, Kind, Limits, ReadError, read};
use proptest::prelude::*;
use zip::write::{SimpleFileOptions, ZipWriter};

use crate::{draw, laws};

const NAMES: &str = r#"xmlns:ofd="http://www.ofdspec.org/2016""#;

/// A file with these parts.
fn package(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A file with these objects on its pages.
fn file(pages: &[&str]) -> Vec<u8> {
    let list: String = (0..pages.len())
        .map(|page| format!(r#"<ofd:Page ID="{page}" BaseLoc="Pages/{page}.xml"/>"#))
        .collect();
    let document = format!(
        r#"<ofd:Document {NAMES}><ofd:CommonData><ofd:PageArea><ofd:PhysicalBox>0 0 210 297</ofd:PhysicalBox></ofd:PageArea>
        <ofd:TemplatePage ID="99" BaseLoc="Tpls/Tpl_0.xml"/></ofd:CommonData><ofd:Pages>{list}</ofd:Pages></ofd:Document>"#
    );
    let root = "<OFD><DocBody><DocRoot>/Doc_0/Document.xml</DocRoot></DocBody></OFD>";
    let template = format!(
        "<ofd:Page {NAMES}><ofd:Content><ofd:Layer>{}</ofd:Layer></ofd:Content></ofd:Page>",
        text(20, 20, "模板")
    );
    let pages: Vec<(String, String)> = pages
        .iter()
        .enumerate()
        .map(|(page, objects)| {
            let objects = format!("<ofd:Content><ofd:Layer>{objects}</ofd:Layer></ofd:Content>");
            (format!("Doc_0/Pages/{page}.xml"), format!("<ofd:Page {NAMES}>{objects}</ofd:Page>"))
        })
        .collect();
    let mut parts =
        vec![("OFD.xml", root), ("Doc_0/Document.xml", &document), ("Doc_0/Tpls/Tpl_0.xml", &template)];
    parts.extend(pages.iter().map(|(name, text)| (name.as_str(), text.as_str())));
    package(&parts)
}

fn text(x: i32, y: i32, words: &str) -> String {
    format!(
        r#"<ofd:TextObject Boundary="{x} {y} 90 5" Size="4"><ofd:TextCode X="0" Y="4">{words}</ofd:TextCode></ofd:TextObject>"#
    )
}

fn line(data: &str) -> String {
    format!(
        r#"<ofd:PathObject Boundary="0 0 210 297"><ofd:AbbreviatedData>{data}</ofd:AbbreviatedData></ofd:PathObject>"#
    )
}

fn open(pages: &[&str]) -> Document {
    read(&file(pages), &Limits::default()).unwrap()
}

#[track_caller]
fn check(objects: &str, expected: &str) {
    let document = open(&[objects]);
    assert_eq!(document.format, Kind::Ofd);
    assert_eq!(draw::draw(&document), expected);
}

#[test]
fn characters_stand_where_they_are_put() {
    check(&text(20, 40, "甲 &lt;1&gt;"), "¶ 甲 <1>");
    let code = |attributes: &str, code: &str| {
        format!(r#"<TextObject Boundary="20 40 90 5" Size="4" {attributes}>{code}</TextObject>"#)
    };
    // A distance for each character, repeated ones, and one that parts two words.
    check(&code("", r#"<TextCode X="0" Y="4" DeltaX="4 g 2 4 12">甲乙丙丁戊</TextCode>"#), "¶ 甲乙丙丁 戊");
    // A second line in one code.
    check(
        &code("", r#"<TextCode X="0" Y="4" DeltaX="4 -4 4" DeltaY="0 6 0">甲乙丙丁</TextCode>"#),
        "¶ 甲乙\n¶ 丙丁",
    );
    check(&code("", r#"<TextCode X="0" Y="4">甲</TextCode><TextCode X="4">乙</TextCode>"#), "¶ 甲乙");
    // Set in another size and brought back, squeezed, and with glyph numbers beside.
    check(&code(r#"CTM="0.5 0 0 0.5 0 0""#, r#"<TextCode X="0" Y="8" DeltaX="4">甲乙</TextCode>"#), "¶ 甲乙");
    check(&code(r#"HScale="0.5""#, r#"<TextCode X="0" Y="4">甲乙</TextCode>"#), "¶ 甲乙");
    check(
        &code(
            "",
            r#"<CGTransform CodePosition="0"><Glyphs>12 13</Glyphs></CGTransform><TextCode X="0" Y="4">甲乙</TextCode>"#,
        ),
        "¶ 甲乙",
    );
    check(&code(r#"ReadDirection="90""#, r#"<TextCode X="0" Y="4">办理结果</TextCode>"#), "¶ 办理结果");
    check(&code("", r#"<TextCode X="0" Y="4" DeltaX="g 2000000000 4">甲乙</TextCode>"#), "¶ 甲乙");
    check(&(code(r#"Visible="false""#, "<TextCode>x</TextCode>") + &text(20, 40, "甲")), "¶ 甲");
}

#[test]
fn rules_are_strokes_and_thin_boxes() {
    let cells = text(22, 42, "甲") + &text(42, 42, "1") + &text(22, 52, "乙") + &text(42, 52, "2");
    let table = "Grid\n  甲¦1\n  乙¦2";
    let strokes = line("M 20 40 L 60 40 M 20 50 L 60 50 M 20 60 L 60 60")
        + &line("S 20 40 L 20 60 S 40 40 L 40 60 S 60 40 L 60 60");
    check(&(strokes + &cells), table);
    let boxes: String = ["20 40 20 10", "40 40 20 10", "20 50 20 10", "40 50 20 10"]
        .iter()
        .map(|boundary| format!(r#"<PathObject Boundary="{boundary}"><AbbreviatedData>M 0 0 L 20 0 L 20 10 L 0 10 C</AbbreviatedData></PathObject>"#))
        .collect();
    check(&(boxes + &cells), table);
    let thin = |boundary: &str, w: &str, h: &str| {
        format!(
            r##"<PathObject Boundary="{boundary}" Stroke="false" Fill="true"><FillColor Value="#0 #0 #0"/><AbbreviatedData>M 0 0 L {w} 0 L {w} {h} L 0 {h} C</AbbreviatedData></PathObject>"##
        )
    };
    let rules: String =
        [40, 50, 60].iter().map(|y| thin(&format!("20 {y} 40 0.2"), "40", "0.2")).collect::<String>()
            + &[20, 40, 60].iter().map(|x| thin(&format!("{x} 40 0.2 20"), "0.2", "20")).collect::<String>();
    // Shading behind all of it is no rule.
    check(&(thin("10 30 100 50", "100", "50") + &rules + &cells), table);
    check(&(line("M 20 40 B 1 2 3 4 60 60 L 20 60 C A 1") + &cells), "¶ 甲 1\n¶ 乙 2");
}

#[test]
fn pages_are_numbered_and_templates_printed() {
    let document = open(&[
        &text(20, 40, "前。"),
        &(r#"<Template TemplateID="99"/>"#.to_owned() + &text(20, 40, "后。")),
    ]);
    let found: Vec<(String, Option<u32>)> = document
        .blocks
        .iter()
        .map(|block| match block {
            Block::Paragraph(paragraph) => (paragraph.text.as_str().to_owned(), paragraph.text.place().page),
            Block::Table(_) => panic!("there is no table"),
        })
        .collect();
    assert_eq!(found, [("前。".into(), Some(1)), ("模板".into(), Some(2)), ("后。".into(), Some(2))]);
}

#[test]
fn what_cannot_be_read_is_refused_by_name() {
    let class = |bytes: &[u8]| {
        read(bytes, &Limits::default()).map_err(|error: ReadError| {
            assert!(error.message().ends_with('。'));
            error.class()
        })
    };
    let root = ("OFD.xml", "<OFD><DocBody><DocRoot>Doc_0/Document.xml</DocRoot></DocBody></OFD>");
    let drawn = r#"<PathObject Boundary="0 0 1 1"><AbbreviatedData>M 0 0 B 1 1 1 1 1 1</AbbreviatedData></PathObject>"#;
    assert_eq!(class(&file(&[drawn])), Err("no-text"));
    assert_eq!(class(&file(&["<ImageObject ResourceID='1'/>"])), Err("no-text"));
    assert_eq!(class(&file(&[""])), Err("empty"));
    assert_eq!(class(&package(&[root, ("Encryptions.xml", "<x/>")])), Err("encrypted"));
    assert_eq!(class(&package(&[root])), Err("broken-file"));
    assert_eq!(class(&package(&[("OFD.xml", "<OFD/>")])), Err("broken-file"));
    assert_eq!(class(&package(&[("OFD.xml", "<!DOCTYPE x><OFD/>")])), Err("broken-file"));
    assert_eq!(class(&file(&[&"<a>".repeat(2_000)])), Err("too-deep"));
    assert_eq!(class(&file(&[&text(1, 1, &"9".repeat(2_000_000))])), Err("too-many-nodes"));
    let bomb = file(&[&" ".repeat(200_000_000)]);
    assert!(bomb.len() < 1_000_000);
    assert_eq!(class(&bomb), Err("too-much-inflated"));
    let whole = file(&[&text(20, 40, "甲"), &line("S 20 40 L 20 60")]);
    for end in 4..whole.len() {
        assert!(class(&whole[..end]).is_err());
    }
}

const PIECES: &[&str] = &[
    "<TextObject Boundary='0 0 9 9' Size='4'>",
    "</TextObject>",
    "<TextCode X='1' Y='2' DeltaX='g 3 1'>",
    "</TextCode>",
    "<TextCode>",
    "甲",
    "12",
    "<PathObject Boundary='5 5 5'>",
    "</PathObject>",
    "<AbbreviatedData>",
    "</AbbreviatedData>",
    "M 0 0 ",
    "L 50 0 ",
    "L 50 50 ",
    "L 0 50 ",
    "C ",
    "B 1 1 ",
    "S 20 20 ",
    "L 20 50 ",
    "<Clips>",
    "</Clips>",
    "<ImageObject/>",
    "<Template TemplateID='99'/>",
    "<TextObject CTM='0 1 -1 0 30 30' Size='1e9'>",
    "L 1e30 -5 ",
    "NaN ",
    "&amp;",
    "&x;",
];

proptest! {
    #[test]
    fn nothing_makes_it_panic(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..60)) {
        _ = laws::check(&file(&[&pieces.concat(), &text(1, 1, "x")]));
    }
}

/// A damaged byte is either refused or in a place that does not matter, e.g. the date of a part.
#[test]
fn broken_packages_are_refused() {
    let intact = file(&[&text(20, 40, "甲")]);
    let mut refused = 0;
    for at in 0..intact.len() {
        let mut bytes = intact.clone();
        bytes[at] ^= 0xFF;
        match laws::check(&bytes) {
            Ok(document) => assert_eq!(draw::draw(&document), "¶ 甲", "byte {at}"),
            Err(_) => refused += 1,
        }
    }
    assert!(refused * 2 > intact.len(), "{refused} of {} damaged files are refused", intact.len());
}
