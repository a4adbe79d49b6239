//! Encodings: what is read is led back to the bytes of the file as it was sent.

use document::{Block, Document, Limits, Place, Text, read};
use encoding_rs::{BIG5, Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE};

const TEXT: &str = "二、主动公开政府信息情况\n规章\t0\t㐂12\n行政许可\t345 件\t\n";

fn encode(text: &str, encoding: &'static Encoding) -> Vec<u8> {
    match encoding {
        encoding if encoding == UTF_16LE => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        encoding if encoding == UTF_16BE => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        _ => encoding.encode(text).0.into_owned(),
    }
}

fn texts(document: &Document) -> Vec<Text> {
    let cells = |block: &Block| match block {
        Block::Paragraph(paragraph) => vec![paragraph.text.clone()],
        Block::Table(table) => {
            table.rows.iter().flat_map(|row| &row.cells).map(|cell| cell.text.clone()).collect()
        }
    };
    document.blocks.iter().flat_map(cells).collect()
}

fn at(bytes: &[u8], place: Place, encoding: &'static Encoding) -> String {
    let slice = &bytes[place.start as usize..place.end as usize];
    encoding.decode_without_bom_handling(slice).0.into_owned()
}

#[track_caller]
fn check(bytes: &[u8], encoding: &'static Encoding, expected: &[&str]) {
    let document = read(bytes, &Limits::default()).unwrap();
    assert_eq!(document.encoding, Some(encoding.name()));
    let texts = texts(&document);
    assert_eq!(texts.iter().map(Text::as_str).collect::<Vec<_>>(), expected);
    for text in &texts {
        assert_eq!(at(bytes, text.place(), encoding), text.as_str());
        for (start, character) in text.as_str().char_indices() {
            let place = text.place_of(start..start + character.len_utf8());
            assert_eq!(at(bytes, place, encoding), character.to_string(), "{text:?}");
        }
    }
}

#[test]
fn every_encoding_leads_back_to_its_bytes() {
    let expected = ["二、主动公开政府信息情况", "规章", "0", "㐂12", "行政许可", "345 件", ""];
    check(TEXT.as_bytes(), UTF_8, &expected);
    check(format!("\u{FEFF}{TEXT}").as_bytes(), UTF_8, &expected);
    check(&encode(TEXT, GB18030), GB18030, &expected);
    for encoding in [UTF_16LE, UTF_16BE] {
        check(&encode(TEXT, encoding), encoding, &expected);
        check(&encode(&format!("\u{FEFF}{TEXT}"), encoding), encoding, &expected);
    }
    let page = "<html><meta charset=big5><p>總體情況說明";
    check(&encode(page, BIG5), BIG5, &["總體情況說明"]);
}

#[test]
fn a_page_is_read_in_spite_of_what_it_says() {
    let page = |label: &str| {
        format!(
            "<html><head><meta charset={label}></head><body><p>一、总体情况。镕㐂</p><p>收到申请3件</p></body></html>"
        )
    };
    let expected = ["一、总体情况。镕㐂", "收到申请3件"];
    for label in ["gb2312", "GBK", "'gb18030'", "utf-8", "iso-8859-1", ""] {
        check(&encode(&page(label), GB18030), GB18030, &expected);
        check(page(label).as_bytes(), UTF_8, &expected);
        check(&encode(&page(label), UTF_16LE), UTF_16LE, &expected);
    }
}

#[test]
fn a_few_damaged_bytes_do_not_change_the_encoding() {
    let mut bytes = TEXT.repeat(4).into_bytes();
    bytes.truncate(bytes.len() - 30);
    bytes.extend(b"\xE6\x94\n");
    let document = read(&bytes, &Limits::default()).unwrap();
    assert_eq!(document.encoding, Some("UTF-8"));
    assert_eq!(document.blocks.len(), 8);
}

#[test]
fn pieces_of_html_lead_back_to_their_bytes() {
    let page = "<html><body><p>收到\r\n  申请&nbsp;3&#20214;，<b>办结</b> 2件<table><tr><td>甲\r\n乙<td> <td>\t12</table>";
    for encoding in [UTF_8, GB18030, UTF_16LE] {
        let bytes = encode(page, encoding);
        let document = read(&bytes, &Limits::default()).unwrap();
        let places: Vec<String> =
            texts(&document).iter().map(|text| at(&bytes, text.place(), encoding)).collect();
        // Foster parenting and entities notwithstanding; the blank cell stands right behind its tag.
        assert_eq!(places, ["收到\r\n  申请&nbsp;3&#20214;，<b>办结</b> 2件", "甲\r\n乙", "", "12"]);
        let text = &texts(&document)[0];
        assert_eq!(text.as_str(), "收到 申请\u{a0}3件，办结 2件");
        let at_of = |part: &str| {
            let start = text.as_str().find(part).unwrap();
            at(&bytes, text.place_of(start..start + part.len()), encoding)
        };
        assert_eq!(at_of("件，"), "&#20214;，");
        assert_eq!(at_of("办结 2"), "办结</b> 2");
        let blank = texts(&document)[2].place();
        assert_eq!(blank.start, encode(&page[..page.find("<td> ").unwrap() + 4], encoding).len() as u64);
        assert_eq!((text.place().line, blank.line), (1, 3));
    }
}
