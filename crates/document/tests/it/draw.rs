//! A document as a reviewer would sketch it.

use document::{Block, Document, Layout, Row};

/// `¶` and `#` lines for paragraphs; a line a row for tables, with `⟨rows×columns⟩` for spans.
pub(crate) fn draw(document: &Document) -> String {
    let mut lines = Vec::new();
    for block in &document.blocks {
        match block {
            Block::Paragraph(paragraph) => {
                let mark = paragraph.level.map_or("¶".to_owned(), |level| "#".repeat(level.into()));
                lines.push(format!("{mark} {}", paragraph.text.as_str()));
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
        let mut drawn = cell.text.as_str().to_owned();
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
