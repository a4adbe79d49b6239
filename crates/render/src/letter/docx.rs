//! Renders a letter as a DOCX file with the few parts that Word, WPS and LibreOffice need. The same letter gives
//! the same bytes.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::block::{Block, Grid};
use crate::error::RenderError;
use crate::text::clean;

/// Width of the text, 156 mm (GB/T 9704), in twentieths of a point.
const TEXT_WIDTH: u32 = 8845;
/// Width of a character of the text, 16 points, in the same unit.
const CHARACTER: u32 = 320;

/// The parts that are the same in every letter.
const PARTS: [(&str, &str); 8] = [
    ("[Content_Types].xml", include_str!("docx/content_types.xml")),
    ("_rels/.rels", include_str!("docx/package.rels")),
    ("word/_rels/document.xml.rels", include_str!("docx/document.rels")),
    ("word/styles.xml", include_str!("docx/styles.xml")),
    ("word/settings.xml", include_str!("docx/settings.xml")),
    ("word/fontTable.xml", include_str!("docx/fonts.xml")),
    ("word/footer1.xml", include_str!("docx/footer_odd.xml")),
    ("word/footer2.xml", include_str!("docx/footer_even.xml")),
];

pub(crate) fn package(title: &str, blocks: &[Block]) -> Result<Vec<u8>, RenderError> {
    let mut package = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default());
    for (name, part) in PARTS {
        package.start_file(name, options)?;
        package.write_all(part.as_bytes())?;
    }
    package.start_file("docProps/core.xml", options)?;
    package.write_all(properties(title).as_bytes())?;
    package.start_file("word/document.xml", options)?;
    package.write_all(document(blocks).as_bytes())?;
    Ok(package.finish()?.into_inner())
}

fn properties(title: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n\
         <cp:coreProperties xmlns:cp=\"http://schemas.openxmlformats.org/package/2006/metadata/core-properties\" \
         xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><dc:title>{}</dc:title><dc:language>zh-CN</dc:language>\
         </cp:coreProperties>",
        escape(title)
    )
}

fn document(blocks: &[Block]) -> String {
    let mut body = String::from(include_str!("docx/document_head.xml").trim_end());
    for block in blocks {
        render(&mut body, block);
    }
    body.push_str(include_str!("docx/document_foot.xml"));
    body
}

fn render(body: &mut String, block: &Block) {
    match block {
        Block::Title(lines) => {
            let lines: Vec<String> = lines.iter().map(|line| run(line)).collect();
            paragraph(body, "Title", "", &lines.join("<w:r><w:br/></w:r>"));
        }
        Block::Number(number, signer) => document_number(body, number, signer.as_deref()),
        Block::Addressee(text) => paragraph(body, "Addressee", "", &run(text)),
        Block::Paragraph(text) => paragraph(body, "Normal", "", &run(text)),
        Block::Heading(text) => paragraph(body, "Heading1", "", &run(text)),
        Block::Item(mark, text) => paragraph(body, "Item", "", &run(&format!("{mark}{text}"))),
        Block::Detail(label, text) => {
            let label = format!("<w:r><w:rPr><w:rStyle w:val=\"Label\"/></w:rPr><w:t>{label}：</w:t></w:r>");
            paragraph(body, "Detail", "", &(label + &run(text)));
        }
        Block::Grid(grid) => table(body, grid),
        Block::Signature(name, date) => signature(body, name, date),
        Block::Contact(text) => paragraph(body, "Contact", "", &run(text)),
        Block::Enclosure(mark) => paragraph(body, "Enclosure", "", &run(mark)),
    }
}

fn paragraph(body: &mut String, style: &str, properties: &str, runs: &str) {
    let _ = write!(body, "<w:p><w:pPr><w:pStyle w:val=\"{style}\"/>{properties}</w:pPr>{runs}</w:p>");
}

fn run(text: &str) -> String {
    format!("<w:r><w:t xml:space=\"preserve\">{}</w:t></w:r>", escape(text))
}

/// The number alone is centred; with the name of who signs it off, both stand one character from the margins.
fn document_number(body: &mut String, number: &str, signer: Option<&str>) {
    let Some(signer) = signer else {
        return paragraph(body, "Number", "<w:jc w:val=\"center\"/>", &run(number));
    };
    let tab = TEXT_WIDTH - CHARACTER;
    let properties =
        format!("<w:tabs><w:tab w:val=\"right\" w:pos=\"{tab}\"/></w:tabs><w:ind w:left=\"{CHARACTER}\"/>");
    let runs = format!("{}<w:r><w:tab/></w:r>{}", run(number), run(&format!("签发人：{signer}")));
    paragraph(body, "Number", &properties, &runs);
}

/// The date ends four characters before the margin, and the name is centred above it.
fn signature(body: &mut String, name: &str, date: &str) {
    let (name_width, date_width) = (width(name), width(date));
    let inset = 4 * CHARACTER + name_width.saturating_sub(date_width) / 2;
    let name_inset = (inset + date_width / 2).saturating_sub(name_width / 2);
    for (style, text, inset) in [("Signature", name, name_inset), ("SignatureDate", date, inset)] {
        paragraph(body, style, &format!("<w:ind w:right=\"{inset}\"/>"), &run(text));
    }
}

/// The width of a line of the text; ASCII characters take half a character.
fn width(text: &str) -> u32 {
    let halves: u32 = clean(text).chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum();
    (halves * CHARACTER / 2).min(TEXT_WIDTH)
}

fn table(body: &mut String, grid: &Grid) {
    let widths: Vec<u32> = grid.widths(TEXT_WIDTH).collect();
    body.push_str("<w:tbl><w:tblPr><w:tblStyle w:val=\"Grid\"/>");
    let _ = write!(
        body,
        "<w:tblW w:w=\"{TEXT_WIDTH}\" w:type=\"dxa\"/><w:tblLayout w:type=\"fixed\"/></w:tblPr><w:tblGrid>"
    );
    for width in &widths {
        let _ = write!(body, "<w:gridCol w:w=\"{width}\"/>");
    }
    body.push_str("</w:tblGrid><w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>");
    for (column, width) in grid.columns.iter().zip(&widths) {
        cell(body, *width, "CellHead", column.head);
    }
    body.push_str("</w:tr>");
    for row in &grid.rows {
        body.push_str("<w:tr><w:trPr><w:cantSplit/></w:trPr>");
        for ((column, width), text) in grid.columns.iter().zip(&widths).zip(row) {
            cell(body, *width, if column.is_figure { "CellFigure" } else { "Cell" }, text);
        }
        body.push_str("</w:tr>");
    }
    body.push_str("</w:tbl>");
}

fn cell(body: &mut String, width: u32, style: &str, text: &str) {
    let _ = write!(
        body,
        "<w:tc><w:tcPr><w:tcW w:w=\"{width}\" w:type=\"dxa\"/><w:vAlign w:val=\"center\"/></w:tcPr>"
    );
    paragraph(body, style, "", &run(text));
    body.push_str("</w:tc>");
}

/// The text, escaped for XML.
fn escape(text: &str) -> String {
    clean(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
