//! What holds for any bytes at all.

use document::{Block, Document, Limits, ReadError, Text, plain_text, read};
use encoding_rs::Encoding;
use proptest::prelude::*;

fn of_block(block: &Block) -> Vec<&Text> {
    match block {
        Block::Paragraph(paragraph) => vec![&paragraph.text],
        Block::Table(table) => table.rows.iter().flat_map(|row| &row.cells).map(|cell| &cell.text).collect(),
    }
}

fn texts(document: &Document) -> impl Iterator<Item = &Text> {
    document.title.iter().chain(document.blocks.iter().flat_map(of_block))
}

/// Reads any bytes and checks the result: a refusal has a class and a message, and every place lies inside the
/// file. Where the format is text and the file is not damaged, the bytes at the place are the text.
pub(crate) fn check(bytes: &[u8]) -> Result<Document, ReadError> {
    let document = read(bytes, &Limits::default()).inspect_err(|error| {
        assert!(!error.class().is_empty() && error.message().ends_with('。'), "{error}");
    })?;
    for text in texts(&document) {
        let place = text.place();
        assert!(place.start <= place.end && place.end <= bytes.len() as u64, "{place:?}");
        for (start, character) in text.as_str().char_indices() {
            let part = text.place_of(start..start + character.len_utf8());
            assert!(part.start <= part.end && part.end <= bytes.len() as u64, "{part:?}");
        }
    }
    if let Some(encoding) = document.encoding {
        check_text(bytes, &document, encoding_rs::Encoding::for_label(encoding.as_bytes()).unwrap());
    }
    plain_text(&document);
    Ok(document)
}

fn check_text(bytes: &[u8], document: &Document, encoding: &'static Encoding) {
    // In SVG the tags of HTML have other meanings, and what a field shows beside a table that is not closed may come
    // with the place where it begins alone: such text may come without its place.
    let is_foreign = bytes.windows(4).any(|tag| matches!(tag, b"<svg" | b"<mat" | b"<tex"));
    for text in texts(document) {
        let place = text.place();
        assert!(place.line > 0);
        let slice = &bytes[place.start as usize..place.end as usize];
        let (original, broken) = encoding.decode_without_bom_handling(slice);
        if !broken
            && !is_foreign
            && !text.as_str().contains('\u{FFFD}')
            && !original.contains(['&', '<', '\0', '\r'])
        {
            let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().concat();
            assert_eq!(words(&original), words(text.as_str()));
        }
        for (start, character) in text.as_str().char_indices() {
            let part = text.place_of(start..start + character.len_utf8());
            assert!(place.start <= part.start && part.start <= part.end && part.end <= place.end);
        }
        assert_eq!(text.trimmed().as_str(), text.as_str());
    }
}

fn soup(pieces: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(pieces), 0..60).prop_map(|pieces| pieces.concat())
}

const HTML: &[&str] = &[
    "<table>",
    "</table>",
    "<tr>",
    "</tr>",
    "<td>",
    "<td colspan=2 rowspan=2>",
    "<td rowspan=0>",
    "</td>",
    "<th>",
    "<p>",
    "</p>",
    "<br>",
    "<b>",
    "</b>",
    "<font size=1>",
    "<div>",
    "</div>",
    "<h2>",
    "</h2>",
    "<pre>",
    "</pre>",
    "<script>",
    "</script>",
    "<style>",
    "<title>",
    "</title>",
    "<select>",
    "<option>",
    "<template>",
    "<svg>",
    "<!--",
    "-->",
    "<![if !x]>",
    "<",
    ">",
    "&",
    "&nbsp;",
    "&#32;",
    "&notit;",
    "&#0;",
    "甲",
    "乙 丙",
    "12",
    " ",
    "\n",
    "\r\n",
    "\t",
    "\0",
    "\u{F0000}",
    "\u{F8001}",
    "\u{a0}",
    "<p style='display:none'>",
    "<nav>",
    "</nav>",
    "<caption>",
    "<body>",
    "</body>",
    "<frameset>",
    "<textarea>",
    "<math>",
    "<a href='",
    "'>",
    "<td ",
    "|",
    "</",
];
const LINES: &[&str] = &[
    "|",
    " |",
    "| ",
    "||",
    "\n",
    "\n\n",
    "\t",
    "\t\t",
    "规章",
    "一、总体情况",
    "0",
    "/",
    "。",
    "；",
    "---",
    "|---|",
    "# ",
    "-",
    "- 4 -",
    "\u{3000}",
    "\u{200B}",
    "\r",
    "\r\n",
    "\u{C}",
    "甲 乙",
    "｜",
    "第二十条",
    "：",
];

proptest! {
    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400)) { _ = check(&bytes); }

    #[test]
    fn any_page(page in soup(HTML)) {
        let page = format!("<html>{page}");
        _ = check(page.as_bytes());
        _ = check(&encoding_rs::GB18030.encode(&page).0);
    }

    #[test]
    fn any_lines(text in soup(LINES)) {
        _ = check(text.as_bytes());
        _ = check(&encoding_rs::GB18030.encode(&text).0);
        _ = check(&text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>());
    }

    #[test]
    fn any_text(text in "\\PC{0,200}") { _ = check(text.as_bytes()); }
}
