//! OFD files, drawn.

use std::io::{Cursor, Write};

use document::{Block, Document, Kind, Limits, ReadError, read};
use proptest::prelude::*;
use zip::write::{SimpleFileOptions, ZipWriter};

use crate::{draw, laws};

const NAMES: &str = r#"xmlns:ofd="http://www.ofdspec.org/2016""#;

/// A unit of text, a style, and two pictures.
const RESOURCES: &str = r#"<Res><DrawParams><DrawParam ID="1"><FillColor Value="255 255 255"/></DrawParam></DrawParams>
    <CompositeGraphicUnits><CompositeGraphicUnit ID="5" Width="90" Height="5"><Content>
    <TextObject Boundary="0 0 90 5" Size="4"><TextCode X="0" Y="4">146</TextCode></TextObject>
    <CompositeObject ID="7" Boundary="0 0 90 5" ResourceID="5"/></Content></CompositeGraphicUnit></CompositeGraphicUnits>
    <MultiMedias><MultiMedia ID="2" Type="Image"><MediaFile>a.jpg</MediaFile></MultiMedia>
    <MultiMedia ID="3" Type="Image"><MediaFile>a.png</MediaFile></MultiMedia></MultiMedias></Res>"#;
/// A note on the ninth page: a white box, and a figure on it.
const NOTE: &str = r#"<PageAnnot><Annot ID="1" Type="Stamp"><Appearance Boundary="18 38 20 8">
    <PathObject Boundary="0 0 20 8" Stroke="false" Fill="true"><FillColor Value="255 255 255"/>
    <AbbreviatedData>M 0 0 L 20 0 L 20 8 L 0 8 C</AbbreviatedData></PathObject>
    <TextObject Boundary="2 2 9 5" Size="4"><TextCode X="0" Y="4">741</TextCode></TextObject>
    </Appearance></Annot></PageAnnot>"#;

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
        <ofd:TemplatePage ID="99" BaseLoc="Tpls/Tpl_0.xml"/><ofd:DocumentRes>Res.xml</ofd:DocumentRes></ofd:CommonData>
        <ofd:Annotations>Annots/List.xml</ofd:Annotations><ofd:Pages>{list}</ofd:Pages></ofd:Document>"#
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
    let mut parts = vec![
        ("OFD.xml", root),
        ("Doc_0/Document.xml", &document),
        ("Doc_0/Tpls/Tpl_0.xml", &template),
        ("Doc_0/Res.xml", RESOURCES),
        (
            "Doc_0/Annots/List.xml",
            r#"<Annotations><Page PageID="8"><FileLoc>One.xml</FileLoc></Page></Annotations>"#,
        ),
        ("Doc_0/Annots/One.xml", NOTE),
    ];
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
    let shading = thin("10 30 100 50", "100", "50").replace("#0 #0 #0", "#E0 #E0 #E0");
    check(&(shading + &rules + &cells), table);
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

/// The paragraphs of a page with these objects, each with the reason for which it is doubtful.
fn seen(objects: &str) -> String {
    seen_of(&open(&[&(text(20, 20, "甲") + objects)])).trim_start_matches("甲; ").to_owned()
}

fn seen_of(document: &Document) -> String {
    let text = |block: &Block| {
        let Block::Paragraph(paragraph) = block else { return "a table".to_owned() };
        let doubt = paragraph.text.doubt().map_or(String::new(), |doubt| format!(" {doubt:?}"));
        paragraph.text.as_str().to_owned() + &doubt
    };
    document.blocks.iter().map(text).collect::<Vec<_>>().join("; ")
}

/// The figure 146 with these attributes and these elements.
fn figure(attributes: &str, elements: &str) -> String {
    format!(
        r#"<TextObject Boundary="20 40 9 5" Size="4" {attributes}>{elements}<TextCode X="0" Y="4" DeltaX="2 2">146</TextCode></TextObject>"#
    )
}

/// A filled box.
fn filled(boundary: &str, attributes: &str, color: &str) -> String {
    let sides: Vec<&str> = boundary.split(' ').collect();
    let (width, height) = (sides[2], sides[3]);
    format!(
        r#"<PathObject Boundary="{boundary}" Stroke="false" Fill="true" {attributes}><FillColor {color}/><AbbreviatedData>M 0 0 L {width} 0 L {width} {height} L 0 {height} C</AbbreviatedData></PathObject>"#
    )
}

#[test]
fn what_a_figure_is_painted_with_decides_whether_it_is_seen() {
    let white = r#"Value="255 255 255""#;
    assert_eq!(seen(&figure("", "")), "146");
    assert_eq!(seen(&figure(r#"Fill="false""#, "")), "甲");
    assert_eq!(seen(&figure(r#"Fill="false" Stroke="true""#, "")), "146");
    assert_eq!(seen(&figure(r#"Alpha="0""#, "")), "甲");
    assert_eq!(seen(&figure(r#"Alpha="25""#, "")), "146 Faint");
    assert_eq!(seen(&figure("", r#"<FillColor Value="0 0 0" Alpha="0"/>"#)), "甲");
    assert_eq!(seen(&figure("", r#"<FillColor Value="255 255 255"/>"#)), "甲");
    assert_eq!(seen(&figure(r#"DrawParam="1""#, "")), "甲");
    assert_eq!(seen(&figure("", r#"<FillColor Value="255 0 0"/>"#)), "146");
    assert_eq!(seen(&figure("", "<FillColor><AxialShd/></FillColor>")), "146 SameColour");
    let on = |ground: &str, figure: &str| seen(&(filled("18 38 20 8", "", ground) + figure));
    assert_eq!(on(r#"Value="200 200 200""#, &figure("", "")), "146");
    assert_eq!(on(r#"Value="0 0 0""#, &figure("", "")), "甲");
    assert_eq!(on(r#"Value="0 0 128""#, &figure("", r#"<FillColor Value="255 255 255"/>"#)), "146");
    assert_eq!(on(white, &figure("", "")), "146");
}

#[test]
fn what_lies_over_a_figure_hides_it() {
    let white = r#"Value="255 255 255""#;
    let under = |over: &str| seen(&(figure("", "") + over));
    assert_eq!(under(&filled("18 38 20 8", "", white)), "甲");
    assert_eq!(under(&filled("18 38 4 8", "", white)), "46");
    assert_eq!(under(&filled("18 42.5 20 8", "", white)), "146 Covered");
    assert_eq!(under(&filled("18 38 20 8", r#"Alpha="60""#, white)), "146");
    assert_eq!(under(&filled("18 38 20 8", "", r#"Value="255 255 255" Alpha="0""#)), "146");
    assert_eq!(under(&(filled("18 38 20 8", "", white) + &figure("", ""))), "146");
    assert_eq!(under(r#"<ImageObject Boundary="18 38 20 8" CTM="20 0 0 8 0 0" ResourceID="2"/>"#), "甲");
    assert_eq!(
        under(r#"<ImageObject Boundary="18 38 20 8" CTM="20 0 0 8 0 0" ResourceID="3"/>"#),
        "146 Covered"
    );
    assert_eq!(under(r#"<ImageObject Boundary="100 38 20 8" CTM="20 0 0 8 0 0" ResourceID="2"/>"#), "146");
    assert_eq!(under(&line("M 18 42.6 L 30 42.6")), "146 Struck");
    assert_eq!(under(&line("M 18 45 L 30 45 M 18 39 L 30 39")), "146");
    let other = figure("", "").replace("146", "741");
    assert!(under(&other).ends_with("Overlapping"));
    assert_eq!(under(&figure("", "")), "146");
}

#[test]
fn what_hangs_out_of_its_area_or_is_turned_is_doubtful() {
    assert_eq!(seen(&figure("", "").replace("20 40 9 5", "20 40 0.001 5")), "146 Clipped");
    let clip = |data: &str| {
        format!(
            r#"<Clips><Clip><Area><Path Boundary="0 0 9 5"><AbbreviatedData>{data}</AbbreviatedData></Path></Area></Clip></Clips>"#
        )
    };
    assert_eq!(seen(&figure("", &clip("M 0 0 L 9 0 L 9 5 L 0 5 C"))), "146");
    assert_eq!(seen(&figure("", &clip("M 4 0 L 9 0 L 9 5 L 4 5 C"))), "146 Clipped");
    assert_eq!(seen(&figure(r#"CTM="-1 0 0 1 6 0""#, "")), "641 Reordered");
    assert_eq!(seen(&figure(r#"CharDirection="180""#, "")), "146 Reordered");
    // Set from right to left, it is read as it stands.
    let backwards = figure("", "").replace("20 40 9 5", "14 40 15 5").replace(r#"X="0""#, r#"X="6""#);
    assert_eq!(seen(&backwards.replace("2 2", "-2 -2").replace("146", "641")), "146");
}

#[test]
fn composites_layers_templates_and_notes_are_painted_in_their_order() {
    let composite = r#"<CompositeObject Boundary="20 40 90 5" ResourceID="5"/>"#;
    assert_eq!(seen(composite), "146");
    assert_eq!(seen(&composite.replace("/>", r#" Alpha="0"/>"#)), "甲");
    // A template lies under the page, or over it.
    let white = filled("0 0 100 100", "", r#"Value="255 255 255""#);
    let page = |order: &str| format!(r#"<Template TemplateID="99" {order}/>{white}{}"#, text(20, 60, "页"));
    assert_eq!(seen_of(&open(&[&page("")])), "页");
    assert_eq!(seen_of(&open(&[&page(r#"ZOrder="Foreground""#)])), "模板; 页");
    // The note is on the ninth page.
    let figure = figure("", "");
    let pages: Vec<&str> = (0..9).map(|_| figure.as_str()).collect();
    let found = seen_of(&open(&pages));
    assert!(found.starts_with("146; 146; ") && found.ends_with("; 741"), "{found}");
}
