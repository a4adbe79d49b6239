//! What is refused, and that nothing makes the reader run away.

use std::time::{Duration, Instant};

use document::{Kind, Limits, ReadError, read, sniff};

#[track_caller]
fn check(bytes: &[u8], class: &str) {
    let started = Instant::now();
    let result = read(bytes, &Limits::default());
    let took = started.elapsed();
    assert!(took < Duration::from_secs(20), "took {took:?}");
    match result {
        Ok(_) => assert_eq!("read", class),
        Err(error) => {
            assert_eq!(error.class(), class, "{error}");
            assert!(error.message().ends_with('。') && !error.to_string().ends_with('.'));
        }
    }
}

#[test]
fn kinds_are_told_by_bytes() {
    let wide = |name: &str| name.bytes().flat_map(|byte| [byte, 0]).collect::<Vec<u8>>();
    let ole = |name: &str| [b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".as_slice(), &[0; 500], &wide(name)].concat();
    let zip = |name: &str| [b"PK\x03\x04\x14\0\0\0".as_slice(), &[0; 20], name.as_bytes()].concat();
    let cases: &[(&[u8], Kind)] = &[
        (b"%PDF-1.7", Kind::Pdf),
        (b"{\\rtf1\\ansi", Kind::Rtf),
        (&zip("word/document.xml"), Kind::Docx),
        (&zip("xl/workbook.xml"), Kind::Xlsx),
        (&zip("OFD.xml"), Kind::Ofd),
        (&zip("report.txt"), Kind::Zip),
        (&ole("WordDocument"), Kind::Doc),
        (&ole("Workbook"), Kind::Xls),
        (&ole("Other"), Kind::Ole),
        (b"\x89PNG\r\n\x1A\n", Kind::Png),
        (b"\xFF\xD8\xFF\xE0", Kind::Jpeg),
        (b"GIF89a", Kind::Gif),
        (b"BM\x10\0\0\0\0\0\0\0", Kind::Bmp),
        (b"II*\0", Kind::Tiff),
        (b"\x1F\x8B\x08\0", Kind::Gzip),
        (b"Rar!\x1A\x07\0", Kind::Rar),
        (b"7z\xBC\xAF\x27\x1C", Kind::SevenZip),
        (&[&[b'a'; 257][..], b"ustar\0"].concat(), Kind::Tar),
        (b"<?xml version='1.0'?>\n<?mso-application progid='Word.Document'?>\n<w:wordDocument xmlns:w='x'>", Kind::WordXml),
        (b"<?xml version='1.0'?><!-- x --><ss:Workbook xmlns:ss='urn:schemas-microsoft-com:office:spreadsheet'>", Kind::ExcelXml),
        (b"<office:document office:mimetype='application/vnd.oasis.opendocument.spreadsheet'>", Kind::Ods),
        (b"Content-Type: text/html means nothing by itself\n\n<p>", Kind::Text),
        (b"MIME-Version: 1.0\r\nContent-Type: multipart/related;", Kind::Mhtml),
        (b"<!DOCTYPE html>", Kind::Html),
        (b"\n <!-- x --><HTML>", Kind::Html),
        (b"<?xml version='1.0'?><html xmlns='x'>", Kind::Html),
        ("前言 <p>甲</p><br/>".as_bytes(), Kind::Html),
        (&wide("\u{1}<html>")[2..], Kind::Html),
        ("一、总体情况 <重要>".as_bytes(), Kind::Text),
        (b"BMW and PKZIP", Kind::Text),
        (b"", Kind::Text),
    ];
    for (bytes, kind) in cases {
        assert_eq!(sniff(bytes), *kind, "{:?}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn what_is_no_report_is_refused() {
    check(b"", "empty");
    check("\u{FEFF} \r\n\u{3000}\t".as_bytes(), "empty");
    check(b"<html><body> </body></html>", "read");
    check(b"\x89PNG\r\n\x1A\n ...", "unsupported-format");
    check(b"abc\0\0\0def\0\0\x01", "not-text");
    check(
        &(0..=255).cycle().take(4096).map(|byte: u8| byte.wrapping_mul(167)).collect::<Vec<_>>(),
        "not-text",
    );
}

#[test]
fn limits_are_named() {
    let limits = Limits { bytes: 8, ..Limits::default() };
    let error = read(b"123456789", &limits).unwrap_err();
    assert_eq!(error, ReadError::TooLarge { found: 9, limit: 8 });
    assert_eq!(error.to_string(), "file has 9 bytes, more than the limit bytes = 8");
    let limits = Limits { cells: 3, ..Limits::default() };
    for page in
        ["a\tb\nc\td", "a |\nb |\nc |\nd |", "a|b\nc|d", "\t1\n\t2\n\t3\n\t4", "<table><td colspan=4>a<td>b"]
    {
        assert_eq!(read(page.as_bytes(), &limits).unwrap_err().class(), "too-many-cells", "{page}");
    }
}

/// Ten megabytes of anything take time in proportion and no more.
#[test]
fn floods_are_read_or_refused() {
    let flood = |piece: &str| piece.repeat(10_000_000 / piece.len());
    let page = |piece: &str| format!("<html><body>{}", flood(piece));
    check(flood("<").as_bytes(), "read");
    check(page("<").as_bytes(), "read");
    check(page("&").as_bytes(), "read");
    check(page("&a").as_bytes(), "read");
    check(page("\na").as_bytes(), "too-many-lines");
    check(page("<br>\na").as_bytes(), "too-many-nodes");
    check(page("<table>").as_bytes(), "too-many-nodes");
    check(page("<div>").as_bytes(), "too-deep");
    check(page("<p>").as_bytes(), "too-many-nodes");
    check(page("<!--").as_bytes(), "read");
    check(page("<a b='").as_bytes(), "too-many-attributes");
    check(page("</p>").as_bytes(), "too-many-nodes");
    check(page("<script>").as_bytes(), "read");
    check(page("<table><tr><td>a<td></table>").as_bytes(), "too-many-nodes");
    check(flood("|").as_bytes(), "read");
    check(flood("|\n").as_bytes(), "too-many-lines");
    check(format!("{}\n{0}", flood("|")).as_bytes(), "read");
    check(format!("a{}\nb{0}", flood("|")).as_bytes(), "too-many-cells");
    check(flood("\t").as_bytes(), "empty");
    check(format!("a{}\nb{0}", flood("\t")).as_bytes(), "too-many-cells");
    check(flood("\n").as_bytes(), "empty");
    check(flood("甲").as_bytes(), "read");
}

#[test]
fn deep_and_wide_pages_are_refused() {
    let page = |piece: &str, count: usize| format!("<html><body>{}", piece.repeat(count));
    check(page("<div>", 100_000).as_bytes(), "too-deep");
    check(page("<b><p>", 100_000).as_bytes(), "read");
    check(page("<table><tr><td>", 100_000).as_bytes(), "too-deep");
    let fonts: String = (0..100_000).map(|size| format!("<p><font size={size}></p>")).collect();
    check(page(&fonts, 1).as_bytes(), "too-deep");
    let attributes: String = (0..100_000).map(|name| format!(" a{name}=1")).collect();
    check(format!("<html><body><p{attributes}>").as_bytes(), "too-many-attributes");
    let bomb = "<tr>".to_owned() + &"<td rowspan=65534 colspan=1000>".repeat(2_000);
    check(format!("<table>{}", bomb.repeat(3)).as_bytes(), "too-many-cells");
    let rows = format!("<table><tr><td colspan=1000>{}</table>", "<tr></tr>".repeat(100_000));
    check(rows.as_bytes(), "read");
}
