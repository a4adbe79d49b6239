//! PDF files, drawn.

use std::fmt::Write as _;

use document::{Block, Document, Kind, Limits, ReadError, read};
use proptest::prelude::*;

use crate::{draw, laws};

/// Characters of Adobe-GB1 by their UTF-16, as programs name them that embed no font.
const SONG: &str = "<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H \
     /DescendantFonts [<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /W [1 95 500] \
     /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 4 >> >>] >>";
/// Characters by numbers that only the font knew.
const MUTE: &str = "<< /Type /Font /Subtype /Type0 /BaseFont /Mute /Encoding /Identity-H \
     /DescendantFonts [<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Mute /DW 1000 \
     /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >>] >>";

/// A font whose characters the first form of a file tells.
const HELVETICA: &str =
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding /ToUnicode 3 0 R >>";
/// A font that is not in the file, whose characters the first form tells.
const UNEMBEDDED: &str = "<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H \
     /ToUnicode 3 0 R /DescendantFonts [<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /W [1 95 500] \
     /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 4 >> >>] >>";
/// A font whose 1 the first form of a file draws.
const TYPE3: &str = "<< /Type /Font /Subtype /Type3 /FontBBox [0 0 500 700] /FontMatrix [0.001 0 0 0.001 0 0] \
     /CharProcs << /one 3 0 R >> /Encoding << /Differences [49 /one] >> /FirstChar 49 /LastChar 49 /Widths [500] >>";
/// White from end to end.
const SHADING: &str = "/Shading << /S << /ShadingType 2 /ColorSpace /DeviceGray /Coords [0 0 300 0] \
     /Extend [true true] /Function << /FunctionType 2 /Domain [0 1] /C0 [1] /C1 [1] /N 1 >> >> >>";

/// A file of these objects, the first of which is the catalogue.
fn objects(objects: &[String]) -> Vec<u8> {
    let mut file = "%PDF-1.7\n".to_owned();
    let mut places = String::new();
    for (index, object) in objects.iter().enumerate() {
        writeln!(places, "{:010} 00000 n ", file.len()).unwrap();
        write!(file, "{} 0 obj\n{object}\nendobj\n", index + 1).unwrap();
    }
    let (start, count) = (file.len(), objects.len() + 1);
    write!(
        file,
        "xref\n0 {count}\n0000000000 65535 f \n{places}trailer\n<< /Size {count} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"
    )
    .unwrap();
    file.into_bytes()
}

fn stream(entries: &str, content: &str) -> String {
    format!("<< {entries} /Length {} >>\nstream\n{content}\nendstream", content.len())
}

/// A file with these pages, each with entries of its own, and forms to draw.
fn file(pages: &[(&str, &str)], forms: &[(&str, &str)]) -> Vec<u8> {
    let first = 3 + forms.len();
    let kids: String = (0..pages.len()).map(|page| format!("{} 0 R ", first + 2 * page)).collect();
    let names: String = (0..forms.len()).map(|form| format!("/X{form} {} 0 R ", 3 + form)).collect();
    let resources = format!(
        "/Resources << /Font << /F {SONG} /M {MUTE} /L {HELVETICA} /T {TYPE3} /U {UNEMBEDDED} >> /XObject << {names} >> {SHADING} \
         /ExtGState << /H << /ca 0 >> /L << /ca 0.01 >> /N << /ca 0.1 >> /P << /ca 0.5 >> \
         /S << /SMask << /S /Luminosity /G 3 0 R >> >> >> >>"
    );
    let mut all = vec![
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        format!("<< /Type /Pages /Kids [{kids}] /Count {} /MediaBox [0 0 300 400] >>", pages.len()),
    ];
    all.extend(
        forms
            .iter()
            .map(|(entries, content)| stream(&format!("/Type /XObject {entries} {resources}"), content)),
    );
    for (index, (entries, content)) in pages.iter().enumerate() {
        let number = first + 2 * index + 1;
        all.push(format!("<< /Type /Page /Parent 2 0 R {entries} {resources} /Contents {number} 0 R >>"));
        all.push(stream("", content));
    }
    objects(&all)
}

/// Words at a place, from the lower left corner, in this size.
fn sized(x: i32, y: i32, size: i32, words: &str) -> String {
    let hex: String = words.encode_utf16().map(|unit| format!("{unit:04X}")).collect();
    format!("BT /F {size} Tf {x} {y} Td <{hex}> Tj ET\n")
}

fn text(x: i32, y: i32, words: &str) -> String {
    sized(x, y, 10, words)
}

/// Lines between points.
fn lines(lines: &[[i32; 4]]) -> String {
    lines.iter().map(|[x0, y0, x1, y1]| format!("{x0} {y0} m {x1} {y1} l S\n")).collect()
}

/// The rules of a table with these heights and these distances from the left.
fn rules(xs: &[i32], ys: &[i32]) -> String {
    let (left, right) = (xs[0], xs[xs.len() - 1]);
    let (low, high) = (ys[ys.len() - 1], ys[0]);
    let level: Vec<[i32; 4]> = ys.iter().map(|y| [left, *y, right, *y]).collect();
    let upright: Vec<[i32; 4]> = xs.iter().map(|x| [*x, low, *x, high]).collect();
    lines(&level) + &lines(&upright)
}

fn open(bytes: &[u8]) -> Document {
    read(bytes, &Limits::default()).unwrap()
}

#[track_caller]
fn check(content: &str, expected: &str) {
    check_file(&file(&[("", content)], &[]), expected);
}

#[track_caller]
fn check_file(bytes: &[u8], expected: &str) {
    let document = open(bytes);
    assert_eq!(document.format, Kind::Pdf);
    assert_eq!(draw::draw(&document), expected);
}

#[test]
fn characters_stand_where_they_are_put() {
    check(&text(20, 300, "甲 <1>"), "¶ 甲 <1>");
    check(&(text(20, 300, "甲") + &text(200, 300, "乙")), "¶ 甲 乙");
    // The lower line first.
    check(&(text(20, 200, "乙") + &text(20, 300, "甲")), "¶ 甲\n¶ 乙");
    // Moved by numbers between pieces, squeezed, raised, and with room between characters.
    check("BT /F 10 Tf 20 300 Td [<7532> -2000 <4E59>] TJ ET", "¶ 甲 乙");
    check("BT /F 10 Tf 50 Tz 20 300 Td <75324E59> Tj ET", "¶ 甲乙");
    check("BT /F 10 Tf 3 Tc 20 300 Td <75324E59> Tj ET", "¶ 甲乙");
    check("BT /F 1 Tf 10 0 0 10 20 300 Tm <75324E59> Tj ET", "¶ 甲乙");
    // Bold by printing twice.
    check(&(text(20, 300, "甲1乙") + &text(20, 300, "甲1乙")), "¶ 甲1乙");
    check("BT /F 10 Tf 2 Tr 20 300 Td <75324E59> Tj ET", "¶ 甲乙");
    // A radical that looks like the word.
    check(&text(20, 300, "⾏⻓"), "¶ 行长");
}

#[test]
fn pages_are_read_as_they_are_shown() {
    let body = text(20, 300, "上") + &text(20, 100, "下");
    for entries in
        ["", "/Rotate 0", "/CropBox [10 50 290 390]", "/Rotate 360", "/MediaBox [0 0 300 400] /UserUnit 2"]
    {
        check_file(&file(&[(entries, &body)], &[]), "¶ 上\n¶ 下");
    }
    check_file(&file(&[("/CropBox [0 200 300 400]", &body)], &[]), "¶ 上");
    let turned = |a: i32, b: i32, c: i32, d: i32, x: i32, y: i32| {
        format!(
            "q {a} {b} {c} {d} {x} {y} cm {}{}{}Q",
            text(20, 270, "上"),
            text(20, 100, "下"),
            text(60, 270, "右")
        )
    };
    check_file(&file(&[("/Rotate 90", &turned(0, 1, -1, 0, 300, 0))], &[]), "¶ 上 右\n¶ 下");
    check_file(&file(&[("/Rotate 180", &turned(-1, 0, 0, -1, 300, 400))], &[]), "¶ 上 右\n¶ 下");
    check_file(&file(&[("/Rotate 270", &turned(0, -1, 1, 0, 0, 300))], &[]), "¶ 上 右\n¶ 下");
    // Printed sideways on a page that stands upright.
    check(&turned(0, 1, -1, 0, 300, 0), "¶ 上 右\n¶ 下");
    check(&turned(0, -1, 1, 0, 0, 300), "¶ 上 右\n¶ 下");
    check(&turned(-1, 0, 0, -1, 300, 400), "¶ 上 右\n¶ 下");
}

#[test]
fn what_is_not_shown_is_not_read() {
    let seen = text(20, 300, "甲");
    check(&format!("{seen}BT 3 Tr /F 10 Tf 20 200 Td <4E59> Tj ET"), "¶ 甲");
    check(&format!("{seen}q 0 0 10 10 re W n {} Q", text(20, 200, "乙")), "¶ 甲");
    check(&format!("{seen}q /H gs {} Q", text(20, 200, "乙")), "¶ 甲");
    check(&format!("{seen}{}", text(20, -200, "乙")), "¶ 甲");
    // A white box, and the right figure on it.
    let mended = text(20, 200, "12") + "1 g 15 195 50 20 re f 0 g " + &text(20, 200, "13");
    check(&(seen.clone() + &mended), "¶ 甲\n¶ 13");
    // A watermark.
    check(&format!("{seen}BT /F 40 Tf 0.7 0.7 -0.7 0.7 20 100 Tm <4E594E59> Tj ET"), "¶ 甲");
    check(
        &format!("/Artifact << /Type /Pagination /Subtype /Footer >> BDC {} EMC {seen}", text(20, 40, "乙")),
        "¶ 甲",
    );
}

#[test]
fn rules_are_strokes_and_thin_boxes() {
    let cells = text(25, 285, "甲") + &text(75, 285, "1") + &text(25, 265, "乙") + &text(75, 265, "2");
    let table = "Grid\n  甲¦1\n  乙¦2";
    let strokes = rules(&[20, 70, 120], &[300, 280, 260]);
    check(&(strokes.clone() + &cells), table);
    let boxes: String = [[20, 280], [70, 280], [20, 260], [70, 260]]
        .iter()
        .map(|[x, y]| format!("{x} {y} 50 20 re S\n"))
        .collect();
    check(&(boxes + &cells), table);
    // Each cell with a frame of its own and a gutter between.
    let gutters: String = [[20, 280], [70, 280], [20, 260], [70, 260]]
        .iter()
        .map(|[x, y]| format!("{}.5 {}.5 48 18 re S\n", x, y))
        .collect();
    check(&(gutters + &cells), table);
    let thin: String = [300, 280, 260].iter().map(|y| format!("20 {y} 100 0.5 re f\n")).collect::<String>()
        + &[20, 70, 120].iter().map(|x| format!("{x} 260 0.5 40 re f\n")).collect::<String>();
    check(&(thin.clone() + &cells), table);
    // Shading below the rules, and a broad white stroke.
    let shaded = "0.9 g 20 280 100 20 re f 0 g q 1 G 20 w 20 270 m 120 270 l S Q ".to_owned() + &thin;
    check(&(shaded + &cells), table);
    let dotted: String = (0..50).map(|dot| format!("{} 280 0.5 0.5 re f ", 20 + 2 * dot)).collect();
    check(&(rules(&[20, 70, 120], &[300, 260]) + &dotted + &cells), table);
    let dashed = format!("[3 2] 0 d {strokes}");
    check(&(dashed + &cells), table);
    // In a form that is moved and scaled.
    let form = rules(&[10, 35, 60], &[150, 140, 130])
        + &sized(12, 142, 5, "甲")
        + &sized(37, 142, 5, "1")
        + &sized(12, 132, 5, "乙")
        + &sized(37, 132, 5, "2");
    check_file(
        &file(&[("", "q 2 0 0 2 0 0 cm /X0 Do Q")], &[("/Subtype /Form /BBox [0 0 300 400]", &form)]),
        table,
    );
}

#[test]
fn tables_go_on_over_pages() {
    let page = |rows: &[&[&str]], top: i32| {
        let ys: Vec<i32> = (0..=rows.len() as i32).map(|row| top - 20 * row).collect();
        let mut content = rules(&[20, 70, 120, 170], &ys);
        for (row, cells) in rows.iter().enumerate() {
            for (column, cell) in cells.iter().enumerate() {
                content += &text(25 + 50 * column as i32, ys[row] - 15, cell);
            }
        }
        content + &text(140, 10, "- 1 -")
    };
    let check_pages = |pages: &[&[&[&str]]], expected: &str| {
        let contents: Vec<String> = pages
            .iter()
            .map(|rows| page(rows, if rows.len() > 2 { 20 + 20 * rows.len() as i32 } else { 390 }))
            .collect();
        let pages: Vec<(&str, &str)> = contents.iter().map(|content| ("", content.as_str())).collect();
        check_file(&file(&pages, &[]), expected);
    };
    check_pages(
        &[&[&["项", "数", "量"], &["甲", "1", "2"], &["乙", "3", "4"]], &[&["丙", "5", "6"]]],
        "Grid\n  项¦数¦量\n  甲¦1¦2\n  乙¦3¦4\n  丙¦5¦6",
    );
    check_pages(
        &[
            &[&["项", "数", "量"], &["甲", "1", "2"], &["乙", "3", "4"]],
            &[&["项", "数", "量"], &["丙", "5", "6"]],
        ],
        "Grid\n  项¦数¦量\n  甲¦1¦2\n  乙¦3¦4\n  丙¦5¦6",
    );
    // The last digit of a figure has no room and the page ends.
    check_pages(
        &[&[&["项", "数", "量"], &["甲", "1", "2"], &["乙", "123456789", "4"]], &[&["", "7", ""]]],
        "Grid\n  项¦数¦量\n  甲¦1¦2\n  乙¦1234567897¦4",
    );
    check_pages(
        &[&[&["项", "数", "量"], &["甲", "1", "2"], &["乙", "3", "4"]], &[&["", "", ""], &["丙", "5", "6"]]],
        "Grid\n  项¦数¦量\n  甲¦1¦2\n  乙¦3¦4\n  丙¦5¦6",
    );
}

#[test]
fn places_are_boxes_on_pages() {
    let bytes = file(&[("", ""), ("", &text(20, 300, "甲1"))], &[]);
    let document = open(&bytes);
    let Block::Paragraph(paragraph) = &document.blocks[0] else { panic!("{document:?}") };
    let place = paragraph.text.place();
    assert_eq!((place.page, place.line, place.start, place.end), (Some(2), 1, 0, bytes.len() as u64));
    let area = place.area.unwrap();
    assert_eq!((area.left, area.top, area.right, area.bottom), (20, 91, 35, 102));
}

#[track_caller]
fn refused(bytes: &[u8], class: &str) {
    assert_eq!(read(bytes, &Limits::default()).map_err(|error| error.class()), Err(class));
}

#[test]
fn what_has_no_text_is_refused() {
    let image = ("/Subtype /Image /Width 1 /Height 1 /BitsPerComponent 8 /ColorSpace /DeviceGray", "x");
    let scan = "q 300 0 0 400 0 0 cm /X0 Do Q ";
    refused(&file(&[("", scan)], &[image]), "no-text");
    // Its recognised text lies invisible on the picture, or below it.
    refused(&file(&[("", &format!("{scan} 3 Tr {}", text(20, 300, "甲")))], &[image]), "no-text");
    refused(&file(&[("", &format!("{} {scan}", text(20, 300, "甲")))], &[image]), "no-text");
    // The scanner has put its name on each page.
    refused(&file(&[("", &format!("{scan} {}", text(20, 20, "扫描全能王 创建")))], &[image]), "no-text");
    // Letters that are drawn.
    refused(&file(&[("", "20 20 m 30 40 50 60 20 80 c f")], &[]), "no-text");
    refused(&file(&[("", "")], &[]), "empty");
    let mute = "BT /M 10 Tf 20 300 Td <000100020003> Tj ET";
    refused(&file(&[("", mute)], &[]), "no-letters");
    // One page with a table is enough.
    let long = text(20, 200, "这一页有文字，后面一页是扫描的附件。");
    check_file(&file(&[("", &long), ("", scan)], &[image]), "¶ 这一页有文字，后面一页是扫描的附件。");
}

#[test]
fn broken_and_hostile_files_are_refused() {
    refused(b"%PDF-1.4 ...", "broken-file");
    refused(b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n", "broken-file");
    let limits = Limits { pages: 1, drawn: 10, ..Limits::default() };
    let pages = file(&[("", ""), ("", "")], &[]);
    assert_eq!(read(&pages, &limits), Err(ReadError::TooManyPages { found: 2, limit: 1 }));
    let long = file(&[("", &text(20, 300, "一二三四五六七八九十甲"))], &[]);
    assert_eq!(read(&long, &limits), Err(ReadError::TooMuchDrawn { found: 11, limit: 10 }));
    // Forms that draw each other, and one that draws itself.
    let laughs: Vec<String> = (0..12).map(|next| format!("/X{} Do ", next + 1).repeat(10)).collect();
    let laughs: Vec<(&str, &str)> =
        laughs.iter().map(|calls| ("/Subtype /Form /BBox [0 0 9 9]", calls.as_str())).collect();
    let forms = |content: &str| {
        let mut all = vec![
            "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
            "<< /Type /Pages /Kids [3 0 R] /Count 1 /MediaBox [0 0 300 400] >>".to_owned(),
        ];
        let names: String = (0..laughs.len()).map(|form| format!("/X{form} {} 0 R ", 5 + form)).collect();
        let resources = format!("/Resources << /XObject << {names} >> >>");
        all.push(format!("<< /Type /Page /Parent 2 0 R {resources} /Contents 4 0 R >>"));
        all.push(stream("", content));
        all.extend(laughs.iter().map(|(entries, calls)| stream(&format!("{entries} {resources}"), calls)));
        objects(&all)
    };
    refused(&forms("/X0 Do"), "too-much-drawn");
    refused(&file(&[("", "/X0 Do")], &[("/Subtype /Form /BBox [0 0 9 9]", "/X0 Do /X0 Do")]), "empty");
}

#[test]
fn cut_files_are_read_or_refused() {
    let content = rules(&[20, 70, 120], &[300, 280, 260]) + &text(25, 285, "甲") + &text(75, 285, "1");
    let bytes = file(&[("", &content), ("/Rotate 90", &content)], &[]);
    for end in (0..bytes.len()).step_by(61) {
        _ = laws::check(&bytes[..end]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn nothing_panics(content in "[ -~]{0,200}", at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = file(&[("", &(text(20, 300, "甲") + &content))], &[]);
        _ = laws::check(&bytes);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        _ = laws::check(&bytes);
    }
}

#[test]
fn sides_that_were_not_drawn_do_not_join_cells() {
    // The label on the left goes on on the next page, and its lower border is missing.
    let level = lines(&[[20, 300, 170, 300], [70, 280, 170, 280], [20, 260, 170, 260], [20, 240, 170, 240]]);
    let upright = lines(&[
        [20, 240, 20, 300],
        [70, 270, 70, 300],
        [70, 240, 70, 260],
        [120, 240, 120, 300],
        [170, 240, 170, 300],
    ]);
    let cells = text(25, 285, "甲")
        + &text(75, 285, "乙")
        + &text(125, 285, "1")
        + &text(75, 265, "丙")
        + &text(125, 265, "2")
        + &text(25, 245, "丁")
        + &text(75, 245, "戊")
        + &text(125, 245, "3");
    check(&(level + &upright + &cells), "Grid\n  甲⟨2×1⟩¦乙¦1\n  1:丙¦2:2\n  丁¦戊¦3");
}

#[test]
fn tables_without_a_frame_have_rows() {
    let row = |y: i32, cells: &[&str]| -> String {
        cells.iter().enumerate().map(|(column, cell)| text(20 + 60 * column as i32, y, cell)).collect()
    };
    let head = row(300, &["信息内容", "制发", "废止", "有效"]);
    let body = row(280, &["规章", "0", "1", "2"]) + &row(260, &["行政文件", "3", "", "4"]);
    let table = "Rows\n  信息内容¦制发¦废止¦有效\n  规章¦0¦1¦2\n  行政文件¦3¦¦4";
    check(&(head.clone() + &body), table);
    let level = lines(&[[20, 315, 260, 315], [20, 295, 260, 295], [20, 255, 260, 255]]);
    check(&(level + &head + &body), table);
    // A label over two lines, its figures between them.
    let label = text(20, 266, "行政") + &text(20, 254, "文件") + &row(260, &["", "3", "5", "4"]);
    check(
        &(head.clone() + &row(290, &["规章", "0", "1", "2"]) + &label),
        "Rows\n  信息内容¦制发¦废止¦有效\n  规章¦0¦1¦2\n  行政文件¦3¦5¦4",
    );
    // Running text and page numbers are none.
    check(&(text(20, 300, "2025年1月") + &text(20, 280, "共3件")), "¶ 2025年1月\n¶ 共3件");
}

/// The paragraphs of a document, each with the reason for which it is doubtful.
fn seen(document: &Document) -> String {
    let text = |block: &Block| {
        let Block::Paragraph(paragraph) = block else { return "a table".to_owned() };
        let doubt = paragraph.text.doubt().map_or(String::new(), |doubt| format!(" {doubt:?}"));
        paragraph.text.as_str().to_owned() + &doubt
    };
    document.blocks.iter().map(text).collect::<Vec<_>>().join("; ")
}

/// What is seen of a page with this content below a line of text.
#[track_caller]
fn check_seen(content: &str, expected: &str) {
    let content = text(20, 350, "甲") + content;
    let found = seen(&open(&file(&[("", &content)], &[])));
    assert_eq!(
        found.strip_prefix("甲").map(|rest| rest.trim_start_matches("; ")),
        Some(expected),
        "{content}"
    );
}

/// What is seen of a page with this content, whose masks are black.
fn masked(content: &str) -> String {
    let mask = "/Subtype /Form /BBox [0 0 300 400] /Group << /S /Transparency /CS /DeviceGray >>";
    seen(&open(&file(&[("", content)], &[(mask, "0 g 0 0 300 400 re f")])))
}

/// A figure at (20, 300), sixteen points wide and seven high.
fn figure(words: &str) -> String {
    text(20, 300, words)
}

#[test]
fn what_lies_over_a_figure_hides_it() {
    let figure = figure("146");
    let over = |shape: &str| format!("{figure}1 g {shape} 0 g ");
    // Any shape that covers all of it, or several together.
    for shape in [
        "15 295 30 20 re f",
        "15 295 m 40 295 l 45 300 l 40 315 l 15 315 l h f",
        "15 295 m 45 295 l 50 295 50 315 45 315 c 15 315 l h f",
        "q 1 G 14 w 15 303 m 45 303 l S Q",
        "19.5 297 2.7 12 re f 22 297 30 12 re f",
        "q 15 295 30 20 re W n /S sh Q",
        "q 1 0.2 0.2 rg 15 295 30 20 re f Q",
    ] {
        check_seen(&over(shape), "");
    }
    check_seen(&(over("15 295 30 20 re f") + &self::figure("741")), "741");
    // One digit of it.
    check_seen(&over("18 295 6.5 20 re f"), "46");
    // A part of a digit.
    check_seen(&over("18 295 15 9 re f"), "146 Covered");
    // So much that nothing can be decided.
    check_seen(&format!("{figure}q /N gs 15 295 30 20 re f Q"), "146");
    check_seen(&over("q /P gs 15 295 30 20 re f Q"), "146");
    assert_eq!(masked(&format!("{figure}q /S gs 15 295 30 20 re f Q")), "146 Covered");
    // What misses it: a hole of a frame, the corner of a triangle, a clip.
    check_seen(&over("10 290 50 30 re 15 295 40 20 re f*"), "146");
    check_seen(&over("45 290 m 80 290 l 15 330 l h f"), "146");
    check_seen(&over("q 100 100 10 10 re W n 15 295 30 20 re f Q"), "146");
}

#[test]
fn what_does_not_stand_out_is_not_read() {
    let painted = |operators: &str| format!("q {operators} {} Q", figure("146"));
    let ground = |gray: &str| format!("{gray} g 10 290 80 30 re f ");
    check_seen(&painted("1 g"), "");
    check_seen(&painted("0.9 g"), "146 SameColour");
    check_seen(&painted("0.5 g"), "146");
    check_seen(&painted("1 0 0 rg"), "146");
    // The colour of the ground, on which white is seen.
    check_seen(&(ground("0.9") + &painted("0.9 g")), "");
    check_seen(&(ground("0.9") + &painted("0 g")), "146");
    check_seen(&(ground("0.2") + &painted("1 g")), "146");
    check_seen(&(ground("0") + &painted("0 g")), "");
    check_seen(&painted("/L gs"), "");
    check_seen(&painted("/N gs"), "146 Faint");
    check_seen(&painted("/P gs"), "146");
    assert_eq!(masked(&painted("/S gs")), "146 SameColour");
    // On a picture whose colour is found out.
    let image = ("/Subtype /Image /Width 1 /Height 1 /BitsPerComponent 8 /ColorSpace /DeviceGray", "x");
    let on_picture = |operators: &str| {
        let long = text(20, 350, "图片上的数字按图片的颜色判断，文字足够长才不算扫描件，后面还有一些文字。");
        let content = format!("{long} q 80 0 0 30 10 290 cm /X0 Do Q {}", painted(operators));
        let found = seen(&open(&file(&[("", &content)], &[image])));
        found.rsplit(';').next().unwrap().trim().to_owned()
    };
    assert_eq!(on_picture("0 g"), "146");
    assert_eq!(on_picture("1 g"), "146");
    assert!(on_picture("0.47 g").starts_with("图片"));
    // Specks, and what the clip or the page cuts off.
    check_seen("BT /F 0.3 Tf 20 300 Td <003100340036> Tj ET", "");
    check_seen(&format!("q 15 295 m 40 330 l 15 330 l h W n {} Q", figure("1")), "1 Clipped");
    check_seen(&format!("q 232 328 m 233 328 l 20 353 l 19 353 l h W n {} Q", text(20, 333, "7")), "");
}

#[test]
fn what_strikes_a_figure_out_makes_it_doubtful() {
    let with = |line: &str| format!("{}{line}", figure("146"));
    check_seen(&with("18 303 m 38 303 l S"), "146 Struck");
    check_seen(&with("18 302.5 20 1 re f"), "146 Struck");
    check_seen(&with("18 298 m 38 308 l S"), "146 Struck");
    check_seen(&with("18 303 m 24 304 30 302 38 303 c S"), "146 Struck");
    check_seen(&("18 303 m 38 303 l S ".to_owned() + &figure("146")), "146 Struck");
    // Rules round it, and a line that nobody sees.
    check_seen(&with("18 297 m 38 297 l S 18 310 m 38 310 l S 18 290 m 18 315 l S"), "146");
    check_seen(&with("q 1 G 0.2 w 18 310 m 38 310 l S Q"), "146");
    let noted = |note: &str| {
        let entries = format!("/Annots [<< /Type /Annot /F 4 {note} >>]");
        seen(&open(&file(&[(&entries, &figure("146"))], &[])))
    };
    assert_eq!(
        noted("/Subtype /StrikeOut /QuadPoints [18 312 38 312 18 296 38 296] /Rect [18 296 38 312]"),
        "146 Struck"
    );
    assert_eq!(noted("/Subtype /Redact /Rect [18 296 38 312]"), "146 Covered");
    assert_eq!(noted("/Subtype /FreeText /Contents (741) /Rect [18 296 38 312]"), "146 Covered");
    assert_eq!(noted("/Subtype /Ink /InkList [[18 303 38 304]] /Rect [18 296 38 312]"), "146 Struck");
    assert_eq!(
        noted("/Subtype /Highlight /QuadPoints [18 312 38 312 18 296 38 296] /Rect [18 296 38 312]"),
        "146"
    );
    assert_eq!(noted("/Subtype /Link /Rect [18 296 38 312]"), "146");
    let hidden = "/Annots [<< /Type /Annot /F 2 /Subtype /StrikeOut /Rect [18 296 38 312] >>]";
    assert_eq!(seen(&open(&file(&[(hidden, &figure("146"))], &[]))), "146");
}

#[test]
fn figures_over_one_another_are_doubtful() {
    let at = |x: f32, size: i32, words: &str| {
        let hex: String = words.encode_utf16().map(|unit| format!("{unit:04X}")).collect();
        format!("BT /F {size} Tf {x} 300 Td <{hex}> Tj ET\n")
    };
    let doubtful = seen(&open(&file(&[("", &(figure("146") + &figure("741")))], &[])));
    assert!(doubtful.ends_with("Overlapping"), "{doubtful}");
    // Bold by printing twice, with a shadow, or filled and outlined.
    check_seen(&(figure("146") + &figure("146")), "146");
    check_seen(&(figure("146") + &at(20.8, 10, "146")), "146");
    check_seen("BT /F 10 Tf 2 Tr 20 300 Td <003100340036> Tj ET", "146");
    // Side by side, and under a light watermark.
    check_seen(&(at(20.0, 10, "1") + &at(25.0, 10, "46")), "146");
    check_seen(&("0.9 g ".to_owned() + &at(10.0, 60, "样") + "0 g " + &figure("146")), "样; 146");
}

#[test]
fn figures_that_are_turned_are_doubtful() {
    let set = |matrix: &str| format!("BT /F 10 Tf {matrix} 40 300 Tm <003100340036> Tj ET");
    check_seen(&set("1 0 0 1"), "146");
    check_seen(&set("-1 0 0 1"), "641 Reordered");
    check_seen(&set("0.98 0.17 -0.17 0.98"), "146 Reordered");
    let body = text(20, 380, "正文的方向决定页面的方向");
    let turned = seen(&open(&file(&[("", &(body + &set("-1 0 0 -1")))], &[])));
    assert!(turned.ends_with("Reordered"), "{turned}");
}

/// Frames round a page of figures hide nothing, and each is compared with all of them.
#[test]
fn frames_round_many_figures_are_too_much() {
    let page: String = (0..40).map(|row| sized(10, 10 + 9 * row, 4, &"146 ".repeat(30))).collect();
    let frames = |count: usize| page.clone() + "1 g\n" + &"0 0 300 400 re 1 1 298 398 re f*\n".repeat(count);
    refused(&file(&[("", &frames(20_000))], &[]), "too-much-drawn");
    assert!(read(&file(&[("", &frames(20))], &[]), &Limits::default()).is_ok());
}

/// The characters of a font, as the font itself says.
fn characters(pairs: &str) -> String {
    format!(
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def /CMapType 2 def \
         1 begincodespacerange <00> <FF> endcodespacerange {} beginbfchar {pairs} endbfchar endcmap end end",
        pairs.matches('\n').count() + 1
    )
}

#[test]
fn digits_are_what_they_look_like() {
    let said = |pairs: &str| {
        let content = "BT /L 10 Tf 20 300 Td (146) Tj ET";
        seen(&open(&file(&[("", content)], &[("", &characters(pairs))])))
    };
    assert_eq!(said("<31> <0031>\n<34> <0034>\n<36> <0036>"), "146");
    assert_eq!(said("<31> <0037>\n<34> <0034>\n<36> <0031>"), "741 OtherShape");
    assert_eq!(said("<31> <0031>\n<34> <0034>\n<36> <0039>"), "149 OtherShape");
    assert_eq!(said("<31> <0037200B>\n<34> <0034>\n<36> <0036>"), "7 46 OtherShape");
    assert_eq!(said("<31> <00310032>\n<34> <0034>\n<36> <0036>"), "1246 OtherShape");
    let of_unicode = |pairs: &str| {
        let content = "BT /U 10 Tf 20 300 Td <003100340036> Tj ET";
        let map = characters(pairs).replace("<00> <FF>", "<0000> <FFFF>");
        seen(&open(&file(&[("", content)], &[("", &map)])))
    };
    assert_eq!(of_unicode("<0031> <0031>\n<0034> <0034>\n<0036> <0036>"), "146");
    assert_eq!(of_unicode("<0031> <0037>\n<0034> <0034>\n<0036> <0036>"), "746 OtherShape");
    let drawn = |shape: &str| {
        let content = format!("{} BT /T 10 Tf 20 300 Td (1) Tj ET", text(20, 350, "甲"));
        seen(&open(&file(&[("", &content)], &[("", &format!("500 0 0 0 500 700 d1 {shape}"))])))
    };
    assert_eq!(drawn("200 0 90 700 re f"), "甲; 1");
    assert_eq!(drawn("50 0 400 700 re 150 100 200 500 re f*"), "甲; 1 OtherShape");
    assert_eq!(drawn(""), "甲");
}
