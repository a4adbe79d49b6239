//! Bytes to paragraphs and table grids, each piece with its place in the source.
//!
//! One reader a format. Readers know formats and nothing of reports; what a heading or a row means
//! is the business of `reading`.

pub mod archive;
mod cells;
mod compound;
mod counting;
mod decode;
mod doc;
mod docx;
mod error;
mod flow;
mod html;
mod lattice;
pub mod limits;
mod mht;
mod model;
mod odt;
mod ofd;
mod package;
mod pdf;
mod raised;
mod rtf;
mod sheet;
mod sniff;
mod source;
mod text;
mod xml;

pub use error::ReadError;
pub use limits::Limits;
pub use model::{Area, Block, Cell, Document, Format, Layout, Paragraph, Place, Row, Table, Text, Width};
pub use sniff::{Kind, media_type, sniff};

use source::Source;

/// Reads a file, whatever it is called.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Document, ReadError> {
    // Offsets are kept in 29 bits, and decoding can make three bytes of one.
    within(bytes, limits.bytes.min(1 << 27))?;
    let format = match sniff(bytes) {
        Kind::Text => Format::Text,
        Kind::Html => {
            within(bytes, limits.html_bytes)?;
            Format::Html
        }
        Kind::Rtf => return whole(Format::Rtf, rtf::read(bytes, limits)?),
        Kind::Odt => return whole(Format::Odt, (None, odt::read(bytes, limits)?)),
        Kind::Docx => return whole(Format::Docx, (None, docx::read(bytes, limits)?)),
        Kind::WordXml => return whole(Format::WordXml, (None, docx::read_xml(bytes, limits)?)),
        Kind::Mhtml => return whole(Format::Mhtml, mht::read(bytes, limits)?),
        Kind::Doc => return whole(Format::Doc, (None, doc::read(bytes, limits)?)),
        Kind::Xlsx => return whole(Format::Xlsx, (None, sheet::read_xlsx(bytes, limits)?)),
        Kind::Xls => return whole(Format::Xls, (None, sheet::read_xls(bytes, limits)?)),
        Kind::Ods => return whole(Format::Ods, (None, sheet::read_ods(bytes, limits)?)),
        Kind::ExcelXml => return whole(Format::ExcelXml, (None, sheet::read_xml(bytes, limits)?)),
        Kind::Ole => return Err(compound::refusal(bytes)),
        Kind::Ofd => return whole(Format::Ofd, (None, ofd::read(bytes, limits)?)),
        Kind::Pdf => return whole(Format::Pdf, (None, pdf::read(bytes, limits)?)),
        format => return Err(ReadError::Unsupported { format }),
    };
    let (encoding, bom) = decode::encoding(bytes, format == Format::Html);
    let source = Source::decode(bytes, encoding, bom);
    if source.text.chars().all(model::is_blank) {
        return Err(ReadError::Empty);
    }
    decode::check(&source.text)?;
    let encoding = Some(encoding.name());
    if format == Format::Html {
        let html::Page { title, metadata, blocks } = html::read(&source, limits)?;
        return Ok(Document { format, encoding, title, metadata, blocks });
    }
    let blocks = text::read(&source, 0..source.text.len(), limits)?;
    Ok(Document { format, encoding, title: None, metadata: Vec::new(), blocks })
}

/// What a reader with characters of its own has read.
fn whole(format: Format, (title, blocks): (Option<Text>, Vec<Block>)) -> Result<Document, ReadError> {
    if blocks.is_empty() {
        return Err(ReadError::Empty);
    }
    Ok(Document { format, encoding: None, title, metadata: Vec::new(), blocks })
}

fn within(bytes: &[u8], limit: usize) -> Result<(), ReadError> {
    if bytes.len() > limit {
        return Err(ReadError::TooLarge { found: bytes.len(), limit });
    }
    Ok(())
}

/// The words of a document: a line a paragraph, a line a table row with tabs between its cells.
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
