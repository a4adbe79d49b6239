//! A page as a file of each format that needs no program but ours.

mod office;
mod open;
mod printed;
mod rich;
mod web;

use std::io::{Cursor, Write as _};

use zip::write::{SimpleFileOptions, ZipWriter};

use super::page::Page;

/// How a page is written: a name, the ending of the file, and the writer.
pub type Writer = (&'static str, &'static str, fn(&Page) -> Vec<u8>);

/// All that are written in this process.
pub const WRITERS: [Writer; 14] = [
    ("html", "html", web::plain),
    ("html, Word-saved, GBK", "htm", web::word),
    ("html, UTF-16", "html", web::utf16),
    ("html, nested tables", "html", web::nested),
    ("mht", "mht", web::mht),
    ("docx", "docx", office::docx),
    ("xlsx", "xlsx", office::xlsx),
    ("xlsx, sheet a table", "xlsx", office::xlsx_sheets),
    ("odt", "odt", open::odt),
    ("ods", "ods", open::ods),
    ("fodt", "fodt", open::fodt),
    ("rtf", "rtf", rich::rtf),
    ("ofd", "ofd", printed::ofd),
    ("ofd, a glyph an object", "ofd", printed::ofd_glyphs),
];

/// A ZIP of these parts.
fn package(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let written = parts.iter().try_for_each(|(name, text)| {
        zip.start_file(*name, SimpleFileOptions::default())?;
        zip.write_all(text.as_bytes())?;
        Ok::<_, zip::result::ZipError>(())
    });
    written.and_then(|()| zip.finish()).expect("writing to memory does not fail").into_inner()
}

/// Text inside an element or a quoted attribute.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
