//! What is refused, and that nothing makes the reader run away.

use std::time::Duration;

use document::{Kind, Limits, ReadError, read, sniff};
use rustix::time::{ClockId, clock_gettime};

#[track_caller]
fn check(bytes: &[u8], class: &str) {
    match read(bytes, &Limits::default()) {
        Ok(_) => assert_eq!("read", class),
        Err(error) => {
            assert_eq!(error.class(), class, "{error}");
            assert!(error.message().ends_with('。') && !error.to_string().ends_with('.'));
        }
    }
}

/// Checks an input that is built from a size, and that an input ten times as large costs at most thirty times as
/// much CPU. A reader with a quadratic loop would cost a hundred times as much.
#[track_caller]
fn check_growth(input: impl Fn(usize) -> String, size: usize, class: &str) {
    let small = input(size / 10);
    let (_, base) = cpu(|| read(small.as_bytes(), &Limits::default()).is_ok());
    let large = input(size);
    let ((), took) = cpu(|| check(large.as_bytes(), class));
    assert!(took < 30 * base + Duration::from_secs(1), "took {took:?}, a tenth of it {base:?}");
}

/// The CPU time of this thread for some work. Unlike wall time it does not depend on the load of the machine.
fn cpu<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let now = || Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap();
    let start = now();
    let result = work();
    (result, now() - start)
}

#[test]
fn formats_are_detected_from_bytes() {
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

/// Megabytes of anything take time in proportion and no more.
#[test]
fn floods_are_read_or_refused() {
    // A limit ends the reading of what is refused early; what is read whole shows its growth at a fifth.
    let size = |class: &str| if ["read", "empty"].contains(&class) { 2_000_000 } else { 10_000_000 };
    let flood = |piece: &str, size: usize| piece.repeat(size / piece.len());
    let check_flood = |piece: &str, class: &str| check_growth(|size| flood(piece, size), size(class), class);
    let check_page = |piece: &str, class: &str| {
        check_growth(|size| format!("<html><body>{}", flood(piece, size)), size(class), class);
    };
    let check_lines = |start: [&str; 2], piece: &str, class: &str| {
        let line = |start: &str, size| format!("{start}{}", flood(piece, size));
        check_growth(|size| start.map(|start| line(start, size)).join("\n"), size(class), class);
    };
    check_flood("<", "read");
    check_page("<", "read");
    check_page("&", "read");
    check_page("&a", "read");
    check_page("\na", "too-many-lines");
    check_page("<br>\na", "too-many-nodes");
    check_page("<table>", "too-many-nodes");
    check_page("<div>", "too-deep");
    check_page("<p>", "too-many-nodes");
    check_page("<!--", "read");
    check_page("<a b='", "too-many-attributes");
    check_page("</p>", "too-many-nodes");
    check_page("<script>", "read");
    check_page("<table><tr><td>a<td></table>", "too-many-nodes");
    check_flood("|", "read");
    check_flood("|\n", "too-many-lines");
    check_lines(["", ""], "|", "read");
    check_lines(["a", "b"], "|", "too-many-cells");
    check_flood("\t", "empty");
    check_lines(["a", "b"], "\t", "too-many-cells");
    check_flood("\n", "empty");
    check_flood("甲", "read");
}

#[test]
fn deep_and_wide_pages_are_refused() {
    const COUNT: usize = 100_000;
    let check_page = |piece: &str, class: &str| {
        check_growth(|count| format!("<html><body>{}", piece.repeat(count)), COUNT, class);
    };
    check_page("<div>", "too-deep");
    check_page("<b><p>", "read");
    check_page("<table><tr><td>", "too-deep");
    let fonts = |count| (0..count).map(|size| format!("<p><font size={size}></p>")).collect::<String>();
    check_growth(|count| format!("<html><body>{}", fonts(count)), COUNT, "too-deep");
    let attributes = |count| (0..count).map(|name| format!(" a{name}=1")).collect::<String>();
    check_growth(|count| format!("<html><body><p{}>", attributes(count)), COUNT, "too-many-attributes");
    let bomb = |count: usize| "<tr>".to_owned() + &"<td rowspan=65534 colspan=1000>".repeat(count);
    check_growth(|count| format!("<table>{}", bomb(count).repeat(3)), 2_000, "too-many-cells");
    let rows = |count: usize| "<tr></tr>".repeat(count);
    check_growth(|count| format!("<table><tr><td colspan=1000>{}</table>", rows(count)), COUNT, "read");
}
