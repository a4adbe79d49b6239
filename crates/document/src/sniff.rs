//! What a file is, told from its bytes alone: names lie (`.doc` is often HTML, RTF or DOCX).

use crate::limits::Limits;
use crate::package::Package;
use crate::{decode, mht};

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Plain text; also what nothing else is recognised in.
    Text,
    /// HTML, also when saved under another name.
    Html,
    /// Web page in one MIME file.
    Mhtml,
    /// Word since 2007.
    Docx,
    /// Excel since 2007.
    Xlsx,
    /// Excel since 2007, in parts that are no XML (XLSB).
    Xlsb,
    /// Word 2003 in one XML file.
    WordXml,
    /// Excel 2003 in one XML file.
    ExcelXml,
    /// OpenDocument text.
    Odt,
    /// OpenDocument spreadsheet.
    Ods,
    /// Any other ZIP archive.
    Zip,
    /// Word or WPS before 2007.
    Doc,
    /// Excel before 2007.
    Xls,
    /// Any other OLE compound file.
    Ole,
    /// Rich Text Format.
    Rtf,
    /// PDF.
    Pdf,
    /// OFD, the national fixed-layout format.
    Ofd,
    /// PNG picture.
    Png,
    /// JPEG picture.
    Jpeg,
    /// GIF picture.
    Gif,
    /// Windows bitmap.
    Bmp,
    /// TIFF picture.
    Tiff,
    /// Gzip.
    Gzip,
    /// RAR archive.
    Rar,
    /// 7z archive.
    SevenZip,
    /// Tar archive.
    Tar,
}

/// How far into a file, and from its end, signs are looked for.
const HEAD: usize = 65_536;

const OLE: &[u8] = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";

const MAGIC: [(&[u8], Kind); 14] = [
    (b"%PDF-", Kind::Pdf),
    (b"{\\rtf", Kind::Rtf),
    (b"\x89PNG\r\n\x1A\n", Kind::Png),
    (b"\xFF\xD8\xFF", Kind::Jpeg),
    (b"GIF87a", Kind::Gif),
    (b"GIF89a", Kind::Gif),
    (b"II*\0", Kind::Tiff),
    (b"MM\0*", Kind::Tiff),
    (b"\x1F\x8B\x08", Kind::Gzip),
    (b"Rar!\x1A\x07", Kind::Rar),
    (b"7z\xBC\xAF\x27\x1C", Kind::SevenZip),
    (b"PK\x03\x04", Kind::Zip),
    (b"PK\x05\x06", Kind::Zip),
    (OLE, Kind::Ole),
];

/// Tells what a file is from its bytes.
pub fn sniff(bytes: &[u8]) -> Kind {
    match MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        Some((_, Kind::Zip)) => return zip(bytes),
        Some((_, Kind::Ole)) => return ole(bytes),
        Some((_, kind)) => return *kind,
        None => {}
    }
    // A bitmap's magic is only two letters, so its reserved zeros are asked for as well.
    if bytes.starts_with(b"BM") && bytes.get(6..10) == Some(&[0; 4]) {
        return Kind::Bmp;
    }
    // Scanners put a few bytes in front of a PDF.
    if contains(&bytes[..bytes.len().min(1024)], b"%PDF-1.") && contains(bytes_at_end(bytes), b"%%EOF") {
        return Kind::Pdf;
    }
    if bytes.get(257..262) == Some(b"ustar") {
        return Kind::Tar;
    }
    let bytes = &bytes[..bytes.len().min(HEAD)];
    if mht::is_message(bytes) {
        return Kind::Mhtml;
    }
    let head = decode::head(bytes);
    match xml(&head) {
        Some(kind) => kind,
        None if html(&head) => Kind::Html,
        None => Kind::Text,
    }
}

/// The media type of a kind of file, as HTTP names it.
pub fn media_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "text/plain",
        Kind::Html => "text/html",
        Kind::Mhtml => "multipart/related",
        Kind::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        Kind::Odt => "application/vnd.oasis.opendocument.text",
        Kind::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        Kind::Xlsb => "application/vnd.ms-excel.sheet.binary.macroenabled.12",
        Kind::WordXml | Kind::ExcelXml => "application/xml",
        Kind::Ods => "application/vnd.oasis.opendocument.spreadsheet",
        Kind::Zip => "application/zip",
        Kind::Doc => "application/msword",
        Kind::Xls => "application/vnd.ms-excel",
        Kind::Ole => "application/x-ole-storage",
        Kind::Rtf => "application/rtf",
        Kind::Pdf => "application/pdf",
        Kind::Ofd => "application/ofd",
        Kind::Png => "image/png",
        Kind::Jpeg => "image/jpeg",
        Kind::Gif => "image/gif",
        Kind::Bmp => "image/bmp",
        Kind::Tiff => "image/tiff",
        Kind::Gzip => "application/gzip",
        Kind::Rar => "application/vnd.rar",
        Kind::SevenZip => "application/x-7z-compressed",
        Kind::Tar => "application/x-tar",
    }
}

impl Kind {
    /// The short name used in every output, e.g. `html`.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Text => "text",
            Kind::Html => "html",
            Kind::Mhtml => "mhtml",
            Kind::Docx => "docx",
            Kind::Odt => "odt",
            Kind::Xlsx => "xlsx",
            Kind::Xlsb => "xlsb",
            Kind::WordXml => "word-xml",
            Kind::ExcelXml => "excel-xml",
            Kind::Ods => "ods",
            Kind::Zip => "zip",
            Kind::Doc => "doc",
            Kind::Xls => "xls",
            Kind::Ole => "ole",
            Kind::Rtf => "rtf",
            Kind::Pdf => "pdf",
            Kind::Ofd => "ofd",
            Kind::Png => "png",
            Kind::Jpeg => "jpeg",
            Kind::Gif => "gif",
            Kind::Bmp => "bmp",
            Kind::Tiff => "tiff",
            Kind::Gzip => "gzip",
            Kind::Rar => "rar",
            Kind::SevenZip => "7z",
            Kind::Tar => "tar",
        }
    }

    /// Its name for the one who sent the file.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Text => "纯文本",
            Kind::Html => "网页",
            Kind::Mhtml => "单文件网页（MHT）",
            Kind::Docx => " Word 文档（DOCX）",
            Kind::Odt => " OpenDocument 文档（ODT）",
            Kind::Xlsx => " Excel 工作簿（XLSX）",
            Kind::Xlsb => " Excel 二进制工作簿（XLSB）",
            Kind::WordXml => " Word 2003 XML 文档",
            Kind::ExcelXml => " Excel 2003 XML 表格",
            Kind::Ods => " OpenDocument 表格（ODS）",
            Kind::Zip => " ZIP 压缩包",
            Kind::Doc => " Word 或 WPS 文档（DOC、WPS）",
            Kind::Xls => " Excel 工作簿（XLS）",
            Kind::Ole => " Office 97–2003 文件",
            Kind::Rtf => " RTF 文档",
            Kind::Pdf => " PDF 文件",
            Kind::Ofd => " OFD 版式文件",
            Kind::Png | Kind::Jpeg | Kind::Gif | Kind::Bmp | Kind::Tiff => "图片",
            Kind::Gzip => " GZIP 压缩包",
            Kind::Rar => " RAR 压缩包",
            Kind::SevenZip => " 7Z 压缩包",
            Kind::Tar => " TAR 压缩包",
        }
    }
}

fn zip(bytes: &[u8]) -> Kind {
    // An archive may hold documents as they are, whose own names must not count.
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
    // Cut off: the names of the members stand in front of each as well.
    let has =
        |name: &[u8]| contains(&bytes[..bytes.len().min(HEAD)], name) || contains(bytes_at_end(bytes), name);
    match () {
        () if has(b"word/document.xml") => Kind::Docx,
        () if has(b"xl/workbook.xml") => Kind::Xlsx,
        () if has(b"OFD.xml") => Kind::Ofd,
        () if contains(&bytes[..bytes.len().min(200)], OPEN_TEXT) => Kind::Odt,
        () if contains(&bytes[..bytes.len().min(200)], OPEN_SHEET) => Kind::Ods,
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

/// How OpenDocument files tell what they are, in their first bytes or their manifest.
const OPEN_TEXT: &[u8] = b"application/vnd.oasis.opendocument.text";
const OPEN_SHEET: &[u8] = b"application/vnd.oasis.opendocument.spreadsheet";

fn open_document(bytes: &[u8]) -> Kind {
    let limits = Limits { inflated_bytes: 1 << 20, ..Limits::default() };
    let in_manifest = |kind: &[u8]| {
        let package = Package::open(bytes, Kind::Zip, &limits);
        let manifest = package.and_then(|mut package| package.need("META-INF/manifest.xml"));
        manifest.is_ok_and(|manifest| contains(manifest.text.as_bytes(), kind))
    };
    let is = |kind: &[u8]| contains(&bytes[..bytes.len().min(200)], kind) || in_manifest(kind);
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
    // A document may hold a workbook, so the root decides; names are looked for in broken files only.
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

fn bytes_at_end(bytes: &[u8]) -> &[u8] {
    &bytes[bytes.len().saturating_sub(HEAD)..]
}

fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

/// What an XML file is, told by its outermost element.
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
    for (at, _) in head.match_indices('<') {
        if is_tag(&head[at..]) {
            found += 1;
            if found == 3 || std::ptr::eq(head[at..].as_ptr(), start.as_ptr()) {
                return true;
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
