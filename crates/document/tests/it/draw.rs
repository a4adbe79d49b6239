//! A document as a reviewer would sketch it.

use document::{Block, Document, Layout, Row, Text};

/// `¶` and `#` lines for paragraphs; a line a row for tables, with `⟨rows×columns⟩` for spans, and `?Reason` behind
/// what is doubtful.
pub(crate) fn draw(document: &Document) -> String {
    let mut lines = Vec::new();
    for block in &document.blocks {
        match block {
            Block::Paragraph(paragraph) => {
                let mark = paragraph.level.map_or("¶".to_owned(), |level| "#".repeat(level.into()));
                lines.push(format!("{mark} {}", text(&paragraph.text)));
            }
            Block::Table(table) => {
                lines.push(format!("{:?}", table.layout));
                lines.extend(table.rows.iter().map(|row| row_line(row, table.layout)));
            }
        }
    }
    lines.join("\n")
}

fn row_line(row: &Row, layout: Layout) -> String {
    let cells = row.cells.iter().enumerate().map(|(index, cell)| {
        let mut drawn = text(&cell.text);
        if layout == Layout::Grid && cell.column as usize != index {
            drawn = format!("{}:{drawn}", cell.column);
        }
        if (cell.row_span, cell.column_span) != (1, 1) {
            drawn += &format!("⟨{}×{}⟩", cell.row_span, cell.column_span);
        }
        drawn
    });
    format!("  {}", cells.collect::<Vec<_>>().join("¦"))
}

fn text(text: &Text) -> String {
    let doubt = text.doubt().map(|doubt| format!("?{doubt:?}")).unwrap_or_default();
    format!("{}{doubt}", text.as_str())
}
