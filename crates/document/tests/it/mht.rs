//! Web pages in one MIME file, drawn.

use document::{Block, Kind, Limits, read};
use proptest::prelude::*;

use crate::{draw, laws};

const PAGE: &str =
    "<html><head><title>年报</title></head><body><p>一、甲<table><tr><td>规章<td>12</table></body></html>";
const DRAWN: &str = "¶ 一、甲\nGrid\n  规章¦12";

#[track_caller]
fn check(bytes: &[u8], expected: &str) {
    let document = read(bytes, &Limits::default()).unwrap();
    assert_eq!(document.format, Kind::Mhtml);
    assert_eq!(draw::draw(&document), expected);
}

fn quoted(bytes: &[u8]) -> String {
    let mut text = String::new();
    for (index, byte) in bytes.iter().enumerate() {
        match byte {
            b' '..=b'<' | b'>'..=b'~' => text.push(char::from(*byte)),
            byte => text += &format!("={byte:02X}"),
        }
        if index % 20 == 19 {
            text += "=\r\n";
        }
    }
    text
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let bits =
            three.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for digit in 0..=three.len() {
            text.push(char::from(DIGITS[(bits >> (18 - 6 * digit) & 63) as usize]));
        }
        text += &"=".repeat(3 - three.len());
        text += "\n";
    }
    text
}

/// A file of parts, each with its lines of the head.
fn message(head: &str, parts: &[(&str, &str)]) -> String {
    let parts = parts.iter().map(|(head, body)| format!("--=_b\r\n{head}\r\n\r\n{body}\r\n"));
    format!(
        "From: <Saved by Blink>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related;\r\n\ttype=\"text/html\";{head}\r\n\tboundary=\"=_b\"\r\n\r\n这是单个文件网页\r\n{}--=_b--\r\n",
        parts.collect::<String>(),
    )
}

#[test]
fn browsers_and_word_save_pages() {
    let utf8 = "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: Quoted-Printable";
    check(
        message("", &[(utf8, &quoted(PAGE.as_bytes())), ("Content-Type: image/png", "x")]).as_bytes(),
        DRAWN,
    );
    let gbk = encoding_rs_gbk(PAGE);
    let word = "Content-Location: file:///C:/1.htm\r\nContent-Transfer-Encoding: base64\r\nContent-Type: text/html; charset=\"gb2312\"";
    check(message("", &[(word, &base64(&gbk))]).as_bytes(), DRAWN);
    check(message("", &[("Content-Type: text/html", PAGE)]).as_bytes(), DRAWN);
    check(message("", &[("Content-Type: text/html", PAGE)]).replace("\r\n", "\n").as_bytes(), DRAWN);
}

#[test]
fn a_saved_page_reads_as_the_page() {
    let sample = |name: &str| {
        let path = format!("{}/../../samples/reports/{name}", env!("CARGO_MANIFEST_DIR"));
        draw::draw(&read(&std::fs::read(path).unwrap(), &Limits::default()).unwrap())
    };
    assert_eq!(sample("page-single-file.mht"), sample("page-gb18030.html"));
}

/// GBK without a crate: only the characters of the page.
fn encoding_rs_gbk(page: &str) -> Vec<u8> {
    let known = [
        ('年', [0xC4, 0xEA]),
        ('报', [0xB1, 0xA8]),
        ('一', [0xD2, 0xBB]),
        ('、', [0xA1, 0xA2]),
        ('甲', [0xBC, 0xD7]),
        ('规', [0xB9, 0xE6]),
        ('章', [0xD5, 0xC2]),
    ];
    let mut bytes = Vec::new();
    for character in page.chars() {
        match known.iter().find(|(found, _)| *found == character) {
            Some((_, pair)) => bytes.extend(pair),
            None => bytes.push(u8::try_from(character).unwrap()),
        }
    }
    bytes
}

#[test]
fn the_page_that_is_named_is_read() {
    let page = |id: &str| format!("Content-Type: text/html\r\nContent-ID: <{id}>");
    let parts = [(page("a"), "<p>去"), (page("b"), PAGE)];
    let parts: Vec<(&str, &str)> = parts.iter().map(|(head, body)| (head.as_str(), *body)).collect();
    check(message("\r\n\tstart=\"<b>\";", &parts).as_bytes(), DRAWN);
    check(
        message("", &[(&page("a"), "<html><frameset><frame src=b></frameset></html>"), (&page("b"), PAGE)])
            .as_bytes(),
        DRAWN,
    );
}

#[test]
fn messages_hold_pages() {
    let single = format!(
        "MIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{PAGE}"
    );
    check(single.as_bytes(), DRAWN);
    let inner = format!(
        "Content-Type: message/rfc822\r\n\r\n{}",
        message("", &[("Content-Type: text/html", PAGE)]).replace("=_b", "=_c")
    );
    let (head, body) = inner.split_once("\r\n\r\n").unwrap();
    check(message("", &[(head, body)]).as_bytes(), DRAWN);
    let plain = "MIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=x\n\n--x\nContent-Type: text/plain\n\n规章\t1\n许可\t2\n--x--\n";
    check(plain.as_bytes(), "Rows\n  规章¦1\n  许可¦2");
}

#[test]
fn places_are_those_of_the_part() {
    let file = message("", &[("Content-Type: text/html", PAGE)]);
    let document = read(file.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(document.title.unwrap().as_str(), "年报");
    let Block::Table(table) = &document.blocks[1] else { panic!() };
    let place = table.rows[0].cells[1].text.place();
    assert_eq!((place.line, file[place.start as usize..place.end as usize].trim()), (2, PAGE));
}

#[test]
fn hostile_messages_are_read_or_refused() {
    let class = |bytes: &[u8]| read(bytes, &Limits::default()).map_or_else(|error| error.class(), |_| "read");
    assert_eq!(class(message("", &[("Content-Type: image/png", "x")]).as_bytes()), "broken-file");
    let nested: String = (0..50_000)
        .map(|depth| {
            format!("MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b{depth}\n\n--b{depth}\n")
        })
        .collect();
    assert_eq!(class(nested.as_bytes()), "broken-file");
    let forwarded = "Content-Type: message/rfc822\nMIME-Version: 1.0\n\n".repeat(50_000);
    assert_eq!(class(forwarded.as_bytes()), "broken-file");
    let many = message("", &[("Content-Type: image/png", "x")])
        .replace("--=_b\r\n", &"--=_b\r\n\r\n".repeat(200_000));
    class(many.as_bytes());
    let utf8 = "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable";
    let whole = message("", &[(utf8, &quoted(PAGE.as_bytes()))]);
    for end in 0..whole.len() {
        if whole.is_char_boundary(end) {
            class(&whole.as_bytes()[..end]);
        }
    }
}

proptest! {
    #[test]
    fn nothing_makes_it_panic(pieces in prop::collection::vec(prop::sample::select(&[
        "MIME-Version: 1.0\n", "Content-Type: multipart/related; boundary=b\n", "\n", "--b\n", "--b--\n", "--b",
        "Content-Type: text/html\n", "Content-Transfer-Encoding: base64\n", "Content-Transfer-Encoding: quoted-printable\n",
        "=", "=4", "=41", "=\n", "QQ==", "甲", "<table>", " x\n", ": \n", "boundary=\n",
    ][..]), 0..40)) {
        _ = laws::check(pieces.concat().as_bytes());
        let all = format!("MIME-Version: 1.0\nContent-Type: multipart/related; boundary=b\n\n{}", pieces.concat());
        _ = laws::check(all.as_bytes());
    }
}
