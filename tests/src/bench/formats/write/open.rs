//! OpenDocument.

use super::super::page::{Block, Cell, Page, Place, grid, width};
use super::{escaped, package};

const NAMES: &str = "xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\" xmlns:text=\"urn:oasis:names:tc:opendocument:xmlns:text:1.0\" xmlns:table=\"urn:oasis:names:tc:opendocument:xmlns:table:1.0\" xmlns:manifest=\"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0\" office:version=\"1.3\"";
const XML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
const TEXT: &str = "application/vnd.oasis.opendocument.text";
const SPREADSHEET: &str = "application/vnd.oasis.opendocument.spreadsheet";

/// A text document.
pub(super) fn odt(page: &Page) -> Vec<u8> {
    packed(
        TEXT,
        &format!(
            "<office:document-content {NAMES}><office:body><office:text>{}</office:text></office:body></office:document-content>",
            body(page)
        ),
    )
}

/// The same in one file of XML.
pub(super) fn fodt(page: &Page) -> Vec<u8> {
    format!("{XML}<office:document {NAMES} office:mimetype=\"{TEXT}\"><office:body><office:text>{}</office:text></office:body></office:document>", body(page)).into_bytes()
}

/// A spreadsheet with one sheet.
pub(super) fn ods(page: &Page) -> Vec<u8> {
    let mut rows = String::new();
    for block in &page.blocks {
        match block {
            Block::Title(words) | Block::Heading(words) | Block::Paragraph(words) => {
                rows += &format!(
                    "<table:table-row><table:table-cell office:value-type=\"string\" table:number-columns-spanned=\"10\"><text:p>{}</text:p></table:table-cell><table:covered-table-cell table:number-columns-repeated=\"9\"/></table:table-row>",
                    escaped(words)
                );
            }
            Block::Table(table) => rows += &table_rows(table, true),
        }
    }
    packed(
        SPREADSHEET,
        &format!(
            "<office:document-content {NAMES}><office:body><office:spreadsheet><table:table table:name=\"年报\"><table:table-column table:number-columns-repeated=\"16\"/>{rows}</table:table></office:spreadsheet></office:body></office:document-content>"
        ),
    )
}

fn packed(kind: &str, content: &str) -> Vec<u8> {
    let manifest = format!(
        "{XML}<manifest:manifest {NAMES}><manifest:file-entry manifest:full-path=\"/\" manifest:media-type=\"{kind}\"/><manifest:file-entry manifest:full-path=\"content.xml\" manifest:media-type=\"text/xml\"/></manifest:manifest>"
    );
    package(&[
        ("mimetype", kind),
        ("content.xml", &format!("{XML}{content}")),
        ("META-INF/manifest.xml", &manifest),
    ])
}

fn body(page: &Page) -> String {
    let block = |block: &Block| match block {
        Block::Title(words) => format!("<text:h text:outline-level=\"1\">{}</text:h>", escaped(words)),
        Block::Heading(words) | Block::Paragraph(words) => format!("<text:p>{}</text:p>", escaped(words)),
        Block::Table(rows) => format!(
            "<table:table><table:table-column table:number-columns-repeated=\"{}\"/>{}</table:table>",
            width(rows),
            table_rows(rows, false)
        ),
    };
    page.blocks.iter().map(block).collect()
}

fn table_rows(rows: &[Vec<Cell>], numbers: bool) -> String {
    let mut text = String::new();
    for row in grid(rows) {
        text += "<table:table-row>";
        for place in row {
            let Place::Begins(cell) = place else {
                text += "<table:covered-table-cell/>";
                continue;
            };
            let is_number = numbers && cell.text.parse::<f64>().is_ok() && !cell.text.starts_with('+');
            let kind = if is_number {
                format!("office:value-type=\"float\" office:value=\"{}\"", cell.text)
            } else {
                "office:value-type=\"string\"".to_owned()
            };
            text += &format!(
                "<table:table-cell {kind} table:number-rows-spanned=\"{}\" table:number-columns-spanned=\"{}\"><text:p>{}</text:p></table:table-cell>",
                cell.rows,
                cell.columns,
                escaped(&cell.text)
            );
        }
        text += "</table:table-row>";
    }
    text
}
