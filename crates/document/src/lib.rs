//! Reads files into paragraphs and table grids. Each piece of text has its place in the source.
//!
//! Each format has one reader, and [`FORMATS`] is the table of all formats. The readers know file
//! formats and nothing about reports: the crate `reading` decides what a heading or a row means.

#![warn(clippy::indexing_slicing)]

pub mod archive;
mod compound;
mod decode;
mod doc;
mod docx;
mod error;
mod html;
mod ink;
mod kind;
mod lattice;
mod letters;
pub mod limits;
mod list_numbering;
mod mht;
mod model;
mod nested_tables;
mod odt;
mod ofd;
mod open_styles;
mod package;
pub mod pages;
mod pdf;
mod rtf;
pub mod scanned;
mod sheet;
mod sniff;
mod source;
mod superscripts;
mod symbols;
mod text;
mod word_tables;
mod xml;

pub use error::ReadError;
pub use kind::{FORMATS, FormatInfo, Kind};
pub use limits::Limits;
pub use model::{Area, Block, Cell, Document, Doubt, Layout, Paragraph, Place, Row, Table, Text, Width};
pub use sniff::sniff;

use model::Content;

/// Detects the format of a file and reads it.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Document, ReadError> {
    // Offsets are kept in 29 bits, and decoding can make three bytes of one.
    limits::within(bytes, limits.bytes.min(1 << 27))?;
    let format = sniff(bytes);
    let content = match format {
        Kind::Text => text::read_file(bytes, limits)?,
        Kind::Html => html::read_file(bytes, limits)?,
        Kind::Mhtml => mht::read(bytes, limits)?,
        Kind::Docx => docx::read(bytes, limits, read)?.into(),
        Kind::WordXml => docx::read_xml(bytes, limits)?.into(),
        Kind::Doc => doc::read(bytes, limits)?.into(),
        Kind::Rtf => rtf::read(bytes, limits)?,
        Kind::Odt => odt::read(bytes, limits)?.into(),
        Kind::Xlsx => sheet::read_xlsx(bytes, limits)?.into(),
        Kind::ExcelXml => sheet::read_xml(bytes, limits)?.into(),
        Kind::Xls => sheet::read_xls(bytes, limits)?.into(),
        Kind::Ods => sheet::read_ods(bytes, limits)?.into(),
        Kind::Pdf => pdf::read(bytes, limits)?.into(),
        Kind::Ofd => ofd::read(bytes, limits)?.into(),
        Kind::Ole => return Err(compound::refusal(bytes)),
        Kind::Xlsb
        | Kind::Zip
        | Kind::Png
        | Kind::Jpeg
        | Kind::Gif
        | Kind::Bmp
        | Kind::Tiff
        | Kind::Gzip
        | Kind::Rar
        | Kind::SevenZip
        | Kind::Tar => return Err(ReadError::Unsupported { format }),
    };
    let Content { encoding, title, metadata, blocks } = content;
    // The readers of text and HTML refuse a blank file; a page without paragraphs is still a page.
    if blocks.is_empty() && encoding.is_none() {
        return Err(ReadError::Empty);
    }
    Ok(Document { format, encoding, title, metadata, blocks, scan: None })
}

/// The rows of the first sheet of a spreadsheet, each with its cells from the first column on, so that a row and its
/// number in the spreadsheet agree. None where the file is no spreadsheet.
///
/// # Errors
/// If the file is damaged, or exceeds a limit.
pub fn spreadsheet_rows(bytes: &[u8], limits: &Limits) -> Result<Option<Vec<Vec<String>>>, ReadError> {
    limits::within(bytes, limits.bytes)?;
    sheet::rows(bytes, sniff(bytes), limits)
}

/// The text of a document: one line for each paragraph and each table row, with tabs between cells.
pub fn plain_text(document: &Document) -> String {
    let mut text = String::new();
    for block in &document.blocks {
        match block {
            Block::Paragraph(paragraph) => {
                text.push_str(paragraph.text.as_str());
                text.push('\n');
            }
            Block::Table(table) => {
                for row in &table.rows {
                    let cells: Vec<&str> = row.cells.iter().map(|cell| cell.text.as_str()).collect();
                    text.push_str(&cells.join("\t"));
                    text.push('\n');
                }
            }
        }
    }
    text
}
