//! Detects the format of a file from its bytes. File names are ignored, because they are often wrong
//! (a `.doc` can be HTML, RTF or DOCX).

use crate::kind::{FORMATS, Kind};
use crate::limits::Limits;
use crate::package::Package;
use crate::{decode, mht};

/// How many bytes of the start and of the end of a file are searched.
const HEAD: usize = 65_536;

/// Detects the format of a file.
pub fn sniff(bytes: &[u8]) -> Kind {
    let by_magic = FORMATS.iter().find(|format| format.magic.iter().any(|magic| bytes.starts_with(magic)));
    match by_magic.map(|format| format.kind) {
        Some(Kind::Zip) => return zip(bytes),
        Some(Kind::Ole) => return ole(bytes),
        Some(kind) => return kind,
        None => {}
    }
    // The magic of a bitmap is only two letters, so check its reserved zeros as well.
    if bytes.starts_with(b"BM") && bytes.get(6..10) == Some(&[0; 4]) {
        return Kind::Bmp;
    }
    // Scanners put a few bytes in front of a PDF.
    if contains(head(bytes, 1024), b"%PDF-1.") && contains(bytes_at_end(bytes), b"%%EOF") {
        return Kind::Pdf;
    }
    if bytes.get(257..262) == Some(b"ustar") {
        return Kind::Tar;
    }
    let bytes = head(bytes, HEAD);
    if mht::is_message(bytes) {
        return Kind::Mhtml;
    }
    let text = decode::head(bytes);
    match xml(&text) {
        Some(kind) => kind,
        None if html(&text) => Kind::Html,
        None => Kind::Text,
    }
}

fn zip(bytes: &[u8]) -> Kind {
    // Use the directory, because an archive can contain stored documents with member names of their own.
    if let Some(names) = directory(bytes) {
        let has = |name: &str| names.iter().any(|found| found == name);
        let has_folder = |folder: &str| names.iter().any(|found| found.starts_with(folder));
        let is_office = has("[content_types].xml") || has("_rels/.rels");
        return match () {
            () if is_office && has_folder("word/") => Kind::Docx,
            () if is_office && has("xl/workbook.bin") => Kind::Xlsb,
            () if is_office && has_folder("xl/") => Kind::Xlsx,
            () if is_office => office(bytes),
            () if has("content.xml") => open_document(bytes),
            () if has("ofd.xml") => Kind::Ofd,
            () => Kind::Zip,
        };
    }
    // The archive is cut off, but each member has its name in front, too.
    let has = |name: &[u8]| contains(head(bytes, HEAD), name) || contains(bytes_at_end(bytes), name);
    match () {
        () if has(b"word/document.xml") => Kind::Docx,
        () if has(b"xl/workbook.xml") => Kind::Xlsx,
        () if has(b"OFD.xml") => Kind::Ofd,
        () if contains(head(bytes, 200), OPEN_TEXT) => Kind::Odt,
        () if contains(head(bytes, 200), OPEN_SHEET) => Kind::Ods,
        () => Kind::Zip,
    }
}

/// The names in the directory at the end of an archive, in lower case; none if it is cut off.
fn directory(bytes: &[u8]) -> Option<Vec<String>> {
    let tail = bytes_at_end(bytes);
    let end = bytes.len() - tail.len() + tail.windows(4).rposition(|four| four == b"PK\x05\x06")?;
    let number = |at: usize, size: usize| -> Option<usize> {
        let digits = bytes.get(at..at + size)?.iter().rev();
        Some(digits.fold(0, |number, digit| number << 8 | usize::from(*digit)))
    };
    let mut at = end.checked_sub(number(end + 12, 4)?)?;
    let mut names = Vec::new();
    while at < end {
        if bytes.get(at..at + 4) != Some(b"PK\x01\x02") {
            return None;
        }
        let name = number(at + 28, 2)?;
        let raw = bytes.get(at + 46..at + 46 + name)?;
        names.push(String::from_utf8_lossy(raw).replace('\\', "/").to_lowercase());
        at += 46 + name + number(at + 30, 2)? + number(at + 32, 2)?;
    }
    Some(names)
}

/// The media types of OpenDocument files, in their first bytes or their manifest.
const OPEN_TEXT: &[u8] = b"application/vnd.oasis.opendocument.text";
const OPEN_SHEET: &[u8] = b"application/vnd.oasis.opendocument.spreadsheet";

fn open_document(bytes: &[u8]) -> Kind {
    let limits = Limits { inflated_bytes: 1 << 20, ..Limits::default() };
    // The first bytes are the member `mimetype`, where the writer put it first.
    let start = head(bytes, 200);
    let manifest = std::cell::LazyCell::new(|| {
        let package = Package::open(bytes, Kind::Zip, &limits);
        package.and_then(|mut package| package.need("META-INF/manifest.xml")).ok()
    });
    let is = |media_type: &[u8]| {
        contains(start, media_type)
            || manifest.as_ref().is_some_and(|manifest| contains(manifest.text.as_bytes(), media_type))
    };
    match () {
        () if is(OPEN_TEXT) => Kind::Odt,
        () if is(OPEN_SHEET) => Kind::Ods,
        () => Kind::Zip,
    }
}

/// An office file whose folders have other names.
fn office(bytes: &[u8]) -> Kind {
    let limits = Limits { inflated_bytes: 1 << 20, ..Limits::default() };
    let package = Package::open(bytes, Kind::Zip, &limits);
    let types = package.and_then(|mut package| package.need("[Content_Types].xml"));
    match types.map(|types| types.text) {
        Ok(types) if types.contains("wordprocessingml") => Kind::Docx,
        Ok(types) if types.contains("spreadsheetml") => Kind::Xlsx,
        _ => Kind::Zip,
    }
}

fn ole(bytes: &[u8]) -> Kind {
    // A document can contain a workbook, so the root decides. Search for names in broken files only.
    if let Some(kind) = crate::compound::kind(bytes) {
        return kind;
    }
    let has = |name: &str| {
        let wide: Vec<u8> = name.bytes().flat_map(|byte| [byte, 0]).collect();
        contains(bytes, &wide)
    };
    match () {
        () if has("WordDocument") => Kind::Doc,
        () if has("Workbook") => Kind::Xls,
        () => Kind::Ole,
    }
}

fn head(bytes: &[u8], length: usize) -> &[u8] {
    bytes.get(..length).unwrap_or(bytes)
}

fn bytes_at_end(bytes: &[u8]) -> &[u8] {
    bytes.get(bytes.len().saturating_sub(HEAD)..).unwrap_or(bytes)
}

fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

/// The format of an XML file, by its outermost element.
fn xml(head: &str) -> Option<Kind> {
    let mut start = head.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}');
    loop {
        let end = match () {
            () if start.starts_with("<?") => "?>",
            () if start.starts_with("<!--") => "-->",
            () => break,
        };
        start = start.split_once(end)?.1.trim_start();
    }
    let tag = start.strip_prefix('<')?.split('>').next()?;
    let name = tag.split(char::is_whitespace).next()?;
    let (prefix, name) = name.rsplit_once(':').unwrap_or(("", name));
    match (prefix, name) {
        (_, "wordDocument") => Some(Kind::WordXml),
        (_, "Workbook") if tag.contains("urn:schemas-microsoft-com:office:spreadsheet") => {
            Some(Kind::ExcelXml)
        }
        ("pkg", "package") if head.contains("wordprocessingml") => Some(Kind::Docx),
        ("office", "document") if tag.contains("opendocument.text") => Some(Kind::Odt),
        ("office", "document") if tag.contains("opendocument.spreadsheet") => Some(Kind::Ods),
        _ => None,
    }
}

/// Tags that a page begins with, and that no plain text has three of.
const TAGS: [&str; 22] = [
    "html", "head", "body", "meta", "title", "link", "style", "script", "table", "tbody", "tr", "td", "div",
    "p", "span", "br", "h1", "h2", "h3", "center", "section", "font",
];

fn html(head: &str) -> bool {
    let mut start = head.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}');
    while let Some(rest) = start.strip_prefix("<!--").and_then(|rest| rest.split_once("-->")) {
        start = rest.1.trim_start();
    }
    if let Some((_, rest)) = start.strip_prefix("<?xml").and_then(|rest| rest.split_once('>')) {
        start = rest.trim_start();
    }
    if starts_ignoring_case(start, "<!doctype html") {
        return true;
    }
    let mut found = 0;
    for line in head.lines() {
        // A cell of a Markdown table has its line breaks as tags.
        let is_row = line.trim_start().starts_with('|');
        for (at, _) in line.match_indices('<') {
            let tag = &line[at..];
            if is_tag(tag) && !(is_row && starts_ignoring_case(tag, "<br")) {
                found += 1;
                if found == 3 || std::ptr::eq(tag.as_ptr(), start.as_ptr()) {
                    return true;
                }
            }
        }
    }
    false
}

fn is_tag(text: &str) -> bool {
    let name = text.strip_prefix("</").unwrap_or(&text[1..]);
    TAGS.iter().any(|tag| {
        starts_ignoring_case(name, tag)
            && name[tag.len()..].starts_with(|c: char| c.is_ascii_whitespace() || c == '>' || c == '/')
    })
}

fn starts_ignoring_case(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}
